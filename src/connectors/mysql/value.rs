//! The servers' typed values as exact text, and text back as the value that a column would hold.

use std::borrow::Cow;
use std::fmt::{Display, LowerExp};
use std::net::IpAddr;

use chrono::{DateTime, Datelike, Timelike};
use mysql_async::Value;
use mysql_async::consts::{ColumnFlags, ColumnType as Wire};
use uuid::Uuid;

use crate::connectors::hex::{hex, unhex};
use crate::connectors::{Row, sql};

/// The character set that stands for none.
const BINARY: u16 = 63;

/// The most digits after the point that a moment or a time can have.
const MICROSECONDS: u8 = 6;

/// What kind of values a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Decimal,
    Float,
    Double,
    Date,
    /// Without an offset: a clock on some wall.
    DateTime,
    /// A moment, which the session's time zone makes UTC.
    Timestamp,
    Time,
    Year,
    Bit,
    Text,
    /// Bytes, or a geometry as the server stores it.
    Binary,
    Uuid,
    Inet,
    /// Something whose own comparison is not that of its text: JSON in MySQL.
    Other,
}

impl Kind {
    /// The kind of a column, from `DATA_TYPE` of the information schema.
    pub(super) fn of(data_type: &str) -> Self {
        match data_type.to_ascii_lowercase().as_str() {
            "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" => Self::Integer,
            "decimal" | "numeric" => Self::Decimal,
            "float" => Self::Float,
            "double" | "real" => Self::Double,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "timestamp" => Self::Timestamp,
            "time" => Self::Time,
            "year" => Self::Year,
            "bit" => Self::Bit,
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" => Self::Text,
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "geometry" | "point"
            | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon" | "geometrycollection"
            | "geomcollection" | "vector" => Self::Binary,
            "uuid" => Self::Uuid,
            "inet4" | "inet6" => Self::Inet,
            _ => Self::Other,
        }
    }

    /// How a parameter is written for a column of this kind. The bytes of a parameter count as text, and text is not
    /// any bytes; a text compared with a decimal would be compared as a floating number.
    pub(super) fn compared(self) -> &'static str {
        match self {
            Self::Binary => "UNHEX(?)",
            Self::Decimal => "CAST(? AS DECIMAL(65, 30))",
            _ => "?",
        }
    }

    /// How a parameter to be stored is written.
    pub(super) fn assigned(self) -> &'static str {
        if self == Self::Binary { "UNHEX(?)" } else { "?" }
    }

    /// The parameter that equals the values printed like this; `None` where no row can hold one.
    pub(super) fn wanted(self, text: &str) -> Option<Value> {
        match self {
            Self::Integer | Self::Year => integer(text),
            Self::Decimal => decimal(text),
            Self::Float => text.parse().ok().filter(|n: &f32| n.is_finite()).map(Value::Float),
            Self::Double => text.parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Double),
            Self::Date | Self::DateTime => moment(text),
            Self::Timestamp => moment_with_offset(text).or_else(|| moment(text)),
            Self::Time => time(text),
            Self::Bit => bits(text),
            Self::Binary => unhex(text).map(|bytes| digits(&bytes)),
            Self::Uuid => Uuid::parse_str(text).ok().map(|_| as_text(text)),
            Self::Inet => text.parse::<IpAddr>().ok().map(|_| as_text(text)),
            Self::Text | Self::Other => Some(as_text(text)),
        }
    }

    /// The parameter that stores the text. What is not of the column's form is left to the server to refuse; `None`
    /// where it would not.
    pub(super) fn stored(self, text: &str) -> Option<Value> {
        match (self, self.wanted(text)) {
            (Self::Bit, None) => match text {
                "true" | "t" => Some(Value::UInt(1)),
                "false" | "f" => Some(Value::UInt(0)),
                _ => None,
            },
            (Self::Binary, None) => Some(digits(text.as_bytes())),
            // The server rounds to the column's scale, or refuses.
            (Self::Decimal, _) | (_, None) => Some(as_text(text)),
            (_, Some(value)) => Some(value),
        }
    }
}

/// Fills the row with the values that the server sent, as text.
pub(super) fn fill(row: &mut Row, found: &mysql_async::Row) {
    row.clear();
    for (index, column) in found.columns_ref().iter().enumerate() {
        row.push(found.as_ref(index).and_then(|value| printed(value, column)).as_deref());
    }
}

