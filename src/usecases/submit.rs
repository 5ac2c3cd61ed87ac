//! Submitting: from what the person asks to requests with a law, dates and a token, committed together.

use chrono::{DateTime, NaiveDate, Utc};

use super::authorize::person;
use super::idempotency::Keep;
use super::token::Token;
use super::{Error, Office, limits, receipt};
use crate::clock;
use crate::domain::agent::{Agent, AgentTerms};
use crate::domain::clocks::Clocks;
use crate::domain::ids::{BundleId, ControllerId, RegimeId, RequestId, StaffId};
use crate::domain::job::{AgencyLetter, Job, NewJob};
use crate::domain::lifecycle;
use crate::domain::policy::Terms;
use crate::domain::reckoning::Reckoning;
use crate::domain::regime::Regime;
use crate::domain::request::{Channel, Outcome, Particulars, Request, State};
use crate::domain::right::Right;
use crate::domain::verification::{Challenge, Verification};
use crate::store::{Bundle, Tx};

/// What is asked, parsed.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Of whom.
    pub controller: ControllerId,
    /// Which rights are exercised; at least one.
    pub rights: Vec<Right>,
    /// Under which law, where the requester names one.
    pub regime: Option<RegimeId>,
    /// Everything personal.
    pub particulars: Particulars,
    /// How it came in.
    pub channel: Channel,
    /// Who entered it on the person's behalf.
    pub entered_by: Option<StaffId>,
    /// When it was received, where that was before now: by post or telephone.
    pub received_at: Option<DateTime<Utc>>,
}

/// What the requester gets back.
pub struct Submitted {
    /// Opens the requests below.
    pub token: Token,
    /// One a right.
    pub requests: Vec<Request>,
    /// The receipt of each, in the same order.
    pub receipts: Vec<String>,
}

/// Takes a submission: all its requests are there afterwards, or none.
///
/// # Errors
/// [`Error::UnknownController`], [`Error::UnknownRegime`], [`Error::RightNotOffered`], [`Error::Invalid`],
/// [`Error::TooManySubmissions`].
pub async fn submit(
    office: &Office,
    submission: Submission,
    keep: Option<Keep<Submitted>>,
) -> Result<Submitted, Error> {
    let now = office.clock.now();
    let (controller, email) = (submission.controller.clone(), submission.particulars.person.email.clone());
    let from_outside = submission.entered_by.is_none();
    let (bundle, outcomes) = prepare(office, submission, now)?;
    if from_outside {
        limits::admit(office, controller, email, now).await?;
    }
    let token = Token::new(bundle.id, clock::random());
    let bundle = Bundle { token_hash: token.hash(), ..bundle };
    let requests: Vec<Request> = outcomes.iter().map(|o| o.request.clone()).collect();
    let receipts = requests.iter().map(|request| receipt::of_submission(office, request)).collect();
    let submitted = Submitted { token, requests, receipts };
    let remembered = keep.map(|keep| keep.answer(&submitted, now));
    office
        .store
        .write(move |tx| {
            if let Some(remembered) = &remembered {
                tx.remember(remembered)?;
            }
            commit(tx, &bundle, &outcomes, now)
        })
        .await?;
    metrics::counter!("habeas_requests_submitted_total").increment(submitted.requests.len() as u64);
    Ok(submitted)
}

fn commit(tx: &mut Tx<'_>, bundle: &Bundle, outcomes: &[Outcome], now: DateTime<Utc>) -> Result<(), Error> {
    tx.insert_bundle(bundle)?;
    for outcome in outcomes {
        tx.insert(outcome)?;
    }
    if outcomes.iter().any(|o| o.request.tells_person()) {
        let job = Job::MailAgency { bundle: bundle.id, letter: AgencyLetter::AskedInYourName };
        tx.enqueue(&NewJob { job, run_at: now })?;
    }
    let mail = match &bundle.challenge {
        Some(challenge) => Job::MailCode { bundle: bundle.id, serial: challenge.serial },
        // What is honoured at once is answered by its own letter.
        None if outcomes.iter().all(|o| o.request.state.name().is_final()) => return Ok(()),
        None => Job::MailAcknowledgement { bundle: bundle.id },
    };
    tx.enqueue(&NewJob { job: mail, run_at: now })?;
    Ok(())
}

