//! What staff decide about a request.

mod denial;
mod partly;

use chrono::{DateTime, Utc};

use super::fulfil::{self, check_transmission};
use super::remedies::remedies;
use super::{Error, Office, tasks};
use crate::clock;
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::ids::{MessageId, RequestId, StaffId};
use crate::domain::job::{Job, Letter, NewJob};
use crate::domain::lifecycle::{Refusal, Step};
use crate::domain::personal::Personal;
use crate::domain::policy::{Approval, Referral};
use crate::domain::request::{Exception, Extension, Outcome, Request, State, StateName, Transmission};
use crate::domain::right::Right;
use crate::store::{Message, Tx};

/// What an approval says beyond that it is one.
#[derive(Clone, Debug, Default)]
pub struct Approving {
    /// The collections that are left out, for which the request is denied.
    pub except: Vec<Exception>,
    /// Whether the package may go to the address that the person named (GDPR Art. 20(2)).
    pub transmit: bool,
}

/// Approves: the company's systems will be searched or changed, but for the collections that are left out; and staff
/// look through what the policy names.
///
/// # Errors
/// [`Error::Refused`], also where the policy wants evidence that is not there; for an exception also
/// [`Error::Invalid`], [`Error::UnknownGround`] and, where what is kept would refer to what is deleted,
/// [`Error::Obstacles`]. [`Error::Invalid`] too where there is no address to which a package can be sent.
pub async fn approve(office: &Office, by: StaffId, id: RequestId, approving: Approving) -> Result<Request, Error> {
    let Approving { except, transmit } = approving;
    if !except.is_empty() {
        partly::check(office, id, &except).await?;
    }
    let now = office.clock.now();
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let controller = inner.controller(&request.controller).ok_or(Error::UnknownController)?;
            if controller.policy.approval == Approval::NeedsEvidence {
                request.needs_its_evidence()?;
            }
            let clocks = request.clocks.clone();
            let mut outcome = request.approve_except(now, by, except.clone())?;
            if transmit {
                check_transmission(&inner, &outcome.request)?;
                outcome = outcome.with_transmission(now, by);
            }
            let outcome = inner.dated(&clocks, outcome, now);
            tx.save(&outcome)?;
            tasks::arise(&inner, tx, &outcome.request, now)?;
            Ok(outcome.request)
        })
        .await
}

/// Refuses, on a ground that the request's regime knows. Who could not be identified is given or offered instead what
/// the regime says.
///
/// # Errors
/// [`Error::UnknownGround`], [`Error::GroundNotGiven`], [`Error::Refused`].
pub async fn deny(office: &Office, by: StaffId, id: RequestId, ground: String, why: String) -> Result<Request, Error> {
    let now = office.clock.now();
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let instead = denial::instead(&inner, tx, &request, Step { now, by: Actor::Staff(by) }, &ground)?;
            let outcome = request.deny_instead(now, by, ground.clone(), Personal::new(why.clone()), instead.answer)?;
            tx.save(&outcome.with_remedies(|request| remedies(&inner, request, now)))?;
            if let Some(opened) = &instead.opened {
                tx.insert(opened)?;
            }
            let request = tx.request(id)?.ok_or(Error::NotFound("request"))?;
            forget_free_text(tx, &request)?;
            wake_siblings(tx, &request, now)?;
            Ok(request)
        })
        .await
}

/// Takes the regime's longer period and tells the person why.
///
/// # Errors
/// [`Error::Refused`] when it was taken before, is too late, or is unknown to the regime.
pub async fn extend(office: &Office, by: StaffId, id: RequestId, reason: String) -> Result<Request, Error> {
    let now = office.clock.now();
    let inner = office.clone();
    transition(office, id, move |request| {
        let reckoning = inner.reckoning(&request).ok_or(Error::UnknownController)?;
        let reason = Personal::new(reason.clone());
        let longer = reckoning.extended(&request, Extension { at: now, by, reason: reason.clone() });
        let today = reckoning.policy.day_of(now);
        Ok(request.extend(now, today, by, reason, longer)?)
    })
    .await
}

/// Asks the requester something. `stops_clock` says whether the response clock stands still until the answer; left out,
/// it does wherever the law lets it.
///
/// # Errors
/// [`Error::Refused`], also when the clock shall stop and the law does not let it.
pub async fn ask(
    office: &Office,
    by: StaffId,
    id: RequestId,
    question: String,
    stops_clock: Option<bool>,
) -> Result<Request, Error> {
    let now = office.clock.now();
    let author = Actor::Staff(by);
    let text = Personal::new(question);
    let message = Message { id: MessageId(clock::new_id(now)), request: id, at: now, author, text };
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let may_stop =
                inner.reckoning(&request).ok_or(Refusal::ClockRunsOn).and_then(|r| r.may_stop(&request, now));
            let stops = match stops_clock {
                Some(true) => may_stop.map(|()| true)?,
                Some(false) => false,
                None => may_stop.is_ok(),
            };
            let outcome = request.ask(now, by, message.text.clone(), stops)?;
            tx.save(&outcome)?;
            tx.insert_message(&message)?;
            Ok(outcome.request)
        })
        .await
}

