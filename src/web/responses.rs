//! The answers of refusal that many calls of the interface share, as `openapi.yaml` tells them; nothing here is ever sent.

#![allow(dead_code, reason = "these types describe answers; problems themselves are made in `error.rs`")]

use utoipa::IntoResponses;

use super::error::ProblemBody;

/// What a call for staff says to everybody else.
#[derive(IntoResponses)]
pub enum StaffOnly {
    /// Nobody is signed in.
    #[response(status = 401, description = "No valid token.", content_type = "application/problem+json")]
    NoToken(ProblemBody),
    /// Somebody is, in another role.
    #[response(status = 403, description = "The role does not allow this.", content_type = "application/problem+json")]
    Role(ProblemBody),
}

/// What a call that needs a token says without one.
#[derive(IntoResponses)]
#[response(status = 401, description = "No valid token.", content_type = "application/problem+json")]
pub struct TokenOnly(ProblemBody);

/// What a call that takes JSON says of a body that is none, or not the right one.
#[derive(IntoResponses)]
pub enum JsonBody {
    /// It cannot be parsed.
    #[response(status = 400, description = "Not JSON.", content_type = "application/problem+json")]
    Syntax(ProblemBody),
    /// It is longer than any that could be right.
    #[response(status = 413, description = "Too large.", content_type = "application/problem+json")]
    TooLarge(ProblemBody),
    /// Its `Content-Type` says that it is something else.
    #[response(status = 415, description = "Not declared as JSON.", content_type = "application/problem+json")]
    MediaType(ProblemBody),
    /// Its members are not what they should be; each is named.
    #[response(status = 422, description = "Something is missing or wrong.", content_type = "application/problem+json")]
    Invalid(ProblemBody),
}

/// The request is not there for these staff.
#[derive(IntoResponses)]
#[response(status = 404, description = "No such request.", content_type = "application/problem+json")]
pub struct NoRequest(ProblemBody);

/// The request is not there for this requester.
#[derive(IntoResponses)]
#[response(status = 404, description = "The token opens no such request.", content_type = "application/problem+json")]
pub struct NotOpened(ProblemBody);

/// A verb that the state of the request forbids.
#[derive(IntoResponses)]
#[response(
    status = 409,
    description = "The request's state does not allow this.",
    content_type = "application/problem+json"
)]
pub struct WrongState(ProblemBody);
