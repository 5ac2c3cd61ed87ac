//! The one place where an error becomes an HTTP status: RFC 9457 problems with a stable code.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::domain::lifecycle::Refusal;
use crate::domain::verification::ChallengeError;
use crate::fulfilment::FulfilmentError;
use crate::sign_in::SignInError;
use crate::store::StoreError;
use crate::usecases::Error;
use crate::usecases::authorize::document::DocumentError;

/// One kind of problem, as the documentation lists it.
pub struct Kind {
    /// Stable: callers may branch on it.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it is, the same for every occurrence.
    pub title: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $code:literal, $status:literal, $title:literal;)+) => {
        $(pub(crate) const $name: &Kind = &Kind { code: $code, status: $status, title: $title };)+

        /// Every kind of problem.
        pub const KINDS: &[&Kind] = &[$($name),+];
    };
}

kinds! {
    MALFORMED_JSON = "malformed_json", 400, "The body is not JSON";
    NOT_ONE_CLICK = "not_one_click", 400, "Not an unsubscribe as mail programs send it";
    INVALID_QUERY = "invalid_query", 400, "A parameter of the address is wrong";
    UNAUTHORIZED = "unauthorized", 401, "No valid token";
    BAD_CREDENTIALS = "bad_credentials", 401, "E-mail and password do not match";
    ONE_TIME_CODE_REQUIRED = "one_time_code_required", 401, "A one-time code is needed as well";
    WRONG_ONE_TIME_CODE = "wrong_one_time_code", 401, "The one-time code is not taken";
    SECOND_FACTOR_REQUIRED = "second_factor_required", 403, "A second factor has to be added first";
    FORBIDDEN = "forbidden", 403, "The role does not allow this";
    NOT_FOUND = "not_found", 404, "No such thing";
    NO_PACKAGE = "no_package", 404, "No package";
    METHOD_NOT_ALLOWED = "method_not_allowed", 405, "The method is not offered here";
    ILLEGAL_STATE = "illegal_state", 409, "The request's state does not allow this";
    CONFLICT = "conflict", 409, "Somebody else was first";
    FOUR_EYES = "four_eyes", 409, "Somebody else has to do this";
    SECOND_FACTOR_EXISTS = "second_factor_exists", 409, "The account has a second factor";
    NOT_VERIFIED = "not_verified", 409, "Who the person is has not been shown far enough";
    NOTHING_MISSING = "nothing_missing", 409, "No more evidence is needed";
    EVIDENCE_NOT_OFFERED = "evidence_not_offered", 409, "This evidence is not offered here";
    ALREADY_EXTENDED = "already_extended", 409, "The deadline was extended before";
    TOO_LATE_TO_EXTEND = "too_late_to_extend", 409, "The first period is over";
    TASKS_OPEN = "tasks_open", 409, "Work by hand is left to do";
    FREE_TEXT_OPEN = "free_text_open", 409, "Free text is left to look at";
    ANSWER_OUTDATED = "answer_outdated", 409, "The answer has to be made again";
    NO_EXTENSION = "no_extension", 409, "The law knows no extension";
    MARK_STAYS = "mark_stays", 409, "The mark is not for staff to lift";
    ALREADY_LIFTED = "already_lifted", 409, "The mark is lifted, or being lifted, already";
    NO_APPEAL = "no_appeal", 409, "There is no appeal";
    ALREADY_APPEALED = "already_appealed", 409, "The decision was appealed against before";
    TOO_LATE_TO_APPEAL = "too_late_to_appeal", 409, "The period for an appeal is over";
    NO_OPEN_APPEAL = "no_open_appeal", 409, "No appeal is open";
    NO_PROOF = "no_proof", 409, "No proof of the agent's authority is there";
    GUARDIAN_ONLY = "guardian_only", 409, "Only a parent or guardian may ask for this";
    AGENT_LISTED = "agent_listed", 409, "The agent is listed already";
    CLOCK_CANNOT_STOP = "clock_cannot_stop", 409, "The clock cannot be stopped";
    ALREADY_CONFIRMED = "already_confirmed", 409, "The address is confirmed already";
    ACCOUNT_EXISTS = "account_exists", 409, "The account exists already";
    OBSTACLES = "plan_has_obstacles", 409, "The plan cannot be carried out as things stand";
    PACKAGE_EXPIRED = "package_expired", 410, "The package has expired";
    TOO_LARGE = "body_too_large", 413, "The body is too large";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", 415, "The body has to be JSON";
    UNSUPPORTED_DOCUMENT = "unsupported_document", 415, "The document has to be a PDF, a PNG or a JPEG";
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable", 416, "The range lies outside of the package";
    INVALID = "invalid_request", 422, "Something in the body is missing or wrong";
    UNKNOWN_CONTROLLER = "unknown_controller", 422, "No such controller";
    UNKNOWN_REGIME = "unknown_regime", 422, "No such law in force";
    RIGHT_NOT_OFFERED = "right_not_offered", 422, "The right is not offered";
    AGENT_NOT_ALLOWED = "agent_not_allowed", 422, "No agent may ask for this right";
    DOCUMENT_MISMATCH = "document_mismatch", 422, "The file is not what its Content-Type says";
    DOCUMENT_CUT_OFF = "document_cut_off", 422, "The file is cut off";
    UNKNOWN_GROUND = "unknown_ground", 422, "The law knows no such ground";
    GROUND_NOT_GIVEN = "ground_not_given", 422, "The ground is not given";
    KEY_REUSED = "idempotency_key_reused", 422, "The Idempotency-Key was used for something else";
    NO_SIGNAL = "no_signal", 422, "The browser sent no signal";
    SIGN_IN_REFUSED = "sign_in_refused", 422, "The identity provider's token is not taken";
    WRONG_CODE = "wrong_code", 422, "Not the code that was sent";
    CODE_EXPIRED = "code_expired", 422, "The code has expired";
    TRIES_EXHAUSTED = "tries_exhausted", 429, "Answers were given too often";
    CODE_EXHAUSTED = "code_exhausted", 429, "The code was tried too often";
    TOO_MANY_CODES = "too_many_codes", 429, "Too many codes were sent";
    TOO_MANY_SUBMISSIONS = "too_many_submissions", 429, "Too many requests were sent for one address";
    ACCOUNT_LOCKED = "account_locked", 429, "The account is locked for now";
    INTERNAL = "internal", 500, "Something failed on our side";
    SYSTEM_UNAVAILABLE = "system_unavailable", 502, "A system of the company cannot be used now";
    UNAVAILABLE = "unavailable", 503, "The server cannot work right now";
}

