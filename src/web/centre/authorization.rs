//! The page on which a person says whether an agent acts for them, and fetches what goes to them alone.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{page, wants_json};
use crate::domain::ids::RequestId;
use crate::domain::right::Right;
use crate::usecases::authorize::person::{self, Answer, Answered, Question};
use crate::usecases::{Error, Office};
use crate::web::download;
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::Form;

/// What the person is asked.
#[derive(Serialize, ToSchema)]
pub struct QuestionView {
    /// The company.
    pub controller: String,
    /// Who says that they act for the person.
    pub agent: String,
    /// What they asked for.
    pub rights: Vec<Right>,
    /// How the question stands.
    pub state: Answered,
    /// The requests whose packages the person can fetch here.
    pub packages: Vec<Uuid>,
}

impl From<&Question> for QuestionView {
    fn from(q: &Question) -> Self {
        Self {
            controller: q.controller.clone(),
            agent: q.agent.clone(),
            rights: q.asked.iter().map(|(_, right)| *right).collect(),
            state: q.standing,
            packages: q.packages.iter().map(|id| id.0).collect(),
        }
    }
}

/// The same as a page.
#[derive(Template)]
#[template(path = "centre/authorization.html")]
struct AuthorizationPage<'a> {
    question: &'a Question,
    /// The link's secret part: where the forms go.
    token: &'a str,
}

/// A link that leads nowhere.
#[derive(Template)]
#[template(path = "centre/gone.html")]
struct GonePage;

/// Asks the person whether the agent acts for them. Looking changes nothing.
#[utoipa::path(
    get, path = "/authorizations/{token}", tag = "requests", operation_id = "ask_person",
    params(("token" = String, Path, description = "From the link that was mailed to the person.", max_length = 100)),
    responses(
        (status = 200, description = "The question, as a page or as JSON.", content((String = "text/html"), (QuestionView = "application/json"))),
        (status = 404, description = "No such link.", content((String = "text/html"), (ProblemBody = "application/problem+json"))),
    )
)]
pub async fn ask(office: Data<Office>, token: Path<String>, http: HttpRequest) -> Result<HttpResponse, Problem> {
    shown(person::look(&office, &token).await, &token, &http, StatusCode::OK)
}

/// The person's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// Whether the agent acts for them.
    pub decision: Answer,
}

/// Takes the person's answer, once.
#[utoipa::path(
    post, path = "/authorizations/{token}", tag = "requests", operation_id = "answer_person",
    request_body(content((AnswerBody = "application/json"), (AnswerBody = "application/x-www-form-urlencoded"))),
    params(("token" = String, Path, description = "From the link that was mailed to the person.", max_length = 100)),
    responses(
        (status = 200, description = "Taken.", content((String = "text/html"), (QuestionView = "application/json"))),
        (status = 400, description = "Not JSON.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such link.", content((String = "text/html"), (ProblemBody = "application/problem+json"))),
        (status = 409, description = "It was answered, or needs no answer any more.", content((String = "text/html"), (ProblemBody = "application/problem+json"))),
        (status = 413, description = "Too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Neither a form nor JSON.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Something is missing or wrong.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn answer(
    office: Data<Office>,
    token: Path<String>,
    http: HttpRequest,
    body: Form<AnswerBody>,
) -> Result<HttpResponse, Problem> {
    let asked = person::look(&office, &token).await;
    if asked.is_err() {
        return shown(asked, &token, &http, StatusCode::OK);
    }
    let decision = body.read().await?.decision;
    match person::answer(&office, &token, decision).await {
        // Pressed twice, or too late: the page says how it stands.
        Err(Error::Refused(_)) if !wants_json(&http) => shown(asked, &token, &http, StatusCode::CONFLICT),
        answered => shown(answered, &token, &http, StatusCode::OK),
    }
}

/// Sends the person a package that goes to them alone.
#[utoipa::path(
    post, path = "/authorizations/{token}/packages/{id}", tag = "requests", operation_id = "get_package_by_link",
    params(
        ("token" = String, Path, description = "From the link that was mailed to the person.", max_length = 100),
        ("id" = Uuid, Path, description = "The request."),
    ),
    responses(
        (status = 200, description = "The ZIP.", body = Vec<u8>, content_type = "application/zip"),
        (status = 206, description = "A range of it.", body = Vec<u8>, content_type = "application/zip"),
        (status = 404, description = "No such link or package.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The package has expired.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 416, description = "The range lies outside of the package.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn package(
    office: Data<Office>,
    place: Path<(String, Uuid)>,
    http: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (token, id) = place.into_inner();
    download::whole(person::package(&office, &token, RequestId(id)).await?, &http)
}

fn shown(
    question: Result<Question, Error>,
    token: &str,
    http: &HttpRequest,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    if wants_json(http) {
        let view = QuestionView::from(&question?);
        return Ok(HttpResponse::build(status).insert_header((header::VARY, "Accept")).json(view));
    }
    match question {
        Err(Error::NotFound(_)) => Ok(page(StatusCode::NOT_FOUND, &GonePage)),
        question => Ok(page(status, &AuthorizationPage { question: &question?, token })),
    }
}
