//! Rows that staff found by hand join a package: one that was made without them is made again.

use chrono::{DateTime, Utc};

use super::{Again, Step, Transition};
use crate::domain::actor::Actor;
use crate::domain::ids::StaffId;
use crate::domain::request::Request;

impl Request {
    /// The rows that staff handed in have changed since the package was made; it waits for release once more when it is
    /// made. What was withheld is withheld again: staff have not looked at the new one.
    ///
    /// # Errors
    /// When no package waits for release.
    pub fn rows_handed_in(self, now: DateTime<Utc>, by: StaffId) -> Transition {
        let again = Again { verb: "made again", event: "request.rows_handed_in" };
        self.made_again(Step { now, by: Actor::Staff(by) }, again, Some(false))
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
