//! Appeals against every state, by everybody, in and out of time.

use rstest::rstest;
use uuid::Uuid;

use super::*;
use crate::domain::actor::Actor;
use crate::domain::deadline::promised;
use crate::domain::job::{Job, Letter};
use crate::domain::lifecycle::tests::{CLERK, REVIEWER, now, request, state, today};
use crate::domain::lifecycle::{Refusal, Step};
use crate::domain::request::{Fulfilment, StateName};
use crate::domain::right::Right;

const OFFICER: StaffId = StaffId(Uuid::from_u128(9));

fn step() -> Step {
    Step { now: now(), by: Actor::Requester }
}

fn why() -> Personal<String> {
    Personal::new("because".to_owned())
}

fn in_days(days: i64) -> NaiveDate {
    today() + chrono::TimeDelta::days(days)
}

fn filing(kind: AppealKind) -> Filing {
    let offer = AppealOffer { kind, until: Some(in_days(60)), answered_in_days: Some(45) };
    let deadlines = vec![promised(Duty::Appeal, today(), 45).unwrap()];
    Filing { grounds: why(), offer: Some(offer), deadlines, today: today() }
}

fn denied() -> Request {
    request(Right::Access, state(StateName::Denied))
}

fn appealed() -> Request {
    denied().file_appeal(step(), filing(AppealKind::Appeal)).unwrap().request
}

#[rstest]
fn an_appeal_is_against_a_refusal_and_a_complaint_about_anything(
    #[values(AppealKind::Appeal, AppealKind::Complaint)] kind: AppealKind,
) {
    for name in StateName::ALL {
        let allowed = match kind {
            AppealKind::Appeal => matches!(name, StateName::Denied | StateName::PartiallyFulfilled),
            AppealKind::Complaint => !matches!(name, StateName::AwaitingVerification | StateName::Expired),
        };
        let filed = request(Right::Access, state(*name)).file_appeal(step(), filing(kind));
        assert_eq!(filed.is_ok(), allowed, "{name:?}");
        if let Ok(outcome) = filed {
            assert_eq!(outcome.request.state.name(), *name, "the request stays as it is");
            assert_eq!(outcome.entries[0].event, "appeal.filed");
            assert_eq!(outcome.jobs.len(), 1, "the letter that it arrived");
        }
    }
}

#[test]
fn nothing_found_can_be_contested() {
    let State::Fulfilled(done) = state(StateName::Fulfilled) else { unreachable!() };
    let nothing = State::Fulfilled(Completed { result: Fulfilment::default(), ..done });
    assert!(request(Right::Access, nothing).file_appeal(step(), filing(AppealKind::Appeal)).is_ok());
}

#[rstest]
#[case::no_law_no_promise(Filing { offer: None, ..filing(AppealKind::Appeal) }, Refusal::NoAppeal)]
#[case::last_day(Filing { today: in_days(61), ..filing(AppealKind::Appeal) }, Refusal::TooLateToAppeal { until: in_days(60) })]
fn what_is_not_offered_is_refused(#[case] filing: Filing, #[case] expected: Refusal) {
    assert_eq!(denied().file_appeal(step(), filing).unwrap_err(), expected);
}

#[test]
fn the_last_day_is_in_time() {
    assert!(denied().file_appeal(step(), Filing { today: in_days(60), ..filing(AppealKind::Appeal) }).is_ok());
}

#[test]
fn one_appeal_a_decision_unless_it_was_taken_back() {
    let again = |request: Request| request.file_appeal(step(), filing(AppealKind::Appeal)).map(drop);
    assert_eq!(again(appealed()), Err(Refusal::AlreadyAppealed));
    let upheld = appealed().settle_appeal(now(), OFFICER, Verdict::Uphold, why()).unwrap().request;
    assert_eq!(again(upheld), Err(Refusal::AlreadyAppealed));
    let back = appealed().withdraw_appeal(step()).unwrap();
    assert!(matches!(back.jobs[0].job, Job::MailLetter { letter: Letter::AppealWithdrawn, .. }), "{:?}", back.jobs);
    assert_eq!(again(back.request), Ok(()));
    let overturned = appealed().settle_appeal(now(), OFFICER, Verdict::Overturn, why()).unwrap().request;
    let later = now() + chrono::TimeDelta::days(1);
    let denied_again = overturned.deny(later, REVIEWER, "excessive".into(), why()).unwrap().request;
    assert_eq!(again(denied_again), Ok(()), "another decision, another appeal");
}

