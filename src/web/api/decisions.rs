//! What staff decide.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::ids::{RequestId, StaffId};
use crate::domain::personal::Personal;
use crate::domain::request::Exception;
use crate::usecases::decide::{self, Approving, Referring, Withheld};
use crate::usecases::{Error, Office, marks};
use crate::web::api::requests::{MessageBody, MessageView};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Decide, Enter, Staff};
use crate::web::responses::{JsonBody, NoRequest, StaffOnly, WrongState};
use crate::web::wire::{RequestView, required};

/// A refusal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DenialBody {
    /// The ground, by its code in the request's regime.
    #[schema(min_length = 1, max_length = 100)]
    pub ground: String,
    /// Why, in words for the person.
    #[schema(min_length = 1, max_length = 10000)]
    pub explanation: String,
}

/// What an approval leaves out, and whether the package may go to another company.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalBody {
    /// The collections for which the request is denied; nothing of them is disclosed or changed.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub except: Vec<ExceptionBody>,
    /// Whether the package may be sent to the address in `transmit_to`, as the plan shows it. Without it the package goes
    /// to the person only.
    #[serde(default)]
    pub transmit: bool,
}

/// A collection for which the request is denied.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionBody {
    /// The dataset.
    #[schema(min_length = 1, max_length = 200)]
    pub dataset: String,
    /// The collection in it.
    #[schema(min_length = 1, max_length = 200)]
    pub collection: String,
    /// The ground, by its code in the request's regime.
    #[schema(min_length = 1, max_length = 100)]
    pub ground: String,
    /// Why, in words for the person.
    #[schema(min_length = 1, max_length = 10000)]
    pub explanation: String,
}

impl ApprovalBody {
    fn parse(self) -> Result<Approving, Error> {
        if self.except.len() > 200 {
            return Err(Error::invalid("/except", "at most 200 collections can be left out"));
        }
        let parse = |(i, body): (usize, ExceptionBody)| {
            let at = |member: &str| format!("/except/{i}/{member}");
            Ok(Exception {
                dataset: required(body.dataset, &at("dataset"), 200)?,
                collection: required(body.collection, &at("collection"), 200)?,
                ground: required(body.ground, &at("ground"), 100)?,
                explanation: Personal::new(required(body.explanation, &at("explanation"), 10_000)?),
            })
        };
        let except = self.except.into_iter().enumerate().map(parse).collect::<Result<_, Error>>()?;
        Ok(Approving { except, transmit: self.transmit })
    }
}

/// A longer deadline.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionBody {
    /// Why, in words for the person.
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClarificationBody {
    /// What is asked.
    #[schema(min_length = 1, max_length = 10000)]
    pub question: String,
    /// Whether the clock stands still until the answer. Left out, it does wherever the law lets it; say `false` for a
    /// question that does not ask which data is meant.
    #[serde(default)]
    pub stops_clock: Option<bool>,
}

/// A referral: in words of one's own, or by a preset of the policy's, of which each word can be replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferralBody {
    /// A referral of the controller's policy, by its id.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub preset: Option<String>,
    /// To whom the person should turn; required without a preset.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000)]
    pub to: Option<String>,
    /// Why, in words for the person; required without a preset.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 10000)]
    pub explanation: Option<String>,
}

/// Who shall work on it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentBody {
    /// The member of staff; null puts the request back.
    #[schema(required)]
    pub to: Option<Uuid>,
}

/// How to release.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReleaseBody {
    /// What happens with what was withheld because it names somebody else.
    pub withheld: Withheld,
    /// What staff did or found, in words for the person, where they did something themselves.
    #[schema(min_length = 1, max_length = 10000)]
    pub answer: Option<String>,
}

