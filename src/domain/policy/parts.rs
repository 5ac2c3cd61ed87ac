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

/// An appeal that the controller promises of its own accord, or on better terms than the law's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppealPromise {
    /// Within how many days of the decision it can be filed; 60 when absent.
    #[serde(default, deserialize_with = "a_period")]
    pub file_within_days: Option<u32>,
    /// Within how many days it is answered; the law's days when absent, and 60 where no law gives an appeal.
    #[serde(default, deserialize_with = "a_period")]
    pub answered_in_days: Option<u32>,
}

fn a_period<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let days = u32::deserialize(from)?;
    let fits = (1..=3650).contains(&days);
    fits.then_some(Some(days)).ok_or_else(|| serde::de::Error::custom("write 1 to 3650 days"))
}

/// Somebody else who answers some requests: the customer whose user the person is, an affiliate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Referral {
    /// The name by which staff choose it.
    pub id: String,
    /// Who answers, in the words of a letter.
    pub name: String,
    /// Where they are reached, in the words of a letter.
    #[serde(default)]
    pub contact: Option<String>,
    /// Why it is theirs to answer, in the words of a letter.
    pub text: String,
}

impl Referral {
    /// To whom the person should turn, on one line.
    pub fn to(&self) -> String {
        self.contact.as_ref().map_or_else(|| self.name.clone(), |contact| format!("{}, {contact}", self.name))
    }
}

/// Whose Global Privacy Control signal is honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Honour {
    /// Everyone's, wherever they live.
    #[default]
    Everyone,
    /// That of persons whose law makes it binding.
    WhereBinding,
}

/// How signals of browsers are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpc {
    /// Whose are honoured.
    pub honour: Honour,
}

/// What the controller says of decisions that no person takes part in (GDPR Art. 13(2)(f), 15(1)(h), 22).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomatedDecisions {
    /// What it says to everybody who asks: that there are none, or which.
    pub statement: String,
    /// The decisions that are taken by machine alone; none when empty.
    #[serde(default)]
    pub decisions: Vec<AutomatedDecision>,
}

/// One kind of decision that is taken by machine alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomatedDecision {
    /// What is decided.
    pub name: String,
    /// How: meaningful information about the logic involved.
    pub logic: String,
    /// What it means for the person.
    #[serde(default)]
    pub consequences: Option<String>,
}

impl AutomatedDecisions {
    /// What an answer says, a sentence or a few each.
    pub fn sentences(&self) -> Vec<String> {
        let of = |decision: &AutomatedDecision| {
            let consequences = decision.consequences.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
            format!("{}: {}{consequences}", decision.name, decision.logic)
        };
        std::iter::once(self.statement.clone()).chain(self.decisions.iter().map(of)).collect()
    }
}

impl Recipient {
    /// The address at which it takes notices by mail, if it takes any.
    pub fn address(&self) -> Option<Email> {
        self.contact.as_deref()?.parse().ok()
    }
}

/// Whether data of `category` is of one of the `listed` kinds, or of one below or above it; an empty list means all.
pub fn concerns(listed: &[String], category: &str) -> bool {
    let below =
        |part: &str, of: &str| part.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    listed.is_empty() || listed.iter().any(|of| below(category, of) || below(of, category))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(&[], "user.name", true)]
    #[case(&["user.contact"], "user.contact.email", true)]
    #[case(&["user.contact.email"], "user.contact", true)]
    #[case(&["user.contact.email"], "user.contact.phone_number", false)]
    #[case(&["user.contact"], "user.contacts", false)]
    fn a_purpose_concerns_what_it_lists(#[case] listed: &[&str], #[case] category: &str, #[case] expected: bool) {
        let listed: Vec<String> = listed.iter().map(|s| (*s).to_owned()).collect();
        assert_eq!(concerns(&listed, category), expected);
    }
}
