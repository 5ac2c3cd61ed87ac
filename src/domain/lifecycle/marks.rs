//! Lifting a mark: the person is told first, and the mark falls when the letter has left.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Refusal, Step, Transition, entry};
use crate::domain::actor::Actor;
use crate::domain::ids::StaffId;
use crate::domain::job::{Job, NewJob};
use crate::domain::mark::{Mark, Marking};
use crate::domain::personal::Personal;
use crate::domain::request::{Completed, Fulfilment, Lifting, Outcome, Request, State};

impl Request {
    /// Staff decide to lift the mark that this request had set. It stands until the person was told (GDPR Art. 18(3)).
    ///
    /// # Errors
    /// When the request set no mark that can be lifted, or it is being lifted already.
    pub fn lift(self, now: DateTime<Utc>, by: StaffId, reason: Personal<String>) -> Transition {
        let (mark, done) = self.standing_mark().ok_or_else(|| self.illegal("lifted"))?;
        if !mark.can_be_lifted() {
            return Err(Refusal::MarkStays);
        }
        if done.result.lifting.is_some() {
            return Err(Refusal::AlreadyLifted);
        }
        let lifting = Lifting { decided_at: now, by, reason, lifted_at: None };
        let entries =
            vec![entry(&self, Step { now, by: Actor::Staff(by) }, "request.lifting_decided", json!({ "mark": mark }))];
        let jobs = vec![NewJob { job: Job::LiftMark { request: self.id }, run_at: now }];
        let request = self.with_lifting(lifting);
        Ok(Outcome { request, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }

    /// The person was told: the mark no longer stands.
    ///
    /// # Errors
    /// When nobody decided that, or it was done before.
    pub fn lifted(self, now: DateTime<Utc>) -> Transition {
        let (mark, done) = self.standing_mark().ok_or_else(|| self.illegal("lifted"))?;
        let decided = done.result.lifting.clone().filter(|lifting| lifting.lifted_at.is_none());
        let lifting = Lifting { lifted_at: Some(now), ..decided.ok_or(Refusal::AlreadyLifted)? };
        let step = Step { now, by: Actor::System };
        let entries = vec![entry(&self, step, "request.mark_lifted", json!({ "mark": mark }))];
        let request = self.with_lifting(lifting);
        Ok(Outcome { request, entries, jobs: Vec::new(), opt_outs: Vec::new(), marks: vec![Marking::Lift(mark)] })
    }

    fn standing_mark(&self) -> Option<(Mark, &Completed)> {
        let (State::Fulfilled(done) | State::PartiallyFulfilled(done)) = &self.state else { return None };
        Some((done.result.marked?, done))
    }

    fn with_lifting(self, lifting: Lifting) -> Request {
        self.with_result(|result| Fulfilment { lifting: Some(lifting), ..result })
    }

    /// The same request with something added to what came of it; where it stands does not change.
    pub(super) fn with_result(self, add: impl FnOnce(Fulfilment) -> Fulfilment) -> Request {
        let state = match self.state {
            State::Fulfilled(done) => State::Fulfilled(Completed { result: add(done.result), ..done }),
            State::PartiallyFulfilled(done) => {
                State::PartiallyFulfilled(Completed { result: add(done.result), ..done })
            }
            other => other,
        };
        Request { state, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{REVIEWER, now, request, text};
    use super::*;
    use crate::domain::request::StateName;
    use crate::domain::right::Right;

    fn restricted() -> Request {
        let approved = request(Right::Restriction, State::InReview { since: now() }).approve(now(), REVIEWER).unwrap();
        let result = Fulfilment { marked: Some(Mark::ProcessingRestricted), ..Fulfilment::default() };
        let outcome = approved.request.complete(now(), result, false).unwrap();
        assert_eq!(outcome.marks, [Marking::Set(Mark::ProcessingRestricted)]);
        assert!(outcome.jobs.iter().any(|j| j.job.kind() == "tell_recipients"));
        outcome.request
    }

    #[test]
    fn a_restriction_stands_until_the_person_was_told() {
        assert_eq!(restricted().lifted(now()).unwrap_err(), Refusal::AlreadyLifted, "nobody decided it");
        let decided = restricted().lift(now(), REVIEWER, text()).unwrap();
        assert!(decided.marks.is_empty());
        assert_eq!(decided.jobs[0].job.kind(), "lift_mark");
        assert_eq!(decided.request.clone().lift(now(), REVIEWER, text()).unwrap_err(), Refusal::AlreadyLifted);
        let lifted = decided.request.lifted(now()).unwrap();
        assert_eq!(lifted.marks, [Marking::Lift(Mark::ProcessingRestricted)]);
        assert_eq!(lifted.request.state.name(), StateName::Fulfilled);
        assert_eq!(lifted.request.lifted(now()).unwrap_err(), Refusal::AlreadyLifted);
    }

    #[test]
    fn what_the_person_wants_is_not_lifted_by_staff() {
        let mut limit = request(Right::LimitSensitive, State::InReview { since: now() });
        limit.verification.required = crate::domain::verification::Level::None;
        let honoured = super::super::submit(limit, now()).request;
        assert_eq!(honoured.state.name(), StateName::Fulfilled);
        assert_eq!(honoured.lift(now(), REVIEWER, text()).unwrap_err(), Refusal::MarkStays);
        let access = request(Right::Access, State::InReview { since: now() });
        assert!(matches!(access.lift(now(), REVIEWER, text()), Err(Refusal::IllegalState { .. })));
    }
}
