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
    insta::assert_snapshot!(code(Some("https://privacy.infotech.example/v1/requests/0195/authorization"), true), @"
    042137 is your code for Infotech
    ====
    Hello Grace Agency,

    somebody, we think you, sent Infotech this request for Ada Lovelace:

    - DSR-7K2M-94QX: a copy of your personal data
    - DSR-7K2M-94QY: an opt-out

    To show that this address is yours, enter this code within 10 minutes:

        042137

    Before we work on it we also need to know that you may act for Ada Lovelace. The
    proof we need: permission signed by the person. Upload it here, as PDF, PNG or JPEG, with the
    token you got when you sent the request:

        https://privacy.infotech.example/v1/requests/0195/authorization

    We have also written to Ada Lovelace. If they confirm it themselves, you need not
    upload anything.

    If this was not you, ignore this mail.
    Give the code to nobody. We never ask for it by telephone or by mail.

    Infotech
    ");
}

#[test]
fn agent_code_where_the_person_is_not_asked() {
    insta::assert_snapshot!(code(Some("https://privacy.infotech.example/v1/requests/0195/authorization"), false), @"
    042137 is your code for Infotech
    ====
    Hello Grace Agency,

    somebody, we think you, sent Infotech this request for Ada Lovelace:

    - DSR-7K2M-94QX: a copy of your personal data
    - DSR-7K2M-94QY: an opt-out

    To show that this address is yours, enter this code within 10 minutes:

        042137

    Before we work on it we also need to know that you may act for Ada Lovelace. The
    proof we need: permission signed by the person. Upload it here, as PDF, PNG or JPEG, with the
    token you got when you sent the request:

        https://privacy.infotech.example/v1/requests/0195/authorization

    If this was not you, ignore this mail.
    Give the code to nobody. We never ask for it by telephone or by mail.

    Infotech
    ");
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
    insta::assert_snapshot!(asked(Some("https://privacy.infotech.example/authorizations/AbC")), @"
    Grace Agency asked Infotech for something in your name
    ====
    Hello Ada Lovelace,

    Grace Agency sent us this request and says that they act for you:

    - DSR-7K2M-94QX: a copy of your personal data
    - DSR-7K2M-94QY: an opt-out

    Is that so? Please tell us here. The page shows who asks and for what, and two
    buttons: yes, they act for me; no, they do not.

        https://privacy.infotech.example/authorizations/AbC

    If you do nothing, we wait for Grace Agency to show us that they may act for you.
    The link is for you alone: please do not pass it on.

    Questions? Write to privacy@infotech.example and name the number above.

    Infotech
    ");
}

#[test]
fn asked_in_your_name_where_nobody_may_ask() {
    insta::assert_snapshot!(asked(None), @"
    Grace Agency asked Infotech for something in your name
    ====
    Hello Ada Lovelace,

    Grace Agency sent us this request and says that they act for you:

    - DSR-7K2M-94QX: a copy of your personal data
    - DSR-7K2M-94QY: an opt-out

    You need not do anything. We go on once Grace Agency has shown us that they may
    act for you. If they may not, please write to privacy@infotech.example.

    Questions? Write to privacy@infotech.example and name the number above.

    Infotech
    ");
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
    insta::assert_snapshot!(shown(&letter), @"
    We need another proof that you act for Ada Lovelace
    ====
    Hello Grace Agency,

    you sent Infotech this request for Ada Lovelace:

    - DSR-7K2M-94QX: a copy of your personal data
    - DSR-7K2M-94QY: an opt-out

    A member of our staff looked at what you handed in. It does not show us that you
    may act for Ada Lovelace:

    The second page, with the signature, is missing.

    You can hand in something else here, with the token you got when you sent the
    request:

        https://privacy.infotech.example/v1/requests/0195/authorization

    Questions? Write to privacy@infotech.example and name the number above.

    Infotech
    ");
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
    insta::assert_snapshot!(shown(&letter), @"
    We closed the request you sent for Ada Lovelace
    ====
    Hello Grace Agency,

    you sent Infotech this request for Ada Lovelace:

    - DSR-7K2M-94QX: a copy of your personal data
    - DSR-7K2M-94QY: an opt-out

    We asked Ada Lovelace, and the answer was that you do not act for them. So we
    closed it and did nothing of what was asked.

    If that is a mistake, please speak with Ada Lovelace first. A new request can be
    sent at any time.

    Questions? Write to privacy@infotech.example and name the number above.

    Infotech
    ");
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
    insta::assert_snapshot!(shown(&letter), @"
    We closed what Grace Agency asked in your name
    ====
    Hello Ada Lovelace,

    thank you for telling us that Grace Agency does not act for you. We closed this
    request and did nothing of what was asked:

    - DSR-7K2M-94QX: a copy of your personal data
    - DSR-7K2M-94QY: an opt-out

    Grace Agency received nothing of yours. If you want any of it yourself, you can
    send a request of your own at any time.

    Questions? Write to privacy@infotech.example and name the number above.

    Infotech
    ");
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
    insta::assert_snapshot!(shown(&letter), @"
    The request Grace Agency sent in your name was answered (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    Grace Agency asked Infotech in your name for a copy of your personal data.
    It was carried out.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
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
    insta::assert_snapshot!(shown(&letter), @"
    The request Grace Agency sent in your name was answered (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    Grace Agency asked Infotech in your name for a copy of your personal data.
    It was carried out.

    The package with your data goes to you alone. Fetch it here:

        https://privacy.infotech.example/authorizations/AbC

    It lies there until 31 December 2026; after that it is destroyed.

    The link is for you alone: whoever has it can fetch your data.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn package_for_person() {
    insta::assert_snapshot!(shown(&PackageForPerson { about: about(Some("Ada Lovelace")) }), @"
    The data is ready (DSR-7K2M-94QX)
    ====
    Hello Grace Agency,

    this is about request DSR-7K2M-94QX, which you sent Infotech for
    Ada Lovelace: a copy of your personal data. Where this letter says \"your
    data\", it means theirs.

    The package is ready. As our privacy policy says, it goes to the person directly:
    we mailed them a link of their own.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}
