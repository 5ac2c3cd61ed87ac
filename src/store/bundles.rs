//! Bundles: what one submission sent together, its token and its verification.

use chrono::{DateTime, Utc};

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

impl Tx<'_> {
    /// Keeps a new bundle.
    pub fn insert_bundle(&mut self, bundle: &Bundle) -> Result<(), StoreError> {
        let _ = bundle;
        todo!()
    }

    /// A bundle.
    pub fn bundle(&mut self, id: BundleId) -> Result<Option<Bundle>, StoreError> {
        let _ = id;
        todo!()
    }

    /// A bundle that nobody else changes until this write ends.
    pub fn bundle_for_update(&mut self, id: BundleId) -> Result<Option<Bundle>, StoreError> {
        let _ = id;
        todo!()
    }

    /// Replaces a bundle's challenge.
    pub fn set_challenge(&mut self, id: BundleId, challenge: &Challenge) -> Result<(), StoreError> {
        let _ = (id, challenge);
        todo!()
    }
}
