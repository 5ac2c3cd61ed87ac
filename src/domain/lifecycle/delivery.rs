//! A package is counted from the day on which it was delivered, however long staff looked at it before.

use chrono::{DateTime, Utc};

use crate::domain::request::{Outcome, State};

impl Outcome {
    /// The same, with the package that this answer delivers to be fetched until then. One that still waits is not
    /// delivered.
    #[must_use]
    pub fn with_package_until(mut self, until: DateTime<Utc>) -> Self {
        if let State::Fulfilled(done) | State::PartiallyFulfilled(done) = &mut self.request.state
            && let Some(package) = &mut done.result.package
        {
            package.expires_at = until;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::tests::{REVIEWER, found, now, request};
    use super::*;
    use crate::domain::request::{Fulfilment, Package};
    use crate::domain::right::Right;

    #[test]
    fn what_waits_for_release_is_not_counted_yet() {
        let package = Package { id: uuid::Uuid::nil(), bytes: 9, sha256: "00".into(), expires_at: now() };
        let result = Fulfilment { package: Some(package), ..found() };
        let until = |outcome: &Outcome| outcome.request.state.result().unwrap().package.clone().unwrap().expires_at;
        let later = now() + TimeDelta::days(30);
        let access = request(Right::Access, State::InReview { since: now() }).approve(now(), REVIEWER).unwrap().request;
        let waits = access.complete(now(), result, true).unwrap().with_package_until(later);
        assert_eq!(until(&waits), now());
        let released = waits.request.release(later, REVIEWER, None).unwrap();
        assert_eq!(until(&released.with_package_until(later + TimeDelta::days(30))), later + TimeDelta::days(30));
    }
}
