//! One connection inside one transaction; dropped, it rolls back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use tokio_postgres::RowStream;

use super::columns::{Known, Remembered};
use super::copied;
use super::error::{self, Place};
use super::select::Ahead;
use super::server::Server;
use super::statements::Parameter;
use crate::connectors::driver::OwnDriver;
use crate::connectors::pool::{Lent, Pool};
use crate::connectors::{Cancellation, ConnectorError, EachRow, Row, SchemaMark, TableName};

/// How many rows are taken from the socket before they are handed on.
const CHUNK: usize = 256;

/// How long a request to stop a query may take, and the answer to a ROLLBACK.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// One transaction.
pub(super) struct Session {
    /// There until the transaction has ended.
    lent: Option<Lent<Server>>,
    pool: Arc<Pool<Server>>,
    kind: Kind,
    state: State,
    pub(super) columns: HashMap<TableName, Known>,
    pub(super) recall: Recall,
    /// The schema's mark when it was last asked for before this began. What is seen here may be older than any later one.
    pub(super) marked: Option<SchemaMark>,
    /// Rows that were announced and came; gone as soon as something is locked or written, since others may stand there then.
    pub(super) ahead: Vec<Ahead>,
    cancellation: Cancellation,
}

/// What a transaction is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It reads, and locks no rows.
    Reads,
    Writes,
}

/// How a transaction comes to know what earlier ones knew of tables.
pub(super) enum Recall {
    /// It has yet to be held against the catalogue.
    Due,
    /// It was.
    Done,
    /// It is taken as it was known under this mark of the schema.
    Under(SchemaMark),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// A statement failed: PostgreSQL would answer COMMIT with a silent rollback.
    Failed,
    /// A query was cancelled, and the cancellation may yet arrive: the connection is not used again.
    Stopped,
}

/// A statement of several.
pub(super) struct Single<'a> {
    pub(super) sql: String,
    pub(super) parameters: Vec<Parameter>,
    /// How many columns of text its rows have.
    pub(super) width: usize,
    /// How many bytes its rows may take.
    pub(super) most: usize,
    pub(super) table: &'a TableName,
}

/// What came of one.
pub(super) struct Answer {
    /// Its rows, unless they took more.
    pub(super) rows: Option<Vec<Row>>,
    /// How many rows it gave or changed.
    pub(super) affected: u64,
}

impl Session {
    /// Begins a transaction with the given statement, in which these settings hold.
    pub(super) fn begin(
        pool: &Arc<Pool<Server>>,
        begin: &str,
        settings: &[(&str, &str)],
        kind: Kind,
        cancellation: &Cancellation,
    ) -> Result<Self, ConnectorError> {
        loop {
            let lent = pool.lend(cancellation)?;
            let marked = pool.server().columns.mark();
            match cancellation.during_on(lent.client().driver(), lent.client().begin(begin, settings))? {
                Ok(()) => {
                    let (lent, pool, columns) = (Some(lent), Arc::clone(pool), HashMap::new());
                    let cancellation = cancellation.clone();
                    let (state, recall, ahead) = (State::Open, Recall::Due, Vec::new());
                    return Ok(Self { lent, pool, kind, state, columns, recall, marked, ahead, cancellation });
                }
                // An idle connection that the server has closed meanwhile: take another.
                Err(error) if lent.reused && error::is_farewell(&error) => continue,
                Err(error) => return Err(error::of(&error, &Place::Nowhere)),
            }
        }
    }

    /// The same, with what is known of columns under the schema's last mark, where it was asked for.
    pub(super) fn under_mark(mut self) -> Self {
        if let Some(mark) = &self.marked {
            self.recall = Recall::Under(mark.clone());
        }
        self
    }

    fn lent(&self) -> &Lent<Server> {
        self.lent.as_ref().expect("the connection is there until the session is dropped")
    }

    fn driver(&self) -> &OwnDriver {
        self.lent().client().driver()
    }

    /// Runs a query with few rows.
    pub(super) fn query(
        &mut self,
        sql: &str,
        parameters: Vec<Parameter>,
        place: &Place<'_>,
    ) -> Result<Vec<tokio_postgres::Row>, ConnectorError> {
        let result = self.cancellation.during_on(self.driver(), self.lent().client().query(sql, parameters));
        result.inspect_err(|_| self.stop())?.map_err(|e| self.failed(&e, place))
    }

    /// Runs a statement and gives how many rows it changed.
    pub(super) fn execute(
        &mut self,
        sql: &str,
        parameters: Vec<Parameter>,
        place: &Place<'_>,
    ) -> Result<u64, ConnectorError> {
        let result = self.cancellation.during_on(self.driver(), self.lent().client().execute(sql, parameters));
        result.inspect_err(|_| self.stop())?.map_err(|e| self.failed(&e, place))
    }

