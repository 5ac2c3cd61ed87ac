//! Appeals: filed by the person, taken back by them, extended and settled by staff.

use chrono::{DateTime, Utc};

use super::decide::wake_siblings;
use super::remedies::offer;
use super::{Error, Office};
use crate::domain::appeal::{Filing, Verdict};
use crate::domain::deadline::{Deadline, Duty};
use crate::domain::ids::{BundleId, RequestId, StaffId};
use crate::domain::lifecycle::Step;
use crate::domain::personal::Personal;
use crate::domain::policy::AppealTerms;
use crate::domain::request::{Outcome, Request};

/// Whose request it has to be.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    /// The holder of a token, with the requests it opens.
    Requester(BundleId),
    /// Staff, who enter what came by mail or telephone.
    Staff,
}

/// Files an appeal that arrived at `received_at`, which is now unless staff enter one that came earlier.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for a day to come, [`Error::Refused`].
pub async fn file(
    office: &Office,
    caller: Caller,
    by: Step,
    id: RequestId,
    grounds: Personal<String>,
    received_at: Option<DateTime<Utc>>,
) -> Result<Request, Error> {
    if received_at.is_some_and(|at| at > by.now) {
        return Err(Error::invalid("/received_at", "an appeal is received before it is entered"));
    }
    let step = Step { now: received_at.unwrap_or(by.now), ..by };
    let inner = office.clone();
    on_request(office, caller, id, by.now, move |request| {
        let filing = filing(&inner, &request, step.now, grounds.clone());
        Ok(request.file_appeal(step, filing)?)
    })
    .await
}

/// Takes the open appeal back.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Refused`] when none is open.
pub async fn withdraw(office: &Office, bundle: BundleId, step: Step, id: RequestId) -> Result<Request, Error> {
    on_request(office, Caller::Requester(bundle), id, step.now, move |request| Ok(request.withdraw_appeal(step)?)).await
}

/// Takes the longer period that some laws give for the answer to an appeal, and tells the person why.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Refused`].
pub async fn extend(office: &Office, by: StaffId, id: RequestId, reason: String) -> Result<Request, Error> {
    let now = office.clock.now();
    let inner = office.clone();
    on_request(office, Caller::Staff, id, now, move |request| {
        let controller = inner.controller(&request.controller).ok_or(Error::UnknownController)?;
        let longer = request.open_appeal().and_then(|appeal| {
            let longer = deadlines(&inner, &request, appeal.filed_at, true);
            let due = longer.iter().find(|d| d.duty == Duty::Appeal).map(|d| d.due);
            // A law without an extension, and a promise that is shorter, give no later date.
            (due > appeal.due()).then_some(longer)
        });
        let today = controller.policy.day_of(now);
        Ok(request.extend_appeal(now, today, by, Personal::new(reason.clone()), longer)?)
    })
    .await
}

/// Settles the open appeal. A decision that falls opens the request again.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Refused`] when none is open, or by whoever took the decision.
pub async fn settle(
    office: &Office,
    by: StaffId,
    id: RequestId,
    verdict: Verdict,
    explanation: String,
) -> Result<Request, Error> {
    let now = office.clock.now();
    on_request(office, Caller::Staff, id, now, move |request| {
        Ok(request.settle_appeal(now, by, verdict, Personal::new(explanation.clone()))?)
    })
    .await
}

fn filing(office: &Office, request: &Request, at: DateTime<Utc>, grounds: Personal<String>) -> Filing {
    // What the letter promised is kept; where there was none, law and policy of today speak.
    let told = request.remedies.as_ref().and_then(|remedies| remedies.appeal);
    let offer = told.or_else(|| offer(office, request, request.state.closed_at().unwrap_or(at)));
    let policy = office.controller(&request.controller).map(|c| &c.policy);
    let today = policy.map_or(at.date_naive(), |policy| policy.day_of(at));
    Filing { grounds, offer, deadlines: deadlines(office, request, at, false), today }
}

/// What an appeal filed at that moment makes due.
fn deadlines(office: &Office, request: &Request, filed: DateTime<Utc>, extended: bool) -> Vec<Deadline> {
    let policy = office.controller(&request.controller).map(|c| &c.policy);
    let Some((policy, regime)) = policy.zip(office.regimes.get(&request.regime)) else { return Vec::new() };
    let day = policy.day_of(filed);
    let terms = AppealTerms::of(policy, regime, day);
    terms.map(|terms| terms.deadlines(policy, regime, day, extended)).unwrap_or_default()
}

/// Loads, changes and saves a request that the caller may know of.
async fn on_request(
    office: &Office,
    caller: Caller,
    id: RequestId,
    now: DateTime<Utc>,
    verb: impl Fn(Request) -> Result<Outcome, Error> + Send + 'static,
) -> Result<Request, Error> {
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.filter(|request| match caller {
                Caller::Requester(bundle) => request.bundle == bundle,
                Caller::Staff => true,
            });
            let request = request.ok_or(Error::NotFound("request"))?;
            let clocks = request.clocks.clone();
            let outcome = inner.dated(&clocks, verb(request)?, now);
            tx.save(&outcome)?;
            wake_siblings(tx, &outcome.request, now)?;
            Ok(outcome.request)
        })
        .await
}
