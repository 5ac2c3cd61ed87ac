//! Connections: how each database is opened and brought up to date, by any number of processes at once.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::{Connection, PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use secrecy::{ExposeSecret, SecretString};

use super::dialect::Conn;
use super::{Options, StoreError};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Any number, as long as every version of Habeas uses the same.
const MIGRATION_LOCK: i64 = 0x4861_6265_6173;

/// What every connection says first. A process that stops inside a transaction must not hold its locks for ever.
const POSTGRES_SESSION: &str = "SET statement_timeout = '60s'; SET lock_timeout = '15s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning";

/// Durable at every commit; what is deleted is overwritten, so that destroyed keys do not linger in free pages.
const SQLITE_SESSION: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; \
     PRAGMA journal_size_limit = 67108864";

/// Which database, and how to reach it.
#[derive(Clone)]
pub(super) enum Place {
    Postgres(SecretString),
    Sqlite(PathBuf),
}

impl Place {
    pub(super) fn parse(options: &Options) -> Result<Self, StoreError> {
        let url = options.url.expose_secret();
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Place::Postgres(with_timeouts(url).into()));
        }
        match url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            Some(path) if !path.is_empty() => Ok(Place::Sqlite(options.base_dir.join(path))),
            _ => Err(StoreError::Unavailable("its URL is neither sqlite://FILE nor postgres://…".to_owned())),
        }
    }

    pub(super) fn connect(&self) -> Result<Conn, StoreError> {
        match self {
            Place::Postgres(url) => {
                let mut conn = PgConnection::establish(url.expose_secret())?;
                conn.batch_execute(POSTGRES_SESSION)?;
                Ok(Conn::Pg(conn))
            }
            Place::Sqlite(path) => {
                make_file(path).map_err(|e| StoreError::Unavailable(format!("{}: {e}", path.display())))?;
                let path = path.to_str().ok_or_else(|| StoreError::Unavailable("its path is not UTF-8".to_owned()))?;
                let mut conn = SqliteConnection::establish(path)?;
                conn.batch_execute(SQLITE_SESSION)?;
                Ok(Conn::Lite(conn))
            }
        }
    }

    /// A connection that cannot write.
    pub(super) fn connect_to_read(&self) -> Result<Conn, StoreError> {
        let mut conn = self.connect()?;
        match &mut conn {
            Conn::Pg(c) => c.batch_execute("SET default_transaction_read_only = on")?,
            Conn::Lite(c) => c.batch_execute("PRAGMA query_only = ON")?,
        }
        Ok(conn)
    }

    /// Brings the tables up to date. Whoever comes second waits and finds nothing left to do.
    pub(super) fn migrate(&self) -> Result<(), StoreError> {
        match self.connect()? {
            Conn::Pg(mut c) => {
                c.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
                c.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
                // The lock goes with the connection.
                run_pending(&mut c, POSTGRES)
            }
            Conn::Lite(mut c) => c.immediate_transaction(|c| run_pending(c, SQLITE)),
        }
    }
}

fn run_pending<C, DB>(conn: &mut C, source: EmbeddedMigrations) -> Result<(), StoreError>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let done = conn.run_pending_migrations(source);
    done.map(drop).map_err(|error| StoreError::Database(format!("its tables cannot be brought up to date: {error}")))
}

/// Only its owner reads the file; SQLite gives its companions the same mode.
fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Nobody waits for ever for a database that went away without a word; what the URL says itself stays.
fn with_timeouts(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [("connect_timeout", "5"), ("keepalives_idle", "10"), ("tcp_user_timeout", "10000")] {
        if !url.contains(&format!("{name}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&format!("{name}={value}"));
        }
    }
    url
}
