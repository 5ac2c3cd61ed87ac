//! Letters: what the person is told, written from the request as it stands when the mail leaves.

mod agency;
mod appeals;
mod denial;
pub mod notices;
mod retained;
mod told;
mod transmission;

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use secrecy::ExposeSecret;
use uuid::Uuid;

use denial::Denial;
use told::Told;

use super::authorize::person::goes_to_person;
use super::dispatch::Dispatch;
use super::fulfil::{ground_title, marking};
use super::office::Controller;
use super::{Error, Office, recipients};
use crate::domain::communication::Party;
use crate::domain::deadline::Duty;
use crate::domain::identity::{Email, Name};
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::job::Letter as Kind;
use crate::domain::mark::Mark;
use crate::domain::policy::Policy;
use crate::domain::request::{Action, Completed, Exception, Fulfilment, Line, Request, State, StateName};
use crate::domain::right::Right;
use crate::domain::task;
use crate::domain::verification::Challenge;
use crate::mail::letters::{
    Acknowledgement, Answered, AnsweredInPart, Asked, ByHand, CarriedOut, Change, Clarification, Concerning,
    CorrectionDone, DeletionDone, Due, Erased, Expired, Extended, LeftOut, Lifted, Marked, Message, NoMatch, Notice,
    OptOutHonoured, PackageReady, Referred, Remedies, VerificationCode, Withdrawn, compose,
};
use crate::mail::{Letter, MailError};

/// Why a letter did not leave.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The mail server, or the directory.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The store, or a controller that is no longer configured.
    #[error(transparent)]
    Office(#[from] Error),
}

pub use agency::mail_agency;

/// Mails the current code of a bundle; a code that was replaced or used since is not sent.
///
/// # Errors
/// When the mail does not leave.
pub async fn mail_code(office: &Office, job: &Dispatch, bundle: BundleId, serial: u64) -> Result<(), LetterError> {
    let read = move |tx: &mut crate::store::Tx<'_>| Ok::<_, Error>((tx.bundle(bundle)?, tx.requests_of(bundle)?));
    let (bundle, requests) = office.store.read(read).await?;
    let current = bundle.and_then(|b| Some((b.id, b.challenge?)));
    let Some((id, challenge)) = current.filter(|(_, c)| c.serial == serial && c.confirmed_at.is_none()) else {
        return Ok(());
    };
    let Some(first) = requests.first() else { return Ok(()) };
    job.concerns(requests.iter().map(|r| r.id));
    let controller = controller(office, first)?;
    let code = office.store.keys().code(id, challenge.serial);
    let asked: Vec<(String, Right)> = requests.iter().map(|r| (r.id.reference(), r.right)).collect();
    let asked: Vec<Asked<'_>> = asked.iter().map(|(reference, right)| Asked { reference, right: *right }).collect();
    let minutes = u32::try_from(Challenge::LIFETIME.num_minutes()).unwrap_or(10);
    if let Some(agent) = &first.particulars.agent {
        return agency::code(office, job, &requests, agent, &code, &asked, minutes).await;
    }
    let letter = VerificationCode {
        name: Some(first.particulars.person.name.expose()),
        controller: &controller.policy.name,
        asked: &asked,
        code: code.expose_secret(),
        minutes,
    };
    send(office, job, first, &letter).await
}

