//! Every verb about an agent's authority: where it applies, and what it leaves behind.

use rstest::rstest;
use uuid::Uuid;

use super::tests::{now, request, state};
use super::*;
use crate::domain::agent::{
    Agent, AgentTerms, Authorization, Document, DocumentKey, DocumentKind, MediaType, Proof, Standing,
};
use crate::domain::job::Job;
use crate::domain::verification::Verification;

const STAFF: Step = Step { now: DateTime::UNIX_EPOCH, by: Actor::Staff(StaffId(Uuid::from_u128(8))) };
const PERSON: Step = Step { now: DateTime::UNIX_EPOCH, by: Actor::Person };
const AGENT: Step = Step { now: DateTime::UNIX_EPOCH, by: Actor::Agent };

fn asked(right: Right, terms: AgentTerms) -> Request {
    let mut asked = request(right, state(StateName::InReview));
    let authorization = Authorization { terms, ..Authorization::default() };
    let (name, email) = ("Grace Agency".parse().unwrap(), "grace@agency.example".parse().unwrap());
    asked.particulars.agent = Some(Agent { name, email, authorization });
    submit(asked, now()).request
}

fn waiting() -> Request {
    asked(Right::Access, AgentTerms { by_law: true, may_confirm_with_person: true, ..AgentTerms::default() })
}

fn document(kind: DocumentKind) -> Document {
    let (media_type, key) = (MediaType::Pdf, DocumentKey::new([7; 32]));
    Document { id: Uuid::from_u128(3), kind, media_type, bytes: 9, uploaded_at: now(), key }
}

fn submitted() -> Request {
    waiting().authorization_submitted(AGENT, document(DocumentKind::SignedPermission)).unwrap().request
}

fn reason() -> Personal<String> {
    Personal::new("no signature".to_owned())
}

#[test]
fn an_agents_request_waits_for_authority_and_for_nothing_else() {
    let waiting = waiting();
    assert_eq!(waiting.state.name(), StateName::AwaitingAuthorization);
    assert_eq!(waiting.holder(), Actor::Agent);
}

type Verb = fn(Request) -> Result<Outcome, Refusal>;

#[rstest]
#[case::accepted(submitted(), |r: Request| r.authorization_accepted(STAFF, None), "in_review", "authorization.accepted")]
#[case::seen_on_paper(waiting(), |r: Request| r.authorization_accepted(STAFF, Some(DocumentKind::PowerOfAttorney)), "in_review", "authorization.accepted")]
#[case::refused(submitted(), |r: Request| r.authorization_refused(STAFF, reason()), "awaiting_authorization", "authorization.refused")]
#[case::confirmed(waiting(), |r: Request| r.authorization_confirmed(PERSON), "in_review", "authorization.accepted")]
#[case::confirmed_after_a_document(submitted(), |r: Request| r.authorization_confirmed(PERSON), "in_review", "authorization.accepted")]
#[case::disowned(waiting(), |r: Request| r.disowned(PERSON), "withdrawn", "authorization.disowned request.withdrawn")]
#[case::trusted(waiting(), |r: Request| r.agent_confirmed(AGENT, true), "in_review", "authorization.accepted")]
#[case::unknown(waiting(), |r: Request| r.agent_confirmed(AGENT, false), "awaiting_authorization", "authorization.address_confirmed")]
#[case::expired(waiting(), |r: Request| r.expire(STAFF), "expired", "request.expired")]
fn each_verb_leads_here(#[case] from: Request, #[case] verb: Verb, #[case] to: &str, #[case] events: &str) {
    let outcome = verb(from).unwrap();
    assert_eq!(outcome.request.state.name().as_str(), to);
    let told: Vec<&str> = outcome.entries.iter().map(|e| e.event.as_str()).collect();
    assert_eq!(told.join(" "), events);
    let trail = serde_json::to_string(&outcome.entries).unwrap();
    assert!(!trail.contains("Grace") && !trail.contains("signature"), "{trail}");
}

