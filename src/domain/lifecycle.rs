//! What may happen to a request: each verb takes the request as it is and gives the [`Outcome`] to commit, or refuses.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use super::actor::Actor;
use super::audit::NewEntry;
use super::deadline::{Deadline, Duty};
use super::ids::{RequestId, StaffId};
use super::job::{Job, Letter, NewJob};
use super::personal::Personal;
use super::receipt::Told;
use super::request::{Approval, Completed, Extension, Fulfilment, OptOut, Outcome, Request, State, StateName};
use super::right::Right;
use super::verification::{Level, Method};

/// Why a verb does not apply to a request as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The verb does not belong to the request's state.
    #[error("a request that is {} cannot be {verb}", state.as_str())]
    IllegalState {
        /// What was tried, as a participle.
        verb: &'static str,
        /// Where the request stands.
        state: StateName,
    },
    /// Whoever entered a deletion for somebody does not approve it as well.
    #[error("this deletion was entered by the same person; somebody else has to approve it")]
    FourEyes,
    /// There is one extension.
    #[error("the deadline was extended before; it can be extended once")]
    AlreadyExtended,
    /// An extension is taken and told inside the first period (GDPR Art. 12(3); Cal. Civ. Code 1798.130(a)(2)).
    #[error("the first period ended on {due}; an extension has to be told inside it")]
    TooLateToExtend {
        /// The last day of the first period.
        due: NaiveDate,
    },
    /// The regime knows no extension.
    #[error("the law of this request knows no extension")]
    NoExtension,
}

/// When a transition happens and who makes it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// When.
    pub now: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
}

type Transition = Result<Outcome, Refusal>;

/// A request as it comes in: awaiting verification where control of the mailbox must be shown, with staff otherwise;
/// an opt-out for which nothing has to be shown is honoured at once.
///
/// `request.state` is not looked at. The dates as they are now are what the person is told.
pub fn submit(request: Request, now: DateTime<Utc>) -> Outcome {
    let told = request.deadlines.iter().map(Told::from).collect();
    let request = Request { told, ..request };
    let actor = request.entered_by.map_or(Actor::Requester, Actor::Staff);
    let facts = json!({
        "right": request.right,
        "regime": request.regime,
        "channel": request.channel,
        "due": request.due(),
    });
    let entry = entry(&request, Step { now, by: actor }, "request.submitted", facts);
    let mut outcome = if request.verification.wants_code() {
        stay(Request { state: State::AwaitingVerification { since: now }, ..request })
    } else {
        admit(request, now)
    };
    outcome.entries.insert(0, entry);
    outcome
}

/// What happens once the requester is known: an opt-out is honoured, everything else goes to staff.
fn admit(request: Request, now: DateTime<Utc>) -> Outcome {
    if request.right != Right::OptOut {
        return stay(Request { state: State::InReview { since: now }, ..request });
    }
    let asked = &request.particulars.opt_out_of;
    let opt_outs = if asked.is_empty() { OptOut::ALL.to_vec() } else { asked.clone() };
    let result = Fulfilment { opted_out_of: opt_outs.clone(), ..Fulfilment::default() };
    let step = Step { now, by: Actor::System };
    let done = Completed { at: now, approval: Approval { at: now, by: Actor::System }, released_by: None, result };
    let entries = vec![entry(&request, step, "request.fulfilled", json!({ "opted_out_of": opt_outs }))];
    let jobs = vec![letter(&request, Letter::Completed, now)];
    Outcome { request: Request { state: State::Fulfilled(done), ..request }, entries, jobs, opt_outs }
}

impl Request {
    /// The requester showed evidence. Leads on to staff once control of the mailbox is shown.
    ///
    /// # Errors
    /// When the request does not wait for it.
    pub fn verified(self, step: Step, method: Method, level: Level) -> Transition {
        let State::AwaitingVerification { .. } = self.state else {
            return Err(self.illegal("verified"));
        };
        let verification = self.verification.clone().with(method, level);
        let facts = json!({ "method": method, "level": verification.reached });
        let entry = entry(&self, step, "request.verified", facts);
        let request = Request { verification, ..self };
        let mut outcome = if request.verification.wants_code() { stay(request) } else { admit(request, step.now) };
        outcome.entries.insert(0, entry);
        Ok(outcome)
    }