/// Mails that the requests of a bundle were received, and when each is answered.
///
/// # Errors
/// When the mail does not leave.
pub async fn mail_acknowledgement(office: &Office, job: &Dispatch, bundle: BundleId) -> Result<(), LetterError> {
    let requests = office.store.read(move |tx| Ok::<_, Error>(tx.requests_of(bundle)?)).await?;
    let Some(first) = requests.first() else { return Ok(()) };
    job.concerns(requests.iter().map(|r| r.id));
    let controller = controller(office, first)?;
    let given_up = |r: &Request| matches!(r.state, State::Withdrawn { .. } | State::Expired { .. });
    // What the law leaves nobody to decide was answered when it was asked.
    let honoured = |r: &Request| {
        matches!(r.right, Right::OptOut | Right::LimitSensitive | Right::WithdrawConsent) && r.state.name().is_final()
    };
    let spoken_of = requests.iter().filter(|r| !honoured(r) && !given_up(r));
    let open: Vec<(&Request, String)> = spoken_of.map(|r| (r, r.id.reference())).collect();
    if open.is_empty() {
        return Ok(());
    }
    let due: Vec<Due<'_>> = open
        .iter()
        .filter_map(|(r, reference)| {
            let deadline = r.deadline(Duty::Response)?;
            Some(Due {
                reference,
                right: r.right,
                due: deadline.due,
                rule: &deadline.rule,
                citation: &deadline.citation,
            })
        })
        .collect();
    let agency = first.particulars.agent.as_ref().map(|_| {
        let person = first.particulars.person.name.expose();
        format!("You have shown that you may act for {person}; nothing more is needed from you now.")
    });
    let wanted = evidence_wanted(office, &requests);
    let unproved = requests.iter().any(|r| r.state.name() == StateName::AwaitingVerification);
    let unauthorized = requests.iter().any(|r| r.state.name() == StateName::AwaitingAuthorization);
    let verification = if unauthorized {
        "We cannot work on the request before you have shown that you may act for the person: upload the proof, or ask \
         them to confirm it by the link we mailed to them."
    } else if unproved {
        "To be sure that it is you, we mailed you a code of six digits. Please enter it; you can ask for a new one. \
         Until you do, we cannot work on the request. If the law asks for more certainty, we will tell you what we need."
    } else {
        agency.as_deref().unwrap_or(&wanted)
    };
    let letter = Acknowledgement {
        name: Some(addressee(first).1.expose()),
        controller: &controller.policy.name,
        due: &due,
        verification,
        contact: &controller.policy.privacy_email,
    };
    send(office, job, first, &letter).await
}

/// What the acknowledgement says of the person's identity (11 CCR 7021(a): how it is verified): no more than is missing.
fn evidence_wanted(office: &Office, requests: &[Request]) -> String {
    let shown = "You have shown that this address is yours;";
    if requests.iter().all(|r| r.verification.complete()) {
        return format!("{shown} nothing more is needed from you now.");
    }
    match requests.iter().find(|r| !r.verification_shown().offered.is_empty()) {
        Some(request) => format!(
            "{shown} for what you ask, more certainty is needed that it is you who asks. What you can do for that is shown \
             at {}/verification, and no more than is needed.",
            office.address_of(request.id)
        ),
        None => format!("{shown} if the law asks for more certainty, we will tell you what we need."),
    }
}

/// Mails a letter about one request. A letter that its request has since outlived is not sent.
///
/// # Errors
/// When the mail does not leave.
pub async fn mail_letter(office: &Office, job: &Dispatch, id: RequestId, kind: Kind) -> Result<(), LetterError> {
    let read = move |tx: &mut crate::store::Tx<'_>| Ok::<_, Error>((tx.request(id)?, tx.messages(id)?));
    let (request, messages) = office.store.read(read).await?;
    let Some(request) = request else { return Ok(()) };
    let controller = controller(office, &request)?;
    let reference = request.id.reference();
    let about = concerning(controller, &request, &reference);
    let page = office.address_of(id);
    let told = Told::with(office, &request);
    let remedies = told.shown();
    match (kind, &request.state) {
        (Kind::Clarification, State::AwaitingRequester { question, stops_clock, .. }) => {
            let url = &format!("{page}/messages");
            let letter = Clarification { about, question: question.expose(), url, stops_the_clock: *stops_clock };
            send(office, job, &request, &letter).await
        }
        (Kind::Message, _) => {
            let Some(text) = messages.iter().rev().find(|m| matches!(m.author, crate::domain::actor::Actor::Staff(_)))
            else {
                return Ok(());
            };
            let letter = Message { about, text: text.text.expose(), url: &format!("{page}/messages") };
            send(office, job, &request, &letter).await
        }
        (Kind::Extended, _) => extended(office, job, &request, about, remedies).await,
        (Kind::Denied, State::Denied { .. }) => {
            let regime = office.regimes.get(&request.regime);
            let Some(denial) = Denial::of(regime, &request, about.contact) else { return Ok(()) };
            send(office, job, &request, &denial.letter(about, &told)).await
        }
        (Kind::AppealReceived | Kind::AppealExtended | Kind::AppealSettled | Kind::AppealWithdrawn, _) => {
            appeals::mail(office, job, &request, kind, about).await
        }
        (Kind::Referred, State::Referred { to, explanation, .. }) => {
            let letter = Referred { about, to: to.expose(), explanation: explanation.expose() };
            send(office, job, &request, &letter).await
        }
        (Kind::Withdrawn, State::Withdrawn { .. }) => send(office, job, &request, &Withdrawn { about }).await,
        (Kind::Expired, State::Expired { .. }) => {
            let missing = match &request.particulars.agent {
                Some(_) => "It was not shown in time that you may act for the person.",
                None => "The code we sent was not entered in time.",
            };
            send(office, job, &request, &Expired { about, missing }).await
        }
        (Kind::ErasedLater, _) => retained::mail(office, job, &request, about).await,
        (Kind::AnsweredForYou, _) => agency::answered_for_you(office, job, &request, about).await,
        (Kind::Completed, State::Fulfilled(done) | State::PartiallyFulfilled(done)) => {
            completed(office, job, &request, done, about, remedies).await
        }
        _ => Ok(()),
    }
}

