//! Every letter about an agent as it is read.

use super::super::compose;
use super::*;

const ASKED: [Asked<'_>; 2] = [
    Asked { reference: "DSR-7K2M-94QX", right: Right::Access },
    Asked { reference: "DSR-7K2M-94QY", right: Right::OptOut },
];

fn shown(letter: &impl Template) -> String {
    let text = compose(letter);
    assert!(!text.subject.contains('\n') && !text.body.contains("\n\n\n"), "a gap in {}", text.body);
    format!("{}\n====\n{}", text.subject, text.body)
}

fn about(on_behalf_of: Option<&'static str>) -> Concerning<'static> {
    Concerning {
        name: Some(if on_behalf_of.is_some() { "Grace Agency" } else { "Ada Lovelace" }),
        on_behalf_of,
        controller: "Infotech",
        reference: "DSR-7K2M-94QX",
        right: Right::Access,
        contact: "privacy@infotech.example",
    }
}

fn code(url: Option<&'static str>, asks_person: bool) -> String {
    shown(&AgentCode {
        name: Some("Grace Agency"),
        person: "Ada Lovelace",
        controller: "Infotech",
        asked: &ASKED,
        code: "042137",
        minutes: 10,
        proof: "permission signed by the person",
        url,
        asks_person,
    })
}

#[test]
fn agent_code() {
    insta::assert_snapshot!(code(Some("https://privacy.infotech.example/v1/requests/0195/authorization"), true), @"");
}

#[test]
fn agent_code_where_the_person_is_not_asked() {
    insta::assert_snapshot!(code(Some("https://privacy.infotech.example/v1/requests/0195/authorization"), false), @"");
}

fn asked(url: Option<&'static str>) -> String {
    shown(&AskedInYourName {
        name: Some("Ada Lovelace"),
        agent: "Grace Agency",
        controller: "Infotech",
        asked: &ASKED,
        url,
        contact: "privacy@infotech.example",
    })
}

#[test]
fn asked_in_your_name() {
    insta::assert_snapshot!(asked(Some("https://privacy.infotech.example/authorizations/AbC")), @"");
}

#[test]
fn asked_in_your_name_where_nobody_may_ask() {
    insta::assert_snapshot!(asked(None), @"");
}

#[test]
fn proof_refused() {
    let letter = ProofRefused {
        name: Some("Grace Agency"),
        person: "Ada Lovelace",
        controller: "Infotech",
        asked: &ASKED,
        reason: "The second page, with the signature, is missing.",
        url: "https://privacy.infotech.example/v1/requests/0195/authorization",
        contact: "privacy@infotech.example",
    };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn disowned() {
    let letter = Disowned {
        name: Some("Grace Agency"),
        person: "Ada Lovelace",
        controller: "Infotech",
        asked: &ASKED,
        contact: "privacy@infotech.example",
    };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn disowned_noted() {
    let letter = DisownedNoted {
        name: Some("Ada Lovelace"),
        agent: "Grace Agency",
        controller: "Infotech",
        asked: &ASKED,
        contact: "privacy@infotech.example",
    };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn answered_for_you() {
    let letter = AnsweredForYou {
        about: about(None),
        agent: "Grace Agency",
        outcome: "It was carried out.",
        url: None,
        until: None,
    };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn answered_for_you_with_a_package() {
    let letter = AnsweredForYou {
        about: about(None),
        agent: "Grace Agency",
        outcome: "It was carried out.",
        url: Some("https://privacy.infotech.example/authorizations/AbC"),
        until: NaiveDate::from_ymd_opt(2026, 12, 31),
    };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn package_for_person() {
    insta::assert_snapshot!(shown(&PackageForPerson { about: about(Some("Ada Lovelace")) }), @"");
}
