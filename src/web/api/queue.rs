//! What staff see.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path, Query};
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::agent::{Agent, DocumentKind, MediaType};
use crate::domain::appeal::AppealStateName;
use crate::domain::audit::Entry;
use crate::domain::ids::{RequestId, StaffId};
use crate::domain::request::{Channel, Fulfilment, OptOut, Request, StateName};
use crate::domain::right::Right;
use crate::store::{JobStatus, LogFilter, Queue, Sort, StepRow};
use crate::usecases::look::{self, Guidance, Whole};
use crate::usecases::{Office, report};
use crate::web::api::records::{HoldView, RecordView};
use crate::web::api::requests::MessageView;
use crate::web::api::tasks::TaskView;
use crate::web::api::verification::{EvidenceView, SignedView};
use crate::web::error::{self, Problem, ProblemBody};
use crate::web::extract::{Read, Report, Staff};
use crate::web::responses::{NoRequest, StaffOnly};
use crate::web::wire::{AppealView, HistoryView, List, ReferralView, RequestView, moment};

/// Which requests.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QueueQuery {
    /// Only those in this state.
    pub state: Option<StateName>,
    /// Only those for this right.
    pub right: Option<Right>,
    /// Only those of this controller.
    pub controller: Option<String>,
    /// Only those of this member of staff.
    pub assignee: Option<Uuid>,
    /// Only those whose latest appeal stands so.
    pub appeal: Option<AppealStateName>,
    /// Only those due before this day.
    pub due_before: Option<NaiveDate>,
    /// A reference or its beginning, an e-mail address, or a telephone number.
    #[param(max_length = 254)]
    pub q: Option<String>,
    /// By what the list is sorted.
    pub sort: Option<SortQuery>,
    /// How many on a page.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// Where the last page ended.
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// By what a queue is sorted.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortQuery {
    /// The date due, the earliest first.
    Due,
    /// The date of receipt, the earliest first.
    Received,
}

/// A request in the queue.
#[derive(Serialize, ToSchema)]
pub struct QueueItem {
    /// The request as its requester sees it, with all that is known of who they are.
    #[serde(flatten)]
    pub request: RequestView,
    /// The person's name.
    pub name: String,
    /// The next date owed: the answer's, or that of an open appeal.
    #[schema(required)]
    pub due: Option<NaiveDate>,
    /// Who works on it.
    #[schema(required)]
    pub assignee: Option<Uuid>,
    /// How it came in.
    pub channel: Channel,
}

impl From<&Request> for QueueItem {
    fn from(r: &Request) -> Self {
        Self {
            request: RequestView::for_staff(r),
            name: r.particulars.person.name.expose().to_owned(),
            due: r.next_due(),
            assignee: r.assignee.map(|a| a.0),
            channel: r.channel,
        }
    }
}

/// The review queue.
#[utoipa::path(
    get, path = "/v1/staff/requests", tag = "staff", operation_id = "list_requests", security(("staff" = [])), params(QueueQuery),
    responses(
        (status = 200, description = "A page of the queue.", body = List<QueueItem>),
        (status = 400, description = "A parameter is wrong.", body = ProblemBody, content_type = "application/problem+json"),
        StaffOnly,
    )
)]
pub async fn list(office: Data<Office>, _: Staff<Read>, query: Query<QueueQuery>) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::new(error::INVALID_QUERY, "limit is a number from 1 to 200"));
    }
    let too_long = |text: &Option<String>, most| text.as_ref().is_some_and(|t| t.chars().count() > most);
    if too_long(&query.q, 254) || too_long(&query.cursor, 500) {
        return Err(Problem::new(error::INVALID_QUERY, "q has at most 254 characters, cursor at most 500"));
    }
    let queue = Queue {
        state: query.state,
        right: query.right,
        controller: query.controller.as_deref().map(Into::into),
        assignee: query.assignee.map(StaffId),
        appeal: query.appeal,
        due_before: query.due_before,
        q: query.q.filter(|q| !q.trim().is_empty()),
        sort: match query.sort.unwrap_or(SortQuery::Due) {
            SortQuery::Due => Sort::Due,
            SortQuery::Received => Sort::Received,
        },
        limit,
        cursor: query.cursor,
    };
    let page = look::queue(&office, queue).await?;
    Ok(HttpResponse::Ok().json(List { items: page.items.iter().map(QueueItem::from).collect(), next: page.next }))
}