async fn extended(
    office: &Office,
    job: &Dispatch,
    request: &Request,
    about: Concerning<'_>,
    remedies: Remedies<'_>,
) -> Result<(), LetterError> {
    let (Some(extension), Some(now)) = (&request.extension, request.deadline(Duty::Response)) else { return Ok(()) };
    let first = Request { extension: None, ..request.clone() };
    let before = office.reckoning(request).map(|reckoning| reckoning.deadlines(&first)).unwrap_or_default();
    let was = before.iter().find(|d| d.duty == Duty::Response).map_or(now.due, |d| d.due);
    let reason = extension.reason.expose();
    let letter = Extended { about, reason, was, due: now.due, citation: &now.citation, remedies };
    send(office, job, request, &letter).await
}

async fn completed(
    office: &Office,
    job: &Dispatch,
    request: &Request,
    done: &Completed,
    about: Concerning<'_>,
    remedies: Remedies<'_>,
) -> Result<(), LetterError> {
    let result = &done.result;
    if result.no_match() {
        return send(office, job, request, &NoMatch { about, notes: &result.notes, remedies }).await;
    }
    let answer = result.answer.as_ref().map(|answer| answer.expose().as_str());
    if !result.statements.is_empty() {
        let statements = &result.statements;
        return send(office, job, request, &Answered { about, statements, answer, remedies }).await;
    }
    let by_hand = &by_hand(result);
    let on_paper_alone = request.right.reads() && result.package.is_none() && !by_hand.is_empty();
    if result.by_hand || on_paper_alone {
        return send(office, job, request, &CarriedOut { about, answer, by_hand, remedies }).await;
    }
    let told = told(controller(office, request)?, request, result);
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let told = told.as_slice();
    let notes: Vec<String> = result.notes.iter().cloned().chain(answer.map(str::to_owned)).collect();
    let notes: Vec<String> = notes.into_iter().chain(transmission::said(office, request, result)?).collect();
    let since = day(office, request, done.at)?;
    match request.right {
        Right::OptOut => {
            let of: Vec<&str> = result.opted_out_of.iter().map(|o| o.as_str()).collect();
            let limits: Vec<&str> = controller(office, request)?.policy.exclusions_of(Right::OptOut).collect();
            send(office, job, request, &OptOutHonoured { about, of: &of, since, limits: &limits, told }).await
        }
        Right::Deletion => {
            let results = erased(result);
            let regime = office.regimes.get(&request.regime);
            let note = |e: &Exception| {
                let ground = ground_title(regime, &e.ground);
                format!("Why {} is kept: {ground}\n{}", e.collection, e.explanation.expose())
            };
            let decided: Vec<String> = done.approval.except.iter().map(note).collect();
            let mut said: Vec<&str> = decided.iter().map(|note| note.trim_end_matches('.')).collect();
            said.extend(of_a_deletion(&controller(office, request)?.policy, &results));
            said.extend(notes.iter().map(|note| note.trim_end_matches('.')));
            send(office, job, request, &DeletionDone { about, results: &results, notes: &said, told, remedies }).await
        }
        Right::Correction => {
            let changes = changes(result);
            send(office, job, request, &CorrectionDone { about, changes: &changes, told, by_hand, remedies }).await
        }
        Right::Restriction | Right::Objection | Right::LimitSensitive | Right::WithdrawConsent => {
            let Some(mark) = result.marked else { return Ok(()) };
            let sensitive = sensitive_kinds(controller(office, request)?, mark);
            send(office, job, request, &Marked { about, mark, since, sensitive: &sensitive, told }).await
        }
        _ => {
            if result.package.is_some() && goes_to_person(office, request) {
                return agency::package_for_person(office, job, request, about).await;
            }
            let url = format!("{}/package", office.address_of(request.id));
            let until = result.package.as_ref().map(|p| day(office, request, p.expires_at)).transpose()?;
            let package = until.map(|until| (url.as_str(), until));
            if !done.approval.except.is_empty() {
                return in_part(office, job, request, package, about, &notes, remedies).await;
            }
            let Some((url, until)) = package else { return Ok(()) };
            send(office, job, request, &PackageReady { about, url, until, notes: &notes, by_hand }).await
        }
    }
}

