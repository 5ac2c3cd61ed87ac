//! The three or four digits that a card has beside its number (CVV2, CVC2, CID): nobody may keep them once a payment was
//! authorised (PCI DSS 4.0, requirement 3.3.1), and some do. Told from other short numbers by the word before them alone.

use std::ops::Range;

use super::{Found, Secret};

/// What such a code is called, in capitals or not; written together, apart or with a hyphen.
const NAMES: &[&str] = &[
    "cvv2",
    "cvv",
    "cvc2",
    "cvc",
    "cvn2",
    "cvn",
    "cardverificationcode",
    "cardverificationvalue",
    "cardverificationnumber",
    "cardverification",
    "cardsecuritycode",
    "cardsecuritynumber",
    "cardsecurity",
    "cardcode",
    "securitycode",
    "kartenprüfnummer",
    "kartenpruefnummer",
    "kartenprüfziffer",
];

/// Whether a text is such a code because its place is called so.
pub(super) fn is_one(text: &str, beside: &str) -> bool {
    let text = text.trim();
    matches!(text.len(), 3 | 4) && text.bytes().all(|byte| byte.is_ascii_digit()) && names_one(beside)
}

/// Whether a column is called so: `card_cvv`, `cvc`, `securityCode`.
fn names_one(column: &str) -> bool {
    let plain: String = column.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    // A short name is a word of its own, or the beginning or end of one written together.
    NAMES.iter().any(|name| match name.len() {
        ..=4 => plain.starts_with(name) || plain.ends_with(name),
        _ => plain.contains(name),
    })
}

/// Those in a text, each behind its word: `CVV: 123`, `security code is 1234`.
pub(super) fn find(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(digits) = next_digits(bytes, at) {
        at = digits.end;
        if matches!(digits.len(), 3 | 4) && follows_its_word(text, digits.start) {
            found.push(Found { at: digits, secret: Secret::CardCode });
        }
    }
    found
}

/// The next digits that stand alone.
fn next_digits(bytes: &[u8], mut from: usize) -> Option<Range<usize>> {
    loop {
        let start = from + bytes[from..].iter().position(u8::is_ascii_digit)?;
        let end =
            bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |long| start + long);
        let alone = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if alone(start.checked_sub(1).and_then(|before| bytes.get(before))) && alone(bytes.get(end)) {
            return Some(start..end);
        }
        from = end;
    }
}

/// How far before the digits the word may begin, in bytes.
const EARSHOT: usize = 40;

/// Whether the last words before a place are a name, but for one that joins them: `code`, `is`, `no`, `number`.
fn follows_its_word(text: &str, at: usize) -> bool {
    let from = (0..=at.saturating_sub(EARSHOT)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = text[from..at].to_lowercase();
    let mut words: Vec<&str> = before.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    while words.last().is_some_and(|word| matches!(*word, "code" | "is" | "no" | "nr" | "number" | "ist" | "lautet")) {
        let joined = words.concat();
        if NAMES.iter().any(|name| name.len() > 4 && joined.ends_with(name)) {
            return true;
        }
        words.pop();
    }
    let last = words.last().copied().unwrap_or_default();
    let joined = words.concat();
    NAMES.iter().any(|name| if name.len() > 4 { joined.ends_with(name) } else { last == *name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("cvv", "123", true)]
    #[case("card_cvv", " 1234 ", true)]
    #[case("cvvCode", "123", true)]
    #[case("CVC2", "123", true)]
    #[case("securityCode", "123", true)]
    #[case("card_verification_value", "123", true)]
    #[case("cvv", "12345", false)]
    #[case("cvv", "12a", false)]
    #[case("cvv_checked", "yes", false)]
    #[case("order_code", "123", false)]
    #[case("quantity", "123", false)]
    #[case("service_no", "123", false)]
    fn a_column_is_called_so(#[case] column: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_one(text, column), expected);
    }

    #[rstest::rstest]
    #[case("card 4111111111111111, CVV: 123, thanks", &["123"])]
    #[case("cvv2=1234;cvc 999", &["1234", "999"])]
    #[case("the security code is 737.", &["737"])]
    #[case("CVC-Code: 737", &["737"])]
    #[case("Kartenprüfnummer 737", &["737"])]
    #[case("cvv 12345", &[])]
    #[case("cvv given, order 123", &[])]
    #[case("room 123", &[])]
    #[case("vitamins cvv123", &[])]
    fn it_stands_behind_its_word(#[case] text: &str, #[case] expected: &[&str]) {
        let found: Vec<&str> = find(text).into_iter().map(|one| &text[one.at]).collect();
        assert_eq!(found, expected);
    }
}