    /// The requester takes the request back; possible until the company's systems are being changed.
    ///
    /// # Errors
    /// When it is too late.
    pub fn withdraw(self, step: Step) -> Transition {
        use StateName as S;
        self.only_in(
            &[S::AwaitingVerification, S::AwaitingAuthorization, S::InReview, S::AwaitingRequester],
            "withdrawn",
        )?;
        let state = State::Withdrawn { at: step.now };
        Ok(self.close(state, step, "request.withdrawn", json!({}), Letter::Withdrawn))
    }

    /// Nobody proved to be the person in time.
    ///
    /// # Errors
    /// When the request no longer waits for that.
    pub fn expire(self, step: Step) -> Transition {
        self.only_in(&[StateName::AwaitingVerification, StateName::AwaitingAuthorization], "expired")?;
        let state = State::Expired { at: step.now };
        Ok(self.close(state, step, "request.expired", json!({}), Letter::Expired))
    }

    /// Staff approve: the company's systems will be searched or changed. Where the regime asks for more certainty than
    /// the mailed code gives, whoever approves answers for it, and the trail says so.
    ///
    /// # Errors
    /// When the request is not in review, or the approver entered this deletion themselves.
    pub fn approve(self, now: DateTime<Utc>, by: StaffId) -> Transition {
        self.only_in(&[StateName::InReview], "approved")?;
        if self.right == Right::Deletion && self.entered_by == Some(by) {
            return Err(Refusal::FourEyes);
        }
        let step = Step { now, by: Actor::Staff(by) };
        let vouched = !self.verification.complete();
        let mut verification = self.verification.clone();
        if vouched {
            let required = verification.required;
            verification = verification.with(Method::StaffCheck, required);
        }
        let facts = json!({ "right": self.right, "staff_vouched_for_identity": vouched });
        let entries = vec![entry(&self, step, "request.approved", facts)];
        let approval = Approval { at: now, by: step.by };
        let jobs = vec![NewJob { job: Job::Fulfil { request: self.id }, run_at: now }];
        let request = Request { state: State::Fulfilling { approval, disclose: false }, verification, ..self };
        Ok(Outcome { request, entries, jobs, opt_outs: Vec::new() })
    }

    /// Staff refuse. `ground` is a code that the regime knows; the caller has checked it.
    ///
    /// # Errors
    /// When the request is not with staff, or its systems were changed already.
    pub fn deny(self, now: DateTime<Utc>, by: StaffId, ground: String, explanation: Personal<String>) -> Transition {
        use StateName as S;
        let reads_only = matches!(self.right, Right::Access | Right::Portability | Right::Categories);
        let states: &[S] = if reads_only {
            &[S::InReview, S::AwaitingRequester, S::AwaitingRelease]
        } else {
            &[S::InReview, S::AwaitingRequester]
        };
        self.only_in(states, "denied")?;
        let facts = json!({ "ground": ground });
        let state = State::Denied { at: now, by, ground, explanation };
        Ok(self.close(state, Step { now, by: Actor::Staff(by) }, "request.denied", facts, Letter::Denied))
    }

    /// Staff name the controller who is responsible.
    ///
    /// # Errors
    /// When the request is not with staff.
    pub fn refer(
        self,
        now: DateTime<Utc>,
        by: StaffId,
        to: Personal<String>,
        explanation: Personal<String>,
    ) -> Transition {
        self.only_in(&[StateName::InReview, StateName::AwaitingRequester], "referred")?;
        let state = State::Referred { at: now, by, to, explanation };
        Ok(self.close(state, Step { now, by: Actor::Staff(by) }, "request.referred", json!({}), Letter::Referred))
    }

