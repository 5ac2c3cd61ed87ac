//! How far an export is, noted beside the request while it runs: names of collections and counts, nothing of what they hold.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Error, Office};
use crate::datamap::Graph;
use crate::domain::ids::RequestId;
use crate::domain::request::{Request, StateName};
use crate::fulfilment::{Cell, LeftOut};
use crate::store::{StepRow, StepState, Tx};

/// How long nothing is noted after something was: what is over sooner is never noted.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// After how many rows the clock is looked at.
const ROWS: u64 = 1024;

/// Writes steps of a request's fulfilment, unless it is over: whoever finished it meanwhile has noted how it ended, and work
/// that follows an answer (a service told of an opt-out, rows erased later) has no steps, only its job.
///
/// # Errors
/// When the store fails.
pub(in crate::usecases) fn while_fulfilling(
    tx: &mut Tx<'_>,
    request: RequestId,
    write: impl FnOnce(&mut Tx<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let now = tx.request_for_update(request)?;
    if now.is_some_and(|r| r.state.name() == StateName::Fulfilling) { write(tx) } else { Ok(()) }
}

/// The progress of one export.
pub(super) struct Progress<'o> {
    office: &'o Office,
    request: RequestId,
    /// One a collection, in the order of the export.
    steps: Vec<StepRow>,
    at: usize,
    rows: u64,
    bytes: u64,
    next: DateTime<Utc>,
}

impl<'o> Progress<'o> {
    /// Of all collections of the graph that are not left out.
    pub(super) fn new(office: &'o Office, request: &Request, graph: &Graph, left_out: &LeftOut) -> Self {
        let now = office.clock.now();
        let nodes = graph.nodes().map(|(_, node)| node);
        let shown =
            nodes.filter(|n| !n.collection.skip_processing && !left_out.contains(&n.dataset, &n.collection.name));
        let step = |(ordinal, node): (usize, &crate::datamap::Node)| StepRow {
            ordinal: i32::try_from(ordinal).unwrap_or(i32::MAX),
            name: request.right.as_str().to_owned(),
            system: node.system.clone(),
            dataset: node.dataset.clone(),
            collection: node.collection.name.clone(),
            state: StepState::Pending,
            rows: 0,
            bytes: 0,
            error: None,
            updated_at: now,
            since: None,
            attempts: 0,
        };
        let steps = shown.enumerate().map(step).collect();
        Self { office, request: request.id, steps, at: 0, rows: 0, bytes: 0, next: now + PAUSE }
    }

    /// A collection begins; those before it are through.
    pub(super) fn collection(&mut self, dataset: &str, collection: &str) {
        let this = |s: &StepRow| s.dataset == dataset && s.collection == collection;
        let Some(at) = self.steps.iter().position(this) else { return };
        self.steps[..at].iter_mut().for_each(|s| s.state = StepState::Done);
        self.steps[at].state = StepState::Running;
        (self.at, self.rows, self.bytes) = (at, 0, 0);
    }

    /// A row of the collection passes.
    pub(super) fn row(&mut self, cells: &[Cell<'_>]) {
        self.rows += 1;
        let length = |cell: &Cell<'_>| match cell {
            Cell::Text(text) | Cell::Edited(text) => text.len() as u64,
            Cell::Null | Cell::Withheld | Cell::NotDisclosed => 0,
        };
        self.bytes += cells.iter().map(length).sum::<u64>();
        if self.rows.is_multiple_of(ROWS) {
            self.note();
        }
    }

    /// The collection is complete.
    pub(super) fn end(&mut self) {
        self.counted();
        if let Some(step) = self.steps.get_mut(self.at) {
            step.state = StepState::Done;
        }
    }

    fn counted(&mut self) {
        if let Some(step) = self.steps.get_mut(self.at) {
            (step.rows, step.bytes) = (self.rows, self.bytes);
        }
    }

    /// Notes how far it is, unless it did so a moment ago. What cannot be noted stops no export.
    fn note(&mut self) {
        let now = self.office.clock.now();
        if now < self.next {
            return;
        }
        self.next = now + PAUSE;
        self.counted();
        if let Some(step) = self.steps.get_mut(self.at) {
            step.updated_at = now;
        }
        let (request, steps) = (self.request, self.steps.clone());
        let noted = self
            .office
            .store
            .write_blocking(move |tx| while_fulfilling(tx, request, |tx| Ok(tx.put_steps(request, &steps)?)));
        if let Err(error) = noted {
            tracing::warn!(%request, %error, "how far an export is could not be noted");
        }
    }
}