/// One value as text; `None` is NULL.
fn printed<'v>(value: &'v Value, column: &mysql_async::Column) -> Option<Cow<'v, str>> {
    Some(match value {
        Value::NULL => return None,
        Value::Bytes(bytes) => bytes_of(bytes, column),
        Value::Int(number) => Cow::Owned(padded(number, column)),
        Value::UInt(number) => Cow::Owned(padded(number, column)),
        Value::Float(number) => Cow::Owned(real(*number, f64::from(*number))),
        Value::Double(number) => Cow::Owned(real(*number, *number)),
        Value::Date(..) => Cow::Owned(date_of(value, column)),
        Value::Time(negative, days, hours, minutes, seconds, micros) => {
            let (sign, hours) = (if *negative { "-" } else { "" }, days * 24 + u32::from(*hours));
            Cow::Owned(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{}", fraction(*micros, column)))
        }
    })
}

fn bytes_of<'v>(bytes: &'v [u8], column: &mysql_async::Column) -> Cow<'v, str> {
    let is_bytes = match column.column_type() {
        Wire::MYSQL_TYPE_BIT => {
            let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            return Cow::Owned(format!("{number:0width$b}", width = column.column_length() as usize));
        }
        Wire::MYSQL_TYPE_DECIMAL | Wire::MYSQL_TYPE_NEWDECIMAL | Wire::MYSQL_TYPE_JSON => false,
        Wire::MYSQL_TYPE_GEOMETRY => true,
        _ => column.character_set() == BINARY,
    };
    // Text that is not UTF-8 is written like bytes, since nothing else would be exact.
    match std::str::from_utf8(bytes) {
        Ok(text) if !is_bytes => Cow::Borrowed(text),
        _ => Cow::Owned(hex(bytes)),
    }
}

fn padded(number: &impl Display, column: &mysql_async::Column) -> String {
    let width = match column.column_type() {
        Wire::MYSQL_TYPE_YEAR => 4,
        _ if column.flags().contains(ColumnFlags::ZEROFILL_FLAG) => column.column_length() as usize,
        _ => 0,
    };
    format!("{number:0width$}")
}

/// The fewest digits that read back as the same number: with an exponent where it is far from zero.
fn real<T: Display + LowerExp>(number: T, size: f64) -> String {
    let near = size == 0.0 || (1e-5..1e15).contains(&size.abs());
    if near { number.to_string() } else { format!("{number:e}") }
}

fn date_of(value: &Value, column: &mysql_async::Column) -> String {
    let Value::Date(year, month, day, hour, minute, second, micros) = value else { return String::new() };
    let date = format!("{year:04}-{month:02}-{day:02}");
    if matches!(column.column_type(), Wire::MYSQL_TYPE_DATE | Wire::MYSQL_TYPE_NEWDATE) {
        return date;
    }
    let is_moment = *month > 0 && column.column_type() == Wire::MYSQL_TYPE_TIMESTAMP;
    let offset = if is_moment { "+00:00" } else { "" };
    format!("{date} {hour:02}:{minute:02}:{second:02}{}{offset}", fraction(*micros, column))
}

/// As many digits as the column has.
fn fraction(micros: u32, column: &mysql_async::Column) -> String {
    match column.decimals() {
        0 => String::new(),
        digits if digits <= MICROSECONDS => format!(".{micros:06}")[..=usize::from(digits)].to_owned(),
        _ if micros == 0 => String::new(),
        _ => format!(".{micros:06}"),
    }
}

fn as_text(text: &str) -> Value {
    Value::Bytes(text.as_bytes().to_vec())
}

fn digits(bytes: &[u8]) -> Value {
    as_text(&hex(bytes)["\\x".len()..])
}

fn integer(text: &str) -> Option<Value> {
    let signed = text.parse().ok().map(Value::Int);
    signed.or_else(|| text.parse().ok().map(Value::UInt))
}

/// What fits `DECIMAL(65, 30)`: more would be cut off, and meet another number.
fn decimal(text: &str) -> Option<Value> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fits = sql::is_decimal(text) && whole.trim_start_matches(['-', '+', '0']).len() <= 35 && fraction.len() <= 30;
    fits.then(|| as_text(text))
}

fn bits(text: &str) -> Option<Value> {
    let is_bits = !text.is_empty() && text.bytes().all(|b| matches!(b, b'0' | b'1'));
    u64::from_str_radix(text, 2).ok().filter(|_| is_bits).map(Value::UInt)
}

/// A date with or without a time of day, in the servers' form or that of RFC 3339; zero dates are dates here. An offset
/// says nothing about a column that has none.
fn moment(text: &str) -> Option<Value> {
    let (date, clock) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let [year, month, day] = parts(date, '-')?;
    let clock = clock.trim_end_matches('Z').split(['+', '-']).next().unwrap_or_default();
    let Value::Time(false, 0, hour, minute, second, micros) = time(clock)? else { return None };
    let small = |n: u32, most: u8| u8::try_from(n).ok().filter(|n| *n <= most);
    let year = u16::try_from(year).ok().filter(|year| *year <= 9999)?;
    Some(Value::Date(year, small(month, 12)?, small(day, 31)?, hour, minute, second, micros))
}

