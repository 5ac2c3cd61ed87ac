//! Which law applies to whom, and what becomes of an operator's own file.

use rstest::rstest;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[rstest]
#[case("DE", "2026-11-22", Some("gdpr"))]
#[case("DE-BY", "2026-11-22", Some("gdpr"))]
#[case("NO", "2026-11-22", Some("gdpr"))]
#[case("GB", "2026-11-22", Some("uk-gdpr"))]
#[case("US-CA", "2026-11-22", Some("ccpa"))]
#[case("US-WY", "2026-11-22", None)]
#[case("US", "2026-11-22", None)]
#[case::most_specific("CA-QC", "2026-11-22", Some("quebec-25"))]
#[case("CA-ON", "2026-11-22", Some("pipeda"))]
#[case::before_quebec_s_own("CA-QC", "2020-01-01", Some("pipeda"))]
#[case::last_day_without_law("US-RI", "2025-12-31", None)]
#[case::first_day_of_law("US-RI", "2026-01-01", Some("us-ri"))]
#[case::future_law_is_inert("IN", "2026-11-22", None)]
#[case("IN", "2027-06-01", Some("dpdp"))]
#[case("BR", "2026-11-22", Some("lgpd"))]
fn the_residence_chooses_the_law(#[case] residence: &str, #[case] on: &str, #[case] expected: Option<&str>) {
    let regimes = Regimes::embedded().unwrap();
    let found = regimes.for_residence(&residence.parse().unwrap(), day(on));
    assert_eq!(found.map(|regime| regime.id.as_str()), expected);
}

#[rstest]
#[case(Some("ccpa"), Some("DE"), Ok(("ccpa", "the request names it")))]
#[case(None, Some("DE"), Ok(("gdpr", "it is the law where the person lives")))]
#[case(None, Some("US-WY"), Ok(("voluntary", "no law known here applies where the person lives; it is the policy's default")))]
#[case(None, None, Ok(("voluntary", "the request does not say where the person lives; it is the policy's default")))]
#[case(Some("lex-sol"), None, Err("there is no regime `lex-sol`"))]
#[case(Some("dpdp"), None, Err("`dpdp` is in force from 2027-05-13 on only"))]
fn the_choice_says_why(
    #[case] explicit: Option<&str>,
    #[case] residence: Option<&str>,
    #[case] expected: Result<(&str, &str), &str>,
) {
    let regimes = Regimes::embedded().unwrap();
    let policy = Policy::parse("p.toml", crate::domain::policy::tests::SMALL).unwrap();
    let explicit = explicit.map(RegimeId::from);
    let residence = residence.map(|code| code.parse::<Residence>().unwrap());
    let choice = regimes.choose(&policy, explicit.as_ref(), residence.as_ref(), day("2026-11-22"));
    let found = choice.map(|choice| (choice.regime.id.to_string(), choice.why)).map_err(|error| error.to_string());
    assert_eq!(found, expected.map(|(id, why)| (id.to_owned(), why.to_owned())).map_err(str::to_owned));
}

#[test]
fn a_file_of_the_operator_takes_the_place_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Embedded::get("us-va.toml").unwrap();
    let ours = String::from_utf8(ours.data.into_owned()).unwrap();
    std::fs::write(folder.path().join("us-va.toml"), ours.replace("length = 45\n", "length = 44\n")).unwrap();
    let new = ours.replace("us-va", "us-wy").replace("US-VA", "US-WY");
    std::fs::write(folder.path().join("us-wy.toml"), new).unwrap();

    let regimes = Regimes::with_folder(folder.path()).unwrap();
    let length = |id: &str| regimes.get(&id.into()).unwrap().clocks[&crate::domain::regime::Duty::Response].length;
    assert_eq!((length("us-va"), length("us-wy"), length("us-ia")), (44, 45, 90));
}

#[rstest]
#[case("xx.toml", "id = 5\n", "xx.toml:1: invalid type: integer `5`")]
#[case("xx.toml", "id = \"xx\n", "xx.toml:1: invalid basic string")]
#[case("holidays.toml", "[DE]\nname = 1\n", "holidays.toml:2: invalid type")]
fn a_broken_file_is_told_with_its_line(#[case] name: &str, #[case] text: &str, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let findings = Regimes::with_folder(folder.path()).unwrap_err();
    assert_eq!(findings.len(), 1);
    let shown = findings[0].to_string();
    let shown = shown.strip_prefix(&format!("{}/", folder.path().display())).unwrap();
    assert!(shown.starts_with(expected), "{shown}");
}

#[test]
fn a_file_is_named_after_its_regime() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Embedded::get("us-va.toml").unwrap();
    std::fs::write(folder.path().join("virginia.toml"), &ours.data).unwrap();
    let findings = Regimes::with_folder(folder.path()).unwrap_err();
    let shown = findings[0].to_string();
    assert!(shown.ends_with("virginia.toml:1: the id is `us-va`, so the file must be named `us-va.toml`"), "{shown}");
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let findings = Regimes::with_folder(Path::new("/nonexistent/regimes")).unwrap_err();
    assert!(findings[0].to_string().starts_with("/nonexistent/regimes:1: cannot be read: "));
}

#[test]
fn the_policies_that_come_along_are_in_order() {
    let regimes = Regimes::embedded().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let files = toml_files(&folder).unwrap();
    assert_eq!(files.len(), 5);
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let policy = Policy::parse(&name, &text).map_err(|finding| finding.to_string()).unwrap();
        let errors: Vec<_> = regimes.check(&name, &text, &policy);
        assert!(errors.iter().all(|e| e.severity == Severity::Warning), "{errors:?}");
    }
}

#[rstest]
#[case("", "", &[])]
#[case("\"US\"", "\"JP\"", &["p.toml:4: warning: no public holidays are known for JP: only weekends move a date"])]
#[case("name", "default_regime = \"lex\"\nname", &["p.toml:1: there is no regime `lex`"])]
#[case("Denver\"\n", "Denver\"\n[[retention]]\ntext = \"t\"\nground = \"whim\"\n", &["p.toml:8: no regime has a ground `whim`"])]
fn a_policy_is_checked_against_the_regimes(#[case] good: &str, #[case] bad: &str, #[case] expected: &[&str]) {
    let text = crate::domain::policy::tests::SMALL.replacen(good, bad, 1);
    let policy = Policy::parse("p.toml", &text).unwrap();
    let findings = Regimes::embedded().unwrap().check("p.toml", &text, &policy);
    assert_eq!(findings.iter().map(Finding::to_string).collect::<Vec<_>>(), expected);
}