/// That a restriction ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftingBody {
    /// Why, in words for the person, who is told before it ends.
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// Approves: the company's systems will be searched or changed, but for the collections that are left out.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/approval", tag = "staff", operation_id = "approve_request", security(("staff" = [])), request_body = Option<ApprovalBody>,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Approved.", body = RequestView),
        StaffOnly,
        NoRequest,
        (status = 409, description = "The request's state does not allow this, or what is left out refers to what is deleted.", body = ProblemBody, content_type = "application/problem+json"),
        JsonBody,
        (status = 502, description = "A system of the company cannot be used now.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn approve(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<ApprovalBody>,
) -> Result<HttpResponse, Problem> {
    let approving = body.read_or_default().await?.parse()?;
    let request = decide::approve(&office, caller.member().id, RequestId(*id), approving).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Refuses, on a ground that the request's regime knows.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/denial", tag = "staff", operation_id = "deny_request", security(("staff" = [])), request_body = DenialBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Denied.", body = RequestView),
        StaffOnly,
        NoRequest,
        WrongState,
        JsonBody,
    )
)]
pub async fn deny(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<DenialBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let explanation = required(body.explanation, "/explanation", 10_000)?;
    let request = decide::deny(&office, caller.member().id, RequestId(*id), body.ground, explanation).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Takes the regime's longer period and tells the person why.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/extension", tag = "staff", operation_id = "extend_request", security(("staff" = [])), request_body = ExtensionBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Extended.", body = RequestView),
        StaffOnly,
        NoRequest,
        WrongState,
        JsonBody,
    )
)]
pub async fn extend(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<ExtensionBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let reason = required(body.reason, "/reason", 10_000)?;
    let request = decide::extend(&office, caller.member().id, RequestId(*id), reason).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Asks the requester something.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/clarification", tag = "staff", operation_id = "ask_requester", security(("staff" = [])), request_body = ClarificationBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Asked.", body = RequestView),
        StaffOnly,
        NoRequest,
        WrongState,
        JsonBody,
    )
)]
pub async fn clarify(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<ClarificationBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let question = required(body.question, "/question", 10_000)?;
    let request = decide::ask(&office, caller.member().id, RequestId(*id), question, body.stops_clock).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Names the controller who is responsible.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/referral", tag = "staff", operation_id = "refer_request", security(("staff" = [])), request_body = ReferralBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Referred.", body = RequestView),
        StaffOnly,
        NoRequest,
        WrongState,
        JsonBody,
    )
)]
pub async fn refer(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<ReferralBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let referring = Referring {
        preset: body.preset,
        to: body.to.map(|to| required(to, "/to", 1_000)).transpose()?,
        explanation: body.explanation.map(|why| required(why, "/explanation", 10_000)).transpose()?,
    };
    let request = decide::refer(&office, caller.member().id, RequestId(*id), referring).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Hands the request to a member of staff, or puts it back.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/assignment", tag = "staff", operation_id = "assign_request", security(("staff" = [])), request_body = AssignmentBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Assigned.", body = RequestView),
        StaffOnly,
        NoRequest,
        WrongState,
        JsonBody,
    )
)]
pub async fn assign(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<AssignmentBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let request = decide::assign(&office, caller.member().id, RequestId(*id), body.to.map(StaffId)).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Releases the answer, after somebody has looked.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/release", tag = "staff", operation_id = "release_request", security(("staff" = [])), request_body = ReleaseBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Released, or being made again.", body = RequestView),
        StaffOnly,
        NoRequest,
        WrongState,
        JsonBody,
    )
)]
pub async fn release(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<ReleaseBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read_or_default().await?;
    let answer = body.answer.map(|answer| required(answer, "/answer", 10_000)).transpose()?.map(Personal::new);
    let request = decide::release(&office, caller.member().id, RequestId(*id), body.withheld, answer).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Lifts the restriction that the request had set; the person is told before it ends (GDPR Art. 18(3)).
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/lifting", tag = "staff", operation_id = "lift_mark", security(("staff" = [])), request_body = LiftingBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Decided; it ends when the letter to the person has left.", body = RequestView),
        StaffOnly,
        NoRequest,
        (status = 409, description = "The request set no mark that staff can lift.", body = ProblemBody, content_type = "application/problem+json"),
        JsonBody,
    )
)]
pub async fn lift(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<LiftingBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let reason = required(body.reason, "/reason", 10_000)?;
    let request = marks::lift(&office, caller.member().id, RequestId(*id), reason).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Has work that failed tried again at once, also a package that another company did not take. An answer about data that
/// waits for release is made again, as where a system could not be searched and now can.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/retry", tag = "staff", operation_id = "retry_request", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Being tried again.", body = RequestView),
        StaffOnly,
        NoRequest,
        WrongState,
    )
)]
pub async fn retry(office: Data<Office>, caller: Staff<Decide>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let request = decide::retry(&office, caller.member().id, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Writes to the requester.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/messages", tag = "staff", operation_id = "write_to_requester", security(("staff" = [])), request_body = MessageBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 201, description = "Written, and on its way by mail.", body = MessageView),
        StaffOnly,
        NoRequest,
        WrongState,
        JsonBody,
    )
)]
pub async fn write_message(
    office: Data<Office>,
    caller: Staff<Enter>,
    id: Path<Uuid>,
    body: Body<MessageBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let text = required(body.text, "/text", 10_000)?;
    let message = decide::write_message(&office, caller.member().id, RequestId(*id), text).await?;
    Ok(HttpResponse::Created().json(MessageView::from(&message)))
}
