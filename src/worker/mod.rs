//! The worker: claims jobs, runs them, settles them; and does what is due by the clock.

mod run;
pub mod schedule;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, watch as signal};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::connectors::Why;
use crate::domain::job::{Lane, LeasedJob};
use crate::usecases::{Error, Office};
use watch::Watch;

/// How many fulfilments one process runs at a time.
const FULFILMENTS: usize = 16;

/// How many mails are claimed and settled together. They wait for each other, so that a rush of requests is not slowed by
/// its own mails.
const MAILS: usize = 64;

/// How long to wait where no commit of this process announced a job: for those of other processes, and for retries.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often leases are renewed: well within [`crate::domain::job::LEASE`].
const HEARTBEAT: Duration = Duration::from_secs(8);

/// How long to wait, after runs were told to end, for those that do not: for one that waits for the answer to a COMMIT, say.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// A worker at work. Dropped without [`Worker::stop`], it goes on until the process ends.
pub struct Worker {
    office: Office,
    owner: Uuid,
    stop: signal::Sender<bool>,
    /// What claims and runs jobs; each ends by itself when it is told to stop.
    hands: JoinSet<()>,
    /// What leases and runs are kept by, for as long as there are any.
    keepers: JoinSet<()>,
    watch: Arc<Watch>,
}

impl Worker {
    /// Starts a worker under a name of its own.
    pub fn start(office: Office, owner: Uuid) -> Self {
        let (stop, stopped) = signal::channel(false);
        let watch = Arc::new(Watch::default());
        let (mut hands, mut keepers) = (JoinSet::new(), JoinSet::new());
        hands.spawn(fulfilments(office.clone(), owner, Arc::clone(&watch), stopped.clone()));
        hands.spawn(mails(office.clone(), owner, Arc::clone(&watch), stopped.clone()));
        hands.spawn(schedule::keep(office.clone(), stopped));
        keepers.spawn(heartbeat(office.clone(), Arc::clone(&watch)));
        keepers.spawn(Arc::clone(&watch).keep(office.clone()));
        Self { office, owner, stop, hands, keepers, watch }
    }

    /// Begins nothing more, lets what runs end for a time, then tells it to end; gives the leases back, so that others go
    /// on at once. `false`: something did not end even so, and is left as a crash would leave it.
    pub async fn stop(mut self, grace: Duration) -> bool {
        let _ = self.stop.send(true);
        let mut ended = self.hands_end(grace).await;
        if !ended {
            tracing::info!("work that is still running is told to end");
            self.watch.stop();
            self.office.cancellation.cancel(Why::Stopping);
            ended = self.hands_end(LAST_PATIENCE).await;
        }
        self.hands.shutdown().await;
        self.keepers.shutdown().await;
        let (office, owner) = (self.office, self.owner);
        let released = office.store.write(move |tx| Ok::<_, Error>(tx.release_leases(owner)?)).await;
        if let Err(error) = released {
            tracing::warn!(%error, "leases could not be given back; they run out by themselves");
        }
        ended
    }

    async fn hands_end(&mut self, patience: Duration) -> bool {
        let all = async { while self.hands.join_next().await.is_some() {} };
        tokio::time::timeout(patience, all).await.is_ok()
    }
}

/// Claims fulfilments as fast as they can be run.
async fn fulfilments(office: Office, owner: Uuid, watch: Arc<Watch>, mut stopped: signal::Receiver<bool>) {
    let ready = office.store.jobs_ready();
    let places = Arc::new(Semaphore::new(FULFILMENTS));
    let mut running = JoinSet::new();
    while !*stopped.borrow() {
        // Asked before looking, so that a job committed in between is not slept through.
        let announced = ready.notified();
        let free = places.available_permits();
        let claimed_at = office.clock.now();
        let claim = async |free| leased(&office, owner, Lane::Fulfilment, free, claimed_at).await;
        let jobs = if free == 0 { Vec::new() } else { claim(free).await };
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
            let (office, watch) = (office.clone(), Arc::clone(&watch));
            running.spawn(async move {
                run::fulfilment(&office, owner, job, claimed_at, &watch).await;
                drop(place);
            });
        }
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

/// Sends mails, a batch after the other.
async fn mails(office: Office, owner: Uuid, watch: Arc<Watch>, mut stopped: signal::Receiver<bool>) {
    let ready = office.store.jobs_ready();
    while !*stopped.borrow() {
        let announced = ready.notified();
        let jobs = leased(&office, owner, Lane::Mail, MAILS, office.clock.now()).await;
        if !jobs.is_empty() {
            run::mails(&office, owner, jobs, &watch).await;
            continue;
        }
        tokio::select! {
            () = announced => {}
            () = tokio::time::sleep(PATIENCE) => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn leased(office: &Office, owner: Uuid, lane: Lane, free: usize, now: DateTime<Utc>) -> Vec<LeasedJob> {
    let limit = u32::try_from(free).unwrap_or(1);
    let claimed = office.store.write(move |tx| Ok::<_, Error>(tx.claim(now, owner, Some(lane), limit)?)).await;
    claimed.unwrap_or_else(|error| {
        tracing::warn!(%error, "jobs cannot be claimed");
        Vec::new()
    })
}

async fn heartbeat(office: Office, watch: Arc<Watch>) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let (leases, now) = (watch.leases(), office.clock.now());
        if leases.is_empty() {
            continue;
        }
        let renewed = office.store.write(move |tx| {
            // One that is lost is told to its run by whoever watches it.
            leases.iter().try_for_each(|lease| tx.renew(lease, now).map(drop)).map_err(Error::from)
        });
        if let Err(error) = renewed.await {
            tracing::warn!(%error, "leases cannot be renewed");
        }
    }
}
