//! Letters: what the person is told, written from the request as it stands when the mail leaves.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::dispatch::Dispatch;
use super::office::Controller;
use super::{Error, Office};
use crate::domain::communication::Party;
use crate::domain::deadline::Duty;
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::job::Letter as Kind;
use crate::domain::policy::Policy;
use crate::domain::request::{Action, Completed, Fulfilment, Request, State};
use crate::domain::right::Right;
use crate::domain::task;
use crate::domain::verification::Challenge;
use crate::mail::letters::{
    Acknowledgement, Asked, Authority, ByHand, CarriedOut, Change, Clarification, Concerning, CorrectionDone,
    DeletionDone, Denied, Due, Erased, Expired, Extended, Message, NoMatch, OptOutHonoured, PackageReady, Referred,
    Remedies, VerificationCode, Withdrawn, compose,
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
    let letter = VerificationCode {
        name: Some(first.particulars.person.name.expose()),
        controller: &controller.policy.name,
        asked: &asked,
        code: code.expose_secret(),
        minutes: u32::try_from(Challenge::LIFETIME.num_minutes()).unwrap_or(10),
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
    let open: Vec<(&Request, String)> =
        requests.iter().filter(|r| r.right != Right::OptOut).map(|r| (r, r.id.reference())).collect();
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
    let complete = requests.iter().all(|r| r.verification.complete());
    let verification = if complete {
        "You have shown that this address is yours; nothing more is needed from you now."
    } else {
        "You have shown that this address is yours; if the law asks for more certainty, we will tell you what we need."
    };
    let letter = Acknowledgement {
        name: Some(first.particulars.person.name.expose()),
        controller: &controller.policy.name,
        due: &due,
        verification,
        contact: &controller.policy.privacy_email,
    };
    send(office, job, first, &letter).await
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
    let about = Concerning {
        name: Some(request.particulars.person.name.expose()),
        controller: &controller.policy.name,
        reference: &reference,
        right: request.right,
        contact: &controller.policy.privacy_email,
    };
    let page = office.address_of(id);
    let remedies = remedies(office, &request);
    match (kind, &request.state) {
        (Kind::Clarification, State::AwaitingRequester { question, .. }) => {
            let url = &format!("{page}/messages");
            let letter = Clarification { about, question: question.expose(), url, stops_the_clock: false };
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
        (Kind::Denied, State::Denied { ground, explanation, .. }) => {
            let known = office.regimes.get(&request.regime).and_then(|r| r.ground(ground));
            let ground = known.map_or(ground.as_str(), |g| g.title.as_str());
            send(office, job, &request, &Denied { about, ground, explanation: explanation.expose(), remedies }).await
        }
        (Kind::Referred, State::Referred { to, explanation, .. }) => {
            let letter = Referred { about, to: to.expose(), explanation: explanation.expose() };
            send(office, job, &request, &letter).await
        }
        (Kind::Withdrawn, State::Withdrawn { .. }) => send(office, job, &request, &Withdrawn { about }).await,
        (Kind::Expired, State::Expired { .. }) => {
            let missing = "The code we sent was not entered in time.";
            send(office, job, &request, &Expired { about, missing }).await
        }
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
    let controller = controller(office, request)?;
    let was = super::submit::deadlines(office, controller, request, false)
        .iter()
        .find(|d| d.duty == Duty::Response)
        .map_or(now.due, |d| d.due);
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
        return send(office, job, request, &NoMatch { about, remedies }).await;
    }
    let by_hand = &by_hand(result);
    if result.by_hand || (reads(request.right) && result.package.is_none() && !by_hand.is_empty()) {
        return send(office, job, request, &CarriedOut { about, by_hand, remedies }).await;
    }
    match request.right {
        Right::OptOut => {
            let of: Vec<&str> = result.opted_out_of.iter().map(|o| o.as_str()).collect();
            let since = day(office, request, done.at)?;
            let limits: Vec<&str> = controller(office, request)?.policy.exclusions_of(Right::OptOut).collect();
            send(office, job, request, &OptOutHonoured { about, of: &of, since, limits: &limits }).await
        }
        Right::Deletion => {
            let results = erased(result);
            let notes = of_a_deletion(&controller(office, request)?.policy, &results);
            send(office, job, request, &DeletionDone { about, results: &results, notes: &notes, remedies }).await
        }
        Right::Correction => {
            let changes = changes(result);
            send(office, job, request, &CorrectionDone { about, changes: &changes, by_hand, remedies }).await
        }
        _ => {
            let Some(package) = &result.package else { return Ok(()) };
            let url = &format!("{}/package", office.address_of(request.id));
            let until = day(office, request, package.expires_at)?;
            send(office, job, request, &PackageReady { about, url, until, by_hand }).await
        }
    }
}

/// What the policy says of deletions; how long things stay only where something did.
fn of_a_deletion<'a>(policy: &'a Policy, results: &[Erased<'_>]) -> Vec<&'a str> {
    let kept = results.iter().any(|r| r.kept > 0);
    let retention = policy.retention.iter().filter(|_| kept).map(|retention| retention.text.as_str());
    retention.chain(policy.exclusions_of(Right::Deletion)).collect()
}

/// Whether the right is answered with a package.
fn reads(right: Right) -> bool {
    matches!(right, Right::Access | Right::Portability | Right::Categories)
}

/// What was done with each collection, one line a collection.
fn erased(result: &Fulfilment) -> Vec<Erased<'_>> {
    let mut lines: Vec<Erased<'_>> = Vec::new();
    for line in &result.lines {
        let at = lines.iter().position(|l| l.collection == line.collection).unwrap_or_else(|| {
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

/// What the person can do about a decision: the authority that policy or regime names, and the courts where its letters name them.
fn remedies<'a>(office: &'a Office, request: &Request) -> Remedies<'a> {
    use crate::domain::regime::LetterPart;
    let regime = office.regimes.get(&request.regime);
    let controller = office.controller(&request.controller);
    let authority = controller.zip(regime).and_then(|(c, r)| c.policy.authority(r));
    Remedies {
        appeal: None,
        authority: authority.map(|a| Authority { name: &a.name, url: a.url.as_deref() }),
        court: regime.is_some_and(|r| r.denial_letter.contains(&LetterPart::Court)),
    }
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

/// The letter's id is its job's: a repeat after a crash is the same message.
async fn send(office: &Office, job: &Dispatch, request: &Request, template: &impl Template) -> Result<(), LetterError> {
    let text = compose(template);
    let person = &request.particulars.person;
    let id = job.id();
    job.wrote(request.id, Party::Requester, office.clock.now(), &text.subject, &text.body);
    let letter = Letter {
        id,
        to: person.email.clone(),
        to_name: Some(person.name.clone()),
        subject: text.subject,
        body: text.body,
        date: written_at(id).unwrap_or_else(|| office.clock.now()),
    };
    Ok(office.mailer.send(&letter).await?)
}