/// An error on its way to the caller.
#[derive(Debug)]
pub struct Problem {
    kind: &'static Kind,
    detail: String,
    pointer: Option<String>,
    retry_after: Option<i64>,
    allow: Option<&'static str>,
    length: Option<u64>,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// The body of a problem (RFC 9457 section 3).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// Where this kind of problem is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The kind as a stable code.
    pub code: &'static str,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// Which parts of the body are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One wrong part of a body.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), pointer: None, retry_after: None, allow: None, length: None }
    }

    /// The problem as a response, where no handler can return it as an error.
    pub fn into_response(self) -> HttpResponse {
        self.error_response()
    }

    /// The same, at a place in the body.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), ..self }
    }

    /// The same, naming the methods that are offered (RFC 9110 section 15.5.6).
    #[must_use]
    pub fn allowing(self, methods: &'static str) -> Self {
        Self { allow: Some(methods), ..self }
    }

    /// The same, naming how long the thing is of which a part was asked that it has not (RFC 9110 section 15.5.17).
    #[must_use]
    pub fn of_length(self, length: u64) -> Self {
        Self { length: Some(length), ..self }
    }

    /// The same, naming when to try again, in seconds (RFC 9110 section 10.2.3).
    #[must_use]
    pub fn after(self, seconds: i64) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..self }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Invalid { pointer, .. } => Problem::new(INVALID, detail).at(pointer),
            Error::UnknownController => Problem::new(UNKNOWN_CONTROLLER, detail).at("/controller"),
            Error::UnknownRegime => Problem::new(UNKNOWN_REGIME, detail).at("/regime"),
            Error::RightNotOffered { .. } => Problem::new(RIGHT_NOT_OFFERED, detail).at("/rights"),
            Error::UnknownGround { pointer, .. } => Problem::new(UNKNOWN_GROUND, detail).at(pointer),
            Error::GroundNotGiven(_) => Problem::new(GROUND_NOT_GIVEN, detail).at("/ground"),
            Error::AgentNotAllowed { .. } => Problem::new(AGENT_NOT_ALLOWED, detail).at("/agent"),
            Error::AgentListed => Problem::new(AGENT_LISTED, detail).at("/email"),
            Error::Document(DocumentError::UnknownType) => Problem::new(UNSUPPORTED_DOCUMENT, detail),
            Error::Document(DocumentError::Mismatch) => Problem::new(DOCUMENT_MISMATCH, detail),
            Error::Document(DocumentError::CutOff) => Problem::new(DOCUMENT_CUT_OFF, detail),
            Error::NotFound(_) => Problem::new(NOT_FOUND, detail),
            Error::Unauthorized => Problem::new(UNAUTHORIZED, detail),
            Error::Forbidden => Problem::new(FORBIDDEN, detail),
            Error::BadCredentials => Problem::new(BAD_CREDENTIALS, detail),
            Error::OneTimeCodeRequired => Problem::new(ONE_TIME_CODE_REQUIRED, detail),
            Error::WrongOneTimeCode => Problem::new(WRONG_ONE_TIME_CODE, detail).at("/one_time_code"),
            Error::SecondFactorRequired => Problem::new(SECOND_FACTOR_REQUIRED, detail),
            Error::SecondFactorExists => Problem::new(SECOND_FACTOR_EXISTS, detail),
            Error::SignIn(SignInError::Keys(_)) => Problem::new(SYSTEM_UNAVAILABLE, detail).after(60),
            Error::SignIn(_) | Error::OtherPerson => Problem::new(SIGN_IN_REFUSED, detail).at("/token"),
            Error::AccountLocked { retry_after } => {
                Problem::new(ACCOUNT_LOCKED, detail).after(retry_after.num_seconds())
            }
            Error::TooManySubmissions { retry_after } => {
                Problem::new(TOO_MANY_SUBMISSIONS, detail).after(retry_after.num_seconds())
            }
            Error::NoSignal => Problem::new(NO_SIGNAL, detail),
            Error::Refused(refusal) => Problem::new(refused(&refusal), detail),
            Error::Challenge(error) => challenged(error, detail),
            Error::NoPackage(_) => Problem::new(NO_PACKAGE, detail),
            Error::PackageExpired => Problem::new(PACKAGE_EXPIRED, detail),
            Error::KeyReused => Problem::new(KEY_REUSED, detail),
            Error::AccountExists => Problem::new(ACCOUNT_EXISTS, detail),
            Error::Fulfilment(FulfilmentError::Misfit(_)) => Problem::new(OBSTACLES, detail),
            Error::Fulfilment(_) | Error::Failing(_) | Error::Sending(_) => Problem::new(SYSTEM_UNAVAILABLE, detail),
            Error::Obstacles(_) => Problem::new(OBSTACLES, detail),
            Error::Store(StoreError::Unavailable(_)) => {
                Problem::new(UNAVAILABLE, "the server's database cannot be reached; nothing was changed").after(5)
            }
            // Somebody else was first with the same unique thing: two calls at once with one Idempotency-Key.
            Error::Store(StoreError::Conflict(_)) => {
                Problem::new(CONFLICT, "the same call is being worked on; try again in a moment").after(1)
            }
            Error::Store(StoreError::BadCursor) => {
                Problem::new(INVALID_QUERY, "the cursor is not one that a list gave")
            }
            Error::Files(_) | Error::Store(_) => {
                // Logged here, once; the caller learns nothing of the server's inside.
                tracing::error!(error = %detail, "a use case failed");
                Problem::new(INTERNAL, "something failed on our side; it was logged, and trying again is safe")
            }
        }
    }
}

