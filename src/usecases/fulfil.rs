//! Fulfilling: what was approved is done in the company's systems, and its result committed with the next state.

mod background;
mod categories;
mod correction;
mod erasure;
pub(super) mod failing;
pub(super) mod marking;
mod package;
mod parts;
mod planned;
mod progress;
mod proof;
mod ranges;
mod read;
mod retained;
mod transmission;
mod unproved;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::decide::{forget_free_text, wake_siblings};
use super::office::Controller;
use super::recipients;
use super::remedies::remedies;
use super::services::{self, Pending, Services};
use super::tasks::upload;
use super::{Error, Office};
use crate::crash;
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::job::{LeasedJob, Settlement};
use crate::domain::mark::Mark;
use crate::domain::policy::Release;
use crate::domain::regime::Regime;
use crate::domain::request::{Fulfilment, Line, Request, State};
use crate::domain::right::Right;
use crate::domain::task::Upload;
use crate::fulfilment::LeftOut;
use crate::store::{Standing, StepRow, StepState, Tx};

pub use correction::CorrectionPlan;
use erasure::Begun;
pub(super) use erasure::manifests;
pub use failing::Failing;
pub use package::remove_expired_packages;
pub(super) use package::{delivered, renew};
pub use planned::{Plan, What, plan};
pub(super) use progress::while_fulfilling;
pub use retained::{LOOKED_AT_AGAIN, erase_retained};
pub(super) use transmission::check as check_transmission;

/// How long a deletion waits before it looks again whether the rest of its bundle was answered; answering it wakes the
/// deletion earlier.
const PATIENCE: TimeDelta = TimeDelta::minutes(5);

/// Does what was approved. `None`: the result is committed and the job settled with it; otherwise the caller settles.
///
/// # Errors
/// When a system, the shelf or the store fails: nothing is lost, and running again goes on from there.
pub async fn fulfil(office: &Office, owner: Uuid, job: &LeasedJob, id: RequestId) -> Result<Option<Settlement>, Error> {
    // Purged, withdrawn, or done by whoever had the job before.
    let inner = office.clone();
    let Some(approved) = office.store.read(move |tx| approved(&inner, tx, id)).await? else {
        return Ok(Some(Settlement::Done));
    };
    let Approved { request, package_outstanding, uploads, begun } = approved;
    let State::Fulfilling { disclose, prepared, .. } = &request.state else { return Ok(Some(Settlement::Done)) };
    let disclose = *disclose;
    if let Some(prepared) = prepared {
        return transmission::send(office, owner, job, &request, &prepared.result).await.map(|()| None);
    }
    if package_outstanding {
        let reason = "waits until the access package of the same submission was delivered".to_owned();
        return Ok(Some(Settlement::Postponed { until: office.clock.now() + PATIENCE, reason }));
    }
    let controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
    let review = request.right.reads() && controller.policy.release == Release::Review;
    let blocking = office.clone();
    let right = request.right;
    let rows: Vec<Uuid> = uploads.iter().map(|(_, upload)| upload.file).collect();
    let run = Run { disclose, uploads, begun };
    let result = tokio::task::spawn_blocking(move || carry_out(&blocking, &request, run))
        .await
        .map_err(|_| Error::Files("finish a fulfilment".into()))?;
    let (result, retained) = match result {
        Ok(Progress::Done(result, retained)) => (*result, retained),
        Ok(Progress::Waits(pending)) => {
            return services::wait(office, owner, job, id, pending).await.map(|()| None);
        }
        Err(error) => return Err(failing::told(office, id, right, error).await),
    };
    crash::point("fulfilment.before_settle");
    let remember = office.clone();
    let job = job.clone();
    let done = Done { request: id, result, retained, rows, review, now: office.clock.now() };
    office.store.write(move |tx| commit(&remember, tx, &job, owner, &done)).await?;
    Ok(None)
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
        since: None,
        attempts: 0,
    };
    result.lines.iter().enumerate().map(step).collect()
}

/// What a run of the job brought about.
struct Done {
    request: RequestId,
    result: Fulfilment,
    /// What of a deletion is kept for a time.
    retained: Option<Standing>,
    /// The files of rows found by hand that are in it.
    rows: Vec<Uuid>,
    /// Whether staff look before it goes out.
    review: bool,
    now: DateTime<Utc>,
}

