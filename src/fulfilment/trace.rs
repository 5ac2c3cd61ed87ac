//! The search: from a person's identities along the graph to a fixpoint, reading keys and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::judge::{Knowledge, Verdict};
use super::place::{Place, Places, PointerEnd};
use super::snapshot::Snapshot;
use super::values::most_telling;
use super::{FulfilmentError, Systems, fingerprint};
use crate::connectors::{Comparison, Match, Row, Select};
use crate::datamap::{Graph, NodeId, PointerId};
use crate::domain::identity::Identities;

/// Values looked for in one collection, by column.
#[derive(Default, Clone)]
struct Wanted(BTreeMap<(String, u8), BTreeSet<String>>);

impl Wanted {
    fn add(&mut self, column: &str, comparison: Comparison, value: &str) {
        let values = self.0.entry((column.to_owned(), comparison as u8)).or_default();
        values.insert(value.to_owned());
    }

    fn matches(&self) -> Vec<Match> {
        let all = [Comparison::Exact, Comparison::IgnoreCase, Comparison::PhoneDigits];
        let comparison = |number: u8| all.into_iter().find(|c| *c as u8 == number).expect("made from a comparison");
        let one = |((column, number), values): (&(String, u8), &BTreeSet<String>)| Match {
            column: column.clone(),
            values: values.iter().cloned().collect(),
            comparison: comparison(*number),
        };
        self.0.iter().map(one).collect()
    }
}

/// What is known of one collection.
#[derive(Default)]
struct Progress {
    /// Looked for already, and what is still to be looked for.
    searched: Wanted,
    pending: Wanted,
    seen: HashSet<[u8; 32]>,
    /// Rows that may yet turn out to be the person's.
    undecided: Vec<Row>,
    /// Whether half of a composite key was looked for, so that rows of others come back with the person's.
    broad: bool,
}

/// A finished search: what to look for in each collection, and how to judge what comes back.
pub(super) struct Trace<'s> {
    pub(super) systems: &'s Systems,
    pub(super) places: Places,
    pub(super) snapshot: Snapshot<'s>,
    knowledge: Knowledge,
    progress: Vec<Progress>,
    /// The collections, parents before children where there is no cycle.
    order: Vec<NodeId>,
}

impl<'s> Trace<'s> {
    /// Searches all systems for the person.
    pub(super) fn run(systems: &'s Systems, identities: &Identities) -> Result<Self, FulfilmentError> {
        let graph = systems.graph();
        let places = Places::bind(systems)?;
        let mut trace = Self {
            systems,
            snapshot: Snapshot::new(systems),
            knowledge: Knowledge::new(identities, graph),
            progress: places.all.iter().map(|_| Progress::default()).collect(),
            order: parents_first(graph),
            places,
        };
        for link in trace.places.iter().flat_map(|place| &place.identities) {
            trace.knowledge.spell(link);
        }
        for place in trace.places.iter() {
            for link in &place.identities {
                if let Some(value) = trace.knowledge.given(link.kind) {
                    for spelled in link.wanted(value) {
                        trace.progress[place.node.index()].pending.add(&link.column, link.comparison(), &spelled);
                    }
                }
            }
        }
        trace.follow()?;
        Ok(trace)
    }

    /// Searches on from rows that are no longer there: keys of the person's rows that an earlier erasure removed.
    /// A key that stands in its collection today was given to someone else since, and is passed over.
    pub(super) fn follow_erased(
        &mut self,
        node: NodeId,
        columns: &[String],
        keys: &[Vec<String>],
        stands: bool,
    ) -> Result<(), FulfilmentError> {
        let present = match self.places.get(node) {
            // Theirs still, although nothing in it says so any more.
            Some(_) if stands => HashSet::new(),
            Some(place) => self.present_keys(place.node, columns, keys)?,
            None => return Ok(()),
        };
        for end in self.places.get(node).map(|p| p.pointed.as_slice()).unwrap_or_default() {
            if end.columns == columns {
                let gone: Vec<_> = keys.iter().filter(|k| !present.contains(&end.canonical(k))).cloned().collect();
                add_owned(&mut self.knowledge, &mut self.progress, &self.places, end, gone);
            }
        }
        self.reconsider_all();
        self.follow()
    }

