//! The search: from a person's identities along the graph to a fixpoint, reading keys and nothing else.
//!
//! Memory stays flat however many rows a person has: keys are remembered in [`KeySet`]s and asked for in batches, and of
//! the rows only some that may yet turn out to be the person's. Where there are more of those, they are read again.

use std::collections::{BTreeSet, HashMap};

use super::super::manifest::Manifest;
use super::super::{FulfilmentError, Systems};
use super::done::Done;
use super::findings::findings;
use super::fingerprint;
use super::judge::{Knowledge, Verdict};
use super::left_rows::LeftRows;
use super::place::{Place, Places, PointerEnd};
use super::snapshot::{Catalogue, Snapshot};
use super::values::Spelling;
use super::wanted::Wanted;
use crate::connectors::{Match, Row, Select};
use crate::datamap::{Graph, NodeId, Pointer, PointerId};
use crate::domain::identity::{Identities, IdentityKind};
use crate::domain::personal::Personal;

/// How many undecided rows of a collection are kept.
const UNDECIDED: usize = 10_000;

/// What is known of one collection.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) wanted: Wanted,
    /// Rows that may yet turn out to be the person's, by their fingerprints.
    pub(super) undecided: HashMap<[u8; 32], Row>,
    /// Whether there were more of these than are kept.
    pub(super) more_undecided: bool,
    /// Whether something became known that may decide them.
    pub(super) stale: bool,
    /// Whether it was passed over, since nothing leads on from it.
    pub(super) unread: bool,
    /// Whether any row came back.
    pub(super) met: bool,
    /// Whether a composite key was looked for column by column, so that rows of others come back with the person's.
    pub(super) broad: bool,
}

impl Progress {
    /// Whether rows may come when all is asked for: where that was done already and nothing came, nothing comes of the same
    /// snapshot.
    pub(super) fn brings_rows(&self) -> bool {
        !self.wanted.is_empty() && (self.unread || self.met)
    }
}

/// A finished search: what to look for in each collection, and how to judge what comes back.
pub(in crate::fulfilment) struct Trace<'s> {
    pub(in crate::fulfilment) systems: &'s Systems,
    pub(in crate::fulfilment) places: Places,
    pub(in crate::fulfilment) snapshot: Snapshot<'s>,
    pub(super) knowledge: Knowledge,
    pub(super) progress: Vec<Progress>,
    /// The collections, parents before children where there is no cycle.
    order: Vec<NodeId>,
}

impl<'s> Trace<'s> {
    /// Searches all systems for the person.
    pub(in crate::fulfilment) fn run(systems: &'s Systems, identities: &Identities) -> Result<Self, FulfilmentError> {
        Self::run_after(systems, identities, &[], &Done::default(), Catalogue::Asked)
    }

    /// The same after rounds of an erasure, which left rows to come back to, and removed or masked others that still lead on;
    /// `done` is what they wrote.
    pub(in crate::fulfilment) fn run_after(
        systems: &'s Systems,
        identities: &Identities,
        earlier: &[Manifest],
        done: &Done,
        catalogue: Catalogue,
    ) -> Result<Self, FulfilmentError> {
        let graph = systems.graph();
        let mut places = Places::bind(systems)?;
        let left = LeftRows::of(earlier, graph, &mut places)?;
        let scratch = systems.scratch();
        let mut trace = Self {
            systems,
            snapshot: Snapshot::open(systems, &places.iter().map(|place| &place.system).collect(), catalogue)?,
            knowledge: Knowledge::new(identities, graph, scratch),
            progress: places.all.iter().map(|_| Progress::default()).collect(),
            order: parents_first(graph),
            places,
        };
        let told = |(_, pointer): &(PointerId, &Pointer)| systems.leads_into_service(pointer);
        trace.knowledge.sent = graph.pointers().filter(told).map(|(id, _)| (id, Vec::new())).collect();
        for link in trace.places.iter().flat_map(|place| &place.identities) {
            trace.knowledge.spell(link);
        }
        for place in trace.places.iter() {
            for link in &place.identities {
                if let Some(value) = trace.knowledge.given(link.kind) {
                    let wanted = &mut trace.progress[place.node.index()].wanted;
                    for spelled in link.wanted(value) {
                        wanted.add(scratch, place, &link.column, link.comparison(), &spelled)?;
                    }
                }
            }
        }
        trace.want_left(left)?;
        trace.announce_beginning(earlier)?;
        trace.follow()?;
        trace.follow_trails(earlier, done)?;
        Ok(trace)
    }

    /// Looks for rows by their own keys.
    fn want_left(&mut self, left: LeftRows) -> Result<(), FulfilmentError> {
        for (node, key) in left.keys() {
            let Some(place) = self.places.get(node) else { continue };
            let progress = &mut self.progress[node.index()];
            // A key that the database finds the same is of another row; what is not known as left is nobody's here.
            progress.broad = true;
            let column = |at: &usize| place.table().column(&place.columns[*at]);
            let Some(columns) = place.key_at.iter().map(column).collect::<Option<Vec<_>>>() else { continue };
            let parts: Vec<_> = columns.into_iter().map(|column| (column, Spelling::of(column))).collect();
            progress.wanted.add_key(self.systems.scratch(), place, &parts, key)?;
        }
        self.knowledge.left = left;
        Ok(())
    }

    /// The kinds of identifiers that were given and looked for, and that nothing shows to be the person's.
    pub(in crate::fulfilment) fn unshown(&self) -> BTreeSet<IdentityKind> {
        let fields = |kind| self.systems.graph().nodes().any(|(_, node)| node.has_identity(kind));
        self.knowledge.unshown().into_iter().filter(|kind| fields(*kind)).collect()
    }

