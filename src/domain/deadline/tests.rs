//! The table of dates that the law's own examples, and independent counting by hand, give.

use rstest::rstest;

use super::*;
use crate::domain::regime::tests::{all, regime};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn due(id: &str, duty: Duty, received: &str, options: &Options) -> Result<Deadline, DeadlineError> {
    deadline(&regime(id), duty, day(received), options)
}

fn extended() -> Options {
    Options { extended: true, ..Options::default() }
}

fn country(code: &str) -> Options {
    Options { country: Some(code.to_owned()), ..Options::default() }
}

fn paused(pauses: &[&str]) -> Options {
    Options { paused: pauses.iter().map(|pause| pause.parse().unwrap()).collect(), ..Options::default() }
}

fn promised(days: u32, extended_days: Option<u32>, extended: bool) -> Options {
    Options { extended, promised: Some(Promise { days, extended_days }), ..Options::default() }
}

#[rstest]
#[case::clamped_then_rolled("gdpr", "2026-01-31", Duty::Response, Options::default(), "2026-03-02")]
#[case::clamped("gdpr", "2026-08-31", Duty::Response, Options::default(), "2026-09-30")]
#[case::plain("gdpr", "2026-11-22", Duty::Response, Options::default(), "2026-12-22")]
#[case::german_christmas("gdpr", "2026-11-25", Duty::Response, country("DE"), "2026-12-28")]
#[case::no_country_no_christmas("gdpr", "2026-11-25", Duty::Response, Options::default(), "2026-12-25")]
#[case::extension_over_new_year("gdpr", "2026-10-31", Duty::Response, extended(), "2027-02-01")]
#[case::leap_year("gdpr", "2028-01-31", Duty::Response, Options::default(), "2028-02-29")]
#[case::marketing_objection("gdpr", "2026-11-22", Duty::OptOut, Options::default(), "2026-12-22")]
#[case::scope_asked("uk-gdpr", "2026-06-01", Duty::Response, paused(&["2026-06-08/2026-06-15"]), "2026-07-09")]
#[case::british_christmas("uk-gdpr", "2026-11-25", Duty::Response, Options::default(), "2026-12-29")]
#[case::complaint_acknowledged("uk-gdpr", "2026-07-01", Duty::Acknowledgement, Options::default(), "2026-07-31")]
#[case::day_of_receipt_is_day_one("ccpa", "2026-11-22", Duty::Response, Options::default(), "2027-01-05")]
#[case::ninety_in_all("ccpa", "2026-11-22", Duty::Response, extended(), "2027-02-19")]
#[case::thanksgiving_skipped("ccpa", "2026-11-23", Duty::Acknowledgement, Options::default(), "2026-12-08")]
#[case::christmas_skipped("ccpa", "2026-12-18", Duty::OptOut, Options::default(), "2027-01-12")]
#[case("us-ia", "2026-03-01", Duty::Response, Options::default(), "2026-05-30")]
#[case("us-ia", "2026-03-01", Duty::Response, extended(), "2026-07-14")]
#[case("us-fl", "2026-03-01", Duty::Response, Options::default(), "2026-04-15")]
#[case("us-fl", "2026-03-01", Duty::Response, extended(), "2026-04-30")]
#[case("us-va", "2026-03-01", Duty::Response, Options::default(), "2026-04-15")]
#[case("us-va", "2026-03-01", Duty::Response, extended(), "2026-05-30")]
#[case("us-co", "2026-03-01", Duty::Appeal, extended(), "2026-06-14")]
#[case("us-nj", "2026-03-01", Duty::OptOut, Options::default(), "2026-03-16")]
#[case::consent_withdrawn("us-or", "2026-03-01", Duty::OptOut, Options::default(), "2026-03-16")]
#[case("lgpd", "2026-03-01", Duty::Response, Options::default(), "2026-03-16")]
#[case("pipeda", "2026-03-01", Duty::Response, extended(), "2026-04-30")]
#[case("appi", "2026-03-01", Duty::Response, Options::default(), "2026-03-15")]
#[case::policy_names_the_number("appi", "2026-03-01", Duty::Response, promised(21, None, false), "2026-03-22")]
#[case("voluntary", "2026-03-01", Duty::Response, Options::default(), "2026-04-15")]
#[case("voluntary", "2026-03-01", Duty::Response, promised(60, None, false), "2026-04-30")]
#[case::policy_stricter("ccpa", "2026-11-22", Duty::Response, promised(30, None, false), "2026-12-22")]
#[case::law_stricter("ccpa", "2026-11-22", Duty::Response, promised(60, None, false), "2027-01-05")]
#[case::promise_without_extension("ccpa", "2026-11-22", Duty::Response, promised(30, None, true), "2026-12-22")]
#[case::promise_with_extension("ccpa", "2026-11-22", Duty::Response, promised(30, Some(60), true), "2027-01-21")]
#[case::promise_is_for_responses("ccpa", "2026-11-23", Duty::Acknowledgement, promised(3, None, false), "2026-12-08")]
fn it_is_due_on(
    #[case] regime: &str,
    #[case] received: &str,
    #[case] duty: Duty,
    #[case] options: Options,
    #[case] expected: &str,
) {
    assert_eq!(due(regime, duty, received, &options).unwrap().due, day(expected));
}

