//! SQLite's errors in the connectors' words, without any value: its own messages are used only where they hold names.

use std::path::Path;

use rusqlite::{Connection, Error, ErrorCode, ffi};

use crate::connectors::{ConnectorError, TableName};

/// An error while the file was opened or its transaction begun.
pub(super) fn opening(path: &Path, error: Error) -> ConnectorError {
    let path = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ConnectorError::TimedOut,
        Some(ErrorCode::OperationInterrupted) => ConnectorError::Cancelled,
        Some(ErrorCode::CannotOpen) => ConnectorError::Unreachable(format!("there is no database file at {path}")),
        Some(ErrorCode::NotADatabase) => ConnectorError::Unreachable(format!("{path} is not an SQLite database")),
        _ => ConnectorError::Unreachable(format!("{path}: {}", description(&error))),
    }
}

/// An error of a statement on `table`.
pub(super) fn running(connection: &Connection, table: &TableName, error: Error) -> ConnectorError {
    let Error::SqliteFailure(failure, message) = &error else {
        return ConnectorError::Statement(format!("{} on {table}", description(&error)));
    };
    match failure.code {
        ErrorCode::ConstraintViolation => constraint(connection, table, failure.extended_code, message.as_deref()),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => ConnectorError::TimedOut,
        // By a run that was told to end; whoever ran the statement tells whether it took too long instead.
        ErrorCode::OperationInterrupted => ConnectorError::Cancelled,
        ErrorCode::SystemIoFailure | ErrorCode::DiskFull | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            ConnectorError::Unreachable(description(&error))
        }
        _ => ConnectorError::Statement(format!("{} on {table}", description(&error))),
    }
}

/// An error of COMMIT: the transaction is still open, so a broken reference can be asked for by name.
pub(super) fn committing(connection: &Connection, error: Error) -> ConnectorError {
    let unnamed = TableName { schema: None, name: "a table of this transaction".to_owned() };
    let broken = connection.query_row(
        "SELECT c.\"table\", group_concat(f.\"from\", ', ')
         FROM (SELECT * FROM pragma_foreign_key_check LIMIT 1) c
         JOIN pragma_foreign_key_list(c.\"table\") f ON f.id = c.fkid GROUP BY 1",
        [],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    );
    match broken {
        Ok((table, columns)) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            ConnectorError::Constraint { constraint: format!("{table}({columns})"), table }
        }
        _ => running(connection, &unnamed, error),
    }
}

fn constraint(connection: &Connection, table: &TableName, kind: i32, message: Option<&str>) -> ConnectorError {
    let named = match kind {
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => foreign_keys(connection, table),
        // These messages end in the constraint's name or columns; others (a trigger's RAISE) may say anything.
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_NOTNULL
        | ffi::SQLITE_CONSTRAINT_CHECK => {
            message.and_then(|m| m.split_once("constraint failed: ")).map(|(_, names)| names.to_owned())
        }
        ffi::SQLITE_CONSTRAINT_TRIGGER => Some("of a trigger".to_owned()),
        ffi::SQLITE_CONSTRAINT_DATATYPE => Some("of a column's type".to_owned()),
        _ => None,
    };
    let constraint = named.unwrap_or_else(|| ffi::code_to_str(kind).to_owned());
    ConnectorError::Constraint { constraint, table: table.to_string() }
}

/// SQLite does not say which reference refused; the candidates are those that others hold to the table, or else its own.
fn foreign_keys(connection: &Connection, table: &TableName) -> Option<String> {
    let list = |condition: &str| -> rusqlite::Result<Option<String>> {
        connection.query_row(
            &format!(
                "SELECT group_concat(name || '(' || columns || ')', ' or ') FROM (
                     SELECT t.name AS name, group_concat(f.\"from\", ', ') AS columns
                     FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f
                     WHERE t.type = 'table' AND {condition} GROUP BY t.name, f.id)"
            ),
            [&table.name],
            |row| row.get(0),
        )
    };
    let others = list("f.\"table\" = ?1 COLLATE NOCASE").ok().flatten();
    others.or_else(|| list("t.name = ?1 COLLATE NOCASE").ok().flatten())
}

/// The error's kind in SQLite's fixed words.
fn description(error: &Error) -> String {
    match error {
        Error::SqliteFailure(failure, _) | Error::SqlInputError { error: failure, .. } => {
            format!("{} (SQLite {})", ffi::code_to_str(failure.extended_code), failure.extended_code)
        }
        _ => "the driver refused the statement".to_owned(),
    }
}
