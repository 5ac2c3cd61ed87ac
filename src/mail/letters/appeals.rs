//! The letters of an appeal: it arrived, it takes longer, the decision stays, the decision falls.

use askama::Template;
use chrono::NaiveDate;

use super::{Concerning, Remedies};
use crate::domain::regime::AppealKind;
use crate::domain::right::Right;

/// An appeal or a complaint arrived (Data Protection Act 2018 s. 164A(3): within 30 days).
#[derive(Template)]
#[template(path = "mail/en/appeal_received.txt")]
pub struct AppealReceived<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What the law calls it.
    pub kind: AppealKind,
    /// When it arrived.
    pub received: NaiveDate,
    /// The last day for its answer.
    pub due: NaiveDate,
    /// The rule in words.
    pub rule: &'a str,
    /// Where the rule stands.
    pub citation: &'a str,
}

/// The answer to an appeal takes longer.
#[derive(Template)]
#[template(path = "mail/en/appeal_extended.txt")]
pub struct AppealExtended<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What the law calls it.
    pub kind: AppealKind,
    /// Why.
    pub reason: &'a str,
    /// The day it is due now.
    pub due: NaiveDate,
    /// Where the extension stands.
    pub citation: &'a str,
}

/// The decision stays, with written reasons and whom to turn to next (Va. Code 59.1-577(C) and the like).
#[derive(Template)]
#[template(path = "mail/en/appeal_upheld.txt")]
pub struct AppealUpheld<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What the law calls it.
    pub kind: AppealKind,
    /// The written reasons.
    pub explanation: &'a str,
    /// Whom to turn to: there is no second appeal.
    pub remedies: Remedies<'a>,
}

/// The person took the appeal back.
#[derive(Template)]
#[template(path = "mail/en/appeal_withdrawn.txt")]
pub struct AppealWithdrawn<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What the law calls it.
    pub kind: AppealKind,
    /// The last day for another one; none where the law sets none.
    pub until: Option<NaiveDate>,
}

/// The decision falls.
#[derive(Template)]
#[template(path = "mail/en/appeal_overturned.txt")]
pub struct AppealOverturned<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// What the law calls it.
    pub kind: AppealKind,
    /// The written reasons.
    pub explanation: &'a str,
    /// The last day for the new answer.
    pub due: Option<NaiveDate>,
    /// Whether a decision fell; a complaint can also be about a request that was not answered yet.
    pub reopened: bool,
}

#[cfg(test)]
mod tests;
