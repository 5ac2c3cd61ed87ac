//! What services did, as lines of the answer.

use std::collections::BTreeSet;

use super::super::Error;
use super::super::holds::circumstances;
use super::super::office::Controller;
use super::Services;
use super::answer::read_back;
use super::held::erases;
use super::question::Message;
use crate::connectors::http::messages::{Corrected, CorrectedField, Erased, FieldCorrection, Question};
use crate::datamap::Node;
use crate::domain::delivery::{Delivery, Operation};
use crate::domain::ids::SystemId;
use crate::domain::proof::{KeptRows, RetainedRows};
use crate::domain::request::{Action, Line};

/// Why nothing was asked of a system.
const SWITCHED_OFF: &str = "the system that holds it could not be used; the company looks into it by hand";

/// Why there is nothing of a system that fails.
const FAILING: &str = "the system that holds it could not be searched, because it did not answer";

/// Why a service is not asked to erase.
const READ_ONLY: &str = "what is there may not be changed";

impl Services<'_> {
    /// What was erased and corrected; rows found become lines with the package that holds them.
    ///
    /// # Errors
    /// When an answer that was kept cannot be read.
    pub fn lines(&self) -> Result<Vec<Line>, Error> {
        let mut lines = Vec::new();
        for delivery in &self.deliveries {
            match (delivery.occasion.operation, delivery.answer()) {
                (Operation::Erase, Some(answer)) => {
                    let last = !self.deliveries.iter().any(|d| {
                        let (this, that) = (&delivery.occasion, &d.occasion);
                        let same = that.operation == Operation::Erase && that.system == this.system;
                        same && that.at == this.at && that.round > this.round
                    });
                    erased(
                        delivery,
                        &self.dataset(&delivery.occasion.system),
                        &read_back(&answer.said)?,
                        last,
                        &mut lines,
                    );
                }
                (Operation::Correct, Some(answer)) => lines.extend(corrected(delivery, read_back(&answer.said)?)?),
                _ => {}
            }
        }
        Ok(lines)
    }

    /// The services that erased and were searched again.
    pub fn proved(&self) -> BTreeSet<&SystemId> {
        let answered = |of: Operation| {
            let these = self.deliveries.iter().filter(move |d| d.occasion.operation == of && d.answer().is_some());
            these.map(|d| &d.occasion.system).collect::<BTreeSet<_>>()
        };
        answered(Operation::Erase).intersection(&answered(Operation::Find)).copied().collect()
    }

    /// What a deletion leaves because of a hold, in the policy's words: what was put aside, and what a hold reaches that
    /// no message asked for. A collection that was asked for is told as the service answered, whatever came since.
    ///
    /// # Errors
    /// When the store fails, or a message that was kept cannot be read.
    pub fn held_back(&self) -> Result<Vec<Line>, Error> {
        if self.controller.systems.services().next().is_none() {
            return Ok(Vec::new());
        }
        let now = circumstances(self.office, self.request)?;
        let erasing = self.deliveries.iter().filter(|d| d.occasion.operation == Operation::Erase);
        let (asked, aside) = (places(erasing)?, places(self.aside.iter())?);
        let left = |n: &&Node| {
            let place = (n.dataset.clone(), n.collection.name.clone());
            let reached = aside.contains(&place) || now.holds_back(n.system.as_str(), &n.dataset, &n.collection.name);
            reached && !asked.contains(&place)
        };
        let of_service = |n: &&Node| self.controller.systems.service(&n.system).is_some();
        let nodes = nodes(self.controller).filter(of_service).filter(left);
        Ok(nodes.map(|n| untouched(n, self.controller.policy.held_words())).collect())
    }

    /// What was put aside under a hold, to be asked for later. How many rows there are nobody counted.
    ///
    /// # Errors
    /// When a message that was kept cannot be read.
    pub fn retained(&self) -> Result<Vec<RetainedRows>, Error> {
        let mut retained = Vec::new();
        for held in &self.aside {
            let ground = self.controller.policy.held_words().to_owned();
            let kept = KeptRows { rows: 0, ground, citation: None, next: None, until: None };
            let of = |(dataset, collection)| RetainedRows {
                system: held.occasion.system.to_string(),
                dataset,
                collection,
                kept: kept.clone(),
            };
            retained.extend(places(std::iter::once(held))?.into_iter().map(of));
        }
        Ok(retained)
    }
}

