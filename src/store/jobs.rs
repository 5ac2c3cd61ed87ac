//! Durable jobs: leased to one process at a time, taken over when it stops, visible when they fail.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{StoreError, Tx};
use crate::domain::ids::{JobId, RequestId};
use crate::domain::job::{Job, LeasedJob, NewJob, Settlement};

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStatus {
    /// Which.
    pub id: JobId,
    /// The work.
    pub job: Job,
    /// How often it was begun.
    pub attempts: i32,
    /// When it is due to be begun (again).
    pub run_at: DateTime<Utc>,
    /// What went wrong last, or what it waits for.
    pub last_error: Option<String>,
    /// It is not tried again until staff say so.
    pub given_up: bool,
    /// A process works on it, or did when it stopped.
    pub leased: bool,
}

impl Tx<'_> {
    /// Keeps a job. There is one `fulfil` job a request: a second makes the first due at the earlier time of both and
    /// tries it again if it was given up.
    pub fn enqueue(&mut self, job: &NewJob) -> Result<(), StoreError> {
        let _ = job;
        todo!()
    }

    /// Leases up to `limit` jobs that are due and nobody's, or whose lease ran out.
    pub fn claim(&mut self, now: DateTime<Utc>, owner: Uuid, limit: u32) -> Result<Vec<LeasedJob>, StoreError> {
        let _ = (now, owner, limit);
        todo!()
    }

    /// Extends all leases of `owner`; gives their number.
    pub fn heartbeat(&mut self, owner: Uuid, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let _ = (owner, now);
        todo!()
    }

    /// Writes down what became of a run. `false`: the lease was lost and somebody else has the job; nothing changed,
    /// and what the run found must not be committed either.
    pub fn settle(
        &mut self,
        job: &LeasedJob,
        owner: Uuid,
        settlement: &Settlement,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let _ = (job, owner, settlement, now);
        todo!()
    }

    /// Gives all of `owner`'s jobs back, as if not begun: for a shutdown in good order.
    pub fn release_leases(&mut self, owner: Uuid) -> Result<u64, StoreError> {
        let _ = owner;
        todo!()
    }

    /// The jobs about a request.
    pub fn jobs_of(&mut self, request: RequestId) -> Result<Vec<JobStatus>, StoreError> {
        let _ = request;
        todo!()
    }

    /// Makes a request's waiting and given-up jobs due at once, with all their attempts; gives their number.
    pub fn retry_now(&mut self, request: RequestId, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let _ = (request, now);
        todo!()
    }

    /// How many jobs never failed, failed and will be tried again, were given up.
    pub fn job_counts(&mut self) -> Result<(i64, i64, i64), StoreError> {
        todo!()
    }
}
