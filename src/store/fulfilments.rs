//! How far a fulfilment is: its steps for staff to see, its manifests so that a crash resumes to the same end.

use std::fmt;

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::{StoreError, Tx};
use crate::domain::ids::{RequestId, SystemId};

/// One step of a fulfilment. Holds nothing personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// Its place.
    pub ordinal: i32,
    /// What it does, as a word: `find`, `erase`.
    pub name: String,
    /// In which system.
    pub system: SystemId,
    /// In which dataset.
    pub dataset: String,
    /// In which collection.
    pub collection: String,
    /// How it stands.
    pub state: StepState,
    /// With how many rows.
    pub rows: u64,
    /// What went wrong; never personal data.
    pub error: Option<String>,
    /// When that was so.
    pub updated_at: DateTime<Utc>,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Pending,
    /// Begun.
    Running,
    /// Done.
    Done,
    /// It failed and will be tried again.
    Failed,
}

/// What an erasure will touch in one system: round, system, the bytes, and whether it was carried out.
pub type Manifest = (i32, SystemId, Zeroizing<Vec<u8>>, bool);

impl Tx<'_> {
    /// Keeps steps; one with the same ordinal is replaced.
    pub fn put_steps(&mut self, request: RequestId, steps: &[StepRow]) -> Result<(), StoreError> {
        let _ = (request, steps);
        todo!()
    }

    /// A request's steps in order.
    pub fn steps(&mut self, request: RequestId) -> Result<Vec<StepRow>, StoreError> {
        let _ = request;
        todo!()
    }

    /// Forgets a request's steps, for a run with others.
    pub fn clear_steps(&mut self, request: RequestId) -> Result<(), StoreError> {
        let _ = request;
        todo!()
    }

    /// Keeps what will be erased, sealed under the request's key. It can be replaced until it was carried out; then
    /// it is a [`StoreError::Conflict`].
    pub fn put_manifest(
        &mut self,
        request: RequestId,
        round: i32,
        system: &SystemId,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let _ = (request, round, system, bytes);
        todo!()
    }

    /// A request's manifests by round and system; none once it is purged.
    pub fn manifests(&mut self, request: RequestId) -> Result<Vec<Manifest>, StoreError> {
        let _ = request;
        todo!()
    }

    /// A manifest was carried out.
    pub fn mark_executed(&mut self, request: RequestId, round: i32, system: &SystemId) -> Result<(), StoreError> {
        let _ = (request, round, system);
        todo!()
    }
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl StepState {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            StepState::Pending => "pending",
            StepState::Running => "running",
            StepState::Done => "done",
            StepState::Failed => "failed",
        }
    }
}
