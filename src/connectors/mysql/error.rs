//! MySQL's and MariaDB's errors in the connectors' words. Their messages quote values, so none is passed on: only the
//! code, and names that the server is known to have put where they stand.

use mysql_async::{DriverError, Error, IoError, ServerError};

use crate::connectors::ConnectorError;
use crate::connectors::sql::Place;

/// Codes by which a server says that the connection is over, rather than by closing it.
const LOST: [u16; 5] = [1053, 1159, 1161, 1927, 4031];

/// Duplicate values: the messages quote the value, then the key.
const DUPLICATE: [u16; 2] = [1062, 1586];

/// Whether the connection is gone, so that another one may serve.
pub(super) fn is_lost(error: &Error) -> bool {
    match error {
        Error::Server(server) => LOST.contains(&server.code),
        error => error.is_fatal(),
    }
}

/// Whether a value that must be unique is there already.
pub(super) fn is_duplicate(error: &Error) -> bool {
    matches!(error, Error::Server(server) if DUPLICATE.contains(&server.code))
}

/// The error of a statement, of a commit, or of connecting.
pub(super) fn of(error: &Error, place: &Place<'_>) -> ConnectorError {
    with_keys(error, place, &[])
}

/// The same, with the names of the keys of the table it was about.
pub(super) fn with_keys(error: &Error, place: &Place<'_>, keys: &[String]) -> ConnectorError {
    match error {
        Error::Server(server) => from_server(server, place, keys),
        Error::Io(IoError::Io(cause)) => {
            ConnectorError::Unreachable(format!("error communicating with the server: {}", cause.kind()))
        }
        Error::Io(IoError::Tls(cause)) => ConnectorError::Unreachable(format!("no secure connection: {cause}")),
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            ConnectorError::Unreachable("the server does not encrypt connections".to_owned())
        }
        Error::Driver(DriverError::UnknownAuthPlugin { .. } | DriverError::CleartextPluginDisabled) => {
            ConnectorError::Unreachable("the server asks for a way to sign in that is not supported".to_owned())
        }
        Error::Driver(DriverError::ConnectionClosed | DriverError::PoolDisconnected) => {
            ConnectorError::Unreachable("the connection was lost".to_owned())
        }
        Error::Driver(DriverError::PacketTooLarge) => {
            ConnectorError::Statement(format!("a value is larger than the server's max_allowed_packet{place}"))
        }
        // What else a driver says may hold rows.
        Error::Driver(_) | Error::Other(_) | Error::Url(_) => {
            ConnectorError::Statement(format!("the driver refused the statement{place}"))
        }
    }
}

fn from_server(error: &ServerError, place: &Place<'_>, keys: &[String]) -> ConnectorError {
    let phrase = || format!("{} (error {})", meaning(error.code), error.code);
    match error.code {
        1062 | 1586 => constraint(key(&error.message, keys), place, error),
        1048 | 1263 | 1364 => {
            constraint(between(&error.message, "'").map(|c| format!("NOT NULL of {c}")), place, error)
        }
        4025 => constraint(between(&error.message, "`").map(str::to_owned), place, error),
        3819 => constraint(between(&error.message, "'").map(str::to_owned), place, error),
        1216 | 1217 | 1451 | 1452 => reference(error, place),
        // Waited for too long, ran too long, or was killed by somebody.
        1205 | 1317 | 1969 | 3024 => ConnectorError::TimedOut,
        1040 | 1043 | 1044 | 1045 | 1049 | 1129 | 1130 | 1203 | 1213 | 1226 | 1251 | 1524 | 1698 | 1820 | 1862
        | 3118 | 3159 | 3572 | 4151 => ConnectorError::Unreachable(phrase()),
        code if LOST.contains(&code) => ConnectorError::Unreachable(phrase()),
        _ => ConnectorError::Statement(format!("{}{place}", phrase())),
    }
}

fn constraint(name: Option<String>, place: &Place<'_>, error: &ServerError) -> ConnectorError {
    let table = match place {
        Place::Table(table) => table.to_string(),
        Place::Nowhere => "an unnamed table".to_owned(),
    };
    ConnectorError::Constraint { constraint: name.unwrap_or_else(|| format!("(error {})", error.code)), table }
}

/// The key that a message ends with, if the table has one so called. A message that was cut off ends in a value.
fn key(message: &str, keys: &[String]) -> Option<String> {
    let ends_with = |key: &&String| message.ends_with(&format!(" '{key}'")) || message.ends_with(&format!(".{key}'"));
    keys.iter().filter(ends_with).max_by_key(|key| key.len()).cloned()
}

