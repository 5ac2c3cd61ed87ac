//! What staff see: the queue, one request whole, its plan, its trail.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::fulfil::Plan;
use super::history::{History, history};
use super::{Error, Office, retention};
use crate::domain::audit::Entry;
use crate::domain::ids::RequestId;
use crate::domain::policy::Referral;
use crate::domain::request::{Request, StateName};
use crate::domain::retention::Hold;
use crate::domain::right::Right;
use crate::domain::task::Task;
use crate::store::{JobStatus, Message, Page, Queue, Standing, StepRow, Tx};

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
    /// What the person asked before.
    pub history: History,
    /// To whom the policy lets it be referred.
    pub referrals: Vec<Referral>,
    /// Work by hand.
    pub tasks: Vec<Task>,
    /// The last day on which its record is kept, once it is at its end.
    pub kept_until: Option<NaiveDate>,
    /// What keeps its record from the purge.
    pub hold: Option<Hold>,
    /// What of a deletion is kept for a time.
    pub retained: Option<Standing>,
    /// The legal holds in force on its person.
    pub legal_holds: Vec<Uuid>,
    /// What staff should know when they decide about it.
    pub guidance: Guidance,
}

/// What law and policy say to whoever decides about one request.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Guidance {
    /// The policy's notes for its staff.
    pub notes: Vec<String>,
    /// What the right does not reach, as the person is told.
    pub exclusions: Vec<String>,
    /// How long data stays in spite of a deletion, and why.
    pub retention: Vec<String>,
    /// The grounds on which the law lets it be denied.
    pub grounds: Vec<GroundOfDenial>,
}

/// A ground of denial.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroundOfDenial {
    /// The code that a denial names.
    pub code: String,
    /// The reason in the words of the letter.
    pub title: String,
    /// Where it stands.
    pub citation: String,
}

impl Guidance {
    fn of(office: &Office, request: &Request) -> Self {
        let grounds = office.regimes.get(&request.regime).into_iter().flat_map(|r| r.grounds_against(request.right));
        let grounds = grounds
            .map(|g| GroundOfDenial { code: g.code.clone(), title: g.title.clone(), citation: g.citation.clone() })
            .collect();
        let Some(controller) = office.controller(&request.controller) else {
            return Self { grounds, ..Self::default() };
        };
        let policy = &controller.policy;
        let deletes = request.right == Right::Deletion;
        Self {
            notes: policy.notes.clone(),
            exclusions: policy.exclusions_of(request.right).map(str::to_owned).collect(),
            retention: policy.retention.iter().filter(|_| deletes).map(|r| r.text.clone()).collect(),
            grounds,
        }
    }
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
            // Work before what came of it: a commit in between shows a result beside its job, never neither; and steps
            // after it, so that a result has its own.
            let jobs = tx.jobs_of(id)?;
            let request = tx.request(id)?.ok_or(Error::NotFound("request"))?;
            let steps = tx.steps(id)?;
            let controller = inner.controller(&request.controller);
            Ok(Whole {
                kept_until: retention::kept_until(&inner, &request).map(|(day, _)| day),
                tasks: tx.tasks(id)?,
                hold: tx.record_hold(id)?,
                retained: tx.retained(id)?,
                legal_holds: holds_on(tx, &request)?,
                guidance: Guidance::of(&inner, &request),
                history: history(&inner, tx, &request)?,
                referrals: controller.map(|c| c.policy.referrals.clone()).unwrap_or_default(),
                messages: tx.messages(id)?,
                jobs,
                steps,
                request,
            })
        })
        .await
}

fn holds_on(tx: &mut Tx<'_>, request: &Request) -> Result<Vec<Uuid>, Error> {
    let holds = tx.legal_holds_on(&request.controller, &request.particulars.person.identities())?;
    Ok(holds.into_iter().map(|hold| hold.id).collect())
}

/// How far a request's fulfilment is: its state, and its steps in order.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn progress(office: &Office, id: RequestId) -> Result<(StateName, Vec<StepRow>), Error> {
    office
        .store
        .read(move |tx| {
            // Steps before the state: a commit in between shows an end without its steps, never a run with those of its end.
            let steps = tx.steps(id)?;
            Ok((tx.request(id)?.ok_or(Error::NotFound("request"))?.state.name(), steps))
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
