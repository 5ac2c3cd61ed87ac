//! Keeping records as long as law and policy ask, and then destroying their keys.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{Error, Office};
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::ids::{ControllerId, RegimeId, RequestId, StaffId};
use crate::domain::personal::Personal;
use crate::domain::request::Request;
use crate::domain::retention::{self, Hold, Purged};
use crate::store::Tx;

/// How many requests one transaction purges: it holds their rows, and others want to write as well.
const BATCH: u32 = 50;

/// How many requests are purged at a time; the schedule comes again in a minute.
const MOST: usize = 2000;

/// Purges what need not be kept any longer; gives how many. Any number of processes may do so at once: what one has
/// purged, another finds gone.
///
/// # Errors
/// When the store fails. What was committed before stays purged.
pub async fn purge(office: &Office) -> Result<usize, Error> {
    let mut purged = 0;
    let mut after = None;
    while purged < MOST {
        let from = after.clone();
        let next = office.store.read(move |tx| Ok::<_, Error>(tx.next_kept(from.as_ref())?)).await?;
        let Some(of) = next else { break };
        purged += purge_of(office, &of, MOST - purged).await?;
        after = Some(of);
    }
    if purged > 0 {
        tracing::info!(purged, "records were purged whose time was over");
    }
    Ok(purged)
}

/// The same for one controller and regime, of which everything has one period but for appeals and holds.
async fn purge_of(office: &Office, of: &(ControllerId, RegimeId), most: usize) -> Result<usize, Error> {
    let policy = office.controller(&of.0).map(|c| &*c.policy);
    let months = retention::months(office.regimes.get(&of.1), policy, false);
    let before = retention::not_before(today(office, &of.0), months);
    let (mut purged, mut after) = (0, None);
    while purged < most {
        let of = of.clone();
        let ended = office.store.read(move |tx| Ok::<_, Error>(tx.ended_before(&of, before, after, BATCH)?)).await?;
        let Some(last) = ended.last().copied() else { break };
        after = Some(last);
        purged += purge_batch(office, ended.into_iter().map(|(_, id)| id).collect()).await?;
    }
    Ok(purged)
}

async fn purge_batch(office: &Office, ids: Vec<RequestId>) -> Result<usize, Error> {
    let inner = office.clone();
    let purged: Vec<Vec<Uuid>> = office
        .store
        .write(move |tx| {
            let mut files = Vec::new();
            for id in &ids {
                files.extend(purge_one(&inner, tx, *id)?);
            }
            Ok::<_, Error>(files)
        })
        .await?;
    let count = purged.len();
    let shelf = office.shelf.clone();
    // Sealed under keys that are gone: one that a crash leaves here opens for nobody and goes with its package's time.
    let removed = tokio::task::spawn_blocking(move || purged.into_iter().flatten().try_for_each(|id| shelf.remove(id)));
    if let Ok(Err(error)) = removed.await {
        tracing::warn!(%error, "a file of a purged request could not be removed; nothing opens it any more");
    }
    Ok(count)
}

/// Purges a request if its time is over and nobody holds it; gives the files that belonged to it.
fn purge_one(office: &Office, tx: &mut Tx<'_>, id: RequestId) -> Result<Option<Vec<Uuid>>, Error> {
    // Gone, where another process was quicker.
    let Some(request) = tx.request_for_update(id)? else { return Ok(None) };
    let today = today(office, &request.controller);
    let Some((last_day, record)) = kept_until(office, &request) else { return Ok(None) };
    if today <= last_day || tx.record_hold(id)?.is_some_and(|hold| today <= hold.until) {
        return Ok(None);
    }
    // Rows of the person's are still to be erased, and without this record nobody could find them.
    if tx.retained(id)?.is_some() {
        return Ok(None);
    }
    let entry = NewEntry::new(&request.controller, Some(id), office.clock.now(), Actor::System, "request.purged");
    tx.append(&entry.with(json!(record)))?;
    tx.purge(id)?;
    Ok(Some(request.state.result().and_then(|r| r.package.as_ref()).map(|p| p.id).into_iter().collect()))
}

/// The last day on which a request's record is kept, holds aside; none while it is not at its end.
pub fn kept_until(office: &Office, request: &Request) -> Option<(NaiveDate, Purged)> {
    let policy = office.controller(&request.controller).map(|c| &*c.policy);
    let (ended, appealed) = ended(request)?;
    let closed_on = day_of(office, &request.controller, ended);
    let kept_months = retention::months(office.regimes.get(&request.regime), policy, appealed);
    Some((retention::last_day(closed_on, kept_months), Purged { kept_months, closed_on }))
}

/// When a request came to its end, and whether there was an appeal: not before that is settled. What was kept for a time
/// and erased later belongs to the answer.
fn ended(request: &Request) -> Option<(DateTime<Utc>, bool)> {
    let later = request.erased_under().and_then(|done| done.result.erased_later.last()).map(|later| later.at);
    let closed = request.state.closed_at().max(later).filter(|_| request.state.closed_at().is_some())?;
    let Some(appeal) = request.appeal() else { return Some((closed, false)) };
    if request.open_appeal().is_some() {
        return None;
    }
    let settled = appeal.settlement().map_or(closed, |settlement| settlement.at.max(closed));
    Some((settled, true))
}

/// Keeps a record from the purge until the end of a day, with the reason; or lifts that.
///
/// # Errors
/// [`Error::Invalid`] for a day that is over, [`Error::NotFound`].
pub async fn hold(
    office: &Office,
    by: StaffId,
    id: RequestId,
    until: Option<NaiveDate>,
    reason: Personal<String>,
) -> Result<(), Error> {
    let now = office.clock.now();
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let entry = |event: &str| NewEntry::new(&request.controller, Some(id), now, Actor::Staff(by), event);
            match until {
                Some(until) if until < today(&inner, &request.controller) => {
                    Err(Error::invalid("/until", "a hold ends today or later; null lifts it"))
                }
                Some(until) => {
                    tx.hold_record(id, &Hold { until, at: now, by, reason: reason.clone() })?;
                    Ok(tx.append(&entry("request.record_held").with(json!({ "until": until })))?)
                }
                None if tx.lift_hold(id)? => Ok(tx.append(&entry("request.record_hold_lifted"))?),
                None => Ok(()),
            }
        })
        .await
}

fn today(office: &Office, controller: &ControllerId) -> NaiveDate {
    day_of(office, controller, office.clock.now())
}

/// The day at the controller's seat; in UTC where it is not configured any more.
pub(super) fn day_of(office: &Office, controller: &ControllerId, at: DateTime<Utc>) -> NaiveDate {
    office.controller(controller).map_or_else(|| at.date_naive(), |c| c.policy.day_of(at))
}
