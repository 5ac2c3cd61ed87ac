//! What may happen to a request: each verb takes the request as it is and gives the [`Outcome`] to commit, or refuses.

mod authorization;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use super::actor::Actor;
use super::audit::NewEntry;
use super::clocks::Stop;
use super::deadline::{Deadline, Duty};
use super::ids::{RequestId, StaffId};
use super::job::{Job, Letter, NewJob};
use super::mark::{Mark, Marking};
use super::personal::Personal;
use super::receipt::Told;
use super::request::{
    Approval, Completed, Exception, Extension, Fulfilment, Instead, OptOut, Outcome, Request, State, StateName,
    Transmission,
};
use super::right::Right;
use super::verification::{Level, Method};

mod delivery;
mod evidence;
mod free_text;
mod handed_in;

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
    /// The policy wants evidence before an approval.
    #[error("who the person is has not been shown as far as this right needs; missing: {missing}")]
    NotVerified {
        /// What would do.
        missing: String,
    },
    /// The request needs no more evidence.
    #[error("nothing more is needed: this request has all the evidence it asks for")]
    NothingMissing,
    /// The controller offers no such way to show who one is, for this request.
    #[error("this way of showing who you are is not offered for this request")]
    NotOffered,
    /// Answers were given as often as they are taken.
    #[error("answers were given as often as they are taken; the company will get in touch")]
    TriesExhausted,
    /// Work by hand is left to do before the answer can leave.
    #[error("{open} of the tasks by hand are open; confirm each as done, kept or nothing held, then release")]
    TasksOpen {
        /// How many.
        open: usize,
    },
    /// Free text is left to look at before the answer can leave.
    #[error("{open} cells of free text are left to look at; show, withhold or replace each, then release")]
    FreeTextOpen {
        /// How many.
        open: u64,
    },
    /// Another identifier was shown to be the person's since the answer was made.
    #[error(
        "another identifier was shown to be the person's since this answer was made; `retry` makes it again, then release"
    )]
    Outdated,
    /// The regime knows no extension.
    #[error("the law of this request knows no extension")]
    NoExtension,
    /// What the person wanted stays until they want something else.
    #[error("only a restriction can be lifted by staff; this mark is the person's own wish and stays")]
    MarkStays,
    /// It is lifted once.
    #[error("nobody decided to lift the mark, or it is lifted already")]
    AlreadyLifted,
    /// Neither law nor policy gives an appeal.
    #[error(
        "neither the law of this request nor the company's policy gives an appeal; the answer names whom else to turn to"
    )]
    NoAppeal,
    /// One appeal a decision.
    #[error("this decision was appealed against before; an appeal is filed once")]
    AlreadyAppealed,
    /// The period for filing is over.
    #[error("the last day for an appeal was {until}; the answer names whom else to turn to")]
    TooLateToAppeal {
        /// The last day, in the controller's time zone.
        until: NaiveDate,
    },
    /// Nothing to settle, extend or take back.
    #[error("no appeal of this request is open")]
    NoOpenAppeal,
    /// Nobody judges their own decision.
    #[error("the appeal is against a decision of the same person; somebody else has to settle it")]
    OwnDecision,
    /// There is no proof of an agent's authority to decide about.
    #[error("no proof of the agent's authority is there; the agent uploads one, or say which paper you have seen")]
    NoProof,
    /// Only a parent or guardian may exercise this right for the person.
    #[error("no agent may exercise this right, but a parent or guardian: the proof has to be one of that authority")]
    GuardianOnly,
    /// The regime's clock never stands still.
    #[error("the law of this request lets no question stop the clock; leave `stops_clock` out")]
    ClockRunsOn,
    /// A clock that has run out cannot be stopped.
    #[error("the time for the answer ended on {due}; a question asked now stops nothing, so leave `stops_clock` out")]
    ClockRanOut {
        /// Its last day.
        due: NaiveDate,
    },
}

/// When a transition happens and who makes it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// When.
    pub now: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
}

/// Why an answer that waits for release is made again: in the words of a refusal and of the audit trail.
struct Again {
    verb: &'static str,
    event: &'static str,
}

