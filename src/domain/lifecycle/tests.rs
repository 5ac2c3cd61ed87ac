//! Every verb against every state, and what each verb leaves behind.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::domain::clocks::Clocks;
use crate::domain::ids::BundleId;
use crate::domain::request::{Action, Channel, Line, Particulars, Person, Prepared, Transmission};
use crate::domain::verification::{How, StaffCheck, Verification};

pub(crate) const CLERK: StaffId = StaffId(Uuid::from_u128(7));
pub(crate) const REVIEWER: StaffId = StaffId(Uuid::from_u128(8));

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub(crate) fn today() -> NaiveDate {
    now().date_naive()
}

pub(crate) fn request(right: Right, state: State) -> Request {
    Request {
        id: RequestId(Uuid::from_u128(1)),
        bundle: BundleId(Uuid::from_u128(2)),
        controller: "shop".into(),
        right,
        regime: "gdpr".into(),
        regime_reason: "the person lives in the EU".into(),
        channel: Channel::Web,
        entered_by: None,
        received_at: now(),
        deadlines: vec![
            serde_json::from_value(json!({
                "duty": "response", "due": today(), "rule": "one month", "steps": [],
                "citation": "GDPR Art. 12(3)", "confidence": "high"
            }))
            .unwrap(),
        ],
        told: Vec::new(),
        extension: None,
        clocks: Clocks::default(),
        verification: Verification::required(Level::Email),
        assignee: None,
        state,
        remedies: None,
        appeals: Vec::new(),
        particulars: Particulars {
            person: Person {
                name: "Ada Example".parse().unwrap(),
                email: "ada@example.com".parse().unwrap(),
                phone: None,
                account_id: None,
                residence: None,
            },
            details: None,
            corrections: Vec::new(),
            opt_out_of: Vec::new(),
            range: None,
            transmit_to: None,
            agent: None,
            language: None,
        },
    }
}

pub(super) fn found() -> Fulfilment {
    let line = Line {
        system: "crm".into(),
        dataset: "shop".into(),
        collection: "customers".into(),
        field: None,
        action: Action::Disclosed,
        rows: 3,
        note: None,
    };
    Fulfilment { lines: vec![line], ..Fulfilment::default() }
}

pub(crate) fn state(name: StateName) -> State {
    let at = now();
    let approval = Approval::new(at, Actor::Staff(REVIEWER));
    let text = || Personal::new(String::from("because"));
    let done = || Completed { at, approval: approval.clone(), released_by: None, result: found() };
    match name {
        StateName::AwaitingVerification => State::AwaitingVerification { since: at },
        StateName::AwaitingAuthorization => State::AwaitingAuthorization { since: at },
        StateName::InReview => State::InReview { since: at },
        StateName::AwaitingRequester => {
            State::AwaitingRequester { since: at, asked_by: CLERK, question: text(), stops_clock: false }
        }
        StateName::Fulfilling => State::Fulfilling { approval, disclose: false, prepared: None },
        StateName::AwaitingRelease => State::AwaitingRelease { approval, since: at, result: found() },
        StateName::Fulfilled => State::Fulfilled(done()),
        StateName::PartiallyFulfilled => State::PartiallyFulfilled(done()),
        StateName::Denied => {
            State::Denied { at, by: CLERK, ground: "excessive".into(), explanation: text(), instead: None }
        }
        StateName::Referred => State::Referred { at, by: CLERK, to: text(), explanation: text() },
        StateName::Withdrawn => State::Withdrawn { at },
        StateName::Expired => State::Expired { at },
    }
}

type Verb = fn(Request) -> Transition;

fn step() -> Step {
    Step { now: now(), by: Actor::Requester }
}

pub(super) fn text() -> Personal<String> {
    Personal::new("because".into())
}