async fn in_part(
    office: &Office,
    job: &Dispatch,
    request: &Request,
    package: Option<(&str, NaiveDate)>,
    about: Concerning<'_>,
    notes: &[String],
    remedies: Remedies<'_>,
) -> Result<(), LetterError> {
    let regime = office.regimes.get(&request.regime);
    let except = request.state.exceptions();
    let grounds: Vec<String> = except.iter().map(|e| ground_title(regime, &e.ground)).collect();
    let left_out = |(e, ground)| {
        let (e, ground): (&Exception, &String) = (e, ground);
        LeftOut { collection: &e.collection, ground, explanation: e.explanation.expose() }
    };
    let left_out: Vec<LeftOut<'_>> = except.iter().zip(&grounds).map(left_out).collect();
    send(office, job, request, &AnsweredInPart { about, package, left_out: &left_out, notes, remedies }).await
}

/// What the policy says of deletions; how long things stay only where something did.
fn of_a_deletion<'a>(policy: &'a Policy, results: &[Erased<'_>]) -> Vec<&'a str> {
    let kept = results.iter().any(|r| r.kept > 0);
    let retention = policy.retention.iter().filter(|_| kept).map(|retention| retention.text.as_str());
    retention.chain(policy.exclusions_of(Right::Deletion)).collect()
}

/// The recipients who hear of a result by mail; by the policy, since their mails may leave after this letter.
fn told(controller: &Controller, request: &Request, result: &Fulfilment) -> Vec<String> {
    if result.changed() { recipients::of(&controller.policy, request.right).by_mail } else { Vec::new() }
}

/// The kinds of sensitive data that the company holds of anybody, for a letter about limits on them.
fn sensitive_kinds(controller: &Controller, mark: Mark) -> Vec<String> {
    let places = marking::plan(controller, mark).sensitive;
    let mut kinds: Vec<String> = places.into_iter().flat_map(|place| place.kinds).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Mails one recipient of the data what was done with it.
///
/// # Errors
/// When the mail does not leave.
pub async fn mail_notice(office: &Office, job: &Dispatch, id: RequestId, recipient: &str) -> Result<(), LetterError> {
    let Some(request) = office.store.read(move |tx| Ok::<_, Error>(tx.request(id)?)).await? else { return Ok(()) };
    let controller = controller(office, &request)?;
    let known = controller.policy.recipients.iter().find(|r| r.name == recipient).and_then(|r| r.address());
    // The policy no longer names it, or no address of it: nobody to write to.
    let Some(to) = known else { return Ok(()) };
    let opted_out_of = request.state.result().map(|r| r.opted_out_of.as_slice()).unwrap_or_default();
    let of: Vec<&str> = opted_out_of.iter().map(|o| o.as_str()).collect();
    let notice = Notice {
        recipient,
        controller: &controller.policy.name,
        contact: &controller.policy.privacy_email,
        reference: &request.id.reference(),
        right: request.right,
        email: request.particulars.person.email.expose(),
        of: &of,
    };
    deliver(office, job, (id, Party::Other), (to, None), &notice).await
}

/// Mails that a mark falls, and why; not where nobody decided it, or it fell already.
///
/// # Errors
/// When the mail does not leave.
pub async fn mail_lifting(office: &Office, job: &Dispatch, id: RequestId) -> Result<(), LetterError> {
    let Some(request) = office.store.read(move |tx| Ok::<_, Error>(tx.request(id)?)).await? else { return Ok(()) };
    let lifting = request.state.result().and_then(|result| result.lifting.as_ref());
    let Some(lifting) = lifting.filter(|lifting| lifting.lifted_at.is_none()) else { return Ok(()) };
    let controller = controller(office, &request)?;
    let reference = request.id.reference();
    let about = concerning(controller, &request, &reference);
    let told = Told::with(office, &request);
    let letter = Lifted { about, reason: lifting.reason.expose(), remedies: told.shown() };
    send(office, job, &request, &letter).await
}

fn concerning<'a>(controller: &'a Controller, request: &'a Request, reference: &'a str) -> Concerning<'a> {
    Concerning {
        name: Some(addressee(request).1.expose()),
        on_behalf_of: request.particulars.agent.as_ref().map(|_| request.particulars.person.name.expose()),
        controller: &controller.policy.name,
        reference,
        right: request.right,
        contact: &controller.policy.privacy_email,
    }
}

