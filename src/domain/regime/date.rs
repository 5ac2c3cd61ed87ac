//! Dates as TOML writes them: `2018-05-25`, without quotation marks and without a time.

use chrono::NaiveDate;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::value::Datetime;

/// A date that must be there.
pub fn required<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    let written = Datetime::deserialize(from)?;
    let date = written.date.filter(|_| written.time.is_none() && written.offset.is_none());
    date.and_then(|date| NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into()))
        .ok_or_else(|| D::Error::custom("write a date alone, as 2018-05-25"))
}

/// A date that may be left out; the field needs `default` as well.
pub fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    required(from).map(Some)
}