/// To whom a person is referred: a preset of the policy's, words of one's own, or both, of which one's own count.
#[derive(Clone, Debug, Default)]
pub struct Referring {
    /// The preset's id.
    pub preset: Option<String>,
    /// To whom the person should turn.
    pub to: Option<String>,
    /// Why.
    pub explanation: Option<String>,
}

/// Names the controller who is responsible.
///
/// # Errors
/// [`Error::Invalid`] for an unknown preset, or when neither it nor the words say to whom and why; [`Error::Refused`].
pub async fn refer(office: &Office, by: StaffId, id: RequestId, referring: Referring) -> Result<Request, Error> {
    let now = office.clock.now();
    let inner = office.clone();
    transition(office, id, move |request| {
        let controller = inner.controller(&request.controller).ok_or(Error::UnknownController)?;
        let named = |id: &String| controller.policy.referrals.iter().find(|r| r.id == *id);
        let preset = match &referring.preset {
            Some(id) => Some(named(id).ok_or_else(|| Error::invalid("/preset", "the policy has no such referral"))?),
            None => None,
        };
        let to = referring.to.clone().or_else(|| preset.map(Referral::to));
        let why = referring.explanation.clone().or_else(|| preset.map(|p| p.text.clone()));
        let to = to.ok_or_else(|| Error::invalid("/to", "say to whom the person should turn, or name a preset"))?;
        let why = why.ok_or_else(|| Error::invalid("/explanation", "say why, or name a preset"))?;
        Ok(request.refer(now, by, Personal::new(to), Personal::new(why))?)
    })
    .await
}

/// Hands the request to a member of staff who may work on it, or puts it back with `None`.
///
/// # Errors
/// [`Error::Invalid`] when nobody of that id can work on requests.
pub async fn assign(office: &Office, by: StaffId, id: RequestId, to: Option<StaffId>) -> Result<Request, Error> {
    use crate::domain::staff::Permission;
    let step = Step { now: office.clock.now(), by: Actor::Staff(by) };
    office
        .store
        .write(move |tx| {
            if let Some(to) = to {
                let able =
                    tx.staff(to)?.is_some_and(|s| s.role.may(Permission::Decide) || s.role.may(Permission::Enter));
                if !able {
                    return Err(Error::invalid("/to", "nobody of that id works on requests"));
                }
            }
            let outcome = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?.assign(step, to)?;
            tx.save(&outcome)?;
            Ok(outcome.request)
        })
        .await
}

/// What staff do with what was withheld because it names somebody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// It stays out of the package.
    #[default]
    Keep,
    /// Staff looked and found no harm: the package is made again with it, and waits for release once more.
    Disclose,
}

/// Releases the answer, with staff's own words where they did something themselves; or has the package made again with
/// what was withheld.
///
/// # Errors
/// [`Error::Refused`]; [`Error::Invalid`] where a decision by machine was to be looked at by a person and nothing says
/// what came of it, or where an answer is given although the package is made again first.
pub async fn release(
    office: &Office,
    by: StaffId,
    id: RequestId,
    withheld: Withheld,
    answer: Option<Personal<String>>,
) -> Result<Request, Error> {
    let now = office.clock.now();
    let inner = office.clone();
    let reads = |right| matches!(right, Right::Access | Right::Portability);
    fulfil::renew(office, id).await?;
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let again = withheld == Withheld::Disclose
                && reads(request.right)
                && request.state.result().is_some_and(|r| r.withheld > 0);
            if answer.is_none() && review_owed(&inner, &request) {
                let detail =
                    "the policy names decisions by machine alone: say in `answer` what the review by a person came to";
                return Err(Error::invalid("/answer", detail));
            }
            let sent = transmission_failed(&request);
            let looked_at = !sent && request.state.result().is_some_and(|r| r.free_text_open > 0);
            if answer.is_some() && (again || looked_at) {
                let detail = "the package is made again first and waits for release once more: give the answer then";
                return Err(Error::invalid("/answer", detail));
            }
            let outcome: Outcome = if again {
                request.run_again(now, by)?
            } else if sent {
                // The work by hand joined the answer when it was released the first time.
                request.release(now, by, answer.clone())?
            } else if looked_at {
                let open = tx.open_free_texts(id)?;
                request.pack_with_free_text(now, by, open)?
            } else {
                tasks::join(&inner, tx, request)?.release(now, by, answer.clone())?
            };
            let outcome = fulfil::delivered(&inner, outcome, now);
            let outcome = outcome.with_remedies(|request| remedies(&inner, request, now));
            tx.save(&outcome)?;
            forget_free_text(tx, &outcome.request)?;
            wake_siblings(tx, &outcome.request, now)?;
            Ok(outcome.request)
        })
        .await
}

/// What staff had to look at is other people's, too: our copy of it goes with the answer (GDPR Art. 5(1)(e)).
pub(super) fn forget_free_text(tx: &mut Tx<'_>, request: &Request) -> Result<(), Error> {
    let read = matches!(request.right, Right::Access | Right::Portability);
    if read && request.state.name().is_final() { Ok(tx.forget_free_texts(request.id)?) } else { Ok(()) }
}

