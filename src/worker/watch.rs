//! Every run is watched while it goes on: twice a second its lease and its request are looked at, and a run that nobody wants
//! any more is told to end; about once a second what it shows is written down. Leases are renewed of what runs and of nothing
//! else, so that a job whose run could not be settled is taken up again when its lease is over.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::connectors::{Cancellation, Why};
use crate::domain::job::{Job, LEASE, LeasedJob};
use crate::store::{Held, Lease};
use crate::usecases::{Error, Office};

/// How often is looked.
const GLANCE: Duration = Duration::from_millis(500);

/// At every how-manieth look what runs show is written down.
const NOTED_EVERY: u32 = 2;

/// The runs of one process.
#[derive(Default)]
pub struct Watch {
    runs: Mutex<Runs>,
}

#[derive(Default)]
struct Runs {
    running: HashMap<Lease, Watched>,
    /// Leases of what is too short to be watched.
    held: HashSet<Lease>,
    /// Whether the process stops: no run begins any more.
    stopping: bool,
}

#[derive(Clone)]
struct Watched {
    job: Job,
    lease: Lease,
    until: Known,
    office: Office,
    /// How often it was looked at.
    looks: u32,
}

/// Until when a lease is known to hold, in microseconds since 1970.
#[derive(Clone)]
struct Known(Arc<AtomicI64>);

impl Known {
    fn until(moment: DateTime<Utc>) -> Self {
        Self(Arc::new(AtomicI64::new(moment.timestamp_micros())))
    }

    fn learn(&self, until: DateTime<Utc>) {
        self.0.fetch_max(until.timestamp_micros(), Ordering::SeqCst);
    }

    fn holds(&self, now: DateTime<Utc>) -> bool {
        now.timestamp_micros() < self.0.load(Ordering::SeqCst)
    }
}

/// Leases that are renewed until this is dropped.
pub struct Holding<'w> {
    watch: &'w Watch,
    leases: Vec<Lease>,
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        let mut runs = self.watch.runs();
        self.leases.iter().for_each(|lease| _ = runs.held.remove(lease));
    }
}

/// One run; watched until this is dropped.
pub struct Run<'w> {
    watch: &'w Watch,
    lease: Lease,
    /// The office it works in.
    pub office: Office,
}

impl Watch {
    /// A run begins under the lease with which `owner` claimed the job at a moment.
    pub fn begin(&self, office: &Office, owner: Uuid, job: &LeasedJob, claimed_at: DateTime<Utc>) -> Run<'_> {
        let lease = Lease::of(job, owner);
        let until = Known::until(claimed_at + LEASE);
        let office = office.for_run(lease, Cancellation::with_gate(gate(office, lease, until.clone())));
        let watched = Watched { job: job.job.clone(), lease, until, office: office.clone(), looks: 0 };
        let mut runs = self.runs();
        if runs.stopping {
            office.cancellation.cancel(Why::Stopping);
        }
        runs.running.insert(lease, watched);
        Run { watch: self, lease, office }
    }

    /// Keeps leases whose work is too short to be watched.
    pub fn hold(&self, leases: Vec<Lease>) -> Holding<'_> {
        self.runs().held.extend(leases.iter().copied());
        Holding { watch: self, leases }
    }

    /// The leases of everything that goes on.
    pub fn leases(&self) -> Vec<Lease> {
        let runs = self.runs();
        runs.running.keys().chain(&runs.held).copied().collect()
    }

    /// Tells every run to end, and those that begin from now on.
    pub fn stop(&self) {
        let mut runs = self.runs();
        runs.stopping = true;
        runs.running.values().for_each(|run| run.office.cancellation.cancel(Why::Stopping));
    }

    /// Looks at the runs, again and again.
    pub async fn keep(self: Arc<Self>, office: Office) {
        loop {
            tokio::time::sleep(GLANCE).await;
            let runs: Vec<Watched> = self.runs().running.values().cloned().collect();
            if !runs.is_empty() {
                look(&office, &runs).await;
                self.note().await;
            }
        }
    }

    async fn note(&self) {
        let mut due = Vec::new();
        for run in self.runs().running.values_mut() {
            run.looks += 1;
            if run.looks.is_multiple_of(NOTED_EVERY) {
                due.push(run.office.clone());
            }
        }
        for office in due {
            if let Err(error) = office.board.note(&office).await {
                tracing::debug!(%error, "how far a run is could not be noted");
            }
        }
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        // A map of whole values stays whole whichever thread panicked.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.watch.runs().running.remove(&self.lease);
    }
}

/// Whether a run may commit in a company's system. While the lease is known to hold it may; a process that stood still for
/// longer than that, as a virtual machine does while it is moved, has to ask whether the job is somebody else's by now.
fn gate(office: &Office, lease: Lease, until: Known) -> impl Fn() -> bool + Send + Sync + 'static {
    let (store, clock) = (office.store.clone(), office.clock.clone());
    move || {
        let now = clock.now();
        if until.holds(now) {
            return true;
        }
        let renewed = store.write_blocking(move |tx| Ok::<_, Error>(tx.renew(&lease, now)?));
        let renewed = renewed.unwrap_or(false);
        if renewed {
            until.learn(now + LEASE);
        }
        renewed
    }
}

/// One look at all runs.
async fn look(office: &Office, runs: &[Watched]) {
    let leases: Vec<Lease> = runs.iter().map(|run| run.lease).collect();
    let held = office.store.read(move |tx| Ok::<_, Error>(tx.held(&leases)?)).await;
    let now = office.clock.now();
    for run in runs {
        let told = match &held {
            Ok(held) => told(run, held),
            // Nobody can say whose the job is; while the lease is known to hold it is ours.
            Err(_) if run.until.holds(now) => None,
            Err(_) => Some(Why::LeaseLost),
        };
        if let Some(why) = told {
            run.office.cancellation.cancel(why);
        }
    }
}

/// Why a run is to end, if it is.
fn told(run: &Watched, held: &[Held]) -> Option<Why> {
    let Some(held) = held.iter().find(|held| held.lease == run.lease) else { return Some(Why::LeaseLost) };
    run.until.learn(held.until);
    (!run.job.is_wanted(held.state)).then_some(Why::Unwanted)
}
