//! The public pages: server-rendered, without scripts or cookies, readable on any screen and by any reader.

pub mod authorization;
pub mod privacy;
pub mod unsubscribe;
mod words;

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The one style sheet, inside each page.
pub(crate) const STYLE: &str = include_str!("../../../templates/centre/style.css");

/// Nothing is loaded from anywhere, nothing runs, nobody frames the page; the style sheet is known by its hash.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// What stands where there is no such page.
#[derive(Template)]
#[template(path = "centre/missing.html")]
struct Missing;

/// A page with its headers. The defaults forbid caches to keep it.
fn page(status: StatusCode, template: &impl Template) -> HttpResponse {
    // Writing into a string cannot fail, and the templates have no filters that can.
    let html = template.render().unwrap_or_default();
    HttpResponse::build(status)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow")))
        .content_type("text/html; charset=utf-8")
        .body(html)
}

fn missing() -> HttpResponse {
    page(StatusCode::NOT_FOUND, &Missing)
}

/// Whether the caller is a program that asks for JSON; a browser is shown a page.
pub fn wants_json(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}