impl Again {
    const RUN: Self = Self { verb: "run again", event: "request.run_again" };
}

/// What a verb gives.
pub(super) type Transition = Result<Outcome, Refusal>;

/// A request as it comes in: awaiting the agent's authorization where one acts for the person, verification where control of the mailbox must be shown, with staff otherwise;
/// an opt-out for which nothing has to be shown is honoured at once.
///
/// `request.state` is not looked at. The dates as they are now are what the person is told.
pub fn submit(request: Request, now: DateTime<Utc>) -> Outcome {
    let told = request.deadlines.iter().map(Told::from).collect();
    let request = Request { told, ..request };
    let actor = request.entered_by.map_or(request.holder(), Actor::Staff);
    let facts = json!({
        "right": request.right,
        "regime": request.regime,
        "channel": request.channel,
        "due": request.due(),
    });
    let entry = entry(&request, Step { now, by: actor }, "request.submitted", facts);
    let mut outcome = if request.particulars.agent.is_some() {
        stay(Request { state: State::AwaitingAuthorization { since: now }, ..request })
    } else if request.verification.wants_code() {
        stay(Request { state: State::AwaitingVerification { since: now }, ..request })
    } else {
        admit(request, now)
    };
    outcome.entries.insert(0, entry);
    outcome
}

