//! A few connections, kept for the next transaction, never more than allowed.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Cancellation, ConnectorError, Limits};

/// How long a wait for a connection goes on before it is looked whether anybody still wants one.
const GLANCE: Duration = Duration::from_millis(100);

/// A server that can be connected to.
pub(super) trait Dial: Send + Sync + 'static {
    /// One connection.
    type Client: Send + 'static;

    /// Connects, in the given time at most.
    fn dial(&self, patience: Duration, cancellation: &Cancellation) -> Result<Self::Client, ConnectorError>;

    /// Whether the connection is known to have ended.
    fn is_closed(client: &Self::Client) -> bool;
}

/// The connections of one system.
pub(super) struct Pool<D: Dial> {
    server: D,
    most: usize,
    /// How long connecting may take.
    patience: Duration,
    /// How long to wait for a connection that is lent: as long as one statement may take, though a connection can be lent
    /// for a whole search. That the company lets us have no more of them says nothing of its database.
    turn: Duration,
    state: Mutex<State<D::Client>>,
    freed: Condvar,
}

struct State<C> {
    idle: Vec<C>,
    lent: usize,
}

/// A connection lent out; it counts against the limit until it is dropped or given back.
pub(super) struct Lent<D: Dial> {
    /// There until the connection goes back.
    client: Option<D::Client>,
    /// Whether the connection served an earlier transaction and may have died since.
    pub(super) reused: bool,
    pool: Arc<Pool<D>>,
}

impl<D: Dial> Pool<D> {
    pub(super) fn new(server: D, limits: &Limits) -> Self {
        let state = Mutex::new(State { idle: Vec::new(), lent: 0 });
        let (most, patience, turn) = (limits.connections, limits.connect, limits.statement);
        Self { server, most, patience, turn, state, freed: Condvar::new() }
    }

    /// The server itself, for a word beside the connections.
    pub(super) fn server(&self) -> &D {
        &self.server
    }

    /// Lends an idle connection or a new one; waits for one when all are lent.
    pub(super) fn lend(self: &Arc<Self>, cancellation: &Cancellation) -> Result<Lent<D>, ConnectorError> {
        let mut lent = self.reserve(cancellation)?;
        while let Some(client) = self.state().idle.pop() {
            if !D::is_closed(&client) {
                lent.client = Some(client);
                lent.reused = true;
                return Ok(lent);
            }
        }
        lent.client = Some(self.server.dial(self.patience, cancellation)?);
        Ok(lent)
    }

    fn reserve(self: &Arc<Self>, cancellation: &Cancellation) -> Result<Lent<D>, ConnectorError> {
        let all_lent = |state: &mut State<D::Client>| state.lent >= self.most;
        let mut left = self.turn;
        loop {
            cancellation.check()?;
            let glance = left.min(GLANCE);
            let waited = self.freed.wait_timeout_while(self.state(), glance, all_lent);
            let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if !timeout.timed_out() {
                state.lent += 1;
                return Ok(Lent { client: None, reused: false, pool: Arc::clone(self) });
            }
            left -= glance;
            if left.is_zero() {
                return Err(ConnectorError::Busy);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<D::Client>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Dial> Lent<D> {
    /// The connection.
    pub(super) fn client(&self) -> &D::Client {
        self.client.as_ref().expect("a lent connection is there until it is given back")
    }

    /// The connection, to change its state.
    pub(super) fn client_mut(&mut self) -> &mut D::Client {
        self.client.as_mut().expect("a lent connection is there until it is given back")
    }

    /// Gives a healthy connection, outside any transaction, back for the next one.
    pub(super) fn give_back(mut self) {
        if let Some(client) = self.client.take().filter(|client| !D::is_closed(client)) {
            self.pool.state().idle.push(client);
        }
    }
}

impl<D: Dial> Drop for Lent<D> {
    fn drop(&mut self) {
        self.pool.state().lent -= 1;
        self.pool.freed.notify_one();
    }
}
