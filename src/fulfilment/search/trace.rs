//! The search: from a person's identities along the graph to a fixpoint, reading keys and nothing else.
//!
//! Memory stays flat however many rows a person has: keys are remembered in [`KeySet`]s and asked for in batches, and of
//! the rows only some that may yet turn out to be the person's. Where there are more of those, they are read again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::super::manifest::Manifest;
use super::super::row_parts::RowParts;
use super::super::{FulfilmentError, Systems};
use super::done::Done;
use super::fingerprint;
use super::judge::{Knowledge, Verdict};
use super::key_set::KeySet;
use super::left_rows::LeftRows;
use super::place::{Columns, Place, Places, PointerEnd};
use super::row_name::Naming;
use super::scratch::Scratch;
use super::snapshot::{Catalogue, Snapshot};
use super::values::{Spelling, most_telling, spelled_in};
use super::wanted::{Question, Wanted};
use crate::connectors::{Comparison, Key, Match, Row, Select};
use crate::datamap::{Graph, NodeId, Pointer, PointerId};
use crate::domain::identity::{Identities, IdentityKind};
use crate::domain::personal::Personal;

/// How many undecided rows of a collection are kept.
const UNDECIDED: usize = 10_000;

/// How many values may be looked for in a collection that is announced.
const ANNOUNCED: usize = 64;

/// What is known of one collection.
#[derive(Default)]
struct Progress {
    wanted: Wanted,
    /// Rows that may yet turn out to be the person's, by their fingerprints.
    undecided: HashMap<[u8; 32], Row>,
    /// Whether there were more of these than are kept.
    more_undecided: bool,
    /// Whether something became known that may decide them.
    stale: bool,
    /// Whether it was passed over, since nothing leads on from it.
    unread: bool,
    /// Whether any row came back.
    met: bool,
    /// Whether half of a composite key was looked for, so that rows of others come back with the person's.
    broad: bool,
}

impl Progress {
    /// Whether rows may come when all is asked for: where that was done already and nothing came, nothing comes of the same
    /// snapshot.
    fn brings_rows(&self) -> bool {
        !self.wanted.is_empty() && (self.unread || self.met)
    }
}

/// A finished search: what to look for in each collection, and how to judge what comes back.
pub(in crate::fulfilment) struct Trace<'s> {
    pub(in crate::fulfilment) systems: &'s Systems,
    pub(in crate::fulfilment) places: Places,
    pub(in crate::fulfilment) snapshot: Snapshot<'s>,
    knowledge: Knowledge,
    progress: Vec<Progress>,
    /// The collections, parents before children where there is no cycle.
    order: Vec<NodeId>,
}

impl<'s> Trace<'s> {
    /// Searches all systems for the person.
    pub(in crate::fulfilment) fn run(systems: &'s Systems, identities: &Identities) -> Result<Self, FulfilmentError> {
        Self::run_after(systems, identities, &[], Catalogue::Asked)
    }

    /// The same after rounds of an erasure, which left rows to come back to, and removed or masked others that still lead on.
    pub(in crate::fulfilment) fn run_after(
        systems: &'s Systems,
        identities: &Identities,
        earlier: &[Manifest],
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
        trace.follow_trails(earlier)?;
        Ok(trace)
    }

    /// Looks for rows by their own keys.
    fn want_left(&mut self, left: LeftRows) -> Result<(), FulfilmentError> {
        for (node, key) in left.keys() {
            let (Some(place), Some(part)) = (self.places.get(node), most_telling(&[key], key.len())) else { continue };
            let progress = &mut self.progress[node.index()];
            // A key that the database finds the same is of another row; what is not known as left is nobody's here.
            progress.broad = true;
            let column = &place.columns[place.key_at[part]];
            progress.wanted.add(self.systems.scratch(), place, column, Comparison::Exact, &key[part])?;
        }
        self.knowledge.left = left;
        Ok(())
    }

