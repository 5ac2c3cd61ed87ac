//! Every letter as it is read.

use super::*;

pub(super) fn about(right: Right) -> Concerning<'static> {
    Concerning {
        name: Some("Ada Lovelace"),
        on_behalf_of: None,
        controller: "Infotech",
        reference: "DSR-7K2M-94QX",
        right,
        contact: "privacy@infotech.example",
    }
}

pub(super) fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

pub(super) fn remedies() -> Remedies<'static> {
    Remedies {
        appeal: Some(Appeal {
            kind: AppealKind::Appeal,
            how: "https://privacy.infotech.example/appeal",
            until: Some(day(12, 31)),
            answered_in_days: Some(60),
        }),
        authority: Some(Authority {
            name: "the Attorney General of Virginia",
            url: Some("https://www.oag.state.va.us"),
            address: None,
            note: None,
        }),
        court: true,
    }
}

pub(super) fn shown(letter: &impl Template) -> String {
    let text = compose(letter);
    assert!(!text.subject.contains('\n') && !text.body.contains("\n\n\n"), "a gap in {}", text.body);
    format!("{}\n====\n{}", text.subject, text.body)
}

const ASKED: [Asked<'_>; 2] = [
    Asked { reference: "DSR-7K2M-94QX", right: Right::Access },
    Asked { reference: "DSR-7K2M-94QY", right: Right::Deletion },
];

