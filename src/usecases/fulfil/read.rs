//! An answer about data: from every system that holds some, or, where one goes on failing, from the others, and says so.

use std::collections::BTreeSet;

use super::super::office::Controller;
use super::super::services::Services;
use super::super::tasks::upload;
use super::super::{Error, Office};
use super::failing;
use super::{Progress, Run, categories, package, transmission};
use crate::domain::ids::SystemId;
use crate::domain::request::{Fulfilment, Request};
use crate::domain::right::Right;

/// Searches and packs. A package that lacks a system would be silently incomplete: the first attempts fail with the
/// system, and a later one does without it, which the answer says and staff see before it leaves.
pub(super) fn answer(
    office: &Office,
    controller: &Controller,
    request: &Request,
    run: &Run,
) -> Result<Progress, Error> {
    let worn = &failing::worn(office, request.id)?;
    let (services, unasked) = match asked(office, controller, request, worn)? {
        Asked::Answered(services, unasked) => (services, unasked),
        Asked::Waits(waits) => return Ok(waits),
    };
    let handed = services.as_ref().map(Services::handed).transpose()?.unwrap_or_default();
    if request.right == Right::Categories {
        let make = |reached: &Controller| categories::make(office, reached, request, &handed);
        return made(controller, worn, unasked, make);
    }
    let mut handed = handed;
    handed.extend(upload::handed(office, request.id, &run.uploads)?);
    made(controller, worn, unasked, |reached| {
        let made = package::make(office, reached, request, run.disclose, &handed)?;
        Ok(transmission::left_to_staff(office, request, made))
    })
}

/// Makes it of all systems but those that failed too often and still do.
fn made(
    controller: &Controller,
    worn: &BTreeSet<SystemId>,
    unasked: BTreeSet<SystemId>,
    make: impl FnMut(&Controller) -> Result<Fulfilment, Error>,
) -> Result<Progress, Error> {
    let (result, _) = failing::around(&controller.without(&unasked), |system| worn.contains(system), make)?;
    Ok(Progress::Done(Box::new(result), None))
}

/// How far the services are.
enum Asked<'o> {
    /// Their answers; and those without one. There are no answers where it cannot be said what to ask.
    Answered(Option<Services<'o>>, BTreeSet<SystemId>),
    /// One has still to call back.
    Waits(Progress),
}

/// Asks the services. Which keys of the person's they are to be asked by, a database says: where that one fails nobody
/// is asked, so that no question is written down that lacks some. Only what is `worn` is done without.
fn asked<'o>(
    office: &'o Office,
    controller: &'o Controller,
    request: &'o Request,
    worn: &BTreeSet<SystemId>,
) -> Result<Asked<'o>, Error> {
    let mut services = match Services::plan(office, controller, request) {
        Ok(services) => services,
        Err(error) if failing::outage_of(&error).is_some_and(|system| worn.contains(system)) => {
            let all = controller.systems.services().map(|(id, _)| id.clone()).collect();
            return Ok(Asked::Answered(None, all));
        }
        Err(error) => return Err(error),
    };
    services.deliver()?;
    let unasked = services.pass_over(worn);
    let pending = services.pending()?;
    Ok(match pending {
        Some(pending) => Asked::Waits(Progress::Waits(pending)),
        None => Asked::Answered(Some(services), unasked),
    })
}
