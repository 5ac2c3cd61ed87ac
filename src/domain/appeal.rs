//! An appeal asks the controller to look at its own decision again; whoever took the decision does not settle it.

mod verbs;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::deadline::{Deadline, Duty};
use super::ids::StaffId;
use super::personal::Personal;
use super::regime::{AppealKind, Authority};
use super::request::{Completed, Extension, Request, State};

/// One appeal (in the United Kingdom, a complaint to the controller) and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Appeal {
    /// What the law calls it.
    pub kind: AppealKind,
    /// When it arrived.
    pub filed_at: DateTime<Utc>,
    /// Why, in the person's words.
    pub grounds: Personal<String>,
    /// When the decision was taken that it is about; none for a complaint about a request still unanswered.
    pub against: Option<DateTime<Utc>>,
    /// What is due about it when, and why.
    pub deadlines: Vec<Deadline>,
    /// The extension, where the law has one and it was taken.
    pub extension: Option<Extension>,
    /// Where it stands.
    pub state: AppealState,
}

/// Where an appeal stands. The names speak of the decision: `upheld` means that the decision stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum AppealState {
    /// Not settled yet.
    Open,
    /// The decision stays.
    Upheld(Settlement),
    /// The decision falls.
    Overturned {
        /// By whom, when, and why.
        #[serde(flatten)]
        settlement: Settlement,
        /// The decision that fell, with its facts; none where there was none yet.
        decision: Option<Box<State>>,
    },
    /// Taken back by the person.
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
    },
}

/// Who settled an appeal, when, and with which written reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; never whoever took the decision.
    pub by: StaffId,
    /// Why, in words for the person.
    pub explanation: Personal<String>,
}

/// How an appeal is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The decision stays.
    Uphold,
    /// The decision falls, and the request is opened again.
    Overturn,
}

/// The name of an appeal's state, for the column, the filter and the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AppealStateName {
    Open,
    Upheld,
    Overturned,
    Withdrawn,
}

impl AppealStateName {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            AppealStateName::Open => "open",
            AppealStateName::Upheld => "upheld",
            AppealStateName::Overturned => "overturned",
            AppealStateName::Withdrawn => "withdrawn",
        }
    }
}

/// What somebody can do who is not content with a decision, as the letter told them (GDPR Art. 12(4)). Kept with the
/// decision, so that a policy changed later takes nothing away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Remedies {
    /// An appeal to the controller itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal: Option<AppealOffer>,
    /// A complaint to an authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
    /// Whether the law names the courts as well.
    #[serde(default)]
    pub court: bool,
}

/// That an appeal can be filed, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AppealOffer {
    /// What the law calls it.
    pub kind: AppealKind,
    /// The last day for it, in the controller's time zone; none where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Within how many days of its arrival it is answered, at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_in_days: Option<u32>,
}

/// What is filed, with what law and policy make of it.
#[derive(Clone, Debug)]
pub struct Filing {
    /// Why, in the person's words.
    pub grounds: Personal<String>,
    /// What law or policy offers; none where neither gives an appeal.
    pub offer: Option<AppealOffer>,
    /// What becomes due when by the filing.
    pub deadlines: Vec<Deadline>,
    /// The day at the controller's seat.
    pub today: NaiveDate,
}

impl Appeal {
    /// Where it stands, without facts.
    pub const fn state_name(&self) -> AppealStateName {
        match self.state {
            AppealState::Open => AppealStateName::Open,
            AppealState::Upheld(_) => AppealStateName::Upheld,
            AppealState::Overturned { .. } => AppealStateName::Overturned,
            AppealState::Withdrawn { .. } => AppealStateName::Withdrawn,
        }
    }

    /// The last day for its answer.
    pub fn due(&self) -> Option<NaiveDate> {
        self.deadlines.iter().find(|d| d.duty == Duty::Appeal).map(|d| d.due)
    }

    /// Who settled it, once somebody did.
    pub const fn settlement(&self) -> Option<&Settlement> {
        match &self.state {
            AppealState::Upheld(settlement) | AppealState::Overturned { settlement, .. } => Some(settlement),
            AppealState::Open | AppealState::Withdrawn { .. } => None,
        }
    }
}

impl Request {
    /// The latest appeal.
    pub fn appeal(&self) -> Option<&Appeal> {
        self.appeals.last()
    }

    /// The appeal that waits to be settled.
    pub fn open_appeal(&self) -> Option<&Appeal> {
        self.appeal().filter(|appeal| appeal.state == AppealState::Open)
    }

    /// The next date owed: that of the open appeal, and as long as the request itself is open, its answer's.
    pub fn next_due(&self) -> Option<NaiveDate> {
        let answer = self.due();
        match self.open_appeal().and_then(Appeal::due) {
            None => answer,
            Some(appeal) if self.state.name().is_final() => Some(appeal),
            Some(appeal) => Some(answer.map_or(appeal, |answer| answer.min(appeal))),
        }
    }

    /// Whether the answer leaves the person something to contest: a denial, a part left out, nothing found.
    pub fn is_contestable(&self) -> bool {
        match &self.state {
            State::Denied { .. } | State::PartiallyFulfilled(_) => true,
            State::Fulfilled(done) => done.result.no_match(),
            _ => false,
        }
    }

    /// The answer that the person was given last; one that was overturned stays theirs until there is another.
    pub fn delivered(&self) -> Option<&Completed> {
        completed(&self.state).or_else(|| {
            let reopened = !self.state.name().is_final();
            self.appeals.iter().rev().filter(|_| reopened).find_map(|appeal| match &appeal.state {
                AppealState::Overturned { decision: Some(decision), .. } => completed(decision),
                _ => None,
            })
        })
    }
}

pub(super) fn completed(state: &State) -> Option<&Completed> {
    match state {
        State::Fulfilled(done) | State::PartiallyFulfilled(done) => Some(done),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
