//! One look at each byte of a text, which is all that most texts need: whether a secret can be in it.

use super::card_codes::SHORTEST as SHORTEST_CODE;
use super::numbers::{CODICE_FISCALE, DIGIT, KINDS, LEAST, LEAST_DIGITS};
use super::tokens::GROUPS;

/// What a text may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The beginning of a hash, key or token.
    pub tokens: bool,
    /// A number of a card, a person, an account.
    pub numbers: bool,
    /// The code of a card: three or four digits that stand alone.
    pub codes: bool,
}

/// For each byte, from below: its groups as the first, the second and the third of a beginning, and its kind.
const BYTES: [u32; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        bytes[byte] = u32::from_le_bytes([GROUPS[0][byte], GROUPS[1][byte], GROUPS[2][byte], KINDS[byte]]);
        byte += 1;
    }
    bytes
};

/// Looks whether secrets can be in a text. A number has `most` letters and digits at most, in pieces that stand together: a
/// longer piece ends what was before it, and of fewer than the shortest has, or with too few digits in all the text, there is
/// none. A piece as long as an Italian code may be one without any digit. Tokens are longer than the shortest number.
pub(super) fn glance(text: &[u8], most: usize) -> Seen {
    if text.len() < LEAST.min(SHORTEST_CODE) {
        return Seen::default();
    }
    let (mut long_enough, mut sure, mut groups, mut digits) = (false, false, 0, 0);
    let (mut first, mut second) = (0, 0);
    let (mut piece, mut together, mut before, mut codes) = (0, 0, 0, false);
    let mut end = |piece: usize, digits: usize| {
        together = if piece > most { 0 } else { together + piece };
        long_enough |= together >= LEAST;
        codes |= matches!(piece, 3 | 4) && digits - before == piece;
        before = digits;
        piece == CODICE_FISCALE
    };
    for byte in text {
        let now = BYTES[usize::from(*byte)];
        groups |= first & (second >> 8) & (now >> 16);
        (first, second) = (second, now);
        let kind = (now >> 24) as u8;
        if kind != 0 {
            piece += 1;
            digits += usize::from(kind == DIGIT);
            continue;
        }
        // The letter behind a backslash may be that of an escape, and belong to no piece.
        sure |= *byte == b'\\' || end(std::mem::take(&mut piece), digits);
    }
    sure |= end(piece, digits);
    Seen { tokens: groups & 0xFF != 0, numbers: sure || (long_enough && digits >= LEAST_DIGITS), codes }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Forms, card_codes, numbers, tokens};
    use super::*;

    #[rstest::rstest]
    #[case("", "")]
    #[case("note d41d8cd98f00b204e9800998ecf8427e", "")]
    #[case("a text without any number in it", "")]
    #[case("room 12, door x345", "")]
    #[case("call 030 12 34 56", "numbers codes")]
    #[case("4111111111111111", "numbers")]
    #[case("x\\n411111111111111111", "numbers")]
    #[case("AKIAIOSFODNN7EXAMPLE", "tokens")]
    #[case("RSSMRAURMLMHRLMA", "numbers")]
    #[case("0123456789abcdef0123456789abcdef RSSMRA85M01H5LMT", "numbers")]
    #[case("cvv 123", "codes")]
    fn most_texts_are_told_at_a_glance(#[case] text: &str, #[case] expected: &str) {
        let [tokens, numbers, codes] = ["tokens", "numbers", "codes"].map(|name| expected.contains(name));
        let seen = glance(text.as_bytes(), numbers::most(Forms { always: true, iban: false }));
        assert_eq!(seen, Seen { tokens, numbers, codes });
    }

    proptest! {
        #[test]
        fn what_is_found_was_seen_at_a_glance(
            text in "([0-9a-f]{32} )?(RSSMRA85M01H5LMT|RSSMRAURMLMHRLMA|RSSMRA85M01H501Q)( [0-9a-f]{32})?|([0-9]{2,5}[ .-]?){1,6}|[A-Za-z0-9 \\\\n\u{a0}–]{0,40}|.{0,3}(CVV|cvc2|security code is|Kartenprüfnummer)[ :=é-]{0,2}[0-9]{2,5}.{0,3}|.{0,10}(4111 ?1111 ?1111 ?1111|123-45-6789|DE89370400440532013000|AKIAIOSFODNN7EXAMPLE|\\$2b\\$10\\$[a-z]{53}).{0,10}",
            iban in any::<bool>(),
        ) {
            let forms = Forms { always: true, iban };
            let seen = glance(text.as_bytes(), numbers::most(forms));
            prop_assert!(seen.tokens || tokens::find(&text).is_empty());
            prop_assert!(seen.numbers || numbers::find(&text, "ssn", forms).is_empty());
            // Where a backslash is, numbers are looked for in any case, and codes with them.
            prop_assert!(seen.codes || seen.numbers || card_codes::find(&text).is_empty());
        }
    }
}
