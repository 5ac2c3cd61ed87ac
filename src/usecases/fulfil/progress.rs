//! How far a fulfilment is while it runs: of an export its collections, of a change its systems. Names and counts, nothing
//! of what they hold.

use chrono::{DateTime, Utc};

use super::super::board::Board;
use super::super::office::Controller;
use super::super::{Error, Office};
use crate::datamap::Graph;
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::request::{Request, StateName};
use crate::fulfilment::LeftOut;
use crate::store::{StepRow, StepState, Tx};

/// After how many rows the board is brought up to date.
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
pub(super) struct Progress {
    board: Board,
    at: Option<usize>,
    /// Its collections, in the order of the export.
    places: Vec<(String, String)>,
    rows: u64,
    bytes: u64,
}

impl Progress {
    /// Of all collections of the graph that are not left out.
    pub(super) fn new(office: &Office, request: &Request, graph: &Graph, left_out: &LeftOut) -> Self {
        let now = office.clock.now();
        let nodes = graph.nodes().map(|(_, node)| node);
        let shown: Vec<_> = nodes
            .filter(|n| !n.collection.skip_processing && !left_out.contains(&n.dataset, &n.collection.name))
            .collect();
        let step = |(at, node): (usize, &&crate::datamap::Node)| StepRow {
            dataset: node.dataset.clone(),
            collection: node.collection.name.clone(),
            ..pending(at, request.right.as_str(), &node.system, now)
        };
        office.board.show(request.id, shown.iter().enumerate().map(step).collect());
        let places = shown.iter().map(|n| (n.dataset.clone(), n.collection.name.clone())).collect();
        Self { board: office.board.clone(), at: None, places, rows: 0, bytes: 0 }
    }

    /// A collection begins; those before it are through.
    pub(super) fn collection(&mut self, dataset: &str, collection: &str) {
        self.at = self.places.iter().position(|(d, c)| d == dataset && c == collection);
        (self.rows, self.bytes) = (0, 0);
        let Some(at) = self.at else { return };
        self.board.change(|steps| {
            steps[..at].iter_mut().for_each(|s| s.state = StepState::Done);
            steps[at].state = StepState::Running;
        });
    }

    /// A row of the collection passes, whose values take so many bytes.
    pub(super) fn row(&mut self, bytes: usize) {
        self.rows += 1;
        self.bytes += bytes as u64;
        if self.rows.is_multiple_of(ROWS) {
            self.counted(StepState::Running);
        }
    }

    /// The collection is complete.
    pub(super) fn end(&mut self) {
        self.counted(StepState::Done);
    }

    fn counted(&self, state: StepState) {
        let (Some(at), rows, bytes) = (self.at, self.rows, self.bytes) else { return };
        self.board.change(|steps| (steps[at].rows, steps[at].bytes, steps[at].state) = (rows, bytes, state));
    }
}

/// What a deletion or a correction does in a system at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The person's rows are looked for.
    Search,
    /// What is to be written is written once and taken back.
    Rehearse,
    /// Rows are deleted and masked.
    Erase,
    /// Values are replaced.
    Correct,
    /// It is searched again, and nothing may be found.
    Prove,
}

impl Phase {
    const fn as_str(self) -> &'static str {
        match self {
            Phase::Search => "search",
            Phase::Rehearse => "rehearse",
            Phase::Erase => "erase",
            Phase::Correct => "correct",
            Phase::Prove => "prove",
        }
    }
}

/// The progress of one change: a step a database, named by what is done there.
pub(super) struct Phases(Board);

impl Phases {
    /// Of all databases that are searched; the search begins.
    pub(super) fn begin(office: &Office, request: &Request, controller: &Controller) -> Self {
        let now = office.clock.now();
        let step = |(at, system): (usize, &SystemId)| StepRow {
            state: StepState::Running,
            ..pending(at, Phase::Search.as_str(), system, now)
        };
        office.board.show(request.id, controller.systems.ids().enumerate().map(step).collect());
        Self(office.board.clone())
    }

    /// The same is done everywhere now.
    pub(super) fn everywhere(&self, phase: Phase) {
        self.0.change(|steps| {
            steps.iter_mut().for_each(|s| (s.name, s.state) = (phase.as_str().to_owned(), StepState::Running));
        });
    }

    /// Something is done in one system, with so many rows; what was done in the others before is through.
    pub(super) fn at(&self, system: &SystemId, phase: Phase, rows: u64) {
        self.set(system, phase, rows, StepState::Running);
    }

    /// That is done there.
    pub(super) fn done(&self, system: &SystemId, phase: Phase, rows: u64) {
        self.set(system, phase, rows, StepState::Done);
    }

    fn set(&self, system: &SystemId, phase: Phase, rows: u64, state: StepState) {
        self.0.change(|steps| {
            for step in steps.iter_mut() {
                if step.system == *system {
                    (step.name, step.rows, step.state) = (phase.as_str().to_owned(), rows, state);
                } else if step.state == StepState::Running {
                    // One after the other: what ran elsewhere has ended.
                    step.state = StepState::Done;
                }
            }
        });
    }
}

fn pending(at: usize, name: &str, system: &SystemId, now: DateTime<Utc>) -> StepRow {
    StepRow {
        ordinal: i32::try_from(at).unwrap_or(i32::MAX),
        name: name.to_owned(),
        system: system.clone(),
        dataset: String::new(),
        collection: String::new(),
        state: StepState::Pending,
        rows: 0,
        bytes: 0,
        error: None,
        updated_at: now,
        since: None,
        attempts: 0,
    }
}