    /// Staff take the regime's longer period; `today` is the date at the controller's seat and `deadlines` are the
    /// request's deadlines with the extension, `None` where the regime has none.
    ///
    /// # Errors
    /// When it was extended before, the first period is over, or the regime knows no extension.
    pub fn extend(
        self,
        now: DateTime<Utc>,
        today: NaiveDate,
        by: StaffId,
        reason: Personal<String>,
        deadlines: Option<Vec<Deadline>>,
    ) -> Transition {
        use StateName as S;
        self.only_in(
            &[
                S::AwaitingVerification,
                S::AwaitingAuthorization,
                S::InReview,
                S::AwaitingRequester,
                S::Fulfilling,
                S::AwaitingRelease,
            ],
            "extended",
        )?;
        if self.extension.is_some() {
            return Err(Refusal::AlreadyExtended);
        }
        let deadlines = deadlines.ok_or(Refusal::NoExtension)?;
        let first = self.deadline(Duty::Response).map(|d| d.due).ok_or(Refusal::NoExtension)?;
        if today > first {
            return Err(Refusal::TooLateToExtend { due: first });
        }
        let extension = Some(Extension { at: now, by, reason });
        let request = Request { deadlines, extension, ..self };
        let facts = json!({ "from": first, "to": request.due() });
        let entries = vec![entry(&request, Step { now, by: Actor::Staff(by) }, "request.extended", facts)];
        let jobs = vec![letter(&request, Letter::Extended, now)];
        Ok(Outcome { request, entries, jobs, opt_outs: Vec::new() })
    }

    /// Staff ask the requester something.
    ///
    /// # Errors
    /// When the request is not in review.
    pub fn ask(self, now: DateTime<Utc>, by: StaffId, question: Personal<String>) -> Transition {
        self.only_in(&[StateName::InReview], "asked about")?;
        let entries = vec![entry(&self, Step { now, by: Actor::Staff(by) }, "request.clarification_asked", json!({}))];
        let jobs = vec![letter(&self, Letter::Clarification, now)];
        let state = State::AwaitingRequester { since: now, asked_by: by, question };
        Ok(Outcome { request: Request { state, ..self }, entries, jobs, opt_outs: Vec::new() })
    }

    /// The requester wrote. An open question is answered by that.
    pub fn answered(self, step: Step) -> Outcome {
        let entries = vec![entry(&self, step, "request.message_received", json!({}))];
        let state = match self.state {
            State::AwaitingRequester { .. } => State::InReview { since: step.now },
            state => state,
        };
        Outcome { request: Request { state, ..self }, entries, jobs: Vec::new(), opt_outs: Vec::new() }
    }

    /// Staff hand the request to somebody, or put it back.
    ///
    /// # Errors
    /// When the request is at its end.
    pub fn assign(self, step: Step, to: Option<StaffId>) -> Transition {
        if self.state.name().is_final() {
            return Err(self.illegal("assigned"));
        }
        let entries = vec![entry(&self, step, "request.assigned", json!({ "to": to }))];
        let request = Request { assignee: to, ..self };
        Ok(Outcome { request, entries, jobs: Vec::new(), opt_outs: Vec::new() })
    }

    /// The systems were searched or changed. Goes to the person at once, unless somebody has to look first: always when
    /// nothing was found, something was left out or something is withheld, and when `review` says so.
    ///
    /// # Errors
    /// When the request was not being fulfilled.
    pub fn complete(self, now: DateTime<Utc>, result: Fulfilment, review: bool) -> Transition {
        let State::Fulfilling { approval, .. } = self.state else {
            return Err(self.illegal("completed"));
        };
        let facts = summary(&result);
        let step = Step { now, by: Actor::System };
        let look = review || result.by_hand || result.no_match() || result.partial() || result.withheld > 0;
        if look {
            let entries = vec![entry(&self, step, "request.prepared", facts)];
            let state = State::AwaitingRelease { approval, since: now, result };
            let request = Request { state, ..self };
            return Ok(Outcome { request, entries, jobs: Vec::new(), opt_outs: Vec::new() });
        }
        Ok(self.answer(step, approval, None, result, facts))
    }

