//! What a requester calls: submit, prove, follow, write, take back, fetch.

use actix_web::web::{Data, Path, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::Actor;
use crate::domain::ids::RequestId;
use crate::store::Message;
use crate::usecases::idempotency::{Answer, Call, Keep};
use crate::usecases::submit::Submitted;
use crate::usecases::{Office, follow, submit as submitting, verify};
use crate::web::download;
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Requester};
use crate::web::responses::{JsonBody, NotOpened, TokenOnly};
use crate::web::wire::{List, RequestView, SubmissionBody, moment, required};

/// What a submission answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubmittedView {
    /// Opens the requests below; shown this once.
    pub token: String,
    /// One a right.
    pub requests: Vec<SubmittedRequest>,
}

/// A request with the receipt of its submission.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubmittedRequest {
    /// The request.
    #[serde(flatten)]
    pub request: RequestView,
    /// What was asked when, and what is due when, signed by the server: a compact JWS to be kept.
    pub receipt: String,
}

impl From<&Submitted> for SubmittedView {
    fn from(submitted: &Submitted) -> Self {
        Self {
            token: submitted.token.reveal().expose_secret().to_owned(),
            requests: submitted
                .requests
                .iter()
                .zip(&submitted.receipts)
                .map(|(request, receipt)| SubmittedRequest { request: request.into(), receipt: receipt.clone() })
                .collect(),
        }
    }
}

/// Submits a request for one or several rights.
#[utoipa::path(
    post, path = "/v1/requests", tag = "requests", operation_id = "submit_request", request_body = SubmissionBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeat with the same key returns the first answer.", max_length = 255, pattern = "^[!-~]+$")),
    responses(
        (status = 201, description = "Taken; where the law asks for proof, a code is on its way by mail.", body = SubmittedView),
        JsonBody,
    )
)]
pub async fn submit(
    office: Data<Office>,
    body: Body<SubmissionBody>,
    call: Option<ReqData<Call>>,
) -> Result<HttpResponse, Problem> {
    let submission = body.read().await?.parse()?;
    let keep = call.map(|call| Keep { call: call.into_inner(), render });
    let submitted = submitting::submit(&office, submission, keep).await?;
    Ok(HttpResponse::Created().json(SubmittedView::from(&submitted)))
}

/// The answer as a repeat with the same key gets it.
pub(super) fn render(submitted: &Submitted) -> Answer {
    let body = serde_json::to_vec(&SubmittedView::from(submitted)).unwrap_or_default();
    Answer { status: 201, body }
}

/// Where a request stands.
#[utoipa::path(
    get, path = "/v1/requests/{id}", tag = "requests", operation_id = "get_request", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The request.", body = RequestView),
        TokenOnly,
        NotOpened,
    )
)]
pub async fn get(office: Data<Office>, caller: Requester, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let request = follow::request(&office, caller.0.id, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// A code that was sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeSent {
    /// Until when it is taken.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// How many tries it has.
    pub tries_left: u8,
}

/// Sends another verification code; the one before is void.
#[utoipa::path(
    post, path = "/v1/requests/{id}/verification", tag = "requests", operation_id = "send_code", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 202, description = "On its way, if one is needed.", body = CodeSent),
        TokenOnly,
        NotOpened,
        (status = 409, description = "The address is confirmed.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many codes were sent.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn send_code(office: Data<Office>, caller: Requester, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    follow::request(&office, caller.0.id, RequestId(*id)).await?;
    let sent = verify::send_code(&office, caller.0.id).await?;
    Ok(HttpResponse::Accepted().json(CodeSent { expires_at: moment(sent.expires_at), tries_left: sent.tries_left }))
}

/// A code as the requester types it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmationBody {
    /// The six digits from the mail.
    #[schema(example = "123456", min_length = 1, max_length = 20)]
    pub code: String,
}

