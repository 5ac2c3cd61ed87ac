//! Who a request is about: names and addresses parsed and normalised once, at the edge.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::personal::Personal;

/// What kind of identifier a value is; the names are fideslang's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// An e-mail address.
    Email,
    /// A telephone number in E.164.
    #[serde(alias = "phone_number")]
    Phone,
    /// The company's own number for the person.
    #[serde(alias = "external_id", alias = "user_id", alias = "customer_id")]
    AccountId,
}

impl IdentityKind {
    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            IdentityKind::Email => "e-mail address",
            IdentityKind::Phone => "telephone number",
            IdentityKind::AccountId => "account number",
        }
    }
}

/// Why a value is not an identifier of its kind. Holds no part of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not an address of the form of RFC 5321.
    #[error("not an e-mail address: it needs the form name@example.com")]
    Email,
    /// Not a number that can be dialled.
    #[error("not a telephone number: write it with its country code, as in +4930123456")]
    Phone,
    /// Empty, over 200 characters, or with control characters.
    #[error("an account id has 1 to 200 characters and no control characters")]
    AccountId,
    /// Empty, over 200 characters, or with control characters.
    #[error("a name has 1 to 200 characters and no control characters")]
    Name,
    /// Not `CC` or `CC-SUBDIVISION`.
    #[error("a residence is a country code (ISO 3166-1, as DE) or one with its subdivision (ISO 3166-2, as US-CA)")]
    Residence,
}

/// An e-mail address. Kept as written for sending; compared by [`Email::normalised`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(Personal<String>);

impl Email {
    /// The address as the person wrote it, for the envelope of a mail.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Lower-cased throughout. RFC 5321 leaves the case of the local part to the receiving host, but no mail
    /// provider in use tells two people apart by it, and company databases hold both spellings.
    pub fn normalised(&self) -> String {
        self.0.expose().to_lowercase()
    }
}

impl FromStr for Email {
    type Err = IdentityError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let s = s.trim();
        let plain =
            s.len() <= 254 && !s.chars().any(|c| c.is_control() || c.is_whitespace() || "<>(),;:\"[]\\".contains(c));
        let dotted = s.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.') || domain == "localhost");
        if plain && dotted && email_address::EmailAddress::is_valid(s) {
            Ok(Self(Personal::new(s.to_owned())))
        } else {
            Err(IdentityError::Email)
        }
    }
}

/// A telephone number, normalised to E.164.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(Personal<String>);

impl Phone {
    /// The number as `+` and digits.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Parses a number written nationally, by the customs of `country` (ISO 3166-1 alpha-2).
    pub fn parse_in(s: &str, country: Option<&str>) -> Result<Self, IdentityError> {
        let country = country.and_then(|c| c.parse::<phonenumber::country::Id>().ok());
        let number = phonenumber::parse(country, s).map_err(|_| IdentityError::Phone)?;
        if s.len() > 40 || !phonenumber::is_viable(s) {
            return Err(IdentityError::Phone);
        }
        Ok(Self(Personal::new(number.format().mode(phonenumber::Mode::E164).to_string())))
    }
}

impl FromStr for Phone {
    type Err = IdentityError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse_in(s, None)
    }
}

/// The company's own number for the person; compared exactly.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(Personal<String>);

impl AccountId {
    /// The number as the company writes it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for AccountId {
    type Err = IdentityError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        printable(s, 200).map(|s| Self(Personal::new(s))).ok_or(IdentityError::AccountId)
    }
}

/// A person's name as they write it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Personal<String>);

impl Name {
    /// What stands where a signal came from an address that gave no name.
    ///
    /// # Panics
    /// Never: it is a name like any other.
    pub fn not_given() -> Self {
        "(name not given)".parse().expect("printable and short")
    }

    /// The name.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for Name {
    type Err = IdentityError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        printable(s, 200).map(|s| Self(Personal::new(s))).ok_or(IdentityError::Name)
    }
}

/// Where the person lives: a country, or a country and its subdivision (ISO 3166-2), as `DE` or `US-CA`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Residence(String);

impl Residence {
    /// The code, as `US-CA`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country's two letters.
    pub fn country(&self) -> &str {
        &self.0[..2]
    }
}

