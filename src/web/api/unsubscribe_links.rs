//! Unsubscribe links for the company's mailing tool: the two headers that it puts into each marketing mail.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::identity::Email;
use crate::usecases::{Error, Office, unsubscribe};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Client};
use crate::web::responses::JsonBody;
use crate::web::wire::{List, at};

/// Whose link.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinkQuery {
    /// The address that the mail goes to.
    #[param(example = "ada@example.com", format = "email", max_length = 254)]
    pub email: String,
    /// Who sends it; needed where the key is good for several.
    #[serde(default)]
    #[param(max_length = 100)]
    pub controller: Option<String>,
}

/// Whose links.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinksBody {
    /// The addresses that the mails go to.
    #[schema(min_items = 1, max_items = 1000)]
    pub emails: Vec<String>,
    /// Who sends them; needed where the key is good for several.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub controller: Option<String>,
}

/// The link of one address, and the values of the two headers. Both headers must be signed by DKIM (RFC 8058 section 4).
#[derive(Serialize, ToSchema)]
pub struct LinkView {
    /// The link, for the body of the mail as well.
    pub url: String,
    /// The value of `List-Unsubscribe`.
    pub list_unsubscribe: String,
    /// The value of `List-Unsubscribe-Post`.
    pub list_unsubscribe_post: &'static str,
}

impl From<String> for LinkView {
    fn from(url: String) -> Self {
        Self { list_unsubscribe: format!("<{url}>"), url, list_unsubscribe_post: "List-Unsubscribe=One-Click" }
    }
}

/// The unsubscribe link of one address; always the same one, so it may be kept.
#[utoipa::path(
    get, path = "/v1/unsubscribe-links", tag = "suppressions", operation_id = "get_unsubscribe_link", security(("api_key" = [])),
    params(LinkQuery),
    responses(
        (status = 200, description = "The link.", body = LinkView),
        (status = 400, description = "A parameter is wrong.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid API key.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not an e-mail address, or not a controller of this key's.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn one(office: Data<Office>, client: Client, query: Query<LinkQuery>) -> Result<HttpResponse, Problem> {
    let LinkQuery { email, controller } = query.into_inner();
    let email: Email = at("/email", email.parse())?;
    let links = unsubscribe::links(&office, &client.0, controller.as_deref().map(Into::into), &[email])?;
    let link = links.into_iter().next().ok_or(Error::NotFound("link"))?;
    Ok(HttpResponse::Ok().json(LinkView::from(link)))
}

/// The unsubscribe links of up to 1000 addresses, in their order.
#[utoipa::path(
    post, path = "/v1/unsubscribe-links", tag = "suppressions", operation_id = "list_unsubscribe_links", security(("api_key" = [])),
    request_body = LinksBody,
    responses(
        (status = 200, description = "The links, in the order of the addresses.", body = List<LinkView>),
        JsonBody,
        (status = 401, description = "No valid API key.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn many(office: Data<Office>, client: Client, body: Body<LinksBody>) -> Result<HttpResponse, Problem> {
    let LinksBody { emails, controller } = body.read().await?;
    if !(1..=unsubscribe::MOST).contains(&emails.len()) {
        return Err(Error::invalid("/emails", format!("name 1 to {} addresses", unsubscribe::MOST)).into());
    }
    let parse = |(i, email): (usize, String)| at(&format!("/emails/{i}"), email.parse::<Email>());
    let emails: Vec<Email> = emails.into_iter().enumerate().map(parse).collect::<Result<_, Error>>()?;
    let links = unsubscribe::links(&office, &client.0, controller.as_deref().map(Into::into), &emails)?;
    Ok(HttpResponse::Ok().json(List::whole(links.into_iter().map(LinkView::from).collect())))
}
