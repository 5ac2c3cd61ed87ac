//! Durable jobs: leased to one process at a time, taken over when it stops, visible when they fail.

use chrono::{DateTime, Utc};
use diesel::dsl::{case_when, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer};
use diesel::{delete, insert_into, update};
use uuid::Uuid;

use super::codec::{from_json, to_json};
use super::dialect::{Conn, ask, change};
use super::prepared::prepared;
use super::schema::jobs;
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::clock;
use crate::domain::ids::{JobId, RequestId};
use crate::domain::job::{Job, LEASE, Lane, LeasedJob, NewJob, Settlement};

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

#[derive(Queryable, Insertable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    kind: String,
    request_id: Option<Uid>,
    sole: Option<Uid>,
    payload: String,
    attempts: i32,
    run_at: At,
    owner: Option<Uid>,
    leased_until: Option<At>,
    last_error: Option<String>,
    given_up: bool,
}

impl Row {
    fn job(&self) -> Result<Job, StoreError> {
        from_json(self.payload.as_bytes(), "jobs.payload")
    }

    fn status(self) -> Result<JobStatus, StoreError> {
        Ok(JobStatus {
            id: JobId(self.id.0),
            job: self.job()?,
            attempts: self.attempts,
            run_at: self.run_at.0,
            last_error: self.last_error,
            given_up: self.given_up,
            leased: self.owner.is_some(),
        })
    }
}