    /// The other identifiers that stand beside a given one in rows of the person's.
    pub(in crate::fulfilment) fn learned(&self) -> Vec<(IdentityKind, Personal<String>)> {
        self.knowledge.learned()
    }

    /// Asks for what is pending, parents first, and looks again at what was left undecided, until nothing new turns up.
    pub(super) fn follow(&mut self) -> Result<(), FulfilmentError> {
        loop {
            let pending = |n: &&NodeId| self.progress[n.index()].wanted.is_pending();
            if let Some(node) = self.order.iter().find(pending).copied() {
                self.ask(node)?;
                self.reconsider()?;
                continue;
            }
            self.reconsider()?;
            let stale = |n: &&NodeId| self.progress[n.index()].stale;
            match self.order.iter().find(stale).copied() {
                Some(node) => self.ask_again(node)?,
                None if self.progress.iter().any(|p| p.wanted.is_pending()) => {}
                None => return Ok(()),
            }
        }
    }

    /// Asks for what is pending in a collection, as much as one question takes.
    fn ask(&mut self, node: NodeId) -> Result<(), FulfilmentError> {
        let wanted = &mut self.progress[node.index()].wanted;
        match self.places.get(node) {
            Some(place) if !place.is_leaf() => {
                let any_of = wanted.next()?;
                self.read(node, &any_of)
            }
            _ => {
                wanted.pass_over();
                self.progress[node.index()].unread = true;
                Ok(())
            }
        }
    }

    /// Asks once more for all that was looked for in a collection, since more rows are undecided than are kept.
    fn ask_again(&mut self, node: NodeId) -> Result<(), FulfilmentError> {
        self.progress[node.index()].stale = false;
        for question in self.progress[node.index()].wanted.questions() {
            let any_of = self.progress[node.index()].wanted.matches(question)?;
            self.read(node, &any_of)?;
        }
        Ok(())
    }

    fn read(&mut self, node: NodeId, any_of: &[Match]) -> Result<(), FulfilmentError> {
        let (places, mut findings) = findings(&self.places, &mut self.knowledge, &mut self.progress, self.systems);
        let Some(place) = places.get(node) else { return Ok(()) };
        let select = Select { table: &place.table_name, columns: &place.columns, any_of };
        self.snapshot.select(&place.system, &select, |row| {
            findings.progress[node.index()].met = true;
            if findings.look(place, row)? {
                return Ok(());
            }
            let progress = &mut findings.progress[node.index()];
            if !progress.more_undecided {
                progress.undecided.entry(fingerprint::of(row.iter())).or_insert_with(|| row.clone());
                if progress.undecided.len() > UNDECIDED {
                    progress.undecided = HashMap::new();
                    progress.more_undecided = true;
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Judges the undecided rows that are kept anew, wherever something became known that may decide them.
    fn reconsider(&mut self) -> Result<(), FulfilmentError> {
        let (places, mut findings) = findings(&self.places, &mut self.knowledge, &mut self.progress, self.systems);
        let kept = |p: &Progress| p.stale && !p.more_undecided;
        while let Some(at) = findings.progress.iter().position(kept) {
            findings.progress[at].stale = false;
            let Some(place) = &places.all[at] else { continue };
            let mut rows = std::mem::take(&mut findings.progress[at].undecided);
            let mut failed = None;
            rows.retain(|_, row| {
                let decided = findings.look(place, row);
                !decided.unwrap_or_else(|error| failed.replace(error).is_some())
            });
            findings.progress[at].undecided = rows;
            failed.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    /// The collections in which something was looked for, parents first.
    pub(in crate::fulfilment) fn searched(&self) -> Vec<NodeId> {
        let some = |n: &NodeId| self.places.get(*n).is_some() && !self.progress[n.index()].wanted.is_empty();
        self.order.iter().copied().filter(some).collect()
    }
}

impl Trace<'_> {
    /// Whether every row of a collection that holds in these columns a key of the person's rows of another one comes in its
    /// sweep: the search follows that reference, and a row that it leads to is theirs or, with somebody else's name in it,
    /// shared. Where rows may come back that only the database takes for such rows, by half of a key or by a collation, they are
    /// not seen here.
    pub(in crate::fulfilment) fn sweeps_all(
        &self,
        (from, columns): (NodeId, &[String]),
        (to, to_columns): (NodeId, &[String]),
    ) -> bool {
        let Some((holder, target)) = self.places.get(from).zip(self.places.get(to)) else { return false };
        let exact = |end: &PointerEnd| !end.spellings.iter().any(|s| matches!(s, Spelling::Collated { .. }));
        let leads =
            |end: &PointerEnd| end.person && end.down && end.other == to && end.columns == columns && exact(end);
        let far = |near: &PointerEnd| target.pointed.iter().any(|end| end.id == near.id && end.columns == to_columns);
        let whole = !self.progress[from.index()].broad;
        whole && !target.is_leaf() && holder.pointers.iter().any(|end| leads(end) && far(end))
    }

    /// Whose a row is that a service handed over as the person's.
    pub(in crate::fulfilment) fn attested(&self, place: &Place, row: &Row) -> Result<Verdict, FulfilmentError> {
        Ok(self.knowledge.attested(place, row)?)
    }

    /// The keys of the person's rows at which a pointer of a service's rows can point, in order.
    pub(in crate::fulfilment) fn owned(&self, pointer: PointerId) -> Vec<Vec<String>> {
        let mut keys = self.knowledge.sent.get(&pointer).cloned().unwrap_or_default();
        keys.sort_unstable();
        keys
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
