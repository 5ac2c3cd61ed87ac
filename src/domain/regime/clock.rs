//! One period a law sets: how long, how it is counted, whether it can be extended, and who says so.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::date;
use crate::domain::right::Right;

/// What the controller owes by a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// The answer to the request.
    Response,
    /// A note that the request arrived and how it will be handled.
    Acknowledgement,
    /// The opt-out, objection to marketing, limit or withdrawal to be in effect.
    OptOut,
    /// The answer to an appeal or complaint against a decision.
    Appeal,
}

impl Duty {
    /// Every duty, in the order in which they are shown.
    pub const ALL: [Duty; 4] = [Duty::Acknowledgement, Duty::Response, Duty::OptOut, Duty::Appeal];

    /// The name in the API, on the command line and in regime files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Duty::Response => "response",
            Duty::Acknowledgement => "acknowledgement",
            Duty::OptOut => "opt_out",
            Duty::Appeal => "appeal",
        }
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name is not one of [`Duty::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown duty; known are response, acknowledgement, opt_out, appeal")]
pub struct UnknownDuty;

impl FromStr for Duty {
    type Err = UnknownDuty;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Duty::ALL.into_iter().find(|duty| duty.as_str() == s).ok_or(UnknownDuty)
    }
}

/// How sure we are of a row of law. Shown beside every date, so that nobody takes a table for legal advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// No public source was seen.
    Low,
    /// One public source says so.
    Medium,
    /// Two independent public sources agree.
    High,
}

/// How the days of a period are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// To the corresponding day of a later month, or that month's last day; a last day that is no working day moves
    /// to the next one (Regulation (EEC, Euratom) 1182/71 Art. 3).
    Months,
    /// So many days after the day of receipt; weekends and holidays neither stop nor move it.
    CalendarDays,
    /// The day of receipt is day 1 (11 CCR 7021(b)).
    CaliforniaDays,
    /// Days after receipt that are neither weekend nor holiday of the clock's own calendar.
    BusinessDays,
    /// The law names no number: the policy's own days, else the clock's `length` as a working limit.
    WithoutDelay,
    /// No law asks: the policy's own days, else the clock's `length`.
    Promised,
}

/// What an acknowledgement confirms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledges {
    /// The request.
    #[default]
    Requests,
    /// The appeal or complaint.
    Appeals,
}

/// One period a law sets for one duty.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// How it is counted.
    pub counting: Counting,
    /// Its length, in months or days as `counting` says.
    pub length: u32,
    /// Its length with the one extension the law allows, from receipt, in the same unit.
    pub extended_length: Option<u32>,
    /// The holiday calendar: for business days the law's own; for months the one used when no country is given.
    pub calendar: Option<String>,
    /// The law's word where it asks for speed and the number is only the outer limit: "without undue delay".
    pub promptness: Option<String>,
    /// What an acknowledgement confirms; means nothing for other duties.
    #[serde(default)]
    pub acknowledges: Acknowledges,
    /// The rights whose exercise starts it; its duty's usual ones when empty.
    #[serde(default)]
    pub rights: Vec<Right>,
    /// The first day of receipt to which it applies, where that is later than the regime's.
    #[serde(default, deserialize_with = "date::optional")]
    pub since: Option<NaiveDate>,
    /// The statute.
    pub citation: String,
    /// The statute that allows the extension, where it is another paragraph.
    pub extension_citation: Option<String>,
    /// How sure we are.
    pub confidence: Confidence,
    /// What else a lawyer would want to know.
    pub note: Option<String>,
}

impl Clock {
    /// Whether a request under `right` starts this clock of `duty`. An opt-out clock is for opt-outs and limits, any
    /// other for every right, unless the law says otherwise.
    pub(super) fn covers(&self, duty: Duty, right: Right) -> bool {
        match (self.rights.is_empty(), duty) {
            (false, _) => self.rights.contains(&right),
            (true, Duty::OptOut) => matches!(right, Right::OptOut | Right::LimitSensitive),
            (true, _) => true,
        }
    }

    /// What makes the clock uncountable as it is written.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let most = if self.counting == Counting::Months { 120 } else { 3650 };
        if self.length > most || self.extended_length.is_some_and(|length| length > most) {
            return Some("a clock is at most 3650 days or 120 months long");
        }
        if self.extended_length.is_some_and(|length| length <= self.length) {
            return Some("`extended_length` counts from receipt as `length` does, so it must be the longer one");
        }
        let no_calendar = self.counting == Counting::BusinessDays && self.calendar.is_none();
        no_calendar.then_some("business days need a `calendar`: the name of one in holidays.toml")
    }
}

/// What a response clock waits for before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartsOn {
    /// The proof of identity that was asked for; never earlier than receipt.
    ProofOfIdentity,
}

/// A later start of the response clock than receipt. Where a law has none, asking for proof never delays the answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// What it waits for.
    pub on: StartsOn,
    /// The rule in words.
    pub rule: String,
    /// The statute.
    pub citation: String,
}

/// Whether and why the law lets the response clock stand still while the requester is asked something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pausing {
    /// What may be asked.
    pub reason: String,
    /// The statute.
    pub citation: String,
}
