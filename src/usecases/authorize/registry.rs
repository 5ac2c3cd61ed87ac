//! Agents whom staff have listed as trusted: who proves to be one of them needs no paper for each request.

use serde_json::json;
use uuid::Uuid;

use crate::clock;
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::ids::StaffId;
use crate::store::{Listing, StoreError, TrustedAgent};
use crate::usecases::suppression::SERVER;
use crate::usecases::{Error, Office};

/// The listed agents, the first listed first.
///
/// # Errors
/// When the store fails.
pub async fn list(office: &Office) -> Result<Vec<TrustedAgent>, Error> {
    office.store.read(|tx| Ok(tx.trusted_agents()?)).await
}

/// Lists an agent.
///
/// # Errors
/// [`Error::AgentListed`] when the address is listed.
pub async fn add(office: &Office, by: StaffId, listing: Listing) -> Result<TrustedAgent, Error> {
    let now = office.clock.now();
    let agent = TrustedAgent { id: clock::new_id(now), listing, added_at: now, added_by: by };
    office
        .store
        .write(move |tx| {
            tx.insert_trusted_agent(&agent).map_err(|error| match error {
                StoreError::Conflict(_) => Error::AgentListed,
                other => other.into(),
            })?;
            let facts = json!({ "agent": agent.id, "rights": agent.listing.rights });
            tx.append(&NewEntry::new(&SERVER.into(), None, now, Actor::Staff(by), "agent.trusted").with(facts))?;
            Ok(agent.clone())
        })
        .await
}

/// Takes an agent off the list. What they were authorized for before stays so.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn remove(office: &Office, by: StaffId, id: Uuid) -> Result<(), Error> {
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            if !tx.delete_trusted_agent(id)? {
                return Err(Error::NotFound("agent"));
            }
            let facts = json!({ "agent": id });
            tx.append(
                &NewEntry::new(&SERVER.into(), None, now, Actor::Staff(by), "agent.no_longer_trusted").with(facts),
            )?;
            Ok(())
        })
        .await
}