#[rstest]
#[case::who_denied(denied(), CLERK, false)]
#[case::somebody_else(denied(), OFFICER, true)]
#[case::who_approved(request(Right::Deletion, state(StateName::PartiallyFulfilled)), REVIEWER, false)]
#[case::had_no_part(request(Right::Deletion, state(StateName::PartiallyFulfilled)), OFFICER, true)]
fn nobody_settles_an_appeal_against_their_own_decision(
    #[case] decided: Request,
    #[case] by: StaffId,
    #[case] allowed: bool,
) {
    for verdict in [Verdict::Uphold, Verdict::Overturn] {
        let filed = decided.clone().file_appeal(step(), filing(AppealKind::Appeal)).unwrap().request;
        let settled = filed.settle_appeal(now(), by, verdict, why());
        assert_eq!(settled.map(drop), if allowed { Ok(()) } else { Err(Refusal::OwnDecision) });
    }
}

#[test]
fn whoever_released_an_answer_took_part_in_it() {
    let State::PartiallyFulfilled(done) = state(StateName::PartiallyFulfilled) else { unreachable!() };
    let released = State::PartiallyFulfilled(Completed { released_by: Some(OFFICER), ..done });
    let filed = request(Right::Access, released).file_appeal(step(), filing(AppealKind::Appeal)).unwrap().request;
    assert_eq!(filed.settle_appeal(now(), OFFICER, Verdict::Uphold, why()).unwrap_err(), Refusal::OwnDecision);
}

#[test]
fn a_decision_that_falls_opens_the_request_with_the_appeals_date() {
    let outcome = appealed().settle_appeal(now(), OFFICER, Verdict::Overturn, why()).unwrap();
    let request = outcome.request;
    assert_eq!(request.state.name(), StateName::InReview);
    assert_eq!((request.due(), request.next_due()), (Some(in_days(45)), Some(in_days(45))));
    let fallen = match &request.appeals[0].state {
        AppealState::Overturned { decision: Some(decision), .. } => decision.name(),
        other => panic!("{other:?}"),
    };
    assert_eq!(fallen, StateName::Denied, "the decision is kept");
    assert_eq!(outcome.entries[0].event, "appeal.overturned");
}

#[test]
fn an_answer_that_fell_stays_the_persons_until_there_is_another() {
    let partly = request(Right::Access, state(StateName::PartiallyFulfilled));
    let filed = partly.file_appeal(step(), filing(AppealKind::Appeal)).unwrap().request;
    let reopened = filed.settle_appeal(now(), OFFICER, Verdict::Overturn, why()).unwrap().request;
    assert!(reopened.delivered().is_some());
    let denied = reopened.deny(now(), REVIEWER, "excessive".into(), why()).unwrap().request;
    assert!(denied.delivered().is_none());
}

#[test]
fn a_complaint_about_a_request_that_is_open_leaves_it_open() {
    let open = request(Right::Access, state(StateName::InReview));
    let filed = open.file_appeal(step(), filing(AppealKind::Complaint)).unwrap().request;
    assert_eq!(filed.next_due(), Some(today()), "the answer is due before the complaint's");
    let settled = filed.settle_appeal(now(), OFFICER, Verdict::Overturn, why()).unwrap().request;
    assert_eq!((settled.state.name(), settled.due()), (StateName::InReview, Some(today())));
}

#[test]
fn an_open_appeal_is_the_next_date_of_a_closed_request() {
    assert_eq!(appealed().next_due(), Some(in_days(45)));
    assert_eq!(appealed().due(), Some(today()), "the answer's own date stays");
    let upheld = appealed().settle_appeal(now(), OFFICER, Verdict::Uphold, why()).unwrap().request;
    assert_eq!(upheld.next_due(), Some(today()));
}

#[test]
fn an_appeal_is_extended_once_inside_its_period() {
    let longer = || Some(vec![promised(Duty::Appeal, today(), 105).unwrap()]);
    let extend = |request: Request, day, longer| request.extend_appeal(now(), day, OFFICER, why(), longer);
    let extended = extend(appealed(), in_days(45), longer()).unwrap().request;
    assert_eq!(extended.next_due(), Some(in_days(105)));
    assert_eq!(extend(extended, in_days(45), longer()).unwrap_err(), Refusal::AlreadyExtended);
    assert_eq!(extend(appealed(), in_days(46), longer()).unwrap_err(), Refusal::TooLateToExtend { due: in_days(45) });
    assert_eq!(extend(appealed(), today(), None).unwrap_err(), Refusal::NoExtension);
    assert_eq!(extend(denied(), today(), longer()).unwrap_err(), Refusal::NoOpenAppeal);
}

#[test]
fn a_sealed_appeal_opens_again() {
    let request = appealed().settle_appeal(now(), OFFICER, Verdict::Overturn, why()).unwrap().request;
    let sealed = serde_json::to_string(&request.appeals).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Appeal>>(&sealed).unwrap(), request.appeals);
    assert!(!format!("{:?}", request.appeals).contains("because"), "grounds and reasons are personal");
}
