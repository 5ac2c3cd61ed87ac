//! What an answer says of the range of days that was asked for: what it left out, and what it could not be applied to.

use crate::domain::request::DateRange;
use crate::fulfilment::Exported;

/// The range in words; none where it is open on both sides.
pub fn words(range: DateRange) -> Option<String> {
    match (range.from, range.to) {
        (Some(from), Some(to)) => Some(format!("from {from} to {to}")),
        (Some(from), None) => Some(format!("since {from}")),
        (None, Some(to)) => Some(format!("until {to}")),
        (None, None) => None,
    }
}

/// Sentences for the person and for staff; none where no range was asked for.
pub fn notes(range: Option<DateRange>, exported: &Exported) -> Vec<String> {
    let Some(words) = range.and_then(words) else { return Vec::new() };
    let outside: u64 = exported.collections.iter().map(|c| c.outside).sum();
    let mut notes = vec![match outside {
        0 => format!("You asked for data {words}. No row had to be left out for it."),
        1 => format!("You asked for data {words}. 1 row of another time is left out."),
        n => format!("You asked for data {words}. {n} rows of another time are left out."),
    }];
    let whole = exported.collections.iter().filter(|c| !c.dated && c.counts.total() > 0);
    let whole: Vec<&str> = whole.map(|c| c.collection.as_str()).collect();
    if !whole.is_empty() {
        notes.push(format!("These do not say when a row was collected, so you get all of them: {}.", whole.join(", ")));
    }
    notes
}
