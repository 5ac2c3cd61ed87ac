//! The rows that an erasure is about, and what is to be done with each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::super::FulfilmentError;
use super::super::manifest::ManifestRow;
use super::super::search::done::Done;
use super::super::search::fingerprint;
use super::super::search::judge::Verdict;
use super::super::search::place::{IdentityLink, Place, PointerEnd};
use super::super::search::row_name::Naming;
use super::super::search::trace::Trace;
use super::super::standing::{Counts, Standing};
use super::afar::Afar;
use super::drawn::draw_alone;
use super::joined::Joined;
use super::keeping::{Keeping, masks_of_kept};
use super::masks::{self, Masks, constant};
use super::settled::{Settled, Why};
use super::settling::{Read, Settling};
use crate::connectors::{Key, Row};
use crate::datamap::{Graph, NodeId};
use crate::domain::keeping::Kept;
use crate::domain::masking::{Masking, MaskingKey};
use crate::domain::personal::Personal;

/// What is done with a row.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::fulfilment) enum Action {
    Delete,
    Mask(Masks),
    Keep(&'static str),
}

pub(in crate::fulfilment) const KEPT_SHARED: &str = "rows that stay point to it, so it is shared";
pub(in crate::fulfilment) const KEPT_CONTEXT: &str = "it is not about a person; rows of the person's only point to it";
pub(in crate::fulfilment) const KEPT_READ_ONLY: &str = "the dataset marks it read_only";
pub(in crate::fulfilment) const KEPT_PRESERVED: &str = "the dataset preserves what says who the person is";
/// Why rows are left alone that may be another person's altogether; staff are told, and whoever asks is not.
pub const KEPT_CLAIMED: &str = "only a telephone or account number leads to it that may be another person's: nothing shows \
     it to be this one's, or a stronger identifier in the row is another's";
pub(in crate::fulfilment) const KEPT_SILENT: &str = "nothing in it says who the person is any more";
/// Why rows of a collection are kept that the decision leaves out; the answer names the ground instead.
pub const KEPT_BY_DECISION: &str = "the decision leaves the collection out";
/// Rows that a duty or a hold keeps; the plan names the ground instead.
pub(in crate::fulfilment) const KEPT_FOR_NOW: &str = "it has to be kept for now";
/// What is done with it depends on rows that cannot be seen at this moment; another round follows.
pub(in crate::fulfilment) const KEPT_WAITING: &str = "whose it is depends on a system that fails at this moment";
const KEPT_UNKEYED: &str = "nothing tells it from other rows of its table";

/// One row.
pub(in crate::fulfilment) struct Candidate {
    pub(in crate::fulfilment) node: NodeId,
    pub(in crate::fulfilment) standing: Standing,
    pub(in crate::fulfilment) key: Key,
    pub(in crate::fulfilment) fingerprint: String,
    /// The values of [`Shape::stored`].
    pub(in crate::fulfilment) values: Row,
    pub(in crate::fulfilment) action: Action,
    /// Why it stays for now, where a duty or a hold keeps it; what the duty does not need may be masked all the same.
    pub(in crate::fulfilment) kept: Option<Kept>,
}

/// Which columns of a collection's rows an erasure reads and keeps in mind.
pub(in crate::fulfilment) struct Shape {
    /// Every column of the live table: what a fingerprint covers.
    pub(in crate::fulfilment) columns: Vec<String>,
    /// What names its rows.
    pub(in crate::fulfilment) naming: Naming,
    /// Keys of both directions, and what masks are drawn from.
    stored: Vec<String>,
}

impl Shape {
    fn of<'m>(place: &Place, joined: &Joined, masks: impl Iterator<Item = (&'m String, &'m Masking)>) -> Self {
        let table = place.table();
        let mut stored: BTreeSet<&str> = place.columns.iter().map(String::as_str).collect();
        stored.extend(table.foreign_keys.iter().flat_map(|k| &k.columns).map(String::as_str));
        let pointing = place.schema.tables.values().flat_map(|t| &t.foreign_keys);
        let pointing = pointing.filter(|k| place.schema.qualified(&k.to) == place.table_name);
        stored.extend(pointing.flat_map(|k| &k.to_columns).map(String::as_str));
        let drawn = |(column, mask): &(&String, &Masking)| {
            joined.class(place.node, column).is_some_and(|class| constant(mask, &class.slot).is_none())
        };
        stored.extend(masks.filter(drawn).map(|(column, _)| column.as_str()));
        Self {
            columns: table.columns.iter().map(|c| c.name.clone()).collect(),
            naming: Naming::of(table),
            stored: stored.into_iter().filter(|c| table.column(c).is_some()).map(str::to_owned).collect(),
        }
    }

    /// What is read of each row: the columns, and behind them what names it.
    fn read(&self) -> Vec<String> {
        self.columns.iter().chain(self.naming.columns()).cloned().collect()
    }
}

