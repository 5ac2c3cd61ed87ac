//! SQLite's five kinds of value as exact text, and text back as the value a column would hold.

use std::borrow::Cow;

use rusqlite::types::{Value, ValueRef};

use crate::connectors::hex::{hex, unhex};

/// How a column converts what is compared with it or stored in it (<https://sqlite.org/datatype3.html>, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    /// Numbers become text.
    Text,
    /// Text that looks like a number becomes one.
    Number,
    /// Nothing is converted.
    None,
}

impl Affinity {
    /// The affinity of a column declared with this type.
    pub(super) fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if has(&["INT"]) {
            Self::Number
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if declared.is_empty() || has(&["BLOB"]) || declared == "ANY" {
            Self::None
        } else {
            Self::Number
        }
    }
}

/// The value as text: numbers so that they read back the same, blobs as `\x` and hexadecimal digits, as PostgreSQL
/// writes them. Text that is not UTF-8 is written like a blob, since nothing else would be exact. `None` is NULL.
pub(super) fn text_of(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Integer(number) => Cow::Owned(number.to_string()),
        ValueRef::Real(number) => Cow::Owned(real(number)),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_or_else(|_| hex(bytes).into(), Cow::Borrowed),
        ValueRef::Blob(bytes) => Cow::Owned(hex(bytes)),
    })
}

/// Every stored value whose text is `text`, in a column of that affinity.
pub(super) fn candidates(text: &str, affinity: Affinity) -> impl Iterator<Item = Value> {
    let blob = unhex(text).map(Value::Blob);
    let number = if affinity == Affinity::None { number(text) } else { None };
    [Some(Value::Text(text.to_owned())), blob, number].into_iter().flatten()
}

/// The one value to store for `text`, before the column's own conversion.
pub(super) fn to_store(text: &str, affinity: Affinity) -> Value {
    match unhex(text) {
        Some(bytes) if affinity != Affinity::Text => Value::Blob(bytes),
        _ => Value::Text(text.to_owned()),
    }
}

fn number(text: &str) -> Option<Value> {
    let integer = text.parse::<i64>().ok().filter(|n| n.to_string() == text).map(Value::Integer);
    integer.or_else(|| text.parse::<f64>().ok().filter(|&n| real(n) == text).map(Value::Real))
}

/// The fewest digits that read back as the same number, laid out as SQLite lays numbers out. (SQLite itself stops at
/// fifteen digits, which loses `0.1 + 0.2`.)
fn real(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').expect("Rust writes the exponent of {:e}");
    let exponent: i32 = exponent.parse().expect("the exponent of {:e} is a number");
    if (-4..15).contains(&exponent) {
        return format!("{number:?}");
    }
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{point}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.1, "0.1")]
    #[case(0.1 + 0.2, "0.30000000000000004")]
    #[case(100.0, "100.0")]
    #[case(1e-7, "1.0e-07")]
    #[case(0.0001, "0.0001")]
    #[case(1.25e20, "1.25e+20")]
    #[case(-5e-324, "-5.0e-324")]
    #[case(f64::NEG_INFINITY, "-Inf")]
    fn reals_are_exact_and_short(#[case] number: f64, #[case] text: &str) {
        assert_eq!(real(number), text);
    }

    #[rstest]
    #[case("INTEGER", Affinity::Number)]
    #[case("VARCHAR(20)", Affinity::Text)]
    #[case("", Affinity::None)]
    #[case("blob", Affinity::None)]
    #[case("DECIMAL(10,2)", Affinity::Number)]
    #[case("CHARINT", Affinity::Number)]
    fn affinity_follows_the_declared_type(#[case] declared: &str, #[case] affinity: Affinity) {
        assert_eq!(Affinity::of(declared), affinity);
    }

    proptest! {
        #[test]
        fn every_real_reads_back(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let text = real(number);
            prop_assert_eq!(text.parse::<f64>().unwrap(), number);
            prop_assert!(candidates(&text, Affinity::None).any(|c| c == Value::Real(number)));
        }

        #[test]
        fn no_text_breaks_the_reading(text: String) {
            prop_assert_eq!(candidates(&text, Affinity::None).next(), Some(Value::Text(text)));
        }
    }
}
