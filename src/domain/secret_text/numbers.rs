//! Cards, national numbers and bank accounts, told from other numbers by issuer, check digit, division and the words
//! beside them.

use std::ops::Range;

use super::check_digits as check;
use super::{Forms, Found, Secret, national};

/// A text with fewer digits holds none of these, but for an Italian code.
pub(super) const LEAST_DIGITS: usize = 6;

/// So long is an Italian code, whose digits are letters where two persons would have the same (omocodia).
pub(super) const CODICE_FISCALE: usize = 16;

/// The shortest of these have nine letters and digits.
pub(super) const LEAST: usize = 9;

/// The longest, a card of nineteen digits.
const MOST: usize = 19;

/// The longest IBAN.
const MOST_OF_IBAN: usize = 34;

/// How many letters and digits the longest has of those that are looked for.
pub(super) fn most(forms: Forms) -> usize {
    if forms.iban { MOST_OF_IBAN } else { MOST }
}

/// How far before a number a word may stand that says what it is, in bytes.
const EARSHOT: usize = 32;

/// What a byte is: looked up, since each is asked for.
pub(super) const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};
const LETTER: u8 = 1;
pub(super) const DIGIT: u8 = 2;

fn is_sign(byte: &u8) -> bool {
    KINDS[usize::from(*byte)] != 0
}

/// Letters and digits that stand together.
#[derive(Clone)]
struct Piece {
    at: Range<usize>,
    digits: bool,
    /// The separator between this one and the next, where it is one that divides numbers.
    then: Option<u8>,
}

impl Piece {
    /// The first that begins at a place or behind it.
    fn from(bytes: &[u8], at: usize) -> Option<Self> {
        let mut start = at + bytes[at..].iter().position(is_sign)?;
        // A quote, a blank or another escape may follow.
        while let long @ 1.. = escape(bytes, start) {
            start += long;
            start += bytes[start..].iter().position(is_sign)?;
        }
        let (mut end, mut digits) = (start, true);
        while let Some(kind @ (LETTER | DIGIT)) = bytes.get(end).map(|b| KINDS[usize::from(*b)]) {
            digits &= kind == DIGIT;
            end += 1;
        }
        let then = separator(&bytes[end..]).filter(|(_, long)| bytes.get(end + long).is_some_and(is_sign));
        Some(Self { at: start..end, digits, then: then.map(|(kind, _)| kind) })
    }
}

/// What a text begins with that divides numbers, and how long it is: a space, a hyphen or a point. Texts that were copied
/// from elsewhere have the spaces and hyphens at which no line breaks, and two where there was one.
fn separator(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b' ', b' ', ..] => Some((b' ', 2)),
        [kind @ (b' ' | b'-' | b'.'), ..] => Some((*kind, 1)),
        [0xC2, 0xA0, ..] => Some((b' ', 2)),
        [0xE2, 0x80, 0x80..=0x8A | 0xAF, ..] => Some((b' ', 3)),
        [0xE2, 0x80, 0x90..=0x95, ..] | [0xE2, 0x88, 0x92, ..] => Some((b'-', 3)),
        // As JSON escapes some of these.
        [b'\\', b'u', rest @ ..] if rest.len() >= 4 => match &rest[..4] {
            b"00a0" | b"00A0" | b"202f" | b"202F" | b"2007" | b"2009" => Some((b' ', 6)),
            b"2010" | b"2011" | b"2012" | b"2013" | b"2212" => Some((b'-', 6)),
            _ => None,
        },
        _ => None,
    }
}

/// How many bytes at a place are the letters of an escape, as the `n` of a line break in JSON: no part of what follows.
fn escape(bytes: &[u8], at: usize) -> usize {
    match (at.checked_sub(1).map(|before| bytes[before]), bytes.get(at)) {
        (Some(b'\\'), Some(b'b' | b'f' | b'n' | b'r' | b't')) => 1,
        (Some(b'\\'), Some(b'u'))
            if bytes.len() > at + 4 && bytes[at + 1..at + 5].iter().all(u8::is_ascii_hexdigit) =>
        {
            5
        }
        _ => 0,
    }
}