/// All rows of one erasure.
pub(in crate::fulfilment) struct Candidates {
    pub(in crate::fulfilment) rows: Vec<Candidate>,
    pub(in crate::fulfilment) shapes: BTreeMap<NodeId, Shape>,
    pub(in crate::fulfilment) counts: BTreeMap<NodeId, Counts>,
    by_key: HashMap<(NodeId, Key), usize>,
    /// Beside these the rows whose treatment nothing else has a say in.
    pub(in crate::fulfilment) settled: BTreeMap<NodeId, Settled>,
    /// Whether a mask was drawn for any of those.
    pub(in crate::fulfilment) drew: bool,
    /// Sentences that name tables and columns.
    pub(in crate::fulfilment) obstacles: BTreeSet<String>,
}

impl Candidates {
    /// Reads every row found and says what the datasets want done with it. Masks of rows that are settled at once are drawn
    /// under `masking_key`; without one they are not drawn.
    pub(in crate::fulfilment) fn collect(
        trace: &mut Trace<'_>,
        keeping: &Keeping<'_>,
        joined: &Joined,
        done: &Done,
        masking_key: Option<&MaskingKey>,
    ) -> Result<Self, FulfilmentError> {
        let mut all = Self {
            rows: Vec::new(),
            shapes: BTreeMap::new(),
            counts: BTreeMap::new(),
            by_key: HashMap::new(),
            settled: BTreeMap::new(),
            drew: false,
            obstacles: BTreeSet::new(),
        };
        let afar = Afar::of(trace, keeping);
        // Children first: rows to which nothing refers but rows that go for certain go for certain as well.
        let mut shapes = Vec::new();
        for node in trace.searched().into_iter().rev() {
            let Some(place) = trace.places.get(node) else { continue };
            let own = masks::of_own(place, joined);
            let shape = Shape::of(place, joined, own.iter().chain(&masks::of_duty(place)));
            let read: Vec<String> = place.columns.iter().cloned().chain(shape.read()).collect();
            shapes.push((own, shape, (node, read)));
        }
        trace.announce(&shapes.iter().map(|(.., sweep)| sweep.clone()).collect::<Vec<_>>())?;
        for (own, shape, (node, read)) in shapes {
            let Some(place) = trace.places.get(node) else { continue };
            let spared = keeping.left_out.contains(&place.dataset, &place.collection.name);
            let graph = trace.systems.graph();
            // Whether a service's rows of others refer to a row of context, nobody here can see.
            let unseen = graph.pointers_to(node).any(|(_, p)| !trace.systems.has_tables(&graph.node(p.from).system));
            let unsure = afar.unsure(place, trace.systems);
            let rule = Settling::of(trace, place, joined, &|other| all.all_go(other));
            let mut settled = rule.map(|rule| Settled::by(rule, trace.systems.scratch()));
            trace.sweep_reading(node, read, |place, row, verdict| {
                let standing = verdict.standing();
                all.counts.entry(node).or_default().add(standing);
                let asked = Asked { place, row, verdict: &verdict, shape: &shape, own: &own, graph, joined, done };
                let treatment = match asked.wanted()? {
                    Action::Keep(why) => (Action::Keep(why), None),
                    _ if spared => (Action::Keep(KEPT_BY_DECISION), None),
                    wanted if unsure.about(row, &verdict, &wanted) => (Action::Keep(KEPT_WAITING), None),
                    _ if unseen && verdict == Verdict::Context => (Action::Keep(KEPT_SHARED), None),
                    wanted => {
                        match afar.held(node, keeping).or_else(|| keeping.kept(place, |column| asked.value(column))) {
                            Some(kept) => (asked.for_now(&kept)?, Some(kept)),
                            None => (wanted, None),
                        }
                    }
                };
                all.add(&asked, treatment, (settled.as_mut(), masking_key))
            })?;
            all.settled.extend(settled.filter(|settled| !settled.is_empty()).map(|settled| (node, settled)));
            all.shapes.insert(node, shape);
        }
        Ok(all)
    }