#[test]
fn verification_code() {
    let letter = VerificationCode { name: None, controller: "Infotech", asked: &ASKED, code: "042137", minutes: 10 };
    insta::assert_snapshot!(shown(&letter), @"
    042137 is your code for Infotech
    ====
    Hello,

    somebody, we think you, sent Infotech this request:

    - DSR-7K2M-94QX: a copy of your personal data
    - DSR-7K2M-94QY: deletion of your personal data

    To confirm it, enter this code within 10 minutes:

        042137

    If this was not you, ignore this mail: without the code nothing happens.
    Give the code to nobody. We never ask for it by telephone or by mail.

    Infotech
    ");
}

#[test]
fn acknowledgement() {
    let due = ASKED.map(|Asked { reference, right }| Due {
        reference,
        right,
        due: day(12, 22),
        rule: "one month from receipt",
        citation: "GDPR Art. 12(3)",
    });
    let verification = "We verified your identity by the code we sent to this address.";
    let name = Some("Ada Lovelace");
    let letter =
        Acknowledgement { name, controller: "Infotech", due: &due, verification, contact: "privacy@infotech.example" };
    insta::assert_snapshot!(shown(&letter), @"
    We received your request DSR-7K2M-94QX, DSR-7K2M-94QY
    ====
    Hello Ada Lovelace,

    Infotech received your request. You can expect an answer by these dates:

    - DSR-7K2M-94QX: a copy of your personal data
      by 22 December 2026 (one month from receipt; GDPR Art. 12(3))
    - DSR-7K2M-94QY: deletion of your personal data
      by 22 December 2026 (one month from receipt; GDPR Art. 12(3))

    We verified your identity by the code we sent to this address.

    To follow the request, use the link or the token that you got when you sent it.
    We never send it by mail.

    Questions? Write to privacy@infotech.example and name the number above.

    Infotech
    ");
}

#[test]
fn verification_reminder() {
    let letter = VerificationReminder {
        name: Some("Ada Lovelace"),
        controller: "Infotech",
        asked: &ASKED,
        received: day(11, 22),
        until: day(12, 22),
        url: "https://privacy.infotech.example/v1/requests/0193/verification",
        contact: "privacy@infotech.example",
    };
    insta::assert_snapshot!(shown(&letter), @"
    Please confirm your request DSR-7K2M-94QX, DSR-7K2M-94QY
    ====
    Hello Ada Lovelace,

    on 22 November 2026 Infotech received this request. It still waits for you to confirm
    that this address is yours:

    - DSR-7K2M-94QX: a copy of your personal data
    - DSR-7K2M-94QY: deletion of your personal data

    The code we sent has expired by now. Ask for a new one here, with the token you got
    when you sent the request, and enter it within ten minutes:

        https://privacy.infotech.example/v1/requests/0193/verification

    If we do not hear from you, we close the request on 22 December 2026. You can send
    a new one at any time. If it was not you who sent it, ignore this mail.

    Questions? Write to privacy@infotech.example and name the number above.

    Infotech
    ");
}

#[test]
fn task_notice() {
    let letter = |missed| {
        let (controller, reference, task) = ("Infotech", "DSR-7K2M-94QX", "Paper files");
        let due = day(12, 22);
        shown(&TaskNotice { controller, reference, right: Right::Access, number: 2, task, due, missed })
    };
    insta::assert_snapshot!(letter(false), @"
    DSR-7K2M-94QX: Paper files is due on 22 December 2026
    ====
    Hello,

    task 2 of request DSR-7K2M-94QX (access) at Infotech,
    Paper files, is due on 22 December 2026. The answer to the request
    waits for it.

    You find the task by the number of its request. This mail says nothing about the person.
    ");
    insta::assert_snapshot!(letter(true), @"
    DSR-7K2M-94QX: Paper files was due on 22 December 2026
    ====
    Hello,

    task 2 of request DSR-7K2M-94QX (access) at Infotech,
    Paper files, was due on 22 December 2026 and is still open. The answer
    to the request waits for it.

    Please see to it now, and say what came of it.

    You find the task by the number of its request. This mail says nothing about the person.
    ");
}

#[test]
fn staff_notice() {
    let letter = |owed, missed| {
        let (controller, reference) = ("Infotech", "DSR-7K2M-94QX");
        shown(&StaffNotice { controller, reference, right: Right::Access, owed, due: day(12, 22), missed })
    };
    insta::assert_snapshot!(letter("the answer", false), @"
    DSR-7K2M-94QX: the answer is due on 22 December 2026
    ====
    Hello,

    Infotech owes the answer to request DSR-7K2M-94QX (access)
    by 22 December 2026.

    If that cannot be done, extend the date before it passes, where the law allows it,
    and say why.

    You find the request by its number. This mail says nothing about the person.
    ");
    insta::assert_snapshot!(letter("the acknowledgement", true), @"
    DSR-7K2M-94QX: the acknowledgement was due on 22 December 2026
    ====
    Hello,

    Infotech owed the acknowledgement to request DSR-7K2M-94QX (access)
    by 22 December 2026. That day has passed, and the request is still open.

    Please see to it now, and look at what held it up: the person can complain about the
    delay from today on.

    You find the request by its number. This mail says nothing about the person.
    ");
}

#[test]
fn package_ready() {
    let url = "https://privacy.infotech.example/requests/DSR-7K2M-94QX";
    insta::assert_snapshot!(shown(&PackageReady { about: about(Right::Access), url, until: day(12, 22), notes: &[], by_hand: &[] }), @"
    Your data is ready (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    Your package is ready. Fetch it here, with the token you got when you sent the request:

        https://privacy.infotech.example/requests/DSR-7K2M-94QX

    It lies there until 22 December 2026; after that it is destroyed.
    Unpack it and open index.html to begin. It holds personal data: keep it where only
    you can read it.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn deletion_done() {
    let nothing = Erased { collection: "tickets", deleted: 0, masked: 0, kept: 0, why_kept: None };
    let results = [
        Erased { collection: "orders", deleted: 12, ..nothing },
        Erased { collection: "tickets", masked: 1, ..nothing },
    ];
    let letter =
        DeletionDone { about: about(Right::Deletion), results: &results, notes: &[], told: &[], remedies: remedies() };
    insta::assert_snapshot!(shown(&letter), @"
    Your data was deleted (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    We did what you asked. What happened, table by table:

    - orders: 12 rows deleted
    - tickets: your details removed from 1 row

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn deletion_done_in_part() {
    let why_kept = Some("invoices must be kept for ten years (§ 147 AO).");
    let results = [
        Erased { collection: "orders", deleted: 1, masked: 2, kept: 0, why_kept: None },
        Erased { collection: "invoices", deleted: 3, masked: 0, kept: 1, why_kept },
        Erased { collection: "tickets", deleted: 0, masked: 0, kept: 0, why_kept: None },
        Erased { collection: "points", deleted: 0, masked: 0, kept: 0, why_kept: Some("it cannot be changed.") },
    ];
    let notes = ["We told the firms that received your data"];
    let letter = DeletionDone {
        about: about(Right::Deletion),
        results: &results,
        notes: &notes,
        told: &["Example Parcels AG"],
        remedies: remedies(),
    };
    insta::assert_snapshot!(shown(&letter), @"
    Your data was deleted in part (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    We deleted what we may, and kept the rest for the reasons below.
    What happened, table by table:

    - orders: 1 row deleted, your details removed from 2 rows
    - invoices: 3 rows deleted, 1 row kept
      Kept because: invoices must be kept for ten years (§ 147 AO).
    - tickets: nothing of yours
    - points: left as it is
      Kept because: it cannot be changed.

    We told the firms that received your data.

    We tell those who received your data from us: Example Parcels AG.

    You can appeal: https://privacy.infotech.example/appeal
    The last day for it is 31 December 2026.
    Somebody who had no part in this decision looks at it again, and you have an
    answer within 60 days.

    You can complain to the Attorney General of Virginia: https://www.oag.state.va.us

    You can also go to court.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn correction_done() {
    let changes = [
        Change { field: "telephone number", refused: None },
        Change { field: "date of birth", refused: Some("It is as on the identity card you showed.") },
    ];
    let remedies = Remedies { court: true, ..Remedies::default() };
    let letter = CorrectionDone {
        about: about(Right::Correction),
        changes: &changes,
        told: &["Example Parcels AG", "Example Letters Ltd"],
        by_hand: &[],
        remedies,
    };
    insta::assert_snapshot!(shown(&letter), @"
    Your data was corrected in part (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    correction of your personal data.

    The changes you asked for:

    - telephone number: made
    - date of birth: not made. It is as on the identity card you showed.

    We tell those who received your data from us: Example Parcels AG, Example Letters Ltd.

    You can also go to court.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn opt_out_honoured() {
    let of = ["sale", "sharing", "targeted_advertising", "profiling", "marketing", "something new"];
    let letter = OptOutHonoured {
        about: about(Right::OptOut),
        of: &of,
        since: day(11, 22),
        limits: &["Messages about an order go on"],
        told: &["Example Letters Ltd"],
    };
    insta::assert_snapshot!(shown(&letter), @"
    Your opt-out is honoured (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    an opt-out.

    Since 22 November 2026 your data is left out of:

    - sale to others
    - sharing for advertising across sites and apps
    - targeted advertising
    - profiling
    - our marketing mails and messages
    - something new

    We tell those who received your data from us: Example Letters Ltd.

    You need not do anything more.

    Messages about an order go on.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn denied() {
    let letter = Denied {
        about: about(Right::Access),
        ground: "Your identity could not be verified.",
        citation: Some("Va. Code 59.1-577(B)(4)"),
        explanation: "The two details you gave match no account.\nPlease try again with the e-mail address of your account.",
        instead: None,
        remedies: remedies(),
    };
    insta::assert_snapshot!(shown(&letter), @"
    Your request was denied (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    We cannot do what you asked. The ground: Your identity could not be verified.
    (Va. Code 59.1-577(B)(4))

    The two details you gave match no account.
    Please try again with the e-mail address of your account.

    You can appeal: https://privacy.infotech.example/appeal
    The last day for it is 31 December 2026.
    Somebody who had no part in this decision looks at it again, and you have an
    answer within 60 days.

    You can complain to the Attorney General of Virginia: https://www.oag.state.va.us

    You can also go to court.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn extended() {
    let letter = Extended {
        about: about(Right::Access),
        reason: "your data lies in an archive that must be searched by hand.",
        was: day(11, 22),
        due: day(12, 22),
        citation: "GDPR Art. 12(3)",
        remedies: Remedies {
            authority: Some(Authority { name: "the BfDI", url: None, address: None, note: None }),
            ..Remedies::default()
        },
    };
    insta::assert_snapshot!(shown(&letter), @"
    We need more time for your request (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    We cannot answer by 22 November 2026 as planned. The new date is
    22 December 2026 (GDPR Art. 12(3)).

    The reason: your data lies in an archive that must be searched by hand.

    You can complain to the BfDI.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn clarification() {
    let letter = Clarification {
        about: about(Right::Access),
        question: "Do you mean the orders of our shop in Bonn as well?",
        url: "https://privacy.infotech.example/requests/DSR-7K2M-94QX",
        stops_the_clock: true,
    };
    insta::assert_snapshot!(shown(&letter), @"
    A question about your request (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    We have a question:

    Do you mean the orders of our shop in Bonn as well?

    Please answer here, with the token you got when you sent the request:

        https://privacy.infotech.example/requests/DSR-7K2M-94QX

    The time we have for the answer stands still until you reply.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn referred() {
    let to = "Paperwork Ltd, privacy@paperwork.example";
    let explanation = "We only store the data for them.";
    insta::assert_snapshot!(shown(&Referred { about: about(Right::Deletion), to, explanation }), @"
    Somebody else must answer your request (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    The data is not ours to decide about. Please turn to:

        Paperwork Ltd, privacy@paperwork.example

    We only store the data for them.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn no_match() {
    insta::assert_snapshot!(shown(&NoMatch { about: about(Right::Access), notes: &[], remedies: Remedies::default() }), @"
    We found no data about you (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    We searched our systems for the details you gave, and a member of our staff looked
    at the result: we found nothing about you. If you used another address, telephone
    number or account with us, please send a new request that names it.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn withdrawn() {
    insta::assert_snapshot!(shown(&Withdrawn { about: about(Right::Deletion) }), @"
    You took your request back (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    deletion of your personal data.

    You took it back, so we stopped working on it. What was done before stays done.
    You can send a new request at any time.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn expired() {
    let missing = "The code we sent was not entered in time.";
    insta::assert_snapshot!(shown(&Expired { about: about(Right::Portability), missing }), @"
    Your request was closed (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    your personal data in a machine-readable form.

    We closed it without an answer. The code we sent was not entered in time. You can send a new request at any
    time.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn message() {
    let url = "https://privacy.infotech.example/r/1";
    insta::assert_snapshot!(shown(&Message { about: about(Right::Access), text: "We are on it.", url }), @"
    A message about your request (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    We are on it.

    You can answer here, with the token you got when you sent the request:

        https://privacy.infotech.example/r/1

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn carried_out() {
    let letter =
        CarriedOut { about: about(Right::Objection), answer: None, by_hand: &[], remedies: Remedies::default() };
    insta::assert_snapshot!(shown(&letter), @"
    Your request was carried out (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    objection to the use of your personal data.

    We did what you asked.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn carried_out_by_hand_in_part() {
    let by_hand = [
        ByHand { place: "Paper files", records: 2, done: "of which you get a copy", why_kept: None },
        ByHand { place: "Archive", records: 1, done: "kept", why_kept: Some("The law asks us to keep it.") },
        ByHand { place: "Recorded calls", records: 0, done: "of which you get a copy", why_kept: None },
    ];
    let remedies = Remedies { court: true, ..Remedies::default() };
    let letter = CarriedOut { about: about(Right::Access), answer: None, by_hand: &by_hand, remedies };
    insta::assert_snapshot!(shown(&letter), @"
    Your request was carried out (DSR-7K2M-94QX)
    ====
    Hello Ada Lovelace,

    this is about your request DSR-7K2M-94QX to Infotech for
    a copy of your personal data.

    We did what you asked in part.

    What we looked through by hand:

    - Paper files: 2 records of which you get a copy
    - Archive: 1 record kept
      Kept because: The law asks us to keep it.
    - Recorded calls: nothing of yours

    You can also go to court.

    Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

    Infotech
    ");
}

#[test]
fn every_right_has_words() {
    for right in Right::ALL {
        let text = compose(&Withdrawn { about: about(*right) });
        assert!(!text.body.contains("for\n."), "no words for {right}");
    }
}

#[test]
fn a_subject_is_one_line_whatever_the_company_calls_itself() {
    let letter = VerificationCode { name: None, controller: "Info\ntech", asked: &ASKED, code: "042137", minutes: 10 };
    assert_eq!(compose(&letter).subject, "042137 is your code for Info tech");
}
