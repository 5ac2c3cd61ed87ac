//! A few connections, kept for the next transaction, never more than allowed.

use std::io;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{self, Place};
use crate::connectors::ConnectorError;

/// The thread that all connections' sockets live on. It is never shut down: a connector may be dropped anywhere.
static DRIVER: LazyLock<io::Result<Runtime>> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).thread_name("postgres-driver").enable_all().build());

/// The driver's runtime.
pub(super) fn driver() -> Result<&'static Runtime, ConnectorError> {
    DRIVER.as_ref().map_err(|e| ConnectorError::Unreachable(format!("the driver's thread cannot start: {e}")))
}

/// The connections of one system.
pub(super) struct Pool {
    config: Config,
    tls: MakeRustlsConnect,
    most: usize,
    patience: Duration,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Client>,
    lent: usize,
}

/// A connection lent out; it counts against the limit until it is dropped or given back.
pub(super) struct Lent {
    /// There until the connection goes back.
    client: Option<Client>,
    /// Whether the connection served an earlier transaction and may have died since.
    pub(super) reused: bool,
    pool: Arc<Pool>,
}

impl Pool {
    pub(super) fn new(config: Config, tls: MakeRustlsConnect, most: usize, patience: Duration) -> Self {
        Self { config, tls, most, patience, state: Mutex::default(), freed: Condvar::new() }
    }

    /// How a connection of this pool is encrypted.
    pub(super) fn tls(&self) -> MakeRustlsConnect {
        self.tls.clone()
    }

    /// Lends an idle connection or a new one; waits for one when all are lent.
    pub(super) fn lend(self: &Arc<Self>) -> Result<Lent, ConnectorError> {
        let mut lent = self.reserve()?;
        while let Some(client) = self.state().idle.pop() {
            if !client.is_closed() {
                lent.client = Some(client);
                lent.reused = true;
                return Ok(lent);
            }
        }
        lent.client = Some(self.connect()?);
        Ok(lent)
    }

    fn reserve(self: &Arc<Self>) -> Result<Lent, ConnectorError> {
        let all_lent = |state: &mut State| state.lent >= self.most;
        let waited = self.freed.wait_timeout_while(self.state(), self.patience, all_lent);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return Err(ConnectorError::TimedOut);
        }
        state.lent += 1;
        Ok(Lent { client: None, reused: false, pool: Arc::clone(self) })
    }

    fn connect(&self) -> Result<Client, ConnectorError> {
        let driver = driver()?;
        let connecting = async { tokio::time::timeout(self.patience, self.config.connect(self.tls())).await };
        match driver.block_on(connecting) {
            Ok(Ok((client, connection))) => {
                // Its end is seen by the client, as an error of the statement then running.
                driver.spawn(connection);
                Ok(client)
            }
            Ok(Err(error)) => Err(error::of(&error, &Place::Nowhere)),
            Err(_) => Err(ConnectorError::Unreachable("no answer while connecting".to_owned())),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    /// The connection.
    pub(super) fn client(&self) -> &Client {
        self.client.as_ref().expect("a lent connection is there until it is given back")
    }

    /// Gives a healthy connection, outside any transaction, back for the next one.
    pub(super) fn give_back(mut self) {
        if let Some(client) = self.client.take().filter(|client| !client.is_closed()) {
            self.pool.state().idle.push(client);
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.pool.state().lent -= 1;
        self.pool.freed.notify_one();
    }
}
