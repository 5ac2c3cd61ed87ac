//! JSON Lines: one object a row, numbers with every digit the database prints, JSON values as JSON. On the way it is seen
//! which columns hold a value that is none of their kind, as `infinity` among dates.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::IgnoredAny;

use super::lines::Lines;
use super::{Cell, ColumnHeader, ColumnKind, moments};

/// For each column, whether a value in it is none of the column's kind.
pub(super) type Odd = Arc<[AtomicBool]>;

/// The keys of one collection's objects, encoded once, each with what stands before it.
pub(super) struct Keys {
    columns: Vec<(String, ColumnKind)>,
    odd: Odd,
}

impl Keys {
    /// For rows with these columns.
    pub fn new(columns: &[ColumnHeader], odd: Odd) -> Self {
        let key = |(i, c): (usize, &ColumnHeader)| {
            let mut key = if i == 0 { "{".to_owned() } else { ",".to_owned() };
            string(&mut key, &c.name, false);
            key.push(':');
            (key, c.kind)
        };
        Self { columns: columns.iter().enumerate().map(key).collect(), odd }
    }

    /// Appends one line. `smooth` says that no value holds a sign that means something in a string
    /// ([`super::batch::Row::is_smooth`]).
    pub fn line<'a>(&self, out: &mut Lines, cells: impl Iterator<Item = Cell<'a>>, smooth: bool) {
        if self.columns.is_empty() {
            out.text.push('{');
        }
        for (((key, kind), odd), cell) in self.columns.iter().zip(self.odd.iter()).zip(cells) {
            out.field(key);
            match cell {
                Cell::Text(text) => {
                    if !value(&mut out.text, *kind, text, smooth) {
                        odd.store(true, Ordering::Relaxed);
                    }
                }
                Cell::Null => out.text.push_str("null"),
                Cell::Withheld | Cell::NotDisclosed => string(&mut out.text, cell.shown().unwrap_or_default(), false),
            }
        }
        out.text.push_str("}\n");
    }
}

/// Appends a value in its column's type, or as a string where the text is none of that type (`NaN`, `infinity`); says
/// whether the column's description holds for it.
fn value(out: &mut String, kind: ColumnKind, text: &str, smooth: bool) -> bool {
    match kind {
        ColumnKind::Integer | ColumnKind::Number if is_json_number(text) => {
            out.push_str(text);
            return kind == ColumnKind::Number || text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        }
        ColumnKind::Boolean if matches!(text, "t" | "true" | "1") => out.push_str("true"),
        ColumnKind::Boolean if matches!(text, "f" | "false" | "0") => out.push_str("false"),
        ColumnKind::Json if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
            // a line break in valid JSON stands between its tokens, where a space means the same
            out.extend(text.trim().chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
        }
        _ => {
            string(out, text, smooth);
            return match kind {
                ColumnKind::Integer | ColumnKind::Boolean => false,
                // as Table Schema's numbers, which have these three
                ColumnKind::Number => matches!(text, "NaN" | "Infinity" | "-Infinity"),
                ColumnKind::Date => moments::is_date(text),
                ColumnKind::DateTime => moments::is_moment(text),
                ColumnKind::Json | ColumnKind::Text => true,
            };
        }
    }
    true
}