    /// Hands each row of a query of `width` text columns on. Between rows the thread is outside the driver, so that
    /// the caller may use another connector meanwhile.
    pub(super) fn stream(
        &mut self,
        sql: &str,
        parameters: Vec<Parameter>,
        width: usize,
        place: &Place<'_>,
        each: &mut EachRow<'_>,
    ) -> Result<u64, ConnectorError> {
        let rows = self.cancellation.during_on(self.driver(), self.lent().client().run(sql, parameters));
        let rows = rows.inspect_err(|_| self.stop())?;
        let mut chunks = Box::pin(rows.map_err(|e| self.failed(&e, place))?.ready_chunks(CHUNK));
        let mut row = Row::new();
        let mut count = 0;
        while let Some(chunk) =
            self.cancellation.during_on(self.driver(), chunks.next()).inspect_err(|_| self.stop())?
        {
            for found in chunk {
                let read = found.and_then(|found| fill(&mut row, &found, width));
                read.map_err(|e| self.failed(&e, place))?;
                each(&row).inspect_err(|_| self.stop())?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Runs statements one after the other without waiting in between; lists in them are short.
    pub(super) fn run_all(&mut self, statements: Vec<Single<'_>>) -> Result<Vec<Answer>, ConnectorError> {
        let (asked, shapes): (Vec<_>, Vec<_>) =
            statements.into_iter().map(|s| ((s.sql, s.parameters), (s.width, s.most, s.table))).unzip();
        let take = async |at: usize, rows: RowStream| {
            let (width, most, _) = shapes[at];
            let mut rows = std::pin::pin!(rows);
            let (mut few, mut row, mut bytes): (Option<Vec<Row>>, _, _) = (Some(Vec::new()), Row::new(), 0);
            while let Some(found) = rows.try_next().await? {
                fill(&mut row, &found, width)?;
                bytes += row.bytes();
                match &mut few {
                    Some(rows) if bytes <= most => rows.push(row.clone()),
                    _ => few = None,
                }
            }
            Ok(Answer { rows: few, affected: rows.rows_affected().unwrap_or_default() })
        };
        let result = self.cancellation.during_on(self.driver(), self.lent().client().run_all(asked, take));
        let result = result.inspect_err(|_| self.stop())?;
        result.map_err(|(at, error)| self.failed(&error, &Place::Table(shapes[at].2)))
    }

    /// Hands each row of a COPY of `width` columns on, as [`Session::stream`] does.
    pub(super) fn copy(
        &mut self,
        sql: &str,
        width: usize,
        place: &Place<'_>,
        each: &mut EachRow<'_>,
    ) -> Result<u64, ConnectorError> {
        let copying = self.cancellation.during_on(self.driver(), self.lent().client().copy(sql));
        let copying = copying.inspect_err(|_| self.stop())?;
        let mut chunks = Box::pin(copying.map_err(|e| self.failed(&e, place))?.ready_chunks(CHUNK));
        let (mut row, mut lines) = (Row::new(), copied::Lines::default());
        let mut count = 0;
        while let Some(chunk) =
            self.cancellation.during_on(self.driver(), chunks.next()).inspect_err(|_| self.stop())?
        {
            for message in chunk {
                let message = message.map_err(|e| self.failed(&e, place))?;
                let handed = lines.each(&message, |line| {
                    line.and_then(|line| copied::read(&mut row, line, width)).map_err(|_| malformed(place))?;
                    count += 1;
                    each(&row)
                });
                handed.inspect_err(|_| self.stop())?;
            }
        }
        if lines.is_complete() { Ok(count) } else { Err(malformed(place)) }
    }

    /// Commits.
    pub(super) fn commit(mut self) -> Result<(), ConnectorError> {
        if self.state != State::Open {
            let rolled_back = "an earlier statement of the transaction failed; it was rolled back";
            return Err(ConnectorError::Statement(rolled_back.to_owned()));
        }
        self.cancellation.before_commit()?;
        let committed = self.driver().block_on(self.lent().client().batch_execute("COMMIT"));
        if let Some(lent) = self.lent.take() {
            lent.give_back();
        }
        committed.map_err(|e| error::of(&e, &Place::Nowhere))
    }

    /// Whether statements can be prepared on this server, as COPY needs it.
    pub(super) fn prepares(&self) -> bool {
        self.lent().client().prepares()
    }

    /// What the transactions on this server remember of its tables.
    pub(super) fn remembered(&self) -> &Remembered {
        &self.pool.server().columns
    }

    fn failed(&mut self, error: &tokio_postgres::Error, place: &Place<'_>) -> ConnectorError {
        self.state = State::Failed;
        self.remembered().forget();
        if self.lent().client().lost_a_statement(error) {
            return ConnectorError::Unreachable(error::STATEMENT_LOST.to_owned());
        }
        error::of(error, place)
    }

    /// Tells the server to stop the running query: left alone, it would send every row that is still to come.
    fn stop(&mut self) {
        self.state = State::Stopped;
        let cancel = self.lent().client().cancel_token();
        let cancelling = async {
            tokio::time::timeout(LAST_PATIENCE, cancel.cancel_query(self.pool.server().opening.clone())).await
        };
        // A request that cannot be delivered changes nothing: closing the connection ends the query, too.
        let _ = self.driver().block_on(cancelling);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(lent) = self.lent.take().filter(|_| self.state != State::Stopped) else { return };
        let connected = lent.client();
        if self.kind == Kind::Reads && self.state == State::Open {
            // Nobody waits for anything of it: that it is told to end is enough. What comes of that is met by whoever has the
            // connection next, as what becomes of an idle one is.
            connected.driver().block_on(connected.send("ROLLBACK"));
            return lent.give_back();
        }
        let ended = async { tokio::time::timeout(LAST_PATIENCE, connected.batch_execute("ROLLBACK")).await };
        // A connection that does not answer is closed, and its transaction is rolled back with it.
        if let Ok(Ok(())) = connected.driver().block_on(ended) {
            lent.give_back();
        }
    }
}

fn malformed(place: &Place<'_>) -> ConnectorError {
    ConnectorError::Statement(format!("the server copied what is no row{place}"))
}

fn fill(row: &mut Row, found: &tokio_postgres::Row, width: usize) -> Result<(), tokio_postgres::Error> {
    row.clear();
    for index in 0..width {
        row.push(found.try_get(index)?);
    }
    Ok(())
}
