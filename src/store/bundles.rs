//! Bundles: what one submission sent together, its token and its verification.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::{insert_into, update};

use super::codec::{from_json, sum, to_json};
use super::dialect::{ask, change, lock};
use super::prepared::prepared;
use super::schema::bundles;
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::ids::{BundleId, ControllerId};
use crate::domain::verification::Challenge;

/// The requests that one submission sent together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Its id.
    pub id: BundleId,
    /// Who answers.
    pub controller: ControllerId,
    /// SHA-256 of the token that was given out.
    pub token_hash: [u8; 32],
    /// When it came in.
    pub created_at: DateTime<Utc>,
    /// The mailed code, where one was needed.
    pub challenge: Option<Challenge>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = bundles, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    controller: String,
    token_hash: Vec<u8>,
    created_at: At,
    challenge: Option<String>,
}

impl Row {
    fn decode(self) -> Result<Bundle, StoreError> {
        Ok(Bundle {
            id: BundleId(self.id.0),
            controller: ControllerId(self.controller),
            token_hash: sum(&self.token_hash, "bundles.token_hash")?,
            created_at: self.created_at.0,
            challenge: self.challenge.map(|json| from_json(json.as_bytes(), "bundles.challenge")).transpose()?,
        })
    }
}

impl Tx<'_> {
    /// Keeps a new bundle.
    pub fn insert_bundle(&mut self, bundle: &Bundle) -> Result<(), StoreError> {
        let row = Row {
            id: Uid(bundle.id.0),
            controller: bundle.controller.to_string(),
            token_hash: bundle.token_hash.to_vec(),
            created_at: At(bundle.created_at),
            challenge: bundle.challenge.as_ref().map(to_json).transpose()?,
        };
        change!(self, c => insert_into(bundles::table).values(&row).execute(c)).map(drop)
    }

    /// A bundle.
    pub fn bundle(&mut self, id: BundleId) -> Result<Option<Bundle>, StoreError> {
        ask!(self, c => bundles::table.find(Uid(id.0)).get_result::<Row>(c).optional())?.map(Row::decode).transpose()
    }

    /// A bundle that nobody else changes until this write ends.
    pub fn bundle_for_update(&mut self, id: BundleId) -> Result<Option<Bundle>, StoreError> {
        let rows = lock!(&mut *self.conn, bundles::table.find(Uid(id.0)) => Row);
        self.noted(rows)?.pop().map(Row::decode).transpose()
    }

    /// Replaces a bundle's challenge.
    pub fn set_challenge(&mut self, id: BundleId, challenge: &Challenge) -> Result<(), StoreError> {
        let challenge = to_json(challenge)?;
        let this = bundles::table.find(Uid(id.0));
        change!(self, c => {
            let replaced = update(this).set(bundles::challenge.eq(&challenge)).returning(bundles::id);
            prepared(replaced).changed::<Uid, _>(c)
        })
        .map(drop)
    }
}
