//! Law and policy together on appeals: the kinder of the two to the person.

use chrono::{Days, NaiveDate};

use super::Policy;
use crate::domain::appeal::AppealOffer;
use crate::domain::deadline::{Deadline, Duty, Options, Promise, deadline, promised};
use crate::domain::regime::{AppealKind, Counting, Regime};

/// Days after the decision within which an appeal can be filed, where neither law nor policy names a number: the laws
/// of the states that have none ask for "a reasonable period".
const USUAL_PERIOD: u32 = 60;

/// Days within which an appeal is answered that only the policy promises, where it names no number.
const USUAL_ANSWER: u32 = 60;

/// The terms on which one controller hears appeals against its decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppealTerms {
    /// What it is called.
    pub kind: AppealKind,
    /// Whether the law gives it, or only the policy's promise.
    pub by_law: bool,
    /// Days after the decision within which it is filed; none where there is no limit.
    file_within_days: Option<u32>,
    /// The policy's own days for the answer.
    answered_in_days: Option<u32>,
}

impl AppealTerms {
    /// The terms for an appeal filed `on` that day; none where neither law nor policy gives one.
    pub fn of(policy: &Policy, regime: &Regime, on: NaiveDate) -> Option<Self> {
        let own = policy.appeal;
        let answered_in_days = own.and_then(|own| own.answered_in_days);
        let own_period = own.and_then(|own| own.file_within_days);
        let law = regime.appeal.as_ref().filter(|_| !regime.appeal_duties(on).is_empty());
        let Some(law) = law else {
            return own.map(|_| Self {
                kind: AppealKind::Appeal,
                by_law: false,
                file_within_days: Some(own_period.unwrap_or(USUAL_PERIOD)),
                answered_in_days: Some(answered_in_days.unwrap_or(USUAL_ANSWER)),
            });
        };
        let file_within_days = match (law.file_within_days, law.kind) {
            (Some(days), _) => Some(own_period.map_or(days, |own| own.max(days))),
            // A complaint has no last day by law, and a policy cannot set one.
            (None, AppealKind::Complaint) => None,
            (None, AppealKind::Appeal) => Some(own_period.unwrap_or(USUAL_PERIOD)),
        };
        Some(Self { kind: law.kind, by_law: true, file_within_days, answered_in_days })
    }

    /// What a letter offers against a decision taken on that day.
    pub fn offer(&self, regime: &Regime, decided: NaiveDate) -> AppealOffer {
        let by_days = |counting| matches!(counting, Counting::CalendarDays | Counting::WithoutDelay);
        let clock = regime.clock(Duty::Appeal, decided).filter(|clock| by_days(clock.counting));
        let law = clock.map(|clock| (clock.length, clock.counting));
        let answered_in_days = match (law, self.answered_in_days) {
            // The law names no number: the policy's own days stand in.
            (Some((_, Counting::WithoutDelay)), Some(own)) => Some(own),
            (Some((law, _)), own) => Some(own.map_or(law, |own| own.min(law))),
            (None, own) => own,
        };
        let until = self.file_within_days.and_then(|days| decided.checked_add_days(Days::new(days.into())));
        AppealOffer { kind: self.kind, until, answered_in_days }
    }

    /// What becomes due by an appeal filed on that day.
    pub fn deadlines(&self, policy: &Policy, regime: &Regime, filed: NaiveDate, extended: bool) -> Vec<Deadline> {
        let promise = self.answered_in_days.map(|days| Promise { days, extended_days: None });
        if !self.by_law {
            let days = self.answered_in_days.unwrap_or(USUAL_ANSWER);
            return promised(Duty::Appeal, filed, days).into_iter().collect();
        }
        let of = |duty: Duty| {
            let options = Options {
                extended: extended && duty == Duty::Appeal,
                country: Some(policy.country.clone()),
                proof: None,
                paused: Vec::new(),
                promised: promise,
            };
            deadline(regime, duty, filed, &options).ok()
        };
        regime.appeal_duties(filed).into_iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::tests::SMALL;
    use super::*;
    use crate::domain::regime::tests::regime;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn policy(more: &str) -> Policy {
        Policy::parse("p.toml", &format!("{SMALL}{more}")).unwrap()
    }

    const PROMISE: &str = "[appeal]\nfile_within_days = 90\nanswered_in_days = 30\n";

    #[rstest]
    #[case::by_law("", "us-va", Some(("2027-01-21", "2027-01-21", true)))]
    #[case::policy_is_kinder(PROMISE, "us-va", Some(("2027-02-20", "2026-12-22", true)))]
    #[case::colorado("", "us-co", Some(("2027-01-21", "2027-01-06", true)))]
    #[case::not_in_california("", "ccpa", None)]
    #[case::promised_in_california(PROMISE, "ccpa", Some(("2027-02-20", "2026-12-22", false)))]
    #[case::promised_without_numbers("[appeal]\n", "voluntary", Some(("2027-01-21", "2027-01-21", false)))]
    #[case::not_by_gdpr("", "gdpr", None)]
    #[case::not_in_utah("", "us-ut", None)]
    fn the_kinder_of_law_and_policy_counts(
        #[case] more: &str,
        #[case] id: &str,
        #[case] expected: Option<(&str, &str, bool)>,
    ) {
        let (policy, regime, decided) = (policy(more), regime(id), day("2026-11-22"));
        let terms = AppealTerms::of(&policy, &regime, decided);
        let found = terms.map(|terms| {
            let due = terms.deadlines(&policy, &regime, decided, false).last().unwrap().due;
            (terms.offer(&regime, decided).until.unwrap(), due, terms.by_law)
        });
        assert_eq!(found, expected.map(|(until, due, by_law)| (day(until), day(due), by_law)));
    }

    #[test]
    fn a_complaint_in_the_united_kingdom_has_no_last_day_and_is_acknowledged() {
        let (policy, regime) = (policy(PROMISE), regime("uk-gdpr"));
        assert_eq!(AppealTerms::of(&policy, &regime, day("2026-06-18")).map(|t| t.by_law), Some(false));
        let terms = AppealTerms::of(&policy, &regime, day("2026-07-01")).unwrap();
        assert_eq!((terms.kind, terms.offer(&regime, day("2026-07-01")).until), (AppealKind::Complaint, None));
        let due = terms.deadlines(&policy, &regime, day("2026-07-01"), false);
        let due: Vec<_> = due.iter().map(|d| (d.duty, d.due)).collect();
        assert_eq!(due, [(Duty::Acknowledgement, day("2026-07-31")), (Duty::Appeal, day("2026-07-31"))]);
    }

    #[rstest]
    #[case("us-co", true)]
    #[case("us-mn", true)]
    #[case("us-va", false)]
    fn some_states_let_the_answer_take_longer(#[case] id: &str, #[case] longer: bool) {
        let (policy, regime) = (policy(""), regime(id));
        let terms = AppealTerms::of(&policy, &regime, day("2026-11-22")).unwrap();
        assert_eq!(!terms.deadlines(&policy, &regime, day("2026-11-22"), true).is_empty(), longer);
    }
}
