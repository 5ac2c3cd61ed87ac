//! Agents whom staff have listed as trusted: sealed, and found by the keyed index of their address.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::{delete, insert_into};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::codec::{from_json, to_json};
use super::dialect::{ask, change};
use super::schema::trusted_agents;
use super::sql_types::{At, Uid};
use super::{Keys, StoreError, Tx};
use crate::domain::identity::{Email, IdentityKind, Name};
use crate::domain::ids::StaffId;
use crate::domain::personal::Personal;
use crate::domain::right::Right;

/// An agent whom staff have listed as trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustedAgent {
    /// The line's id.
    pub id: Uuid,
    /// Who it is.
    pub listing: Listing,
    /// Since when.
    pub added_at: DateTime<Utc>,
    /// By whom.
    pub added_by: StaffId,
}

/// What the list says of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Their name or firm.
    pub name: Name,
    /// The address whose control is enough proof.
    pub email: Email,
    /// Why they are trusted.
    #[serde(default)]
    pub note: Option<Personal<String>>,
    /// For which rights; all of them when empty.
    #[serde(default)]
    pub rights: Vec<Right>,
}

impl Listing {
    /// Whether it reaches that right.
    pub fn covers(&self, right: Right) -> bool {
        self.rights.is_empty() || self.rights.contains(&right)
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = trusted_agents)]
struct Row {
    id: Uid,
    email_index: Vec<u8>,
    added_at: At,
    added_by: Uid,
    sealed: Vec<u8>,
}

impl Row {
    fn open(self, keys: &Keys) -> Result<TrustedAgent, StoreError> {
        let unreadable = |_| StoreError::Corrupt("trusted_agents.sealed cannot be opened".to_owned());
        let json = keys.open(&place(self.id.0), &self.sealed).map_err(unreadable)?;
        Ok(TrustedAgent {
            id: self.id.0,
            listing: from_json(&json, "trusted_agents.sealed")?,
            added_at: self.added_at.0,
            added_by: StaffId(self.added_by.0),
        })
    }
}

impl Tx<'_> {
    /// Lists an agent. [`StoreError::Conflict`] when the address is listed.
    pub fn insert_trusted_agent(&mut self, agent: &TrustedAgent) -> Result<(), StoreError> {
        let json = zeroize::Zeroizing::new(to_json(&agent.listing)?);
        let row = Row {
            id: Uid(agent.id),
            email_index: index(self.keys, &agent.listing.email),
            added_at: At(agent.added_at),
            added_by: Uid(agent.added_by.0),
            sealed: self.keys.seal(&place(agent.id), json.as_bytes()),
        };
        let added = change!(self, c => {
            insert_into(trusted_agents::table)
                .values(&row)
                .on_conflict(trusted_agents::email_index)
                .do_nothing()
                .execute(c)
        })?;
        if added == 1 { Ok(()) } else { Err(StoreError::Conflict("an agent with this address")) }
    }

    /// The agent of that address, if listed.
    pub fn trusted_agent(&mut self, email: &Email) -> Result<Option<TrustedAgent>, StoreError> {
        let index = index(self.keys, email);
        let row = ask!(self, c => {
            trusted_agents::table.filter(trusted_agents::email_index.eq(&index)).get_result::<Row>(c).optional()
        })?;
        row.map(|row| row.open(self.keys)).transpose()
    }

    /// Every listed agent, the first listed first.
    pub fn trusted_agents(&mut self) -> Result<Vec<TrustedAgent>, StoreError> {
        let rows: Vec<Row> =
            ask!(self, c => trusted_agents::table.order((trusted_agents::added_at, trusted_agents::id)).load(c))?;
        rows.into_iter().map(|row| row.open(self.keys)).collect()
    }

    /// Takes an agent off the list; `false` when there is none of that id.
    pub fn delete_trusted_agent(&mut self, id: Uuid) -> Result<bool, StoreError> {
        Ok(change!(self, c => delete(trusted_agents::table.find(Uid(id))).execute(c))? == 1)
    }
}

fn index(keys: &Keys, email: &Email) -> Vec<u8> {
    keys.blind_index(IdentityKind::Email, &email.normalised()).to_vec()
}

fn place(id: Uuid) -> Vec<u8> {
    [b"trusted agent\0".as_slice(), id.as_bytes()].concat()
}
