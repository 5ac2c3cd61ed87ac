//! What staff decide about a request.

use chrono::{DateTime, Utc};

use super::submit::deadlines;
use super::{Error, Office, tasks};
use crate::clock;
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::deadline::{Deadline, Duty};
use crate::domain::ids::{MessageId, RequestId, StaffId};
use crate::domain::job::{Job, Letter, NewJob};
use crate::domain::lifecycle::{Refusal, Step};
use crate::domain::personal::Personal;
use crate::domain::request::{Outcome, Request, State, StateName};
use crate::domain::right::Right;
use crate::store::{Message, Tx};

/// Approves: the company's systems will be searched or changed, and staff look through what the policy names.
///
/// # Errors
/// [`Error::Refused`].
pub async fn approve(office: &Office, by: StaffId, id: RequestId) -> Result<Request, Error> {
    let now = office.clock.now();
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let outcome = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?.approve(now, by)?;
            tx.save(&outcome)?;
            tasks::arise(&inner, tx, &outcome.request, now)?;
            Ok(outcome.request)
        })
        .await
}

/// Refuses, on a ground that the request's regime knows.
///
/// # Errors
/// [`Error::UnknownGround`], [`Error::Refused`].
pub async fn deny(office: &Office, by: StaffId, id: RequestId, ground: String, why: String) -> Result<Request, Error> {
    let now = office.clock.now();
    let regimes = office.regimes.clone();
    transition(office, id, move |request| {
        let regime = regimes.get(&request.regime).ok_or(Error::UnknownRegime)?;
        if !regime.grounds_against(request.right).any(|g| g.code == ground) {
            let known = regime.grounds_against(request.right).map(|g| g.code.clone()).collect();
            return Err(Error::UnknownGround { known });
        }
        Ok(request.deny(now, by, ground.clone(), Personal::new(why.clone()))?)
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
        let controller = inner.controller(&request.controller).ok_or(Error::UnknownController)?;
        let longer = deadlines(&inner, controller, &request, true);
        let answer = |dates: &[Deadline]| dates.iter().find(|d| d.duty == Duty::Response).map(|d| d.due);
        // A law without an extension, and a promise that reserves none, give no later date.
        let longer = (answer(&longer) > answer(&request.deadlines)).then_some(longer);
        let today = controller.policy.day_of(now);
        Ok(request.extend(now, today, by, Personal::new(reason.clone()), longer)?)
    })
    .await
}

/// Asks the requester something.
///
/// # Errors
/// [`Error::Refused`].
pub async fn ask(office: &Office, by: StaffId, id: RequestId, question: String) -> Result<Request, Error> {
    let now = office.clock.now();
    let author = Actor::Staff(by);
    let text = Personal::new(question);
    let message = Message { id: MessageId(clock::new_id(now)), request: id, at: now, author, text };
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let outcome = request.ask(now, by, message.text.clone())?;
            tx.save(&outcome)?;
            tx.insert_message(&message)?;
            Ok(outcome.request)
        })
        .await
}

/// Names the controller who is responsible.
///
/// # Errors
/// [`Error::Refused`].
pub async fn refer(office: &Office, by: StaffId, id: RequestId, to: String, why: String) -> Result<Request, Error> {
    let now = office.clock.now();
    transition(office, id, move |request| {
        Ok(request.refer(now, by, Personal::new(to.clone()), Personal::new(why.clone()))?)
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

/// Releases the answer, or has the package made again with what was withheld.
///
/// # Errors
/// [`Error::Refused`].
pub async fn release(office: &Office, by: StaffId, id: RequestId, withheld: Withheld) -> Result<Request, Error> {
    let now = office.clock.now();
    let reads = |right| matches!(right, Right::Access | Right::Portability);
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let again = withheld == Withheld::Disclose
                && reads(request.right)
                && request.state.result().is_some_and(|r| r.withheld > 0);
            let outcome: Outcome =
                if again { request.run_again(now, by)? } else { tasks::join(&inner, tx, request)?.release(now, by)? };
            tx.save(&outcome)?;
            wake_siblings(tx, &outcome.request, now)?;
            Ok(outcome.request)
        })
        .await
}

/// Has work that failed tried again at once.
///
/// # Errors
/// [`Error::Refused`] when no work of the request waits.
pub async fn retry(office: &Office, by: StaffId, id: RequestId) -> Result<Request, Error> {
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
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
    for sibling in tx.requests_of(request.bundle)? {
        if sibling.id != request.id && sibling.state.name() == StateName::Fulfilling {
            tx.enqueue(&NewJob { job: Job::Fulfil { request: sibling.id }, run_at: now })?;
        }
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
    office
        .store
        .write(move |tx| {
            let outcome = verb(tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?)?;
            tx.save(&outcome)?;
            wake_siblings(tx, &outcome.request, now)?;
            Ok(outcome.request)
        })
        .await
}
