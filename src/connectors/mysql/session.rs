//! One connection inside one transaction; dropped, it rolls back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};

use super::columns::Columns;
use super::error;
use super::server::Server;
use super::value::fill;
use crate::connectors::driver::driver;
use crate::connectors::pool::{Lent, Pool};
use crate::connectors::sql::Place;
use crate::connectors::{Cancellation, ConnectorError, EachRow, Row, TableName};

/// How many rows are taken from the socket before they are handed on.
const CHUNK: usize = 256;

/// How long a request to stop a query may take.
const CANCEL_PATIENCE: Duration = Duration::from_secs(5);

/// A text parameter.
pub(super) fn text(value: &str) -> Value {
    Value::Bytes(value.as_bytes().to_vec())
}

/// One transaction.
pub(super) struct Session {
    /// There until the transaction has ended.
    lent: Option<Lent<Server>>,
    pool: Arc<Pool<Server>>,
    state: State,
    pub(super) columns: HashMap<TableName, Arc<Columns>>,
    cancellation: Cancellation,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// A statement failed. The server may have rolled everything back (after a deadlock, say) and would then commit
    /// only what came later.
    Failed,
    /// A stream was left half-way: the connection is not used again.
    Stopped,
}

impl Session {
    /// Begins a transaction with the given statements.
    pub(super) fn begin(
        pool: &Arc<Pool<Server>>,
        begin: &str,
        cancellation: &Cancellation,
    ) -> Result<Self, ConnectorError> {
        loop {
            let mut lent = pool.lend(cancellation)?;
            match cancellation.during(lent.client_mut().query_drop(begin))? {
                Ok(()) => {
                    let (lent, pool, columns) = (Some(lent), Arc::clone(pool), HashMap::new());
                    let cancellation = cancellation.clone();
                    return Ok(Self { lent, pool, state: State::Open, columns, cancellation });
                }
                // An idle connection that the server has closed meanwhile: take another.
                Err(error) if lent.reused && error::is_lost(&error) => continue,
                Err(error) => return Err(error::of(&error, &Place::Nowhere)),
            }
        }
    }

    fn client(&mut self) -> &mut Conn {
        self.lent.as_mut().expect("the connection is there until the session is dropped").client_mut()
    }

    /// Runs a query with few rows.
    pub(super) fn query(
        &mut self,
        sql: &str,
        parameters: Vec<Value>,
        place: &Place<'_>,
    ) -> Result<Vec<mysql_async::Row>, ConnectorError> {
        let cancellation = self.cancellation.clone();
        let result = cancellation.during(self.client().exec(sql, bound(parameters)));
        result.inspect_err(|_| self.stop())?.map_err(|e| self.failed(&e, place))
    }

    /// Runs a statement and gives how many rows it was about.
    pub(super) fn execute(
        &mut self,
        sql: &str,
        parameters: Vec<Value>,
        place: &Place<'_>,
    ) -> Result<u64, ConnectorError> {
        let cancellation = self.cancellation.clone();
        let result = cancellation.during(self.client().exec_drop(sql, bound(parameters)));
        result.inspect_err(|_| self.stop())?.map_err(|e| self.failed(&e, place))?;
        Ok(self.client().affected_rows())
    }

    /// Hands each row of a query on, as the server sends them. Between rows the thread is outside the driver, so that
    /// the caller may use another connector meanwhile.
    pub(super) fn stream(
        &mut self,
        sql: &str,
        parameters: Vec<Value>,
        place: &Place<'_>,
        each: &mut EachRow<'_>,
    ) -> Result<u64, ConnectorError> {
        let cancellation = self.cancellation.clone();
        match stream(self.client(), &cancellation, sql, parameters, each) {
            Ok(count) => Ok(count),
            Err(Broken::Driver(error)) => Err(self.failed(&error, place)),
            Err(Broken::Receiver(error)) => {
                self.stop();
                Err(error)
            }
        }
    }

    /// Commits.
    pub(super) fn commit(mut self) -> Result<(), ConnectorError> {
        if self.state != State::Open {
            let rolled_back = "an earlier statement of the transaction failed; it was rolled back";
            return Err(ConnectorError::Statement(rolled_back.to_owned()));
        }
        self.cancellation.before_commit()?;
        let committed = driver()?.block_on(self.client().query_drop("COMMIT"));
        if let Some(lent) = self.lent.take().filter(|_| committed.is_ok()) {
            lent.give_back();
        }
        committed.map_err(|e| error::of(&e, &Place::Nowhere))
    }

    fn failed(&mut self, error: &mysql_async::Error, place: &Place<'_>) -> ConnectorError {
        self.state = State::Failed;
        let keys = match place {
            Place::Table(table) if error::is_duplicate(error) => self.key_names(table),
            _ => Vec::new(),
        };
        error::with_keys(error, place, &keys)
    }

    /// The names of a table's keys: the only words of a "duplicate entry" message that are sure to be no value.
    fn key_names(&mut self, table: &TableName) -> Vec<String> {
        let sql = "SELECT DISTINCT INDEX_NAME FROM information_schema.STATISTICS \
                   WHERE TABLE_SCHEMA = coalesce(?, database()) AND TABLE_NAME = ?";
        let schema = table.schema.as_deref().map_or(Value::NULL, text);
        let asking = self.client().exec(sql, bound(vec![schema, text(&table.name)]));
        driver().ok().and_then(|driver| driver.block_on(asking).ok()).unwrap_or_default()
    }

    /// Tells the server to stop the running query: left alone, it would go on to the end.
    fn stop(&mut self) {
        self.state = State::Stopped;
        let (id, pool) = (self.client().id(), Arc::clone(&self.pool));
        let cancelling = async { tokio::time::timeout(CANCEL_PATIENCE, pool.server().kill_query(id)).await };
        if let Ok(driver) = driver() {
            // A request that cannot be delivered changes nothing: closing the connection ends the query, too.
            let _ = driver.block_on(cancelling);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut lent) = self.lent.take().filter(|_| self.state != State::Stopped) else { return };
        if let Ok(driver) = driver() {
            driver.spawn(async move {
                if lent.client_mut().query_drop("ROLLBACK").await.is_ok() {
                    lent.give_back();
                }
            });
        }
    }
}

/// Why a stream ended early.
enum Broken {
    Driver(mysql_async::Error),
    Receiver(ConnectorError),
}

fn stream(
    client: &mut Conn,
    cancellation: &Cancellation,
    sql: &str,
    parameters: Vec<Value>,
    each: &mut EachRow<'_>,
) -> Result<u64, Broken> {
    let result = cancellation.during(client.exec_iter(sql, bound(parameters)));
    let mut result = result.map_err(Broken::Receiver)?.map_err(Broken::Driver)?;
    let rows = cancellation.during(result.stream::<mysql_async::Row>());
    let rows = rows.map_err(Broken::Receiver)?.map_err(Broken::Driver)?;
    let Some(rows) = rows else { return Ok(0) };
    let mut chunks = rows.ready_chunks(CHUNK);
    let mut row = Row::new();
    let mut count = 0;
    while let Some(chunk) = cancellation.during(chunks.next()).map_err(Broken::Receiver)? {
        for found in chunk {
            fill(&mut row, &found.map_err(Broken::Driver)?);
            each(&row).map_err(Broken::Receiver)?;
            count += 1;
        }
    }
    Ok(count)
}

fn bound(parameters: Vec<Value>) -> Params {
    if parameters.is_empty() { Params::Empty } else { Params::Positional(parameters) }
}
