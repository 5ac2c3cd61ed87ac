//! An agent's authority: handed in by the agent, decided by staff, confirmed by the person, known from a registry.

pub mod document;
pub mod person;
pub mod registry;

use super::decide::wake_siblings;
use super::{Error, Office};
use crate::domain::actor::Actor;
use crate::domain::agent::DocumentKind;
use crate::domain::ids::{BundleId, RequestId, StaffId};
use crate::domain::job::{AgencyLetter, Job, NewJob};
use crate::domain::lifecycle::{Refusal, Step};
use crate::domain::personal::Personal;
use crate::domain::request::{Outcome, Request, StateName};
use crate::domain::right::Right;
use crate::store::Tx;

/// What staff decide about an agent's authority.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It is shown: by the document that is there, or by a paper of this kind that staff have seen elsewhere.
    Accept(Option<DocumentKind>),
    /// It is not shown, and why; the agent can hand in something else.
    Refuse(Personal<String>),
}

/// Decides about the authority for all requests that were sent together and still wait for it.
///
/// # Errors
/// [`Error::Refused`] when the request does not wait for it or there is nothing to decide about; [`Error::NotFound`].
pub async fn decide(office: &Office, by: StaffId, id: RequestId, decision: Decision) -> Result<Request, Error> {
    let step = Step { now: office.clock.now(), by: Actor::Staff(by) };
    office
        .store
        .write(move |tx| {
            let bundle = tx.request(id)?.ok_or(Error::NotFound("request"))?.bundle;
            let verb = |request: Request| match &decision {
                Decision::Accept(seen) => request.authorization_accepted(step, *seen),
                Decision::Refuse(reason) => request.authorization_refused(step, reason.clone()),
            };
            let changed = whole_bundle(tx, bundle, Some(id), step, verb)?;
            match decision {
                Decision::Accept(_) => acknowledge(tx, bundle, &changed, step)?,
                Decision::Refuse(_) => mail(tx, bundle, AgencyLetter::ProofRefused, step)?,
            }
            tx.request(id)?.ok_or(Error::NotFound("request"))
        })
        .await
}

/// Applies a verb to each request of the bundle that waits for authorization. Where it does not apply to `asked`, the
/// request somebody named, nothing is done at all; to others of the bundle other terms may apply, and they stay.
pub(super) fn whole_bundle(
    tx: &mut Tx<'_>,
    bundle: BundleId,
    asked: Option<RequestId>,
    step: Step,
    verb: impl Fn(Request) -> Result<Outcome, Refusal>,
) -> Result<Vec<Request>, Error> {
    let mut changed = Vec::new();
    for request in tx.requests_of_for_update(bundle)? {
        let named = asked == Some(request.id);
        if !named && request.state.name() != StateName::AwaitingAuthorization {
            continue;
        }
        match verb(request) {
            Ok(outcome) => {
                tx.save(&outcome)?;
                wake_siblings(tx, &outcome.request, step.now)?;
                changed.push(outcome.request);
            }
            Err(refusal) if named => return Err(refusal.into()),
            Err(_) => {}
        }
    }
    Ok(changed)
}

/// Tells the agent that work begins, where there is any left: an opt-out has its own letter.
pub(super) fn acknowledge(tx: &mut Tx<'_>, bundle: BundleId, changed: &[Request], step: Step) -> Result<(), Error> {
    let begins = |r: &Request| r.right != Right::OptOut && r.state.name() == StateName::InReview;
    if changed.iter().any(begins) {
        tx.enqueue(&NewJob { job: Job::MailAcknowledgement { bundle }, run_at: step.now })?;
    }
    Ok(())
}

pub(super) fn mail(tx: &mut Tx<'_>, bundle: BundleId, letter: AgencyLetter, step: Step) -> Result<(), Error> {
    Ok(tx.enqueue(&NewJob { job: Job::MailAgency { bundle, letter }, run_at: step.now })?)
}
