//! The audit trail: entries of a whole commit are chained at its end, one chain a controller.

use super::{StoreError, Tx};
use crate::domain::audit::{Broken, Entry, NewEntry};
use crate::domain::ids::{ControllerId, RequestId};

impl Tx<'_> {
    /// Appends an entry. It gets its place and its hash when the write is committed, and cannot be read before.
    pub fn append(&mut self, entry: &NewEntry) -> Result<(), StoreError> {
        let _ = entry;
        todo!()
    }

    /// The entries about a request, in order.
    pub fn entries(&mut self, request: RequestId) -> Result<Vec<Entry>, StoreError> {
        let _ = request;
        todo!()
    }

    /// Recomputes every chain up to its head as it stands now: the number of entries, or where it is broken.
    pub fn verify_chains(&mut self) -> Result<Vec<(ControllerId, Result<i64, Broken>)>, StoreError> {
        todo!()
    }
}
