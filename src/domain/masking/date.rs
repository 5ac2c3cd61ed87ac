//! A date loses its day, or its month and day, and keeps the form in which its database prints it.

use chrono::{Datelike, NaiveDate};

use super::Truncation;

/// The date or moment with the rest at its beginning; `None` when the text is none. What is truncated already comes back
/// as it is, so that one can tell.
pub(super) fn truncated(text: &str, to: Truncation) -> Option<String> {
    let (day, rest) = text.split_at_checked(10)?;
    let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let month = if to == Truncation::Year { 1 } else { date.month() };
    let begin = NaiveDate::from_ymd_opt(date.year(), month, 1)?;
    Some(format!("{}{}", begin.format("%Y-%m-%d"), midnight(rest)?))
}

/// The time of day with every digit a zero; separators, precision and offset stay.
fn midnight(rest: &str) -> Option<String> {
    if rest.is_empty() {
        return Some(String::new());
    }
    let time = rest.strip_prefix([' ', 'T'])?;
    let offset = time.find(['+', '-', 'Z']).unwrap_or(time.len());
    let (clock, offset) = time.split_at(offset);
    let known = clock.bytes().all(|b| b.is_ascii_digit() || b == b':' || b == b'.') && clock.len() >= 5;
    let zeros: String = clock.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    known.then(|| format!("{}{zeros}{offset}", &rest[..1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("1815-12-10", Truncation::Year, Some("1815-01-01"))]
    #[case("1815-12-10", Truncation::Month, Some("1815-12-01"))]
    #[case("2024-02-29 13:05:09.25+00", Truncation::Month, Some("2024-02-01 00:00:00.00+00"))]
    #[case("2024-02-29T13:05:09Z", Truncation::Year, Some("2024-01-01T00:00:00Z"))]
    #[case("2024-01-01 00:00:00", Truncation::Year, Some("2024-01-01 00:00:00"))]
    #[case("infinity", Truncation::Year, None)]
    #[case("2024-02-30", Truncation::Year, None)]
    #[case("0044-03-15 BC", Truncation::Year, None)]
    #[case("2024-02-29 noon", Truncation::Year, None)]
    fn a_date_is_cut(#[case] text: &str, #[case] to: Truncation, #[case] expected: Option<&str>) {
        assert_eq!(truncated(text, to).as_deref(), expected);
    }
}
