//! Pages for people: plain HTML that works without scripts, is never indexed and tells no more than it must.

pub mod authorization;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::error::{self, Problem};

/// Nothing is loaded from anywhere, nothing is executed, forms go nowhere else, nobody frames the page.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page.
///
/// # Errors
/// Never for the templates of this module: writing to memory does not fail.
pub fn page(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|_| Problem::new(error::INTERNAL, "the page could not be written"))?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow")))
        .body(html))
}

/// Whether the caller is a program that asks for JSON; a browser is shown a page.
pub fn wants_json(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}
