//! What a legal hold keeps at a service is put aside with the keys by which it is found, and asked for once no hold is in
//! force on it any more.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::holds::{Circumstances, circumstances_in};
use super::super::{Error, Office};
use super::question::{Message, message};
use crate::connectors::http::messages::{Find, Question};
use crate::domain::delivery::{Delivery, Occasion, Operation, Standing};
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::request::Request;
use crate::fulfilment::services::Asked;
use crate::store::Tx;

/// The messages of an erasure: what a hold reaches is put aside, the rest is asked.
pub(super) fn planned(
    office: &Office,
    request: RequestId,
    at: DateTime<Utc>,
    asked: Vec<Asked>,
    now: &Circumstances,
) -> Result<Vec<Delivery>, Error> {
    let mut new = Vec::new();
    for Asked { system, find } in asked {
        let (free, held) = split(&system, find, now);
        let occasion = Occasion { request, system, operation: Operation::Erase, at, round: 1 };
        if let Some(held) = held {
            new.push(aside(office, &occasion, held)?);
        }
        if let Some(free) = free {
            new.push(message(office, occasion, Question::Erase(free))?);
        }
    }
    Ok(new)
}

/// What of a question no hold reaches, and what one does.
fn split(system: &SystemId, mut find: Find, now: &Circumstances) -> (Option<Find>, Option<Find>) {
    let collections = std::mem::take(&mut find.collections);
    let reached = |name: &String| now.holds_back(system.as_str(), &find.dataset, name);
    let (held, free): (BTreeMap<_, _>, BTreeMap<_, _>) = collections.into_iter().partition(|(name, _)| reached(name));
    let of = |collections: BTreeMap<_, _>| (!collections.is_empty()).then(|| Find { collections, ..find.clone() });
    (of(free), of(held))
}

fn aside(office: &Office, occasion: &Occasion, held: Find) -> Result<Delivery, Error> {
    let new = message(office, Occasion { round: 0, ..occasion.clone() }, Question::Erase(held))?;
    Ok(Delivery { standing: Standing::Held, ..new })
}

/// The question of a message that erases.
pub(super) fn erases(delivery: &Delivery) -> Result<Option<Find>, Error> {
    Ok(match Message::of(delivery)?.question {
        Question::Erase(find) => Some(find),
        _ => None,
    })
}

/// The same message with another question.
fn asking(delivery: &Delivery, find: Find) -> Result<Delivery, Error> {
    Message { question: Question::Erase(find), ..Message::of(delivery)? }.keep_in(delivery)
}

/// Looks at the holds once more right before a message that erases leaves, and notes that it does, in one transaction: a
/// hold that is there before stops it, and one that comes after is too late. `None`: nothing of it is left to ask.
///
/// A message that may have reached the service cannot be called back, and only its repeat under the same id tells what
/// became of it: that one is sent again.
pub(super) fn on_leaving(office: &Office, request: &Request, delivery: &Delivery) -> Result<Option<Delivery>, Error> {
    if delivery.left || delivery.occasion.operation != Operation::Erase {
        return Ok(Some(delivery.clone()));
    }
    let (inner, request, delivery) = (office.clone(), request.clone(), delivery.clone());
    office.store.write_blocking(move |tx| {
        let now = circumstances_in(&inner, tx, &request)?;
        let Some(find) = erases(&delivery)? else { return Ok(Some(delivery.clone())) };
        let (free, held) = split(&delivery.occasion.system, find, &now);
        let mut leaving = Delivery { left: true, ..delivery.clone() };
        if let Some(held) = held {
            put_aside(&inner, tx, &delivery.occasion, held)?;
            let Some(free) = free else {
                tx.withdraw_delivery(delivery.id)?;
                return Ok(None);
            };
            leaving = asking(&leaving, free)?;
            tx.rewrite_delivery(&leaving)?;
        }
        tx.note_leaving(delivery.id, true)?;
        Ok::<_, Error>(Some(leaving))
    })
}

/// Joins what a hold reaches to what was put aside of the same service before.
fn put_aside(office: &Office, tx: &mut Tx<'_>, occasion: &Occasion, held: Find) -> Result<(), Error> {
    let same = |d: &&Delivery| {
        d.standing == Standing::Held && d.occasion.system == occasion.system && d.occasion.at == occasion.at
    };
    let all = tx.deliveries(occasion.request)?;
    let Some(known) = all.iter().find(same) else {
        return Ok(tx.insert_deliveries(&[aside(office, occasion, held)?])?);
    };
    let Some(mut find) = erases(known)? else { return Ok(()) };
    find.collections.extend(held.collections);
    find.keys.extend(held.keys.into_iter().filter(|key| !find.keys.contains(key)).collect::<Vec<_>>());
    Ok(tx.rewrite_delivery(&asking(known, find)?).map(drop)?)
}

/// Writes down what is to be asked of what was put aside and no hold reaches any more: as new messages, of a moment after
/// `since` and after every message before, with the keys as they were when it was put aside.
pub(super) fn release(office: &Office, request: &Request, since: DateTime<Utc>) -> Result<(), Error> {
    let (inner, request) = (office.clone(), request.clone());
    office.store.write_blocking(move |tx| {
        let now = circumstances_in(&inner, tx, &request)?;
        let all = tx.deliveries(request.id)?;
        let latest = all.iter().map(|d| d.occasion.at).fold(since, DateTime::max);
        let mut at = inner.clock.now().max(latest + TimeDelta::microseconds(1));
        for held in all.iter().filter(|d| d.standing == Standing::Held) {
            let Some(find) = erases(held)? else { continue };
            let (free, still) = split(&held.occasion.system, find, &now);
            let Some(free) = free else { continue };
            let occasion = Occasion { at, round: 1, ..held.occasion.clone() };
            tx.insert_deliveries(&[message(&inner, occasion, Question::Erase(free))?])?;
            match still {
                Some(still) => drop(tx.rewrite_delivery(&asking(held, still)?)?),
                None => tx.withdraw_delivery(held.id)?,
            }
            at += TimeDelta::microseconds(1);
        }
        Ok::<_, Error>(())
    })
}
