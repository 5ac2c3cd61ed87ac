//! What a law gives a person beyond dates: each right's terms, agents, appeal, the words a denial must hold.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Confidence, date};
use crate::domain::right::Right;
use crate::domain::verification::Level;

/// The terms on which a law grants one right.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entitlement {
    /// The article.
    pub citation: String,
    /// The evidence of identity without which the right must not be given effect.
    pub verification: Level,
    /// Whether the response may be extended, where the clock has an extension at all.
    #[serde(default = "yes")]
    pub extends: bool,
    /// How many requests in twelve months are free of charge; none where all are.
    #[serde(default)]
    pub free_per_year: Option<u32>,
    /// The first day of receipt from which the right exists, where that is later than the regime's.
    #[serde(default, deserialize_with = "date::optional")]
    pub since: Option<NaiveDate>,
    /// How sure we are, where it is not as sure as of the regime.
    #[serde(default)]
    pub confidence: Option<Confidence>,
    /// What else a lawyer would want to know.
    #[serde(default)]
    pub note: Option<String>,
}

fn yes() -> bool {
    true
}

/// Who may act for the person, and on what proof.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    /// The rights that may be exercised through an agent.
    pub rights: Vec<Right>,
    /// The proof of authority the law asks for.
    pub proof: String,
    /// The rights for which the business may ask the person to verify or to confirm the permission directly.
    #[serde(default)]
    pub may_confirm_with_person: Vec<Right>,
    /// Whether a power of attorney makes that confirmation unlawful.
    #[serde(default)]
    pub power_of_attorney_suffices: bool,
    /// The statute.
    pub citation: String,
}

/// The review a law gives of a decision, by the controller itself. Its dates are the `appeal` clock's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// What the law calls it and asks of it.
    pub rule: String,
    /// How long records of appeals are kept, in months, where the law says so.
    #[serde(default)]
    pub records_months: Option<u32>,
    /// The statute.
    pub citation: String,
}

/// Where the person can complain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// Its web page for complaints.
    #[serde(default)]
    pub url: Option<String>,
    /// Its postal address.
    #[serde(default)]
    pub address: Option<String>,
    /// Which one it is, where there are several, and the statute.
    #[serde(default)]
    pub note: Option<String>,
}

/// A reason for which the law lets a request be denied.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// The name in the API, in `snake_case`.
    pub code: String,
    /// The reason in the words of a letter.
    pub title: String,
    /// The rights it can be held against; all of them when empty.
    #[serde(default)]
    pub rights: Vec<Right>,
    /// The statute.
    pub citation: String,
}

/// A part that a letter of denial must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterPart {
    /// The reasons for the decision.
    Reasons,
    /// The ground in the law.
    Ground,
    /// The right to complain to the controller first.
    ComplaintToController,
    /// The authority and how to complain to it.
    Authority,
    /// That a court can be asked.
    Court,
    /// How to appeal to the controller.
    HowToAppeal,
    /// That specific pieces that could not be verified are answered as categories.
    AnsweredAsCategories,
    /// That an opt-out is offered instead of a deletion that could not be verified.
    OptOutOffered,
}

/// Kinds of data whose presence is told but whose value is never handed out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeverDisclosed {
    /// Data categories of the fideslang taxonomy; each covers those below it.
    pub categories: Vec<String>,
    /// The statute.
    pub citation: String,
}

/// How far back an answer reaches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookBack {
    /// The earliest day of collection that must be covered; none where there is no limit.
    #[serde(default, deserialize_with = "date::optional")]
    pub since: Option<NaiveDate>,
    /// The rule in words.
    pub rule: String,
    /// The statute.
    pub citation: String,
}

/// How long the record of a request is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// Months from the answer.
    pub months: u32,
    /// What the record holds, and what it may be used for.
    pub rule: String,
    /// The statute.
    pub citation: String,
}

/// That a signal sent by the browser (Global Privacy Control) is a binding opt-out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniversalOptOut {
    /// The first day on which it binds.
    #[serde(deserialize_with = "date::required")]
    pub since: NaiveDate,
    /// The statute.
    pub citation: String,
}

/// The figures a law makes large controllers publish.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// From how many consumers in a year on.
    pub consumers: u64,
    /// What is published and by when.
    pub rule: String,
    /// The statute.
    pub citation: String,
}

/// Something a law asks for beside the answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideDuty {
    /// What is to be done.
    pub rule: String,
    /// The rights whose exercise brings it about; all of them when empty.
    #[serde(default)]
    pub rights: Vec<Right>,
    /// The statute.
    pub citation: String,
}
