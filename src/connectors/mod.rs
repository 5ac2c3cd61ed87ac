//! The company's own databases behind one trait: look at the schema, read in a snapshot, write in one transaction.
//!
//! Connectors are synchronous and run on blocking threads: a driver that is asynchronous is driven from there. No
//! connector decides whose row a row is; that is `fulfilment`'s.

mod cancellation;
mod driver;
mod hex;
pub mod http;
mod limits;
pub mod mysql;
mod pool;
pub mod postgres;
pub mod row;
pub mod schema;
mod sql;
pub mod sqlite;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

pub use cancellation::{Cancellation, Why};
pub use limits::Limits;
pub use row::Row;
pub use schema::{Collation, Column, ForeignKey, KeyChange, LiveSchema, SchemaMark, Table, TableName};

use crate::domain::personal::Personal;

/// What went wrong at a company's system. Messages name tables, columns and constraints, never a value.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// The system cannot be reached or refuses the sign-in; trying again later may help.
    #[error("cannot reach the system: {0}")]
    Unreachable(String),
    /// The system took longer than allowed and was interrupted.
    #[error("the system did not answer in time")]
    TimedOut,
    /// All connections that we may have to the system were lent for longer than a statement may take. That says nothing of
    /// the system; trying again later helps.
    #[error("all connections to the system are in use by other work of our own")]
    Busy,
    /// A constraint of the company's database forbids the change; nothing was changed.
    #[error("the database refuses the change: constraint {constraint} on {table}")]
    Constraint {
        /// The constraint's name, or its columns where the engine gives no name.
        constraint: String,
        /// The table it stands on.
        table: String,
    },
    /// The database knows no such table or column, or the statement cannot run on it.
    #[error("the database cannot run the statement: {0}")]
    Statement(String),
    /// The caller asked to stop.
    #[error("stopped by the caller: {0}")]
    Stopped(String),
    /// The run was told to end; nothing was changed that was not committed before.
    #[error("stopped, because nobody waits for it any longer")]
    Cancelled,
}

impl ConnectorError {
    /// Whether the system itself fails, for now, and not what was asked of it: it is out of reach, lost its connection,
    /// or does not answer in time.
    pub fn is_outage(&self) -> bool {
        matches!(self, ConnectorError::Unreachable(_) | ConnectorError::TimedOut)
    }
}

/// How a stored value is compared with the value looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal, in the column's own type.
    Exact,
    /// Equal when both are lower-cased: e-mail addresses. The value looked for is already lower-cased.
    IgnoreCase,
    /// Equal in their digits: telephone numbers stored with spaces, hyphens or brackets. The values looked for are the
    /// digits of all the ways in which one number is written.
    PhoneDigits,
}

/// Rows whose `column` holds one of `values`, and of whose further columns each holds one of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Match {
    /// The column compared.
    pub column: String,
    /// The values looked for, as text in the database's own spelling; never empty.
    pub values: Vec<String>,
    /// How they are compared.
    pub comparison: Comparison,
    /// Further columns, each with the values of which a row holds exactly one as well: those of a composite key, so that an
    /// index on it serves.
    pub also: Vec<(String, Vec<String>)>,
}

impl Match {
    /// Rows whose `column` holds one of `values`.
    pub fn new(column: impl Into<String>, values: Vec<String>, comparison: Comparison) -> Self {
        Self { column: column.into(), values, comparison, also: Vec::new() }
    }

    /// Its columns, all of which have to match: how they are compared, and with what.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let first = Part { column: &self.column, values: &self.values, comparison: self.comparison };
        let also = self.also.iter();
        std::iter::once(first).chain(also.map(|(column, values)| Part {
            column,
            values,
            comparison: Comparison::Exact,
        }))
    }
}

/// One column of a [`Match`].
#[derive(Clone, Copy)]
pub struct Part<'m> {
    /// The column compared.
    pub column: &'m str,
    /// The values looked for.
    pub values: &'m [String],
    /// How they are compared.
    pub comparison: Comparison,
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.parts();
        parts.try_for_each(|part| {
            write!(f, "Match({}, {} values, {:?})", part.column, part.values.len(), part.comparison)
        })
    }
}

/// Which columns of which rows to read.
#[derive(Clone, Debug)]
pub struct Select<'a> {
    /// The table.
    pub table: &'a TableName,
    /// The columns, in the order in which [`Row`] gives them.
    pub columns: &'a [String],
    /// A row qualifies when any of these matches; never empty.
    pub any_of: &'a [Match],
}