    /// Says what is asked whatever comes of it: after the identifiers, which keys of erased rows stand there today.
    fn announce_beginning(&mut self, earlier: &[Manifest]) -> Result<(), FulfilmentError> {
        let mut beginning = Vec::new();
        for place in self.places.iter().filter(|place| !place.is_leaf()) {
            let wanted = &self.progress[place.node.index()].wanted;
            if wanted.is_pending() && wanted.is_few(ANNOUNCED) {
                beginning.push((place, place.columns.clone(), wanted.matches(Question::Everything)?));
            }
        }
        let trails = earlier.iter().flat_map(|manifest| &manifest.trails);
        for trail in trails.filter(|trail| !trail.context && trail.keys.len() <= ANNOUNCED) {
            let node = self.systems.graph().find(&trail.dataset, &trail.collection);
            let Some(place) = node.and_then(|node| self.places.get(node)) else { continue };
            if !place.pointed.iter().any(|end| end.columns == trail.columns) {
                continue;
            }
            let keys = trail.keys.iter().map(|key| key.expose());
            let asked = standing_at(place, &trail.columns, keys);
            beginning.extend(asked.map(|(columns, one)| (place, columns, vec![one])));
        }
        let selects = beginning
            .iter()
            .map(|(place, columns, any_of)| (&place.system, Select { table: &place.table_name, columns, any_of }));
        self.snapshot.announce(selects)
    }

    /// Searches on from the rows that earlier manifests of the same erasure deleted or masked.
    fn follow_trails(&mut self, earlier: &[Manifest]) -> Result<(), FulfilmentError> {
        let done = Done::of(earlier);
        for (manifest, trail) in earlier.iter().flat_map(|manifest| manifest.trails.iter().map(move |t| (manifest, t)))
        {
            let Some(node) = self.systems.graph().find(&trail.dataset, &trail.collection) else { continue };
            let keys: Vec<Vec<String>> = trail.keys.iter().map(|k| k.expose().clone()).collect();
            if trail.context {
                self.follow_context(node, &trail.columns, &keys)?;
                continue;
            }
            self.note_erased(node, &trail.columns, &keys, trail.stands.then_some(&done))?;
            let parts = manifest.parts_of(&trail.dataset, &trail.collection).filter(|_| trail.in_parts);
            for rows in parts.flat_map(RowParts::each) {
                let keys: Vec<Vec<String>> = rows?.iter().map(|row| row.key.0.expose().clone()).collect();
                self.note_erased(node, &trail.columns, &keys, None)?;
            }
            self.progress.iter_mut().for_each(|p| p.stale = true);
            self.follow()?;
        }
        for manifest in earlier.iter().filter(|manifest| !manifest.learned.is_empty()) {
            self.recall(&manifest.learned)?;
        }
        Ok(())
    }

    /// Looks for what belongs to rows that are no longer there: keys of the person's rows that an earlier erasure removed.
    /// A key that stands in its collection today was given to someone else since, and is passed over; where its row was
    /// masked (`masked`) and not removed, unless that row is still there as it was masked.
    fn note_erased(
        &mut self,
        node: NodeId,
        columns: &[String],
        keys: &[Vec<String>],
        masked: Option<&Done>,
    ) -> Result<(), FulfilmentError> {
        if self.places.get(node).is_none() {
            return Ok(());
        }
        let present = self.taken_keys(node, columns, keys, masked)?;
        self.knowledge.owned_before = true;
        let (places, mut findings) = findings(&self.places, &mut self.knowledge, &mut self.progress, self.systems);
        for end in places.get(node).map(|p| p.pointed.as_slice()).unwrap_or_default() {
            if end.columns == columns {
                for key in keys.iter().filter(|k| !present.contains(&end.canonical(k))) {
                    findings.owned(end, key)?;
                }
            }
        }
        Ok(())
    }

    /// Searches on from what rows that are no longer there pointed to as their context.
    fn follow_context(
        &mut self,
        node: NodeId,
        columns: &[String],
        keys: &[Vec<String>],
    ) -> Result<(), FulfilmentError> {
        let (places, mut findings) = findings(&self.places, &mut self.knowledge, &mut self.progress, self.systems);
        let ends = places.get(node).map(|p| p.pointers.as_slice()).unwrap_or_default();
        for end in ends.iter().filter(|end| end.up && end.columns == columns) {
            for key in keys {
                findings.context_at(end, key)?;
            }
        }
        self.follow()
    }

    /// Judges again with identifiers that an earlier search found in rows that are no longer there.
    fn recall(&mut self, learned: &[(IdentityKind, Personal<String>)]) -> Result<(), FulfilmentError> {
        if !self.knowledge.recall(learned) {
            return Ok(());
        }
        self.progress.iter_mut().for_each(|p| p.stale = true);
        self.follow()
    }

    /// The other identifiers that stand beside a given one in rows of the person's.
    pub(in crate::fulfilment) fn learned(&self) -> Vec<(IdentityKind, Personal<String>)> {
        self.knowledge.learned()
    }