/// What was done with each collection, one line a collection; one more where rows are kept on another ground.
fn erased(result: &Fulfilment) -> Vec<Erased<'_>> {
    erased_lines(&result.lines)
}

fn erased_lines(done: &[Line]) -> Vec<Erased<'_>> {
    let mut lines: Vec<Erased<'_>> = Vec::new();
    for line in done {
        let keeps = matches!(line.action, Action::Kept | Action::KeptShared) && line.note.is_some();
        let fits = |l: &Erased<'_>| !keeps || l.why_kept.is_none_or(|why| Some(why) == line.note.as_deref());
        let at = lines.iter().position(|l| l.collection == line.collection && fits(l)).unwrap_or_else(|| {
            lines.push(Erased { collection: &line.collection, deleted: 0, masked: 0, kept: 0, why_kept: None });
            lines.len() - 1
        });
        let entry = &mut lines[at];
        match line.action {
            Action::Deleted => entry.deleted += line.rows,
            Action::Masked => entry.masked += line.rows,
            Action::Kept | Action::KeptShared => {
                entry.kept += line.rows;
                entry.why_kept = line.note.as_deref().or(entry.why_kept);
            }
            // How many rows there are nobody asked.
            Action::Excluded => entry.why_kept = line.note.as_deref().or(entry.why_kept),
            _ => {}
        }
    }
    lines
}

/// What staff did in places that no connector reaches.
fn by_hand(result: &Fulfilment) -> Vec<ByHand<'_>> {
    let lines = result.lines.iter().filter(|line| line.system == task::BY_HAND);
    let told = lines.map(|line| {
        let done = match line.action {
            Action::Disclosed => "of which you get a copy",
            Action::Corrected => "corrected",
            Action::Kept => "kept",
            _ => "treated as you asked",
        };
        ByHand { place: &line.collection, records: line.rows, done, why_kept: line.note.as_deref() }
    });
    told.collect()
}

fn changes(result: &Fulfilment) -> Vec<Change<'_>> {
    result
        .lines
        .iter()
        .filter_map(|line| {
            let refused = match line.action {
                Action::Corrected => None,
                _ => Some(line.note.as_deref().unwrap_or("it could not be made")),
            };
            Some(Change { field: line.field.as_deref()?, refused })
        })
        .collect()
}

fn controller<'a>(office: &'a Office, request: &Request) -> Result<&'a Controller, Error> {
    office.controller(&request.controller).ok_or(Error::UnknownController)
}

fn day(office: &Office, request: &Request, at: DateTime<Utc>) -> Result<NaiveDate, Error> {
    Ok(controller(office, request)?.policy.day_of(at))
}

/// When the job was made, which its id (a version 7 UUID) says: a repeat bears the same date.
fn written_at(job: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = job.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

/// Who is written to about a request: the agent, where one acts for the person.
fn addressee(request: &Request) -> (&Email, &Name) {
    let person = &request.particulars.person;
    request.particulars.agent.as_ref().map_or((&person.email, &person.name), |agent| (&agent.email, &agent.name))
}

async fn send(office: &Office, job: &Dispatch, request: &Request, template: &impl Template) -> Result<(), LetterError> {
    send_to(office, job, (request.id, Party::Requester), addressee(request), template).await
}

async fn send_to(
    office: &Office,
    job: &Dispatch,
    concerned: (RequestId, Party),
    (email, name): (&Email, &Name),
    template: &impl Template,
) -> Result<(), LetterError> {
    deliver(office, job, concerned, (email.clone(), Some(name.clone())), template).await
}

/// The letter's id is its job's: a repeat after a crash is the same message.
async fn deliver(
    office: &Office,
    job: &Dispatch,
    (about, party): (RequestId, Party),
    (to, to_name): (Email, Option<Name>),
    template: &impl Template,
) -> Result<(), LetterError> {
    let text = compose(template);
    let id = job.id();
    job.wrote(about, party, office.clock.now(), &text.subject, &text.body);
    let letter = Letter {
        id,
        to,
        to_name,
        subject: text.subject,
        body: text.body,
        date: written_at(id).unwrap_or_else(|| office.clock.now()),
    };
    Ok(office.mailer.send(&letter).await?)
}
