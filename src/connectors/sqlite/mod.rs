//! A company's SQLite file: read in one snapshot, written in one transaction, never created.

mod error;
mod keyed;
mod probe;
mod select;
mod value;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use self::value::Affinity;
use super::pool::{Dial, Lent, Pool};
use super::{Cancellation, Connector, ConnectorError, Limits, LiveSchema, Reader, SchemaMark, TableName, Writer, sql};
use crate::clock;

/// How long to wait before it is looked whether anybody still wants it.
const GLANCE: Duration = Duration::from_millis(100);

/// After how many steps of SQLite's machine that is looked at while a statement runs: a few dozen microseconds.
const STEPS: i32 = 4096;

/// A company's SQLite file.
pub struct Sqlite {
    path: PathBuf,
    limits: Limits,
    cancellation: Cancellation,
    turns: Arc<Pool<Turns>>,
}

/// Who may have the file open: a connection is made for each transaction, so what is lent is the turn alone.
struct Turns;

impl Dial for Turns {
    type Client = ();

    fn dial(&self, _: Duration, _: &Cancellation) -> Result<(), ConnectorError> {
        Ok(())
    }

    fn is_closed(_: &()) -> bool {
        false
    }
}

impl Sqlite {
    /// The database in the file at `path`, which must exist when it is first used. Of the limits, how long connecting may take
    /// says nothing of a file.
    pub fn new(path: impl Into<PathBuf>, limits: Limits) -> Self {
        let turns = Arc::new(Pool::new(Turns, &limits));
        Self { path: path.into(), limits, cancellation: Cancellation::default(), turns }
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn session(&self, begin: &str) -> Result<Session, ConnectorError> {
        let unreachable = |e| error::opening(&self.path, e);
        let turn = self.turns.lend(&self.cancellation)?;
        // Without SQLITE_OPEN_CREATE: a mistyped path must not leave an empty database behind.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(unreachable)?;
        rusqlite::vtab::array::load_module(&connection).map_err(unreachable)?;
        add_functions(&connection).map_err(unreachable)?;
        self.begin(&connection, begin)?;
        connection.busy_timeout(self.limits.lock).map_err(unreachable)?;
        let patience = Arc::new(Patience::new(self.limits.statement));
        let (run, over) = (self.cancellation.clone(), Arc::clone(&patience));
        connection.progress_handler(STEPS, Some(move || run.is_cancelled() || over.is_over())).map_err(unreachable)?;
        let (columns, cancellation) = (HashMap::new(), self.cancellation.clone());
        Ok(Session { connection, columns, cancellation, patience, _turn: turn })
    }

    /// Waits for other writers a glance at a time: SQLite itself, while it waits, does not look whether anybody still
    /// wants it to.
    fn begin(&self, connection: &Connection, begin: &str) -> Result<(), ConnectorError> {
        let failed = |e| error::opening(&self.path, e);
        connection.busy_timeout(GLANCE).map_err(failed)?;
        let mut left = self.limits.lock;
        loop {
            self.cancellation.check()?;
            match connection.execute_batch(begin) {
                Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && !left.is_zero() => {
                    left = left.saturating_sub(GLANCE);
                    if !connection.is_autocommit() {
                        connection.execute_batch("ROLLBACK").map_err(failed)?;
                    }
                }
                begun => return begun.map_err(failed),
            }
        }
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sqlite({})", self.path.display())
    }
}

impl Connector for Sqlite {
    fn probe(&self) -> Result<LiveSchema, ConnectorError> {
        let session = self.session(BEGIN_READING)?;
        probe::probe(&session.connection)
    }

    /// SQLite counts its schema's changes itself.
    fn schema_mark(&self) -> Result<Option<SchemaMark>, ConnectorError> {
        let session = self.session(BEGIN_READING)?;
        probe::mark(&session.connection).map(Some)
    }

