//! Policies as operators write them, well and badly.

use rstest::rstest;

use super::*;

/// The least a policy says.
pub(crate) const SMALL: &str = r#"name = "Acme"
postal_address = "1 Main Street"
privacy_email = "privacy@acme.example"
country = "US"
time_zone = "America/Denver"
"#;

#[test]
fn what_is_not_said_has_a_default() {
    let policy = Policy::parse("acme.toml", SMALL).unwrap();
    assert_eq!(policy.default_regime.as_str(), "voluntary");
    assert_eq!((policy.package_days, policy.verification_days), (30, 30));
    assert_eq!(policy.reminders, Reminders { days_before: vec![10, 3], escalate_to: None });
    assert_eq!(policy.release, Release::Automatic);
    assert_eq!(policy.gpc.honour, Honour::Everyone);
    assert!(Right::ALL.iter().all(|right| policy.offers(*right)));
}

#[test]
fn the_whole_of_the_documented_example_is_understood() {
    let page = include_str!("../../../docs/policies.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let policy = Policy::parse("example.toml", example).unwrap();
    assert_eq!(policy.promises[&Right::Access], Promise { days: 30, extended_days: Some(60) });
    assert!(policy.offers(Right::Access) && !policy.offers(Right::Restriction));
    assert_eq!(policy.recipients[1].notify, [Right::Deletion]);
}

#[rstest]
#[case("colour = \"red\"\n", "acme.toml:6: unknown field `colour`")]
#[case("rights = [\"acess\"]\n", "acme.toml:6: unknown variant `acess`")]
#[case("release = \"now\"\n", "acme.toml:6: unknown variant `now`")]
#[case("\npackage_days = 0\n", "acme.toml:7: write 1 to 365 days")]
#[case("[promises.access]\ndays = -1\n", "acme.toml:7: invalid value: integer `-1`")]
#[case("[promises.access]\ndays = 0\n", "acme.toml:6: promise 1 to 3650 days")]
#[case("[promises.access]\ndays = 30\nextended_days = 20\n", "acme.toml:6: `extended_days` counts from receipt")]
#[case("[reminders]\ndays_before = [0]\n", "acme.toml:7: write at most five numbers of days")]
#[case("[reminders]\nescalate_to = \"nobody\"\n", "acme.toml:7: ")]
#[case("[verification]\naccess = \"some\"\n", "acme.toml:7: unknown variant `some`")]
#[case("name = \"Again\"\n", "acme.toml:6: duplicate key")]
fn what_is_wrong_is_told_with_its_line(#[case] more: &str, #[case] expected: &str) {
    let finding = Policy::parse("acme.toml", &format!("{SMALL}{more}")).unwrap_err().to_string();
    assert!(finding.starts_with(expected), "{finding}");
}

#[rstest]
#[case("America/Denver", "Denver", "`Denver` is no IANA time zone")]
#[case("\"US\"", "\"usa\"", "a country is two capital letters")]
#[case("privacy@acme.example", "acme", "not an e-mail address")]
fn a_value_is_checked_where_it_stands(#[case] good: &str, #[case] bad: &str, #[case] expected: &str) {
    let finding = Policy::parse("acme.toml", &SMALL.replace(good, bad)).unwrap_err().to_string();
    assert!(finding.contains(expected), "{finding}");
}

#[rstest]
#[case("2026-11-22T06:59:59Z", "2026-11-21")]
#[case("2026-11-22T07:00:00Z", "2026-11-22")]
#[case("2026-07-01T05:59:59Z", "2026-06-30")]
#[case("2026-07-01T06:00:00Z", "2026-07-01")]
fn the_day_of_receipt_is_the_controllers(#[case] moment: &str, #[case] expected: &str) {
    let policy = Policy::parse("acme.toml", SMALL).unwrap();
    assert_eq!(policy.day_of(moment.parse().unwrap()).to_string(), expected);
}
