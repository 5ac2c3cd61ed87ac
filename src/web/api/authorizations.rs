//! An agent's authority: handed in by the agent, looked at and decided by staff.

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::agent::DocumentKind;
use crate::domain::ids::RequestId;
use crate::domain::personal::Personal;
use crate::usecases::authorize::{self, Decision, document as documents};
use crate::usecases::{Error, Office, follow};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Decide, Requester, Staff, Upload};
use crate::web::responses::{JsonBody, NoRequest, NotOpened, StaffOnly, TokenOnly};
use crate::web::routes::query_problem;
use crate::web::wire::{RequestView, required};

/// What is handed in.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// What the document shows.
    pub kind: DocumentKind,
}

/// Hands in what shows the agent's authority, for all requests sent together; it replaces what was handed in before.
#[utoipa::path(
    post, path = "/v1/requests/{id}/authorization", tag = "requests", operation_id = "upload_authorization", security(("requester" = [])),
    request_body(
        description = "A PDF, PNG or JPEG of at most 10 MiB.",
        content(
            (Vec<u8> = "application/pdf"),
            (Vec<u8> = "image/png"),
            (Vec<u8> = "image/jpeg"),
        )
    ),
    params(("id" = Uuid, Path, description = "The request."), UploadQuery),
    responses(
        (status = 201, description = "Taken; staff look at it.", body = RequestView),
        (status = 400, description = "A parameter is wrong, or the file broke off.", body = ProblemBody, content_type = "application/problem+json"),
        TokenOnly,
        NotOpened,
        (status = 409, description = "The request waits for no such proof.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not a PDF, PNG or JPEG.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not what its Content-Type says, or cut off.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn upload(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    http: HttpRequest,
    file: Upload,
) -> Result<HttpResponse, Problem> {
    let id = RequestId(*id);
    follow::request(&office, caller.0.id, id).await?;
    // Read here, so that a stranger is told that they are one before anything else is looked at.
    let query = Query::<UploadQuery>::from_query(http.query_string()).map_err(|e| query_problem(&e))?;
    let (declared, bytes) = file.read().await?;
    let request = documents::upload(&office, caller.0.id, id, query.kind, declared, bytes).await?;
    Ok(HttpResponse::Created().json(RequestView::from(&request)))
}

/// The document, as a file to be saved and never as a page to be shown.
#[utoipa::path(
    get, path = "/v1/staff/requests/{id}/authorization", tag = "staff", operation_id = "get_authorization", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The document.", content((Vec<u8> = "application/pdf"), (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
        StaffOnly,
        (status = 404, description = "No such request, or no document.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn document(office: Data<Office>, _: Staff<Decide>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let (request, document, content) = documents::read(&office, RequestId(*id)).await?;
    let name = format!("{}-authorization.{}", request.id.reference(), document.media_type.extension());
    Ok(HttpResponse::Ok()
        .content_type(document.media_type.as_str())
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .body(content))
}

/// What staff found.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The agent may act.
    Accept,
    /// It is not shown; the agent may hand in something else.
    Refuse,
}

/// What staff decide about an agent's authority.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationBody {
    /// What they found.
    pub decision: Finding,
    /// Why, in words for the agent; required with `refuse`.
    #[serde(default)]
    #[schema(max_length = 10000)]
    pub reason: Option<String>,
    /// With `accept`: the paper that staff have seen elsewhere (by post, in person), where none was uploaded.
    #[serde(default)]
    pub kind: Option<DocumentKind>,
}

impl AuthorizationBody {
    fn parse(self) -> Result<Decision, Error> {
        match self.decision {
            Finding::Accept => Ok(Decision::Accept(self.kind)),
            Finding::Refuse => {
                let reason = required(self.reason.unwrap_or_default(), "/reason", 10_000)?;
                Ok(Decision::Refuse(Personal::new(reason)))
            }
        }
    }
}

/// Accepts or refuses an agent's authority, for all requests sent together that wait for it.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/authorization", tag = "staff", operation_id = "decide_authorization", security(("staff" = [])), request_body = AuthorizationBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Decided.", body = RequestView),
        JsonBody,
        StaffOnly,
        NoRequest,
        (status = 409, description = "The request does not wait for it, or nothing was handed in.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn decide(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<AuthorizationBody>,
) -> Result<HttpResponse, Problem> {
    let decision = body.read().await?.parse()?;
    let request = authorize::decide(&office, caller.member().id, RequestId(*id), decision).await?;
    Ok(HttpResponse::Ok().json(RequestView::from(&request)))
}
