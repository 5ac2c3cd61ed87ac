//! Keys for the company's own programs; only their hashes are kept.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::{insert_into, update};
use uuid::Uuid;

use super::codec::sum;
use super::dialect::{ask, change};
use super::schema::api_keys;
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::ids::ControllerId;

/// A key for a program of the company's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// What it is for, in words.
    pub name: String,
    /// For which controller's data; none: all.
    pub controller: Option<ControllerId>,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    name: String,
    controller: Option<String>,
    hash: Vec<u8>,
    created_at: At,
    revoked_at: Option<At>,
}

impl Row {
    fn decode(self) -> Result<ApiKey, StoreError> {
        Ok(ApiKey {
            id: self.id.0,
            name: self.name,
            controller: self.controller.map(ControllerId),
            hash: sum(&self.hash, "api_keys.hash")?,
            created_at: self.created_at.0,
        })
    }
}

impl Tx<'_> {
    /// Keeps a new key.
    pub fn insert_api_key(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        let row = Row {
            id: Uid(key.id),
            name: key.name.clone(),
            controller: key.controller.as_ref().map(ToString::to_string),
            hash: key.hash.to_vec(),
            created_at: At(key.created_at),
            revoked_at: None,
        };
        change!(self, c => insert_into(api_keys::table).values(&row).execute(c)).map(drop)
    }

    /// The key with this hash, unless it was revoked.
    pub fn api_key(&mut self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let this = api_keys::hash.eq(hash.as_slice()).and(api_keys::revoked_at.is_null());
        ask!(self, c => api_keys::table.filter(this).get_result::<Row>(c).optional())?.map(Row::decode).transpose()
    }

    /// The keys that were not revoked, oldest first.
    pub fn api_keys(&mut self) -> Result<Vec<ApiKey>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => {
            api_keys::table
                .filter(api_keys::revoked_at.is_null())
                .order((api_keys::created_at, api_keys::id))
                .load(c)
        })?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// Revokes a key; `false` when there is none to revoke.
    pub fn revoke_api_key(&mut self, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let live = api_keys::table.filter(api_keys::id.eq(Uid(id)).and(api_keys::revoked_at.is_null()));
        Ok(change!(self, c => update(live).set(api_keys::revoked_at.eq(At(now))).execute(c))? == 1)
    }
}
