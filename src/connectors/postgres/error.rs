//! PostgreSQL's errors in the connectors' words. Its messages, details and hints quote values, so none is passed on:
//! only the SQLSTATE and the names that the server sends apart.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::connectors::ConnectorError;
pub(super) use crate::connectors::sql::Place;

/// What is told where a pooler is seen by a statement that fails. Trying again helps: nothing is prepared any more.
pub(super) const STATEMENT_LOST: &str = "a pooler does not keep prepared statements; from now on none are used";

/// The error of a statement, of a commit, or of connecting.
pub(super) fn of(error: &Error, place: &Place<'_>) -> ConnectorError {
    match error.as_db_error() {
        Some(db) => from_server(db, place),
        None if error.source().and_then(|s| s.downcast_ref::<io::Error>()).is_none() && !error.is_closed() => {
            ConnectorError::Unreachable(error.to_string())
        }
        None => ConnectorError::Unreachable(network(error)),
    }
}

/// The error of connecting: whatever a server says instead of letting us in, it cannot be reached.
pub(super) fn connecting(error: &Error) -> ConnectorError {
    match error.as_db_error() {
        Some(db) => ConnectorError::Unreachable(phrase(db.code())),
        None => of(error, &Place::Nowhere),
    }
}

/// Whether the server has ended the connection, as it may while nobody uses it, with or without saying why.
pub(super) fn is_farewell(error: &Error) -> bool {
    let ends = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::IDLE_SESSION_TIMEOUT];
    error.as_db_error().is_none_or(|told| ends.contains(told.code()))
}

fn network(error: &Error) -> String {
    match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        Some(cause) => format!("{error}: {cause}"),
        None => "the connection was lost".to_owned(),
    }
}

fn from_server(db: &DbError, place: &Place<'_>) -> ConnectorError {
    let code = db.code().code();
    match &code[..2] {
        "23" => constraint(db, place),
        "08" | "28" | "3D" | "53" | "57" if *db.code() != SqlState::QUERY_CANCELED => {
            ConnectorError::Unreachable(phrase(db.code()))
        }
        // Somebody else's transaction was in the way: trying again may help.
        "40" => ConnectorError::Unreachable(phrase(db.code())),
        _ if [SqlState::QUERY_CANCELED, SqlState::LOCK_NOT_AVAILABLE].contains(db.code()) => ConnectorError::TimedOut,
        _ => ConnectorError::Statement(format!("{}{place}", phrase(db.code()))),
    }
}

fn constraint(db: &DbError, place: &Place<'_>) -> ConnectorError {
    let named = match (db.schema(), db.table(), place) {
        (Some(schema), Some(table), _) => format!("{schema}.{table}"),
        (_, _, Place::Table(table)) => table.to_string(),
        _ => "an unnamed table".to_owned(),
    };
    let constraint = match (db.constraint(), db.column()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(column)) if *db.code() == SqlState::NOT_NULL_VIOLATION => format!("NOT NULL of {column}"),
        _ => phrase(db.code()),
    };
    ConnectorError::Constraint { constraint, table: named }
}

/// What the code means (PostgreSQL, appendix A).
fn phrase(code: &SqlState) -> String {
    let meaning = match code.code() {
        "42P01" | "3F000" => "no such table",
        "42703" => "no such column",
        "42501" => "permission denied",
        "42804" | "42846" | "42883" => "the types do not fit",
        "428C9" => "the column is generated",
        "25006" => "the database is read-only",
        "25P02" => "an earlier statement of the transaction failed",
        "28P01" | "28000" => "the sign-in was refused",
        "3D000" => "no such database",
        "40001" | "40P01" => "another transaction was in the way",
        "53300" => "too many connections",
        code => match &code[..2] {
            "08" => "the connection failed",
            "22" => "a value does not fit its column's type",
            "23" => "an integrity rule",
            "53" => "the server is short of resources",
            "57" => "the server is shutting down or starting",
            "P0" => "a trigger or function refused",
            _ => "the server refused",
        },
    };
    format!("{meaning} (SQLSTATE {})", code.code())
}
