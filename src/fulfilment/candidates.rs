//! The rows that an erasure is about, and what is to be done with each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::disclosure::link_columns;
use super::export::{Standing, standing};
use super::judge::Verdict;
use super::keeping::{Keeping, masks_of_kept};
use super::masks::{self, Masks};
use super::place::{IdentityLink, Place};
use super::trace::Trace;
use super::{Counts, FulfilmentError, fingerprint};
use crate::connectors::{Key, Row};
use crate::datamap::{Graph, NodeId};
use crate::domain::keeping::Kept;
use crate::domain::personal::Personal;

/// What is done with a row.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Action {
    Delete,
    Mask(Masks),
    Keep(&'static str),
}

pub(super) const KEPT_SHARED: &str = "rows that stay point to it, so it is shared";
pub(super) const KEPT_CONTEXT: &str = "it is not about a person; rows of the person's only point to it";
pub(super) const KEPT_READ_ONLY: &str = "the dataset marks it read_only";
pub(super) const KEPT_CLAIMED: &str =
    "a stronger identifier in it is another person's, so the weaker one that agrees may be theirs too";
pub(super) const KEPT_SILENT: &str = "nothing in it says who the person is any more";
/// Why rows of a collection are kept that the decision leaves out; the answer names the ground instead.
pub const KEPT_BY_DECISION: &str = "the decision leaves the collection out";
/// Rows that a duty or a hold keeps; the plan names the ground instead.
pub(super) const KEPT_FOR_NOW: &str = "it has to be kept for now";
const KEPT_UNKEYED: &str = "its table has no primary key";

/// One row.
pub(super) struct Candidate {
    pub(super) node: NodeId,
    pub(super) standing: Standing,
    pub(super) key: Key,
    pub(super) fingerprint: String,
    /// The values of [`Shape::stored`].
    pub(super) values: Row,
    pub(super) action: Action,
    /// Why it stays for now, where a duty or a hold keeps it; what the duty does not need may be masked all the same.
    pub(super) kept: Option<Kept>,
}

/// Which columns of a collection's rows an erasure reads and keeps in mind.
pub(super) struct Shape {
    /// Every column of the live table: what a fingerprint covers.
    pub(super) columns: Vec<String>,
    /// Keys of both directions.
    stored: Vec<String>,
}

impl Shape {
    fn of(place: &Place) -> Self {
        let table = place.table();
        let mut stored: BTreeSet<&str> = place.columns.iter().map(String::as_str).collect();
        stored.extend(table.foreign_keys.iter().flat_map(|k| &k.columns).map(String::as_str));
        let pointing = place.schema.tables.values().flat_map(|t| &t.foreign_keys);
        let pointing = pointing.filter(|k| place.schema.qualified(&k.to) == place.table_name);
        stored.extend(pointing.flat_map(|k| &k.to_columns).map(String::as_str));
        Self {
            columns: table.columns.iter().map(|c| c.name.clone()).collect(),
            stored: stored.into_iter().filter(|c| table.column(c).is_some()).map(str::to_owned).collect(),
        }
    }

    /// A value of a row as the sweep reads it: [`Place::columns`], then these.
    fn value<'r>(&self, place: &Place, row: &'r Row, column: &str) -> Option<&'r str> {
        let at = self.columns.iter().position(|c| c == column)?;
        row.get(place.columns.len() + at)
    }
}

/// All rows of one erasure.
pub(super) struct Candidates {
    pub(super) rows: Vec<Candidate>,
    pub(super) shapes: BTreeMap<NodeId, Shape>,
    pub(super) counts: BTreeMap<NodeId, Counts>,
    by_key: HashMap<(NodeId, Key), usize>,
    /// Sentences that name tables and columns.
    pub(super) obstacles: BTreeSet<String>,
}

impl Candidates {
    /// Reads every row found and says what the datasets want done with it.
    pub(super) fn collect(trace: &mut Trace<'_>, keeping: &Keeping<'_>) -> Result<Self, FulfilmentError> {
        let mut all = Self {
            rows: Vec::new(),
            shapes: BTreeMap::new(),
            counts: BTreeMap::new(),
            by_key: HashMap::new(),
            obstacles: BTreeSet::new(),
        };
        for node in trace.searched() {
            let Some(place) = trace.places.get(node) else { continue };
            let shape = Shape::of(place);
            let own = masks::of_own(place);
            let spared = keeping.left_out.contains(&place.dataset, &place.collection.name);
            let graph = trace.systems.graph();
            // Whether a service's rows of others refer to a row of context, nobody here can see.
            let unseen = graph.pointers_to(node).any(|(_, p)| !trace.systems.has_tables(&graph.node(p.from).system));
            trace.sweep(node, &shape.columns, |place, row, verdict| {
                let standing = standing(&verdict);
                all.counts.entry(node).or_default().add(standing);
                let (action, kept) = match wanted(place, row, &shape, &verdict, &own, graph) {
                    Action::Keep(why) => (Action::Keep(why), None),
                    _ if spared => (Action::Keep(KEPT_BY_DECISION), None),
                    _ if unseen && verdict == Verdict::Context => (Action::Keep(KEPT_SHARED), None),
                    wanted => match keeping.kept(place, |column| shape.value(place, row, column)) {
                        Some(kept) => (for_now(place, row, &shape, &verdict, &kept), Some(kept)),
                        None => (wanted, None),
                    },
                };
                all.add(place, row, &shape, standing, (action, kept));
                Ok(())
            })?;
            all.shapes.insert(node, shape);
        }
        Ok(all)
    }