/// What stands between the first two quotes of a message that quotes only names.
fn between<'m>(message: &'m str, quote: &str) -> Option<&'m str> {
    message.split(quote).nth(1)
}

/// `…fails (`schema`.`table`, CONSTRAINT `name` FOREIGN KEY…`: names only. Without the right to see them there are none.
fn reference(error: &ServerError, place: &Place<'_>) -> ConnectorError {
    let named = || {
        let (holder, rest) = error.message.split_once("fails (")?.1.split_once(", CONSTRAINT `")?;
        let table = holder.trim_matches('`').replace("`.`", ".");
        Some((rest.split_once('`')?.0.to_owned(), table))
    };
    match named() {
        Some((constraint, table)) => ConnectorError::Constraint { constraint, table },
        None => constraint(Some("of a foreign key".to_owned()), place, error),
    }
}

/// What the code means (MySQL 8.4 error message reference; MariaDB's own begin at 1900).
fn meaning(code: u16) -> &'static str {
    match code {
        1040 | 1203 => "too many connections",
        1043 | 1053 | 1159 | 1161 | 1927 | 4031 => "the connection failed",
        1044 | 1045 | 1251 | 1524 | 1698 | 1820 | 1862 | 3118 | 3159 | 4151 => "the sign-in was refused",
        1049 => "no such database",
        1054 => "no such column",
        1129 | 1130 => "the server does not let this host in",
        1142 | 1143 | 1227 | 1370 => "permission denied",
        1146 => "no such table",
        1213 | 3572 => "another transaction was in the way",
        1226 => "the account's limit is reached",
        1264 | 1265 | 1292 | 1366 | 1406 | 1411 | 1690 | 3140 | 4161 => "a value does not fit its column's type",
        1290 | 1792 | 1836 => "the database is read-only",
        1644 | 4201 => "a trigger or procedure refused",
        1665 => "the server's binlog_format is STATEMENT, which cannot record the transaction",
        1906 | 3105 => "the column is generated",
        1021 | 1037 | 1038 | 1041 | 1114 | 3170 => "the server is short of resources",
        _ => "the server refused",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::connectors::TableName;

    fn told(code: u16, message: &str) -> String {
        let error = Error::Server(ServerError { code, message: message.to_owned(), state: "HY000".to_owned() });
        let table = TableName { schema: Some("shop".to_owned()), name: "people".to_owned() };
        with_keys(&error, &Place::Table(&table), &["one".to_owned(), "one_account".to_owned()]).to_string()
    }

    #[rstest]
    #[case::mariadb(1062, "Duplicate entry 'secret' for key 'one_account'", "constraint one_account on shop.people")]
    #[case::mysql(1062, "Duplicate entry 'secret' for key 'people.one'", "constraint one on shop.people")]
    #[case::cut_off(1062, "Duplicate entry 'a long secret for key 'secret'", "constraint (error 1062) on shop.people")]
    #[case::not_null(1048, "Column 'email' cannot be null", "constraint NOT NULL of email on shop.people")]
    #[case::check(4025, "CONSTRAINT `grown_up` failed for `shop`.`people`", "constraint grown_up on shop.people")]
    #[case::check_in_mysql(3819, "Check constraint 'grown_up' is violated.", "constraint grown_up on shop.people")]
    #[case::reference(
        1451,
        "Cannot delete or update a parent row: a foreign key constraint fails (`shop`.`orders`, CONSTRAINT `buyer` \
         FOREIGN KEY (`person_id`) REFERENCES `people` (`id`))",
        "constraint buyer on shop.orders"
    )]
    #[case::hidden_reference(1217, "…a foreign key constraint fails", "constraint of a foreign key on shop.people")]
    fn a_constraint_is_named_and_no_value(#[case] code: u16, #[case] message: &str, #[case] expected: &str) {
        assert_eq!(told(code, message), format!("the database refuses the change: {expected}"));
    }

    #[rstest]
    #[case(1366, "a value does not fit its column's type (error 1366) on shop.people")]
    #[case(1644, "a trigger or procedure refused (error 1644) on shop.people")]
    #[case(9999, "the server refused (error 9999) on shop.people")]
    fn other_messages_are_not_repeated(#[case] code: u16, #[case] expected: &str) {
        assert_eq!(told(code, "secret"), format!("the database cannot run the statement: {expected}"));
    }
}