    fn present_keys(
        &mut self,
        node: NodeId,
        columns: &[String],
        keys: &[Vec<String>],
    ) -> Result<HashSet<Vec<String>>, FulfilmentError> {
        let place = self.places.get(node).expect("asked of a place");
        let Some(end) = place.pointed.iter().find(|end| end.columns == columns) else { return Ok(HashSet::new()) };
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        let mut values: Vec<String> = keys.iter().map(|key| key[0].clone()).collect();
        values.sort_unstable();
        values.dedup();
        let any_of = [Match { column: columns[0].clone(), values, comparison: Comparison::Exact }];
        let select = Select { table: &place.table_name, columns: &place.columns, any_of: &any_of };
        let mut present = HashSet::new();
        self.snapshot.select(&place.system, &select, |row| {
            present.extend(end.key(row).map(|key| end.canonical(&key)));
            Ok(())
        })?;
        Ok(present)
    }

    /// Queries what is pending, parents first, until nothing new turns up.
    fn follow(&mut self) -> Result<(), FulfilmentError> {
        loop {
            let ready = |n: &&NodeId| !self.progress[n.index()].pending.0.is_empty();
            let Some(node) = self.order.iter().find(ready).copied() else { return Ok(()) };
            let Some(place) = self.places.get(node) else {
                self.progress[node.index()].pending = Wanted::default();
                continue;
            };
            let progress = &mut self.progress[node.index()];
            let pending = std::mem::take(&mut progress.pending);
            for ((column, comparison), values) in &pending.0 {
                let searched = progress.searched.0.entry((column.clone(), *comparison)).or_default();
                searched.extend(values.iter().cloned());
            }
            if place.is_leaf() {
                continue;
            }
            let select = Select { table: &place.table_name, columns: &place.columns, any_of: &pending.matches() };
            self.snapshot.select(&place.system, &select, |row| {
                if progress.seen.insert(fingerprint::of(row.iter())) {
                    progress.undecided.push(row.clone());
                }
                Ok(())
            })?;
            self.reconsider(node);
        }
    }

    fn reconsider_all(&mut self) {
        for node in self.order.clone() {
            self.reconsider(node);
        }
    }

    /// Judges the undecided rows of a collection anew, and of every collection whose judgement that may change.
    fn reconsider(&mut self, node: NodeId) {
        let mut stale = BTreeSet::from([node]);
        while let Some(node) = stale.pop_first() {
            let Some(place) = self.places.get(node) else { continue };
            let rows = std::mem::take(&mut self.progress[node.index()].undecided);
            let mut undecided = Vec::new();
            for row in rows {
                match self.knowledge.judge(place, &row) {
                    Verdict::Own { .. } => {
                        if self.knowledge.learn(place, &row) {
                            stale.extend(self.places.iter().filter(|p| !p.identities.is_empty()).map(|p| p.node));
                        }
                        for end in &place.pointed {
                            let key = end.key(&row);
                            if add_owned(&mut self.knowledge, &mut self.progress, &self.places, end, key) {
                                stale.insert(end.other);
                            }
                        }
                        add_context(&mut self.knowledge, &mut self.progress, &self.places, place, &row);
                    }
                    Verdict::Context => {
                        add_context(&mut self.knowledge, &mut self.progress, &self.places, place, &row);
                        undecided.push(row);
                    }
                    _ => undecided.push(row),
                }
            }
            self.progress[node.index()].undecided.append(&mut undecided);
        }
    }

    /// The collections in which something was looked for, parents first.
    pub(super) fn searched(&self) -> Vec<NodeId> {
        let some = |n: &NodeId| self.places.get(*n).is_some() && !self.progress[n.index()].searched.0.is_empty();
        self.order.iter().copied().filter(some).collect()
    }