    /// Staff have looked and release the answer.
    ///
    /// # Errors
    /// When nothing waits for release.
    pub fn release(self, now: DateTime<Utc>, by: StaffId) -> Transition {
        self.only_in(&[StateName::AwaitingRelease], "released")?;
        let State::AwaitingRelease { approval, ref result, .. } = self.state else {
            return Err(self.illegal("released"));
        };
        let result = result.clone();
        let facts = summary(&result);
        Ok(self.answer(Step { now, by: Actor::Staff(by) }, approval, Some(by), result, facts))
    }

    /// Staff have looked at what was withheld and want the package made again with it.
    ///
    /// # Errors
    /// When nothing waits for release, or running again would change systems a second time.
    pub fn run_again(self, now: DateTime<Utc>, by: StaffId) -> Transition {
        self.only_in(&[StateName::AwaitingRelease], "run again")?;
        let State::AwaitingRelease { approval, .. } = self.state else {
            return Err(self.illegal("run again"));
        };
        let entries = vec![entry(&self, Step { now, by: Actor::Staff(by) }, "request.run_again", json!({}))];
        let jobs = vec![NewJob { job: Job::Fulfil { request: self.id }, run_at: now }];
        Ok(Outcome {
            request: Request { state: State::Fulfilling { approval, disclose: true }, ..self },
            entries,
            jobs,
            opt_outs: Vec::new(),
        })
    }

    fn answer(
        self,
        step: Step,
        approval: Approval,
        released_by: Option<StaffId>,
        result: Fulfilment,
        facts: Value,
    ) -> Outcome {
        let partial = result.partial();
        let done = Completed { at: step.now, approval, released_by, result };
        let (state, event) = if partial {
            (State::PartiallyFulfilled(done), "request.partially_fulfilled")
        } else {
            (State::Fulfilled(done), "request.fulfilled")
        };
        self.close(state, step, event, facts, Letter::Completed)
    }

    fn close(self, state: State, step: Step, event: &str, facts: Value, text: Letter) -> Outcome {
        let entries = vec![entry(&self, step, event, facts)];
        let jobs = vec![letter(&self, text, step.now)];
        Outcome { request: Request { state, ..self }, entries, jobs, opt_outs: Vec::new() }
    }

    fn only_in(&self, states: &[StateName], verb: &'static str) -> Result<(), Refusal> {
        if states.contains(&self.state.name()) { Ok(()) } else { Err(self.illegal(verb)) }
    }

    fn illegal(&self, verb: &'static str) -> Refusal {
        Refusal::IllegalState { verb, state: self.state.name() }
    }
}

/// What a result says in the audit trail: how many rows were treated how.
fn summary(result: &Fulfilment) -> Value {
    let mut rows = serde_json::Map::new();
    for line in &result.lines {
        let action = serde_json::to_value(line.action).unwrap_or_default();
        let key = action.as_str().unwrap_or_default().to_owned();
        let sum = rows.get(&key).and_then(Value::as_u64).unwrap_or(0) + line.rows;
        rows.insert(key, sum.into());
    }
    json!({ "rows": rows, "no_match": result.no_match(), "withheld": result.withheld })
}

fn stay(request: Request) -> Outcome {
    Outcome { request, entries: Vec::new(), jobs: Vec::new(), opt_outs: Vec::new() }
}

fn entry(request: &Request, step: Step, event: &str, facts: Value) -> NewEntry {
    NewEntry::new(&request.controller, Some(request.id), step.now, step.by, event).with(facts)
}

fn letter(request: &Request, letter: Letter, now: DateTime<Utc>) -> NewJob {
    let id: RequestId = request.id;
    NewJob { job: Job::MailLetter { request: id, letter }, run_at: now }
}

#[cfg(test)]
mod tests;
