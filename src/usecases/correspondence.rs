//! The record of every communication: letters that left keep themselves ([`super::dispatch`]), staff take down the rest.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::follow::own;
use super::{Error, Office};
use crate::clock;
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::communication::{Communication, Content, Delivery, Direction, Medium, Party, Recorded};
use crate::domain::ids::{BundleId, RequestId, StaffId};
use crate::domain::personal::Personal;

/// What staff take down.
#[derive(Clone, Debug)]
pub struct Note {
    /// By what means it happened.
    pub medium: Medium,
    /// Which way.
    pub direction: Direction,
    /// What it was.
    pub kind: Recorded,
    /// With whom.
    pub party: Party,
    /// When.
    pub at: DateTime<Utc>,
    /// What was said, in short.
    pub summary: Personal<String>,
}

/// Every communication about a request, oldest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn all(office: &Office, id: RequestId) -> Result<Vec<Communication>, Error> {
    office
        .store
        .read(move |tx| {
            tx.request(id)?.ok_or(Error::NotFound("request"))?;
            Ok(tx.communications(id)?)
        })
        .await
}

/// The same for the requester. What staff took down is named with its date and not quoted: a summary is staff's own
/// words, and can name others.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn of_requester(office: &Office, bundle: BundleId, id: RequestId) -> Result<Vec<Communication>, Error> {
    let mut all = office
        .store
        .read(move |tx| {
            own(tx.request(id)?, bundle)?;
            Ok::<_, Error>(tx.communications(id)?)
        })
        .await?;
    all.retain(|one| matches!(one.content.party, Party::Requester | Party::Person));
    for one in all.iter_mut().filter(|one| one.delivery == Delivery::Recorded) {
        one.content.text = None;
        one.recorded_by = None;
    }
    Ok(all)
}

/// Takes down a communication that happened elsewhere.
///
/// # Errors
/// [`Error::Invalid`] for one that has not happened yet, [`Error::NotFound`].
pub async fn record(office: &Office, by: StaffId, id: RequestId, note: Note) -> Result<Communication, Error> {
    let now = office.clock.now();
    if note.at > now {
        return Err(Error::invalid("/at", "a communication is taken down after it happened"));
    }
    let kept = Communication {
        id: clock::new_id(now),
        request: id,
        at: note.at,
        medium: note.medium,
        direction: note.direction,
        kind: note.kind.to_string(),
        delivery: Delivery::Recorded,
        recorded_by: Some(by),
        content: Content { party: note.party, subject: None, text: Some(note.summary) },
    };
    let facts = json!({ "channel": note.medium, "direction": note.direction, "kind": note.kind, "at": note.at });
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            tx.keep_communication(&kept)?;
            let event = "request.communication_recorded";
            tx.append(&NewEntry::new(&request.controller, Some(id), now, Actor::Staff(by), event).with(facts.clone()))?;
            Ok(kept.clone())
        })
        .await
}
