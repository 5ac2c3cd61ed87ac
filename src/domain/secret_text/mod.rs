//! Secrets that stand inside of texts are found by their form: card numbers, national numbers, password hashes, keys.
//!
//! A data category says what a column is meant to hold; what people type into a note is another matter. What is found
//! here is described in a package and never shown (11 CCR 7024(d)), wherever it stands. A form alone would take order
//! numbers and telephone numbers for secrets, so each has to show more: an issuer's prefix, a check digit, the way it is
//! divided, or a word beside it.

mod card_codes;
mod check_digits;
mod glance;
mod national;
mod numbers;
#[cfg(test)]
mod tests;
mod tokens;

use std::borrow::Cow;
use std::ops::Range;

use glance::glance;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Secret {
    /// The number of a payment card (ISO/IEC 7812).
    PaymentCard,
    /// The code that stands on a payment card beside its number.
    CardCode,
    /// A number by which a state knows one person; the name of the number.
    NationalNumber(&'static str),
    /// The number of a bank account (ISO 13616).
    Iban,
    /// What a password was turned into to be stored.
    PasswordHash,
    /// A private key in PEM.
    PrivateKey,
    /// A key or token that opens an interface.
    AccessToken,
}

impl Secret {
    /// What it is, as a person reads it.
    pub fn words(self) -> String {
        match self {
            Secret::PaymentCard => "payment card number".to_owned(),
            Secret::CardCode => "card verification code".to_owned(),
            Secret::NationalNumber(name) => format!("national number ({name})"),
            Secret::Iban => "bank account number (IBAN)".to_owned(),
            Secret::PasswordHash => "stored password".to_owned(),
            Secret::PrivateKey => "private key".to_owned(),
            Secret::AccessToken => "access key".to_owned(),
        }
    }
}

/// Which forms are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forms {
    /// Cards, national numbers, hashes, keys and tokens: what nobody is shown.
    pub always: bool,
    /// Bank account numbers too: where law or policy keeps them back.
    pub iban: bool,
}

impl Forms {
    /// None at all.
    pub const NONE: Self = Self { always: false, iban: false };

    /// Those for an answer in which these data categories are kept back beside what nobody is shown.
    pub fn for_answer(never_disclosed: &[String]) -> Self {
        let bank = |name: &String| "user.financial.bank_account".starts_with(name.as_str());
        Self { always: true, iban: never_disclosed.iter().any(bank) }
    }
}

/// One secret and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Bytes of the text.
    pub at: Range<usize>,
    /// What it is.
    pub secret: Secret,
}

/// The secrets in a text, from left to right, apart from each other. `beside` is what the text's place is called, as a
/// column's name: a bare number in a column `ssn` is one. The code of a card is told by the word before it, or by what its
/// place is called. Most texts are too short or hold too few digits for any, and are passed over without a closer look.
pub fn find(text: &str, beside: &str, forms: Forms) -> Vec<Found> {
    if !forms.always {
        return Vec::new();
    }
    if card_codes::is_one(text, beside) {
        return vec![Found { at: 0..text.len(), secret: Secret::CardCode }];
    }
    let seen = glance(text.as_bytes(), numbers::most(forms));
    let mut found = if seen.tokens { tokens::find(text) } else { Vec::new() };
    if seen.numbers || seen.codes {
        let tokens = found.len();
        let numbers = if seen.numbers { numbers::find(text, beside, forms) } else { Vec::new() };
        let apart = |code: &Found| !numbers.iter().any(|number| overlap(&number.at, &code.at));
        let codes: Vec<Found> = card_codes::find(text).into_iter().filter(apart).collect();
        for number in numbers.into_iter().chain(codes) {
            if !found[..tokens].iter().any(|token| overlap(&token.at, &number.at)) {
                found.push(number);
            }
        }
        found.sort_by_key(|one| one.at.start);
    }
    found
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// What stands in a text instead of a secret.
pub fn description(secret: Secret) -> String {
    format!("[held, not disclosed: {}]", secret.words())
}

/// The text with each secret described; `json` keeps a JSON text one, where a bare number becomes a string.
pub fn described<'t>(text: &'t str, found: &[Found], json: bool) -> Cow<'t, str> {
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    let mut quoted = Quotes::default();
    for one in found {
        let before = &text[from..one.at.start];
        out.push_str(before);
        quoted.pass(before);
        let bare = json && !quoted.open;
        let quote = if bare { "\"" } else { "" };
        out.extend([quote, &description(one.secret), quote]);
        quoted.pass(&text[one.at.clone()]);
        from = one.at.end;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Whether a place in a JSON text is inside a string.
#[derive(Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    fn pass(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.open = !self.open,
                _ => {}
            }
        }
    }
}