#[rstest::rstest]
#[case::verified(|r: Request| r.verified(step(), Method::EmailCode, Level::Email), "awaiting_verification>in_review")]
#[case::withdraw(|r: Request| r.withdraw(step()), "awaiting_verification>withdrawn awaiting_authorization>withdrawn in_review>withdrawn awaiting_requester>withdrawn fulfilling>withdrawn")]
#[case::expire(|r: Request| r.expire(step()), "awaiting_verification>expired awaiting_authorization>expired")]
#[case::approve(|r: Request| r.approve(now(), REVIEWER), "in_review>fulfilling")]
#[case::deny(|r: Request| r.deny(now(), REVIEWER, "excessive".into(), text()), "in_review>denied awaiting_requester>denied awaiting_release>denied")]
#[case::refer(|r: Request| r.refer(now(), REVIEWER, text(), text()), "in_review>referred awaiting_requester>referred")]
#[case::ask(|r: Request| r.ask(now(), REVIEWER, text(), false), "in_review>awaiting_requester")]
#[case::acknowledge(|r: Request| r.acknowledge(now()), "")]
#[case::complete(|r: Request| r.complete(now(), found(), false), "fulfilling>fulfilled")]
#[case::complete_with_a_look(|r: Request| r.complete(now(), found(), true), "fulfilling>awaiting_release")]
#[case::complete_without_match(|r: Request| r.complete(now(), Fulfilment::default(), false), "fulfilling>awaiting_release")]
#[case::release(|r: Request| r.release(now(), REVIEWER, None), "awaiting_release>fulfilled")]
#[case::run_again(|r: Request| r.run_again(now(), REVIEWER), "awaiting_release>fulfilling")]
#[case::answered(|r: Request| Ok(r.answered(step())), "awaiting_requester>in_review")]
#[case::lift(|r: Request| r.lift(now(), REVIEWER, text()), "")]
#[case::lifted(|r: Request| r.lifted(now()), "")]
#[case::transmitted(|r: Request| r.transmitted(now(), Transmission::ByHand), "")]
#[case::transmit_again(|r: Request| r.transmit_again(now(), REVIEWER), "")]
#[case::assign(|r: Request| r.assign(step(), Some(REVIEWER)), "")]
fn a_verb_applies_exactly_here(#[case] verb: Verb, #[case] expected: &str) {
    let mut moved = Vec::new();
    for name in StateName::ALL {
        match verb(request(Right::Access, state(*name))) {
            Ok(outcome) => {
                assert!(!outcome.entries.is_empty(), "nothing happens without an entry");
                let to = outcome.request.state.name();
                if to != *name {
                    moved.push(format!("{}>{}", name.as_str(), to.as_str()));
                }
            }
            Err(refusal) => assert!(matches!(refusal, Refusal::IllegalState { state, .. } if state == *name)),
        }
    }
    assert_eq!(moved.join(" "), expected);
}

#[test]
fn what_is_only_read_can_be_called_off_while_it_is() {
    let reading = [Right::Access, Right::Portability, Right::Categories];
    for right in Right::ALL {
        let fulfilling = request(*right, state(StateName::Fulfilling));
        assert_eq!(fulfilling.withdraw(step()).is_ok(), reading.contains(right), "{right:?}");
    }
    let approval = Approval::new(now(), Actor::Staff(REVIEWER));
    let prepared = Some(Box::new(Prepared { released_by: None, result: found() }));
    let leaving = request(Right::Portability, State::Fulfilling { approval, disclose: false, prepared });
    assert!(leaving.withdraw(step()).is_err(), "the package may have left");
}

#[test]
fn a_deletion_is_not_approved_by_whoever_entered_it() {
    let entered = Request { entered_by: Some(CLERK), ..request(Right::Deletion, state(StateName::InReview)) };
    assert_eq!(entered.clone().approve(now(), CLERK).unwrap_err(), Refusal::FourEyes);
    assert!(entered.approve(now(), REVIEWER).is_ok());
    let access = Request { entered_by: Some(CLERK), ..request(Right::Access, state(StateName::InReview)) };
    assert!(access.approve(now(), CLERK).is_ok());
}