/// All of them; at one place the longest.
pub(super) fn find(text: &str, beside: &str, forms: Forms) -> Vec<Found> {
    let (bytes, mut found, mut window) = (text.as_bytes(), Vec::new(), None);
    let mut next = Piece::from(bytes, 0);
    while let Some(first) = next {
        let second = Piece::from(bytes, first.at.end);
        next = match longest(text, &first, second.as_ref(), beside, forms, &mut window) {
            Some((end, secret)) => {
                found.push(Found { at: first.at.start..end, secret });
                Piece::from(bytes, end)
            }
            None => second,
        };
    }
    found
}

/// The pieces that are looked at together, in memory that serves again for those that begin elsewhere.
struct Window {
    /// Letters, as capitals, and digits.
    signs: [u8; MOST_OF_IBAN],
    count: usize,
    /// The same as numbers, as long as all are digits.
    digits: [u8; MOST_OF_IBAN],
    all_digits: bool,
    /// How long each piece is.
    shape: [usize; MOST_OF_IBAN],
    pieces: usize,
    /// The separators between.
    separators: [u8; MOST_OF_IBAN],
}

impl Window {
    const EMPTY: Self = Self {
        signs: [0; MOST_OF_IBAN],
        count: 0,
        digits: [0; MOST_OF_IBAN],
        all_digits: true,
        shape: [0; MOST_OF_IBAN],
        pieces: 0,
        separators: [0; MOST_OF_IBAN],
    };

    fn clear(&mut self) {
        (self.count, self.all_digits, self.pieces) = (0, true, 0);
    }

    /// Takes a piece in, for which there has to be room.
    fn push(&mut self, signs: &[u8], piece: &Piece) {
        for sign in signs {
            self.signs[self.count] = sign.to_ascii_uppercase();
            self.digits[self.count] = sign.wrapping_sub(b'0');
            self.count += 1;
        }
        self.all_digits &= piece.digits;
        self.shape[self.pieces] = signs.len();
        self.separators[self.pieces] = piece.then.unwrap_or_default();
        self.pieces += 1;
    }

    fn candidate<'a>(&'a self, text: &'a str, start: usize, beside: &'a str) -> Candidate<'a> {
        Candidate {
            text,
            start,
            beside,
            signs: &self.signs[..self.count],
            digits: self.all_digits.then_some(&self.digits[..self.count]),
            shape: &self.shape[..self.pieces],
            separators: &self.separators[..self.pieces - 1],
        }
    }
}

/// Pieces taken together.
pub(super) struct Candidate<'a> {
    text: &'a str,
    /// Where it begins.
    start: usize,
    beside: &'a str,
    /// Letters, as capitals, and digits.
    pub(super) signs: &'a [u8],
    /// The same as numbers, where all are digits.
    digits: Option<&'a [u8]>,
    /// How long each piece is.
    pub(super) shape: &'a [usize],
    /// The separators between.
    pub(super) separators: &'a [u8],
}

/// The longest that begins with a piece, behind which the `second` stands: where it ends, and what it is.
fn longest(
    text: &str,
    first: &Piece,
    second: Option<&Piece>,
    beside: &str,
    forms: Forms,
    window: &mut Option<Window>,
) -> Option<(usize, Secret)> {
    let (bytes, start) = (text.as_bytes(), first.at.start);
    let most = most(forms);
    // Most end here: the piece is too long for any, or too short with nothing to be taken with it.
    let long = first.at.len();
    let goes_on = first.then.is_some() && second.is_some_and(|second| long + second.at.len() <= most);
    if long > most || (long < LEAST && !goes_on) {
        return None;
    }
    // Behind a plus stands a telephone number, and behind a digit and a point the fraction of a number. Behind a comma
    // rather the next of a list, unless it is nought and a fraction.
    let fraction = match &bytes[..start] {
        [.., whole, b'.'] => whole.is_ascii_digit(),
        [before @ .., b'0', b','] => !before.last().is_some_and(u8::is_ascii_digit),
        _ => false,
    };
    if fraction || (start > 0 && bytes[start - 1] == b'+') {
        return None;
    }
    let window = window.get_or_insert(Window::EMPTY);
    window.clear();
    let (mut best, mut next) = (None, Some(first.clone()));
    while let Some(piece) = next.filter(|piece| window.count + piece.at.len() <= most) {
        window.push(&bytes[piece.at.clone()], &piece);
        if window.count >= LEAST {
            let found = window.candidate(text, start, beside).is(forms);
            best = found.map(|secret| (piece.at.end, secret)).or(best);
        }
        next = match piece.then {
            None => None,
            Some(_) if window.pieces == 1 => second.cloned(),
            Some(_) => Piece::from(bytes, piece.at.end),
        };
    }
    best
}

