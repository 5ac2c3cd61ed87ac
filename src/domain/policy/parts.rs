//! The smaller parts of a policy file: whom to tell, what data is for, how long it stays, what is left out.

use serde::Deserialize;

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

/// Something that a person has to look through, such as files on paper.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByHand {
    /// What it is, as letters name it: "Paper files".
    pub name: String,
    /// What to do there, for staff.
    pub text: String,
    /// The rights whose exercise reaches it; all that are approved when empty.
    #[serde(default)]
    pub rights: Vec<Right>,
    /// Within how many days of the approval it should be done.
    #[serde(default = "a_week")]
    pub days: u16,
}

impl ByHand {
    /// Whether a request under `right` brings it about.
    pub fn concerns(&self, right: Right) -> bool {
        self.rights.is_empty() || self.rights.contains(&right)
    }
}

fn a_week() -> u16 {
    7
}
