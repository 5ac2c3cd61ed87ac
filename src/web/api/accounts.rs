//! What admins manage: staff accounts and API keys; and what staff enter for people who wrote or called.

use actix_web::HttpResponse;
use actix_web::web::{Data, ReqData};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::request::Channel;
use crate::domain::staff::Role;
use crate::store::ApiKey;
use crate::usecases::idempotency::{Call, Keep};
use crate::usecases::{Error, Office, staff, submit, suppression};
use crate::web::api::requests::{SubmittedView, render};
use crate::web::api::sessions::StaffView;
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Enter, ManageStaff, ManageSystems, Staff};
use crate::web::responses::{JsonBody, StaffOnly};
use crate::web::wire::{List, SubmissionBody, moment, required};

/// A request that came by e-mail, post or telephone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryBody {
    /// How it came in.
    pub channel: Channel,
    /// When it was received: the real date and not that of its entry.
    #[serde(default)]
    pub received_at: Option<DateTime<Utc>>,
    /// What is asked.
    pub request: SubmissionBody,
}

/// Enters a request on a person's behalf. A deletion entered so is approved by somebody else.
#[utoipa::path(
    post, path = "/v1/staff/requests", tag = "staff", operation_id = "enter_request", security(("staff" = [])), request_body = EntryBody,
    responses(
        (status = 201, description = "Entered.", body = SubmittedView),
        JsonBody,
        StaffOnly,
    )
)]
pub async fn enter_request(
    office: Data<Office>,
    caller: Staff<Enter>,
    body: Body<EntryBody>,
    call: Option<ReqData<Call>>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let submission = submit::Submission {
        channel: body.channel,
        entered_by: Some(caller.member().id),
        received_at: body.received_at,
        ..body.request.parse()?
    };
    let keep = call.map(|call| Keep { call: call.into_inner(), render });
    let submitted = submit::submit(&office, submission, keep).await?;
    Ok(HttpResponse::Created().json(SubmittedView::from(&submitted)))
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountBody {
    /// The address to sign in with.
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    /// The name shown to colleagues.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The first password.
    #[schema(value_type = String, format = "password", min_length = 10, max_length = 200)]
    pub password: SecretString,
}

/// Adds a member of staff.
#[utoipa::path(
    post, path = "/v1/staff/accounts", tag = "staff", operation_id = "add_account", security(("staff" = [])), request_body = AccountBody,
    responses(
        (status = 201, description = "Added.", body = StaffView),
        JsonBody,
        StaffOnly,
        (status = 409, description = "The account exists already.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn add_account(
    office: Data<Office>,
    caller: Staff<ManageStaff>,
    body: Body<AccountBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let email = body.email.parse().map_err(|e| Error::invalid("/email", format!("{e}")))?;
    let name = body.name.parse().map_err(|e| Error::invalid("/name", format!("{e}")))?;
    let added = staff::add(&office, Some(caller.member().id), email, name, body.role, body.password).await?;
    Ok(HttpResponse::Created().json(StaffView::from(&added)))
}

/// Every member of staff.
#[utoipa::path(
    get, path = "/v1/staff/accounts", tag = "staff", operation_id = "list_accounts", security(("staff" = [])),
    responses(
        (status = 200, description = "The accounts.", body = List<StaffView>),
        StaffOnly,
    )
)]
pub async fn list_accounts(office: Data<Office>, _: Staff<ManageStaff>) -> Result<HttpResponse, Problem> {
    let accounts = staff::list(&office).await?;
    Ok(HttpResponse::Ok().json(List::whole(accounts.iter().map(StaffView::from).collect())))
}

/// A new API key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyBody {
    /// What it is for.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Limits it to one controller.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub controller: Option<String>,
}

/// An API key.
#[derive(Serialize, ToSchema)]
pub struct ApiKeyView {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// The controller it is limited to.
    #[schema(required)]
    pub controller: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The key itself, in the answer that makes it and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl From<&ApiKey> for ApiKeyView {
    fn from(key: &ApiKey) -> Self {
        let controller = key.controller.as_ref().map(ToString::to_string);
        Self { id: key.id, name: key.name.clone(), controller, created_at: moment(key.created_at), secret: None }
    }
}

/// Makes an API key with which a tool asks for suppressions.
#[utoipa::path(
    post, path = "/v1/staff/api-keys", tag = "staff", operation_id = "add_api_key", security(("staff" = [])), request_body = ApiKeyBody,
    responses(
        (status = 201, description = "Made.", body = ApiKeyView),
        JsonBody,
        StaffOnly,
    )
)]
pub async fn add_api_key(
    office: Data<Office>,
    caller: Staff<ManageSystems>,
    body: Body<ApiKeyBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let name = required(body.name, "/name", 200)?;
    let controller = body.controller.as_deref().map(Into::into);
    let (key, secret) = suppression::add_key(&office, Some(caller.member().id), name, controller).await?;
    let view = ApiKeyView { secret: Some(secret.reveal().to_owned()), ..ApiKeyView::from(&key) };
    Ok(HttpResponse::Created().json(view))
}
