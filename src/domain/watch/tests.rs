//! Days on which something is asked for, and days on which nothing is.

use rstest::rstest;

use super::*;
use crate::domain::clocks::Clocks;
use crate::domain::ids::StaffId;
use crate::domain::lifecycle;
use crate::domain::personal::Personal;
use crate::domain::policy::Policy;
use crate::domain::regime::{Regime, tests::regime};
use crate::domain::right::Right;

const POLICY: &str = r#"name = "Acme"
postal_address = "1 Main Street"
privacy_email = "privacy@acme.example"
country = "US"
time_zone = "America/Los_Angeles"
"#;

fn at(day: &str) -> DateTime<Utc> {
    format!("{day}T20:00:00Z").parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A request received on Sunday, 22 November 2026, at noon in California.
fn request(reckoning: Reckoning<'_>, right: Right, state: State) -> Request {
    let mut request = Request {
        regime: reckoning.regime.id.clone(),
        received_at: at("2026-11-22"),
        ..lifecycle::tests::request(right, state)
    };
    request.deadlines = reckoning.deadlines(&request);
    request
}

fn with<T>(id: &str, more: &str, ask: impl FnOnce(Reckoning<'_>) -> T) -> T {
    let policy = Policy::parse("p.toml", &format!("{POLICY}{more}")).unwrap();
    let law: Regime = regime(id);
    ask(Reckoning { policy: &policy, regime: &law })
}

fn in_review() -> State {
    State::InReview { since: at("2026-11-22") }
}

fn unproved() -> State {
    State::AwaitingVerification { since: at("2026-11-22") }
}

fn names(watch: &Watch) -> String {
    watch.notices.iter().map(Notice::name).collect::<Vec<_>>().join(" ")
}

/// California: the answer is due on 2027-01-05.
#[rstest]
#[case::at_first_nothing("2026-11-22", "", Some("2026-12-26"))]
#[case::the_day_before("2026-12-25", "", Some("2026-12-26"))]
#[case::ten_days_before("2026-12-26", "response.ahead.10", Some("2027-01-02"))]
#[case::still_within("2027-01-01", "response.ahead.10", Some("2027-01-02"))]
#[case::three_days_before("2027-01-02", "response.ahead.3", Some("2027-01-06"))]
#[case::the_last_day("2027-01-05", "response.ahead.3", Some("2027-01-06"))]
#[case::the_day_after("2027-01-06", "response.missed", None)]
#[case::long_after("2027-03-01", "response.missed", None)]
fn a_date_is_told_before_and_after(#[case] today: &str, #[case] expected: &str, #[case] next: Option<&str>) {
    with("ccpa", "", |reckoning| {
        let watch = reckoning.watch(&request(reckoning, Right::Deletion, in_review()), at(today));
        assert_eq!((names(&watch).as_str(), watch.next), (expected, next.map(day)));
    });
}

#[rstest]
#[case::none_is_too_early("", "[promises.deletion]\ndays = 5\n", "2026-11-22", "", "2026-11-24")]
#[case::never("", "[reminders]\ndays_before = []\n", "2027-01-04", "", "2027-01-06")]
#[case::of_one_s_own("", "[reminders]\ndays_before = [30]\n", "2026-12-06", "response.ahead.30", "2027-01-06")]
fn the_policy_says_how_long_before(
    #[case] _what: &str,
    #[case] policy: &str,
    #[case] today: &str,
    #[case] expected: &str,
    #[case] next: &str,
) {
    with("ccpa", policy, |reckoning| {
        let watch = reckoning.watch(&request(reckoning, Right::Deletion, in_review()), at(today));
        assert_eq!((names(&watch).as_str(), watch.next), (expected, Some(day(next))));
    });
}

/// California: the acknowledgement is due on 2026-12-07, a Monday; two working days before is Thursday the third.
#[rstest]
#[case("2026-12-02", false, "", None)]
#[case("2026-12-03", true, "", None)]
#[case("2026-12-06", true, "", None)]
#[case::half_way("2026-12-07", true, "", Some("2026-12-22"))]
#[case::missed("2026-12-08", true, "acknowledgement.missed", Some("2026-12-22"))]
fn the_acknowledgement_does_not_wait_for_the_proof(
    #[case] today: &str,
    #[case] acknowledges: bool,
    #[case] expected: &str,
    #[case] until: Option<&str>,
) {
    with("ccpa", "", |reckoning| {
        let waiting = request(reckoning, Right::Deletion, unproved());
        let watch = reckoning.watch(&waiting, at(today));
        assert_eq!((watch.acknowledge, names(&watch).as_str()), (acknowledges, expected));
        assert_eq!(watch.remind_person, until.map(day), "thirty days to confirm, fifteen are half");
        let told = Request { clocks: Clocks { acknowledged_at: Some(at(today)), ..Clocks::default() }, ..waiting };
        assert!(!reckoning.watch(&told, at(today)).acknowledge, "never twice");
    });
}

#[test]
fn nobody_is_reminded_of_a_clock_that_stands_still() {
    with("uk-gdpr", "", |reckoning| {
        let since = at("2026-12-01");
        let asked = |stops_clock| State::AwaitingRequester {
            since,
            asked_by: StaffId(uuid::Uuid::nil()),
            question: Personal::new(String::new()),
            stops_clock,
        };
        let watch = |state| reckoning.watch(&request(reckoning, Right::Access, state), at("2027-01-20"));
        assert_eq!((names(&watch(asked(false))), watch(asked(false)).next), ("response.missed".to_owned(), None));
        assert_eq!(watch(asked(true)), Watch::default());
    });
}

#[test]
fn what_is_closed_is_looked_at_no_more() {
    with("ccpa", "", |reckoning| {
        for state in [State::Withdrawn { at: at("2026-11-23") }, State::Expired { at: at("2026-12-23") }] {
            let closed = request(reckoning, Right::Deletion, state);
            assert_eq!(reckoning.watch(&closed, at("2027-03-01")), Watch::default());
        }
    });
}

/// Going from look to look misses nothing: between two of them no day asks for anything new.
#[rstest]
#[case("ccpa", Right::Deletion, in_review())]
#[case("ccpa", Right::Deletion, unproved())]
#[case("gdpr", Right::Access, in_review())]
#[case("uk-gdpr", Right::Access, unproved())]
fn no_day_between_two_looks_asks_for_anything(#[case] id: &str, #[case] right: Right, #[case] state: State) {
    with(id, "", |reckoning| {
        let request = request(reckoning, right, state);
        let on = |n: i64| reckoning.watch(&request, request.received_at + TimeDelta::days(n));
        for n in 0..120 {
            let (today, tomorrow) = (on(n), on(n + 1));
            let date = reckoning.policy.day_of(request.received_at + TimeDelta::days(n + 1));
            let new = tomorrow.notices.iter().any(|notice| !today.notices.contains(notice))
                || (tomorrow.acknowledge && !today.acknowledge)
                || (tomorrow.remind_person.is_some() && today.remind_person.is_none());
            assert!(!new || today.next == Some(date), "day {n}: {today:?} then {tomorrow:?}");
        }
    });
}
