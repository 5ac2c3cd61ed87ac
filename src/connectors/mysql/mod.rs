//! A company's MySQL or MariaDB: read in one snapshot, written in one transaction, from plain threads.
//!
//! Snapshot and transaction are InnoDB's. Tables of engines without transactions are read as they are at the moment,
//! and never written.

mod address;
mod columns;
mod error;
mod keyed;
mod probe;
mod select;
mod server;
mod session;
mod value;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use self::server::Server;
use self::session::Session;
pub use super::limits::Limits;
use super::pool::Pool;
use super::{Cancellation, Connector, ConnectorError, LiveSchema, Reader, Writer};

/// A company's MySQL (from 8.0) or MariaDB (from 10.5) database.
pub struct Mysql {
    pool: Arc<Pool<Server>>,
    limits: Limits,
    cancellation: Cancellation,
}

impl Mysql {
    /// The database at `url`: `mysql://user:password@host:port/database` or `mariadb://…`, with these options:
    ///
    /// - `ssl-mode`: `disabled`, `preferred`, `required`, `verify_ca` or `verify_identity`, as the servers' own clients
    ///   know them, but that whoever checks the authority checks the host's name too. Left out, it is `preferred` on the
    ///   loopback and `verify_identity` elsewhere.
    /// - `ssl-ca`: a PEM file of the certificates to trust, relative to `base_dir`; left out, the operating system's.
    /// - `socket`: the path of a Unix socket to use instead of host and port.
    ///
    /// # Errors
    /// When the URL cannot be understood; the error repeats nothing of it.
    pub fn new(url: &SecretString, base_dir: &Path, limits: Limits) -> Result<Self, ConnectorError> {
        let server = address::parse(url, base_dir)?;
        Ok(Self { pool: Arc::new(Pool::new(server, &limits)), limits, cancellation: Cancellation::default() })
    }

    /// Settings that no company's server can be relied on to have, and the transaction, in one round trip. Every word
    /// is set anew each time: a pooler in between may hand on a session that somebody else has set.
    fn session(&self, begin: &str) -> Result<Session, ConnectorError> {
        let seconds = |duration: std::time::Duration| duration.as_millis().div_ceil(1000).max(1);
        let (statement, lock) = (self.limits.statement, seconds(self.limits.lock));
        // MySQL reads the first kind of comment as a comment and MariaDB the second. Above its threshold MariaDB would
        // make a table of a list of values and read the whole of the company's to join it.
        let begin = format!(
            "SET NAMES utf8mb4; \
             SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
             innodb_lock_wait_timeout = {lock}, lock_wait_timeout = {lock} \
             /*M!100318 , max_statement_time = {:.3}, in_predicate_conversion_threshold = 0 */ /*!80000 , max_execution_time = {} */; {begin}",
            statement.as_secs_f64(),
            statement.as_millis().max(1),
        );
        Session::begin(&self.pool, &begin, &self.cancellation)
    }

    fn reading(&self) -> Result<Session, ConnectorError> {
        self.session(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        )
    }
}

impl fmt::Debug for Mysql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mysql")
    }
}

impl Connector for Mysql {
    fn probe(&self) -> Result<LiveSchema, ConnectorError> {
        probe::probe(&mut self.reading()?)
    }

    fn until(&self, cancellation: &Cancellation) -> Arc<dyn Connector> {
        Arc::new(Self { pool: Arc::clone(&self.pool), limits: self.limits, cancellation: cancellation.clone() })
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, ConnectorError> {
        Ok(Box::new(self.reading()?))
    }

    fn writer(&self) -> Result<Box<dyn Writer + '_>, ConnectorError> {
        // Each statement sees what is committed: whether new rows refer to those that are locked is asked after the
        // locks are held.
        let begin = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION READ WRITE";
        Ok(Box::new(self.session(begin)?))
    }
}
