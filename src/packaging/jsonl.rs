//! JSON Lines: one object a row, numbers with every digit the database prints, JSON values as JSON. On the way it is seen
//! which columns hold a value that is none of their kind, as `infinity` among dates.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::IgnoredAny;
use serde_json::Value;

use super::batch::Row;
use super::lines::{CHUNK, Lines};
use super::{Cell, ColumnHeader, ColumnKind, moments};

/// For each column, whether a value in it is none of the column's kind.
pub(super) type Odd = Arc<[AtomicBool]>;

/// The keys of one collection's objects, encoded once.
pub(super) struct Keys {
    columns: Vec<Key>,
    /// [`NULL`], and then whatever makes it long enough to be copied quickly.
    null: Vec<u8>,
    odd: Odd,
}

const NULL: &str = "null";

struct Key {
    /// The key with what stands before it and behind it; then whatever makes it long enough to be copied quickly.
    text: Vec<u8>,
    /// How many bytes are meant.
    length: usize,
    kind: ColumnKind,
}

impl Keys {
    /// For rows with these columns.
    pub fn new(columns: &[ColumnHeader], odd: Odd) -> Self {
        let longer = |text: String| [text.into_bytes(), vec![b' '; CHUNK]].concat();
        let key = |(i, c): (usize, &ColumnHeader)| {
            let text = format!("{}{}:", if i == 0 { '{' } else { ',' }, Value::from(c.name.as_str()));
            Key { length: text.len(), text: longer(text), kind: c.kind }
        };
        Self { columns: columns.iter().enumerate().map(key).collect(), null: longer(NULL.to_owned()), odd }
    }

    /// Appends a row of a batch.
    pub fn row(&self, out: &mut Lines, row: &Row<'_>) {
        if self.columns.is_empty() {
            out.push("{");
        }
        let smooth = row.is_smooth();
        for ((key, odd), (at, cell)) in self.columns.iter().zip(self.odd.iter()).zip(row.placed()) {
            out.field_first(key.length, &key.text);
            match cell {
                Cell::Text(text) => {
                    if !value(out, key.kind, Text { text, smooth, on: row.from(at) }) {
                        odd.store(true, Ordering::Relaxed);
                    }
                }
                Cell::Null => out.push_first(NULL.len(), &self.null),
                Cell::Withheld | Cell::NotDisclosed => escaped(out, cell.shown().unwrap_or_default()),
            }
        }
        out.push("}\n");
    }
}

/// The text of a value.
#[derive(Clone, Copy)]
struct Text<'a> {
    text: &'a str,
    /// Whether no sign in it means something in a string ([`Row::is_smooth`]).
    smooth: bool,
    /// Its bytes and those behind it.
    on: &'a [u8],
}

/// Appends a value in its column's type, or as a string where the text is none of that type (`NaN`, `infinity`); says
/// whether the column's description holds for it.
fn value(out: &mut Lines, kind: ColumnKind, value: Text<'_>) -> bool {
    let text = value.text;
    match kind {
        ColumnKind::Integer | ColumnKind::Number if is_json_number(text) => {
            out.push_first(text.len(), value.on);
            return kind == ColumnKind::Number || text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        }
        ColumnKind::Boolean if matches!(text, "t" | "true" | "1") => out.push("true"),
        ColumnKind::Boolean if matches!(text, "f" | "false" | "0") => out.push("false"),
        ColumnKind::Json if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
            // a line break in valid JSON stands between its tokens, where a space means the same
            out.push(&text.trim().replace(['\n', '\r'], " "));
        }
        _ => {
            string(out, value);
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
fn string(out: &mut Lines, value: Text<'_>) {
    // Without an early end the whole text is looked at many bytes at a time.
    let special = |found: bool, b: u8| found | (b < 0x20 || b == b'"' || b == b'\\');
    if !value.smooth && value.text.bytes().fold(false, special) {
        return escaped(out, value.text);
    }
    out.push_ascii(b'"');
    out.push_first(value.text.len(), value.on);
    out.push_ascii(b'"');
}

/// Appends a JSON string that holds signs which mean something there.
fn escaped(out: &mut Lines, text: &str) {
    out.push(&Value::from(text).to_string());
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
        let mut out = Lines::new();
        value(&mut out, kind, alone(text));
        out.written()
    }

    fn alone(text: &str) -> Text<'_> {
        Text { text, smooth: false, on: text.as_bytes() }
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
        let fit = |text: &&&str| value(&mut Lines::new(), kind, alone(text));
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