impl Candidate<'_> {
    fn is(&self, forms: Forms) -> Option<Secret> {
        if self.separators.windows(2).any(|two| two[0] != two[1])
            && !matches!(self.shape, [3, 3, 3, 2] | [2, 2, 2, 3, 2])
        {
            return None;
        }
        match self.digits {
            Some(digits) if self.is_card(digits) => Some(Secret::PaymentCard),
            Some(digits) => {
                self.number(digits).or_else(|| national::of_digits(self, digits)).map(Secret::NationalNumber)
            }
            None => self.lettered().or_else(|| national::with_letters(self)).map(Secret::NationalNumber),
        }
        .or_else(|| (forms.iban && self.is_iban()).then_some(Secret::Iban))
    }

    /// A card says who issued it, has a length of that issuer's, and its last digit checks.
    fn is_card(&self, digits: &[u8]) -> bool {
        let spoken_of =
            || self.hears(&["card", "karte", "carte", "tarjeta", "cartao", "visa", "master", "amex", "pan"]);
        let usual: &[&[usize]] =
            &[&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 1], &[4, 4, 4, 4, 2], &[4, 4, 4, 4, 3]];
        (13..=19).contains(&digits.len())
            && check::luhn(digits)
            && match issuer_lengths(digits) {
                Some(lengths) if self.shape.len() == 1 => lengths.contains(&digits.len()) || spoken_of(),
                Some(_) => usual.contains(&self.shape) || spoken_of(),
                None => false,
            }
    }

    fn number(&self, digits: &[u8]) -> Option<&'static str> {
        let divided = |shape: &[usize]| self.shape == shape;
        let bare = self.shape.len() == 1;
        let found = match digits.len() {
            9 if is_ssn(digits) && divided(&[3, 2, 4]) && self.separators == b"--" => Some("US SSN"),
            9 if is_ssn(digits) && self.hears(&["ssn", "social security"]) => Some("US SSN"),
            9 if check::luhn(digits)
                && digits[0] != 0
                && self.hears(&["social insurance", "assurance sociale", "sin"]) =>
            {
                Some("Canadian SIN")
            }
            11 if check::cpf(digits) && (divided(&[3, 3, 3, 2]) && self.separators == b"..-") => Some("Brazilian CPF"),
            11 if check::cpf(digits) && self.hears(&["cpf"]) => Some("Brazilian CPF"),
            11 if check::steuer_id(digits) && (divided(&[2, 3, 3, 3]) || self.hears(&["steuer", "idnr", "tax"])) => {
                Some("German tax number")
            }
            12 if digits[0] > 1
                && check::verhoeff(digits)
                && (divided(&[4, 4, 4]) || self.hears(&["aadhaar", "aadhar", "uid"])) =>
            {
                Some("Indian Aadhaar")
            }
            13 if digits.starts_with(&[7, 5, 6]) && check::ean13(digits) && (bare || divided(&[3, 4, 4, 2])) => {
                Some("Swiss AHV number")
            }
            _ => None,
        };
        found.or_else(|| self.is_nir().then_some("French NIR"))
    }

    fn lettered(&self) -> Option<&'static str> {
        let signs = self.signs;
        let form = |pattern: &str| fits(signs, pattern);
        match signs.len() {
            9 if form("AA999999A") && is_nino(signs) && matches!(self.shape, [9] | [2, 2, 2, 2, 1] | [2, 6, 1]) => {
                Some("UK National Insurance number")
            }
            9 if form("99999999A") && matches!(self.shape, [9] | [8, 1]) && check::dni(signs) => Some("Spanish DNI"),
            9 if form("A9999999A") && matches!(signs[0], b'X' | b'Y' | b'Z') && check::dni(signs) => {
                Some("Spanish NIE")
            }
            9 if form("A9999999A") && self.shape.len() == 1 && check::nric(signs) => Some("Singapore NRIC"),
            CODICE_FISCALE if form("AAAAAA**A**A***A") && self.is_codice_fiscale() => Some("Italian codice fiscale"),
            _ => self.is_nir().then_some("French NIR"),
        }
    }

    /// Where digits belong stand digits or the ten letters that may take their place (omocodia). With few digits it stands in
    /// one piece: a text with few of them is not looked at for any other.
    fn is_codice_fiscale(&self) -> bool {
        let stands_for_a_digit = |at: usize| matches!(self.signs[at], b'0'..=b'9' | b'L'..=b'N' | b'P'..=b'V');
        let digits = self.signs.iter().filter(|sign| sign.is_ascii_digit()).count();
        [6, 7, 9, 10, 12, 13, 14].into_iter().all(stands_for_a_digit)
            && (self.shape.len() == 1 || digits >= LEAST_DIGITS)
            && check::codice_fiscale(self.signs)
    }

    /// Sex, year, month, department, commune, order, key.
    fn is_nir(&self) -> bool {
        let month = |signs: &[u8]| matches!((signs[3] - b'0') * 10 + (signs[4] - b'0'), 1..=12 | 20..=42 | 50..=99);
        let divided = matches!(self.shape, [15] | [13, 2] | [1, 2, 2, 2, 3, 3, 2] | [1, 2, 2, 2, 3, 3, 1, 1]);
        divided
            && fits(self.signs, "999999*99999999")
            && matches!(self.signs[0], b'1' | b'2')
            && month(self.signs)
            && check::nir(self.signs)
    }

    fn is_iban(&self) -> bool {
        let fours = || {
            let (last, others) = self.shape.split_last().expect("a candidate has a piece");
            *last <= 4 && others.iter().all(|n| *n == 4)
        };
        (15..=34).contains(&self.signs.len())
            && fits(&self.signs[..4], "AA99")
            && (self.shape.len() == 1 || fours())
            && check::iban(self.signs)
    }

    /// Whether one of the words stands shortly before, or names the place.
    pub(super) fn hears(&self, words: &[&str]) -> bool {
        let from = self.text.floor_char_boundary(self.start.saturating_sub(EARSHOT));
        let before = self.text[from..self.start].to_ascii_lowercase();
        let beside = self.beside.to_ascii_lowercase().replace('_', " ");
        words.iter().any(|word| has_word(&before, word) || has_word(&beside, word))
    }
}

