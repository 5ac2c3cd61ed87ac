//! Legal holds on a person's data in the company's systems.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::identity::{AccountId, Email, Phone};
use crate::domain::keeping::{HeldPerson, HoldTerms, LegalHold, Reach};
use crate::domain::personal::Personal;
use crate::usecases::{Error, Office, holds};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::{Body, HoldData, Staff};
use crate::web::responses::{JsonBody, StaffOnly};
use crate::web::wire::{List, at, moment, required};

/// A legal hold to be placed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalHoldBody {
    /// Whose systems.
    #[schema(example = "infotech", min_length = 1, max_length = 200)]
    pub controller: String,
    /// About whom: whoever has any one of these identifiers.
    pub person: HeldPersonBody,
    /// On which ground, for colleagues: the court's reference, the inquiry.
    #[schema(min_length = 1, max_length = 500)]
    pub ground: String,
    /// Why, for colleagues.
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// Only these systems, by id.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub systems: Vec<String>,
    /// Only these collections, as `dataset.collection`. With neither, everything.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub collections: Vec<String>,
}

/// The person that a legal hold is about, by at least one identifier.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldPersonBody {
    /// An e-mail address.
    #[serde(default)]
    #[schema(format = "email", max_length = 254)]
    pub email: Option<String>,
    /// A telephone number with its country code.
    #[serde(default)]
    #[schema(example = "+4930901820", max_length = 40)]
    pub phone: Option<String>,
    /// The company's number for them.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub account_id: Option<String>,
}

impl LegalHoldBody {
    fn parse(self) -> Result<(String, HoldTerms), Error> {
        if self.systems.len() > 100 || self.collections.len() > 100 {
            return Err(Error::invalid("/systems", "name at most 100 systems and 100 collections"));
        }
        let HeldPersonBody { email, phone, account_id } = self.person;
        let person = HeldPerson {
            email: email.map(|e| at("/person/email", e.parse::<Email>())).transpose()?,
            phone: phone.map(|p| at("/person/phone", Phone::parse_in(&p, None))).transpose()?,
            account_id: account_id.map(|a| at("/person/account_id", a.parse::<AccountId>())).transpose()?,
        };
        let ground = Personal::new(required(self.ground, "/ground", 500)?);
        let reason = Personal::new(required(self.reason, "/reason", 10_000)?);
        let reach = Reach { systems: self.systems, collections: self.collections };
        Ok((self.controller, HoldTerms { person, ground, reason, reach }))
    }
}

/// A legal hold in force.
#[derive(Serialize, ToSchema)]
pub struct LegalHoldView {
    /// Its id.
    pub id: Uuid,
    /// Whose systems.
    pub controller: String,
    /// About whom.
    pub person: HeldPersonView,
    /// On which ground.
    pub ground: String,
    /// Why.
    pub reason: String,
    /// The systems it reaches.
    pub systems: Vec<String>,
    /// The collections it reaches; everything when both are empty.
    pub collections: Vec<String>,
    /// Since when.
    #[schema(format = DateTime)]
    pub since: String,
    /// The member of staff who placed it.
    pub by: Uuid,
}

/// The person that a legal hold is about.
#[derive(Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct HeldPersonView {
    #[schema(required)]
    pub email: Option<String>,
    #[schema(required)]
    pub phone: Option<String>,
    #[schema(required)]
    pub account_id: Option<String>,
}

impl From<&LegalHold> for LegalHoldView {
    fn from(hold: &LegalHold) -> Self {
        let HoldTerms { person, ground, reason, reach } = &hold.terms;
        Self {
            id: hold.id,
            controller: hold.controller.to_string(),
            person: HeldPersonView {
                email: person.email.as_ref().map(|e| e.expose().into()),
                phone: person.phone.as_ref().map(|p| p.expose().into()),
                account_id: person.account_id.as_ref().map(|a| a.expose().into()),
            },
            ground: ground.expose().clone(),
            reason: reason.expose().clone(),
            systems: reach.systems.clone(),
            collections: reach.collections.clone(),
            since: moment(hold.placed_at),
            by: hold.placed_by.0,
        }
    }
}

/// The legal holds in force.
#[utoipa::path(
    get, path = "/v1/staff/legal-holds", tag = "staff", operation_id = "list_legal_holds", security(("staff" = [])),
    responses(
        (status = 200, description = "The holds, the first placed first.", body = List<LegalHoldView>),
        StaffOnly,
    )
)]
pub async fn list(office: Data<Office>, _: Staff<HoldData>) -> Result<HttpResponse, Problem> {
    let all = holds::list(&office).await?;
    Ok(HttpResponse::Ok().json(List::whole(all.iter().map(LegalHoldView::from).collect())))
}

/// Places a legal hold: no deletion touches the person's data while it is in force.
#[utoipa::path(
    post, path = "/v1/staff/legal-holds", tag = "staff", operation_id = "place_legal_hold", security(("staff" = [])), request_body = LegalHoldBody,
    responses(
        (status = 201, description = "Placed.", body = LegalHoldView),
        JsonBody,
        StaffOnly,
    )
)]
pub async fn place(
    office: Data<Office>,
    caller: Staff<HoldData>,
    body: Body<LegalHoldBody>,
) -> Result<HttpResponse, Problem> {
    let (controller, terms) = body.read().await?.parse()?;
    let hold = holds::place(&office, caller.member().id, controller.as_str().into(), terms).await?;
    Ok(HttpResponse::Created().json(LegalHoldView::from(&hold)))
}

/// Lifts a legal hold. What it says is destroyed, and what it alone kept of deletions is erased.
#[utoipa::path(
    delete, path = "/v1/staff/legal-holds/{id}", tag = "staff", operation_id = "lift_legal_hold", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The hold.")),
    responses(
        (status = 204, description = "Lifted."),
        StaffOnly,
        (status = 404, description = "No such hold is in force.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn lift(office: Data<Office>, caller: Staff<HoldData>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    holds::lift(&office, caller.member().id, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
