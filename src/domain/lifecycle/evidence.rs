//! Evidence raises a request's level of verification, before the mailed code as after it; it decides nothing.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Refusal, Step, Transition, admit, entry, stay};
use crate::domain::actor::Actor;
use crate::domain::identity::IdentityKind;
use crate::domain::ids::StaffId;
use crate::domain::job::{Job, NewJob};
use crate::domain::request::{Outcome, Request, State, StateName};
use crate::domain::verification::{
    ANSWERS_A_REQUEST, Answers, Claim, Evidence, How, Level, Method, Shown, SignedDeclaration, StaffCheck, Verification,
};

/// The states in which the level may still rise once the mailbox is proved.
const OPEN: &[StateName] = &[StateName::AwaitingAuthorization, StateName::InReview, StateName::AwaitingRequester];

impl Request {
    /// What the requester may know of their verification: what came of answers is shown once staff have decided, and
    /// nothing is asked for any more from then on.
    pub fn verification_shown(&self) -> Shown {
        use StateName as S;
        let state = self.state.name();
        let decided = matches!(state, S::Fulfilling | S::AwaitingRelease | S::Fulfilled | S::PartiallyFulfilled);
        let mut shown = self.verification.shown(decided);
        let signed_in = self.verification.identifiers().contains(&IdentityKind::AccountId);
        let account = self.particulars.person.account_id.is_some() && !signed_in;
        let helps = account && shown.reached > Level::None && self.verification.ways.sign_in == Some(Claim::Account);
        if helps && !shown.offered.contains(&Method::SignIn) {
            // Whatever level is reached, nothing else that they can do shows the account to be theirs.
            shown.offered.push(Method::SignIn);
        }
        if state != S::AwaitingVerification && !OPEN.contains(&state) {
            shown.offered.clear();
        }
        shown
    }

    /// Whether evidence beyond the mailed code can still be taken.
    pub fn takes_evidence(&self) -> bool {
        OPEN.contains(&self.state.name())
    }

    /// The person signed in to their account: high certainty. Where the sign-in proves the address, it also does what
    /// the mailed code would have done.
    ///
    /// # Errors
    /// When the request no longer takes evidence.
    pub fn signed_in(self, now: DateTime<Utc>, proves_address: bool) -> Transition {
        let step = Step { now, by: Actor::Requester };
        self.shows(step, Method::SignIn.alone(Level::High), proves_address, json!({}))
    }

    /// Staff checked who the person is, and answer for it. Which identifiers are theirs they can say also of an answer about
    /// data that waits for release, which has to be made again then.
    ///
    /// # Errors
    /// When the request no longer takes evidence.
    pub fn checked(self, now: DateTime<Utc>, level: Level, check: StaffCheck) -> Transition {
        let (by, how): (StaffId, How) = (check.by, check.how);
        let piece = Evidence { check: Some(check), ..Method::StaffCheck.alone(level) };
        self.shows(Step { now, by: Actor::Staff(by) }, piece, true, json!({ "how": how }))
    }

    /// The person signed the declaration.
    ///
    /// # Errors
    /// When the request no longer takes evidence, or needs none.
    pub fn declares(self, declaration: SignedDeclaration) -> Transition {
        self.only_in(OPEN, "verified further")?;
        let step = Step { now: declaration.at, by: Actor::Requester };
        let facts = json!({ "version": declaration.version });
        let entries = vec![entry(&self, step, "request.declaration_signed", facts)];
        let verification = self.verification.clone().declared(declaration);
        Ok(Outcome { entries, ..stay(Request { verification, ..self }) })
    }

    /// The person answered questions. What comes of it is found out later and elsewhere, so that the reply says
    /// nothing, not even by the time it takes.
    ///
    /// # Errors
    /// When the request takes no (more) answers: by what the person may know, never by what they do not.
    pub fn answers(self, now: DateTime<Utc>, answers: Answers) -> Transition {
        self.only_in(OPEN, "verified further")?;
        if self.verification.ways.questions.is_empty() {
            return Err(Refusal::NotOffered);
        }
        if self.verification_shown().reached >= self.verification.required {
            return Err(Refusal::NothingMissing);
        }
        if self.verification.tries >= ANSWERS_A_REQUEST {
            return Err(Refusal::TriesExhausted);
        }
        let verification = self.verification.clone().taking(answers);
        let facts = json!({ "tries": verification.tries });
        let entries = vec![entry(&self, Step { now, by: Actor::Requester }, "request.answers_given", facts)];
        let jobs = vec![NewJob { job: Job::MatchEvidence { request: self.id }, run_at: now }];
        Ok(Outcome { entries, jobs, ..stay(Request { verification, ..self }) })
    }

    /// The name given is to be held against the company's systems.
    #[must_use]
    pub fn to_be_named(self, now: DateTime<Utc>) -> Outcome {
        let mut verification = self.verification.clone();
        verification.pending.name = true;
        let jobs = vec![NewJob { job: Job::MatchEvidence { request: self.id }, run_at: now }];
        Outcome { jobs, ..stay(Request { verification, ..self }) }
    }

    /// What was waiting was compared: `verification` is what came of it.
    #[must_use]
    pub fn weighed(self, now: DateTime<Utc>, verification: Verification) -> Outcome {
        let new = verification.evidence.len() > self.verification.evidence.len();
        let facts = json!({
            "methods": verification.methods,
            "points": verification.matching_points(),
            "level": verification.reached,
        });
        let step = Step { now, by: Actor::System };
        let entries = new.then(|| entry(&self, step, "request.evidence_matched", facts)).into_iter().collect();
        Outcome { entries, ..stay(Request { verification, ..self }) }
    }

    /// Refuses where the policy wants evidence before an approval and it is not there.
    ///
    /// # Errors
    /// [`Refusal::NotVerified`], of a request that could be approved otherwise.
    pub fn needs_its_evidence(&self) -> Result<(), Refusal> {
        if self.state.name() != StateName::InReview || self.verification.complete() {
            return Ok(());
        }
        Err(Refusal::NotVerified { missing: self.verification.missing() })
    }

    fn shows(self, step: Step, piece: Evidence, proves_address: bool, more: Value) -> Transition {
        let waits = matches!(self.state, State::AwaitingVerification { .. });
        let names_more = piece.check.as_ref().is_some_and(|check| !check.identifiers.is_empty());
        let still = names_more && self.right.reads() && self.state.name() == StateName::AwaitingRelease;
        if !(still || (waits && proves_address)) {
            self.only_in(OPEN, "verified further")?;
        }
        let mut facts = json!({ "method": piece.method, "level": piece.level });
        if let (Some(facts), Value::Object(more)) = (facts.as_object_mut(), more) {
            facts.extend(more);
        }
        let entry = entry(&self, step, "request.verified", facts);
        let verification = self.verification.clone().and(piece);
        let mut request = Request { verification, ..self };
        if waits {
            request.clocks.proof_came(step.now);
        }
        if let State::AwaitingRelease { result, .. } = &mut request.state {
            result.outdated = true;
        }
        let mut outcome = if waits { admit(request, step.now) } else { stay(request) };
        outcome.entries.insert(0, entry);
        Ok(outcome)
    }
}