/// The primary key of one row: its columns' values as text, in the order of the key.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Key(pub Personal<Vec<String>>);

/// Called for each row of a stream; an error stops the stream and is handed back.
pub type EachRow<'a> = dyn FnMut(&Row) -> Result<(), ConnectorError> + 'a;

/// A company's system that holds personal data. Opening costs nothing; the first use connects.
pub trait Connector: Send + Sync {
    /// Looks at the live schema: tables, columns, keys, constraints.
    fn probe(&self) -> Result<LiveSchema, ConnectorError>;

    /// A mark that is another one as soon as [`Connector::probe`] may give something else, and that costs far less;
    /// `None` where the engine has none, so that only a new look can tell.
    fn schema_mark(&self) -> Result<Option<SchemaMark>, ConnectorError> {
        Ok(None)
    }

    /// The same system for a run that may be told to end: everything opened through it ends with the run.
    fn until(&self, cancellation: &Cancellation) -> Arc<dyn Connector>;

    /// Begins reading: everything read through one reader is one snapshot, and nothing can be changed through it.
    fn reader(&self) -> Result<Box<dyn Reader + '_>, ConnectorError>;

    /// Begins one transaction. Dropped without [`Writer::commit`], it leaves no trace.
    fn writer(&self) -> Result<Box<dyn Writer + '_>, ConnectorError>;

    /// The same as [`Connector::reader`] for an erasure that is being planned. What is known of columns under the mark that
    /// was asked for last ([`Connector::schema_mark`]) is taken as it is: nothing is committed where another mark tells of
    /// other columns, and the search that ends each erasure asks anew.
    fn reader_under_mark(&self) -> Result<Box<dyn Reader + '_>, ConnectorError> {
        self.reader()
    }

    /// The same as [`Connector::writer`] where [`Writer::schema_unless`] is asked before the commit.
    fn writer_under_mark(&self) -> Result<Box<dyn Writer + '_>, ConnectorError> {
        self.writer()
    }
}

/// The connector for a system's `url`; a path in it is relative to `base_dir`, the folder of the configuration file.
///
/// # Errors
/// When the URL cannot be understood or its kind of system is not supported. The error repeats nothing that could be
/// a password.
pub fn open(url: &SecretString, base_dir: &Path) -> Result<Box<dyn Connector>, ConnectorError> {
    open_within(url, base_dir, Limits::default())
}

/// The same, taking no more of the system than `limits` lets it.
///
/// # Errors
/// As [`open`].
pub fn open_within(url: &SecretString, base_dir: &Path, limits: Limits) -> Result<Box<dyn Connector>, ConnectorError> {
    let Some((scheme, rest)) = url.expose_secret().split_once("://") else {
        return Err(ConnectorError::Statement("the address is no URL: it has no `://`".to_owned()));
    };
    match scheme {
        "postgres" | "postgresql" => Ok(Box::new(postgres::Postgres::new(url, base_dir, limits)?)),
        "sqlite" if rest.is_empty() => {
            Err(ConnectorError::Statement("the address names no file: sqlite://path".to_owned()))
        }
        "sqlite" => Ok(Box::new(sqlite::Sqlite::new(base_dir.join(rest), limits))),
        "mysql" | "mariadb" => Ok(Box::new(mysql::Mysql::new(url, base_dir, limits)?)),
        "http" | "https" => {
            Err(ConnectorError::Statement("a service has no tables to look at; see docs/services.md".to_owned()))
        }
        _ => {
            let known = "unknown kind of system; known are postgres://, mysql://, mariadb:// and sqlite://";
            Err(ConnectorError::Statement(known.to_owned()))
        }
    }
}

/// Whether the URL leads over a network to a server that is not checked, and nobody said that this is meant. (MySQL's is
/// checked where nothing is said.)
pub fn takes_any_server(url: &SecretString) -> bool {
    let url = url.expose_secret();
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    is_postgres && postgres::takes_any_server(url)
}

/// A selection that looks for more values than this is not worth announcing.
pub const ANNOUNCED: usize = 64;

