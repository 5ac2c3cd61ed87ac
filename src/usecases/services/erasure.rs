//! An erasure by a service is believed when another search finds nothing but what the service says it keeps.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::super::Error;
use super::answer::read_back;
use super::question::{Message, message};
use super::{Pending, Services};
use crate::connectors::http::messages::{Erased, Question};
use crate::domain::delivery::{Delivery, Occasion, Operation};
use crate::domain::ids::SystemId;
use crate::fulfilment::handed::HandedCollection;

/// How often a service is asked to erase what it still finds.
const ROUNDS: i32 = 3;

impl Services<'_> {
    /// Has each service search once more after it erased, and erase again what it still finds. `None`: it is proved.
    ///
    /// # Errors
    /// What a service said that failed; [`Error::Obstacles`] when one goes on finding rows.
    pub fn prove(&mut self) -> Result<Option<Pending>, Error> {
        loop {
            if let Some(pending) = self.pending()? {
                return Ok(Some(pending));
            }
            let next = self.next()?;
            if next.is_empty() {
                return Ok(None);
            }
            self.record(next)?;
            self.deliver()?;
        }
    }

    fn next(&self) -> Result<Vec<Delivery>, Error> {
        let mut last: BTreeMap<(&SystemId, DateTime<Utc>), &Delivery> = BTreeMap::new();
        for delivery in self.deliveries.iter().filter(|d| d.occasion.operation == Operation::Erase) {
            let this = (&delivery.occasion.system, delivery.occasion.at);
            if last.get(&this).is_none_or(|l| l.occasion.round < delivery.occasion.round) {
                last.insert(this, delivery);
            }
        }
        let mut next = Vec::new();
        for erase in last.into_values() {
            let Question::Erase(find) = Message::of(erase)?.question else { continue };
            let (system, round) = (&erase.occasion.system, erase.occasion.round);
            let occasion =
                |operation, round| Occasion { operation, round, system: system.clone(), ..erase.occasion.clone() };
            let proof = Occasion { operation: Operation::Find, ..erase.occasion.clone() };
            match self.deliveries.iter().find(|d| d.occasion == proof) {
                None => next.push(message(self.office, occasion(Operation::Find, round), Question::Find(find))?),
                Some(proof) => {
                    let left = left(erase, proof)?;
                    if left.is_empty() {
                        continue;
                    }
                    if round >= ROUNDS {
                        let what =
                            left.iter().map(|(name, rows)| format!("{system}: {rows} rows of {name} are still found"));
                        return Err(Error::Obstacles(what.collect()));
                    }
                    let again = Question::Erase(find);
                    next.push(message(self.office, occasion(Operation::Erase, round + 1), again)?);
                }
            }
        }
        Ok(next)
    }
}

/// The rows that are found and not kept, by collection.
fn left(erase: &Delivery, proof: &Delivery) -> Result<Vec<(String, u64)>, Error> {
    let (Some(erased), Some(found)) = (erase.answer(), proof.answer()) else { return Ok(Vec::new()) };
    let erased: Erased = read_back(&erased.said)?;
    let found: Vec<HandedCollection> = read_back(&found.said)?;
    let beyond = |c: HandedCollection| {
        let kept = erased.collections.get(&c.name).map_or(0, |rows| rows.still_there());
        (c.rows > kept).then(|| (c.name, c.rows - kept))
    };
    Ok(found.into_iter().filter_map(beyond).collect())
}