/// Result, next state and the job's end, together. Where the lease was lost, somebody else commits the same.
fn commit(office: &Office, tx: &mut Tx<'_>, job: &LeasedJob, owner: Uuid, done: &Done) -> Result<(), Error> {
    let Done { request: id, result, retained, rows, review, now } = done;
    let (id, now) = (*id, *now);
    let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
    let tasks = tx.tasks(id)?;
    if !upload::of(&request, &tasks).map(|(_, upload)| upload.file).eq(rows.iter().copied()) {
        let reason = "rows were handed in meanwhile".to_owned();
        return Ok(tx.settle(job, owner, &Settlement::Postponed { until: now, reason }, now).map(drop)?);
    }
    if !tx.settle(job, owner, &Settlement::Done, now)? {
        return Ok(());
    }
    // Work by hand joins the answer when staff release it.
    let review = *review || !tasks.is_empty();
    tx.clear_steps(id)?;
    tx.put_steps(id, &steps(request.right, result, now))?;
    let outcome = request.complete(now, result.clone(), review)?;
    let outcome = delivered(office, outcome, now);
    let outcome = outcome.with_remedies(|request| remedies(office, request, now));
    let outcome = recipients::with_answer(office, tx, outcome, now)?;
    tx.save(&outcome)?;
    if outcome.request.right == Right::Deletion {
        tx.forget_loose_manifest_parts(id)?;
    }
    tx.put_retained(id, *retained)?;
    forget_free_text(tx, &outcome.request)?;
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

/// How far a run came.
enum Progress {
    /// To its end; with what of a deletion is kept for a time.
    Done(Box<Fulfilment>, Option<Standing>),
    /// A service has still to call back.
    Waits(Pending),
}

/// What a run of the job goes by, beside the request.
struct Run {
    /// Whether the package holds what was withheld because it names somebody else.
    disclose: bool,
    /// Rows found by hand.
    uploads: Vec<(String, Upload)>,
    /// What a deletion goes on from.
    begun: Option<Begun>,
}

fn carry_out(office: &Office, request: &Request, run: Run) -> Result<Progress, Error> {
    let controller = &office.at_work_for(&request.controller)?;
    let mut retained = None;
    let result = match request.right {
        Right::Access | Right::Portability | Right::Categories => {
            return read::answer(office, controller, request, &run);
        }
        Right::Deletion | Right::Correction => match change(office, controller, request, run.begun)? {
            Progress::Done(result, standing) => {
                retained = standing;
                let mut result = *result;
                result.lines.extend(services::unsearched(controller));
                result
            }
            waits @ Progress::Waits(_) => return Ok(waits),
        },
        Right::AutomatedDecision => automated(controller),
        Right::OptOut | Right::Restriction | Right::Objection | Right::LimitSensitive | Right::WithdrawConsent => {
            Fulfilment { marked: Mark::of(request.right), ..Fulfilment::default() }
        }
    };
    Ok(Progress::Done(Box::new(result), retained))
}

/// Databases and services are changed each on its own, and what fails fails at the end. What the services are asked is
/// written down before anything changes, because it names keys that an erasure removes; where a database that fails may
/// know more of them, the manifests keep those of the others until it answers.
fn change(
    office: &Office,
    controller: &Controller,
    request: &Request,
    begun: Option<Begun>,
) -> Result<Progress, Error> {
    // The first look at the holds: should one be lifted while this runs, what it kept is looked at again.
    let holds = begun.as_ref().map_or(0, Begun::sum_of_holds);
    let mut services = Services::plan(office, controller, request)?;
    // Where services are, planning what they are asked may have taken minutes.
    let begun = begun.filter(|_| controller.systems.services().next().is_none());
    let databases = match request.right {
        Right::Deletion => erasure::erase(office, controller, request, begun),
        _ => correction::correct(office, controller, request).map(|result| (result, Standing::default())),
    };
    // An obstacle is for staff to settle before anything changes anywhere.
    if let Err(error @ Error::Obstacles(_)) = databases {
        return Err(error);
    }
    services.deliver()?;
    let (mut result, mut retained) = databases?;
    if let Some(pending) = services.prove()? {
        return Ok(Progress::Waits(pending));
    }
    // The databases know nothing of what services hold.
    result.lines.retain(|line| controller.systems.service(&line.system.as_str().into()).is_none());
    let mut said = services.lines()?;
    if request.right == Right::Deletion {
        let left_out = package::excluded(controller, office.regimes.get(&request.regime), request);
        let of_service = |line: &Line| controller.systems.service(&line.system.as_str().into()).is_some();
        said.extend(left_out.into_iter().filter(of_service));
        said.extend(services::read_only(controller));
        said.extend(services.held_back()?);
        let kept = services.retained()?;
        result.proof.extend(proof::of_services(services.proved(), &said, &kept, office.clock.now()));
        result.retained.extend(kept);
        retained = Standing { held: retained.held | services.holds_something(), holds, ..retained };
    }
    result.lines.extend(said);
    Ok(Progress::Done(Box::new(result), Some(retained).filter(Standing::keeps)))
}

/// Whether fulfilling the right searches or changes systems.
fn reaches_systems(right: Right) -> bool {
    use Right::{Access, Categories, Correction, Deletion, Portability};
    matches!(right, Access | Portability | Categories | Deletion | Correction)
}

/// What the policy says is the answer where no decision is taken by machine alone; elsewhere a person looks at it again
/// (GDPR Art. 22(3)), and releases the answer.
fn automated(controller: &Controller) -> Fulfilment {
    let said = controller.policy.automated_decisions.as_ref();
    let by_hand = said.is_none_or(|said| !said.decisions.is_empty());
    Fulfilment { by_hand, statements: background::automated(&controller.policy), ..Fulfilment::default() }
}

/// What there is to do when a run begins.
struct Approved {
    request: Request,
    /// Somebody who asked for a copy and for deletion in one go gets the copy first.
    package_outstanding: bool,
    /// Rows found by hand.
    uploads: Vec<(String, Upload)>,
    /// What a deletion goes on from.
    begun: Option<Begun>,
}

/// The request with what its fulfilment goes by; none when it is purged.
fn approved(office: &Office, tx: &mut Tx<'_>, id: RequestId) -> Result<Option<Approved>, Error> {
    let Some(request) = tx.request(id)? else { return Ok(None) };
    let deletes = request.right == Right::Deletion;
    let package_outstanding = deletes && package_outstanding(tx, request.bundle)?;
    let uploads = upload::files(tx, &request)?;
    let begins = deletes && !package_outstanding && matches!(request.state, State::Fulfilling { .. });
    let begun = begins.then(|| Begun::read(office, tx, &request)).transpose()?;
    Ok(Some(Approved { request, package_outstanding, uploads, begun }))
}

fn package_outstanding(tx: &mut Tx<'_>, bundle: BundleId) -> Result<bool, Error> {
    Ok(tx.standings_of(bundle)?.iter().any(|(right, state)| right.reads() && !state.is_final()))
}