#[test]
fn a_changed_system_is_not_denied_afterwards() {
    let deletion = request(Right::Deletion, state(StateName::AwaitingRelease));
    let refusal = deletion.deny(now(), REVIEWER, "excessive".into(), text()).unwrap_err();
    assert_eq!(refusal, Refusal::IllegalState { verb: "denied", state: StateName::AwaitingRelease });
}

#[test]
fn an_extension_is_taken_once_and_in_time() {
    let in_review = || request(Right::Access, state(StateName::InReview));
    let longer = || Some(in_review().deadlines);
    let outcome = in_review().extend(now(), today(), REVIEWER, text(), longer()).unwrap();
    let again = outcome.request.extend(now(), today(), REVIEWER, text(), longer());
    assert_eq!(again.unwrap_err(), Refusal::AlreadyExtended);
    let late = in_review().extend(now(), today().succ_opt().unwrap(), REVIEWER, text(), longer());
    assert_eq!(late.unwrap_err(), Refusal::TooLateToExtend { due: today() });
    assert_eq!(in_review().extend(now(), today(), REVIEWER, text(), None).unwrap_err(), Refusal::NoExtension);
}

#[test]
fn an_opt_out_is_honoured_as_soon_as_nothing_is_left_to_show() {
    let mut asked = request(Right::OptOut, state(StateName::InReview));
    asked.verification = Verification::required(Level::None);
    asked.particulars.opt_out_of = vec![OptOut::Sale];
    let outcome = submit(asked, now());
    assert_eq!(outcome.request.state.name(), StateName::Fulfilled);
    assert_eq!(outcome.opt_outs, [OptOut::Sale]);
    let events: Vec<_> = outcome.entries.iter().map(|e| e.event.as_str()).collect();
    assert_eq!(events, ["request.submitted", "request.fulfilled"]);

    let verified = submit(request(Right::OptOut, state(StateName::InReview)), now()).request;
    assert_eq!(verified.state.name(), StateName::AwaitingVerification);
    let outcome = verified.verified(step(), Method::EmailCode, Level::Email).unwrap();
    assert_eq!(outcome.request.state.name(), StateName::Fulfilled);
    assert_eq!(outcome.opt_outs, OptOut::ALL, "an opt-out that names nothing means everything");
}

#[rstest::rstest]
#[case::mailed_code(|r: Request| r.verified(step(), Method::EmailCode, Level::Email), true)]
#[case::sign_in_that_proves_the_address(|r: Request| r.signed_in(now(), true), true)]
#[case::staff_check(|r: Request| r.checked(now(), Level::High, StaffCheck { by: CLERK, how: How::InPerson, note: None, identifiers: BTreeSet::new() }), true)]
#[case::where_the_law_does_not_wait(|r: Request| r.verified(step(), Method::EmailCode, Level::Email), false)]
fn a_clock_that_waits_for_proof_starts_with_any(#[case] verb: Verb, #[case] waits: bool) {
    let mut asked = request(Right::Access, state(StateName::AwaitingVerification));
    asked.clocks.starts_with_proof = waits;
    assert_eq!(verb(asked).unwrap().request.clocks.proved_at, waits.then(now));
}

#[test]
fn approval_beyond_the_mailed_code_is_vouched_for_by_name() {
    let mut high = request(Right::Access, state(StateName::InReview));
    high.verification = Verification::required(Level::High).with(Method::EmailCode, Level::Email);
    let outcome = high.approve(now(), REVIEWER).unwrap();
    assert_eq!(outcome.request.verification.methods, [Method::EmailCode, Method::StaffCheck]);
    assert_eq!(outcome.entries[0].facts["staff_vouched_for_identity"], true);
}

