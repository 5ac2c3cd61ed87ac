//! The unsubscribe link (RFC 8058): opened it shows a button, posted to it is done; mail scanners only open links.

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{FromRequest, HttpRequest};
use askama::Template;
use futures_util::future::{Ready, ready};

use super::{missing, page};
use crate::domain::ids::ControllerId;
use crate::usecases::{Error, Office, unsubscribe};
use crate::web::error::{self, Problem, ProblemBody};
use crate::web::extract::{LONGEST_BODY, read};

#[derive(Template)]
#[template(path = "centre/unsubscribe.html")]
struct Unsubscribe<'a> {
    name: &'a str,
    email: &'a str,
    done: bool,
}

/// A body as it comes, unread: a form, in one of the two ways that mail programs send it.
pub struct Form(Payload);

impl FromRequest for Form {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(_: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self(payload.take())))
    }
}

/// The page with the button. Opening it changes nothing.
#[utoipa::path(
    get, path = "/u/{token}", tag = "pages", operation_id = "unsubscribe_page",
    params(("token" = String, Path, description = "What stands at the end of the link.")),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 404, description = "The link was not made here.", body = String, content_type = "text/html"),
    )
)]
pub async fn show(office: Data<Office>, token: Path<String>) -> HttpResponse {
    match unsubscribe::open(&office, &token) {
        Ok(subscription) => shown(&office, &subscription.controller, false),
        Err(_) => missing(),
    }
}

/// Unsubscribes at once: no question, no cookie, no redirect (RFC 8058 section 3.1).
#[utoipa::path(
    post, path = "/u/{token}", tag = "pages", operation_id = "unsubscribe",
    params(("token" = String, Path, description = "What stands at the end of the link.")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`List-Unsubscribe=One-Click`, as form or as multipart/form-data.", example = "List-Unsubscribe=One-Click"),
    responses(
        (status = 200, description = "Unsubscribed, now or before.", body = String, content_type = "text/html"),
        (status = 400, description = "Not the form of RFC 8058.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The link was not made here.", body = String, content_type = "text/html"),
        (status = 413, description = "Too large.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn act(office: Data<Office>, token: Path<String>, form: Form) -> Result<HttpResponse, Problem> {
    let body = read(form.0, LONGEST_BODY).await?;
    if unsubscribe::open(&office, &token).is_err() {
        return Ok(missing());
    }
    if !one_click(&body) {
        let detail = "unsubscribing takes a POST of the form List-Unsubscribe=One-Click (RFC 8058); opening the link shows a button that sends it";
        return Err(Problem::new(error::NOT_ONE_CLICK, detail));
    }
    match unsubscribe::unsubscribe(&office, &token).await {
        Ok((controller, _)) => Ok(shown(&office, &controller, true)),
        Err(Error::NotFound(_)) => Ok(missing()),
        Err(error) => Err(error.into()),
    }
}

fn shown(office: &Office, controller: &ControllerId, done: bool) -> HttpResponse {
    let Some(controller) = office.controller(controller) else { return missing() };
    let (name, email) = (controller.policy.name.as_str(), controller.policy.privacy_email.as_str());
    page(StatusCode::OK, &Unsubscribe { name, email, done })
}

/// Whether the body says `List-Unsubscribe=One-Click`, as `application/x-www-form-urlencoded` or as
/// `multipart/form-data`. Header names know no case, and some programs change it.
fn one_click(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    let plain = text.trim().split('&').any(|pair| pair == "list-unsubscribe=one-click");
    let part = text.split_once("name=\"list-unsubscribe\"").and_then(|(_, rest)| rest.split_once("\r\n\r\n"));
    plain || part.is_some_and(|(_, value)| value.lines().next() == Some("one-click"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::form("List-Unsubscribe=One-Click", true)]
    #[case::form_with_a_line_end("List-Unsubscribe=One-Click\r\n", true)]
    #[case::form_with_more("a=b&List-Unsubscribe=One-Click", true)]
    #[case::multipart(
        "--b1\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b1--\r\n",
        true
    )]
    #[case::multipart_with_a_type(
        "--b1\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\nContent-Type: text/plain\r\n\r\nOne-Click\r\n--b1--",
        true
    )]
    #[case::empty("", false)]
    #[case::other("List-Unsubscribe=Two-Clicks", false)]
    #[case::part_of_a_word("x-List-Unsubscribe=One-Click-not", false)]
    #[case::json("{\"List-Unsubscribe\":\"One-Click\"}", false)]
    fn the_form_of_the_standard_is_taken_and_nothing_else(#[case] body: &str, #[case] expected: bool) {
        assert_eq!(one_click(body.as_bytes()), expected);
    }
}
