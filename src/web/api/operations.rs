//! What operators and programs ask the server itself: is it alive, is it ready, its figures, its interface.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use utoipa::ToSchema;

use crate::usecases::{Error, Office};
use crate::web::error::{self, KINDS, Problem, ProblemBody};

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: &'static str,
}

/// Whether the process is alive.
#[utoipa::path(
    get, path = "/health/live", tag = "operations", operation_id = "live",
    responses((status = 200, description = "It is.", body = Health))
)]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// Whether the process can work: its database answers.
#[utoipa::path(
    get, path = "/health/ready", tag = "operations", operation_id = "ready",
    responses(
        (status = 200, description = "It can.", body = Health),
        (status = 503, description = "Its database cannot be reached.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn ready(office: Data<Office>) -> Result<HttpResponse, Problem> {
    office.store.ping().await.map_err(Error::from)?;
    Ok(HttpResponse::Ok().json(Health { status: "ok" }))
}

/// Figures for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics",
    responses((status = 200, description = "The figures, in the text format of Prometheus.", body = String, content_type = "text/plain"))
)]
pub async fn metrics(figures: Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(figures.render())
}

/// This interface.
#[utoipa::path(
    get, path = "/openapi.yaml", tag = "operations", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1.", body = String, content_type = "application/yaml"))
)]
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/yaml").body(crate::web::openapi::COMMITTED)
}

/// One kind of problem, explained.
#[derive(Serialize, ToSchema)]
pub struct KindView {
    /// Its code.
    pub code: &'static str,
    /// Its HTTP status.
    pub status: u16,
    /// What it is.
    pub title: &'static str,
}

/// What a problem's `type` leads to.
#[utoipa::path(
    get, path = "/problems/{code}", tag = "operations", operation_id = "get_problem",
    params(("code" = String, Path, description = "The problem's code.", example = "invalid_request")),
    responses(
        (status = 200, description = "The kind of problem.", body = KindView),
        (status = 404, description = "No such kind.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn problem(code: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = KINDS.iter().find(|k| k.code == code.as_str());
    let kind = kind.ok_or_else(|| Problem::new(error::NOT_FOUND, "there is no such kind of problem"))?;
    Ok(HttpResponse::Ok().json(KindView { code: kind.code, status: kind.status, title: kind.title }))
}

/// The page at the root: where to go from here.
pub async fn root() -> HttpResponse {
    let page = concat!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Habeas</title>",
        "<meta name=viewport content='width=device-width'>",
        "<style>body{font:18px/1.6 system-ui;max-width:40em;margin:4em auto;padding:0 1em}</style>",
        "<h1>Habeas</h1><p>This server takes requests about personal data: access, portability, correction, deletion, ",
        "opt-out.</p><p>Its interface is described in <a href=/openapi.yaml>openapi.yaml</a>; ",
        "a request is filed with <code>POST /v1/requests</code>.</p></html>"
    );
    HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .content_type("text/html; charset=utf-8")
        .body(page)
}