    /// Which of the keys stand in a row that is not, or not any more, the person's masked one.
    fn taken_keys(
        &mut self,
        node: NodeId,
        columns: &[String],
        keys: &[Vec<String>],
        masked: Option<&Done>,
    ) -> Result<HashSet<Vec<String>>, FulfilmentError> {
        let place = self.places.get(node).expect("asked of a place");
        let Some(end) = place.pointed.iter().find(|end| end.columns == columns) else { return Ok(HashSet::new()) };
        let Some((read, one)) = standing_at(place, columns, keys.iter()) else { return Ok(HashSet::new()) };
        let naming = Naming::of(place.table());
        let select = Select { table: &place.table_name, columns: &read, any_of: &[one] };
        let mut taken = HashSet::new();
        let knowledge = &self.knowledge;
        self.snapshot.select(&place.system, &select, |row| {
            let own = naming.name(row.iter().skip(place.columns.len()));
            let theirs = |(done, own): (&Done, &Key)| {
                let mut links = place.identities.iter().filter(|link| !knowledge.is_mine(link, row));
                done.masked(place, own)
                    && !links.any(|link| done.was_overwritten(place, own, &link.column, row.get(link.at)))
            };
            if !masked.zip(own.as_ref()).is_some_and(theirs) {
                taken.extend(end.key(row).map(|key| end.canonical(&key)));
            }
            Ok(())
        })?;
        Ok(taken)
    }