fn refused(refusal: &Refusal) -> &'static Kind {
    match refusal {
        Refusal::IllegalState { .. } => ILLEGAL_STATE,
        Refusal::FourEyes => FOUR_EYES,
        Refusal::AlreadyExtended => ALREADY_EXTENDED,
        Refusal::TooLateToExtend { .. } => TOO_LATE_TO_EXTEND,
        Refusal::TasksOpen { .. } => TASKS_OPEN,
        Refusal::FreeTextOpen { .. } => FREE_TEXT_OPEN,
        Refusal::Outdated => ANSWER_OUTDATED,
        Refusal::NoExtension => NO_EXTENSION,
        Refusal::MarkStays => MARK_STAYS,
        Refusal::AlreadyLifted => ALREADY_LIFTED,
        Refusal::NotVerified { .. } => NOT_VERIFIED,
        Refusal::NothingMissing => NOTHING_MISSING,
        Refusal::NotOffered => EVIDENCE_NOT_OFFERED,
        Refusal::TriesExhausted => TRIES_EXHAUSTED,
        Refusal::NoAppeal => NO_APPEAL,
        Refusal::AlreadyAppealed => ALREADY_APPEALED,
        Refusal::TooLateToAppeal { .. } => TOO_LATE_TO_APPEAL,
        Refusal::NoOpenAppeal => NO_OPEN_APPEAL,
        Refusal::OwnDecision => FOUR_EYES,
        Refusal::NoProof => NO_PROOF,
        Refusal::GuardianOnly => GUARDIAN_ONLY,
        Refusal::ClockRunsOn | Refusal::ClockRanOut { .. } => CLOCK_CANNOT_STOP,
    }
}

fn challenged(error: ChallengeError, detail: String) -> Problem {
    match error {
        ChallengeError::Wrong { .. } => Problem::new(WRONG_CODE, detail).at("/code"),
        ChallengeError::Expired => Problem::new(CODE_EXPIRED, detail).at("/code"),
        ChallengeError::Exhausted => Problem::new(CODE_EXHAUSTED, detail),
        ChallengeError::TooManySent { retry_after } => {
            Problem::new(TOO_MANY_CODES, detail).after(retry_after.num_seconds())
        }
        ChallengeError::AlreadyConfirmed => Problem::new(ALREADY_CONFIRMED, detail),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        if self.kind.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        if let Some(length) = self.length {
            response.insert_header((header::CONTENT_RANGE, format!("bytes */{length}")));
        }
        let errors = self.pointer.iter().map(|p| FieldError { pointer: p.clone(), detail: self.detail.clone() });
        response.json(ProblemBody {
            kind: format!("/problems/{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            code: self.kind.code,
            detail: self.detail.clone(),
            errors: errors.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_statuses_are_errors() {
        let mut codes: Vec<_> = KINDS.iter().map(|k| k.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), KINDS.len());
        assert!(KINDS.iter().all(|k| (400..600).contains(&k.status)));
    }
}
