//! An approval that leaves collections out: each has to be there, and its ground one of the regime's.

use super::denial::known;
use crate::domain::ids::RequestId;
use crate::domain::request::{Exception, Request, StateName};
use crate::domain::right::Right;
use crate::fulfilment::{LeftOut, prepare_keeping};
use crate::usecases::holds::circumstances;
use crate::usecases::office::Controller;
use crate::usecases::{Error, Office};

/// Sees that the request can be granted in part so. A deletion is planned before it is approved: what stays must not
/// refer to what goes, and staff can still leave out more.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`], [`Error::UnknownGround`], [`Error::Obstacles`], [`Error::Fulfilment`].
pub(super) async fn check(office: &Office, id: RequestId, except: &[Exception]) -> Result<(), Error> {
    let request = office.store.read(move |tx| tx.request(id)?.ok_or(Error::NotFound("request"))).await?;
    if request.state.name() != StateName::InReview {
        // The verb says so itself, and nothing need be searched for that.
        return Ok(());
    }
    let controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
    if !matches!(request.right, Right::Access | Right::Portability | Right::Deletion) {
        return Err(Error::invalid("/except", "only access, portability and deletion leave collections out"));
    }
    for (index, exception) in except.iter().enumerate() {
        one(office, controller, &request, exception, &format!("/except/{index}"))?;
        if except[..index].iter().any(|e| e.dataset == exception.dataset && e.collection == exception.collection) {
            return Err(Error::invalid(format!("/except/{index}/collection"), "it is left out above already"));
        }
    }
    if request.right == Right::Deletion { plan(office, request, except).await } else { Ok(()) }
}

fn one(
    office: &Office,
    controller: &Controller,
    request: &Request,
    exception: &Exception,
    at: &str,
) -> Result<(), Error> {
    let graph = controller.systems.graph();
    if graph.find(&exception.dataset, &exception.collection).is_none() {
        let known = graph.nodes().any(|(_, node)| node.dataset == exception.dataset);
        return Err(match known {
            true => Error::invalid(format!("{at}/collection"), "the dataset has no such collection"),
            false => Error::invalid(format!("{at}/dataset"), "the controller has no such dataset"),
        });
    }
    let regime = office.regimes.get(&request.regime).ok_or(Error::UnknownRegime)?;
    let pointer = format!("{at}/ground");
    let ground = known(regime, request.right, &exception.ground, &pointer)?;
    match ground.only_when {
        Some(_) => Err(Error::invalid(pointer, "this ground is one against a request as a whole")),
        None => Ok(()),
    }
}

async fn plan(office: &Office, request: Request, except: &[Exception]) -> Result<(), Error> {
    let left_out: LeftOut = except.iter().map(|e| (e.dataset.clone(), e.collection.clone())).collect();
    let office = office.clone();
    let planned = tokio::task::spawn_blocking(move || {
        let controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
        let identities = request.identities();
        let now = circumstances(&office, &request)?;
        let keeping = now.keeping(&left_out, &controller.policy);
        Ok::<_, Error>(prepare_keeping(&controller.systems, &identities, &[], &keeping)?.1)
    });
    let plan = planned.await.map_err(|_| Error::Files("make a plan".into()))??;
    if plan.obstacles.is_empty() { Ok(()) } else { Err(Error::Obstacles(plan.obstacles)) }
}