impl FromStr for Residence {
    type Err = IdentityError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let code = s.trim().to_ascii_uppercase();
        let mut parts = code.splitn(2, '-');
        let country = parts.next().unwrap_or_default();
        let rest = parts.next();
        let letters = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let subdivision =
            rest.is_none_or(|s| (1..=3).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()));
        if letters && subdivision { Ok(Self(code)) } else { Err(IdentityError::Residence) }
    }
}

fn printable(s: &str, most: usize) -> Option<String> {
    let s = s.trim();
    let fits = !s.is_empty() && s.chars().count() <= most && !s.chars().any(char::is_control);
    fits.then(|| s.to_owned())
}

macro_rules! parsed_string {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = IdentityError;

            fn try_from(s: String) -> Result<Self, Self::Error> {
                s.parse()
            }
        }
    )+};
}

macro_rules! personal_string {
    ($($name:ident),+) => {$(
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0.into_inner()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([personal])"))
            }
        }
    )+};
}

parsed_string!(Email, Phone, AccountId, Name, Residence);
personal_string!(Email, Phone, AccountId, Name);

impl From<Residence> for String {
    fn from(value: Residence) -> String {
        value.0
    }
}

/// The identifiers by which a person's rows are found in the company's systems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identities {
    /// The address whose control the requester proved.
    pub email: Email,
    /// A telephone number, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The company's own number, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// What beside the address was shown to be the person's. Anything else somebody merely typed: it may be another's, and
    /// counts only where the company's own rows have it beside what was shown.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shown: BTreeSet<IdentityKind>,
}

impl Identities {
    /// The identifier of one kind, in its normalised form.
    pub fn normalised(&self, kind: IdentityKind) -> Option<String> {
        match kind {
            IdentityKind::Email => Some(self.email.normalised()),
            IdentityKind::Phone => self.phone.as_ref().map(|p| p.expose().to_owned()),
            IdentityKind::AccountId => self.account_id.as_ref().map(|a| a.expose().to_owned()),
        }
    }

    /// What was given and not shown to be the person's.
    pub fn unshown(&self) -> BTreeSet<IdentityKind> {
        let kinds = [IdentityKind::Phone, IdentityKind::AccountId];
        kinds.into_iter().filter(|kind| self.normalised(*kind).is_some() && !self.shown.contains(kind)).collect()
    }

    /// The same without identifiers of these kinds.
    #[must_use]
    pub fn without(mut self, kinds: &BTreeSet<IdentityKind>) -> Self {
        self.phone = self.phone.filter(|_| !kinds.contains(&IdentityKind::Phone));
        self.account_id = self.account_id.filter(|_| !kinds.contains(&IdentityKind::AccountId));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("ada@example.com", true)]
    #[case("  Ada.Lovelace+x@Example.COM ", true)]
    #[case("ada", false)]
    #[case("ada@example", false)]
    #[case("ada@example.com\r\nBcc: all@example.com", false)]
    #[case("<ada@example.com>", false)]
    #[case("a, b@example.com", false)]
    #[case("", false)]
    fn an_address_is_parsed_or_refused(#[case] text: &str, #[case] good: bool) {
        assert_eq!(text.parse::<Email>().is_ok(), good);
    }

    #[test]
    fn spelling_does_not_hide_a_person() {
        let (a, b): (Email, Email) = ("USER5@Example.com".parse().unwrap(), "user5@example.com".parse().unwrap());
        assert_eq!(a.normalised(), b.normalised());
        assert_eq!(a.expose(), "USER5@Example.com");
    }

    #[rstest::rstest]
    #[case("+49 30 901820", None, Some("+4930901820"))]
    #[case("(415) 555-2671", Some("US"), Some("+14155552671"))]
    #[case("030 901820", None, None)]
    #[case("call me", None, None)]
    fn a_number_becomes_e164(#[case] text: &str, #[case] country: Option<&str>, #[case] expected: Option<&str>) {
        assert_eq!(Phone::parse_in(text, country).ok().as_ref().map(Phone::expose), expected);
    }

    #[rstest::rstest]
    #[case("us-ca", Some("US-CA"))]
    #[case("DE", Some("DE"))]
    #[case("Germany", None)]
    #[case("U", None)]
    fn a_residence_is_an_iso_code(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(text.parse::<Residence>().ok().as_ref().map(Residence::as_str), expected);
    }
}