/// Reads in one snapshot.
pub trait Reader {
    /// Streams the rows of `select`, each once however many of its matches it meets, in no particular order, with flat
    /// memory. Gives the number of rows.
    fn select(&mut self, select: &Select<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError>;

    /// Says what is selected next, in any order: an engine that can asks for all of it before it waits for the first answer.
    /// Where it cannot, or where the rows are not few, nothing comes of it.
    fn announce(&mut self, _selects: &[Select<'_>]) -> Result<(), ConnectorError> {
        Ok(())
    }
}

/// Rows of a table, by their primary keys.
#[derive(Clone, Copy)]
pub struct Keyed<'a> {
    /// The table.
    pub table: &'a TableName,
    /// The columns of the key.
    pub key_columns: &'a [String],
    /// The keys.
    pub keys: &'a [Key],
}

/// A row that gets values of its own in the same columns as others.
#[derive(Clone, Debug)]
pub struct Own {
    /// Its key.
    pub key: Key,
    /// The values, one a column.
    pub values: Vec<Personal<String>>,
}

/// Rows that are read and locked, and the columns that are read of them.
pub type Locked<'a> = (Keyed<'a>, &'a [String]);

/// Called for each row of several streams, with the number of its stream.
pub type EachOf<'a> = dyn FnMut(usize, &Row) -> Result<(), ConnectorError> + 'a;

/// Reads and writes in one transaction.
pub trait Writer: Reader {
    /// Reads the rows with the given primary keys and locks them until the transaction ends. Keys without a row are
    /// passed over.
    fn lock(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
        columns: &[String],
        each: &mut EachRow<'_>,
    ) -> Result<u64, ConnectorError>;

    /// Deletes the rows with the given primary keys; gives how many there were.
    fn delete(&mut self, table: &TableName, key_columns: &[String], keys: &[Key]) -> Result<u64, ConnectorError>;

    /// Does what [`Writer::lock`] does for several tables, one after the other; where the engine can, without waiting in between.
    fn lock_all(&mut self, locked: &[Locked<'_>], each: &mut EachOf<'_>) -> Result<(), ConnectorError> {
        lock_in_turn(self, locked, each)
    }

    /// The same for [`Writer::delete`].
    fn delete_all(&mut self, rows: &[Keyed<'_>]) -> Result<Vec<u64>, ConnectorError> {
        delete_in_turn(self, rows)
    }

    /// Sets columns of the rows with the given primary keys (`None` is NULL); gives how many rows there were.
    fn update(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
        set: &[(String, Option<Personal<String>>)],
    ) -> Result<u64, ConnectorError>;

    /// Sets `columns` of each row to values of its own, and besides does what [`Writer::update`] does; gives how many rows there
    /// were. No key is given twice.
    fn update_each(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        columns: &[String],
        rows: &[Own],
        set: &[(String, Option<Personal<String>>)],
    ) -> Result<u64, ConnectorError> {
        let mut count = 0;
        for row in rows {
            let own = columns.iter().cloned().zip(row.values.iter().cloned().map(Some));
            let all: Vec<_> = set.iter().cloned().chain(own).collect();
            count += self.update(table, key_columns, std::slice::from_ref(&row.key), &all)?;
        }
        Ok(count)
    }

    /// From here to the commit, references are looked at when everything is done, where the database can wait with that
    /// ([`KeyChange::Waits`]); others go on refusing at once.
    fn defer_references(&mut self) -> Result<(), ConnectorError> {
        Ok(())
    }

    /// The schema, if it has not the given mark any more. Asked for before the commit, when everything that was changed
    /// keeps others from changing the schema of its tables. `None` too where the engine has no marks. An error where columns
    /// that were taken as known are others by now.
    fn schema_unless(&mut self, _mark: &SchemaMark) -> Result<Option<LiveSchema>, ConnectorError> {
        Ok(None)
    }

    /// Commits everything since the writer was opened.
    fn commit(self: Box<Self>) -> Result<(), ConnectorError>;
}

/// Locks the rows of several tables, one table after the other.
fn lock_in_turn<W: Writer + ?Sized>(
    writer: &mut W,
    locked: &[Locked<'_>],
    each: &mut EachOf<'_>,
) -> Result<(), ConnectorError> {
    for (at, (rows, columns)) in locked.iter().enumerate() {
        writer.lock(rows.table, rows.key_columns, rows.keys, columns, &mut |row| each(at, row))?;
    }
    Ok(())
}

/// Deletes rows of several tables, one table after the other.
fn delete_in_turn<W: Writer + ?Sized>(writer: &mut W, rows: &[Keyed<'_>]) -> Result<Vec<u64>, ConnectorError> {
    rows.iter().map(|rows| writer.delete(rows.table, rows.key_columns, rows.keys)).collect()
}
