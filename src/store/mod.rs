//! Everything Habeas remembers, in SQLite or PostgreSQL by URL: what a closure writes is committed whole or not at all.

use std::io;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use diesel::sql_types::Integer;
use diesel::{IntoSql, RunQueryDsl};
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::sync::oneshot::error::RecvError;

mod api_keys;
mod audit;
mod bundles;
mod codec;
mod communications;
mod connect;
mod cursor;
mod deliveries;
mod dialect;
mod documents;
mod earlier;
mod error;
mod figures;
mod free_texts;
mod fulfilments;
mod idempotency;
mod inbox;
mod jobs;
pub mod keys;
mod lease;
mod legal_holds;
mod log;
mod messages;
mod notices;
mod prepared;
mod reader;
mod request_row;
mod requests;
mod retained;
mod retention;
mod review;
mod schema;
mod sealing;
mod second_factors;
mod sessions;
mod sql_types;
mod staff;
mod suppressions;
mod tasks;
mod tries;
mod trusted_agents;
mod tx;
mod watched;
mod writer;

use connect::Place;
use dialect::ask;
use inbox::{Inbox, Reply};
use reader::Reader;
use writer::Writer;

pub use api_keys::ApiKey;
pub use audit::ChainReport;
pub use bundles::Bundle;
pub use earlier::Earlier;
pub use error::StoreError;
pub use figures::{FiguresFilter, FiguresLine};
pub use free_texts::CellNames;
pub use fulfilments::{Manifest, StepRow, StepState};
pub use idempotency::Remembered;
pub use jobs::JobStatus;
pub use keys::Keys;
pub use lease::{Held, Lease};
pub use log::{LogFilter, LogLine};
pub use messages::Message;
pub use notices::Look;
pub use retained::Standing;
pub use retention::Ended;
pub use review::{Page, Queue, Sort};
pub use second_factors::SecondFactor;
pub use suppressions::Suppression;
pub use tasks::{TaskFilter, TaskLine};
pub use tries::Tried;
pub use trusted_agents::{Listing, TrustedAgent};
pub use tx::Tx;

/// Where the store is.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite://FILE` or `postgres://…`.
    pub url: SecretString,
    /// What a relative path of an SQLite file is relative to.
    pub base_dir: PathBuf,
}

/// How many threads read: two cores keep four busy, and SQLite's page cache is a connection's own.
const READERS: usize = 4;

/// The store. Clones share one.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// The lease under which is written, in the run of a job.
    lease: Option<Lease>,
}

struct Inner {
    reads: Arc<Inbox>,
    writes: Arc<Inbox>,
    keys: Arc<Keys>,
    jobs_ready: Arc<Notify>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Store {
    /// Opens the store and brings its tables up to date. Any number of processes may do so at once.
    ///
    /// # Errors
    /// When the database cannot be reached or its tables cannot be brought up to date.
    pub fn open(options: &Options, keys: Arc<Keys>) -> Result<Store, StoreError> {
        let place = Place::parse(options)?;
        place.migrate()?;
        let inner = Inner {
            reads: Arc::default(),
            writes: Arc::default(),
            keys,
            jobs_ready: Arc::default(),
            threads: Mutex::default(),
        };
        // If a thread cannot be had, the drop of `inner` ends those before it.
        inner.start(&place).map_err(|e| StoreError::Unavailable(format!("no thread can be started: {e}")))?;
        Ok(Store { inner: Arc::new(inner), lease: None })
    }

    /// The same store for the run of a leased job: what is written through it is committed only while the lease holds, so
    /// that a process that was taken for dead changes nothing any more, whatever it was about to write.
    #[must_use]
    pub fn under(&self, lease: Lease) -> Self {
        Self { inner: Arc::clone(&self.inner), lease: Some(lease) }
    }

    /// Runs a closure that only reads; each of its statements sees what was committed when it began.
    ///
    /// # Errors
    /// The closure's own, or that the database cannot be reached.
    pub async fn read<T, E>(&self, f: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        received(self.inner.reads.hand_in(once(f)).await)
    }

    /// Runs a closure and commits everything it wrote, or, when it gives an error, nothing. Others' writes may be
    /// committed together with it, and it may be run a second time after the first was rolled back: it must not have
    /// effects outside of `Tx`.
    ///
    /// # Errors
    /// The closure's own, or that the database cannot be reached or refused; [`StoreError::LeaseLost`] in a run whose
    /// lease is somebody else's by now.
    pub async fn write<T, E>(&self, f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        received(self.inner.writes.hand_in(lease::under(self.lease, f)).await)
    }

    /// [`Store::read`] for a thread that may block.
    ///
    /// # Errors
    /// As there.
    pub fn read_blocking<T, E>(&self, f: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        received(self.inner.reads.hand_in(once(f)).blocking_recv())
    }

    /// [`Store::write`] for a thread that may block.
    ///
    /// # Errors
    /// As there.
    pub fn write_blocking<T, E>(&self, f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        received(self.inner.writes.hand_in(lease::under(self.lease, f)).blocking_recv())
    }

    /// Notified after each commit of this process that left jobs to do.
    pub fn jobs_ready(&self) -> Arc<Notify> {
        Arc::clone(&self.inner.jobs_ready)
    }

    /// The keys that the store seals with.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.inner.keys
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not, within five seconds.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let answer = self.read(|tx| ask!(tx, c => diesel::select(1.into_sql::<Integer>()).execute(c)));
        match tokio::time::timeout(Duration::from_secs(5), answer).await {
            Ok(answer) => answer.map(drop),
            Err(_) => Err(StoreError::Unavailable("no answer within five seconds".to_owned())),
        }
    }

    /// Commits what was handed in, then ends the store's threads. Later calls on clones give
    /// [`StoreError::Unavailable`].
    pub fn close(self) {
        self.inner.stop();
        let threads = std::mem::take(&mut *self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A store thread that panicked has said so on its own.
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn start(&self, place: &Place) -> io::Result<()> {
        // One writer is all that SQLite has; PostgreSQL is kept busy by one group while the other is on its way.
        let (writers, most) = match place {
            Place::Sqlite(_) => (1, 256),
            Place::Postgres(_) => (2, 64),
        };
        for _ in 0..writers {
            let writer = Writer {
                inbox: Arc::clone(&self.writes),
                place: place.clone(),
                keys: Arc::clone(&self.keys),
                jobs_ready: Arc::clone(&self.jobs_ready),
                most,
                conn: None,
            };
            self.spawn("store-writer", move || writer.run())?;
        }
        let losses = Arc::default();
        for _ in 0..READERS {
            let reader = Reader {
                inbox: Arc::clone(&self.reads),
                place: place.clone(),
                keys: Arc::clone(&self.keys),
                losses: Arc::clone(&losses),
            };
            self.spawn("store-reader", move || reader.run())?;
        }
        Ok(())
    }

    fn spawn(&self, name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(run)?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    fn stop(&self) {
        self.writes.close();
        self.reads.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A reading closure is run once only.
fn once<T, E>(f: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> impl FnMut(&mut Tx<'_>) -> Result<T, E> {
    let mut f = Some(f);
    move |tx| f.take().expect("a reading closure is run once")(tx)
}

/// What a closure gave. Its panic goes on here, in whoever handed it in.
fn received<T, E: From<StoreError>>(reply: Result<Reply<T, E>, RecvError>) -> Result<T, E> {
    match reply {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => Err(inbox::closed().into()),
    }
}
