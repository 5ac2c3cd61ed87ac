//! What the engines' SQL has in common: quoted names, and keys that fit their columns.

use std::collections::HashSet;
use std::fmt;

use super::{ConnectorError, Key, TableName};

/// What a statement was about.
pub(super) enum Place<'a> {
    /// A table.
    Table(&'a TableName),
    /// No table in particular.
    Nowhere,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, " on {table}"),
            Self::Nowhere => Ok(()),
        }
    }
}

/// A name as SQL takes it whatever characters it holds.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table's name, quoted, behind its schema if it carries one.
pub(super) fn quoted_table(table: &TableName) -> String {
    match &table.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&table.name)),
        None => quoted(&table.name),
    }
}

/// The values of the keys, each key once.
pub(super) fn distinct<'k>(keys: &'k [Key], key_columns: &[String]) -> Result<Vec<&'k [String]>, ConnectorError> {
    let mut seen = HashSet::with_capacity(keys.len());
    let mut distinct = Vec::with_capacity(keys.len());
    for key in keys {
        let values = key.0.expose().as_slice();
        if values.len() != key_columns.len() || values.is_empty() {
            let (given, wanted) = (values.len(), key_columns.len());
            return Err(ConnectorError::Statement(format!("a key of {given} values for {wanted} key columns")));
        }
        if seen.insert(values) {
            distinct.push(values);
        }
    }
    Ok(distinct)
}

/// The error for a table that is not there.
pub(super) fn no_table(table: &TableName) -> ConnectorError {
    ConnectorError::Statement(format!("there is no table {table}"))
}

/// The error for a column that is not there.
pub(super) fn no_column(table: &TableName, column: &str) -> ConnectorError {
    ConnectorError::Statement(format!("table {table} has no column {column}"))
}

/// The digits of a telephone number, whatever stands between them. Nothing when there are none, so that a number
/// without digits never meets the many fields without digits.
pub(super) fn phone_digits(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// Digits with at most one point and a sign; no exponent, whose size could exceed the type.
pub(super) fn is_decimal(value: &str) -> bool {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    value.len() <= 1000 && !(whole.is_empty() && fraction.is_empty()) && all_digits(whole) && all_digits(fraction)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::personal::Personal;

    #[rstest]
    #[case("plain", r#""plain""#)]
    #[case(r#"we"ird"#, r#""we""ird""#)]
    #[case(r#""; DROP TABLE x; --"#, r#""""; DROP TABLE x; --""#)]
    fn a_quoted_name_cannot_end_early(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(quoted(name), expected);
    }

    #[rstest]
    #[case("+1 (555) 010-0123", Some("15550100123"))]
    #[case("15550100123", Some("15550100123"))]
    #[case("+", None)]
    #[case("n/a", None)]
    fn digits_are_all_that_counts_in_a_number(#[case] number: &str, #[case] digits: Option<&str>) {
        assert_eq!(phone_digits(number).as_deref(), digits);
    }

    #[test]
    fn keys_come_once_and_must_fit() {
        let key = |v: &[&str]| Key(Personal::new(v.iter().map(|&s| s.to_owned()).collect()));
        let columns = ["a".to_owned(), "b".to_owned()];
        let keys = [key(&["1", "2"]), key(&["1", "2"]), key(&["12", ""])];
        assert_eq!(distinct(&keys, &columns).unwrap().len(), 2);
        let error = distinct(&[key(&["secret"])], &columns).unwrap_err();
        assert_eq!(error.to_string(), "the database cannot run the statement: a key of 1 values for 2 key columns");
    }
}
