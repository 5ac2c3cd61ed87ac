//! The worker: claims jobs, runs them, settles them; and does what is due by the clock.

mod run;
mod schedule;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::domain::job::LeasedJob;
use crate::usecases::{Error, Office};

/// How many jobs one process runs at a time.
const AT_ONCE: usize = 16;

/// How long to wait where no commit of this process announced a job: for those of other processes, and for retries.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often leases are renewed: well within [`crate::domain::job::LEASE`].
const HEARTBEAT: Duration = Duration::from_secs(8);

/// A worker at work. Dropped without [`Worker::stop`], it goes on until the process ends.
pub struct Worker {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Worker {
    /// Starts a worker under a name of its own.
    pub fn start(office: Office, owner: Uuid) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(claim(office.clone(), owner, stopped.clone()));
        tasks.spawn(heartbeat(office.clone(), owner, stopped.clone()));
        tasks.spawn(schedule::keep(office, stopped));
        Self { stop, tasks }
    }

    /// Lets running jobs end, gives the leases back, and returns.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Claims jobs as fast as they can be run.
async fn claim(office: Office, owner: Uuid, mut stopped: watch::Receiver<bool>) {
    let ready = office.store.jobs_ready();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    while !*stopped.borrow() {
        // Registered before looking, so that a job committed in between is not slept through.
        let announced = ready.notified();
        let free = places.available_permits();
        let jobs = if free == 0 { Vec::new() } else { leased(&office, owner, free).await };
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
                run::run(&office, owner, job).await;
                drop(place);
            });
        }
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
    let released = office.store.write(move |tx| Ok::<_, Error>(tx.release_leases(owner)?)).await;
    if let Err(error) = released {
        tracing::warn!(%error, "leases could not be given back; they run out by themselves");
    }
}

async fn leased(office: &Office, owner: Uuid, free: usize) -> Vec<LeasedJob> {
    let now = office.clock.now();
    let limit = u32::try_from(free).unwrap_or(1);
    // Looking costs no write; claiming does.
    let claimed = office.store.write(move |tx| Ok::<_, Error>(tx.claim(now, owner, limit)?)).await;
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
