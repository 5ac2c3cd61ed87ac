//! What mailing and advertising tools ask before they use an address.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::identity::Email;
use crate::domain::mark::Suppressed;
use crate::domain::request::OptOut;
use crate::usecases::{Error, Office, suppression};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::Client;
use crate::web::wire::{List, moment};

/// Whose suppressions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuppressionQuery {
    /// The address, in any spelling.
    #[param(example = "ada@example.com", format = "email", max_length = 254)]
    pub email: String,
}

/// One opt-out or mark that holds.
#[derive(Serialize, ToSchema)]
pub struct SuppressionView {
    /// For which controller.
    pub controller: String,
    /// What the address must not be used for: an opt-out, or a mark (`processing_restricted`, `objection`,
    /// `sensitive_limited`, `consent_withdrawn`).
    pub what: Suppressed,
    /// The same, where it is an opt-out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_out_of: Option<OptOut>,
    /// Since when.
    #[schema(format = DateTime)]
    pub since: String,
}

/// What the holder of an address opted out of, and which marks stand; an empty list means nothing is known against using it.
#[utoipa::path(
    get, path = "/v1/suppressions", tag = "suppressions", operation_id = "list_suppressions", security(("api_key" = [])),
    params(SuppressionQuery),
    responses(
        (status = 200, description = "The opt-outs.", body = List<SuppressionView>),
        (status = 400, description = "A parameter is wrong.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid API key.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not an e-mail address.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    office: Data<Office>,
    client: Client,
    query: Query<SuppressionQuery>,
) -> Result<HttpResponse, Problem> {
    let email: Email = query.email.parse().map_err(|e| Error::invalid("/email", format!("{e}")))?;
    let found = suppression::suppressions(&office, &client.0, email).await?;
    let items = found
        .iter()
        .map(|s| SuppressionView {
            controller: s.controller.to_string(),
            what: s.what,
            opt_out_of: match s.what {
                Suppressed::OptOut(what) => Some(what),
                Suppressed::Mark(_) => None,
            },
            since: moment(s.since),
        })
        .collect();
    Ok(HttpResponse::Ok().json(List::<SuppressionView>::whole(items)))
}
