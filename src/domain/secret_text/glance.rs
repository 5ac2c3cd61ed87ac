//! One look at each byte of a text, which is all that most texts need: whether a secret can be in it.

use super::numbers::{CODICE_FISCALE, DIGIT, KINDS, LEAST, LEAST_DIGITS};
use super::tokens::GROUPS;

/// What a text may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The beginning of a hash, key or token.
    pub tokens: bool,
    /// A number of a card, a person, an account.
    pub numbers: bool,
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
    if text.len() < LEAST {
        return Seen::default();
    }
    let (mut long_enough, mut sure, mut groups, mut digits) = (false, false, 0, 0);
    let (mut first, mut second) = (0, 0);
    let (mut piece, mut together) = (0, 0);
    let mut end = |piece: usize| {
        together = if piece > most { 0 } else { together + piece };
        long_enough |= together >= LEAST;
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
        sure |= *byte == b'\\' || end(std::mem::take(&mut piece));
    }
    sure |= end(piece);
    Seen { tokens: groups & 0xFF != 0, numbers: sure || (long_enough && digits >= LEAST_DIGITS) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Forms, numbers, tokens};
    use super::*;

    #[rstest::rstest]
    #[case("", false, false)]
    #[case("note d41d8cd98f00b204e9800998ecf8427e", false, false)]
    #[case("a text without any number in it", false, false)]
    #[case("call 030 12 34 56", false, true)]
    #[case("4111111111111111", false, true)]
    #[case("x\\n411111111111111111", false, true)]
    #[case("AKIAIOSFODNN7EXAMPLE", true, false)]
    #[case("RSSMRAURMLMHRLMA", false, true)]
    #[case("0123456789abcdef0123456789abcdef RSSMRA85M01H5LMT", false, true)]
    fn most_texts_are_told_at_a_glance(#[case] text: &str, #[case] tokens: bool, #[case] numbers: bool) {
        assert_eq!(
            glance(text.as_bytes(), numbers::most(Forms { always: true, iban: false })),
            Seen { tokens, numbers }
        );
    }

    proptest! {
        #[test]
        fn what_is_found_was_seen_at_a_glance(
            text in "([0-9a-f]{32} )?(RSSMRA85M01H5LMT|RSSMRAURMLMHRLMA|RSSMRA85M01H501Q)( [0-9a-f]{32})?|([0-9]{2,5}[ .-]?){1,6}|[A-Za-z0-9 \\\\n\u{a0}–]{0,40}|.{0,10}(4111 ?1111 ?1111 ?1111|123-45-6789|DE89370400440532013000|AKIAIOSFODNN7EXAMPLE|\\$2b\\$10\\$[a-z]{53}).{0,10}",
            iban in any::<bool>(),
        ) {
            let forms = Forms { always: true, iban };
            let seen = glance(text.as_bytes(), numbers::most(forms));
            prop_assert!(seen.tokens || tokens::find(&text).is_empty());
            prop_assert!(seen.numbers || numbers::find(&text, "ssn", forms).is_empty());
        }
    }
}
