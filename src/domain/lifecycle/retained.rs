//! What was kept for a time after a deletion is erased: it joins what came of the request, and the person is told.

use serde_json::json;

use super::{Step, Transition, entry, letter};
use crate::domain::actor::Actor;
use crate::domain::appeal::{AppealState, completed};
use crate::domain::job::Letter;
use crate::domain::proof::ErasedLater;
use crate::domain::request::{Completed, Fulfilment, Outcome, Request, State};
use crate::domain::right::Right;

impl Request {
    /// The answer under which rows were erased and others kept for a time, once the request is at its end: the one that
    /// stands, or, where an appeal reopened the request and it was then denied, referred or taken back, the one before.
    ///
    /// What was kept under that one was kept on a ground that ends on its day (GDPR Art. 17(3)(b), (e)), and the letter
    /// named the day. An appeal is the person's remedy, so it does not leave them with less than the decision they
    /// appealed against; and once the ground has ended, the controller has none to keep the rows, whoever asks for what
    /// (Art. 17(1)(a), Art. 5(1)(e)). Whoever has a new ground places a hold, and that is honoured.
    pub fn erased_under(&self) -> Option<&Completed> {
        self.erasure_answered().filter(|_| self.state.name().is_final())
    }

    /// The same whether or not the request is decided anew: what was told of it is told still.
    pub fn erasure_answered(&self) -> Option<&Completed> {
        let answer = || completed(&self.state).or_else(|| self.overturned_answer());
        (self.right == Right::Deletion).then(answer)?
    }

    /// The latest answer that an appeal overturned.
    fn overturned_answer(&self) -> Option<&Completed> {
        self.appeals.iter().rev().find_map(|appeal| match &appeal.state {
            AppealState::Overturned { decision: Some(decision), .. } => completed(decision),
            _ => None,
        })
    }

    /// The request as it stood under [`Request::erased_under`], for the machine that erases what is left.
    pub fn as_erased(&self) -> Option<Request> {
        let done = self.erased_under()?.clone();
        Some(Request { state: State::PartiallyFulfilled(done), ..self.clone() })
    }

    /// The time was over for which rows were kept, or the hold on them lifted, and they are erased. The answer stays as
    /// it was given; what was done now stands beside it.
    ///
    /// # Errors
    /// When the request is no deletion under which something was erased, or is open again.
    pub fn erased_later(mut self, later: ErasedLater) -> Transition {
        if self.erased_under().is_none() {
            return Err(self.illegal("erased from later"));
        }
        let count = Fulfilment { lines: later.lines.clone(), ..Fulfilment::default() };
        let still: u64 = later.retained.iter().map(|r| r.kept.rows).sum();
        let facts = json!({ "rows": super::summary(&count)["rows"], "still_kept": still });
        let step = Step { now: later.at, by: Actor::System };
        let entries = vec![entry(&self, step, "request.retained_erased", facts)];
        let jobs = vec![letter(&self, Letter::ErasedLater, later.at)];
        if let Some(done) = self.erased_under_mut() {
            done.result.erased_later.push(later);
        }
        Ok(Outcome { request: self, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }

    fn erased_under_mut(&mut self) -> Option<&mut Completed> {
        let overturned = self.appeals.iter_mut().rev().filter_map(|appeal| match &mut appeal.state {
            AppealState::Overturned { decision: Some(decision), .. } => Some(&mut **decision),
            _ => None,
        });
        std::iter::once(&mut self.state).chain(overturned).find_map(|state| match state {
            State::Fulfilled(done) | State::PartiallyFulfilled(done) => Some(done),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{REVIEWER, now, request, state, text};
    use super::*;
    use crate::domain::appeal::{Appeal, Settlement};
    use crate::domain::regime::AppealKind;
    use crate::domain::request::{Action, Line, StateName};

    fn later() -> ErasedLater {
        let (system, dataset, collection) = ("shop-db".to_owned(), "shop".to_owned(), "orders".to_owned());
        let line = Line { system, dataset, collection, field: None, action: Action::Deleted, rows: 2, note: None };
        ErasedLater { at: now(), lines: vec![line], retained: Vec::new(), proof: Vec::new() }
    }

    #[test]
    fn the_answer_stays_and_the_person_is_told() {
        let answered = request(Right::Deletion, state(StateName::PartiallyFulfilled));
        let before = answered.state.result().unwrap().clone();
        let outcome = answered.erased_later(later()).unwrap();
        assert_eq!(outcome.request.state.name(), StateName::PartiallyFulfilled);
        let after = outcome.request.state.result().unwrap();
        assert_eq!((&after.lines, after.erased_later.len()), (&before.lines, 1));
        assert_eq!(outcome.jobs, [letter(&outcome.request, Letter::ErasedLater, now())]);
        insta::assert_snapshot!(outcome.entries[0].facts, @r#"{"rows":{"deleted":2},"still_kept":0}"#);
    }

    #[test]
    fn recipients_are_told_of_what_alone_was_erased_later() {
        let mut answered = request(Right::Deletion, state(StateName::PartiallyFulfilled));
        if let State::PartiallyFulfilled(done) = &mut answered.state {
            done.result.lines.clear();
        }
        let names = || vec!["Parcels".to_owned()];
        assert!(answered.clone().recipients_told(now(), names(), Vec::new()).is_err(), "nothing changed");
        let erased = answered.erased_later(later()).unwrap().request;
        assert_eq!(erased.recipients_told(now(), names(), Vec::new()).unwrap().jobs.len(), 1);
    }

    #[rstest::rstest]
    #[case(StateName::Denied, true)]
    #[case(StateName::Withdrawn, true)]
    #[case(StateName::Referred, true)]
    #[case::open_again(StateName::InReview, false)]
    #[case::the_new_answer_counts(StateName::Fulfilled, true)]
    fn a_decision_that_fell_keeps_what_it_promised(#[case] at: StateName, #[case] erases: bool) {
        let answered = request(Right::Deletion, state(StateName::PartiallyFulfilled));
        let settlement = Settlement { at: now(), by: REVIEWER, explanation: text() };
        let decision = Some(Box::new(answered.state.clone()));
        let appeal = Appeal {
            kind: AppealKind::Appeal,
            filed_at: now(),
            grounds: text(),
            against: None,
            deadlines: Vec::new(),
            extension: None,
            state: AppealState::Overturned { settlement, decision },
        };
        let ended = Request { state: state(at), appeals: vec![appeal], ..answered };
        assert_eq!(ended.as_erased().is_some(), erases);
        let Ok(outcome) = ended.erased_later(later()) else { return assert!(!erases) };
        let after = &outcome.request;
        assert_eq!(after.state.name(), at, "how it ended stays");
        assert_eq!(after.erased_under().unwrap().result.erased_later, [later()]);
        assert_eq!(after.state.result().is_some_and(|r| !r.erased_later.is_empty()), at == StateName::Fulfilled);
    }

    #[rstest::rstest]
    #[case(Right::Access, StateName::Fulfilled)]
    #[case(Right::Deletion, StateName::Fulfilling)]
    #[case(Right::Deletion, StateName::Denied)]
    fn nothing_else_is_erased_later(#[case] right: Right, #[case] at: StateName) {
        assert!(request(right, state(at)).erased_later(later()).is_err());
    }
}