/// Appends a JSON string.
fn string(out: &mut String, text: &str, smooth: bool) {
    // Without an early end the whole text is looked at many bytes at a time.
    if !smooth && text.bytes().fold(false, |found, b| found | (b < 0x20 || b == b'"' || b == b'\\')) {
        out.push_str(&serde_json::Value::from(text).to_string());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

/// The grammar of RFC 8259 section 6.
fn is_json_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Behind some digits; `None` where there is none.
    let digits = |from: usize| {
        let behind = bytes.get(from..)?.iter().take_while(|b| b.is_ascii_digit()).count();
        (behind > 0).then_some(from + behind)
    };
    let whole = usize::from(bytes.first() == Some(&b'-'));
    let Some(mut at) = digits(whole) else { return false };
    if bytes[whole] == b'0' && at > whole + 1 {
        return false;
    }
    if bytes.get(at) == Some(&b'.') {
        let Some(behind) = digits(at + 1) else { return false };
        at = behind;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let Some(behind) = digits(at + 1 + sign) else { return false };
        at = behind;
    }
    at == bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(kind: ColumnKind, text: &str) -> String {
        let mut out = String::new();
        value(&mut out, kind, text, false);
        out
    }

    #[rstest::rstest]
    #[case(ColumnKind::Integer, &["0", "-12", "12345678901234567890123"], &["007", "1e5", "1.0", "abc", "", "+1"])]
    #[case(ColumnKind::Number, &["0.10", "1e-07", "NaN", "-Infinity"], &[".5", "abc", "", "nan"])]
    #[case(ColumnKind::Boolean, &["t", "0"], &["maybe", "", "2"])]
    #[case(ColumnKind::Date, &["2026-02-28"], &["infinity", "0044-03-15 BC", "0000-00-00", "2026-02-29", "12026-01-01"])]
    #[case(ColumnKind::DateTime, &["2026-03-01 10:00:00.5+00"], &["-infinity", "1700000000", "2026-03-01"])]
    #[case(ColumnKind::Text, &["", "x"], &[])]
    #[case(ColumnKind::Json, &["{broken"], &[])]
    fn a_value_that_is_none_of_its_kind_is_seen(#[case] kind: ColumnKind, #[case] fits: &[&str], #[case] odd: &[&str]) {
        let fit = |text: &&&str| value(&mut String::new(), kind, text, false);
        assert_eq!(fits.iter().filter(|t| !fit(t)).collect::<Vec<_>>(), Vec::<&&str>::new());
        assert_eq!(odd.iter().filter(fit).collect::<Vec<_>>(), Vec::<&&str>::new());
    }

    #[rstest::rstest]
    #[case(ColumnKind::Integer, "12345678901234567890123", "12345678901234567890123")]
    #[case(ColumnKind::Integer, "007", "\"007\"")]
    #[case(ColumnKind::Number, "-12.50", "-12.50")]
    #[case(ColumnKind::Number, "1e-07", "1e-07")]
    #[case(ColumnKind::Number, "0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827")]
    #[case(ColumnKind::Number, ".5", "\".5\"")]
    #[case(ColumnKind::Number, "NaN", "\"NaN\"")]
    #[case(ColumnKind::Number, "-", "\"-\"")]
    #[case(ColumnKind::Boolean, "t", "true")]
    #[case(ColumnKind::Boolean, "0", "false")]
    #[case(ColumnKind::Boolean, "maybe", "\"maybe\"")]
    #[case(ColumnKind::Json, "{\"a\": [1.10,\n null], \"a\": 2}", "{\"a\": [1.10,  null], \"a\": 2}")]
    #[case(ColumnKind::Json, "{broken", "\"{broken\"")]
    #[case(ColumnKind::Date, "2026-11-22", "\"2026-11-22\"")]
    #[case(ColumnKind::Text, "12", "\"12\"")]
    #[case(ColumnKind::Text, "a\"b\n\u{1}é", "\"a\\\"b\\n\\u0001é\"")]
    fn a_value_keeps_its_type_and_its_digits(#[case] kind: ColumnKind, #[case] text: &str, #[case] expected: &str) {
        assert_eq!(written(kind, text), expected);
    }

    proptest! {
        #[test]
        fn any_value_of_any_kind_is_json_on_one_line(text in any::<String>(), kind in 0..7_usize) {
            use ColumnKind::{Boolean, Date, DateTime, Integer, Json, Number, Text};
            let out = written([Integer, Number, Boolean, Date, DateTime, Json, Text][kind], &text);
            prop_assert!(!out.contains(['\n', '\r']));
            prop_assert!(serde_json::from_str::<IgnoredAny>(&out).is_ok());
        }

        #[test]
        fn a_number_is_one_exactly_where_json_says_so(text in "[-+0-9.eE]{0,8}") {
            prop_assert_eq!(is_json_number(&text), serde_json::from_str::<IgnoredAny>(&text).is_ok());
        }
    }
}
