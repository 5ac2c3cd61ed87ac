//! Who may act under which law, what shows it, and which files are taken.

use chrono::NaiveDate;
use rstest::rstest;

use super::*;
use crate::domain::policy::Policy;
use crate::domain::policy::tests::SMALL;
use crate::domain::regime::tests::regime;
use crate::domain::right::Right;

const PROMISE_IN_UTAH: &str = "[agents]\nrights = [\"access\"]\nregimes = [\"us-ut\"]\n";
const PROMISE: &str = "[agents]\nrights = [\"access\", \"deletion\"]\n";

fn terms(more: &str, law: &str, right: Right, announced: Option<DocumentKind>) -> Option<AgentTerms> {
    let policy = Policy::parse("p.toml", &format!("{SMALL}{more}")).unwrap();
    AgentTerms::of(&policy, &regime(law), right, NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(), announced)
}

#[rstest]
#[case::california("", "ccpa", Right::Access, None, Some((true, true)))]
#[case::california_opt_out("", "ccpa", Right::OptOut, None, Some((true, false)))]
#[case::california_restriction("", "ccpa", Right::Restriction, None, None)]
#[case::colorado_opt_out("", "us-co", Right::OptOut, None, Some((true, true)))]
#[case::colorado_access("", "us-co", Right::Access, None, None)]
#[case::virginia("", "us-va", Right::Deletion, None, None)]
#[case::virginia_parent("", "us-va", Right::Deletion, Some(DocumentKind::Guardian), Some((true, false)))]
#[case::virginia_attorney("", "us-va", Right::Deletion, Some(DocumentKind::PowerOfAttorney), None)]
#[case::utah("", "us-ut", Right::Access, None, None)]
#[case::utah_promised(PROMISE, "us-ut", Right::Access, None, Some((false, true)))]
#[case::utah_not_promised(PROMISE, "us-ut", Right::Portability, None, None)]
#[case::utah_alone(PROMISE_IN_UTAH, "us-ut", Right::Access, None, Some((false, true)))]
#[case::not_virginia(PROMISE_IN_UTAH, "us-va", Right::Access, None, None)]
#[case::law_before_promise(PROMISE, "ccpa", Right::Access, None, Some((true, true)))]
#[case::union("", "gdpr", Right::Deletion, None, Some((true, true)))]
fn an_agent_may_act_by_law_or_by_promise(
    #[case] policy: &str,
    #[case] law: &str,
    #[case] right: Right,
    #[case] announced: Option<DocumentKind>,
    #[case] expected: Option<(bool, bool)>,
) {
    let terms = terms(policy, law, right, announced);
    assert_eq!(terms.map(|t| (t.by_law, t.may_confirm_with_person)), expected);
}

#[rstest]
#[case::nothing_announced("ccpa", None, true)]
#[case::permission("ccpa", Some(DocumentKind::SignedPermission), true)]
#[case::power_of_attorney("ccpa", Some(DocumentKind::PowerOfAttorney), false)]
#[case::guardian("ccpa", Some(DocumentKind::Guardian), false)]
#[case::elsewhere("gdpr", Some(DocumentKind::PowerOfAttorney), true)]
fn a_power_of_attorney_spares_the_person_the_question_where_the_law_says_so(
    #[case] law: &str,
    #[case] announced: Option<DocumentKind>,
    #[case] asks: bool,
) {
    let terms = terms("", law, Right::Access, announced).unwrap();
    let authorization = Authorization { terms, ..Authorization::announcing(announced) };
    assert_eq!(authorization.asks_person(), asks);
    assert_eq!(authorization.needs().contains(&Need::PersonConfirmation), asks);
}

#[test]
fn what_is_needed_follows_what_was_shown() {
    let at = DateTime::from_timestamp(0, 0).unwrap();
    let terms = terms("", "ccpa", Right::Access, None).unwrap();
    let missing = Authorization { terms, ..Authorization::default() };
    assert_eq!(missing.needs(), [Need::Document, Need::PersonConfirmation, Need::AgentCode]);
    let known = Authorization { address_confirmed_at: Some(at), ..missing.clone() };
    assert_eq!(known.needs(), [Need::Document, Need::PersonConfirmation]);
    let submitted = Authorization { standing: Standing::Submitted, ..known.clone() };
    assert_eq!(submitted.needs(), [Need::Review, Need::PersonConfirmation]);
    let standing = Standing::Accepted { at, by: Actor::Person, proof: Proof::PersonConfirmation };
    assert!(Authorization { standing, ..known }.needs().is_empty());
}

#[rstest]
#[case(b"%PDF-1.7\n...\n%%EOF\n", Some((MediaType::Pdf, true)))]
#[case(b"%PDF-1.7\n... cut", Some((MediaType::Pdf, false)))]
#[case(b"\x89PNG\r\n\x1a\n....IEND\xae\x42\x60\x82", Some((MediaType::Png, true)))]
#[case(b"\x89PNG\r\n\x1a\n....IDAT", Some((MediaType::Png, false)))]
#[case(b"\xff\xd8\xff\xe0....\xff\xd9", Some((MediaType::Jpeg, true)))]
#[case(b"\xff\xd8\xff\xe0....", Some((MediaType::Jpeg, false)))]
#[case(b"MZ\x90\0", None)]
#[case(b"<html><script>", None)]
#[case(b"", None)]
fn a_file_is_what_its_bytes_say(#[case] bytes: &[u8], #[case] expected: Option<(MediaType, bool)>) {
    assert_eq!(MediaType::of(bytes).map(|kind| (kind, kind.is_whole(bytes))), expected);
}

#[test]
fn a_documents_key_is_never_printed() {
    assert_eq!(format!("{:?}", DocumentKey::new([7; 32])), "[secret]");
}
