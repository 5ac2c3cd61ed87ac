//! Fulfilling: what was approved is done in the company's systems, and its result committed with the next state.

mod background;
mod categories;
mod correction;
mod erasure;
pub(super) mod marking;
mod package;
mod planned;
mod progress;
mod ranges;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::decide::wake_siblings;
use super::office::Controller;
use super::remedies::remedies;
use super::{Error, Office};
use crate::crash;
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::job::{LeasedJob, Settlement};
use crate::domain::mark::Mark;
use crate::domain::policy::Release;
use crate::domain::regime::Regime;
use crate::domain::request::{Fulfilment, Line, Request, State, StateName};
use crate::domain::right::Right;
use crate::fulfilment::{FulfilmentError, LeftOut};
use crate::store::{StepRow, StepState, Tx};

pub use correction::CorrectionPlan;
pub use package::remove_expired_packages;
pub use planned::{Plan, What, plan};

/// How long a deletion waits before it looks again whether the rest of its bundle was answered; answering it wakes the
/// deletion earlier.
const PATIENCE: TimeDelta = TimeDelta::minutes(5);

/// Does what was approved. `None`: the result is committed and the job settled with it; otherwise the caller settles.
///
/// # Errors
/// When a system, the shelf or the store fails: nothing is lost, and running again goes on from there.
pub async fn fulfil(office: &Office, owner: Uuid, job: &LeasedJob, id: RequestId) -> Result<Option<Settlement>, Error> {
    let request = office.store.read(move |tx| Ok::<_, Error>(tx.request(id)?)).await?;
    // Purged, withdrawn, or done by whoever had the job before.
    let Some(request) = request else { return Ok(Some(Settlement::Done)) };
    let State::Fulfilling { disclose, .. } = request.state else { return Ok(Some(Settlement::Done)) };
    if request.right == Right::Deletion && package_outstanding(office, request.bundle).await? {
        let reason = "waits until the access package of the same submission was delivered".to_owned();
        return Ok(Some(Settlement::Postponed { until: office.clock.now() + PATIENCE, reason }));
    }
    let controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
    let reads = matches!(request.right, Right::Access | Right::Portability | Right::Categories);
    let review = reads && controller.policy.release == Release::Review;
    let blocking = office.clone();
    let right = request.right;
    let result = tokio::task::spawn_blocking(move || carry_out(&blocking, &request, disclose))
        .await
        .map_err(|_| Error::Files("finish a fulfilment".into()))?;
    let result = match result {
        Ok(result) => result,
        Err(error) => return Err(told(office, id, right, error).await),
    };
    crash::point("fulfilment.before_settle");
    let remember = office.clone();
    let job = job.clone();
    let done = Done { request: id, result, review, now: office.clock.now() };
    office.store.write(move |tx| commit(&remember, tx, &job, owner, &done)).await?;
    Ok(None)
}

/// Leaves a failed step where staff see it, beside the job that will be tried again.
async fn told(office: &Office, id: RequestId, right: Right, error: Error) -> Error {
    let Error::Fulfilment(FulfilmentError::System { system, .. }) = &error else { return error };
    let step = StepRow {
        ordinal: 0,
        name: right.as_str().to_owned(),
        system: system.clone(),
        dataset: String::new(),
        collection: String::new(),
        state: StepState::Failed,
        rows: 0,
        bytes: 0,
        error: Some(error.to_string()),
        updated_at: office.clock.now(),
    };
    let written = office.store.write(move |tx| Ok::<_, Error>(tx.put_steps(id, std::slice::from_ref(&step))?)).await;
    if let Err(second) = written {
        tracing::warn!(request = %id, error = %second, "a failed step could not be noted");
    }
    error
}

/// What was done where, as steps that are done.
fn steps(right: Right, result: &Fulfilment, now: DateTime<Utc>) -> Vec<StepRow> {
    let step = |(ordinal, line): (usize, &Line)| StepRow {
        ordinal: i32::try_from(ordinal).unwrap_or(i32::MAX),
        name: right.as_str().to_owned(),
        system: line.system.as_str().into(),
        dataset: line.dataset.clone(),
        collection: line.collection.clone(),
        state: StepState::Done,
        rows: line.rows,
        bytes: 0,
        error: None,
        updated_at: now,
    };
    result.lines.iter().enumerate().map(step).collect()
}

/// What a run of the job brought about.
struct Done {
    request: RequestId,
    result: Fulfilment,
    /// Whether staff look before it goes out.
    review: bool,
    now: DateTime<Utc>,
}

/// Result, next state and the job's end, together. Where the lease was lost, somebody else commits the same.
fn commit(office: &Office, tx: &mut Tx<'_>, job: &LeasedJob, owner: Uuid, done: &Done) -> Result<(), Error> {
    let Done { request: id, result, review, now } = done;
    let (id, now) = (*id, *now);
    if !tx.settle(job, owner, &Settlement::Done, now)? {
        return Ok(());
    }
    let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
    // Work by hand joins the answer when staff release it.
    let review = *review || !tx.tasks(id)?.is_empty();
    tx.clear_steps(id)?;
    tx.put_steps(id, &steps(request.right, result, now))?;
    let outcome = request.complete(now, result.clone(), review)?;
    let outcome = outcome.with_remedies(|request| remedies(office, request, now));
    tx.save(&outcome)?;
    wake_siblings(tx, &outcome.request, now)
}

/// A ground in the words of a letter.
pub(super) fn ground_title(regime: Option<&Regime>, code: &str) -> String {
    regime.and_then(|regime| regime.ground(code)).map_or_else(|| code.to_owned(), |ground| ground.title.clone())
}

/// What the approval leaves out.
fn left_out(request: &Request) -> LeftOut {
    request.state.exceptions().iter().map(|e| (e.dataset.clone(), e.collection.clone())).collect()
}

fn carry_out(office: &Office, request: &Request, disclose: bool) -> Result<Fulfilment, Error> {
    let controller: &Controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
    match request.right {
        Right::Access | Right::Portability => package::make(office, controller, request, disclose),
        Right::Deletion => erasure::erase(office, controller, request),
        Right::Correction => correction::correct(office, controller, request),
        Right::Categories => categories::make(office, controller, request),
        Right::AutomatedDecision => Ok(automated(controller)),
        Right::OptOut | Right::Restriction | Right::Objection | Right::LimitSensitive | Right::WithdrawConsent => {
            Ok(Fulfilment { marked: Mark::of(request.right), ..Fulfilment::default() })
        }
    }
}

/// What the policy says is the answer where no decision is taken by machine alone; elsewhere a person looks at it again
/// (GDPR Art. 22(3)), and releases the answer.
fn automated(controller: &Controller) -> Fulfilment {
    let said = controller.policy.automated_decisions.as_ref();
    let by_hand = said.is_none_or(|said| !said.decisions.is_empty());
    Fulfilment { by_hand, statements: background::automated(&controller.policy), ..Fulfilment::default() }
}

/// Somebody who asked for a copy and for deletion in one go gets the copy first.
async fn package_outstanding(office: &Office, bundle: BundleId) -> Result<bool, Error> {
    let siblings = office.store.read(move |tx| Ok::<_, Error>(tx.requests_of(bundle)?)).await?;
    let reads = |right| matches!(right, Right::Access | Right::Portability | Right::Categories);
    Ok(siblings.iter().any(|r| reads(r.right) && !StateName::is_final(r.state.name())))
}
