//! Appeals: what the requester files and takes back, and what staff do with them.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::Actor;
use crate::domain::appeal::Verdict;
use crate::domain::ids::RequestId;
use crate::domain::lifecycle::Step;
use crate::domain::personal::Personal;
use crate::usecases::Office;
use crate::usecases::appeal::{self, Caller};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Enter, Requester, SettleAppeals, Staff};
use crate::web::responses::{JsonBody, NoRequest, NotOpened, StaffOnly, TokenOnly};
use crate::web::wire::{RequestView, required};

/// An appeal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealBody {
    /// Why the decision should be looked at again.
    #[schema(min_length = 1, max_length = 10000)]
    pub grounds: String,
}

/// An appeal that came by mail, post or telephone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnteredAppealBody {
    /// Why the decision should be looked at again, in the person's words.
    #[schema(min_length = 1, max_length = 10000)]
    pub grounds: String,
    /// When it arrived; now when absent.
    #[serde(default)]
    pub received_at: Option<DateTime<Utc>>,
}

/// How an appeal is settled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealDecisionBody {
    /// Whether the decision stays or falls.
    pub decision: Verdict,
    /// The written reasons, in words for the person.
    #[schema(min_length = 1, max_length = 10000)]
    pub explanation: String,
}

/// A longer period for an appeal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealExtensionBody {
    /// Why, in words for the person.
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// Appeals against the answer; where the law gives a complaint, also about a request that was not answered yet.
#[utoipa::path(
    post, path = "/v1/requests/{id}/appeal", tag = "requests", operation_id = "file_appeal", security(("requester" = [])), request_body = AppealBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Filed.", body = RequestView),
        JsonBody,
        TokenOnly,
        NotOpened,
        (status = 409, description = "There is no appeal, nothing to contest, it is too late, or it was filed before.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn file(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    body: Body<AppealBody>,
) -> Result<HttpResponse, Problem> {
    let (id, bundle) = (RequestId(*id), caller.0.id);
    crate::usecases::follow::request(&office, bundle, id).await?;
    let grounds = Personal::new(required(body.read().await?.grounds, "/grounds", 10_000)?);
    let step = Step { now: office.clock.now(), by: Actor::Requester };
    let request = appeal::file(&office, Caller::Requester(bundle), step, id, grounds, None).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Takes the open appeal back.
#[utoipa::path(
    delete, path = "/v1/requests/{id}/appeal", tag = "requests", operation_id = "withdraw_appeal", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Taken back.", body = RequestView),
        TokenOnly,
        NotOpened,
        (status = 409, description = "No appeal is open.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn withdraw(office: Data<Office>, caller: Requester, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let step = Step { now: office.clock.now(), by: Actor::Requester };
    let request = appeal::withdraw(&office, caller.0.id, step, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Enters an appeal that came by mail, post or telephone, with its real date.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/appeal", tag = "staff", operation_id = "enter_appeal", security(("staff" = [])), request_body = EnteredAppealBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Filed.", body = RequestView),
        JsonBody,
        StaffOnly,
        NoRequest,
        (status = 409, description = "There is no appeal, nothing to contest, it is too late, or it was filed before.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn enter(
    office: Data<Office>,
    caller: Staff<Enter>,
    id: Path<Uuid>,
    body: Body<EnteredAppealBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let grounds = Personal::new(required(body.grounds, "/grounds", 10_000)?);
    let step = Step { now: office.clock.now(), by: Actor::Staff(caller.member().id) };
    let request = appeal::file(&office, Caller::Staff, step, RequestId(*id), grounds, body.received_at).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Takes the longer period that some laws give for the answer to an appeal, and tells the person why.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/appeal/extension", tag = "staff", operation_id = "extend_appeal", security(("staff" = [])), request_body = AppealExtensionBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Extended.", body = RequestView),
        JsonBody,
        StaffOnly,
        NoRequest,
        (status = 409, description = "No appeal is open, or the law knows no such extension.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn extend(
    office: Data<Office>,
    caller: Staff<SettleAppeals>,
    id: Path<Uuid>,
    body: Body<AppealExtensionBody>,
) -> Result<HttpResponse, Problem> {
    let reason = required(body.read().await?.reason, "/reason", 10_000)?;
    let request = appeal::extend(&office, caller.member().id, RequestId(*id), reason).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Settles the open appeal; a decision that is overturned opens the request again.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/appeal/decision", tag = "staff", operation_id = "settle_appeal", security(("staff" = [])), request_body = AppealDecisionBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Settled.", body = RequestView),
        JsonBody,
        StaffOnly,
        NoRequest,
        (status = 409, description = "No appeal is open, or the decision is the caller's own.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn settle(
    office: Data<Office>,
    caller: Staff<SettleAppeals>,
    id: Path<Uuid>,
    body: Body<AppealDecisionBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let explanation = required(body.explanation, "/explanation", 10_000)?;
    let request = appeal::settle(&office, caller.member().id, RequestId(*id), body.decision, explanation).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}
