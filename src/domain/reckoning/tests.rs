//! What moves a request's dates, and what does not.

use rstest::rstest;

use super::*;
use crate::domain::clocks::Stop;
use crate::domain::ids::StaffId;
use crate::domain::lifecycle::{self, Step};
use crate::domain::personal::Personal;
use crate::domain::policy::Policy;
use crate::domain::regime::tests::regime;
use crate::domain::request::{Extension, State, StateName};
use crate::domain::right::Right;
use crate::domain::verification::{Level, Method};

const POLICY: &str = r#"name = "Acme"
postal_address = "1 High Street"
privacy_email = "privacy@acme.example"
country = "GB"
time_zone = "Europe/London"
"#;

const STAFF: StaffId = StaffId(uuid::Uuid::nil());

/// Ten in the morning, in London.
fn at(day: &str) -> DateTime<Utc> {
    format!("{day}T09:00:00Z").parse().unwrap()
}

fn with<T>(law: &str, more: &str, ask: impl FnOnce(Reckoning<'_>) -> T) -> T {
    let policy = Policy::parse("p.toml", &format!("{POLICY}{more}")).unwrap();
    ask(Reckoning { policy: &policy, regime: &regime(law) })
}

/// Received on Monday, 1 June 2026.
fn received(reckoning: Reckoning<'_>, state: State) -> Request {
    let mut request = Request { received_at: at("2026-06-01"), ..lifecycle::tests::request(Right::Access, state) };
    request.clocks.starts_with_proof = reckoning.regime.starts.is_some();
    request.deadlines = reckoning.deadlines(&request);
    request
}

fn in_review() -> State {
    State::InReview { since: at("2026-06-01") }
}

fn extension() -> Extension {
    Extension { at: at("2026-06-10"), by: STAFF, reason: Personal::new(String::new()) }
}

fn text() -> Personal<String> {
    Personal::new(String::new())
}

/// Proof, stops and extension together; `policy` promises beside the law.
#[rstest]
#[case::plain("uk-gdpr", "", None, &[], false, "2026-07-01")]
#[case::late_proof("uk-gdpr", "", Some("2026-06-04"), &[], false, "2026-07-06")]
#[case::one_stop("uk-gdpr", "", None, &[("2026-06-08", "2026-06-15")], false, "2026-07-09")]
#[case::asked_and_answered_on_one_day("uk-gdpr", "", None, &[("2026-06-08", "2026-06-08")], false, "2026-07-02")]
#[case::two_stops("uk-gdpr", "", None, &[("2026-06-08", "2026-06-15"), ("2026-06-16", "2026-06-17")], false, "2026-07-13")]
#[case::two_on_one_day("uk-gdpr", "", None, &[("2026-06-08", "2026-06-08"), ("2026-06-08", "2026-06-08")], false, "2026-07-02")]
#[case::extended("uk-gdpr", "", None, &[], true, "2026-09-01")]
#[case::extended_and_stopped("uk-gdpr", "", None, &[("2026-06-08", "2026-06-15")], true, "2026-09-09")]
#[case::all_three("uk-gdpr", "", Some("2026-06-04"), &[("2026-06-08", "2026-06-15")], true, "2026-09-14")]
#[case::stopped_before_it_started("uk-gdpr", "", Some("2026-06-20"), &[("2026-06-08", "2026-06-15")], false, "2026-07-20")]
#[case::started_within_a_stop("uk-gdpr", "", Some("2026-06-10"), &[("2026-06-08", "2026-06-15")], false, "2026-07-16")]
#[case::promise_stops_as_well("uk-gdpr", "[promises.access]\ndays = 20\n", None, &[("2026-06-08", "2026-06-15")], false, "2026-06-29")]
#[case::a_stop_after_the_promised_day("uk-gdpr", "[promises.access]\ndays = 5\n", None, &[("2026-06-08", "2026-06-15")], false, "2026-06-06")]
#[case::promise_that_is_longer("uk-gdpr", "[promises.access]\ndays = 60\n", None, &[], false, "2026-07-01")]
#[case::promise_is_not_extended("gdpr", "[promises.access]\ndays = 20\n", None, &[], true, "2026-06-21")]
#[case("gdpr", "", None, &[], true, "2026-09-01")]
#[case("ccpa", "", None, &[], false, "2026-07-15")]
#[case("ccpa", "", None, &[], true, "2026-08-29")]
fn the_answer_is_due(
    #[case] law: &str,
    #[case] policy: &str,
    #[case] proof: Option<&str>,
    #[case] stops: &[(&str, &str)],
    #[case] extended: bool,
    #[case] expected: &str,
) {
    with(law, policy, |reckoning| {
        let mut request = received(reckoning, in_review());
        request.clocks.proved_at = proof.map(at);
        request.clocks.stops = stops.iter().map(|(from, to)| Stop { from: at(from), to: at(to) }).collect();
        request.extension = extended.then(extension);
        let dates = reckoning.deadlines(&request);
        let answer = dates.iter().find(|d| d.duty == Duty::Response).unwrap();
        assert_eq!(answer.due.to_string(), expected, "{:?}", answer.steps);
    });
}

#[rstest]
#[case("uk-gdpr", "2026-07-01", Ok(()))]
#[case::too_late("uk-gdpr", "2026-07-02", Err(Refusal::ClockRanOut { due: "2026-07-01".parse().unwrap() }))]
#[case("gdpr", "2026-06-08", Err(Refusal::ClockRunsOn))]
#[case("ccpa", "2026-06-08", Err(Refusal::ClockRunsOn))]
fn a_question_stops_a_clock_that_may_and_still_runs(
    #[case] law: &str,
    #[case] today: &str,
    #[case] expected: Result<(), Refusal>,
) {
    with(law, "", |reckoning| {
        assert_eq!(reckoning.may_stop(&received(reckoning, in_review()), at(today)), expected);
    });
}

#[test]
fn an_answer_starts_the_clock_again_and_the_trail_says_from_when_to_when() {
    with("uk-gdpr", "", |reckoning| {
        let request = received(reckoning, in_review());
        let asked = request.ask(at("2026-06-08"), STAFF, text(), true).unwrap().request;
        assert_eq!(asked.stopped_since(), Some(at("2026-06-08")));
        let (clocks, now) = (asked.clocks.clone(), at("2026-06-15"));
        let answered = asked.answered(Step { now, by: Actor::Requester });
        let outcome = reckoning.dated(&clocks, answered, now);
        assert_eq!(
            (outcome.request.stopped_since(), outcome.request.due().unwrap().to_string()),
            (None, "2026-07-09".into())
        );
        let moved = outcome.entries.last().unwrap();
        assert_eq!((moved.event.as_str(), &moved.facts["to"]), ("request.redated", &json!("2026-07-09")));
        let (clocks, later) = (outcome.request.clocks.clone(), at("2026-06-16"));
        let again = outcome.request.answered(Step { now: later, by: Actor::Requester });
        assert_eq!(again.request.clocks, clocks, "a second message stops nothing");
    });
}

#[test]
fn a_clock_that_stands_still_can_be_extended_after_its_old_date() {
    with("uk-gdpr", "", |reckoning| {
        let (now, today) = (at("2026-07-20"), "2026-07-20".parse().unwrap());
        let extend = |request: Request| {
            let longer = reckoning.extended(&request, extension());
            request.extend(now, today, STAFF, text(), longer)
        };
        let request = received(reckoning, in_review());
        let asked = |stops| request.clone().ask(at("2026-06-08"), STAFF, text(), stops).unwrap().request;
        assert!(extend(asked(true)).is_ok());
        assert!(matches!(extend(asked(false)), Err(Refusal::TooLateToExtend { .. })));
    });
}

#[test]
fn the_british_clock_waits_for_proof_and_others_do_not() {
    let verified = |law: &str| {
        with(law, "", |reckoning| {
            let request = received(reckoning, State::AwaitingVerification { since: at("2026-06-01") });
            let (clocks, now) = (request.clocks.clone(), at("2026-06-04"));
            let waits = request.stopped_since().is_some();
            let step = Step { now, by: Actor::Requester };
            let outcome = request.verified(step, Method::EmailCode, Level::Email).unwrap();
            let outcome = reckoning.dated(&clocks, outcome, now);
            assert_eq!(outcome.request.state.name(), StateName::InReview);
            assert_eq!(outcome.request.clocks.acknowledged_at, Some(now), "the letter leaves with it");
            (waits, outcome.request.deadline(Duty::Response).unwrap().due.to_string())
        })
    };
    assert_eq!(verified("uk-gdpr"), (true, "2026-07-06".to_owned()));
    assert_eq!(verified("gdpr"), (false, "2026-07-01".to_owned()));
    assert_eq!(verified("ccpa"), (false, "2026-07-15".to_owned()));
}