impl Tx<'_> {
    /// Keeps a job. There is one `fulfil` job a request, and one `erase_retained`: a second makes the first due at the
    /// earlier time of both and tries it again if it was given up.
    pub fn enqueue(&mut self, job: &NewJob) -> Result<(), StoreError> {
        // There is one such job a request; of the others as many as there are occasions.
        let sole = match job.job {
            Job::Fulfil { request } => Some(Uid(request.0)),
            // Another name for the same request.
            Job::EraseRetained { request } => Some(Uid(Uuid::from_u128(!request.0.as_u128()))),
            _ => None,
        };
        let row = Row {
            id: Uid(clock::new_id(job.run_at)),
            kind: job.job.kind().to_owned(),
            request_id: job.job.request().map(|id| Uid(id.0)),
            sole,
            payload: to_json(&job.job)?,
            attempts: 0,
            run_at: At(job.run_at),
            owner: None,
            leased_until: None,
            last_error: None,
            given_up: false,
        };
        change!(self, c => {
            let once = insert_into(jobs::table).values(&row).on_conflict(jobs::sole).do_update().set((
                jobs::run_at.eq(case_when(jobs::run_at.lt(row.run_at), jobs::run_at).otherwise(row.run_at)),
                jobs::attempts.eq(case_when(jobs::given_up, 0.into_sql::<Integer>()).otherwise(jobs::attempts)),
                jobs::given_up.eq(false),
            ));
            prepared(once.returning(jobs::id)).changed::<Uid, _>(c)
        })?;
        self.pending.jobs = true;
        Ok(())
    }

    /// Leases up to `limit` jobs that are due and nobody's, or whose lease ran out; of one lane, or of both.
    pub fn claim(
        &mut self,
        now: DateTime<Utc>,
        owner: Uuid,
        lane: Option<Lane>,
        limit: u32,
    ) -> Result<Vec<LeasedJob>, StoreError> {
        // Literally what the partial index of each lane says, so that neither looks through the other's backlog.
        let lane = sql::<Bool>(match lane {
            None => "1 = 1",
            Some(Lane::Mail) => "kind NOT IN ('fulfil', 'match_evidence', 'tell_service', 'erase_retained')",
            Some(Lane::Fulfilment) => "kind IN ('fulfil', 'match_evidence', 'tell_service', 'erase_retained')",
        });
        let free = jobs::leased_until.is_null().or(jobs::leased_until.le(At(now)).assume_not_null());
        let due = jobs::table
            .filter(jobs::given_up.eq(false).and(jobs::run_at.le(At(now))).and(free).and(lane))
            .order((jobs::run_at, jobs::id));
        self.touch();
        let rows = match &mut *self.conn {
            Conn::Pg(c) => prepared(due.limit(limit.into()).for_update().skip_locked()).load::<Row>(c),
            // Its rows come one by one, so that whoever takes no more of them needs no limit.
            Conn::Lite(c) => prepared(due).load_iter::<Row, _>(c).and_then(|rows| rows.take(limit as usize).collect()),
        };
        let rows: Vec<Row> = self.noted(rows)?;
        let (ours, until) = (Uid(owner), At(now + LEASE));
        let lease = || (jobs::owner.eq(ours), jobs::leased_until.eq(until), jobs::attempts.eq(jobs::attempts + 1));
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uid> = rows.iter().map(|row| row.id).collect();
        let leased = match &mut *self.conn {
            // One list, whatever its length.
            Conn::Pg(c) => update(jobs::table.filter(jobs::id.eq_any(&ids))).set(lease()).execute(c).map(drop),
            Conn::Lite(c) => ids.iter().try_for_each(|id| {
                let leased = update(jobs::table.find(*id)).set(lease()).returning(jobs::id);
                prepared(leased).changed::<Uid, _>(c).map(drop)
            }),
        };
        self.noted(leased)?;
        rows.into_iter()
            .map(|row| Ok(LeasedJob { id: JobId(row.id.0), attempts: row.attempts + 1, job: row.job()? }))
            .collect()
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
        // The number of attempts tells a lease from a later one of the same owner's.
        let leased = jobs::id.eq(Uid(job.id.0)).and(jobs::owner.eq(Uid(owner))).and(jobs::attempts.eq(job.attempts));
        let this = jobs::table.filter(leased);
        let free = (jobs::owner.eq(None::<Uid>), jobs::leased_until.eq(None::<At>));
        let touched = match settlement {
            Settlement::Done => change!(self, c => delete(this).execute(c)),
            Settlement::Postponed { until, reason } => {
                let set = (
                    free,
                    jobs::run_at.eq(At(*until)),
                    jobs::last_error.eq(reason),
                    jobs::attempts.eq(job.attempts - 1),
                );
                change!(self, c => update(this).set(set).execute(c))
            }
            Settlement::GivenBack => {
                self.pending.jobs = true;
                change!(self, c => update(this).set((free, jobs::attempts.eq(job.attempts - 1))).execute(c))
            }
            Settlement::Retry { at, error } => {
                let set = (free, jobs::run_at.eq(At(*at)), jobs::last_error.eq(error));
                change!(self, c => update(this).set(set).execute(c))
            }
            Settlement::GivenUp { error } => {
                let set = (free, jobs::run_at.eq(At(now)), jobs::last_error.eq(error), jobs::given_up.eq(true));
                change!(self, c => update(this).set(set).execute(c))
            }
        }?;
        if touched == 1 {
            self.settled = Some(job.id);
        }
        Ok(touched == 1)
    }

    /// Gives all of `owner`'s jobs back, as if not begun: for a shutdown in good order.
    pub fn release_leases(&mut self, owner: Uuid) -> Result<u64, StoreError> {
        let ours = jobs::table.filter(jobs::owner.eq(Uid(owner)));
        let free =
            (jobs::owner.eq(None::<Uid>), jobs::leased_until.eq(None::<At>), jobs::attempts.eq(jobs::attempts - 1));
        Ok(change!(self, c => update(ours).set(free).execute(c))? as u64)
    }

    /// The jobs about a request.
    pub fn jobs_of(&mut self, request: RequestId) -> Result<Vec<JobStatus>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => {
            jobs::table.filter(jobs::request_id.eq(Uid(request.0))).order((jobs::run_at, jobs::id)).load(c)
        })?;
        rows.into_iter().map(Row::status).collect()
    }

    /// Makes a request's waiting and given-up jobs due at once, with all their attempts; gives their number.
    pub fn retry_now(&mut self, request: RequestId, now: DateTime<Utc>) -> Result<u64, StoreError> {
        // A lease that runs is left alone; the job is being tried at this moment.
        let free = jobs::leased_until.is_null().or(jobs::leased_until.le(At(now)).assume_not_null());
        let waiting = jobs::table.filter(jobs::request_id.eq(Uid(request.0)).assume_not_null().and(free));
        let anew = (jobs::run_at.eq(At(now)), jobs::attempts.eq(0), jobs::given_up.eq(false));
        let count = change!(self, c => update(waiting).set(anew).execute(c))?;
        self.pending.jobs |= count > 0;
        Ok(count as u64)
    }

    /// How many jobs never failed, failed and will be tried again, were given up.
    pub fn job_counts(&mut self) -> Result<(i64, i64, i64), StoreError> {
        let live = jobs::table.filter(jobs::given_up.eq(false));
        let fresh = live.filter(jobs::last_error.is_null()).count();
        let failing = live.filter(jobs::last_error.is_not_null()).count();
        let given_up = jobs::table.filter(jobs::given_up.eq(true)).count();
        Ok((
            ask!(self, c => fresh.get_result(c))?,
            ask!(self, c => failing.get_result(c))?,
            ask!(self, c => given_up.get_result(c))?,
        ))
    }
}