/// What happens once the requester is known: what the law leaves nobody to decide is honoured, everything else goes to
/// staff. Limits on sensitive data and the end of a consent are the person's to have; where evidence of identity is
/// needed for them, staff look at it.
fn admit(mut request: Request, now: DateTime<Utc>) -> Outcome {
    let unproved = request.verification.required == Level::None;
    let result = match request.right {
        Right::OptOut => {
            let asked = &request.particulars.opt_out_of;
            let opted_out_of = if asked.is_empty() { OptOut::ALL.to_vec() } else { asked.clone() };
            Fulfilment { opted_out_of, ..Fulfilment::default() }
        }
        Right::LimitSensitive | Right::WithdrawConsent if unproved => {
            Fulfilment { marked: Mark::of(request.right), ..Fulfilment::default() }
        }
        _ => {
            // The letter leaves with this transition, unless the date for it forced one before.
            request.clocks.acknowledged_at.get_or_insert(now);
            return stay(Request { state: State::InReview { since: now }, ..request });
        }
    };
    let step = Step { now, by: Actor::System };
    let opt_outs = result.opted_out_of.clone();
    let facts = match result.marked {
        Some(mark) => json!({ "marked": mark }),
        None => json!({ "opted_out_of": opt_outs }),
    };
    let mut outcome =
        Outcome { opt_outs, ..request.answer(step, Approval::new(now, Actor::System), None, result, facts) };
    if outcome.request.channel.is_signal() {
        // The signal was answered where it was given.
        outcome.jobs.retain(|job| !matches!(job.job, Job::MailLetter { letter: Letter::Completed, .. }));
    }
    outcome
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
        let mut request = Request { verification, ..self };
        request.clocks.proof_came(step.now);
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
        // What is only looked for can be called off while it is; what is being erased or corrected cannot.
        if !(self.right.reads() && matches!(self.state, State::Fulfilling { prepared: None, .. })) {
            self.only_in(
                &[S::AwaitingVerification, S::AwaitingAuthorization, S::InReview, S::AwaitingRequester],
                "withdrawn",
            )?;
        }
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
        self.approve_except(now, by, Vec::new())
    }

    /// The same, but for some collections, for which the request is denied. The caller has checked that they are there
    /// and that the grounds are the regime's.
    ///
    /// # Errors
    /// As [`Request::approve`].
    pub fn approve_except(self, now: DateTime<Utc>, by: StaffId, except: Vec<Exception>) -> Transition {
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
        let mut facts = json!({ "right": self.right, "staff_vouched_for_identity": vouched });
        if !except.is_empty() {
            let left_out = |e: &Exception| json!([e.dataset, e.collection, e.ground]);
            facts["except"] = except.iter().map(left_out).collect();
        }
        let entries = vec![entry(&self, step, "request.approved", facts)];
        let approval = Approval { except, ..Approval::new(now, step.by) };
        let jobs = vec![NewJob { job: Job::Fulfil { request: self.id }, run_at: now }];
        let request =
            Request { state: State::Fulfilling { approval, disclose: false, prepared: None }, verification, ..self };
        Ok(Outcome { request, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// Staff refuse. `ground` is a code that the regime knows; the caller has checked it.
    ///
    /// # Errors
    /// When the request is not with staff, or its systems were changed already.
    pub fn deny(self, now: DateTime<Utc>, by: StaffId, ground: String, explanation: Personal<String>) -> Transition {
        self.deny_instead(now, by, ground, explanation, None)
    }

    /// The same, with what the person is given or offered instead.
    ///
    /// # Errors
    /// As [`Request::deny`].
    pub fn deny_instead(
        self,
        now: DateTime<Utc>,
        by: StaffId,
        ground: String,
        explanation: Personal<String>,
        instead: Option<Instead>,
    ) -> Transition {
        use StateName as S;
        let states: &[S] = if self.right.reads() {
            &[S::InReview, S::AwaitingRequester, S::AwaitingRelease]
        } else {
            &[S::InReview, S::AwaitingRequester]
        };
        self.only_in(states, "denied")?;
        let mut facts = json!({ "ground": ground });
        if let Some(instead) = &instead {
            facts["instead"] = json!(instead);
        }
        let state = State::Denied { at: now, by, ground, explanation, instead };
        Ok(self.close(state, Step { now, by: Actor::Staff(by) }, "request.denied", facts, Letter::Denied))
    }

    /// Opened for somebody who gets this in place of what they asked under another request, with that one's receipt.
    ///
    /// `self.state` is not looked at.
    pub fn opened_instead_of(self, step: Step, denied: RequestId) -> Outcome {
        let facts = json!({ "right": self.right, "regime": self.regime, "due": self.due(), "instead_of": denied });
        let entries = vec![entry(&self, step, "request.opened_instead", facts)];
        let told = self.deadlines.iter().map(Told::from).collect();
        let request = Request { told, state: State::InReview { since: step.now }, ..self };
        Outcome { request, entries, jobs: Vec::new(), opt_outs: Vec::new(), marks: Vec::new() }
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
        // A clock that stands still has not run out.
        if today > first && self.stopped_since().is_none() {
            return Err(Refusal::TooLateToExtend { due: first });
        }
        let extension = Some(Extension { at: now, by, reason });
        let request = Request { deadlines, extension, ..self };
        let facts = json!({ "from": first, "to": request.due() });
        let entries = vec![entry(&request, Step { now, by: Actor::Staff(by) }, "request.extended", facts)];
        let jobs = vec![letter(&request, Letter::Extended, now)];
        Ok(Outcome { request, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// The system tells the person that the request arrived although nobody proved yet who they are: the date for it
    /// does not wait for that (11 CCR 7021(a)).
    ///
    /// # Errors
    /// When the request does not wait for proof; everybody else has had the letter.
    pub fn acknowledge(mut self, now: DateTime<Utc>) -> Transition {
        self.only_in(&[StateName::AwaitingVerification, StateName::AwaitingAuthorization], "acknowledged")?;
        if self.clocks.acknowledged_at.is_some() {
            return Err(self.illegal("acknowledged again"));
        }
        self.clocks.acknowledged_at = Some(now);
        let entries = vec![entry(&self, Step { now, by: Actor::System }, "request.acknowledged", json!({}))];
        Ok(Outcome { request: self, entries, jobs: Vec::new(), opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// Staff ask the requester something. `stops_clock` says whether the response clock stands still until the answer;
    /// the caller has checked that the regime lets it.
    ///
    /// # Errors
    /// When the request is not in review.
    pub fn ask(self, now: DateTime<Utc>, by: StaffId, question: Personal<String>, stops_clock: bool) -> Transition {
        self.only_in(&[StateName::InReview], "asked about")?;
        let facts = if stops_clock { json!({ "stops_clock": true }) } else { json!({}) };
        let entries = vec![entry(&self, Step { now, by: Actor::Staff(by) }, "request.clarification_asked", facts)];
        let jobs = vec![letter(&self, Letter::Clarification, now)];
        let state = State::AwaitingRequester { since: now, asked_by: by, question, stops_clock };
        Ok(Outcome { request: Request { state, ..self }, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// The requester wrote. An open question is answered by that, and the clock it stopped goes on.
    pub fn answered(mut self, step: Step) -> Outcome {
        self.start_clock(step.now);
        let entries = vec![entry(&self, step, "request.message_received", json!({}))];
        let state = match self.state {
            State::AwaitingRequester { .. } => State::InReview { since: step.now },
            state => state,
        };
        Outcome {
            request: Request { state, ..self },
            entries,
            jobs: Vec::new(),
            opt_outs: Vec::new(),
            marks: Vec::new(),
        }
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
        Ok(Outcome { request, entries, jobs: Vec::new(), opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// The systems were searched or changed. Goes to the person at once, unless somebody has to look first: always when
    /// nothing was found, something was left out or something is withheld, and when `review` says so.
    ///
    /// # Errors
    /// When the request was not being fulfilled.
    pub fn complete(self, now: DateTime<Utc>, result: Fulfilment, review: bool) -> Transition {
        let State::Fulfilling { approval, .. } = self.state.clone() else {
            return Err(self.illegal("completed"));
        };
        let facts = summary(&result);
        let step = Step { now, by: Actor::System };
        let by_hand = result.by_hand || result.transmission == Some(Transmission::ByHand);
        let look = review || by_hand || result.no_match() || result.partial() || result.unseen();
        if look {
            let entries = vec![entry(&self, step, "request.prepared", facts)];
            let state = State::AwaitingRelease { approval, since: now, result };
            let request = Request { state, ..self };
            return Ok(Outcome { request, entries, jobs: Vec::new(), opt_outs: Vec::new(), marks: Vec::new() });
        }
        if self.transmits(&approval, &result) {
            return Ok(self.hand_over(step, approval, None, result));
        }
        Ok(self.answer(step, approval, None, result, facts))
    }

    /// Staff have looked and release the answer, with words of their own where they did something themselves. A
    /// package that may go to another company goes there first.
    ///
    /// # Errors
    /// When nothing waits for release, and [`Refusal::Outdated`].
    pub fn release(self, now: DateTime<Utc>, by: StaffId, answer: Option<Personal<String>>) -> Transition {
        let State::AwaitingRelease { approval, result, .. } = self.state.clone() else {
            return Err(self.illegal("released"));
        };
        self.is_up_to_date()?;
        // Words of an earlier release stay where a transmission failed after it.
        let result = Fulfilment { answer: answer.or_else(|| result.answer.clone()), ..result };
        let step = Step { now, by: Actor::Staff(by) };
        if self.transmits(&approval, &result) {
            return Ok(self.hand_over(step, approval, Some(by), result));
        }
        let facts = summary(&result);
        Ok(self.answer(step, approval, Some(by), result, facts))
    }

    /// Staff have looked at what was withheld and want the package made again with it.
    ///
    /// # Errors
    /// When nothing waits for release, or running again would change systems a second time; and [`Refusal::Outdated`]: what
    /// would then be shown beside what was withheld, nobody has looked at.
    pub fn run_again(self, now: DateTime<Utc>, by: StaffId) -> Transition {
        self.is_up_to_date()?;
        self.made_again(Step { now, by: Actor::Staff(by) }, Again::RUN, Some(true))
    }

    /// An answer about data is made again of what the systems hold now: one that could not be searched is there again.
    /// What was withheld is withheld again, since staff have not looked at the new one.
    ///
    /// # Errors
    /// [`Refusal::IllegalState`] when no such answer waits for release.
    pub fn search_again(self, now: DateTime<Utc>, by: StaffId) -> Transition {
        if !self.right.reads() {
            return Err(self.illegal("searched for again"));
        }
        let again = Again { verb: "searched for again", ..Again::RUN };
        self.made_again(Step { now, by: Actor::Staff(by) }, again, Some(false))
    }

    /// Whether another identifier was shown to be the person's since what waits for release was made.
    pub fn is_outdated(&self) -> bool {
        matches!(&self.state, State::AwaitingRelease { result, .. } if result.outdated)
    }

    fn is_up_to_date(&self) -> Result<(), Refusal> {
        if self.is_outdated() { Err(Refusal::Outdated) } else { Ok(()) }
    }

    /// Back to the systems from waiting for release; `disclose` is as it was where nothing else is said.
    fn made_again(self, step: Step, again: Again, disclose: Option<bool>) -> Transition {
        let State::AwaitingRelease { approval, result, .. } = self.state.clone() else {
            return Err(self.illegal(again.verb));
        };
        let entries = vec![entry(&self, step, again.event, json!({}))];
        let jobs = vec![NewJob { job: Job::Fulfil { request: self.id }, run_at: step.now }];
        let disclose = disclose.unwrap_or(result.disclosed);
        let state = State::Fulfilling { approval, disclose, prepared: None };
        Ok(Outcome { entries, jobs, ..stay(Request { state, ..self }) })
    }

    fn answer(
        self,
        step: Step,
        approval: Approval,
        released_by: Option<StaffId>,
        result: Fulfilment,
        facts: Value,
    ) -> Outcome {
        let (partial, changed, marked) = (result.partial(), result.changed(), result.marked);
        let done = Completed { at: step.now, approval, released_by, result };
        let (state, event) = if partial {
            (State::PartiallyFulfilled(done), "request.partially_fulfilled")
        } else {
            (State::Fulfilled(done), "request.fulfilled")
        };
        let mut outcome = self.close(state, step, event, facts, Letter::Completed);
        outcome.marks.extend(marked.map(Marking::Set));
        if changed {
            let request = outcome.request.id;
            outcome.jobs.push(NewJob { job: Job::TellRecipients { request }, run_at: step.now });
        }
        outcome
    }

    fn close(mut self, state: State, step: Step, event: &str, facts: Value, text: Letter) -> Outcome {
        self.start_clock(step.now);
        let entries = vec![entry(&self, step, event, facts)];
        let jobs = letters(&self, text, step.now);
        Outcome { request: Request { state, ..self }, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() }
    }

    /// A question that stopped the clock is over.
    fn start_clock(&mut self, now: DateTime<Utc>) {
        if let State::AwaitingRequester { since, stops_clock: true, .. } = self.state {
            self.clocks.stops.push(Stop { from: since, to: now });
        }
    }

    fn only_in(&self, states: &[StateName], verb: &'static str) -> Result<(), Refusal> {
        if states.contains(&self.state.name()) { Ok(()) } else { Err(self.illegal(verb)) }
    }

    pub(super) fn illegal(&self, verb: &'static str) -> Refusal {
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
    let mut facts = json!({ "rows": rows, "no_match": result.no_match(), "withheld": result.withheld });
    if result.unproved > 0 {
        facts["unproved"] = json!(result.unproved);
    }
    if let Some(mark) = result.marked {
        facts["marked"] = json!(mark);
    }
    facts
}

fn stay(request: Request) -> Outcome {
    Outcome { request, entries: Vec::new(), jobs: Vec::new(), opt_outs: Vec::new(), marks: Vec::new() }
}

pub(super) fn entry(request: &Request, step: Step, event: &str, facts: Value) -> NewEntry {
    NewEntry::new(&request.controller, Some(request.id), step.now, step.by, event).with(facts)
}

pub(super) fn letter(request: &Request, letter: Letter, now: DateTime<Utc>) -> NewJob {
    let id: RequestId = request.id;
    NewJob { job: Job::MailLetter { request: id, letter }, run_at: now }
}

/// The letter that ends a request; where an agent was answered, the person is told as well.
fn letters(request: &Request, text: Letter, now: DateTime<Utc>) -> Vec<NewJob> {
    let answers = matches!(text, Letter::Completed | Letter::Denied | Letter::Referred);
    let person = (answers && request.tells_person()).then(|| letter(request, Letter::AnsweredForYou, now));
    std::iter::once(letter(request, text, now)).chain(person).collect()
}

mod marks;
mod recipients;
mod retained;
mod transmission;

#[cfg(test)]
mod authorization_tests;
#[cfg(test)]
pub(crate) mod tests;
