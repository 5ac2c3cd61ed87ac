//! What rows that nobody can look at now may have a say in: it is left until they can be looked at.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::super::Systems;
use super::super::search::judge::{Link, Verdict};
use super::super::search::place::{Place, PointerEnd};
use super::super::search::trace::Trace;
use super::candidates::Action;
use super::keeping::Keeping;
use crate::connectors::Row;
use crate::datamap::NodeId;
use crate::domain::keeping::Kept;

/// The collections whose rows a row in a system that is not searched may refer to, and have kept with it.
pub(in crate::fulfilment) struct Afar {
    /// Referred to from where a system fails, and a duty, a hold or the decision keeps rows. Another round follows.
    waits: BTreeSet<NodeId>,
    /// Referred to from where a legal hold reaches and the operator has switched a system off.
    held: BTreeMap<NodeId, Uuid>,
}

impl Afar {
    pub(in crate::fulfilment) fn of(trace: &Trace<'_>, keeping: &Keeping<'_>) -> Self {
        let graph = trace.systems.graph();
        let of =
            |which: &dyn Fn(NodeId) -> bool| graph.nodes().map(|(node, _)| node).filter(|node| which(*node)).collect();
        let fails = |node: NodeId| trace.systems.failing().contains(&graph.node(node).system);
        let is_off = |node: NodeId| trace.systems.disabled().any(|off| *off == graph.node(node).system);
        let hold = |node: NodeId| {
            let node = graph.node(node);
            keeping.hold(node.system.as_str(), &node.dataset, &node.collection.name)
        };
        let keeps = |node: NodeId| {
            let described = graph.node(node);
            let left_out = keeping.left_out.contains(&described.dataset, &described.collection.name);
            left_out || described.collection.retain.is_some() || hold(node).is_some()
        };
        let waits = referred_from(trace, of(&|node| fails(node) && keeps(node)));
        let mut held = BTreeMap::new();
        for (node, id) in of(&is_off).into_iter().filter_map(|node: NodeId| Some((node, hold(node)?.id))) {
            for referred in referred_from(trace, vec![node]) {
                held.entry(referred).or_insert(id);
            }
        }
        Self { waits, held }
    }

    /// Why a row of the collection stays, where a hold keeps a row that nobody can look at and that may refer to it.
    pub(in crate::fulfilment) fn held(&self, node: NodeId, keeping: &Keeping<'_>) -> Option<Kept> {
        self.held.get(&node).map(|hold| keeping.under(*hold))
    }

    /// What leads from a collection into systems that fail.
    pub(in crate::fulfilment) fn unsure(&self, place: &Place, systems: &Systems) -> Unsure {
        let graph = systems.graph();
        let fails = |node: NodeId| systems.failing().contains(&graph.node(node).system);
        let at = |which: &dyn Fn(&PointerEnd) -> bool| {
            let ends = place.pointers.iter().enumerate().filter(|(_, end)| which(end));
            ends.map(|(at, _)| at).collect()
        };
        let seen_from_there = |node: NodeId| graph.pointers_to(node).any(|(_, pointer)| fails(pointer.from));
        let pointed = place.pointed.iter().filter(|end| fails(end.other)).flat_map(|end| end.columns.iter().cloned());
        Unsure {
            something_fails: !systems.failing().is_empty(),
            waits: self.waits.contains(&place.node),
            pointers: at(&|end| fails(end.other)),
            context: place
                .pointers
                .iter()
                .filter(|end| end.up && (fails(end.other) || seen_from_there(end.other)))
                .map(|end| end.at.clone())
                .collect(),
            pointed: pointed.collect(),
        }
    }
}

/// The collections that rows of some others refer to, over however many others: by the datasets, and by the foreign keys of
/// what is searched. A row that stays keeps what it refers to.
fn referred_from(trace: &Trace<'_>, from: Vec<NodeId>) -> BTreeSet<NodeId> {
    let graph = trace.systems.graph();
    let (mut found, mut open) = (BTreeSet::new(), from);
    while let Some(node) = open.pop() {
        let by_datasets = graph.pointers_from(node).map(|(_, pointer)| pointer.to);
        let next: Vec<NodeId> =
            by_datasets.chain(by_foreign_keys(trace, node)).filter(|to| found.insert(*to)).collect();
        open.extend(next);
    }
    found
}

fn by_foreign_keys<'t>(trace: &'t Trace<'_>, node: NodeId) -> impl Iterator<Item = NodeId> + 't {
    trace.places.get(node).into_iter().flat_map(|from| {
        let tables = from.table().foreign_keys.iter().map(|key| from.schema.qualified(&key.to));
        tables.filter_map(|table| {
            let to = trace.places.iter().find(|to| to.system == from.system && to.table_name == table)?;
            Some(to.node)
        })
    })
}

/// What leads from a collection into systems that fail at this moment.
pub(in crate::fulfilment) struct Unsure {
    something_fails: bool,
    /// Whether rows over there that may have to be kept may refer to its rows.
    waits: bool,
    /// The pointers its rows hold, by their place among [`Place::pointers`].
    pointers: Vec<usize>,
    /// Where its rows say what their context is, over there or with others' rows over there that may refer to it as well.
    context: Vec<Vec<usize>>,
    /// The columns that rows over there hold.
    pointed: BTreeSet<String>,
}

impl Unsure {
    /// Whether the row might be treated otherwise if everything could be seen. A row that is the person's by its own
    /// identity, and that nothing over there can have kept, is deleted in any case.
    pub(in crate::fulfilment) fn about(&self, row: &Row, verdict: &Verdict, wanted: &Action) -> bool {
        let unseen =
            |others: &[Link]| others.iter().any(|link| matches!(link, Link::Pointer(at) if self.pointers.contains(at)));
        let rekeyed = matches!(wanted, Action::Mask(masks) if masks.keys().any(|c| self.pointed.contains(c)));
        // What is masked is not found again, nor what it points to.
        let has_context = || self.context.iter().any(|at| at.iter().all(|at| row.get(*at).is_some()));
        let leads_on = matches!(wanted, Action::Mask(_)) && has_context();
        self.waits
            || rekeyed
            || match verdict {
                Verdict::Own { others } => leads_on || (*wanted != Action::Delete && unseen(others)),
                // Rows over there may tell that who else it names is the person, and then it is theirs alone.
                Verdict::Shared { .. } | Verdict::Claimed => self.something_fails,
                Verdict::Context | Verdict::Foreign | Verdict::Unexplained => false,
            }
    }
}