/// Whether a word stands in a text; a short one has to stand alone, since `pan` is in `company`.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphabetic);
        let bytes = text.as_bytes();
        word.len() > 4 || (!letter(at.checked_sub(1).and_then(|i| bytes.get(i))) && !letter(bytes.get(at + word.len())))
    })
}

/// `A` is a letter, `9` a digit, `*` either.
pub(super) fn fits(signs: &[u8], pattern: &str) -> bool {
    let fits = |(sign, wanted): (&u8, u8)| match wanted {
        b'A' => sign.is_ascii_uppercase(),
        b'9' => sign.is_ascii_digit(),
        _ => true,
    };
    signs.len() == pattern.len() && signs.iter().zip(pattern.bytes()).all(fits)
}

/// The lengths of an undivided number of the issuer to whom the first digits belong. Thirteen digits that begin with a
/// four are articles more often than cards, so that length counts only beside a word.
fn issuer_lengths(digits: &[u8]) -> Option<&'static [usize]> {
    let prefix = |n: usize| digits[..n].iter().fold(0_u32, |number, d| number * 10 + u32::from(*d));
    match (prefix(1), prefix(2), prefix(3), prefix(4)) {
        (4, ..) => Some(&[16]),
        (_, 51..=55, ..) | (.., 2221..=2720) => Some(&[16]),
        (_, 34 | 37, ..) => Some(&[15]),
        (.., 6011) | (_, 65, ..) | (.., 644..=649, _) => Some(&[16]),
        (.., 3528..=3589) => Some(&[16]),
        (_, 36 | 38 | 39, ..) | (.., 300..=305, _) => Some(&[14]),
        (_, 62, ..) => Some(&[16, 19]),
        (.., 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763) => Some(&[16, 19]),
        _ => None,
    }
}

/// Areas 000, 666 and from 900 on, group 00 and serial 0000 are not given out.
fn is_ssn(digits: &[u8]) -> bool {
    let part = |range: Range<usize>| digits[range].iter().fold(0_u32, |number, d| number * 10 + u32::from(*d));
    !matches!(part(0..3), 0 | 666 | 900..) && part(3..5) != 0 && part(5..9) != 0
}

/// Letters that are not given out, and the four suffixes.
fn is_nino(signs: &[u8]) -> bool {
    let never = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    !b"DFIQUV".contains(&signs[0])
        && !b"DFIQUVO".contains(&signs[1])
        && !never.iter().any(|pair| signs.starts_with(*pair))
        && (b'A'..=b'D').contains(&signs[8])
}
