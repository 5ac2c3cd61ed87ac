//! Staff sign in and out.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::identity::Email;
use crate::domain::ids::StaffId;
use crate::domain::staff::{Role, Staff as Member};
use crate::usecases::{Error, Office, second_factor, staff};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Enrolling, ManageStaff, Staff};
use crate::web::responses::{JsonBody, TokenOnly};
use crate::web::wire::moment;

/// A sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInBody {
    /// The account's address.
    #[schema(example = "olga@example.com", max_length = 254)]
    pub email: String,
    /// Its password.
    #[schema(value_type = String, format = "password", max_length = 200)]
    pub password: SecretString,
    /// A one-time code, for accounts that have a second factor.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20)]
    pub one_time_code: Option<SecretString>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// To be sent with each call, as Bearer.
    pub token: String,
    /// Until when it is taken.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// Who signed in.
    pub staff: StaffView,
}

/// A member of staff.
#[derive(Serialize, ToSchema)]
pub struct StaffView {
    /// Their id.
    pub id: Uuid,
    /// The address they sign in with.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl From<&Member> for StaffView {
    fn from(m: &Member) -> Self {
        Self { id: m.id.0, email: m.email.expose().into(), name: m.name.expose().into(), role: m.role }
    }
}

/// Signs a member of staff in.
#[utoipa::path(
    post, path = "/v1/staff/session", tag = "staff", operation_id = "sign_in", request_body = SignInBody,
    responses(
        (status = 200, description = "Signed in.", body = SessionView),
        JsonBody,
        (status = 401, description = "E-mail and password do not match, or a one-time code is missing or wrong.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Locked after too many wrong passwords.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn sign_in(office: Data<Office>, body: Body<SignInBody>) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    // An address that is none is answered like one that nobody has.
    let email: Email = body.email.parse().map_err(|_| Error::BadCredentials)?;
    let session = staff::sign_in(&office, email, body.password, body.one_time_code).await?;
    let view = SessionView {
        token: session.token.expose_secret().to_owned(),
        expires_at: moment(session.expires_at),
        staff: StaffView::from(&session.staff),
    };
    Ok(HttpResponse::Ok().json(view))
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/v1/staff/session", tag = "staff", operation_id = "get_session", security(("staff" = [])),
    responses(
        (status = 200, description = "The member of staff.", body = StaffView),
        TokenOnly,
    )
)]
pub async fn get(staff: Staff<Enrolling>) -> HttpResponse {
    HttpResponse::Ok().json(StaffView::from(staff.member()))
}

/// Signs out: the token is refused from now on.
#[utoipa::path(
    delete, path = "/v1/staff/session", tag = "staff", operation_id = "sign_out", security(("staff" = [])),
    responses(
        (status = 204, description = "Signed out."),
        TokenOnly,
    )
)]
pub async fn sign_out(office: Data<Office>, caller: Staff<Enrolling>) -> Result<HttpResponse, Problem> {
    staff::sign_out(&office, caller.signed_in.session).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A second factor that was begun.
#[derive(Serialize, ToSchema)]
pub struct EnrolmentView {
    /// What the authenticator app keeps, to be typed; shown this once.
    pub secret: String,
    /// The same as an address, for a QR code.
    pub otpauth_uri: String,
}

/// Begins a second factor: one-time codes by time (RFC 6238). It counts once it is confirmed.
#[utoipa::path(
    post, path = "/v1/staff/session/second-factor", tag = "staff", operation_id = "begin_second_factor", security(("staff" = [])),
    responses(
        (status = 201, description = "Begun; confirm with a first code.", body = EnrolmentView),
        TokenOnly,
        (status = 409, description = "The account has one already.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn begin_second_factor(office: Data<Office>, caller: Staff<Enrolling>) -> Result<HttpResponse, Problem> {
    let enrolment = second_factor::begin(&office, caller.member()).await?;
    Ok(HttpResponse::Created().json(EnrolmentView {
        secret: enrolment.secret.expose_secret().to_owned(),
        otpauth_uri: enrolment.uri.expose_secret().to_owned(),
    }))
}

/// A code that an authenticator app shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneTimeCodeBody {
    /// The six digits.
    #[schema(value_type = String, example = "123456", max_length = 20)]
    pub one_time_code: SecretString,
}

/// Confirms a second factor with a first code; each sign-in asks for one from now on.
#[utoipa::path(
    post, path = "/v1/staff/session/second-factor/confirmation", tag = "staff", operation_id = "confirm_second_factor",
    security(("staff" = [])), request_body = OneTimeCodeBody,
    responses(
        (status = 204, description = "Confirmed."),
        JsonBody,
        (status = 401, description = "No valid token, or a wrong code.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "None was begun.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is confirmed already.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn confirm_second_factor(
    office: Data<Office>,
    caller: Staff<Enrolling>,
    body: Body<OneTimeCodeBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    second_factor::confirm(&office, caller.member().id, body.one_time_code).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a colleague's second factor away, so that they can add another. Nobody takes away their own.
#[utoipa::path(
    delete, path = "/v1/staff/accounts/{id}/second-factor", tag = "staff", operation_id = "reset_second_factor",
    security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The account.")),
    responses(
        (status = 204, description = "Gone."),
        TokenOnly,
        (status = 403, description = "The role does not allow this, or it is one's own.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such account, or it has none.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn reset_second_factor(
    office: Data<Office>,
    caller: Staff<ManageStaff>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    second_factor::reset(&office, Some(caller.member().id), StaffId(*id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
