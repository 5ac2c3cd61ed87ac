//! Cards, national numbers and bank accounts, told from other numbers by issuer, check digit, division and the words
//! beside them.

use std::ops::Range;

use super::check_digits as check;
use super::{Forms, Found, Secret};

/// A text with fewer digits holds none of these.
pub(super) const LEAST_DIGITS: usize = 6;

/// The longest, an IBAN; and the longest but for it, a card.
const MOST: usize = 34;
const MOST_OF_A_CARD: usize = 19;

/// How far before a number a word may stand that says what it is, in bytes.
const EARSHOT: usize = 32;

/// Letters and digits that stand together.
struct Piece {
    at: Range<usize>,
    digits: bool,
    /// The separator between this one and the next, where it is one that divides numbers.
    then: Option<u8>,
}

/// All of them; at one place the longest.
pub(super) fn find(text: &str, beside: &str, forms: Forms) -> Vec<Found> {
    let pieces = pieces(text.as_bytes());
    let (mut found, mut first, mut taken) = (Vec::new(), 0, Taken::default());
    while first < pieces.len() {
        match longest(text, &pieces[first..], beside, forms, &mut taken) {
            Some((count, secret)) => {
                let last = first + count - 1;
                found.push(Found { at: pieces[first].at.start..pieces[last].at.end, secret });
                first = last + 1;
            }
            None => first += 1,
        }
    }
    found
}

fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let (mut pieces, mut at): (Vec<Piece>, usize) = (Vec::new(), 0);
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        if run == 0 {
            at += 1;
            continue;
        }
        let end = at + run;
        let digits = bytes[at..end].iter().all(u8::is_ascii_digit);
        let divides = |b: &u8| matches!(b, b' ' | b'-' | b'.');
        let then = match (bytes.get(end), bytes.get(end + 1)) {
            (Some(b), Some(next)) if divides(b) && next.is_ascii_alphanumeric() => Some(*b),
            _ => None,
        };
        pieces.push(Piece { at: at..end, digits, then });
        at = end;
    }
    pieces
}

/// What is taken together, in room for the longest.
#[derive(Default)]
struct Taken {
    signs: Few<u8>,
    numbers: Few<u8>,
    shape: Few<usize>,
    separators: Few<u8>,
}

impl Taken {
    fn clear(&mut self) {
        (self.signs.count, self.numbers.count, self.shape.count, self.separators.count) = (0, 0, 0, 0);
    }

    fn add(&mut self, piece: &[u8]) {
        for sign in piece {
            self.signs.push(sign.to_ascii_uppercase());
            self.numbers.push(sign.wrapping_sub(b'0'));
        }
        self.shape.push(piece.len());
    }
}

/// As many as the longest has signs, without memory of its own: most texts hold a number, and hardly any a secret.
struct Few<T> {
    all: [T; MOST],
    count: usize,
}

impl<T: Copy + Default> Default for Few<T> {
    fn default() -> Self {
        Self { all: [T::default(); MOST], count: 0 }
    }
}

impl<T> Few<T> {
    fn push(&mut self, one: T) {
        self.all[self.count] = one;
        self.count += 1;
    }

    fn as_slice(&self) -> &[T] {
        &self.all[..self.count]
    }
}

/// Pieces taken together.
struct Candidate<'a> {
    text: &'a str,
    /// Where it begins.
    start: usize,
    beside: &'a str,
    /// Letters, as capitals, and digits.
    signs: &'a [u8],
    /// The same as numbers, where all are digits.
    digits: Option<&'a [u8]>,
    /// How long each piece is.
    shape: &'a [usize],
    /// The separators between.
    separators: &'a [u8],
}

/// The longest that begins with the first of the pieces: how many pieces it has, and what it is.
fn longest(text: &str, pieces: &[Piece], beside: &str, forms: Forms, taken: &mut Taken) -> Option<(usize, Secret)> {
    let bytes = text.as_bytes();
    let start = pieces[0].at.start;
    // Behind a plus stands a telephone number, and behind a digit and a point the fraction of a number.
    let fraction = start > 1 && matches!(bytes[start - 1], b'.' | b',') && bytes[start - 2].is_ascii_digit();
    if fraction || (start > 0 && bytes[start - 1] == b'+') {
        return None;
    }
    let most = if forms.iban { MOST } else { MOST_OF_A_CARD };
    taken.clear();
    let (mut all_digits, mut best) = (true, None);
    for (count, piece) in pieces.iter().enumerate() {
        if taken.signs.count + piece.at.len() > most {
            break;
        }
        all_digits &= piece.digits;
        taken.add(&bytes[piece.at.clone()]);
        let candidate = Candidate {
            text,
            start,
            beside,
            signs: taken.signs.as_slice(),
            digits: all_digits.then(|| taken.numbers.as_slice()),
            shape: taken.shape.as_slice(),
            separators: taken.separators.as_slice(),
        };
        if let Some(secret) = candidate.is(forms) {
            best = Some((count + 1, secret));
        }
        match piece.then {
            Some(separator) => taken.separators.push(separator),
            None => break,
        }
    }
    best
}

impl Candidate<'_> {
    fn is(&self, forms: Forms) -> Option<Secret> {
        if self.separators.windows(2).any(|two| two[0] != two[1]) && self.shape != [3, 3, 3, 2] {
            return None;
        }
        match self.digits {
            Some(digits) if self.is_card(digits) => Some(Secret::PaymentCard),
            Some(digits) => self.number(digits).map(Secret::NationalNumber),
            None => self.lettered().map(Secret::NationalNumber),
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
            16 if form("AAAAAA**A**A***A") && check::codice_fiscale(signs) => Some("Italian codice fiscale"),
            _ => self.is_nir().then_some("French NIR"),
        }
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
    fn hears(&self, words: &[&str]) -> bool {
        let from = (0..=self.start.saturating_sub(EARSHOT)).rev().find(|at| self.text.is_char_boundary(*at));
        let before = self.text[from.unwrap_or(0)..self.start].to_ascii_lowercase();
        let beside = self.beside.to_ascii_lowercase();
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
fn fits(signs: &[u8], pattern: &str) -> bool {
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