    /// Streams every row found in a collection, once, with whose it is. The row begins with [`Place::columns`] and
    /// goes on with `more`.
    pub(super) fn sweep(
        &mut self,
        node: NodeId,
        more: &[String],
        mut each: impl FnMut(&Place, &Row, Verdict) -> Result<(), FulfilmentError>,
    ) -> Result<(), FulfilmentError> {
        let Some(place) = self.places.get(node) else { return Ok(()) };
        let progress = &self.progress[node.index()];
        if progress.searched.0.is_empty() {
            return Ok(());
        }
        let columns: Vec<String> = place.columns.iter().chain(more).cloned().collect();
        let select = Select { table: &place.table_name, columns: &columns, any_of: &progress.searched.matches() };
        let knowledge = &self.knowledge;
        self.snapshot.select(&place.system, &select, |row| match knowledge.judge(place, row) {
            Verdict::Foreign => Ok(()),
            Verdict::Unexplained if progress.broad => Ok(()),
            Verdict::Unexplained => {
                Err(FulfilmentError::Unexplained { system: place.system.clone(), table: place.table_name.to_string() })
            }
            verdict => each(place, row, verdict),
        })?;
        Ok(())
    }
}

impl Trace<'_> {
    /// Whose a row is that a service handed over as the person's.
    pub(super) fn attested(&self, place: &Place, row: &Row) -> Verdict {
        self.knowledge.attested(place, row)
    }

    /// The keys of the person's rows at which a pointer of a service's rows can point, in order.
    pub(super) fn owned(&self, pointer: PointerId) -> Vec<Vec<String>> {
        let mut keys: Vec<_> = self.knowledge.owned[pointer.index()].iter().cloned().collect();
        keys.sort_unstable();
        keys
    }
}

/// Notes keys of the person's rows, and looks for the rows that belong to them; gives whether any was new.
fn add_owned(
    knowledge: &mut Knowledge,
    progress: &mut [Progress],
    places: &Places,
    pointed: &PointerEnd,
    keys: impl IntoIterator<Item = Vec<String>>,
) -> bool {
    let owned = &mut knowledge.owned[pointed.id.index()];
    let new: Vec<_> = keys.into_iter().filter(|key| owned.insert(pointed.canonical(key))).collect();
    if let Some(child) = places.get(pointed.other)
        && pointed.down
        && let Some(end) = child.pointers.iter().find(|end| end.id == pointed.id)
    {
        want(&mut progress[pointed.other.index()], end, &new);
    }
    !new.is_empty()
}

/// What the row points to is context.
fn add_context(knowledge: &mut Knowledge, progress: &mut [Progress], places: &Places, place: &Place, row: &Row) {
    for end in place.pointers.iter().filter(|end| end.up) {
        let Some(key) = end.key(row) else { continue };
        if knowledge.context[end.id.index()].insert(end.canonical(&key))
            && let Some(target) = places.get(end.other)
            && let Some(pointed) = target.pointed.iter().find(|t| t.id == end.id)
        {
            want(&mut progress[end.other.index()], pointed, &[key]);
        }
    }
}

/// Looks for rows by their keys. Of a composite key only one column is looked for and the judge compares the whole: the
/// column that tells the keys apart best, so that few rows of others come back.
fn want(progress: &mut Progress, end: &PointerEnd, keys: &[Vec<String>]) {
    let Some(part) = most_telling(keys, end.columns.len()) else { return };
    progress.broad |= end.columns.len() > 1;
    let column = (end.columns[part].clone(), Comparison::Exact as u8);
    for key in keys {
        if !progress.searched.0.get(&column).is_some_and(|known| known.contains(&key[part])) {
            progress.pending.add(&end.columns[part], Comparison::Exact, &key[part]);
        }
    }
}

/// Parents before children, by depth-first search; where there is a cycle, any order serves, only slower.
fn parents_first(graph: &Graph) -> Vec<NodeId> {
    fn visit(graph: &Graph, node: NodeId, seen: &mut BTreeSet<NodeId>, order: &mut Vec<NodeId>) {
        if !seen.insert(node) {
            return;
        }
        let down = graph.pointers_to(node).filter(|(_, p)| p.down).map(|(_, p)| p.from);
        let up = graph.pointers_from(node).filter(|(_, p)| p.up).map(|(_, p)| p.to);
        for next in down.chain(up).collect::<Vec<_>>() {
            visit(graph, next, seen, order);
        }
        order.push(node);
    }
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    let starts = graph.nodes().filter(|(_, n)| n.collection.fields.iter().any(|f| f.identity.is_some()));
    for (node, _) in starts.chain(graph.nodes()) {
        visit(graph, node, &mut seen, &mut order);
    }
    order.reverse();
    order
}
