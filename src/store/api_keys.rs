//! Keys for the company's own programs; only their hashes are kept.

use chrono::{DateTime, Utc};
use uuid::Uuid;

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

impl Tx<'_> {
    /// Keeps a new key.
    pub fn insert_api_key(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        let _ = key;
        todo!()
    }

    /// The key with this hash, unless it was revoked.
    pub fn api_key(&mut self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let _ = hash;
        todo!()
    }

    /// The keys that were not revoked, oldest first.
    pub fn api_keys(&mut self) -> Result<Vec<ApiKey>, StoreError> {
        todo!()
    }

    /// Revokes a key; `false` when there is none to revoke.
    pub fn revoke_api_key(&mut self, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let _ = (id, now);
        todo!()
    }
}
