//! The registry of agents whom the company trusts without a paper for each request.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::right::Right;
use crate::store::{Listing, TrustedAgent};
use crate::usecases::authorize::registry;
use crate::usecases::{Error, Office};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, Decide, ListAgents, Staff};
use crate::web::responses::{JsonBody, StaffOnly};
use crate::web::wire::{List, moment, text};

/// An agent to be trusted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListingBody {
    /// Their name or firm.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The address whose control is enough proof.
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    /// Why they are trusted.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// For which rights; all when empty.
    #[serde(default)]
    #[schema(max_items = 11)]
    pub rights: Vec<Right>,
}

impl ListingBody {
    fn parse(mut self) -> Result<Listing, Error> {
        if self.rights.len() > Right::ALL.len() {
            return Err(Error::invalid("/rights", "name each right once"));
        }
        self.rights.sort_unstable();
        self.rights.dedup();
        Ok(Listing {
            name: self.name.parse().map_err(|e| Error::invalid("/name", format!("{e}")))?,
            email: self.email.parse().map_err(|e| Error::invalid("/email", format!("{e}")))?,
            note: text(self.note, "/note", 2_000)?,
            rights: self.rights,
        })
    }
}

/// A trusted agent.
#[derive(Serialize, ToSchema)]
pub struct ListingView {
    /// The line's id.
    pub id: Uuid,
    /// Their name or firm.
    pub name: String,
    /// The address whose control is enough proof.
    pub email: String,
    /// Why they are trusted.
    #[schema(required)]
    pub note: Option<String>,
    /// For which rights; all when empty.
    pub rights: Vec<Right>,
    /// Since when.
    #[schema(format = DateTime)]
    pub since: String,
    /// The member of staff who listed them.
    pub by: Uuid,
}

impl From<&TrustedAgent> for ListingView {
    fn from(agent: &TrustedAgent) -> Self {
        let listing = &agent.listing;
        Self {
            id: agent.id,
            name: listing.name.expose().into(),
            email: listing.email.expose().into(),
            note: listing.note.as_ref().map(|n| n.expose().clone()),
            rights: listing.rights.clone(),
            since: moment(agent.added_at),
            by: agent.added_by.0,
        }
    }
}

/// The trusted agents.
#[utoipa::path(
    get, path = "/v1/staff/agents", tag = "staff", operation_id = "list_agents", security(("staff" = [])),
    responses(
        (status = 200, description = "The agents.", body = List<ListingView>),
        StaffOnly,
    )
)]
pub async fn list(office: Data<Office>, _: Staff<Decide>) -> Result<HttpResponse, Problem> {
    let agents = registry::list(&office).await?;
    Ok(HttpResponse::Ok().json(List::whole(agents.iter().map(ListingView::from).collect())))
}

/// Lists an agent as trusted.
#[utoipa::path(
    post, path = "/v1/staff/agents", tag = "staff", operation_id = "add_agent", security(("staff" = [])), request_body = ListingBody,
    responses(
        (status = 201, description = "Listed.", body = ListingView),
        JsonBody,
        StaffOnly,
        (status = 409, description = "The address is listed already.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    office: Data<Office>,
    caller: Staff<ListAgents>,
    body: Body<ListingBody>,
) -> Result<HttpResponse, Problem> {
    let listing = body.read().await?.parse()?;
    let agent = registry::add(&office, caller.member().id, listing).await?;
    Ok(HttpResponse::Created().json(ListingView::from(&agent)))
}

/// Takes an agent off the list.
#[utoipa::path(
    delete, path = "/v1/staff/agents/{id}", tag = "staff", operation_id = "remove_agent", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The agent's line.")),
    responses(
        (status = 204, description = "Taken off."),
        StaffOnly,
        (status = 404, description = "No such agent.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn remove(office: Data<Office>, caller: Staff<ListAgents>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    registry::remove(&office, caller.member().id, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
