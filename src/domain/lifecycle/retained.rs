//! What was kept for a time after a deletion is erased: it joins what came of the request, and the person is told.

use serde_json::json;

use super::{Step, Transition, entry, letter};
use crate::domain::actor::Actor;
use crate::domain::job::Letter;
use crate::domain::proof::ErasedLater;
use crate::domain::request::{Fulfilment, Outcome, Request, State};
use crate::domain::right::Right;

impl Request {
    /// The time was over for which rows were kept, or the hold on them lifted, and they are erased. The answer stays as
    /// it was given; what was done now stands beside it.
    ///
    /// # Errors
    /// When the request is no deletion that was answered.
    pub fn erased_later(self, later: ErasedLater) -> Transition {
        let answered = matches!(self.state, State::Fulfilled(_) | State::PartiallyFulfilled(_));
        if self.right != Right::Deletion || !answered {
            return Err(self.illegal("erased from later"));
        }
        let count = Fulfilment { lines: later.lines.clone(), ..Fulfilment::default() };
        let still: u64 = later.retained.iter().map(|r| r.kept.rows).sum();
        let facts = json!({ "rows": super::summary(&count)["rows"], "still_kept": still });
        let step = Step { now: later.at, by: Actor::System };
        let entries = vec![entry(&self, step, "request.retained_erased", facts)];
        let jobs = vec![letter(&self, Letter::ErasedLater, later.at)];
        let request = self.with_result(|mut result| {
            result.erased_later.push(later);
            result
        });
        Ok(Outcome { request, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{now, request, state};
    use super::*;
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

    #[rstest::rstest]
    #[case(Right::Access, StateName::Fulfilled)]
    #[case(Right::Deletion, StateName::Fulfilling)]
    #[case(Right::Deletion, StateName::Denied)]
    fn nothing_else_is_erased_later(#[case] right: Right, #[case] at: StateName) {
        assert!(request(right, state(at)).erased_later(later()).is_err());
    }
}
