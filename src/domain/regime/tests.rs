//! What the regime files say, and how a wrong one is told.

use std::sync::LazyLock;

use rstest::rstest;

use super::*;

static FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/regimes");

static CALENDARS: LazyLock<Arc<Calendars>> =
    LazyLock::new(|| Arc::new(Calendars::parse("holidays.toml", &read("holidays.toml")).unwrap()));

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{FOLDER}/{name}")).unwrap()
}

/// The regime with that id.
pub(crate) fn regime(id: &str) -> Regime {
    let name = format!("{id}.toml");
    Regime::parse(&name, &read(&name), &CALENDARS).unwrap()
}

/// Every regime in `regimes/`, sorted by id.
pub(crate) fn all() -> Vec<Regime> {
    let names = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "holidays.toml").collect();
    names.sort();
    names.iter().map(|name| regime(name.trim_end_matches(".toml"))).collect()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

const SMALL: &str = r#"id = "xx"
name = "X"
citation = "X"
in_force = 2020-01-01
confidence = "low"
applies_to = ["XX"]
protects = "all"
verification = "none"
denial_letter = ["reasons"]
[clocks.response]
counting = "calendar_days"
length = 30
citation = "X 1"
confidence = "low"
[rights.access]
citation = "X 2"
verification = "email"
"#;

#[test]
fn every_row_of_law_is_a_file() {
    let regimes = all();
    let ids: Vec<&str> = regimes.iter().map(|regime| regime.id.as_str()).collect();
    insta::assert_snapshot!(ids.join(" "), @"app appi ccpa dpdp fadp gdpr lgpd pdpa-sg pipeda popia quebec-25 uk-gdpr us-al us-co us-ct us-de us-fl us-ia us-in us-ky us-la us-md us-mn us-mt us-ne us-nh us-nj us-ok us-or us-ri us-tn us-tx us-ut us-va us-vt voluntary");
}

#[test]
fn every_ground_and_side_duty_speaks_of_rights_that_the_law_gives() {
    for regime in all() {
        let grounds = regime.grounds.iter().flat_map(|ground| &ground.rights);
        let side_duties = regime.side_duties.iter().flat_map(|duty| &duty.rights);
        for right in grounds.chain(side_duties) {
            assert!(regime.rights.contains_key(right), "{}: {right}", regime.id);
        }
        assert!(regime.ground("identity_not_verified").is_some(), "{}", regime.id);
    }
}

#[rstest]
#[case("gdpr", Right::Access, vec![Duty::Response])]
#[case("gdpr", Right::OptOut, vec![Duty::OptOut])]
#[case::a_complaint_is_acknowledged_not_a_request("uk-gdpr", Right::Access, vec![Duty::Response])]
#[case("ccpa", Right::Deletion, vec![Duty::Acknowledgement, Duty::Response])]
#[case("ccpa", Right::OptOut, vec![Duty::OptOut])]
#[case("ccpa", Right::LimitSensitive, vec![Duty::OptOut])]
#[case::no_clock_of_its_own("us-va", Right::OptOut, vec![Duty::Response])]
#[case("us-nj", Right::OptOut, vec![Duty::OptOut])]
#[case::fifteen_days_for_consent_only("us-or", Right::WithdrawConsent, vec![Duty::OptOut])]
#[case::fifteen_days_for_consent_only("us-or", Right::OptOut, vec![Duty::Response])]
fn a_request_starts_these_clocks(#[case] id: &str, #[case] right: Right, #[case] expected: Vec<Duty>) {
    assert_eq!(regime(id).duties(right, day("2026-11-22")), expected);
}

#[rstest]
#[case("gdpr", "2026-11-22", vec![])]
#[case("us-va", "2026-11-22", vec![Duty::Appeal])]
#[case("us-ut", "2026-11-22", vec![])]
#[case("uk-gdpr", "2026-06-18", vec![])]
#[case("uk-gdpr", "2026-06-19", vec![Duty::Acknowledgement, Duty::Appeal])]
fn an_appeal_starts_these_clocks(#[case] id: &str, #[case] on: &str, #[case] expected: Vec<Duty>) {
    assert_eq!(regime(id).appeal_duties(day(on)), expected);
}

#[rstest]
#[case("us-ut", Right::Correction, "2026-06-30", false)]
#[case("us-ut", Right::Correction, "2026-07-01", true)]
#[case("us-ia", Right::Correction, "2026-11-22", false)]
#[case("us-ri", Right::Access, "2025-12-31", false)]
#[case("us-ri", Right::Access, "2026-01-01", true)]
fn a_right_begins_on_its_day(#[case] id: &str, #[case] right: Right, #[case] on: &str, #[case] given: bool) {
    assert_eq!(regime(id).entitlement(right, day(on)).is_some(), given);
}

#[rstest]
#[case("user.authorization.password", true)]
#[case("user.authorization", true)]
#[case("user.authorizations", false)]
#[case("user.contact.email", false)]
fn california_withholds_what_unlocks_an_identity(#[case] category: &str, #[case] withheld: bool) {
    assert_eq!(regime("ccpa").withholds(category), withheld);
    assert!(!regime("gdpr").withholds(category));
}

#[rstest]
#[case("length = 30", "length = 4000", "xx.toml:10: a clock is at most 3650 days")]
#[case("length = 30", "length = 30\nextended_length = 30", "xx.toml:10: `extended_length` counts from receipt")]
#[case("calendar_days", "business_days", "xx.toml:10: business days need a `calendar`")]
#[case("length = 30", "length = 30\ncalendar = \"YY\"", "xx.toml:13: holidays.toml has no calendar `YY`")]
#[case("length = 30", "length = 30\nrights = [\"access\"]", "xx.toml:10: every right is answered")]
#[case("calendar_days", "moon_days", "xx.toml:11: unknown variant `moon_days`")]
#[case("clocks.response", "clocks.lunch", "xx.toml:10: unknown variant `lunch`")]
#[case("clocks.response", "clocks.opt_out", "xx.toml:10: a regime needs `[clocks.response]`")]
#[case("\"XX\"", "\"Germany\"", "xx.toml:6: a residence is a country code")]
#[case("[rights.access]", "[rights.lunch]", "xx.toml:15: unknown variant `lunch`")]
#[case(
    "[rights.access]",
    "[appeal]\nrule = \"r\"\ncitation = \"c\"\n[rights.access]",
    "xx.toml:15: `[appeal]` and `[clocks.appeal]` come together"
)]
#[case(
    "[rights.access]",
    "[[grounds]]\ncode = \"a\"\ntitle = \"t\"\ncitation = \"c\"\n[[grounds]]\ncode = \"a\"\ntitle = \"t\"\ncitation = \"c\"\n[rights.access]",
    "xx.toml:16: two grounds have the code `a`"
)]
#[case("2020-01-01", "2020-01-01T00:00:00Z", "xx.toml:4: write a date alone")]
#[case("denial_letter", "denial_latter", "xx.toml:9: unknown field `denial_latter`")]
fn what_is_wrong_is_told_with_its_line(#[case] good: &str, #[case] bad: &str, #[case] expected: &str) {
    let finding = Regime::parse("xx.toml", &SMALL.replacen(good, bad, 1), &Arc::default()).unwrap_err().to_string();
    assert!(finding.starts_with(expected), "{finding}");
}