    fn add(
        &mut self,
        asked: &Asked<'_>,
        (mut action, kept): (Action, Option<Kept>),
        (settled, masking_key): (Option<&mut Settled>, Option<&MaskingKey>),
    ) -> Result<(), FulfilmentError> {
        let Asked { place, row, verdict, shape, joined, .. } = *asked;
        let (key, standing) = (asked.key(), verdict.standing());
        if key.0.expose().is_empty() && !matches!(action, Action::Keep(_)) {
            let table = &place.table_name;
            self.obstacles.insert(if place.table().row_key().is_empty() {
                format!("table {table} has no key that tells its rows apart, so they cannot be erased")
            } else {
                format!("rows of table {table} have NULL in their primary key, so nothing tells which of them to erase")
            });
            action = Action::Keep(KEPT_UNKEYED);
        }
        if let (Some(why), false) = (&place.table().unerasable, matches!(action, Action::Keep(_))) {
            self.obstacles.insert(format!("rows of table {} cannot be erased: {why}", place.table_name));
        }
        if let Action::Mask(masks) = &action {
            let obstacle = |(column, mask): (&String, &Masking)| {
                let class = joined.class(place.node, column)?;
                masks::obstacle(place, class, column, mask)
            };
            self.obstacles.extend(masks.iter().filter_map(obstacle));
        }
        let fingerprint = match action {
            Action::Keep(_) => String::new(),
            _ => fingerprint::hex(row.iter().skip(place.columns.len()).take(shape.columns.len())),
        };
        let read = Read { place, verdict, value: &|column| asked.value(column) };
        let alone = kept.is_none() && shape.naming.lasts(&key);
        if let Some(settled) = settled.filter(|_| alone) {
            let treatment = settled.treatment(&action, standing, || asked.masks());
            if settled.settles(&read, joined, &treatment.action) {
                let masks = match (&action, masking_key) {
                    (Action::Keep(reason), _) => {
                        let masked = *reason == KEPT_SILENT && asked.done.masked(place, &key)?;
                        return settled.keep(&key, Why { reason, standing, masked });
                    }
                    (Action::Mask(masks), Some(masking_key)) => {
                        let value = |column: &str| asked.value(column);
                        let drawn = draw_alone(place, joined, (masks, treatment.varied), &key, value, masking_key);
                        drawn.unwrap_or_else(|why| {
                            self.obstacles.insert(why);
                            BTreeMap::new()
                        })
                    }
                    _ => BTreeMap::new(),
                };
                self.drew |= !masks.is_empty();
                let row = ManifestRow { key, fingerprint: Personal::new(fingerprint), masks };
                return settled.add(treatment, row);
            }
        }
        let values = shape.stored.iter().map(|name| asked.value(name)).collect();
        self.by_key.insert((place.node, key.clone()), self.rows.len());
        self.rows.push(Candidate { node: place.node, standing, key, fingerprint, values, action, kept });
        Ok(())
    }

    /// Whether a collection was read and all its rows are deleted whatever refers to what.
    fn all_go(&self, node: NodeId) -> bool {
        let stays = || self.rows.iter().any(|row| row.node == node);
        self.shapes.contains_key(&node) && self.settled.get(&node).is_none_or(Settled::all_go) && !stays()
    }

    /// Whether the row with that key is one of those whose treatment nothing else has a say in.
    pub(in crate::fulfilment) fn is_settled(&self, node: NodeId, key: &Key) -> Result<bool, FulfilmentError> {
        self.settled.get(&node).map_or(Ok(false), |settled| settled.has(key))
    }

