//! Rows that staff found by hand join a package: one that was made without them is made again.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Step, Transition, entry};
use crate::domain::actor::Actor;
use crate::domain::ids::StaffId;
use crate::domain::job::{Job, NewJob};
use crate::domain::request::{Outcome, Request, State};

impl Request {
    /// The rows that staff handed in have changed since the package was made; it waits for release once more when it is
    /// made. What was withheld is withheld again: staff have not looked at the new one.
    ///
    /// # Errors
    /// When no package waits for release.
    pub fn rows_handed_in(self, now: DateTime<Utc>, by: StaffId) -> Transition {
        let State::AwaitingRelease { approval, .. } = self.state.clone() else {
            return Err(self.illegal("made again"));
        };
        let entries = vec![entry(&self, Step { now, by: Actor::Staff(by) }, "request.rows_handed_in", json!({}))];
        let jobs = vec![NewJob { job: Job::Fulfil { request: self.id }, run_at: now }];
        let state = State::Fulfilling { approval, disclose: false, prepared: None };
        Ok(Outcome { request: Request { state, ..self }, entries, jobs, opt_outs: Vec::new(), marks: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{now, request, state};
    use crate::domain::ids::StaffId;
    use crate::domain::request::StateName;
    use crate::domain::right::Right;

    #[test]
    fn only_what_waits_for_release_is_made_again() {
        for from in StateName::ALL.iter().copied() {
            let access = request(Right::Access, state(from));
            let made = access.rows_handed_in(now(), StaffId(uuid::Uuid::nil()));
            let again =
                made.as_ref().is_ok_and(|o| o.request.state.name() == StateName::Fulfilling && o.jobs.len() == 1);
            assert_eq!(again, from == StateName::AwaitingRelease, "{}", from.as_str());
        }
    }
}