/// Whether a person has to have looked at a decision that was taken by machine alone (GDPR Art. 22(3)).
fn review_owed(office: &Office, request: &Request) -> bool {
    let said = office.controller(&request.controller).and_then(|c| c.policy.automated_decisions.as_ref());
    request.right == Right::AutomatedDecision && said.is_some_and(|said| !said.decisions.is_empty())
}

/// Whether a package was released and did not reach the other company.
fn transmission_failed(request: &Request) -> bool {
    let transmission = request.state.result().and_then(|result| result.transmission.as_ref());
    !request.state.name().is_final() && matches!(transmission, Some(Transmission::Failed { .. }))
}

/// Has work that failed tried again at once, a package that another company did not take among it; an answer about data
/// that waits for release is made again of what the systems hold now.
///
/// # Errors
/// [`Error::Refused`] when no work of the request waits.
pub async fn retry(office: &Office, by: StaffId, id: RequestId) -> Result<Request, Error> {
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            // A package without what was shown since is not sent once more.
            if transmission_failed(&request) && !request.is_outdated() {
                let outcome = request.transmit_again(now, by)?;
                tx.save(&outcome)?;
                return Ok(outcome.request);
            }
            if request.state.name() == StateName::AwaitingRelease && request.right.reads() {
                if let Some(approval) = request.state.approval() {
                    // Services are asked anew as well: another identifier may have been shown since, and other keys be known.
                    tx.forget_finds(id, approval.at)?;
                }
                let outcome = request.search_again(now, by)?;
                tx.save(&outcome)?;
                return Ok(outcome.request);
            }
            if tx.retry_now(id, now)? == 0 {
                return Err(Refusal::IllegalState { verb: "retried", state: request.state.name() }.into());
            }
            let step = NewEntry::new(&request.controller, Some(id), now, Actor::Staff(by), "request.retried");
            tx.append(&step)?;
            Ok(request)
        })
        .await
}

/// Staff write to the requester.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn write_message(office: &Office, by: StaffId, id: RequestId, text: String) -> Result<Message, Error> {
    let now = office.clock.now();
    let message = Message {
        id: MessageId(clock::new_id(now)),
        request: id,
        at: now,
        author: Actor::Staff(by),
        text: Personal::new(text),
    };
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            tx.insert_message(&message)?;
            tx.enqueue(&NewJob { job: Job::MailLetter { request: id, letter: Letter::Message }, run_at: now })?;
            tx.append(&NewEntry::new(&request.controller, Some(id), now, message.author, "request.message_sent"))?;
            Ok(message.clone())
        })
        .await
}

/// Closes requests whose requesters never proved who they are; gives how many.
///
/// # Errors
/// When the store fails.
pub async fn expire(office: &Office) -> Result<usize, Error> {
    let now = office.clock.now();
    let shortest = office.controllers().map(|c| c.policy.verification_days).min().unwrap_or(30);
    let before = now - chrono::TimeDelta::days(i64::from(shortest));
    let waiting = office.store.read(move |tx| Ok::<_, Error>(tx.expired_candidates(before, 100)?)).await?;
    let mut expired = 0;
    for id in waiting {
        let inner = office.clone();
        let closed = transition(office, id, move |request| {
            let days = inner.controller(&request.controller).map_or(shortest, |c| c.policy.verification_days);
            let since = match request.state {
                State::AwaitingVerification { since } | State::AwaitingAuthorization { since } => since,
                _ => now,
            };
            if now - since < chrono::TimeDelta::days(i64::from(days)) {
                return Err(Refusal::IllegalState { verb: "expired", state: request.state.name() }.into());
            }
            Ok(request.expire(Step { now, by: Actor::System })?)
        })
        .await;
        match closed {
            Ok(request) if request.state.name() == StateName::Expired => expired += 1,
            Ok(_) | Err(Error::Refused(_) | Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(expired)
}

/// A deletion waits until the rest of its bundle is answered: once this request is, it is looked at again.
pub(super) fn wake_siblings(tx: &mut Tx<'_>, request: &Request, now: DateTime<Utc>) -> Result<(), Error> {
    if !request.state.name().is_final() {
        return Ok(());
    }
    for sibling in tx.siblings_in(request.bundle, request.id, StateName::Fulfilling)? {
        tx.enqueue(&NewJob { job: Job::Fulfil { request: sibling }, run_at: now })?;
    }
    Ok(())
}

/// Loads, transitions, saves: in one transaction, with the row locked.
async fn transition(
    office: &Office,
    id: RequestId,
    verb: impl Fn(Request) -> Result<Outcome, Error> + Send + 'static,
) -> Result<Request, Error> {
    let now = office.clock.now();
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let clocks = request.clocks.clone();
            let outcome = inner.dated(&clocks, verb(request)?, now);
            tx.save(&outcome)?;
            wake_siblings(tx, &outcome.request, now)?;
            Ok(outcome.request)
        })
        .await
}