fn prepare(office: &Office, mut submission: Submission, now: DateTime<Utc>) -> Result<(Bundle, Vec<Outcome>), Error> {
    let controller = office.controller(&submission.controller).ok_or(Error::UnknownController)?;
    submission.rights.sort_unstable();
    submission.rights.dedup();
    check(&submission, now)?;
    let received_at = submission.received_at.unwrap_or(now);
    let today = controller.policy.day_of(received_at);
    let residence = submission.particulars.person.residence.as_ref();
    let choice = office
        .regimes
        .choose(&controller.policy, submission.regime.as_ref(), residence, today)
        .map_err(|_| Error::UnknownRegime)?;
    let bundle_id = BundleId(clock::new_id(now));
    let reckoning = Reckoning { policy: &controller.policy, regime: choice.regime };
    let mut outcomes = Vec::with_capacity(submission.rights.len());
    for right in &submission.rights {
        let terms = Terms::of(&controller.policy, choice.regime, *right, today).ok_or_else(|| {
            let offered = controller.offers(choice.regime, today);
            Error::RightNotOffered { right: *right, regime: choice.regime.id.to_string(), offered }
        })?;
        let mut request = Request {
            id: RequestId(clock::new_id(now)),
            bundle: bundle_id,
            controller: submission.controller.clone(),
            right: *right,
            regime: choice.regime.id.clone(),
            regime_reason: choice.why.clone(),
            channel: submission.channel,
            entered_by: submission.entered_by,
            received_at,
            deadlines: Vec::new(),
            told: Vec::new(),
            extension: None,
            clocks: Clocks::default(),
            verification: Verification::required(terms.verification),
            assignee: None,
            state: State::InReview { since: now },
            remedies: None,
            appeals: Vec::new(),
            particulars: of_right(&submission.particulars, *right),
        };
        request.verification.ways = controller.policy.ways(&request.particulars);
        if let Some(agent) = &mut request.particulars.agent {
            agent.authorization.terms = agent_terms(controller, choice.regime, *right, today, agent)?;
        }
        if request.particulars.transmit_to.is_some() && person::goes_to_person(office, &request) {
            return Err(Error::invalid(
                "/transmit_to",
                "the company gives a package that an agent asked for to the person alone; leave it out, and the person can \
                 pass the package on",
            ));
        }
        request.clocks.starts_with_proof = choice.regime.starts.is_some() && request.verification.wants_code();
        request.deadlines = reckoning.deadlines(&request);
        let clocks = request.clocks.clone();
        outcomes.push(reckoning.dated(&clocks, lifecycle::submit(request, now), now));
    }
    // An agent's code proves the agent's own address, to which letters go, and says who they are to the registry.
    let asks = outcomes.iter().any(|o| o.request.particulars.agent.is_some() || o.request.verification.wants_code());
    let serial = u64::from_be_bytes(clock::random());
    let challenge = asks.then(|| Challenge::first(serial, now));
    let bundle =
        Bundle { id: bundle_id, controller: submission.controller, token_hash: [0; 32], created_at: now, challenge };
    Ok((bundle, outcomes))
}

/// On what terms the agent may ask for that right.
fn agent_terms(
    controller: &super::office::Controller,
    regime: &Regime,
    right: Right,
    today: NaiveDate,
    agent: &Agent,
) -> Result<AgentTerms, Error> {
    let announced = agent.authorization.announced;
    AgentTerms::of(&controller.policy, regime, right, today, announced).ok_or_else(|| Error::AgentNotAllowed {
        right,
        regime: regime.id.to_string(),
        allowed: AgentTerms::rights(&controller.policy, regime, today),
    })
}

fn check(submission: &Submission, now: DateTime<Utc>) -> Result<(), Error> {
    if submission.channel.is_signal() {
        return Err(Error::invalid(
            "/channel",
            "only a browser or a mail program sends these; say how the person asked",
        ));
    }
    if submission.rights.is_empty() {
        return Err(Error::invalid("/rights", "name at least one right"));
    }
    if submission.rights.contains(&Right::Correction) && submission.particulars.corrections.is_empty() {
        return Err(Error::invalid("/corrections", "a correction says which field should hold what"));
    }
    if submission.received_at.is_some_and(|at| at > now) {
        return Err(Error::invalid("/received_at", "a request is received before it is entered"));
    }
    if let Some(range) = submission.particulars.range
        && range.from.zip(range.to).is_some_and(|(from, to)| from > to)
    {
        return Err(Error::invalid("/range", "a range ends on or after the day it begins"));
    }
    Ok(())
}

/// A request keeps of the submission what its own right needs.
fn of_right(all: &Particulars, right: Right) -> Particulars {
    let mut own = all.clone();
    if right != Right::Correction {
        own.corrections.clear();
    }
    if right != Right::OptOut {
        own.opt_out_of.clear();
    }
    if right != Right::Portability {
        own.transmit_to = None;
    }
    own
}
