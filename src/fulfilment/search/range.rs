//! A range of days: rows whose date of collection lies outside stay out; what bears no date is never left out for it.

use chrono::NaiveDate;

use super::place::Place;
use crate::domain::request::DateRange;

/// The column that says when a row was collected: the dataset marks it `fides_meta: {collected_at: true}`.
pub(in crate::fulfilment) fn dated(place: &Place) -> Option<&str> {
    place.fields().find(|(field, _)| field.collected_at).map(|(field, _)| field.name.as_str())
}

/// Whether a row of that date is left out. One without a date, or with one that does not begin as ISO 8601 does, stays
/// in: leaving out what was asked for is the graver mistake.
pub(in crate::fulfilment) fn outside(range: DateRange, value: Option<&str>) -> bool {
    let Some(day) = value.and_then(day) else { return false };
    range.from.is_some_and(|from| day < from) || range.to.is_some_and(|to| day > to)
}

/// The day as the database prints it, without converting between time zones.
pub(in crate::fulfilment) fn day(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("2026-01-01", false)]
    #[case("2026-06-30 23:59:59.999+00", false)]
    #[case("2026-06-30T23:59:59Z", false)]
    #[case("2025-12-31 23:59:59", true)]
    #[case("2026-07-01", true)]
    #[case("1767225600", false)]
    #[case("30.06.2027", false)]
    #[case("", false)]
    fn both_days_are_in(#[case] value: &str, #[case] expected: bool) {
        let day = |text: &str| Some(text.parse().unwrap());
        let range = DateRange { from: day("2026-01-01"), to: day("2026-06-30") };
        assert_eq!(outside(range, Some(value)), expected);
        assert!(!outside(range, None), "NULL");
        assert!(!outside(DateRange { from: None, to: None }, Some(value)), "an open range holds everything");
    }
}
