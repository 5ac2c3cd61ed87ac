//! A company's PostgreSQL: read in one snapshot, written in one transaction, from plain threads.
//!
//! The driver is asynchronous; whoever waits for a connection moves it. Callers must therefore be on blocking threads,
//! never inside asynchronous code.

mod columns;
mod copied;
mod error;
mod keyed;
mod merged;
mod opening;
mod probe;
mod select;
mod server;
mod session;
mod statements;
mod tls;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use self::opening::Opening;
use self::server::Server;
use self::session::{Kind, Session};
pub(super) use self::tls::takes_any_server;
pub use super::limits::Limits;
use super::pool::Pool;
use super::{Cancellation, Connector, ConnectorError, LiveSchema, Reader, SchemaMark, Writer};

/// A company's PostgreSQL database.
pub struct Postgres {
    pool: Arc<Pool<Server>>,
    limits: Limits,
    cancellation: Cancellation,
}

impl Postgres {
    /// The database at `url`, a connection URI of libpq's form. Of `sslmode`, `disable`, `prefer` (the default) and
    /// `require` mean what they mean in libpq; `verify-ca` checks the host name too, as `verify-full` does. The
    /// certificates come from `sslrootcert` (a PEM file, relative to `base_dir`) or else from the operating system.
    ///
    /// # Errors
    /// When the URL cannot be understood; the error repeats nothing of it.
    pub fn new(url: &SecretString, base_dir: &Path, limits: Limits) -> Result<Self, ConnectorError> {
        let (url, tls) = tls::take_from(url.expose_secret(), base_dir)?;
        let mut config: tokio_postgres::Config = url.expose_secret().parse().map_err(|_| unreadable())?;
        config.connect_timeout(limits.connect);
        config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(Duration::from_secs(60));
        if config.get_application_name().is_none() {
            config.application_name("habeas");
        }
        let opening = Opening::new(&mut config, tls.mode, tls.client);
        let pool = Arc::new(Pool::new(
            Server { config, opening, columns: columns::Remembered::default(), plain: statements::Plain::default() },
            &limits,
        ));
        Ok(Self { pool, limits, cancellation: Cancellation::default() })
    }

    fn session(&self, begin: &str, kind: Kind) -> Result<Session, ConnectorError> {
        // Rows that a policy of the table hides would be missed in silence; so the table is refused instead.
        let (statement, lock) =
            (self.limits.statement.as_millis().to_string(), self.limits.lock.as_millis().to_string());
        let settings = [
            ("TimeZone", "UTC"),
            ("DateStyle", "ISO, YMD"),
            ("IntervalStyle", "iso_8601"),
            ("extra_float_digits", "1"),
            ("bytea_output", "hex"),
            ("row_security", "off"),
            ("statement_timeout", &statement),
            ("lock_timeout", &lock),
        ];
        Session::begin(&self.pool, begin, &settings, kind, &self.cancellation)
    }

    // PostgreSQL takes the snapshot at the first query, not at BEGIN; a session begins with one.
    fn reading(&self) -> Result<Session, ConnectorError> {
        self.session("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", Kind::Reads)
    }

    fn writing(&self) -> Result<Session, ConnectorError> {
        self.session("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", Kind::Writes)
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postgres")
    }
}

impl Connector for Postgres {
    fn probe(&self) -> Result<LiveSchema, ConnectorError> {
        probe::probe(&mut self.reading()?)
    }

    fn schema_mark(&self) -> Result<Option<SchemaMark>, ConnectorError> {
        probe::mark(&mut self.reading()?).map(Some)
    }

    fn until(&self, cancellation: &Cancellation) -> Arc<dyn Connector> {
        Arc::new(Self { pool: Arc::clone(&self.pool), limits: self.limits, cancellation: cancellation.clone() })
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, ConnectorError> {
        Ok(Box::new(self.reading()?))
    }

    fn writer(&self) -> Result<Box<dyn Writer + '_>, ConnectorError> {
        Ok(Box::new(self.writing()?))
    }

    fn reader_under_mark(&self) -> Result<Box<dyn Reader + '_>, ConnectorError> {
        Ok(Box::new(self.reading()?.under_mark()))
    }

    fn writer_under_mark(&self) -> Result<Box<dyn Writer + '_>, ConnectorError> {
        Ok(Box::new(self.writing()?.under_mark()))
    }
}

fn unreadable() -> ConnectorError {
    ConnectorError::Statement(
        "the address is not of the form postgres://user:password@host:port/database?option=value \
         (special characters in a password are written as %XX)"
            .to_owned(),
    )
}