    fn until(&self, cancellation: &Cancellation) -> Arc<dyn Connector> {
        let (path, turns) = (self.path.clone(), Arc::clone(&self.turns));
        Arc::new(Self { path, limits: self.limits, cancellation: cancellation.clone(), turns })
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, ConnectorError> {
        Ok(Box::new(self.session(BEGIN_READING)?))
    }

    fn writer(&self) -> Result<Box<dyn Writer + '_>, ConnectorError> {
        Ok(Box::new(self.session(BEGIN_WRITING)?))
    }
}

/// A deferred transaction has no snapshot before its first read: looking at the schema takes it.
const BEGIN_READING: &str = "PRAGMA query_only = ON; BEGIN DEFERRED; SELECT 1 FROM sqlite_schema LIMIT 1";

/// `secure_delete` overwrites what is deleted, so that erased data is not left in the file's free pages.
const BEGIN_WRITING: &str = "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; BEGIN IMMEDIATE";

/// One connection inside one transaction; closing it rolls back.
struct Session {
    connection: Connection,
    columns: HashMap<TableName, Columns>,
    cancellation: Cancellation,
    patience: Arc<Patience>,
    /// Given up when the connection is closed.
    _turn: Lent<Turns>,
}

/// How long the statement that runs may still take; SQLite itself knows no such limit.
struct Patience {
    statement: Duration,
    /// When the connection was made; moments are counted from there.
    since: Instant,
    /// In milliseconds since then.
    until: AtomicU64,
}

impl Patience {
    fn new(statement: Duration) -> Self {
        let patience = Self { statement, since: clock::steady(), until: AtomicU64::new(0) };
        patience.begin();
        patience
    }

    /// Another statement begins.
    fn begin(&self) {
        let until = clock::steady().duration_since(self.since).saturating_add(self.statement);
        self.until.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        clock::steady().duration_since(self.since).as_millis() > u128::from(self.until.load(Ordering::Relaxed))
    }
}

/// A table's columns as comparisons need them.
#[derive(Clone)]
struct Columns {
    affinities: HashMap<String, Affinity>,
    /// The name by which its rows' ids are read.
    row_id: Option<&'static str>,
}

impl Columns {
    fn affinity(&self, table: &TableName, column: &str) -> Result<Affinity, ConnectorError> {
        if self.is_row_id(column) {
            return Ok(Affinity::Number);
        }
        // SQLite compares names without regard to ASCII case.
        self.affinities.get(&column.to_ascii_lowercase()).copied().ok_or_else(|| sql::no_column(table, column))
    }

    fn is_row_id(&self, column: &str) -> bool {
        self.row_id == Some(column)
    }
}

impl Session {
    /// One statement with all that it streams. What was interrupted although the run is still wanted took too long.
    fn timed<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, ConnectorError>) -> Result<T, ConnectorError> {
        self.patience.begin();
        match run(self) {
            Err(ConnectorError::Cancelled) if !self.cancellation.is_cancelled() => Err(ConnectorError::TimedOut),
            done => done,
        }
    }

    fn columns(&mut self, table: &TableName) -> Result<Columns, ConnectorError> {
        if let Some(known) = self.columns.get(table) {
            return Ok(known.clone());
        }
        let columns = probe::columns(&self.connection, table)?;
        self.columns.insert(table.clone(), columns.clone());
        Ok(columns)
    }
}

fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function(FOLD, 1, flags, |call| {
        Ok(value::text_of(call.get_raw(0)).map(|text| text.to_lowercase()))
    })?;
    connection.create_scalar_function(DIGITS, 1, flags, |call| {
        Ok(value::text_of(call.get_raw(0)).and_then(|text| sql::phone_digits(&text)))
    })
}

/// Lower case beyond ASCII, which SQLite's own `lower` leaves alone.
const FOLD: &str = "habeas_fold";

/// The digits of a telephone number.
const DIGITS: &str = "habeas_digits";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_reading_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("company.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (id); INSERT INTO t VALUES (1)").unwrap();
        let session = Sqlite::new(&path, Limits::default()).session(BEGIN_READING).unwrap();
        for write in ["INSERT INTO t VALUES (2)", "DELETE FROM t", "CREATE TABLE u (id)", "PRAGMA user_version = 7"] {
            let refused = session.connection.execute_batch(write).unwrap_err();
            assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::ReadOnly), "{write}");
        }
    }
}
