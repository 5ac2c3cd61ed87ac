//! How pieces of evidence add up, and what is offered from each point on.

use rstest::rstest;

use super::*;

fn ways(questions: &[&str], sign_in: Option<Claim>) -> Ways {
    Ways { sign_in, questions: questions.iter().map(|q| (*q).to_owned()).collect() }
}

fn piece(method: Method, points: &[Point]) -> Evidence {
    Evidence { method, level: Level::None, points: points.to_vec(), check: None }
}

fn question(id: &str) -> Point {
    Point::Question(id.to_owned())
}

fn signed() -> SignedDeclaration {
    SignedDeclaration {
        at: chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        name: "Ada Example".parse().unwrap(),
        version: "1".to_owned(),
        text: "I am.".to_owned(),
    }
}

fn coded(required: Level, ways: Ways) -> Verification {
    Verification { ways, ..Verification::required(required) }.with(Method::EmailCode, Level::Email)
}

#[rstest]
#[case::mailbox(&[], false, Level::Email)]
#[case::address_known(&[Point::Email], false, Level::Email)]
#[case::name_too(&[Point::Email, Point::Name], false, Level::Reasonable)]
#[case::one_answer(&[Point::Email, question("a")], false, Level::Reasonable)]
#[case::the_same_twice(&[Point::Email, Point::Email], true, Level::Email)]
#[case::three(&[Point::Email, Point::Name, question("a")], false, Level::Reasonable)]
#[case::three_and_signed(&[Point::Email, Point::Name, question("a")], true, Level::High)]
#[case::two_and_signed(&[Point::Email, Point::Name], true, Level::Reasonable)]
fn two_points_are_reasonable_and_three_with_a_declaration_high(
    #[case] points: &[Point],
    #[case] declared: bool,
    #[case] expected: Level,
) {
    let mut verification = coded(Level::High, Ways::default()).and(piece(Method::DataPoints, points));
    if declared {
        verification = verification.declared(signed());
    }
    assert_eq!(verification.reached, expected);
}

#[rstest]
#[case::nothing_asked(Verification::required(Level::None), "[]")]
#[case::code_first(Verification::required(Level::High), "[EmailCode]")]
#[case::or_the_account(
    Verification { ways: ways(&["a"], Some(Claim::Email)), ..Verification::required(Level::High) },
    "[EmailCode, SignIn]"
)]
#[case::an_account_number_proves_no_address(
    Verification { ways: ways(&["a"], Some(Claim::Account)), ..Verification::required(Level::High) },
    "[EmailCode]"
)]
#[case::enough(coded(Level::Email, ways(&["a"], None)), "[]")]
#[case::all_ways(coded(Level::High, ways(&["a"], Some(Claim::Account))), "[SignIn, DataPoints, Declaration]")]
#[case::no_declaration_for_reasonable(coded(Level::Reasonable, ways(&["a"], None)), "[DataPoints]")]
#[case::nothing_the_person_can_do(coded(Level::High, Ways::default()), "[]")]
#[case::one_question_will_not_do(coded(Level::High, ways(&["a"], None)).declared(signed()), "[DataPoints]")]
fn no_more_is_asked_than_is_missing(#[case] verification: Verification, #[case] expected: &str) {
    assert_eq!(format!("{:?}", verification.shown(false).offered), expected);
}

#[test]
fn the_name_spares_a_question() {
    let questions = ways(&["a", "b", "c"], None);
    let verification = coded(Level::High, questions.clone());
    assert_eq!(verification.answers_wanted(), 2);
    let named = verification.and(piece(Method::NameMatch, &[Point::Email, Point::Name]));
    assert_eq!((named.answers_wanted(), named.reached), (1, Level::Reasonable));
    assert!(coded(Level::Reasonable, questions).and(piece(Method::NameMatch, &[Point::Email, Point::Name])).complete());
}

#[test]
fn what_came_of_answers_is_seen_after_the_decision_only() {
    let verification = coded(Level::High, ways(&["a"], None)).declared(signed());
    let answers = Answers([("a".to_owned(), crate::domain::personal::Personal::new("Fleur".to_owned()))].into());
    let taken = verification.taking(answers);
    let wrong = taken.clone();
    let right = taken.and(piece(Method::DataPoints, &[Point::Email, Point::Name, question("a")]));
    assert_eq!((wrong.reached, right.reached), (Level::Email, Level::High));
    assert_eq!(wrong.shown(false), right.shown(false));
    assert_eq!(right.shown(true).reached, Level::High);
    assert!(!format!("{right:?}").contains("Fleur"), "no answer is printed");
}

#[test]
fn what_is_missing_is_named() {
    let verification = coded(Level::High, Ways::default());
    assert!(verification.missing().starts_with("3 matching data points and the signed declaration; "));
    let named = verification.and(piece(Method::NameMatch, &[Point::Email, Point::Name])).declared(signed());
    assert!(named.missing().starts_with("one matching data point; "));
    assert_eq!(named.with(Method::StaffCheck, Level::High).missing(), "");
}

#[test]
fn a_request_from_before_keeps_what_it_had_reached() {
    let old: Verification =
        serde_json::from_str(r#"{"required":"high","reached":"email","methods":["email_code"]}"#).unwrap();
    assert_eq!(old.shown(false).reached, Level::Email);
    let more = old.with(Method::Declaration, Level::None);
    assert_eq!(more.reached, Level::Email);
    assert_eq!(more.shown(false).methods, [Method::EmailCode, Method::Declaration]);
}