    fn add(
        &mut self,
        place: &Place,
        row: &Row,
        shape: &Shape,
        standing: Standing,
        (mut action, kept): (Action, Option<Kept>),
    ) {
        let first = place.columns.len();
        let value = |name: &String| shape.value(place, row, name);
        let names = &place.table().primary_key;
        let key: Option<Vec<String>> = names.iter().map(|name| value(name).map(str::to_owned)).collect();
        let key = Key(Personal::new(key.unwrap_or_default()));
        if key.0.expose().is_empty() && !matches!(action, Action::Keep(_)) {
            let message = format!("table {} has no primary key, so its rows cannot be erased", place.table_name);
            self.obstacles.insert(message);
            action = Action::Keep(KEPT_UNKEYED);
        }
        if let (Some(why), false) = (&place.table().unerasable, matches!(action, Action::Keep(_))) {
            self.obstacles.insert(format!("rows of table {} cannot be erased: {why}", place.table_name));
        }
        if let Action::Mask(masks) = &action {
            self.obstacles.extend(masks.iter().filter_map(|(column, mask)| masks::obstacle(place, column, mask)));
        }
        let values = shape.stored.iter().map(value).collect();
        let fingerprint = match action {
            Action::Keep(_) => String::new(),
            _ => fingerprint::hex(row.iter().skip(first)),
        };
        self.by_key.insert((place.node, key.clone()), self.rows.len());
        self.rows.push(Candidate { node: place.node, standing, key, fingerprint, values, action, kept });
    }

    /// A stored value of a row.
    pub(super) fn value<'r>(&self, candidate: &'r Candidate, column: &str) -> Option<&'r str> {
        let stored = &self.shapes[&candidate.node].stored;
        candidate.values.get(stored.iter().position(|c| c == column)?)
    }

    /// The row with that key.
    pub(super) fn find(&self, node: NodeId, key: &Key) -> Option<usize> {
        self.by_key.get(&(node, key.clone())).copied()
    }
}

/// What the dataset wants done with a row; what refers to what is looked at later.
fn wanted(place: &Place, row: &Row, shape: &Shape, verdict: &Verdict, own: &Masks, graph: &Graph) -> Action {
    let mut masks = match verdict {
        Verdict::Context if !place.collection.is_personal() => return Action::Keep(KEPT_CONTEXT),
        Verdict::Shared { claimed: true, .. } => return Action::Keep(KEPT_CLAIMED),
        _ if place.collection.read_only => return Action::Keep(KEPT_READ_ONLY),
        Verdict::Shared { mine, .. } => masks::of_shared(place, graph, mine),
        _ if place.collection.is_masked() => own.clone(),
        _ => return Action::Delete,
    };
    if let Verdict::Own { others } = verdict {
        // Who else is named in the row is not the person's to have changed.
        let theirs = others.iter().flat_map(|link| link_columns(place, *link));
        theirs.for_each(|column| drop(masks.remove(column)));
    }
    drop_done(&mut masks, place, row, shape);
    if !masks.is_empty() {
        return Action::Mask(masks);
    }
    let locked = |link: &IdentityLink| place.collection.field(&link.column).is_some_and(|f| f.read_only);
    Action::Keep(if place.identities.iter().any(locked) { KEPT_READ_ONLY } else { KEPT_SILENT })
}

/// What is done at once with a row that stays for now.
fn for_now(place: &Place, row: &Row, shape: &Shape, verdict: &Verdict, kept: &Kept) -> Action {
    let mut masks = masks_of_kept(place, verdict, kept);
    drop_done(&mut masks, place, row, shape);
    if masks.is_empty() { Action::Keep(KEPT_FOR_NOW) } else { Action::Mask(masks) }
}

/// NULL tells nothing already, and what was masked before stays as it is.
fn drop_done(masks: &mut Masks, place: &Place, row: &Row, shape: &Shape) {
    masks.retain(|column, mask| shape.value(place, row, column).is_some_and(|value| Some(value) != mask.value()));
}
