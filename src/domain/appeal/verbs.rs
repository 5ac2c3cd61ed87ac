//! What may happen to an appeal: filed, taken back, extended, settled; each verb gives the [`Outcome`] to commit.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::{Appeal, AppealState, Filing, Remedies, Settlement, Verdict};
use crate::domain::actor::Actor;
use crate::domain::deadline::{Deadline, Duty};
use crate::domain::ids::StaffId;
use crate::domain::job::Letter;
use crate::domain::lifecycle::{Refusal, Step, Transition, entry, letter};
use crate::domain::personal::Personal;
use crate::domain::regime::AppealKind;
use crate::domain::request::{Extension, Outcome, Request, State, StateName};

impl Request {
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
        let jobs = vec![letter(&self, Letter::AppealWithdrawn, step.now)];
        Ok(Outcome { request: self, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
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