/// The collections that messages ask to have erased, each with its dataset.
fn places<'d>(deliveries: impl Iterator<Item = &'d Delivery>) -> Result<BTreeSet<(String, String)>, Error> {
    let mut places = BTreeSet::new();
    for delivery in deliveries {
        if let Some(find) = erases(delivery)? {
            places.extend(find.collections.into_keys().map(|name| (find.dataset.clone(), name)));
        }
    }
    Ok(places)
}

/// What is kept is told once, as the service said last.
fn erased(delivery: &Delivery, dataset: &str, erased: &Erased, last: bool, lines: &mut Vec<Line>) {
    for (collection, rows) in &erased.collections {
        let line = |action, rows, note| Line {
            system: delivery.occasion.system.to_string(),
            dataset: dataset.to_owned(),
            collection: collection.clone(),
            field: None,
            action,
            rows,
            note,
        };
        let done = [(Action::Deleted, rows.deleted), (Action::Masked, rows.masked)];
        lines.extend(done.into_iter().filter(|(_, n)| *n > 0).map(|(action, n)| line(action, n, None)));
        if last {
            let kept = rows.kept.iter().filter(|kept| kept.rows > 0);
            lines.extend(kept.map(|kept| line(Action::Kept, kept.rows, Some(kept.reason.clone()))));
        }
    }
}

fn corrected(delivery: &Delivery, done: Corrected) -> Result<Vec<Line>, Error> {
    let Question::Correct(asked) = Message::of(delivery)?.question else { return Ok(Vec::new()) };
    let line = |(asked, done): (&FieldCorrection, CorrectedField)| {
        let none = (done.rows == 0).then(|| "no row of yours holds it".to_owned());
        let refused = done.refused.or(none);
        (asked.collection.clone(), asked.field.clone(), done.rows, refused)
    };
    let lines = asked.corrections.iter().zip(done.corrections).map(line);
    let lines = lines.map(|(collection, field, rows, refused)| Line {
        system: delivery.occasion.system.to_string(),
        dataset: asked.dataset.clone(),
        collection,
        field: Some(field),
        action: if refused.is_none() { Action::Corrected } else { Action::NotCorrected },
        rows,
        note: refused,
    });
    Ok(lines.collect())
}

/// What is not in the answer because a system is switched off or fails: the answer is partial, and staff look first.
pub fn unsearched(controller: &Controller) -> Vec<Line> {
    let off: Vec<_> = controller.systems.disabled().collect();
    let why = |node: &Node| {
        let fails = controller.systems.failing().contains(&node.system).then_some(FAILING);
        fails.or_else(|| off.contains(&&node.system).then_some(SWITCHED_OFF))
    };
    nodes(controller).filter_map(|node| Some(untouched(node, why(node)?))).collect()
}

/// What a deletion leaves at services, because their datasets say so; how many rows there are nobody asked.
pub fn read_only(controller: &Controller) -> Vec<Line> {
    let of_service = |n: &&Node| controller.systems.service(&n.system).is_some() && n.collection.read_only;
    nodes(controller).filter(of_service).map(|n| untouched(n, READ_ONLY)).collect()
}

fn nodes(controller: &Controller) -> impl Iterator<Item = &Node> {
    controller.systems.graph().nodes().map(|(_, n)| n).filter(|n| !n.collection.skip_processing)
}

fn untouched(node: &Node, why: &str) -> Line {
    Line {
        system: node.system.to_string(),
        dataset: node.dataset.clone(),
        collection: node.collection.name.clone(),
        field: None,
        action: Action::Excluded,
        rows: 0,
        note: Some(why.to_owned()),
    }
}
