//! What services did, as lines of the answer.

use super::super::Error;
use super::super::holds::Circumstances;
use super::super::office::Controller;
use super::Services;
use super::answer::read_back;
use super::question::Message;
use crate::connectors::http::messages::{Corrected, CorrectedField, Erased, FieldCorrection, Question};
use crate::datamap::Node;
use crate::domain::delivery::{Delivery, Operation};
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
                        that.operation == Operation::Erase && that.system == this.system && that.round > this.round
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

/// The collections of services that a legal hold on the person reaches: nothing is asked of these that changes them.
pub(in crate::usecases) fn held<'c>(
    controller: &'c Controller,
    now: &'c Circumstances,
) -> impl Iterator<Item = &'c Node> {
    let of_service = |n: &&Node| controller.systems.service(&n.system).is_some();
    nodes(controller).filter(of_service).filter(|n| now.holds_back(n.system.as_str(), &n.dataset, &n.collection.name))
}

/// What a deletion leaves at services because of a hold, in the policy's words.
pub(in crate::usecases) fn held_back(controller: &Controller, now: &Circumstances) -> Vec<Line> {
    held(controller, now).map(|n| untouched(n, controller.policy.held_words())).collect()
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
