//! What can go wrong in the store, in words that hold no stored value.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error};

/// Why the store could not do something. Never holds a value of a row: a database's own message is passed on only as
/// far as it names tables and constraints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached now; it may be later.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// Something is there already that may be there once only.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// The cursor is not one that this list gave out.
    #[error("the cursor is not one that this list gave out")]
    BadCursor,
    /// What is stored cannot be read: it was changed from outside, or sealed under another key file.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// The job is leased to somebody else by now: nothing was written.
    #[error("the job is somebody else's by now")]
    LeaseLost,
    /// The database refused a statement.
    #[error("the database refused: {0}")]
    Database(String),
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => {
                Self::Unavailable("the connection was closed".to_owned())
            }
            Error::DatabaseError(_, info) => {
                let what = info.constraint_name().map_or_else(|| without_values(info.message()), str::to_owned);
                Self::Database(what)
            }
            Error::DeserializationError(_) => Self::Corrupt("a column holds something else than expected".to_owned()),
            Error::BrokenTransactionManager => Self::Unavailable("the connection is broken".to_owned()),
            Error::NotFound => Self::Database("a row that must be there is missing".to_owned()),
            _ => Self::Database("a statement could not be made or a transaction ended early".to_owned()),
        }
    }
}

impl From<ConnectionError> for StoreError {
    fn from(error: ConnectionError) -> Self {
        match error {
            // libpq names host, port, role and database here, never the password.
            ConnectionError::BadConnection(text) => Self::Unavailable(text.trim().replace('\n', " ")),
            _ => Self::Unavailable("the database's address is not usable".to_owned()),
        }
    }
}

/// The message up to where values begin: PostgreSQL puts them behind a colon (`invalid input syntax for type uuid: "…"`).
fn without_values(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.split(": ").next().unwrap_or_default().to_owned()
}
