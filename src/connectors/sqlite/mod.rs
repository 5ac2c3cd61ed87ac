//! A company's SQLite file: read in one snapshot, written in one transaction, never created.

mod error;
mod keyed;
mod probe;
mod select;
mod value;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags};

use self::value::Affinity;
use super::{Connector, ConnectorError, LiveSchema, Reader, SchemaMark, TableName, Writer, sql};

/// How long to wait for another writer before giving up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A company's SQLite file.
pub struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    /// The database in the file at `path`, which must exist when it is first used.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn session(&self, begin: &str) -> Result<Session, ConnectorError> {
        let unreachable = |e| error::opening(&self.path, e);
        // Without SQLITE_OPEN_CREATE: a mistyped path must not leave an empty database behind.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(unreachable)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(unreachable)?;
        rusqlite::vtab::array::load_module(&connection).map_err(unreachable)?;
        add_functions(&connection).map_err(unreachable)?;
        connection.execute_batch(begin).map_err(unreachable)?;
        Ok(Session { connection, columns: HashMap::new() })
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
}

/// A table's columns as comparisons need them.
#[derive(Clone)]
struct Columns(HashMap<String, Affinity>);

impl Columns {
    fn affinity(&self, table: &TableName, column: &str) -> Result<Affinity, ConnectorError> {
        // SQLite compares names without regard to ASCII case.
        self.0.get(&column.to_ascii_lowercase()).copied().ok_or_else(|| sql::no_column(table, column))
    }
}

impl Session {
    fn columns(&mut self, table: &TableName) -> Result<Columns, ConnectorError> {
        if let Some(known) = self.columns.get(table) {
            return Ok(known.clone());
        }
        let columns = Columns(probe::affinities(&self.connection, table)?);
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
        let session = Sqlite::new(&path).session(BEGIN_READING).unwrap();
        for write in ["INSERT INTO t VALUES (2)", "DELETE FROM t", "CREATE TABLE u (id)", "PRAGMA user_version = 7"] {
            let refused = session.connection.execute_batch(write).unwrap_err();
            assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::ReadOnly), "{write}");
        }
    }
}
