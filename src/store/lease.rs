//! Whose a job is: what a run writes is committed while its lease holds, and looked at in the same transaction.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::update;
use uuid::Uuid;

use super::codec::word;
use super::dialect::{Conn, ask, change};
use super::schema::{jobs, requests};
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::ids::{JobId, RequestId};
use crate::domain::job::{LEASE, LeasedJob};
use crate::domain::request::StateName;

/// One lease of one job. The number of attempts tells it from a later one of the same owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    job: JobId,
    owner: Uuid,
    attempts: i32,
}

/// How a lease stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Whose job.
    pub lease: Lease,
    /// Until when, unless it is renewed.
    pub until: DateTime<Utc>,
    /// Where the request stands that the job is about; none where there is none, or it was purged.
    pub state: Option<StateName>,
}

impl Lease {
    /// The lease under which `owner` has a job.
    pub fn of(job: &LeasedJob, owner: Uuid) -> Self {
        Self { job: job.id, owner, attempts: job.attempts }
    }
}

/// A closure that is good for as long as the lease is. It is looked at last, so that locks are taken in the order in which
/// everybody takes them: the request's, then the job's.
pub(super) fn under<T, E: From<StoreError>>(
    lease: Option<Lease>,
    mut f: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
) -> impl FnMut(&mut Tx<'_>) -> Result<T, E> {
    move |tx| {
        let done = f(tx)?;
        match lease {
            Some(lease) if !tx.holds(&lease)? => Err(StoreError::LeaseLost.into()),
            _ => Ok(done),
        }
    }
}

impl Tx<'_> {
    /// Whether the lease holds; on PostgreSQL nobody else can take the job before this transaction ends.
    pub fn holds(&mut self, lease: &Lease) -> Result<bool, StoreError> {
        if self.settled == Some(lease.job) {
            return Ok(true);
        }
        let (owner, attempts) = (jobs::owner.eq(Uid(lease.owner)), jobs::attempts.eq(lease.attempts));
        let this = jobs::table.filter(jobs::id.eq(Uid(lease.job.0)).and(owner).and(attempts)).select(jobs::id);
        let found = match &mut *self.conn {
            // Whoever claims a job passes over rows that are locked; a heartbeat does not wait for this.
            Conn::Pg(c) => this.for_key_share().get_result::<Uid>(c).optional(),
            Conn::Lite(c) => this.get_result::<Uid>(c).optional(),
        };
        Ok(self.noted(found)?.is_some())
    }

    /// Makes the lease last anew; `false` where it is lost.
    pub fn renew(&mut self, lease: &Lease, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let (owner, attempts) = (jobs::owner.eq(Uid(lease.owner)), jobs::attempts.eq(lease.attempts));
        let this = jobs::table.filter(jobs::id.eq(Uid(lease.job.0)).and(owner).and(attempts));
        let until = jobs::leased_until.eq(At(now + LEASE));
        Ok(change!(self, c => update(this).set(until).execute(c))? == 1)
    }

    /// Which of these leases hold, until when, and for what.
    pub fn held(&mut self, leases: &[Lease]) -> Result<Vec<Held>, StoreError> {
        let ids: Vec<Uid> = leases.iter().map(|lease| Uid(lease.job.0)).collect();
        type Row = (Uid, Option<Uid>, i32, Option<At>, Option<Uid>);
        let rows: Vec<Row> = ask!(self, c => {
            jobs::table
                .filter(jobs::id.eq_any(&ids))
                .select((jobs::id, jobs::owner, jobs::attempts, jobs::leased_until, jobs::request_id))
                .load(c)
        })?;
        let mut held = Vec::with_capacity(rows.len());
        for (id, owner, attempts, until, request) in rows {
            let (Some(owner), Some(until)) = (owner, until) else { continue };
            let lease = Lease { job: JobId(id.0), owner: owner.0, attempts };
            if leases.contains(&lease) {
                let state = request.map(|id| self.state_of(RequestId(id.0))).transpose()?.flatten();
                held.push(Held { lease, until: until.0, state });
            }
        }
        Ok(held)
    }

    fn state_of(&mut self, id: RequestId) -> Result<Option<StateName>, StoreError> {
        let state = requests::table.find(Uid(id.0)).filter(requests::wrapped_key.is_not_null()).select(requests::state);
        let state: Option<String> = ask!(self, c => state.get_result(c).optional())?;
        state.map(|name| word(&name, "requests.state")).transpose()
    }
}
