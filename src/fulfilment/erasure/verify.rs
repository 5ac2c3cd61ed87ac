//! The second search: after an erasure, what is still there of the person, and by which rule.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::manifest::Manifest;
use super::super::search::done::Done;
use super::super::search::snapshot::Catalogue;
use super::super::{FulfilmentError, Keeping, LeftOut, Systems};
use super::candidates::Action;
use super::prepare::survey;
use crate::datamap::NodeId;
use crate::domain::identity::Identities;
use crate::domain::ids::SystemId;

/// What a second search found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remaining {
    /// Rows that should be gone or masked: another round is needed.
    pub rows: Vec<RemainingRows>,
    /// Rows that a rule keeps; the answer names them.
    pub kept: Vec<RemainingRows>,
    /// What could not be searched: a table or a column that is no more. Nothing is proved of it.
    #[serde(default)]
    pub obstacles: Vec<String>,
}

impl Remaining {
    /// Whether nothing is left to be done.
    pub fn is_done(&self) -> bool {
        self.rows.is_empty() && self.obstacles.is_empty()
    }
}

/// Rows of one collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemainingRows {
    /// The system.
    pub system: SystemId,
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// How many.
    pub rows: u64,
    /// What should have been done with them, or why they are kept.
    pub reason: String,
}

/// Searches again, from the person's identities and from the keys that `done` deleted.
///
/// # Errors
/// What a system says; nothing is proved then.
pub fn verify(systems: &Systems, identities: &Identities, done: &[Manifest]) -> Result<Remaining, FulfilmentError> {
    verify_without(systems, identities, done, <&LeftOut>::default())
}

/// The same, after an erasure that left some collections as they are.
///
/// # Errors
/// As [`verify`].
pub fn verify_without(
    systems: &Systems,
    identities: &Identities,
    done: &[Manifest],
    left_out: &LeftOut,
) -> Result<Remaining, FulfilmentError> {
    verify_keeping(systems, identities, done, &Keeping::leaving_out(left_out))
}

/// The same, after an erasure that left what a decision, a duty or a hold keeps.
///
/// # Errors
/// As [`verify`].
pub fn verify_keeping(
    systems: &Systems,
    identities: &Identities,
    done: &[Manifest],
    keeping: &Keeping<'_>,
) -> Result<Remaining, FulfilmentError> {
    let wrote = Done::of(done, systems.scratch())?;
    let candidates = survey(systems, identities, (done, &wrote), keeping, Catalogue::Asked, None)?.candidates;
    let mut rows: BTreeMap<(NodeId, &str), u64> = BTreeMap::new();
    let mut kept: BTreeMap<(NodeId, &str), u64> = BTreeMap::new();
    for row in &candidates.rows {
        match row.action {
            Action::Delete => *rows.entry((row.node, "to be deleted")).or_default() += 1,
            Action::Mask(_) => *rows.entry((row.node, "to be masked")).or_default() += 1,
            Action::Keep(reason) => *kept.entry((row.node, reason)).or_default() += 1,
        }
    }
    for (node, settled) in &candidates.settled {
        for group in settled.groups() {
            let what = if group.treatment.action == Action::Delete { "to be deleted" } else { "to be masked" };
            *rows.entry((*node, what)).or_default() += group.count();
        }
        for (why, count) in settled.kept() {
            *kept.entry((*node, why.reason)).or_default() += count;
        }
    }
    let listed = |all: BTreeMap<(NodeId, &str), u64>| {
        let one = |((node, reason), rows): ((NodeId, &str), u64)| {
            let node = systems.graph().node(node);
            RemainingRows {
                system: node.system.clone(),
                dataset: node.dataset.clone(),
                collection: node.collection.name.clone(),
                rows,
                reason: reason.to_owned(),
            }
        };
        all.into_iter().map(one).collect()
    };
    Ok(Remaining { rows: listed(rows), kept: listed(kept), obstacles: candidates.obstacles.into_iter().collect() })
}
