//! Where the two databases differ: connections, transactions, row locks.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::result::QueryResult;
use diesel::{PgConnection, SqliteConnection};

/// A connection to either database.
pub(super) enum Conn {
    Pg(PgConnection),
    Lite(SqliteConnection),
}

/// Runs the same Diesel expression on whichever connection it is; the expression is checked against both. `Db` in it
/// is the backend.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::store::dialect::Conn::Pg($c) => {
                #[allow(dead_code)]
                type Db = diesel::pg::Pg;
                $body
            }
            $crate::store::dialect::Conn::Lite($c) => {
                #[allow(dead_code)]
                type Db = diesel::sqlite::Sqlite;
                $body
            }
        }
    };
}

/// A statement of a [`super::Tx`] that reads.
macro_rules! ask {
    ($tx:expr, $c:ident => $body:expr) => {{
        let result = $crate::store::dialect::on!(&mut *$tx.conn, $c => $body);
        $tx.noted(result)
    }};
}

/// A statement of a [`super::Tx`] that writes.
macro_rules! change {
    ($tx:expr, $c:ident => $body:expr) => {{
        $tx.touch();
        let result = $crate::store::dialect::on!(&mut *$tx.conn, $c => $body);
        $tx.noted(result)
    }};
}

/// Loads rows and keeps others from changing them until the write ends. SQLite has one writer, who holds them all.
macro_rules! lock {
    ($conn:expr, $query:expr => $row:ty) => {
        match $conn {
            $crate::store::dialect::Conn::Pg(c) => $query.for_update().load::<$row>(c),
            $crate::store::dialect::Conn::Lite(c) => $query.load::<$row>(c),
        }
    };
}

pub(super) use {ask, change, lock, on};

type Transactions = AnsiTransactionManager;

impl Conn {
    /// Begins a transaction; in SQLite one that writes, so that waiting for another process happens here.
    pub(super) fn begin(&mut self) -> QueryResult<()> {
        match self {
            Conn::Pg(c) => Transactions::begin_transaction(c),
            Conn::Lite(c) => Transactions::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        }
    }

    pub(super) fn commit(&mut self) -> QueryResult<()> {
        on!(self, c => Transactions::commit_transaction(c))
    }

    pub(super) fn roll_back(&mut self) -> QueryResult<()> {
        on!(self, c => Transactions::rollback_transaction(c))
    }

    /// Whether each call of a group gets a savepoint. In SQLite one costs next to nothing; in PostgreSQL it is two
    /// round trips, so that there a group in which a call fails is run again one by one.
    pub(super) fn has_savepoints(&self) -> bool {
        matches!(self, Conn::Lite(_))
    }

    pub(super) fn save_point(&mut self) -> QueryResult<()> {
        on!(self, c => Transactions::begin_transaction(c))
    }

    /// Whether the connection still answers.
    pub(super) fn is_alive(&mut self) -> bool {
        match self {
            Conn::Pg(c) => c.batch_execute("SELECT 1").is_ok(),
            Conn::Lite(_) => true,
        }
    }

    /// After keys were destroyed: empties SQLite's write-ahead log, in which older pages hold them. PostgreSQL's
    /// vacuum and its own log are for the operator to keep short.
    pub(super) fn forget_old_pages(&mut self) {
        if let Conn::Lite(c) = self {
            // Readers may hold it back; the next purge or checkpoint gets it.
            if let Err(error) = c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)") {
                tracing::warn!(%error, "the write-ahead log could not be emptied after a purge");
            }
        }
    }
}
