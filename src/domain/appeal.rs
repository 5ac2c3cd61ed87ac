//! An appeal asks the controller to look at its own decision again; whoever took the decision does not settle it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::actor::Actor;
use super::deadline::{Deadline, Duty};
use super::ids::StaffId;
use super::job::Letter;
use super::lifecycle::{Refusal, Step, Transition, entry, letter};
use super::personal::Personal;
use super::regime::{AppealKind, Authority};
use super::request::{Completed, Extension, Outcome, Request, State, StateName};

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
        let of = |state| match state {
            &State::Fulfilled(ref done) | &State::PartiallyFulfilled(ref done) => Some(done),
            _ => None,
        };
        of(&self.state).or_else(|| {
            let reopened = !self.state.name().is_final();
            self.appeals.iter().rev().filter(|_| reopened).find_map(|appeal| match &appeal.state {
                AppealState::Overturned { decision: Some(decision), .. } => of(decision),
                _ => None,
            })
        })
    }

    /// The person (or their agent) appeals against the answer; where the law gives a complaint, also about a request
    /// that was not answered yet.
    ///
    /// # Errors
    /// When there is no appeal, nothing to contest, the period is over, or this decision was appealed against before.
    pub fn file_appeal(self, step: Step, filing: Filing) -> Transition {
        let Some(offer) = filing.offer else { return Err(Refusal::NoAppeal) };
        let against = self.state.closed_at();
        let repeats = |appeal: &Appeal| match appeal.state {
            AppealState::Open => true,
            AppealState::Withdrawn { .. } => false,
            AppealState::Upheld(_) | AppealState::Overturned { .. } => appeal.against == against,
        };
        if self.appeals.iter().any(repeats) {
            return Err(Refusal::AlreadyAppealed);
        }
        let open_to_it = match offer.kind {
            AppealKind::Appeal => self.is_contestable(),
            // Nobody has shown to be the person yet: nothing was refused to them.
            AppealKind::Complaint => !matches!(self.state.name(), StateName::AwaitingVerification | StateName::Expired),
        };
        if !open_to_it {
            return Err(self.illegal("appealed against"));
        }
        if let Some(until) = offer.until.filter(|until| filing.today > *until) {
            return Err(Refusal::TooLateToAppeal { until });
        }
        let appeal = Appeal {
            kind: offer.kind,
            filed_at: step.now,
            grounds: filing.grounds,
            against,
            deadlines: filing.deadlines,
            extension: None,
            state: AppealState::Open,
        };
        let facts = json!({ "kind": appeal.kind, "due": appeal.due(), "state": self.state.name() });
        let entries = vec![entry(&self, step, "appeal.filed", facts)];
        let jobs = vec![letter(&self, Letter::AppealReceived, step.now)];
        let mut request = self;
        request.appeals.push(appeal);
        Ok(Outcome { request, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// The person takes the appeal back. They may file another one inside the period.
    ///
    /// # Errors
    /// When none is open.
    pub fn withdraw_appeal(mut self, step: Step) -> Transition {
        self.open_mut()?.state = AppealState::Withdrawn { at: step.now };
        let entries = vec![entry(&self, step, "appeal.withdrawn", json!({}))];
        Ok(Outcome { request: self, entries, jobs: Vec::new(), opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// Staff take the law's longer period for an open appeal; `deadlines` are the appeal's with the extension, none
    /// where the law has no such period.
    ///
    /// # Errors
    /// When none is open, it was extended before, the first period is over, or the law knows no extension.
    pub fn extend_appeal(
        mut self,
        now: DateTime<Utc>,
        today: NaiveDate,
        by: StaffId,
        reason: Personal<String>,
        deadlines: Option<Vec<Deadline>>,
    ) -> Transition {
        let appeal = self.open_mut()?;
        if appeal.extension.is_some() {
            return Err(Refusal::AlreadyExtended);
        }
        let deadlines = deadlines.ok_or(Refusal::NoExtension)?;
        let first = appeal.due().ok_or(Refusal::NoExtension)?;
        if today > first {
            return Err(Refusal::TooLateToExtend { due: first });
        }
        appeal.deadlines = deadlines;
        appeal.extension = Some(Extension { at: now, by, reason });
        let facts = json!({ "from": first, "to": appeal.due() });
        let entries = vec![entry(&self, Step { now, by: Actor::Staff(by) }, "appeal.extended", facts)];
        let jobs = vec![letter(&self, Letter::AppealExtended, now)];
        Ok(Outcome { request: self, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// Somebody who had no part in the decision settles the appeal. A decision that falls opens the request again, to
    /// be answered by the appeal's own date: no law sets another.
    ///
    /// # Errors
    /// When none is open, or whoever settles it took or released the decision.
    pub fn settle_appeal(
        mut self,
        now: DateTime<Utc>,
        by: StaffId,
        verdict: Verdict,
        explanation: Personal<String>,
    ) -> Transition {
        let deciders = self.deciders();
        let appeal = self.open_mut()?;
        if deciders.contains(&by) {
            return Err(Refusal::OwnDecision);
        }
        let settlement = Settlement { at: now, by, explanation };
        let kind = appeal.kind;
        let step = Step { now, by: Actor::Staff(by) };
        if verdict == Verdict::Uphold {
            appeal.state = AppealState::Upheld(settlement);
            let entries = vec![entry(&self, step, "appeal.upheld", json!({ "kind": kind }))];
            let jobs = vec![letter(&self, Letter::AppealSettled, now)];
            return Ok(Outcome { request: self, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() });
        }
        let decision = self.state.name().is_final().then(|| Box::new(self.state.clone()));
        let reopened = decision.is_some();
        let appeal = self.open_mut()?;
        appeal.state = AppealState::Overturned { settlement, decision };
        if reopened {
            self.deadlines = self.reopened_deadlines();
            self.remedies = None;
            self.state = State::InReview { since: now };
        }
        let facts = json!({ "kind": kind, "reopened": reopened, "due": self.due() });
        let entries = vec![entry(&self, step, "appeal.overturned", facts)];
        let jobs = vec![letter(&self, Letter::AppealSettled, now)];
        Ok(Outcome { request: self, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// Who took the decision, or released the answer, or took the longer period that is complained about.
    fn deciders(&self) -> Vec<StaffId> {
        if let State::Denied { by, .. } | State::Referred { by, .. } = self.state {
            return vec![by];
        }
        let released = match &self.state {
            State::Fulfilled(done) | State::PartiallyFulfilled(done) => done.released_by,
            _ => None,
        };
        let approved = self.state.approval().and_then(|approval| match approval.by {
            Actor::Staff(by) => Some(by),
            _ => None,
        });
        let extended = self.extension.as_ref().filter(|_| !self.state.name().is_final()).map(|e| e.by);
        approved.into_iter().chain(released).chain(extended).collect()
    }

    /// The answer is owed again: by the day on which the appeal had to be answered.
    fn reopened_deadlines(&self) -> Vec<Deadline> {
        let own = self.appeal().and_then(|a| a.deadlines.iter().find(|d| d.duty == Duty::Appeal));
        let answers = |duty| matches!(duty, Duty::Response | Duty::OptOut);
        let again = |old: &Deadline| match own {
            Some(own) if answers(old.duty) => Deadline {
                duty: old.duty,
                due: own.due,
                rule: "the date of the appeal, because the decision was overturned".to_owned(),
                steps: vec![
                    format!("the first answer was due on {} ({})", old.due, old.citation),
                    format!("the appeal against it is answered by {}, and with it the request", own.due),
                ],
                citation: own.citation.clone(),
                confidence: own.confidence,
            },
            _ => old.clone(),
        };
        self.deadlines.iter().map(again).collect()
    }

    fn open_mut(&mut self) -> Result<&mut Appeal, Refusal> {
        let last = self.appeals.last_mut().filter(|appeal| appeal.state == AppealState::Open);
        last.ok_or(Refusal::NoOpenAppeal)
    }
}

impl Outcome {
    /// The same, with what the person can do about the answer; for an answer that leaves nothing to contest, nothing.
    #[must_use]
    pub fn with_remedies(mut self, remedies: impl FnOnce(&Request) -> Option<Remedies>) -> Self {
        if self.request.is_contestable() && self.request.remedies.is_none() {
            self.request.remedies = remedies(&self.request);
        }
        self
    }
}

#[cfg(test)]
mod tests;
