//! The smaller parts of a policy file: whom to tell, what data is for, how long it stays, what is left out.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::domain::identity::Email;
use crate::domain::right::Right;

/// Whether a package goes out by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// As soon as it is made, unless there is something for staff to look at: nothing found, something withheld.
    #[default]
    Automatic,
    /// When staff have looked at it and released it, always.
    Review,
}

/// When staff are told of dates, beside the escalation of every missed one to the officers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reminders {
    /// How many days before a date; never is an empty list.
    #[serde(deserialize_with = "days_before")]
    pub days_before: Vec<u32>,
    /// Who beside the officers is told of a missed date.
    #[serde(deserialize_with = "address")]
    pub escalate_to: Option<Email>,
}

impl Default for Reminders {
    fn default() -> Self {
        Self { days_before: vec![10, 3], escalate_to: None }
    }
}

fn days_before<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u32>, D::Error> {
    let days = Vec::<u32>::deserialize(from)?;
    let sound = days.len() <= 5 && days.iter().all(|days| (1..=90).contains(days));
    sound.then_some(days).ok_or_else(|| D::Error::custom("write at most five numbers of days, each from 1 to 90"))
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Email>, D::Error> {
    String::deserialize(from)?.parse().map(Some).map_err(D::Error::custom)
}

/// Somebody to whom data was disclosed and who is told of what was done (GDPR Art. 19; Cal. Civ. Code 1798.105(c)).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Its name.
    pub name: String,
    /// What it is to the controller: an affiliate, an analytics service, a mailing service.
    pub role: String,
    /// The e-mail address or web page at which it takes notices, if it takes any.
    #[serde(default)]
    pub contact: Option<String>,
    /// The fideslang data categories disclosed to it.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The rights of whose exercise it is told.
    #[serde(default = "changes")]
    pub notify: Vec<Right>,
}

fn changes() -> Vec<Right> {
    vec![Right::Correction, Right::Deletion, Right::Restriction, Right::OptOut]
}

/// What a kind of data is used for (GDPR Art. 15(1)(a)-(b); Cal. Civ. Code 1798.110(a)).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// The purpose in the words of an answer.
    pub text: String,
    /// The fideslang data categories it uses.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The legal basis, where the law asks for one.
    #[serde(default)]
    pub legal_basis: Option<String>,
    /// Where the data comes from, if not from the person.
    #[serde(default)]
    pub source: Option<String>,
}

/// How long a kind of data stays, and why it outlives a deletion if it does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The period and its reason in the words of an answer.
    pub text: String,
    /// The fideslang data categories it speaks of.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The ground of denial (its code in the regime) on which it is kept in spite of a deletion request.
    #[serde(default)]
    pub ground: Option<String>,
}

/// Something a right does not reach, said openly in the answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// What is left out and why, in the words of an answer.
    pub text: String,
    /// The rights it limits; all of them when empty.
    #[serde(default)]
    pub rights: Vec<Right>,
}