/// A request with everything that belongs to it.
#[derive(Serialize, ToSchema)]
pub struct WholeView {
    /// The request as the queue shows it.
    #[serde(flatten)]
    pub item: QueueItem,
    /// Who asks.
    pub person: PersonView,
    /// Each piece of evidence that they are who they say.
    pub evidence: Vec<EvidenceView>,
    /// The declaration they signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declaration: Option<SignedView>,
    /// Who acts for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentView>,
    /// What they wrote.
    #[schema(required)]
    pub details: Option<String>,
    /// What should be corrected.
    pub corrections: Vec<CorrectionView>,
    /// What is opted out of.
    pub opt_out_of: Vec<OptOut>,
    /// The member of staff who entered it.
    #[schema(required)]
    pub entered_by: Option<Uuid>,
    /// What came of its fulfilment so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Fulfilment>,
    /// Every appeal against its answers, the latest last.
    pub appeals: Vec<AppealView>,
    /// What the person asked before.
    pub history: HistoryView,
    /// To whom the policy lets it be referred.
    pub referrals: Vec<ReferralView>,
    /// Messages, oldest first.
    pub messages: Vec<MessageView>,
    /// How far its fulfilment is.
    pub steps: Vec<StepView>,
    /// Work that is left to do.
    pub jobs: Vec<JobView>,
    /// Work by hand that its approval brought.
    pub tasks: Vec<TaskView>,
    /// How long its record is kept.
    pub record: RecordView,
    /// After a deletion: what is kept for a time, and when it is looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionView>,
    /// The legal holds in force on its person, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub legal_holds: Vec<Uuid>,
    /// What law and policy say to whoever decides.
    pub guidance: Guidance,
}

/// What of a deletion is kept for a time.
#[derive(Serialize, ToSchema)]
pub struct RetentionView {
    /// The last day of the rows whose time is over first; they are erased from the next day on.
    #[schema(required)]
    pub next: Option<NaiveDate>,
    /// Whether some are kept until a legal hold is lifted.
    pub held: bool,
    /// Whether erasing what may go is on its way.
    pub queued: bool,
}

/// The person, as staff see them.
#[derive(Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct PersonView {
    pub name: String,
    pub email: String,
    #[schema(required)]
    pub phone: Option<String>,
    #[schema(required)]
    pub account_id: Option<String>,
    #[schema(required)]
    pub residence: Option<String>,
}

/// Who acts for the person, as staff see them.
#[derive(Serialize, ToSchema)]
pub struct AgentView {
    /// Their name or firm.
    pub name: String,
    /// Where letters about the request go.
    pub email: String,
    /// When their control of that address was shown.
    #[schema(required, format = DateTime)]
    pub address_confirmed_at: Option<String>,
    /// What they handed in last.
    #[schema(required)]
    pub document: Option<DocumentView>,
}

/// A document that an agent handed in.
#[derive(Serialize, ToSchema)]
pub struct DocumentView {
    /// What it is meant to show.
    pub kind: DocumentKind,
    /// What kind of file it is.
    pub media_type: MediaType,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it came.
    #[schema(format = DateTime)]
    pub uploaded_at: String,
}

impl From<&Agent> for AgentView {
    fn from(agent: &Agent) -> Self {
        let authorization = &agent.authorization;
        Self {
            name: agent.name.expose().into(),
            email: agent.email.expose().into(),
            address_confirmed_at: authorization.address_confirmed_at.map(moment),
            document: authorization.document.as_ref().map(|d| DocumentView {
                kind: d.kind,
                media_type: d.media_type,
                bytes: d.bytes,
                uploaded_at: moment(d.uploaded_at),
            }),
        }
    }
}

/// One field to change.
#[derive(Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct CorrectionView {
    pub dataset: String,
    pub collection: String,
    pub field: String,
    #[schema(required)]
    pub current: Option<String>,
    pub requested: String,
}

/// One step of a fulfilment.
#[derive(Serialize, ToSchema)]
pub struct StepView {
    /// What it does: the right, or, while a deletion or correction runs, `search`, `rehearse`, `erase`, `correct` or `prove`.
    pub name: String,
    /// In which system.
    pub system: String,
    /// In which dataset; empty where it is about the whole system.
    pub dataset: String,
    /// In which collection; empty likewise.
    pub collection: String,
    /// `pending`, `running`, `done` or `failed`.
    pub state: &'static str,
    /// With how many rows, so far.
    pub rows: u64,
    /// How many bytes their values have, so far; counted while an export runs.
    pub bytes: u64,
    /// When that was so.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Why it failed.
    #[schema(required)]
    pub error: Option<String>,
    /// Since when its system fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub failing_since: Option<String>,
    /// How many attempts failed since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_attempts: Option<i32>,
}

