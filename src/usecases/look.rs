//! What staff see: the queue, one request whole, its plan, its trail.

use chrono::NaiveDate;

use super::fulfil::Plan;
use super::{Error, Office, retention};
use crate::domain::audit::Entry;
use crate::domain::ids::RequestId;
use crate::domain::request::Request;
use crate::domain::retention::Hold;
use crate::store::{JobStatus, Message, Page, Queue, StepRow};

/// One request with everything that belongs to it.
pub struct Whole {
    /// The request.
    pub request: Request,
    /// Its messages, oldest first.
    pub messages: Vec<Message>,
    /// Work that is left to do, with its last error.
    pub jobs: Vec<JobStatus>,
    /// How far its fulfilment is.
    pub steps: Vec<StepRow>,
    /// The last day on which its record is kept, once it is at its end.
    pub kept_until: Option<NaiveDate>,
    /// What keeps its record from the purge.
    pub hold: Option<Hold>,
}

/// A page of the review queue.
///
/// # Errors
/// When the cursor is none of ours.
pub async fn queue(office: &Office, queue: Queue) -> Result<Page<Request>, Error> {
    office.store.read(move |tx| Ok(tx.queue(&queue)?)).await
}

/// One request whole.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn whole(office: &Office, id: RequestId) -> Result<Whole, Error> {
    let inner = office.clone();
    office
        .store
        .read(move |tx| {
            let request = tx.request(id)?.ok_or(Error::NotFound("request"))?;
            Ok(Whole {
                kept_until: retention::kept_until(&inner, &request).map(|(day, _)| day),
                hold: tx.record_hold(id)?,
                request,
                messages: tx.messages(id)?,
                jobs: tx.jobs_of(id)?,
                steps: tx.steps(id)?,
            })
        })
        .await
}

/// The audit trail of a request.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn entries(office: &Office, id: RequestId) -> Result<Vec<Entry>, Error> {
    let entries = office.store.read(move |tx| Ok::<_, Error>(tx.entries(id)?)).await?;
    if entries.is_empty() { Err(Error::NotFound("request")) } else { Ok(entries) }
}

/// What fulfilling a request would do now, with row counts from the company's systems; changes nothing.
///
/// # Errors
/// [`Error::NotFound`], [`Error::System`] when a system cannot be used.
pub async fn plan(office: &Office, id: RequestId) -> Result<Plan, Error> {
    let request = office.store.read(move |tx| tx.request(id)?.ok_or(Error::NotFound("request"))).await?;
    let office = office.clone();
    tokio::task::spawn_blocking(move || super::fulfil::plan(&office, &request))
        .await
        .map_err(|_| Error::Files("make a plan".into()))?
}
