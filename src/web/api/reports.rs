//! The figures of a year that laws ask for.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::usecases::Office;
use crate::usecases::statutory::{self, Metrics};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Report, Staff};
use crate::web::responses::StaffOnly;

/// Which figures.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MetricsQuery {
    /// Under which law.
    #[param(example = "ccpa", max_length = 50)]
    pub regime: String,
    /// The year in which the requests were received.
    #[param(example = 2026, minimum = 1900, maximum = 9000)]
    pub year: i32,
    /// Only those of this controller.
    #[param(max_length = 100)]
    pub controller: Option<String>,
    /// How the answer is written; JSON when absent.
    pub format: Option<ReportFormat>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// JSON.
    Json,
    /// CSV (RFC 4180).
    Csv,
}

/// The figures of a year under a law: requests by right and by what became of them, and how long the answers took.
#[utoipa::path(
    get, path = "/v1/staff/reports/metrics", tag = "staff", operation_id = "get_statutory_metrics", security(("staff" = [])), params(MetricsQuery),
    responses(
        (status = 200, description = "The figures.", content((Metrics = "application/json"), (String = "text/csv"))),
        (status = 400, description = "A parameter is wrong.", body = ProblemBody, content_type = "application/problem+json"),
        StaffOnly,
        (status = 422, description = "No such law or controller.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn metrics(
    office: Data<Office>,
    _: Staff<Report>,
    query: Query<MetricsQuery>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let controller = query.controller.as_deref().map(Into::into);
    let metrics = statutory::metrics(&office, query.regime.as_str().into(), query.year, controller).await?;
    Ok(match query.format.unwrap_or(ReportFormat::Json) {
        ReportFormat::Json => HttpResponse::Ok().json(metrics),
        ReportFormat::Csv => HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(metrics.to_csv()),
    })
}
