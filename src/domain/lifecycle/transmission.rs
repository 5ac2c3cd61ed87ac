//! Transmission: a package that is made and released goes to the company the person named, then the person is answered.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Step, Transition, entry, summary};
use crate::domain::actor::Actor;
use crate::domain::ids::StaffId;
use crate::domain::job::{Job, NewJob};
use crate::domain::request::{Approval, Fulfilment, Outcome, Prepared, Request, State, Transmission};
use crate::domain::right::Right;

impl Outcome {
    /// Whoever approved also approved that the package goes to the company the person named (GDPR Art. 20(2)).
    #[must_use]
    pub fn with_transmission(mut self, now: DateTime<Utc>, by: StaffId) -> Self {
        if let State::Fulfilling { approval, .. } | State::AwaitingRelease { approval, .. } = &mut self.request.state {
            approval.transmit = true;
            let step = Step { now, by: Actor::Staff(by) };
            self.entries.push(entry(&self.request, step, "request.transmission_approved", json!({})));
        }
        self
    }
}

impl Request {
    /// Whether the package has yet to go to another company.
    pub(super) fn transmits(&self, approval: &Approval, result: &Fulfilment) -> bool {
        self.right == Right::Portability
            && approval.transmit
            && result.package.is_some()
            && result.transmission.is_none()
    }

    /// The package is ready to go: what is left is to send it.
    pub(super) fn hand_over(
        self,
        step: Step,
        approval: Approval,
        released_by: Option<StaffId>,
        result: Fulfilment,
    ) -> Outcome {
        let entries = vec![entry(&self, step, "request.transmission_begun", summary(&result))];
        let jobs = vec![NewJob { job: Job::Fulfil { request: self.id }, run_at: step.now }];
        let prepared = Some(Box::new(Prepared { result, released_by }));
        let state = State::Fulfilling { approval, disclose: false, prepared };
        Outcome { request: Request { state, ..self }, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() }
    }

    /// The other company took the package, or did not for good: then staff look before the person is answered.
    ///
    /// # Errors
    /// When no package was on its way.
    pub fn transmitted(self, now: DateTime<Utc>, transmission: Transmission) -> Transition {
        let State::Fulfilling { approval, prepared: Some(prepared), .. } = self.state.clone() else {
            return Err(self.illegal("transmitted"));
        };
        let Prepared { result, released_by } = prepared.as_ref().clone();
        let sent = matches!(transmission, Transmission::Sent { .. });
        let step = Step { now, by: Actor::System };
        let event = if sent { "request.transmitted" } else { "request.transmission_failed" };
        // The address is the person's to know; what the delivery was called is enough to find it at the other company.
        let mut facts = json!({ "delivery": result.package.as_ref().map(|package| package.id) });
        if let Transmission::Failed { reason, .. } = &transmission {
            facts["reason"] = json!(reason);
        }
        let noted = entry(&self, step, event, facts);
        let result = Fulfilment { transmission: Some(transmission), ..result };
        let facts = summary(&result);
        let mut outcome = if sent {
            self.answer(step, approval, released_by, result, facts)
        } else {
            super::stay(Request { state: State::AwaitingRelease { approval, since: now, result }, ..self })
        };
        outcome.entries.insert(0, noted);
        Ok(outcome)
    }

    /// Staff have it sent once more, after it had failed.
    ///
    /// # Errors
    /// When no failed transmission waits for staff, and [`Refusal::Outdated`](super::Refusal::Outdated).
    pub fn transmit_again(self, now: DateTime<Utc>, by: StaffId) -> Transition {
        let State::AwaitingRelease { approval, result, .. } = self.state.clone() else {
            return Err(self.illegal("transmitted"));
        };
        if !matches!(result.transmission, Some(Transmission::Failed { .. })) {
            return Err(self.illegal("transmitted"));
        }
        self.is_up_to_date()?;
        let result = Fulfilment { transmission: None, ..result.clone() };
        Ok(self.hand_over(Step { now, by: Actor::Staff(by) }, approval, Some(by), result))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{REVIEWER, found, now, request};
    use super::*;
    use crate::domain::request::{Package, StateName};

    fn packed() -> Fulfilment {
        let package = Package { id: uuid::Uuid::nil(), bytes: 9, sha256: "00".into(), expires_at: now() };
        Fulfilment { package: Some(package), ..found() }
    }

    fn approved(transmit: bool) -> Request {
        let portability = request(Right::Portability, State::InReview { since: now() });
        let outcome = portability.approve(now(), REVIEWER).unwrap();
        if transmit { outcome.with_transmission(now(), REVIEWER).request } else { outcome.request }
    }

    #[test]
    fn without_approval_the_package_goes_to_the_person_only() {
        assert_eq!(
            approved(false).complete(now(), packed(), false).unwrap().request.state.name(),
            StateName::Fulfilled
        );
    }

    #[test]
    fn the_person_is_answered_when_the_other_company_has_it() {
        let on_its_way = approved(true).complete(now(), packed(), false).unwrap();
        assert_eq!(on_its_way.request.state.name(), StateName::Fulfilling);
        assert_eq!(on_its_way.jobs[0].job.kind(), "fulfil");
        let done = on_its_way.request.transmitted(now(), Transmission::Sent { at: now(), host: None }).unwrap();
        assert_eq!(done.request.state.name(), StateName::Fulfilled);
        assert_eq!(done.jobs.len(), 1, "the letter");
    }

    #[test]
    fn nothing_leaves_before_staff_released_it() {
        let waiting = approved(true).complete(now(), packed(), true).unwrap();
        assert_eq!(waiting.request.state.name(), StateName::AwaitingRelease);
        let on_its_way = waiting.request.release(now(), REVIEWER, None).unwrap();
        assert_eq!(on_its_way.request.state.name(), StateName::Fulfilling);
    }

    #[test]
    fn a_failure_is_for_staff_and_never_a_success() {
        let on_its_way = approved(true).complete(now(), packed(), false).unwrap().request;
        let failed = Transmission::Failed { at: now(), reason: "it answered 403".into() };
        let failed = on_its_way.transmitted(now(), failed).unwrap().request;
        assert_eq!(failed.state.name(), StateName::AwaitingRelease);
        let again = failed.clone().transmit_again(now(), REVIEWER).unwrap().request;
        assert_eq!(again.state.name(), StateName::Fulfilling);
        let told = failed.release(now(), REVIEWER, None).unwrap().request;
        assert_eq!(told.state.name(), StateName::PartiallyFulfilled);
    }
}
