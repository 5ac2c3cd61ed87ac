//! What was kept for a time after a deletion is erased when the time is over, without anybody having to ask again.

use chrono::TimeDelta;
use uuid::Uuid;

use super::super::office::Controller;
use super::super::{Error, Office};
use super::erasure;
use crate::crash;
use crate::domain::ids::RequestId;
use crate::domain::job::{LeasedJob, Settlement};
use crate::domain::proof::ErasedLater;
use crate::domain::request::State;
use crate::store::Standing;

/// How long the job waits where the request was decided anew meanwhile: fulfilling that does the same and more.
const PATIENCE: TimeDelta = TimeDelta::days(1);

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
    if !matches!(request.state, State::Fulfilled(_) | State::PartiallyFulfilled(_)) {
        let reason = "the request was decided anew; what is kept is looked at when that is done".to_owned();
        return Ok(Some(Settlement::Postponed { until: office.clock.now() + PATIENCE, reason }));
    }
    let blocking = office.clone();
    let run = move || {
        let controller: &Controller = blocking.controller(&request.controller).ok_or(Error::UnknownController)?;
        let answered = usize::try_from(standing.rounds).unwrap_or_default();
        erasure::erase_rest(&blocking, controller, &request, answered)
    };
    let (later, left) =
        tokio::task::spawn_blocking(run).await.map_err(|_| Error::Files("erase what was kept".into()))??;
    crash::point("retained.before_settle");
    commit(office, owner, job.clone(), id, later, left).await?;
    Ok(None)
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
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            if !tx.settle(&job, owner, &Settlement::Done, now)? {
                return Ok(());
            }
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            // A hold may have been placed, or the company erased the rows itself: then there is nothing to tell.
            if later.lines.iter().any(|line| line.rows > 0) {
                tx.save(&request.erased_later(later.clone())?)?;
            }
            Ok(tx.put_retained(id, left)?)
        })
        .await
}