#[rstest]
#[case::overlap_counted_once(&["2026-06-08/2026-06-12", "2026-06-10/2026-06-15"], "2026-07-09")]
#[case::order_does_not_matter(&["2026-06-12/2026-06-15", "2026-06-08/2026-06-11"], "2026-07-09")]
#[case::one_day(&["2026-06-08/2026-06-08"], "2026-07-02")]
#[case::second_pause_in_the_time_won(&["2026-06-08/2026-06-15", "2026-07-06/2026-07-07"], "2026-07-13")]
fn pauses_add_up(#[case] pauses: &[&str], #[case] expected: &str) {
    let found = due("uk-gdpr", Duty::Response, "2026-06-01", &paused(pauses)).unwrap();
    assert_eq!(found.due, day(expected));
}

#[rstest]
#[case("2026-05-30/2026-06-02", "begins before the request was received")]
#[case("2026-07-02/2026-07-03", "begins after 2026-07-01, when the clock had already run out")]
fn an_impossible_pause_is_refused(#[case] pause: &str, #[case] expected: &str) {
    let error = due("uk-gdpr", Duty::Response, "2026-06-01", &paused(&[pause])).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case("gdpr", Duty::Response)]
#[case("ccpa", Duty::Response)]
#[case::only_responses_pause("uk-gdpr", Duty::Acknowledgement)]
fn a_clock_that_may_not_stand_still_does_not(#[case] regime: &str, #[case] duty: Duty) {
    let error = due(regime, duty, "2026-07-01", &paused(&["2026-07-08/2026-07-15"])).unwrap_err();
    assert_eq!(error, DeadlineError::NoPausing { regime: regime.to_owned(), duty });
}

#[test]
fn every_clock_of_every_regime_can_be_counted() {
    for regime in &all() {
        for (duty, clock) in &regime.clocks {
            let received = clock.since.unwrap_or(regime.in_force).max(day("2026-01-01"));
            let first = deadline(regime, *duty, received, &Options::default()).unwrap();
            assert!(first.due > received && !first.steps.is_empty(), "{} {duty}", regime.id);
            assert_eq!(deadline(regime, *duty, received, &extended()).is_ok(), clock.extended_length.is_some());
        }
    }
}

fn working(regime: &str, received: &str, duty: Duty, options: &Options) -> String {
    let found = due(regime, duty, received, options).unwrap();
    format!("{}\n{}\n{}", found.rule, found.steps.join("\n"), found.citation)
}

#[test]
fn the_working_is_plain_english() {
    insta::assert_snapshot!(working("gdpr", "2026-01-31", Duty::Response, &Options::default()), @r"
    one month after receipt; a last day that is no working day moves to the next one
    one month after 2026-01-31 is 2026-02-28 (the month has no 31st)
    no country is given: weekends are the only days off
    2026-02-28 is a Saturday, 2026-03-01 is a Sunday → Monday 2026-03-02
    the law asks for it without undue delay: the date is the last day, not the aim
    GDPR Art. 12(3); Regulation (EEC, Euratom) 1182/71 Art. 3
    ");
    insta::assert_snapshot!(working("gdpr", "2026-11-25", Duty::Response, &country("DE")), @r"
    one month after receipt; a last day that is no working day moves to the next one
    one month after 2026-11-25 is 2026-12-25
    public holidays are those of Germany (all states)
    2026-12-25 is Christmas Day, 2026-12-26 is a Saturday, 2026-12-27 is a Sunday → Monday 2026-12-28
    the law asks for it without undue delay: the date is the last day, not the aim
    GDPR Art. 12(3); Regulation (EEC, Euratom) 1182/71 Art. 3
    ");
    insta::assert_snapshot!(working("gdpr", "2026-11-25", Duty::Response, &country("JP")), @r"
    one month after receipt; a last day that is no working day moves to the next one
    one month after 2026-11-25 is 2026-12-25
    the public holidays of JP are not known here: weekends are the only days off
    the law asks for it without undue delay: the date is the last day, not the aim
    GDPR Art. 12(3); Regulation (EEC, Euratom) 1182/71 Art. 3
    ");
    insta::assert_snapshot!(working("ccpa", "2026-11-23", Duty::Acknowledgement, &Options::default()), @r"
    10 business days after receipt
    10 business days after 2026-11-23: 2026-12-08 (weekends are not counted, nor 2026-11-26 Thanksgiving Day)
    11 CCR 7021(a)
    ");
    insta::assert_snapshot!(working("ccpa", "2026-11-22", Duty::Response, &promised(30, None, false)), @r"
    30 days after receipt, as the policy promises
    counting 2026-11-22 as day 1, day 45 is 2027-01-05
    the law's date is 2027-01-05 (Cal. Civ. Code 1798.130(a)(2)(A); 11 CCR 7021(b))
    30 days after 2026-11-22 is 2026-12-22
    the policy promises the earlier date, and the earlier one counts
    the controller's privacy policy; Cal. Civ. Code 1798.130(a)(2)(A); 11 CCR 7021(b)
    ");
    insta::assert_snapshot!(working("appi", "2026-03-01", Duty::Response, &Options::default()), @r"
    without delay; 14 days as the working limit
    14 days after 2026-03-01 is 2026-03-15
    APPI Arts 33(2), 34(2), 35(2)
    ");
}
