//! The three or four digits that a card has beside its number (CVV2, CVC2, CID): nobody may keep them once a payment was
//! authorised (PCI DSS 4.0, requirement 3.3.1), and some do. Told from other short numbers by the word before them alone.

use std::ops::Range;

use super::{Found, Secret};

/// The length of the shortest text with its word: `cvv 123`.
pub(super) const SHORTEST: usize = 7;

/// What such a code is called in a word.
const WORDS: &[&str] = &["cvv", "cvv2", "cvc", "cvc2", "cvn", "cvn2"];

/// And in several, however these are joined.
const PHRASES: &[&str] = &[
    "cardverificationcode",
    "cardverificationvalue",
    "cardverificationnumber",
    "cardsecuritycode",
    "cardsecuritynumber",
    "cardcode",
    "securitycode",
    "kartenprüfnummer",
    "kartenpruefnummer",
    "kartenprüfziffer",
];

/// Whether a text is such a code because its place is called so. A number has lost the zeros that it began with.
pub(super) fn is_one(text: &str, beside: &str) -> bool {
    let text = text.trim();
    matches!(text.len(), 1..=4) && text.bytes().all(|byte| byte.is_ascii_digit()) && names_one(beside)
}

/// Whether a column is called so: `card_cvv`, `cvc2`, `securityCode`.
fn names_one(column: &str) -> bool {
    // Most names have none of this in them, and are asked for each short number of theirs.
    let hints = |two: &[u8]| matches!([two[0] | 32, two[1] | 32], [b'c', b'v' | b'a'] | [b's', b'e'] | [b'k', b'a']);
    if !column.as_bytes().windows(2).any(hints) {
        return false;
    }
    let words = words_of(column);
    let runs = (0..words.len()).flat_map(|from| (from + 1..=words.len()).map(move |to| from..to));
    words.iter().any(|word| WORDS.contains(&word.as_str()))
        || runs.map(|run| words[run].concat()).any(|run| PHRASES.contains(&run.as_str()))
}

/// The words of a name in lower case: `cardCvv` has two as `card_cvv` has.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("there is one").extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
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
    let mut words = words_of(&text[text.floor_char_boundary(at.saturating_sub(EARSHOT))..at]);
    loop {
        let joined = words.concat();
        let Some(last) = words.pop() else { return false };
        if WORDS.contains(&last.as_str()) || PHRASES.iter().any(|phrase| joined.ends_with(phrase)) {
            return true;
        }
        if !matches!(last.as_str(), "code" | "is" | "no" | "nr" | "number" | "ist" | "lautet") {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("cvv", "123", true)]
    #[case("card_cvv", " 1234 ", true)]
    #[case("cvvCode", "123", true)]
    #[case("cvv", "12", true)]
    #[case("cardCVV", "123", true)]
    #[case("cv_count", "123", false)]
    #[case("cv_version", "123", false)]
    #[case("cvNumber", "123", false)]
    #[case("country_id", "123", false)]
    #[case("CVC2", "123", true)]
    #[case("securityCode", "123", true)]
    #[case("card_verification_value", "123", true)]
    #[case("cvv", "12345", false)]
    #[case("cvv", "12a", false)]
    #[case("cvv_checked", "yes", false)]
    #[case("order_code", "123", false)]
    #[case("quantity", "123", false)]
    #[case("discard_code", "123", false)]
    #[case("card_code", "123", true)]
    #[case("customer_securitycode", "123", true)]
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
