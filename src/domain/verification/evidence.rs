//! Pieces of evidence, and the level that they reach together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Level;
use crate::domain::identity::IdentityKind;
use crate::domain::ids::StaffId;
use crate::domain::personal::Personal;

/// One way of showing who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The code that was mailed came back.
    EmailCode,
    /// The name and the proved address stand together in the company's systems.
    NameMatch,
    /// Questions were answered as the company's systems have it.
    DataPoints,
    /// A declaration was signed under penalty of perjury.
    Declaration,
    /// The person signed in to their account with the company's own identity provider.
    SignIn,
    /// An agent whose authority was accepted answers for the person.
    AgentAttestation,
    /// The person confirmed by the link mailed to them that an agent acts for them.
    PersonConfirmation,
    /// A member of staff checked and answers for it.
    StaffCheck,
}

impl Method {
    /// A piece of evidence that gives a level by itself.
    pub fn alone(self, level: Level) -> Evidence {
        Evidence { method: self, level, points: Vec::new(), check: None }
    }
}

/// Something that the requester says of themselves and the company's systems say as well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// The proved address.
    Email,
    /// The name.
    Name,
    /// The answer to the question of that id.
    Question(String),
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// How it was shown.
    pub method: Method,
    /// The level it gives by itself.
    pub level: Level,
    /// The data points it matched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Point>,
    /// What staff noted of their own check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<StaffCheck>,
}

/// A check that a member of staff made. Of a document that was shown no copy is kept, nor its number: having seen it
/// is the record (GDPR Art. 5(1)(c)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffCheck {
    /// Who answers for it.
    pub by: StaffId,
    /// What they did.
    pub how: How,
    /// What a colleague would want to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Personal<String>>,
    /// Which identifiers of the request beside the address it showed to be the person's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub identifiers: BTreeSet<IdentityKind>,
}

/// How staff checked who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// They saw an identity document.
    SawDocument,
    /// They know the customer.
    KnownCustomer,
    /// They called back at a number known from before.
    CalledBack,
    /// The person came to them.
    InPerson,
    /// Otherwise; the note says how.
    Other,
}

/// Answers by the ids of their questions, on their way to being compared: sealed with the request until then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(pub BTreeMap<String, Personal<String>>);

/// How many different data points match.
pub(super) fn points(evidence: &[Evidence]) -> usize {
    evidence.iter().flat_map(|e| &e.points).collect::<BTreeSet<_>>().len()
}

/// The level of all pieces together: the strongest of what each gives by itself; two matching data points give a
/// reasonable degree of certainty (11 CCR 7062(b)), three with a signed declaration a reasonably high one (7062(c)).
pub(super) fn level(evidence: &[Evidence]) -> Level {
    let alone = evidence.iter().map(|e| e.level).max().unwrap_or_default();
    let declared = evidence.iter().any(|e| e.method == Method::Declaration);
    let together = match points(evidence) {
        3.. if declared => Level::High,
        2.. => Level::Reasonable,
        _ => Level::None,
    };
    alone.max(together)
}