    /// A stored value of a row.
    pub(in crate::fulfilment) fn value<'r>(&self, candidate: &'r Candidate, column: &str) -> Option<&'r str> {
        let stored = &self.shapes[&candidate.node].stored;
        candidate.values.get(stored.iter().position(|c| c == column)?)
    }

    /// The row with that key.
    pub(in crate::fulfilment) fn find(&self, node: NodeId, key: &Key) -> Option<usize> {
        self.by_key.get(&(node, key.clone())).copied()
    }
}

impl PointerEnd {
    /// The key that a candidate of an erasure holds, as it is compared; `None` when a part of it is NULL.
    pub(in crate::fulfilment) fn canonical_of(&self, candidates: &Candidates, row: &Candidate) -> Option<Vec<String>> {
        let key: Option<Vec<String>> =
            self.columns.iter().map(|column| candidates.value(row, column).map(str::to_owned)).collect();
        key.map(|key| self.canonical(&key))
    }
}

/// A row, and what its treatment depends on.
struct Asked<'a> {
    place: &'a Place,
    row: &'a Row,
    verdict: &'a Verdict,
    shape: &'a Shape,
    /// The masks of the person's own rows, where the collection is masked.
    own: &'a Masks,
    graph: &'a Graph,
    joined: &'a Joined,
    done: &'a Done,
}

impl Asked<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        let at = self.shape.columns.iter().position(|c| c == name)?;
        self.row.get(self.place.columns.len() + at)
    }

    fn key(&self) -> Key {
        let name = self.shape.naming.name(self.row.iter().skip(self.place.columns.len() + self.shape.columns.len()));
        name.unwrap_or_else(|| Key(Personal::new(Vec::new())))
    }

    /// What the dataset wants done with the row; what refers to what is looked at later.
    fn wanted(&self) -> io::Result<Action> {
        let place = self.place;
        let masks = match self.verdict {
            Verdict::Context if !place.collection.is_personal() => return Ok(Action::Keep(KEPT_CONTEXT)),
            Verdict::Claimed => return Ok(Action::Keep(KEPT_CLAIMED)),
            _ if place.collection.read_only => return Ok(Action::Keep(KEPT_READ_ONLY)),
            Verdict::Shared { .. } => self.masks(),
            _ if place.collection.is_masked() => self.masks(),
            _ => return Ok(Action::Delete),
        };
        let masks = self.without_masked(masks)?;
        if !masks.is_empty() {
            return Ok(Action::Mask(masks));
        }
        let field = |link: &IdentityLink| place.collection.field(&link.column);
        let locked = |link: &IdentityLink| field(link).is_some_and(|f| f.read_only);
        let preserved = |link: &IdentityLink| field(link).is_some_and(|f| f.masking == Some(Masking::Preserve));
        Ok(Action::Keep(match &place.identities {
            links if links.iter().any(locked) => KEPT_READ_ONLY,
            links if links.iter().any(preserved) => KEPT_PRESERVED,
            _ => KEPT_SILENT,
        }))
    }

    /// The masks of such a row, whatever stands in it.
    fn masks(&self) -> Masks {
        match self.verdict {
            Verdict::Shared { mine, .. } => masks::of_shared(self.place, self.graph, self.joined, mine),
            Verdict::Own { others } => {
                let mut masks = self.own.clone();
                // Who else is named in the row is not the person's to have changed.
                let theirs = others.iter().flat_map(|link| link.columns(self.place));
                theirs.for_each(|column| drop(masks.remove(column)));
                masks
            }
            _ => self.own.clone(),
        }
    }

    /// What is done at once with a row that stays for now.
    fn for_now(&self, kept: &Kept) -> io::Result<Action> {
        let masks = self.without_masked(masks_of_kept(self.place, self.verdict, kept))?;
        Ok(if masks.is_empty() { Action::Keep(KEPT_FOR_NOW) } else { Action::Mask(masks) })
    }

    /// NULL tells nothing already, and what was masked before stays as it is.
    fn without_masked(&self, masks: Masks) -> io::Result<Masks> {
        let key = self.key();
        let mut left = Masks::new();
        for (column, mask) in masks {
            let (value, class) = (self.value(&column), self.joined.class(self.place.node, &column));
            let marked = class.is_none_or(|class| mask.left_its_mark_on(value, &class.slot));
            if !marked && !self.done.wrote(self.place, &key, &column, value)? {
                left.insert(column, mask);
            }
        }
        Ok(left)
    }
}
