//! What was kept for a time after a deletion is erased when the time is over, without anybody having to ask again.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use uuid::Uuid;

use super::super::holds::circumstances;
use super::super::office::Controller;
use super::super::recipients;
use super::super::services::{self, Pending, Services};
use super::super::{Error, Office};
use super::{erasure, proof};
use crate::crash;
use crate::domain::ids::RequestId;
use crate::domain::job::{LeasedJob, Settlement};
use crate::domain::proof::ErasedLater;
use crate::domain::request::Request;
use crate::store::Standing;

/// How long the job waits for what only people can change: a new decision, a system that is switched off, or one that fails
/// for longer than a job is tried.
pub const LOOKED_AT_AGAIN: TimeDelta = TimeDelta::days(1);

/// Erases what need not be kept any longer. `None`: the result is committed and the job settled with it; otherwise the
/// caller settles. The manifest, the crash points and the second search are those of the deletion itself.
///
/// # Errors
/// When a system or the store fails: nothing is lost, and running again goes on from there.
pub async fn erase_retained(
    office: &Office,
    owner: Uuid,
    job: &LeasedJob,
    id: RequestId,
) -> Result<Option<Settlement>, Error> {
    let read = office.store.read(move |tx| Ok::<_, Error>((tx.request(id)?, tx.retained(id)?)));
    let (Some(request), Some(standing)) = read.await? else { return Ok(Some(Settlement::Done)) };
    let wait = |reason: String| Some(Settlement::Postponed { until: office.clock.now() + LOOKED_AT_AGAIN, reason });
    if !request.state.name().is_final() {
        let reason = "the request is decided anew; what is kept is looked at when that is done";
        return Ok(wait(reason.to_owned()));
    }
    let controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
    let Some(erased) = request.as_erased() else {
        return Err(Error::Obstacles(vec!["the answer under which rows are kept is not on record".to_owned()]));
    };
    if let Some(off) = switched_off(controller, &erased) {
        return Ok(wait(format!("rows are to be erased in {off}, which is switched off; switch it on again")));
    }
    let blocking = office.clone();
    let run = move || {
        let controller = blocking.at_work_for(&erased.controller)?;
        run(&blocking, &controller, &erased, standing)
    };
    let ran = tokio::task::spawn_blocking(run).await.map_err(|_| Error::Files("erase what was kept".into()))??;
    let (later, left) = match ran {
        Progress::Done(later, left) => (later, left),
        Progress::Waits(pending) => return services::wait(office, owner, job, id, pending).await.map(|()| None),
    };
    crash::point("retained.before_settle");
    commit(office, owner, job.clone(), id, *later, left).await?;
    Ok(None)
}

/// How far a run came.
enum Progress {
    /// To its end; with what is still kept.
    Done(Box<ErasedLater>, Option<Standing>),
    /// A service has still to call back.
    Waits(Pending),
}

/// The systems that hold rows of what is kept, and that the operator has switched off. Silence is not success: without
/// them the rest cannot be called erased, and the record by which the rows are found must not go.
fn switched_off(controller: &Controller, erased: &Request) -> Option<String> {
    let result = erased.state.result()?;
    let kept = result.erased_later.last().map_or(&result.retained, |later| &later.retained);
    let named: BTreeSet<&str> = kept.iter().map(|rows| rows.system.as_str()).collect();
    let off: Vec<&str> = controller.systems.disabled().map(|s| s.as_str()).filter(|s| named.contains(s)).collect();
    (!off.is_empty()).then(|| off.join(", "))
}

/// Databases and services each on their own, as in the deletion itself; what fails fails at the end.
fn run(office: &Office, controller: &Controller, erased: &Request, told: Standing) -> Result<Progress, Error> {
    let holds = circumstances(office, erased)?.sum();
    let mut services = Services::later(office, controller, erased)?;
    let answered = usize::try_from(told.rounds).unwrap_or_default();
    let databases = erasure::erase_rest(office, controller, erased, answered);
    if let Err(error @ Error::Obstacles(_)) = databases {
        return Err(error);
    }
    services.deliver()?;
    let (mut later, left) = databases?;
    if let Some(pending) = services.prove()? {
        return Ok(Progress::Waits(pending));
    }
    // What is told here is not told again: whatever was asked, was asked by this moment.
    later.at = services.asked_at().map_or(later.at, |asked| later.at.max(asked));
    let (said, kept) = (services.lines()?, services.retained()?);
    later.proof.extend(proof::of_services(services.proved(), &said, &kept, office.clock.now()));
    later.lines.extend(said);
    later.retained.extend(kept);
    let left = Standing { held: left.held | services.holds_something(), holds, ..left };
    Ok(Progress::Done(Box::new(later), Some(left).filter(Standing::keeps)))
}

/// What was erased, what is left to be kept and the job's end, together.
async fn commit(
    office: &Office,
    owner: Uuid,
    job: LeasedJob,
    id: RequestId,
    later: ErasedLater,
    left: Option<Standing>,
) -> Result<(), Error> {
    let (now, inner) = (office.clock.now(), office.clone());
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            if !tx.settle(&job, owner, &Settlement::Done, now)? {
                return Ok(());
            }
            // A hold may have been placed, or the company erased the rows itself: then there is nothing to tell.
            if later.lines.iter().any(|line| line.rows > 0) {
                let told = request.state.result().is_some_and(|result| result.changed());
                let mut outcome = request.erased_later(later.clone())?;
                if !told {
                    // The answer itself changed nothing, so recipients hear of it now (GDPR Art. 19).
                    outcome = recipients::with_change(&inner, tx, outcome, now)?;
                }
                tx.save(&outcome)?;
            }
            Ok(tx.put_retained(id, left)?)
        })
        .await
}
