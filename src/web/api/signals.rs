//! Signals of browsers: honoured at once, and shown to be.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::request::OptOut;
use crate::usecases::signal::{self, Answer, GPC, Known, Signal};
use crate::usecases::{Error, Office};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Client, sends_gpc};
use crate::web::wire::{at, moment, required};

/// A browser's signal, as the company's site passes it on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalBody {
    /// To whom it was sent.
    #[schema(example = "shop", max_length = 100)]
    pub controller: String,
    /// Whose browser it is, where the person is signed in at the company's site; then the call needs an API key.
    #[serde(default)]
    #[schema(example = "ada@example.com", format = "email", max_length = 254)]
    pub email: Option<String>,
    /// The company's number for them; only beside `email`, by which opt-outs are looked up.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub account_id: Option<String>,
    /// Where they live, where the site knows: a country (ISO 3166-1) or a state in it (ISO 3166-2).
    #[serde(default)]
    #[schema(example = "US-CA", pattern = "^[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?$")]
    pub residence: Option<String>,
}

/// What became of a signal.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignalView {
    /// Whether it is honoured.
    pub honoured: bool,
    /// For whom: `person` holds wherever they sign in; `browser` holds as long as the browser sends the signal.
    pub scope: &'static str,
    /// What it opts out of.
    pub of: Vec<OptOut>,
    /// Since when all of it holds for the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub since: Option<String>,
    /// The statute that makes the signal binding, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<String>,
}

impl SignalBody {
    fn parse(self) -> Result<Signal, Error> {
        let account_id = self.account_id.map(|a| at("/account_id", a.parse())).transpose()?;
        let email = self.email.map(|e| at("/email", e.parse())).transpose()?;
        if account_id.is_some() && email.is_none() {
            return Err(Error::invalid("/email", "name the address beside the account: opt-outs are looked up by it"));
        }
        Ok(Signal {
            controller: required(self.controller, "/controller", 100)?.as_str().into(),
            person: email.map(|email| Known { email, account_id }),
            residence: self.residence.map(|r| at("/residence", r.parse())).transpose()?,
        })
    }
}

/// Honours a browser's Global Privacy Control. With an address it becomes an opt-out request of that person, once, and
/// suppressions; without one nothing is kept, since the browser says it again with every call.
#[utoipa::path(
    post, path = "/v1/signals/gpc", tag = "suppressions", operation_id = "send_gpc", security((), ("api_key" = [])),
    request_body = SignalBody,
    params(("Sec-GPC" = String, Header, description = "The browser's header, passed on as it is.", example = "1", pattern = "^1$")),
    responses(
        (status = 200, description = "What became of it.", body = SignalView),
        (status = 400, description = "Not JSON.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "A person is named, and there is no valid API key.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No signal came, or something is missing or wrong.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn gpc(
    office: Data<Office>,
    client: Option<Client>,
    body: Body<SignalBody>,
    http: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let signal = body.read().await?.parse()?;
    if !sends_gpc(&http) {
        return Err(Error::NoSignal.into());
    }
    let scope = if signal.person.is_some() { "person" } else { "browser" };
    let Answer { honoured, since, binding } = signal::browser(&office, client.as_ref().map(|c| &c.0), signal).await?;
    let since = since.map(moment);
    Ok(HttpResponse::Ok().json(SignalView { honoured, scope, of: GPC.to_vec(), since, binding }))
}

/// That Global Privacy Control is honoured here (the specification's section on the well-known resource).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Support {
    /// Always.
    pub gpc: bool,
    /// The day on which this was last changed.
    pub last_update: &'static str,
}

/// Says that Global Privacy Control is honoured.
#[utoipa::path(
    get, path = "/.well-known/gpc.json", tag = "operations", operation_id = "gpc_support",
    responses((status = 200, description = "It is.", body = Support))
)]
pub async fn support() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .json(Support { gpc: true, last_update: "2026-11-22" })
}
