//! The worker: claims jobs, runs them, settles them; and does what is due by the clock.

mod run;
pub mod schedule;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::domain::job::{Lane, LeasedJob};
use crate::usecases::{Error, Office};

/// How many fulfilments one process runs at a time.
const FULFILMENTS: usize = 16;

/// How many mails are claimed and settled together. They wait for each other, so that a rush of requests is not slowed by
/// its own mails.
const MAILS: usize = 64;

/// How long to wait where no commit of this process announced a job: for those of other processes, and for retries.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often leases are renewed: well within [`crate::domain::job::LEASE`].
const HEARTBEAT: Duration = Duration::from_secs(8);

/// A worker at work. Dropped without [`Worker::stop`], it goes on until the process ends.
pub struct Worker {
    office: Office,
    owner: Uuid,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Worker {
    /// Starts a worker under a name of its own.
    pub fn start(office: Office, owner: Uuid) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(fulfilments(office.clone(), owner, stopped.clone()));
        tasks.spawn(mails(office.clone(), owner, stopped.clone()));
        tasks.spawn(heartbeat(office.clone(), owner, stopped.clone()));
        tasks.spawn(schedule::keep(office.clone(), stopped));
        Self { office, owner, stop, tasks }
    }

    /// Lets running jobs end, gives the leases back, and returns.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
        let (office, owner) = (self.office, self.owner);
        let released = office.store.write(move |tx| Ok::<_, Error>(tx.release_leases(owner)?)).await;
        if let Err(error) = released {
            tracing::warn!(%error, "leases could not be given back; they run out by themselves");
        }
    }
}

/// Claims fulfilments as fast as they can be run.
async fn fulfilments(office: Office, owner: Uuid, mut stopped: watch::Receiver<bool>) {
    let ready = office.store.jobs_ready();
    let places = Arc::new(Semaphore::new(FULFILMENTS));
    let mut running = JoinSet::new();
    while !*stopped.borrow() {
        // Asked before looking, so that a job committed in between is not slept through.
        let announced = ready.notified();
        let free = places.available_permits();
        let jobs = if free == 0 { Vec::new() } else { leased(&office, owner, Lane::Fulfilment, free).await };
        if jobs.is_empty() {
            tokio::select! {
                () = announced => {}
                () = tokio::time::sleep(PATIENCE) => {}
                _ = running.join_next(), if !running.is_empty() => {}
                _ = stopped.changed() => {}
            }
            continue;
        }
        for job in jobs {
            let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
            let office = office.clone();
            running.spawn(async move {
                run::fulfilment(&office, owner, job).await;
                drop(place);
            });
        }
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

/// Sends mails, a batch after the other.
async fn mails(office: Office, owner: Uuid, mut stopped: watch::Receiver<bool>) {
    let ready = office.store.jobs_ready();
    while !*stopped.borrow() {
        let announced = ready.notified();
        let jobs = leased(&office, owner, Lane::Mail, MAILS).await;
        if !jobs.is_empty() {
            run::mails(&office, owner, jobs).await;
            continue;
        }
        tokio::select! {
            () = announced => {}
            () = tokio::time::sleep(PATIENCE) => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn leased(office: &Office, owner: Uuid, lane: Lane, free: usize) -> Vec<LeasedJob> {
    let now = office.clock.now();
    let limit = u32::try_from(free).unwrap_or(1);
    let claimed = office.store.write(move |tx| Ok::<_, Error>(tx.claim(now, owner, Some(lane), limit)?)).await;
    claimed.unwrap_or_else(|error| {
        tracing::warn!(%error, "jobs cannot be claimed");
        Vec::new()
    })
}

async fn heartbeat(office: Office, owner: Uuid, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        tokio::select! {
            () = tokio::time::sleep(HEARTBEAT) => {}
            _ = stopped.changed() => return,
        }
        let now = office.clock.now();
        if let Err(error) = office.store.write(move |tx| Ok::<_, Error>(tx.heartbeat(owner, now)?)).await {
            tracing::warn!(%error, "leases cannot be renewed");
        }
    }
}