    /// Asks for what is pending, parents first, and looks again at what was left undecided, until nothing new turns up.
    fn follow(&mut self) -> Result<(), FulfilmentError> {
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

    /// Says which collections are swept next, each with what is read of it, as [`Trace::sweep_reading`] takes it.
    pub(in crate::fulfilment) fn announce(&mut self, sweeps: &[(NodeId, Vec<String>)]) -> Result<(), FulfilmentError> {
        let mut announced = Vec::new();
        for (node, columns) in sweeps {
            let (Some(place), progress) = (self.places.get(*node), &self.progress[node.index()]) else { continue };
            if progress.brings_rows() && progress.wanted.is_few(ANNOUNCED) {
                let mut columns = Columns(columns.clone());
                for name in &place.columns {
                    columns.index(name);
                }
                announced.push((place, columns.0, progress.wanted.matches(Question::Everything)?));
            }
        }
        let selects = announced
            .iter()
            .map(|(place, columns, any_of)| (&place.system, Select { table: &place.table_name, columns, any_of }));
        self.snapshot.announce(selects)
    }

    /// Streams every row found in a collection, once, with whose it is. The row begins with [`Place::columns`] and
    /// goes on with `more`.
    pub(in crate::fulfilment) fn sweep(
        &mut self,
        node: NodeId,
        more: &[String],
        each: impl FnMut(&Place, &Row, Verdict) -> Result<(), FulfilmentError>,
    ) -> Result<(), FulfilmentError> {
        let Some(place) = self.places.get(node) else { return Ok(()) };
        let columns = place.columns.iter().chain(more).cloned().collect();
        self.sweep_reading(node, columns, each)
    }

    /// The same with rows that begin with these columns.
    pub(in crate::fulfilment) fn sweep_reading(
        &mut self,
        node: NodeId,
        columns: Vec<String>,
        mut each: impl FnMut(&Place, &Row, Verdict) -> Result<(), FulfilmentError>,
    ) -> Result<(), FulfilmentError> {
        let Some(place) = self.places.get(node) else { return Ok(()) };
        let progress = &self.progress[node.index()];
        if !progress.brings_rows() {
            return Ok(());
        }
        let mut columns = Columns(columns);
        let links = place.columns.iter().map(|name| columns.index(name)).collect();
        let mut judged = Judged { at: links, before: None };
        let mut once = Once::new(place, &progress.wanted, &mut columns, self.systems.scratch());
        for question in once.questions(&progress.wanted) {
            let any_of = progress.wanted.matches(question)?;
            let select = Select { table: &place.table_name, columns: &columns.0, any_of: &any_of };
            let knowledge = &self.knowledge;
            self.snapshot.select(&place.system, &select, |row| match judged.verdict(knowledge, place, row)? {
                Verdict::Foreign => Ok(()),
                Verdict::Unexplained if progress.broad => Ok(()),
                Verdict::Unexplained => Err(FulfilmentError::Unexplained {
                    system: place.system.clone(),
                    table: place.table_name.to_string(),
                }),
                verdict if once.is_new(row)? => each(place, row, verdict.clone()),
                _ => Ok(()),
            })?;
        }
        if !once.met_unkeyed() {
            return Ok(());
        }
        // Asked for in one question, each of them comes once.
        let any_of = progress.wanted.matches(Question::Everything)?;
        let select = Select { table: &place.table_name, columns: &columns.0, any_of: &any_of };
        let knowledge = &self.knowledge;
        self.snapshot.select(&place.system, &select, |row| match judged.verdict(knowledge, place, row)? {
            Verdict::Foreign | Verdict::Unexplained => Ok(()),
            verdict if once.is_unkeyed(row) => each(place, row, verdict.clone()),
            _ => Ok(()),
        })?;
        Ok(())
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

/// The verdict of the row before: of many rows in a row the links are the same.
struct Judged {
    /// Where [`Place::columns`] are read.
    at: Vec<usize>,
    /// What stood there, and the verdict.
    before: Option<(Row, Verdict)>,
}

impl Judged {
    fn verdict(&mut self, knowledge: &Knowledge, place: &Place, row: &Row) -> Result<&Verdict, FulfilmentError> {
        let Self { at, before } = self;
        let same = |before: &Row| at.iter().enumerate().all(|(index, at)| before.get(index) == row.get(*at));
        if before.as_ref().is_some_and(|(before, _)| !same(before)) {
            *before = None;
        }
        match before {
            Some((_, verdict)) => Ok(verdict),
            none => {
                let links: Row = at.iter().map(|at| row.get(*at)).collect();
                let verdict = knowledge.judge(place, &links)?;
                Ok(&none.insert((links, verdict)).1)
            }
        }
    }
}

/// Gives each row once, where it may answer more than one question.
enum Once {
    /// No row answers two.
    AsItComes,
    /// Rows are told apart by their primary key.
    Keyed(Keyed),
    /// Rows cannot be told apart: everything has to be one question.
    Whole,
}

/// Rows by their primary key. A key with NULL in it tells no rows apart: SQLite takes any number of them, wherever the
/// key is no INTEGER and not declared NOT NULL.
struct Keyed {
    /// Where the parts of the key stand in a row.
    at: Vec<usize>,
    delivered: KeySet,
    /// Whether a row with NULL in its key was passed over.
    met_unkeyed: bool,
}

impl Once {
    /// `columns` gets what is missing of the primary key.
    fn new(place: &Place, wanted: &Wanted, columns: &mut Columns, scratch: &Arc<Scratch>) -> Self {
        let key = place.table().row_key();
        if wanted.questions().len() < 2 || wanted.is_disjoint() {
            return Once::AsItComes;
        }
        if key.is_empty() {
            return Once::Whole;
        }
        let at = key.iter().map(|name| columns.index(name)).collect();
        Once::Keyed(Keyed { at, delivered: KeySet::new(scratch), met_unkeyed: false })
    }

    fn questions(&self, wanted: &Wanted) -> Vec<Question> {
        match self {
            Once::Whole => vec![Question::Everything],
            Once::AsItComes | Once::Keyed(..) => wanted.questions(),
        }
    }

    fn is_new(&mut self, row: &Row) -> Result<bool, FulfilmentError> {
        match self {
            Once::Keyed(keyed) if keyed.at.iter().any(|at| row.get(*at).is_none()) => {
                keyed.met_unkeyed = true;
                Ok(false)
            }
            Once::Keyed(keyed) => Ok(keyed.delivered.insert(keyed.at.iter().filter_map(|at| row.get(*at)))?),
            Once::AsItComes | Once::Whole => Ok(true),
        }
    }

    /// Whether rows were passed over that their keys do not tell apart.
    fn met_unkeyed(&self) -> bool {
        matches!(self, Once::Keyed(keyed) if keyed.met_unkeyed)
    }

    /// Whether the row is one of these.
    fn is_unkeyed(&self, row: &Row) -> bool {
        matches!(self, Once::Keyed(keyed) if keyed.at.iter().any(|at| row.get(*at).is_none()))
    }
}

/// What a row of the person's adds to what is known and to what is looked for.
struct Findings<'t> {
    places: &'t Places,
    knowledge: &'t mut Knowledge,
    progress: &'t mut [Progress],
    scratch: &'t Arc<Scratch>,
}

fn findings<'t>(
    places: &'t Places,
    knowledge: &'t mut Knowledge,
    progress: &'t mut [Progress],
    systems: &'t Systems,
) -> (&'t Places, Findings<'t>) {
    (places, Findings { places, knowledge, progress, scratch: systems.scratch() })
}

impl Findings<'_> {
    /// Judges a row and takes note of where it leads; gives whether it is decided for good.
    fn look(&mut self, place: &Place, row: &Row) -> Result<bool, FulfilmentError> {
        match self.knowledge.judge(place, row)? {
            Verdict::Own { .. } => {
                if self.knowledge.learn(place, row) {
                    for other in self.places.iter().filter(|p| !p.identities.is_empty()) {
                        self.progress[other.node.index()].stale = true;
                    }
                }
                for end in &place.pointed {
                    if let Some(key) = end.key(row) {
                        self.owned(end, &key)?;
                    }
                }
                self.context(place, row)?;
                Ok(true)
            }
            Verdict::Context => self.context(place, row).map(|()| false),
            _ => Ok(false),
        }
    }

