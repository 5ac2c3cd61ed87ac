//! Everything Habeas remembers, in SQLite or PostgreSQL by URL: what a closure writes is committed whole or not at all.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::Notify;

mod api_keys;
mod audit;
mod bundles;
mod error;
mod fulfilments;
mod idempotency;
mod jobs;
pub mod keys;
mod log;
mod messages;
mod requests;
mod review;
mod sessions;
mod staff;
mod suppressions;
mod tx;

pub use api_keys::ApiKey;
pub use bundles::Bundle;
pub use error::StoreError;
pub use fulfilments::{Manifest, StepRow, StepState};
pub use idempotency::Remembered;
pub use jobs::JobStatus;
pub use keys::Keys;
pub use log::{LogFilter, LogLine};
pub use messages::Message;
pub use review::{Page, Queue, Sort};
pub use suppressions::Suppression;
pub use tx::Tx;

/// Where the store is.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite://FILE` or `postgres://…`.
    pub url: SecretString,
    /// What a relative path of an SQLite file is relative to.
    pub base_dir: PathBuf,
}

/// The store. Clones share one.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens the store and brings its tables up to date. Any number of processes may do so at once.
    ///
    /// # Errors
    /// When the database cannot be reached or its tables cannot be brought up to date.
    pub fn open(options: &Options, keys: Arc<Keys>) -> Result<Store, StoreError> {
        let _ = (options, keys);
        todo!()
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
        let _ = f;
        todo!()
    }

    /// Runs a closure and commits everything it wrote, or, when it gives an error, nothing. Others' writes may be
    /// committed together with it, and it may be run a second time after the first was rolled back: it must not have
    /// effects outside of `Tx`.
    ///
    /// # Errors
    /// The closure's own, or that the database cannot be reached or refused.
    pub async fn write<T, E>(&self, f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let _ = f;
        todo!()
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
        let _ = f;
        todo!()
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
        let _ = f;
        todo!()
    }

    /// Notified after each commit of this process that left jobs to do.
    pub fn jobs_ready(&self) -> Arc<Notify> {
        todo!()
    }

    /// The keys that the store seals with.
    pub fn keys(&self) -> &Arc<Keys> {
        todo!()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not, within five seconds.
    pub async fn ping(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Commits what was handed in, then ends the store's threads. Later calls on clones give
    /// [`StoreError::Unavailable`].
    pub fn close(self) {
        todo!()
    }
}
