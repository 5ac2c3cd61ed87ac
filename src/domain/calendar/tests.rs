//! Published lists of public holidays, against which the computed ones are held.

use rstest::rstest;

use super::*;

fn calendars() -> Calendars {
    Calendars::parse("holidays.toml", include_str!("../../../regimes/holidays.toml")).unwrap()
}

fn weekday_holidays(country: &str, year: i32) -> Vec<String> {
    let all = calendars();
    let calendar = all.get(country).unwrap();
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    let days = first.iter_days().take_while(|day| day.year() == year);
    days.filter(|day| !is_weekend(*day) && calendar.holiday(*day).is_some())
        .map(|day| day.format("%m-%d").to_string())
        .collect()
}

#[rstest]
#[case("US", 2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25")]
#[case("US", 2027, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31")]
#[case("US", 2020, "01-01 01-20 02-17 05-25 07-03 09-07 10-12 11-11 11-26 12-25")]
#[case("GB", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28")]
#[case("GB", 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28")]
#[case("GB", 2023, "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26")]
#[case("DE", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 12-25")]
#[case("FR", 2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 11-11 12-25")]
#[case("IE", 2026, "01-01 02-02 03-17 04-06 05-04 06-01 08-03 10-26 12-25 12-28")]
#[case("GR", 2026, "01-01 01-06 02-23 03-25 04-10 04-13 05-01 06-01 10-28 12-25")]
#[case("SE", 2026, "01-01 01-06 04-03 04-06 05-01 05-14 12-25")]
fn holidays_are_the_published_ones(#[case] country: &str, #[case] year: i32, #[case] expected: &str) {
    assert_eq!(weekday_holidays(country, year).join(" "), expected);
}

#[test]
fn every_state_of_the_european_economic_area_has_a_calendar() {
    let known = calendars();
    let eea = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK";
    let missing: Vec<&str> = eea.split(' ').filter(|country| known.get(country).is_none()).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_wrong_rule_is_found_with_its_line() {
    let text = "[XX]\nname = \"X\"\ncitation = \"X\"\nholidays = [\n  { name = \"A\", on = \"12-25\" },\n  { name = \"B\", on = \"12-35\" },\n]\n";
    let finding = Calendars::parse("holidays.toml", text).unwrap_err().to_string();
    assert!(finding.starts_with("holidays.toml:6: `12-35` is no rule for a holiday"), "{finding}");
}
