//! Columns to domain words and back; what cannot be read is named by its column, never by its value.

use std::str::FromStr;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;

use super::StoreError;

/// What stands for "no due date" in the column that the queue is sorted by.
pub(super) const NO_DUE: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a day of the calendar");

/// One of an enumeration's names, by its serde names: those of the API.
pub(super) fn word<T: DeserializeOwned>(text: &str, column: &'static str) -> Result<T, StoreError> {
    T::deserialize(IntoDeserializer::<WordError>::into_deserializer(text)).map_err(|_| unreadable(column))
}

/// A value by its own parser.
pub(super) fn parsed<T: FromStr>(text: &str, column: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| unreadable(column))
}

/// A SHA-256 or HMAC-SHA256 sum.
pub(super) fn sum(bytes: &[u8], column: &'static str) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| unreadable(column))
}

/// JSON out of a column or a seal.
pub(super) fn from_json<T: DeserializeOwned>(json: &[u8], column: &'static str) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|_| unreadable(column))
}

/// JSON for a column or a seal.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    // The error could quote a value.
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("a value cannot be written as JSON".to_owned()))
}

fn unreadable(column: &'static str) -> StoreError {
    StoreError::Corrupt(format!("{column} holds something unknown"))
}