    /// Notes a key of the person's rows, and looks for the rows that belong to it.
    fn owned(&mut self, pointed: &PointerEnd, key: &[String]) -> Result<(), FulfilmentError> {
        let canonical = pointed.canonical(key);
        if !self.knowledge.owned[pointed.id.index()].insert(canonical.iter().map(String::as_str))? {
            return Ok(());
        }
        self.progress[pointed.other.index()].stale = true;
        match self.places.get(pointed.other) {
            None => {
                if let Some(keys) = self.knowledge.sent.get_mut(&pointed.id) {
                    keys.push(canonical);
                }
                Ok(())
            }
            Some(child) if pointed.down => match child.pointers.iter().find(|end| end.id == pointed.id) {
                Some(end) => self.want(child, end, key),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// What the row points to is context.
    fn context(&mut self, place: &Place, row: &Row) -> Result<(), FulfilmentError> {
        for end in place.pointers.iter().filter(|end| end.up) {
            let Some(key) = end.key(row) else { continue };
            self.context_at(end, &key)?;
        }
        Ok(())
    }

    /// Notes the key of a row of context, and looks for that row.
    fn context_at(&mut self, end: &PointerEnd, key: &[String]) -> Result<(), FulfilmentError> {
        let canonical = end.canonical(key);
        let parts = || canonical.iter().map(String::as_str);
        // The one row that has the key is the person's, and was found already by what else it was looked for.
        let found = end.tells_apart && !self.knowledge.owned_before;
        if found && self.knowledge.owned[end.id.index()].contains(parts())? {
            return Ok(());
        }
        if !self.knowledge.context[end.id.index()].insert(parts())? {
            return Ok(());
        }
        self.progress[end.other.index()].stale = true;
        if let Some(target) = self.places.get(end.other)
            && let Some(pointed) = target.pointed.iter().find(|t| t.id == end.id)
        {
            self.want(target, pointed, key)?;
        }
        Ok(())
    }

    /// Looks for rows by a key. Of a composite key only one column is looked for and the judge compares the whole: the
    /// column that tells keys apart best, so that few rows of others come back.
    fn want(&mut self, place: &Place, end: &PointerEnd, key: &[String]) -> Result<(), FulfilmentError> {
        let Some(part) = most_telling(&[key], end.columns.len()) else { return Ok(()) };
        let progress = &mut self.progress[place.node.index()];
        progress.broad |= end.columns.len() > 1;
        let (name, spelling) = (&end.columns[part], end.spellings[part]);
        let Some(column) = place.table().column(name) else { return Ok(()) };
        for spelled in spelled_in(column, spelling, &key[part]) {
            progress.wanted.add(self.scratch, place, name, Comparison::Exact, &spelled)?;
        }
        Ok(())
    }
}

/// What asks for the rows that stand at these keys today, and the columns it reads: those of the trace, and what names a row.
fn standing_at<'k>(
    place: &Place,
    columns: &[String],
    keys: impl Iterator<Item = &'k Vec<String>>,
) -> Option<(Vec<String>, Match)> {
    let mut values: Vec<String> = keys.map(|key| key[0].clone()).collect();
    values.sort_unstable();
    values.dedup();
    let read = place.columns.iter().chain(Naming::of(place.table()).columns()).cloned().collect();
    let one = Match { column: columns[0].clone(), values, comparison: Comparison::Exact };
    (!one.values.is_empty()).then_some((read, one))
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
