//! First answers, kept so that a repeated call gets the same one.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{StoreError, Tx};

/// The first answer to a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Which call: caller, route and idempotency key, hashed together.
    pub scope: [u8; 32],
    /// SHA-256 of the body that was sent.
    pub body_hash: [u8; 32],
    /// The HTTP status of the answer.
    pub status: u16,
    /// Its body; sealed at rest.
    pub answer: Vec<u8>,
    /// When it was given.
    pub at: DateTime<Utc>,
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").field("status", &self.status).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Tx<'_> {
    /// Keeps a first answer. [`StoreError::Conflict`] when there is one.
    pub fn remember(&mut self, answer: &Remembered) -> Result<(), StoreError> {
        let _ = answer;
        todo!()
    }

    /// The first answer, if there is one.
    pub fn recall(&mut self, scope: &[u8; 32]) -> Result<Option<Remembered>, StoreError> {
        let _ = scope;
        todo!()
    }

    /// Forgets answers older than `at`; gives their number.
    pub fn forget_before(&mut self, at: DateTime<Utc>) -> Result<u64, StoreError> {
        let _ = at;
        todo!()
    }
}
