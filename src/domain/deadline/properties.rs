//! What holds for every date and every regime, not only for the examples.

use std::sync::LazyLock;

use chrono::Days;
use proptest::prelude::*;

use super::*;
use crate::domain::calendar::day_off;
use crate::domain::regime::tests::all;

static REGIMES: LazyLock<Vec<Regime>> = LazyLock::new(all);

fn regime(id: &str) -> &'static Regime {
    REGIMES.iter().find(|regime| regime.id.as_str() == id).unwrap()
}

prop_compose! {
    fn a_day()(days in 0..36_500u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 7, 1).unwrap() + Days::new(days)
    }
}

proptest! {
    #[test]
    fn a_rolled_date_is_a_working_day(
        received in a_day(),
        country in prop::sample::select(vec!["DE", "FR", "GB", "IE", "GR", "SE", "US"]),
        extended: bool,
    ) {
        let options = Options { extended, country: Some(country.to_owned()), ..Options::default() };
        let due = deadline(regime("gdpr"), Duty::Response, received, &options).unwrap().due;
        prop_assert_eq!(day_off(regime("gdpr").holidays(country), due), None);
    }

    #[test]
    fn a_business_day_is_a_working_day(
        received in a_day(),
        duty in prop::sample::select(vec![Duty::Acknowledgement, Duty::OptOut]),
    ) {
        let due = deadline(regime("ccpa"), duty, received, &Options::default()).unwrap().due;
        prop_assert_eq!(day_off(regime("ccpa").holidays("US"), due), None);
    }

    #[test]
    fn an_extension_is_never_earlier(
        received in a_day(),
        regime in prop::sample::select(&*REGIMES),
        promised in prop::option::of((1..200u32).prop_map(|days| Promise { days, extended_days: Some(days + 30) })),
    ) {
        let at = |extended| {
            let options = Options { extended, country: Some("DE".to_owned()), promised, ..Options::default() };
            deadline(&regime, Duty::Response, received, &options).map(|deadline| deadline.due)
        };
        if let (Ok(first), Ok(extended)) = (at(false), at(true)) {
            prop_assert!(extended >= first);
        }
    }

    #[test]
    fn a_promise_never_makes_a_law_s_date_later(
        received in a_day(),
        days in 1..200u32,
        id in prop::sample::select(vec!["gdpr", "uk-gdpr", "ccpa", "us-va", "us-ia", "lgpd"]),
    ) {
        let at = |promised| {
            let options = Options { promised, ..Options::default() };
            deadline(regime(id), Duty::Response, received, &options).unwrap().due
        };
        let law = at(None);
        let both = at(Some(Promise { days, extended_days: None }));
        prop_assert_eq!(both, law.min(received + Days::new(u64::from(days))));
    }

    #[test]
    fn a_pause_of_n_days_adds_n_before_rolling(received in a_day(), wait in 0..28u64, days in 1..60u64) {
        let from = received + Days::new(wait);
        let pause = Pause { from, to: from + Days::new(days - 1) };
        let mut regime = regime("uk-gdpr").clone();
        let at = |regime: &Regime, paused: Vec<Pause>| {
            deadline(regime, Duty::Response, received, &Options { paused, ..Options::default() }).unwrap().due
        };
        let rolled = (at(&regime, vec![pause]) - received).num_days();
        let clock = regime.clocks.get_mut(&Duty::Response).unwrap();
        clock.counting = Counting::CalendarDays;
        clock.length = 30;
        prop_assert_eq!(at(&regime, vec![pause]) - at(&regime, vec![]), chrono::TimeDelta::days(days.cast_signed()));
        // The shortest month has 28 days; rolling only adds.
        prop_assert!(rolled >= 28 + days.cast_signed());
    }

    #[test]
    fn a_british_date_is_a_working_day_however_the_clock_started_and_stopped(
        received in a_day(),
        proof in 0..60u64,
        wait in 0..28u64,
        days in 1..60u64,
        extended: bool,
    ) {
        let proof = received + Days::new(proof);
        let from = proof + Days::new(wait);
        let paused = vec![Pause { from, to: from + Days::new(days - 1) }];
        let options = Options { extended, proof: Some(proof), paused, ..Options::default() };
        let due = |received, options: &Options| deadline(regime("uk-gdpr"), Duty::Response, received, options).unwrap().due;
        let found = due(received, &options);
        prop_assert_eq!(day_off(regime("uk-gdpr").holidays("GB"), found), None);
        // Receipt no longer matters once the proof starts the clock, and neither pause nor extension makes it earlier.
        prop_assert_eq!(found, due(proof, &Options { proof: None, ..options.clone() }));
        let unpaused = due(received, &Options { paused: Vec::new(), ..options.clone() });
        let unextended = due(received, &Options { extended: false, ..options });
        prop_assert!(found >= unpaused && found >= unextended);
    }

    #[test]
    fn a_later_receipt_is_never_due_earlier(received in a_day(), regime in prop::sample::select(&*REGIMES)) {
        let at = |day| deadline(&regime, Duty::Response, day, &Options::default()).unwrap().due;
        prop_assert!(at(received + Days::new(1)) >= at(received));
    }
}
