//! Staff sign in and out.

use actix_web::HttpResponse;
use actix_web::web::Data;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::identity::Email;
use crate::domain::staff::{Role, Staff as Member};
use crate::usecases::{Error, Office, staff};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Anyone, Body, Staff};
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
        (status = 400, description = "Not JSON.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "E-mail and password do not match.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Something is missing or wrong.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Locked after too many wrong passwords.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn sign_in(office: Data<Office>, body: Body<SignInBody>) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    // An address that is none is answered like one that nobody has.
    let email: Email = body.email.parse().map_err(|_| Error::BadCredentials)?;
    let session = staff::sign_in(&office, email, body.password).await?;
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
        (status = 401, description = "No valid token.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn get(staff: Staff<Anyone>) -> HttpResponse {
    HttpResponse::Ok().json(StaffView::from(staff.member()))
}

/// Signs out: the token is refused from now on.
#[utoipa::path(
    delete, path = "/v1/staff/session", tag = "staff", operation_id = "sign_out", security(("staff" = [])),
    responses(
        (status = 204, description = "Signed out."),
        (status = 401, description = "No valid token.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn sign_out(office: Data<Office>, caller: Staff<Anyone>) -> Result<HttpResponse, Problem> {
    staff::sign_out(&office, caller.signed_in.session).await?;
    Ok(HttpResponse::NoContent().finish())
}
