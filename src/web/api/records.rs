//! The record of a request: what was said and sent, and how long it is kept.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::communication::{Communication, Delivery, Direction, Medium, Party, Recorded};
use crate::domain::ids::RequestId;
use crate::domain::personal::Personal;
use crate::domain::retention::Hold;
use crate::usecases::correspondence::{self, Note};
use crate::usecases::{Error, Office, look, retention};
use crate::web::api::queue::WholeView;
use crate::web::error::Problem;
use crate::web::extract::{Body, Enter, HoldRecords, Read, Requester, Staff};
use crate::web::responses::{JsonBody, NoRequest, NotOpened, StaffOnly, TokenOnly};
use crate::web::wire::{List, moment, required};

/// One communication about a request.
#[derive(Serialize, ToSchema)]
pub struct CommunicationView {
    /// Its id.
    pub id: Uuid,
    /// When it was sent or happened.
    #[schema(format = DateTime)]
    pub at: String,
    /// By what means.
    pub channel: Medium,
    /// To the person or from them.
    pub direction: Direction,
    /// The other side, by its part in the request.
    pub party: Party,
    /// A letter's kind (`acknowledgement`, `completed`, `denied` …), `conversation` or `legal_process_notice`.
    pub kind: String,
    /// What became of it.
    pub delivery: Delivery,
    /// A letter's subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A letter as it was sent, or staff's summary. A letter with a code or a token in it is not quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The member of staff who took it down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<Uuid>,
}

impl From<&Communication> for CommunicationView {
    fn from(one: &Communication) -> Self {
        Self {
            id: one.id,
            at: moment(one.at),
            channel: one.medium,
            direction: one.direction,
            party: one.content.party,
            kind: one.kind.clone(),
            delivery: one.delivery,
            subject: one.content.subject.as_ref().map(|s| s.expose().clone()),
            text: one.content.text.as_ref().map(|t| t.expose().clone()),
            recorded_by: one.recorded_by.map(|id| id.0),
        }
    }
}

/// Every letter and recorded communication about a request, oldest first.
#[utoipa::path(
    get, path = "/v1/requests/{id}/letters", tag = "requests", operation_id = "list_letters", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The letters; a conversation that staff took down is named and not quoted.", body = List<CommunicationView>),
        TokenOnly,
        NotOpened,
    )
)]
pub async fn letters(office: Data<Office>, caller: Requester, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let all = correspondence::of_requester(&office, caller.0.id, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(List::whole(all.iter().map(CommunicationView::from).collect())))
}

/// Every letter and recorded communication about a request, oldest first, as staff see them.
#[utoipa::path(
    get, path = "/v1/staff/requests/{id}/letters", tag = "staff", operation_id = "list_communications", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The communications.", body = List<CommunicationView>),
        StaffOnly,
        NoRequest,
    )
)]
pub async fn communications(office: Data<Office>, _: Staff<Read>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let all = correspondence::all(&office, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(List::whole(all.iter().map(CommunicationView::from).collect())))
}

/// A communication that happened elsewhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommunicationBody {
    /// By what means.
    pub channel: Medium,
    /// To the person or from them.
    pub direction: Direction,
    /// When it happened.
    pub at: DateTime<FixedOffset>,
    /// What was said, in short.
    #[schema(min_length = 1, max_length = 10000)]
    pub summary: String,
    /// What it was.
    #[serde(default = "conversation")]
    pub kind: Recorded,
    /// With whom.
    #[serde(default = "requester")]
    pub party: Party,
}

fn conversation() -> Recorded {
    Recorded::Conversation
}

fn requester() -> Party {
    Party::Requester
}

/// Takes down a communication that happened elsewhere: a telephone call, a letter by post.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/communications", tag = "staff", operation_id = "record_communication", security(("staff" = [])), request_body = CommunicationBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 201, description = "Taken down.", body = CommunicationView),
        JsonBody,
        StaffOnly,
        NoRequest,
    )
)]
pub async fn record_communication(
    office: Data<Office>,
    caller: Staff<Enter>,
    id: Path<Uuid>,
    body: Body<CommunicationBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let note = Note {
        medium: body.channel,
        direction: body.direction,
        kind: body.kind,
        party: body.party,
        at: body.at.to_utc(),
        summary: Personal::new(required(body.summary, "/summary", 10_000)?),
    };
    let kept = correspondence::record(&office, caller.member().id, RequestId(*id), note).await?;
    Ok(HttpResponse::Created().json(CommunicationView::from(&kept)))
}

/// How long the record of a request is kept.
#[derive(Serialize, ToSchema)]
pub struct RecordView {
    /// The last day on which it is kept, by law and policy; null while the request is open.
    #[schema(required)]
    pub kept_until: Option<NaiveDate>,
    /// A hold that keeps it longer.
    #[schema(required)]
    pub hold: Option<HoldView>,
}

/// A hold.
#[derive(Serialize, ToSchema)]
pub struct HoldView {
    /// The last day of it.
    pub until: NaiveDate,
    /// Why.
    pub reason: String,
    /// Who decided it.
    pub by: Uuid,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<&Hold> for HoldView {
    fn from(hold: &Hold) -> Self {
        Self { until: hold.until, reason: hold.reason.expose().clone(), by: hold.by.0, at: moment(hold.at) }
    }
}

/// Until when a record is kept from the purge, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldBody {
    /// The last day of the hold; null lifts it. Left out, it is an error, so that no hold is lifted by mistake.
    #[serde(deserialize_with = "given")]
    #[schema(required)]
    pub until: Option<NaiveDate>,
    /// Why; may be left out when a hold is lifted.
    #[serde(default)]
    #[schema(max_length = 10000)]
    pub reason: Option<String>,
}

fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    Option::deserialize(from)
}

/// Keeps the record of a request from the purge, for a dispute, an audit or an inquiry; or lifts that.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/record-hold", tag = "staff", operation_id = "hold_record", security(("staff" = [])), request_body = HoldBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The request, with its hold.", body = WholeView),
        JsonBody,
        StaffOnly,
        NoRequest,
    )
)]
pub async fn hold(
    office: Data<Office>,
    caller: Staff<HoldRecords>,
    id: Path<Uuid>,
    body: Body<HoldBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let id = RequestId(*id);
    if body.until.is_some_and(|day| !(2000..=9000).contains(&chrono::Datelike::year(&day))) {
        return Err(Error::invalid("/until", "a day of the years 2000 to 9000").into());
    }
    let reason = match body.until {
        Some(_) => required(body.reason.unwrap_or_default(), "/reason", 10_000)?,
        None => String::new(),
    };
    retention::hold(&office, caller.member().id, id, body.until, Personal::new(reason)).await?;
    let whole = look::whole(&office, id).await?;
    Ok(HttpResponse::Ok().json(WholeView::from(whole)))
}
