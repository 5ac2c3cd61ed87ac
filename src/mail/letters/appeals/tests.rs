//! The letters of an appeal as they are read.

use super::*;
use crate::mail::letters::tests::{about, day, shown};
use crate::mail::letters::{AnsweredInPart, Authority, LeftOut};

fn commissioner() -> Remedies<'static> {
    Remedies {
        appeal: None,
        authority: Some(Authority {
            name: "the Commissioner",
            url: Some("https://commissioner.example/complain"),
            address: Some("1 Water Lane, Wilmslow"),
            note: Some("Complain there within three months."),
        }),
        court: true,
    }
}

#[test]
fn received() {
    let letter = AppealReceived {
        about: about(Right::Deletion),
        kind: AppealKind::Appeal,
        received: day(11, 22),
        due: day(12, 31),
        rule: "60 calendar days after receipt",
        citation: "Va. Code 59.1-577(C)",
    };
    insta::assert_snapshot!(shown(&letter), @"
    We received your appeal (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    Your appeal reached us on 22 November 2026. Somebody who had no part in
    the decision looks into it. You have an answer in writing by 31 December 2026
    (60 calendar days after receipt; Va. Code 59.1-577(C)).

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn taken_back() {
    let about = about(Right::Deletion);
    let letter = AppealWithdrawn { about, kind: AppealKind::Appeal, until: Some(day(12, 31)) };
    insta::assert_snapshot!(shown(&letter), @"
    You took your appeal back (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    You took your appeal back, so nobody looks into it any more.
    You can send another one until 31 December 2026.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn a_complaint_taken_back_can_come_again() {
    let about = about(Right::Deletion);
    insta::assert_snapshot!(shown(&AppealWithdrawn { about, kind: AppealKind::Complaint, until: None }), @"
    You took your complaint back (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    You took your complaint back, so nobody looks into it any more.
    You can send another one.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn a_complaint_is_called_one() {
    let letter = AppealReceived {
        about: about(Right::Access),
        kind: AppealKind::Complaint,
        received: day(11, 22),
        due: day(12, 22),
        rule: "without delay; 30 days as the working limit",
        citation: "Data Protection Act 2018 s. 164A",
    };
    insta::assert_snapshot!(shown(&letter), @"
    We received your complaint (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    Your complaint reached us on 22 November 2026. Somebody who had no part in
    the decision looks into it. You have an answer in writing by 22 December 2026
    (without delay; 30 days as the working limit; Data Protection Act 2018 s. 164A).

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn extended() {
    let letter = AppealExtended {
        about: about(Right::Deletion),
        kind: AppealKind::Appeal,
        reason: "a second system has to be searched.",
        due: day(12, 31),
        citation: "C.R.S. 6-1-1306",
    };
    insta::assert_snapshot!(shown(&letter), @"
    We need more time for your appeal (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    Your appeal takes longer than planned. You have an answer by
    31 December 2026 (C.R.S. 6-1-1306).

    The reason: a second system has to be searched.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn upheld() {
    let letter = AppealUpheld {
        about: about(Right::Deletion),
        kind: AppealKind::Complaint,
        explanation: "The tax office asks us for these invoices until 2031.",
        remedies: commissioner(),
    };
    insta::assert_snapshot!(shown(&letter), @"
    The answer to your complaint (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    Somebody who had no part in it looked into your complaint.
    We see nothing to change in how we handled your request.
    The reasons:

    The tax office asks us for these invoices until 2031.

    You can complain to the Commissioner: https://commissioner.example/complain
    By post: 1 Water Lane, Wilmslow
    Complain there within three months.

    You can also go to court.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn overturned() {
    let letter = AppealOverturned {
        about: about(Right::Deletion),
        kind: AppealKind::Appeal,
        explanation: "We confused your account with another one.",
        due: Some(day(12, 31)),
        reopened: true,
    };
    insta::assert_snapshot!(shown(&letter), @"
    The answer to your appeal (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    Somebody who had no part in it looked into your appeal. You are right.
    We take our decision back and work on your request again.
    You have the answer to your request by 31 December 2026.

    We confused your account with another one.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn a_complaint_about_a_late_answer() {
    let letter = AppealOverturned {
        about: about(Right::Access),
        kind: AppealKind::Complaint,
        explanation: "We are late, and we are sorry.",
        due: Some(day(12, 1)),
        reopened: false,
    };
    insta::assert_snapshot!(shown(&letter), @"
    The answer to your complaint (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    Somebody who had no part in it looked into your complaint. You are right.
    You have the answer to your request by 1 December 2026.

    We are late, and we are sorry.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

const LEFT_OUT: [LeftOut<'static>; 1] = [LeftOut {
    collection: "messages",
    ground: "Giving you this data would adversely affect the rights and freedoms of others.",
    explanation: "They are letters between two other customers.",
}];

#[test]
fn answered_in_part() {
    let letter = AnsweredInPart {
        about: about(Right::Access),
        package: Some(("https://privacy.infotech.example/v1/requests/1/package", day(12, 31))),
        left_out: &LEFT_OUT,
        notes: &[],
        remedies: commissioner(),
    };
    insta::assert_snapshot!(shown(&letter), @"
    Your request was granted in part (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    Your package is ready. Fetch it here, with the token you got when you sent the request:

        https://privacy.infotech.example/v1/requests/1/package

    It lies there until 31 December 2026; after that it is destroyed. It holds
    personal data: keep it where only you can read it.

    We left this out:

    - messages: Giving you this data would adversely affect the rights and freedoms of others.
      They are letters between two other customers.

    You can complain to the Commissioner: https://commissioner.example/complain
    By post: 1 Water Lane, Wilmslow
    Complain there within three months.

    You can also go to court.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn nothing_beside_what_was_left_out() {
    let letter = AnsweredInPart {
        about: about(Right::Access),
        package: None,
        left_out: &LEFT_OUT,
        notes: &[],
        remedies: Remedies::default(),
    };
    insta::assert_snapshot!(shown(&letter), @"
    Your request was granted in part (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    Beside what we left out we found nothing about you. We left out:

    - messages: Giving you this data would adversely affect the rights and freedoms of others.
      They are letters between two other customers.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}