fn moment_with_offset(text: &str) -> Option<Value> {
    let given = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(&text.replacen('T', " ", 1), "%Y-%m-%d %H:%M:%S%.f%#z"));
    let utc = given.ok()?.to_utc();
    let small = |n: u32| u8::try_from(n).ok();
    let year = u16::try_from(utc.year()).ok()?;
    let (date, clock) = ((small(utc.month())?, small(utc.day())?), (small(utc.hour())?, small(utc.minute())?));
    let micros = utc.nanosecond() / 1000 % 1_000_000;
    Some(Value::Date(year, date.0, date.1, clock.0, clock.1, small(utc.second())?, micros))
}

/// `-838:59:59.000000` to `838:59:59.000000`.
fn time(text: &str) -> Option<Value> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let [hours, minutes, seconds] = parts(clock, ':')?;
    let micros: u32 = (fraction.len() <= 6).then(|| format!("{fraction:0<6}").parse().ok())??;
    let sixty = |n: u32| u8::try_from(n).ok().filter(|n| *n < 60);
    let days = Some(hours / 24).filter(|_| hours <= 838)?;
    Some(Value::Time(negative, days, u8::try_from(hours % 24).ok()?, sixty(minutes)?, sixty(seconds)?, micros))
}

/// Three numbers of digits only.
fn parts(text: &str, separator: char) -> Option<[u32; 3]> {
    let mut numbers = text.split(separator).map(|part| {
        let plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse().ok()).flatten()
    });
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Kind::Integer, "007", Some(Value::Int(7)))]
    #[case(Kind::Integer, "18446744073709551615", Some(Value::UInt(u64::MAX)))]
    #[case(Kind::Integer, "99999999999999999999", None)]
    #[case(Kind::Decimal, "0.10", Some(as_text("0.10")))]
    #[case(Kind::Decimal, "1e5", None)]
    #[case(Kind::Double, "inf", None)]
    #[case(Kind::Date, "0000-00-00", Some(Value::Date(0, 0, 0, 0, 0, 0, 0)))]
    #[case(Kind::Date, "2026-13-01", None)]
    #[case(Kind::DateTime, "2026-03-01 12:00:00.5", Some(Value::Date(2026, 3, 1, 12, 0, 0, 500_000)))]
    #[case(Kind::DateTime, "2026-03-01T12:00:00+02:00", Some(Value::Date(2026, 3, 1, 12, 0, 0, 0)))]
    #[case(Kind::Timestamp, "2026-03-01T12:00:00+02:00", Some(Value::Date(2026, 3, 1, 10, 0, 0, 0)))]
    #[case(Kind::Timestamp, "2026-03-01 10:00:00.000001+00:00", Some(Value::Date(2026, 3, 1, 10, 0, 0, 1)))]
    #[case(Kind::Timestamp, "soon", None)]
    #[case(Kind::Time, "-838:59:59.5", Some(Value::Time(true, 34, 22, 59, 59, 500_000)))]
    #[case(Kind::Time, "1:2", None)]
    #[case(Kind::Bit, "0101", Some(Value::UInt(5)))]
    #[case(Kind::Bit, "5", None)]
    #[case(Kind::Binary, "\\x00FF", Some(as_text("00ff")))]
    #[case(Kind::Binary, "00ff", None)]
    fn a_printed_value_is_looked_for_as_what_it_is(
        #[case] kind: Kind,
        #[case] text: &str,
        #[case] expected: Option<Value>,
    ) {
        assert_eq!(kind.wanted(text), expected);
    }

    #[rstest]
    #[case(0.0, "0")]
    #[case(100.0, "100")]
    #[case(0.1 + 0.2, "0.30000000000000004")]
    #[case(1e-7, "1e-7")]
    #[case(1.25e20, "1.25e20")]
    fn numbers_are_exact_and_short(#[case] number: f64, #[case] text: &str) {
        assert_eq!(real(number, number), text);
    }

    proptest! {
        #[test]
        fn every_double_reads_back(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            prop_assert_eq!(Kind::Double.wanted(&real(number, number)), Some(Value::Double(number)));
        }

        #[test]
        fn every_float_reads_back(number in proptest::num::f32::NORMAL | proptest::num::f32::SUBNORMAL) {
            prop_assert_eq!(Kind::Float.wanted(&real(number, f64::from(number))), Some(Value::Float(number)));
        }

        #[test]
        fn no_text_breaks_the_reading(text: String) {
            for kind in [Kind::Integer, Kind::Decimal, Kind::DateTime, Kind::Timestamp, Kind::Time, Kind::Bit, Kind::Binary] {
                kind.wanted(&text);
                kind.stored(&text);
            }
        }
    }
}