#[test]
fn what_was_left_out_makes_it_partial() {
    let mut result = found();
    result.lines[0].action = Action::Kept;
    let prepared = request(Right::Deletion, state(StateName::Fulfilling)).complete(now(), result, false).unwrap();
    assert_eq!(prepared.request.state.name(), StateName::AwaitingRelease);
    let released = prepared.request.release(now(), REVIEWER, None).unwrap();
    assert_eq!(released.request.state.name(), StateName::PartiallyFulfilled);
}

#[test]
fn no_entry_holds_what_the_person_wrote() {
    let mut outcomes = vec![submit(request(Right::Access, state(StateName::InReview)), now())];
    outcomes.push(request(Right::Access, state(StateName::InReview)).ask(now(), CLERK, text(), true).unwrap());
    outcomes.push(request(Right::Access, state(StateName::InReview)).refer(now(), CLERK, text(), text()).unwrap());
    for entry in outcomes.iter().flat_map(|o| &o.entries) {
        let line = serde_json::to_string(entry).unwrap();
        assert!(!line.contains("because") && !line.contains("ada@") && !line.contains("Ada"), "{line}");
    }
}

#[rstest::rstest]
#[case(Right::LimitSensitive, Level::None, StateName::Fulfilled)]
#[case(Right::WithdrawConsent, Level::None, StateName::Fulfilled)]
#[case(Right::Restriction, Level::None, StateName::InReview)]
#[case(Right::Objection, Level::None, StateName::InReview)]
#[case(Right::LimitSensitive, Level::Email, StateName::AwaitingVerification)]
fn what_the_law_leaves_nobody_to_decide_is_honoured_at_once(
    #[case] right: Right,
    #[case] required: Level,
    #[case] expected: StateName,
) {
    let asked =
        Request { verification: Verification::required(required), ..request(right, state(StateName::InReview)) };
    let outcome = submit(asked, now());
    assert_eq!(outcome.request.state.name(), expected);
    let marks = if expected == StateName::Fulfilled { Mark::of(right).map(Marking::Set) } else { None };
    assert_eq!(outcome.marks, marks.into_iter().collect::<Vec<_>>());
}

/// Nothing leaves, nor is packed or sent once more, that was made before an identifier was shown to be the person's.
#[test]
fn an_outdated_answer_is_made_again_before_it_leaves() {
    let failed = Transmission::Failed { at: now(), reason: "away".to_owned() };
    let waits = |outdated| {
        let mut waits = request(Right::Access, state(StateName::AwaitingRelease));
        if let State::AwaitingRelease { result, .. } = &mut waits.state {
            *result = Fulfilment { outdated, transmission: Some(failed.clone()), ..result.clone() };
        }
        waits
    };
    for outdated in [false, true] {
        let refused = |done: Transition| done.err() == Some(Refusal::Outdated);
        assert_eq!(refused(waits(outdated).release(now(), REVIEWER, None)), outdated);
        assert_eq!(refused(waits(outdated).run_again(now(), REVIEWER)), outdated);
        assert_eq!(refused(waits(outdated).pack_with_free_text(now(), REVIEWER, 0)), outdated);
        assert_eq!(refused(waits(outdated).transmit_again(now(), REVIEWER)), outdated);
        assert!(waits(outdated).search_again(now(), REVIEWER).is_ok());
    }
}

#[test]
fn an_answer_about_data_that_waits_is_made_again_and_withholds_again() {
    for (right, from) in [Right::Access, Right::Categories, Right::Deletion]
        .into_iter()
        .flat_map(|right| StateName::ALL.iter().map(move |from| (right, *from)))
    {
        let again = request(right, state(from)).search_again(now(), REVIEWER);
        assert_eq!(again.is_ok(), from == StateName::AwaitingRelease && right != Right::Deletion, "{right:?} {from:?}");
        let Ok(again) = again else { continue };
        assert!(matches!(again.request.state, State::Fulfilling { disclose: false, prepared: None, .. }));
        assert_eq!(again.jobs.len(), 1);
    }
}