impl From<&StepRow> for StepView {
    fn from(s: &StepRow) -> Self {
        Self {
            name: s.name.clone(),
            system: s.system.to_string(),
            dataset: s.dataset.clone(),
            collection: s.collection.clone(),
            state: s.state.as_str(),
            rows: s.rows,
            bytes: s.bytes,
            updated_at: moment(s.updated_at),
            error: s.error.clone(),
            failing_since: s.since.map(moment),
            failed_attempts: s.since.map(|_| s.attempts),
        }
    }
}

/// One piece of work that is left to do.
#[derive(Serialize, ToSchema)]
pub struct JobView {
    /// Its kind.
    pub kind: &'static str,
    /// How often it was begun.
    pub attempts: i32,
    /// When it is tried next.
    #[schema(format = DateTime)]
    pub next_try: String,
    /// Whether it is at work now.
    pub running: bool,
    /// Whether it failed for good and waits for `retry`.
    pub given_up: bool,
    /// What went wrong last.
    #[schema(required)]
    pub last_error: Option<String>,
}

impl From<&JobStatus> for JobView {
    fn from(j: &JobStatus) -> Self {
        Self {
            kind: j.job.kind(),
            attempts: j.attempts,
            next_try: moment(j.run_at),
            running: j.leased,
            given_up: j.given_up,
            last_error: j.last_error.clone(),
        }
    }
}

impl From<Whole> for WholeView {
    fn from(whole: Whole) -> Self {
        let (request, particulars) = (&whole.request, &whole.request.particulars);
        let person = &particulars.person;
        Self {
            item: QueueItem::from(request),
            person: PersonView {
                name: person.name.expose().into(),
                email: person.email.expose().into(),
                phone: person.phone.as_ref().map(|p| p.expose().into()),
                account_id: person.account_id.as_ref().map(|a| a.expose().into()),
                residence: person.residence.as_ref().map(|r| r.as_str().into()),
            },
            evidence: request.verification.evidence.iter().map(EvidenceView::from).collect(),
            declaration: request.verification.declaration.as_ref().map(SignedView::from),
            agent: particulars.agent.as_ref().map(AgentView::from),
            details: particulars.details.as_ref().map(|d| d.expose().clone()),
            corrections: particulars
                .corrections
                .iter()
                .map(|c| CorrectionView {
                    dataset: c.dataset.clone(),
                    collection: c.collection.clone(),
                    field: c.field.clone(),
                    current: c.current.as_ref().map(|v| v.expose().clone()),
                    requested: c.requested.expose().clone(),
                })
                .collect(),
            opt_out_of: particulars.opt_out_of.clone(),
            entered_by: request.entered_by.map(|e| e.0),
            result: request.state.result().cloned(),
            appeals: request.appeals.iter().map(AppealView::from).collect(),
            history: HistoryView::from(&whole.history),
            referrals: whole.referrals.iter().map(ReferralView::from).collect(),
            messages: whole.messages.iter().map(MessageView::from).collect(),
            steps: whole.steps.iter().map(StepView::from).collect(),
            jobs: whole.jobs.iter().map(JobView::from).collect(),
            tasks: whole.tasks.iter().map(TaskView::from).collect(),
            record: RecordView { kept_until: whole.kept_until, hold: whole.hold.as_ref().map(HoldView::from) },
            retention: whole.retained.map(|r| RetentionView { next: r.due, held: r.held, queued: r.queued }),
            legal_holds: whole.legal_holds,
            guidance: whole.guidance,
        }
    }
}

/// One request whole.
#[utoipa::path(
    get, path = "/v1/staff/requests/{id}", tag = "staff", operation_id = "get_request_whole", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The request.", body = WholeView),
        StaffOnly,
        NoRequest,
    )
)]
pub async fn get(office: Data<Office>, _: Staff<Read>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let whole = look::whole(&office, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(WholeView::from(whole)))
}

/// What fulfilling the request would do now, with row counts; changes nothing.
#[utoipa::path(
    get, path = "/v1/staff/requests/{id}/plan", tag = "staff", operation_id = "get_plan", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The plan.", body = Value),
        StaffOnly,
        NoRequest,
        (status = 502, description = "A system of the company cannot be used now.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn plan(office: Data<Office>, _: Staff<Read>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let plan = look::plan(&office, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(plan))
}

/// One line of the audit trail.
#[derive(Serialize, ToSchema)]
pub struct EntryView {
    /// Its place in the controller's chain.
    pub seq: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who: `requester`, `agent`, `person`, `system` or `staff:` and an id.
    pub actor: String,
    /// What happened.
    pub event: String,
    /// Facts that hold nothing personal.
    #[schema(value_type = Object)]
    pub facts: Value,
    /// SHA-256 over the entry and the hash of the one before.
    pub hash: String,
}