#[test]
fn there_has_to_be_something_to_decide_about() {
    assert_eq!(waiting().authorization_accepted(STAFF, None).unwrap_err(), Refusal::NoProof);
    assert_eq!(waiting().authorization_refused(STAFF, reason()).unwrap_err(), Refusal::NoProof);
    let refused = submitted().authorization_refused(STAFF, reason()).unwrap().request;
    assert_eq!(refused.clone().authorization_accepted(STAFF, None).unwrap_err(), Refusal::NoProof, "decided before");
    assert!(refused.authorization_submitted(AGENT, document(DocumentKind::PowerOfAttorney)).is_ok());
}

#[test]
fn nothing_is_decided_twice() {
    let accepted = submitted().authorization_accepted(STAFF, None).unwrap().request;
    for verb in [
        (|r: Request| r.authorization_accepted(STAFF, None)) as Verb,
        |r: Request| r.authorization_confirmed(PERSON),
        |r: Request| r.disowned(PERSON),
        |r: Request| r.agent_confirmed(AGENT, true),
        |r: Request| r.authorization_submitted(AGENT, document(DocumentKind::Guardian)),
    ] {
        assert!(matches!(verb(accepted.clone()), Err(Refusal::IllegalState { state: StateName::InReview, .. })));
    }
}

#[test]
fn what_is_shown_is_the_level_it_shows() {
    let high = |mut r: Request| {
        r.verification = Verification::required(Level::High);
        r
    };
    let by_staff = high(submitted()).authorization_accepted(STAFF, None).unwrap().request.verification;
    assert_eq!((by_staff.reached, by_staff.methods), (Level::High, vec![Method::AgentAttestation]));
    let by_person = high(waiting()).authorization_confirmed(PERSON).unwrap().request.verification;
    assert_eq!((by_person.reached, by_person.methods), (Level::Email, vec![Method::PersonConfirmation]));
}

#[test]
fn an_opt_out_is_honoured_as_soon_as_the_authority_is_shown() {
    let opt_out = asked(Right::OptOut, AgentTerms { by_law: true, ..AgentTerms::default() });
    let outcome = opt_out.authorization_accepted(STAFF, Some(DocumentKind::SignedPermission)).unwrap();
    assert_eq!(outcome.request.state.name(), StateName::Fulfilled);
    assert_eq!(outcome.opt_outs, OptOut::ALL);
    let letters: Vec<Letter> = outcome.jobs.iter().filter_map(letter_of).collect();
    assert_eq!(letters, [Letter::Completed, Letter::AnsweredForYou], "agent and person are told");
}

#[test]
fn a_guardian_speaks_for_the_person() {
    let terms = AgentTerms { by_law: true, guardian_only: true, ..AgentTerms::default() };
    let wrong = asked(Right::Deletion, terms.clone());
    let permission = document(DocumentKind::SignedPermission);
    assert_eq!(wrong.clone().authorization_submitted(AGENT, permission).unwrap_err(), Refusal::GuardianOnly);
    let seen = wrong.authorization_accepted(STAFF, Some(DocumentKind::PowerOfAttorney));
    assert_eq!(seen.unwrap_err(), Refusal::GuardianOnly);
    let trusted = asked(Right::Deletion, terms.clone()).agent_confirmed(AGENT, true).unwrap().request;
    assert_eq!(trusted.state.name(), StateName::AwaitingAuthorization, "a list of agents says nothing about parents");

    let right = asked(Right::OptOut, terms).authorization_submitted(AGENT, document(DocumentKind::Guardian)).unwrap();
    let outcome = right.request.authorization_accepted(STAFF, None).unwrap();
    let standing = &outcome.request.authorization().unwrap().standing;
    assert!(matches!(standing, Standing::Accepted { proof: Proof::Guardian, .. }));
    let letters: Vec<Letter> = outcome.jobs.iter().filter_map(letter_of).collect();
    assert_eq!(letters, [Letter::Completed], "a child is not written to");
}

fn letter_of(job: &NewJob) -> Option<Letter> {
    match job.job {
        Job::MailLetter { letter, .. } => Some(letter),
        _ => None,
    }
}
