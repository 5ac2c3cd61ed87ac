//! What a law gives a person beyond dates: each right's terms, agents, appeal, the words a denial must hold.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// Whether it is an appeal against a decision or a complaint about anything.
    #[serde(default)]
    pub kind: AppealKind,
    /// Within how many days of the decision it is filed, where the law names a number.
    #[serde(default)]
    pub file_within_days: Option<u32>,
    /// How long records of appeals are kept, in months, where the law says so.
    #[serde(default)]
    pub records_months: Option<u32>,
    /// The statute.
    pub citation: String,
}

/// What a person asks for who wants the controller to look again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppealKind {
    /// An appeal against a decision.
    #[default]
    Appeal,
    /// A complaint to the controller, also about a request it has not answered (Data Protection Act 2018 s. 164A).
    Complaint,
}

/// Where the person can complain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// Its web page for complaints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Which one it is, where there are several, and the statute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    /// What must be true for it to be used; nothing beyond the judgement of staff where it is absent.
    #[serde(default)]
    pub only_when: Option<OnlyWhen>,
    /// The statute.
    pub citation: String,
}

/// What the server itself can see to before a ground is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlyWhen {
    /// The free requests of the last twelve months were all answered.
    FreeRequestsUsed,
    /// An earlier request that is the same is being worked on.
    EarlierRequestOpen,
}

impl Ground {
    /// The code of the ground on which somebody whose identity stays in doubt is denied; every regime has it.
    pub const IDENTITY_NOT_VERIFIED: &'static str = "identity_not_verified";

    /// The code of [`Ground::duplicate`].
    pub const DUPLICATE: &'static str = "duplicate";

    /// The ground that every regime has and no file names: the same was asked before and is being worked on. It takes
    /// nothing from the person, who gets the one answer.
    pub(super) fn duplicate() -> Self {
        Self {
            code: Self::DUPLICATE.to_owned(),
            title: "You asked for the same before, and we are working on that request.".to_owned(),
            rights: Vec::new(),
            only_when: Some(OnlyWhen::EarlierRequestOpen),
            citation: "no statute: the earlier request keeps its dates and is answered".to_owned(),
        }
    }
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