/// Confirms the mailed code; serves every request that was submitted together.
#[utoipa::path(
    post, path = "/v1/requests/{id}/verification/confirmation", tag = "requests", operation_id = "confirm_code",
    security(("requester" = [])), request_body = ConfirmationBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Confirmed.", body = RequestView),
        (status = 400, description = "Not JSON.", body = ProblemBody, content_type = "application/problem+json"),
        TokenOnly,
        NotOpened,
        (status = 409, description = "The address is confirmed already.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The code is wrong or has expired.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The code was tried too often.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn confirm_code(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    body: Body<ConfirmationBody>,
) -> Result<HttpResponse, Problem> {
    let id = RequestId(*id);
    follow::request(&office, caller.0.id, id).await?;
    let code = required(body.read().await?.code, "/code", 20)?;
    let request = verify::confirm_code(&office, caller.0.id, id, code).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// Takes a request back: until it is approved, and what is only read, as for a copy, also while it is.
#[utoipa::path(
    post, path = "/v1/requests/{id}/withdrawal", tag = "requests", operation_id = "withdraw_request", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Taken back.", body = RequestView),
        TokenOnly,
        NotOpened,
        (status = 409, description = "It is too late for that.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn withdraw(office: Data<Office>, caller: Requester, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let request = follow::withdraw(&office, caller.0.id, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}

/// A message between requester and staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// Its id.
    pub id: Uuid,
    /// When it was written.
    #[schema(format = DateTime)]
    pub at: String,
    /// `requester` or `staff`; which member of staff is not told.
    pub author: &'static str,
    /// What it says.
    pub text: String,
}

impl From<&Message> for MessageView {
    fn from(m: &Message) -> Self {
        let author = if matches!(m.author, Actor::Staff(_) | Actor::System) { "staff" } else { "requester" };
        Self { id: m.id.0, at: moment(m.at), author, text: m.text.expose().clone() }
    }
}

/// What to write.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageBody {
    /// The text.
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// The messages of a request, oldest first.
#[utoipa::path(
    get, path = "/v1/requests/{id}/messages", tag = "requests", operation_id = "list_messages", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The messages.", body = List<MessageView>),
        TokenOnly,
        NotOpened,
    )
)]
pub async fn messages(office: Data<Office>, caller: Requester, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let messages = follow::messages(&office, caller.0.id, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(List::whole(messages.iter().map(MessageView::from).collect())))
}

/// Writes to staff; answers their question if one is open.
#[utoipa::path(
    post, path = "/v1/requests/{id}/messages", tag = "requests", operation_id = "write_message", security(("requester" = [])),
    request_body = MessageBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 201, description = "Written.", body = MessageView),
        JsonBody,
        TokenOnly,
        NotOpened,
    )
)]
pub async fn write_message(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    body: Body<MessageBody>,
) -> Result<HttpResponse, Problem> {
    let id = RequestId(*id);
    follow::request(&office, caller.0.id, id).await?;
    let text = required(body.read().await?.text, "/text", 10_000)?;
    let message = follow::write_message(&office, caller.0.id, id, text).await?;
    Ok(HttpResponse::Created().json(MessageView::from(&message)))
}

/// The package, whole or in ranges.
#[utoipa::path(
    get, path = "/v1/requests/{id}/package", tag = "requests", operation_id = "get_package", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The ZIP.", body = Vec<u8>, content_type = "application/zip"),
        (status = 206, description = "A range of it (RFC 9110 section 14).", body = Vec<u8>, content_type = "application/zip"),
        TokenOnly,
        (status = 404, description = "No such request, or no package.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The package has expired.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 416, description = "The range lies outside of the package.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn package(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    http: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let delivered = follow::package(&office, caller.0.id, RequestId(*id)).await?;
    download::whole(delivered, &http)
}

/// How long the package is and which one, without its contents: whoever goes on with a broken download asks first.
#[utoipa::path(
    head, path = "/v1/requests/{id}/package", tag = "requests", operation_id = "head_package", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "There is a package; the headers are those of a GET."),
        (status = 401, description = "No token, or none of a requester's."),
        (status = 404, description = "No such request, or no package."),
        (status = 410, description = "The package has expired."),
    )
)]
pub async fn package_head(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    http: HttpRequest,
) -> Result<HttpResponse, Problem> {
    package(office, caller, id, http).await
}

/// One file of the package.
#[utoipa::path(
    get, path = "/v1/requests/{id}/package/{path}", tag = "requests", operation_id = "get_package_file", security(("requester" = [])),
    params(
        ("id" = Uuid, Path, description = "The request."),
        ("path" = String, Path, description = "The file's path in the package, slashes included.", example = "index.html"),
    ),
    responses(
        (status = 200, description = "The file.", body = Vec<u8>, content_type = "application/octet-stream"),
        TokenOnly,
        (status = 404, description = "No such request, package or file.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The package has expired.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn package_file(
    office: Data<Office>,
    caller: Requester,
    place: Path<(Uuid, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, path) = place.into_inner();
    let delivered = follow::package(&office, caller.0.id, RequestId(id)).await?;
    download::file(delivered, path).await
}
