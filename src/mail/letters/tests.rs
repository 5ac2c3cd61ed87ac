//! Every letter as it is read.

use super::*;

fn about(right: Right) -> Concerning<'static> {
    Concerning {
        name: Some("Ada Lovelace"),
        controller: "Infotech",
        reference: "DSR-7K2M-94QX",
        right,
        contact: "privacy@infotech.example",
    }
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

fn remedies() -> Remedies<'static> {
    Remedies {
        appeal: Some(Appeal {
            how: "https://privacy.infotech.example/appeal",
            until: Some(day(12, 31)),
            answered_in_days: Some(60),
        }),
        authority: Some(Authority {
            name: "the Attorney General of Virginia",
            url: Some("https://www.oag.state.va.us"),
        }),
        court: true,
    }
}

fn shown(letter: &impl Template) -> String {
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
    insta::assert_snapshot!(shown(&letter), @"");
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
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn package_ready() {
    let url = "https://privacy.infotech.example/requests/DSR-7K2M-94QX";
    insta::assert_snapshot!(shown(&PackageReady { about: about(Right::Access), url, until: day(12, 22) }), @"");
}

#[test]
fn deletion_done() {
    let nothing = Erased { collection: "tickets", deleted: 0, masked: 0, kept: 0, why_kept: None };
    let results = [
        Erased { collection: "orders", deleted: 12, ..nothing },
        Erased { collection: "tickets", masked: 1, ..nothing },
    ];
    let letter = DeletionDone { about: about(Right::Deletion), results: &results, notes: &[], remedies: remedies() };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn deletion_done_in_part() {
    let why_kept = Some("invoices must be kept for ten years (§ 147 AO).");
    let results = [
        Erased { collection: "orders", deleted: 1, masked: 2, kept: 0, why_kept: None },
        Erased { collection: "invoices", deleted: 3, masked: 0, kept: 1, why_kept },
        Erased { collection: "tickets", deleted: 0, masked: 0, kept: 0, why_kept: None },
    ];
    let notes = ["We told the firms that received your data.".to_owned()];
    let letter = DeletionDone { about: about(Right::Deletion), results: &results, notes: &notes, remedies: remedies() };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn correction_done() {
    let changes = [
        Change { field: "telephone number", refused: None },
        Change { field: "date of birth", refused: Some("It is as on the identity card you showed.") },
    ];
    let remedies = Remedies { court: true, ..Remedies::default() };
    let letter = CorrectionDone { about: about(Right::Correction), changes: &changes, remedies };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn opt_out_honoured() {
    let of = ["sale", "sharing", "targeted_advertising", "profiling", "marketing", "something new"];
    let letter = OptOutHonoured { about: about(Right::OptOut), of: &of, since: day(11, 22) };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn denied() {
    let letter = Denied {
        about: about(Right::Access),
        ground: "your identity could not be verified",
        explanation: "The two details you gave match no account.\nPlease try again with the e-mail address of your account.",
        remedies: remedies(),
    };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn extended() {
    let letter = Extended {
        about: about(Right::Access),
        reason: "your data lies in an archive that must be searched by hand.",
        was: day(11, 22),
        due: day(12, 22),
        citation: "GDPR Art. 12(3)",
        remedies: Remedies { authority: Some(Authority { name: "the BfDI", url: None }), ..Remedies::default() },
    };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn clarification() {
    let letter = Clarification {
        about: about(Right::Access),
        question: "Do you mean the orders of our shop in Bonn as well?",
        url: "https://privacy.infotech.example/requests/DSR-7K2M-94QX",
        stops_the_clock: true,
    };
    insta::assert_snapshot!(shown(&letter), @"");
}

#[test]
fn referred() {
    let to = "Paperwork Ltd, privacy@paperwork.example";
    let explanation = "We only store the data for them.";
    insta::assert_snapshot!(shown(&Referred { about: about(Right::Deletion), to, explanation }), @"");
}

#[test]
fn no_match() {
    insta::assert_snapshot!(shown(&NoMatch { about: about(Right::Access), remedies: Remedies::default() }), @"");
}

#[test]
fn withdrawn() {
    insta::assert_snapshot!(shown(&Withdrawn { about: about(Right::Deletion) }), @"");
}

#[test]
fn expired() {
    let missing = "The code we sent was not entered in time.";
    insta::assert_snapshot!(shown(&Expired { about: about(Right::Portability), missing }), @"");
}

#[test]
fn every_right_has_words() {
    for right in Right::ALL {
        let text = compose(&Withdrawn { about: about(*right) });
        assert!(!text.body.contains("for\n."), "no words for {right}");
    }
}

#[test]
fn text_of_the_requester_cannot_pass_for_the_subject() {
    let about = Concerning { controller: "Infotech\nBcc: all@example.com", ..about(Right::Access) };
    assert_eq!(compose(&Withdrawn { about }).subject, "You took your request back (DSR-7K2M-94QX)");
}