impl From<&Entry> for EntryView {
    fn from(e: &Entry) -> Self {
        Self {
            seq: e.seq,
            at: moment(e.entry.at),
            actor: e.entry.actor.to_string(),
            event: e.entry.event.clone(),
            facts: e.entry.facts.clone(),
            hash: e.hash.to_hex(),
        }
    }
}

/// The audit trail of a request.
#[utoipa::path(
    get, path = "/v1/staff/requests/{id}/entries", tag = "staff", operation_id = "list_entries", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The entries, oldest first.", body = List<EntryView>),
        StaffOnly,
        NoRequest,
    )
)]
pub async fn entries(office: Data<Office>, _: Staff<Read>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let entries = look::entries(&office, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(List::whole(entries.iter().map(EntryView::from).collect())))
}

/// Which lines of the log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Only those of this controller.
    pub controller: Option<String>,
    /// Received on or after this day (UTC).
    pub from: Option<NaiveDate>,
    /// Received on or before this day (UTC).
    pub to: Option<NaiveDate>,
}

/// The request log as CSV: every request, nothing personal.
#[utoipa::path(
    get, path = "/v1/staff/export.csv", tag = "staff", operation_id = "export_log", security(("staff" = [])), params(ExportQuery),
    responses(
        (status = 200, description = "The log.", body = String, content_type = "text/csv"),
        (status = 400, description = "A parameter is wrong.", body = ProblemBody, content_type = "application/problem+json"),
        StaffOnly,
    )
)]
pub async fn export(
    office: Data<Office>,
    _: Staff<Report>,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let filter = LogFilter {
        controller: query.controller.as_deref().map(Into::into),
        from: query.from.map(start),
        to: query.to.and_then(|d| d.succ_opt()).map(start),
    };
    let first = report::log(&office, filter.clone(), None).await?;
    let office = office.into_inner();
    let pages = futures_util::stream::unfold(Some((first, true)), move |state| {
        let (office, filter) = (office.clone(), filter.clone());
        async move {
            let (page, top) = state?;
            let mut text = if top { report::LOG_HEADER.to_owned() } else { String::new() };
            text.extend(page.items.iter().map(report::log_line));
            let next = match page.next {
                Some(cursor) => report::log(&office, filter, Some(cursor)).await.ok().map(|page| (page, false)),
                None => None,
            };
            Some((Ok::<_, std::io::Error>(Bytes::from(text)), next))
        }
    });
    let mut response = HttpResponse::Ok();
    response.content_type("text/csv; charset=utf-8");
    response.insert_header(("content-disposition", "attachment; filename=\"requests.csv\""));
    Ok(response.streaming(pages))
}

/// Figures of the moment.
#[derive(Serialize, ToSchema)]
pub struct FiguresView {
    /// How many requests are in each state.
    pub requests: Vec<StateCount>,
    /// Open requests whose date has passed, at their controllers' seats.
    pub late: i64,
    /// Open requests that are due today or in the seven days after.
    pub due_within_7_days: i64,
    /// Requests whose clock stands still or has not started; they count in neither of the two.
    pub clock_stopped: i64,
    /// When the oldest open request was received.
    #[schema(required, format = DateTime)]
    pub oldest_open: Option<String>,
    /// Pieces of work that are ready.
    pub jobs_ready: i64,
    /// Pieces of work that failed and will be tried again.
    pub jobs_failing: i64,
    /// Pieces of work that failed for good and wait for staff.
    pub jobs_given_up: i64,
}

/// How many requests are in a state.
#[derive(Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct StateCount {
    pub state: StateName,
    pub count: i64,
}

/// How many requests stand where.
#[utoipa::path(
    get, path = "/v1/staff/metrics", tag = "staff", operation_id = "get_figures", security(("staff" = [])),
    responses(
        (status = 200, description = "The figures.", body = FiguresView),
        StaffOnly,
    )
)]
pub async fn figures(office: Data<Office>, _: Staff<Report>) -> Result<HttpResponse, Problem> {
    let figures = report::figures(&office).await?;
    let (jobs_ready, jobs_failing, jobs_given_up) = figures.jobs;
    let requests = figures.by_state.into_iter().map(|(state, count)| StateCount { state, count }).collect();
    Ok(HttpResponse::Ok().json(FiguresView {
        requests,
        late: figures.late,
        due_within_7_days: figures.due_within_7_days,
        clock_stopped: figures.clock_stopped,
        oldest_open: figures.oldest_open.map(moment),
        jobs_ready,
        jobs_failing,
        jobs_given_up,
    }))
}
