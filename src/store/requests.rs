//! Requests: columns to sort and filter by, everything else sealed under a key of the request's own.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::{StoreError, Tx};
use crate::domain::ids::{BundleId, ControllerId, RequestId};
use crate::domain::request::{Outcome, Request, StateName};

impl Tx<'_> {
    /// Keeps a new request with everything its outcome brings: entries, jobs, opt-outs.
    pub fn insert(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        let _ = outcome;
        todo!()
    }

    /// Keeps a request as it is after a transition, with everything its outcome brings.
    pub fn save(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        let _ = outcome;
        todo!()
    }

    /// A request; none when there is none or it was purged.
    pub fn request(&mut self, id: RequestId) -> Result<Option<Request>, StoreError> {
        let _ = id;
        todo!()
    }

    /// A request that nobody else changes until this write ends.
    pub fn request_for_update(&mut self, id: RequestId) -> Result<Option<Request>, StoreError> {
        let _ = id;
        todo!()
    }

    /// The requests of a bundle, oldest id first.
    pub fn requests_of(&mut self, bundle: BundleId) -> Result<Vec<Request>, StoreError> {
        let _ = bundle;
        todo!()
    }

    /// The same, and nobody else changes them until this write ends.
    pub fn requests_of_for_update(&mut self, bundle: BundleId) -> Result<Vec<Request>, StoreError> {
        let _ = bundle;
        todo!()
    }

    /// Requests received before a moment that still wait for a proof of who the person or the agent is.
    pub fn expired_candidates(&mut self, before: DateTime<Utc>, limit: u32) -> Result<Vec<RequestId>, StoreError> {
        let _ = (before, limit);
        todo!()
    }

    /// How many requests stand where, purged ones included; states without requests are left out.
    pub fn count_by_state(&mut self, controller: Option<&ControllerId>) -> Result<Vec<(StateName, i64)>, StoreError> {
        let _ = controller;
        todo!()
    }

    /// Destroys the request's key and everything personal about it: what is left is what the log and the trail say.
    pub fn purge(&mut self, id: RequestId) -> Result<(), StoreError> {
        let _ = id;
        todo!()
    }

    /// The key for the request's files, derived from its own key; none once it is purged.
    pub fn file_key(&mut self, id: RequestId) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
        let _ = id;
        todo!()
    }
}
