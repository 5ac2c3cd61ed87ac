//! What an erasure leaves for a time: rows that a duty keeps until their day, and rows under a legal hold.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use super::super::LeftOut;
use super::super::manifest::Left;
use super::super::search::judge::Verdict;
use super::super::search::place::{Place, Places};
use super::super::search::range;
use super::super::standing::Standing;
use super::candidates::{Action, Candidate, Candidates, KEPT_FOR_NOW};
use super::masks::{self, Masks};
use super::references::{References, foreign_keys_to};
use crate::connectors::Key;
use crate::datamap::{Graph, NodeId};
use crate::domain::keeping::{HELD, Kept, Reach};

/// What an erasure leaves as it is, and by which day that is judged.
#[derive(Clone, Copy, Debug)]
pub struct Keeping<'a> {
    /// The collections that the decision leaves out.
    pub left_out: &'a LeftOut,
    /// The day at the controller's seat.
    pub today: NaiveDate,
    /// The day of the request, from which rows without a date of their own count.
    pub asked_on: NaiveDate,
    /// The legal holds on the person.
    pub holds: &'a [Hold],
    /// What the person reads of rows under a hold.
    pub held_words: &'a str,
}

/// A legal hold as an erasure looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which.
    pub id: Uuid,
    /// Where it reaches.
    pub reach: Reach,
}

/// Where nobody says which day it is, every duty is still in force: nothing is erased by mistake.
impl Default for Keeping<'_> {
    fn default() -> Self {
        Self {
            left_out: <&LeftOut>::default(),
            today: NaiveDate::MIN,
            asked_on: NaiveDate::MIN,
            holds: &[],
            held_words: HELD,
        }
    }
}

impl<'a> Keeping<'a> {
    /// Only what a decision leaves out, every duty being in force.
    pub fn leaving_out(left_out: &'a LeftOut) -> Self {
        Self { left_out, ..Self::default() }
    }

    /// The first legal hold that reaches a collection.
    pub(in crate::fulfilment) fn hold(&self, system: &str, dataset: &str, collection: &str) -> Option<&'a Hold> {
        self.holds.iter().find(|hold| hold.reach.covers(system, dataset, collection))
    }

    /// How a row under a hold is kept.
    pub(in crate::fulfilment) fn under(&self, hold: Uuid) -> Kept {
        Kept { ground: self.held_words.to_owned(), citation: None, until: None, hold: Some(hold) }
    }

    /// Why a row of `place` stays for now, if it does; `value` gives its values by column.
    pub(in crate::fulfilment) fn kept<'r>(
        &self,
        place: &Place,
        value: impl Fn(&str) -> Option<&'r str>,
    ) -> Option<Kept> {
        if let Some(hold) = self.hold(place.system.as_str(), &place.dataset, &place.collection.name) {
            return Some(self.under(hold.id));
        }
        let rule = place.collection.retain.as_ref()?;
        let until = rule.until(rule.dated_by().and_then(value).and_then(range::day), self.asked_on);
        let kept =
            || Kept { ground: rule.ground.clone(), citation: rule.citation.clone(), until: Some(until), hold: None };
        (self.today <= until).then(kept)
    }
}

/// What of a kept row its duty does not need. Under a hold everything stays, and a row that is somebody else's as well
/// is kept as it is.
pub(in crate::fulfilment) fn masks_of_kept(place: &Place, verdict: &Verdict, kept: &Kept) -> Masks {
    match (&place.collection.retain, verdict) {
        (Some(_), Verdict::Own { .. }) if kept.hold.is_none() => masks::of_duty(place),
        _ => Masks::new(),
    }
}

/// What a kept row refers to is kept as long as the row: by a foreign key the database would not let it go; by the
/// datasets alone the row would name what is not there any more, and say nothing without it (an invoice without its
/// customer keeps no books). The rule is that of an approval with exceptions: rows that stay refer to none that go.
pub(in crate::fulfilment) fn spread(places: &Places, candidates: &mut Candidates, references: &References) {
    if candidates.rows.iter().all(|row| row.kept.is_none()) {
        return;
    }
    let found = references.found.iter().filter_map(|r| Some((r.candidate?, r.target)));
    let mut pairs: Vec<(usize, usize)> = found.chain(referring(places, candidates)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut changed = true;
    while changed {
        changed = false;
        for (from, to) in &pairs {
            let Some(kept) = candidates.rows[*from].kept.clone() else { continue };
            changed |= keep_as_long(&mut candidates.rows[*to], kept);
        }
    }
}

/// Has a row kept as long as one that refers to it; gives whether that is anything new. What its own duty masks at once
/// is masked all the same.
fn keep_as_long(row: &mut Candidate, kept: Kept) -> bool {
    match (&row.kept, &row.action) {
        (Some(known), _) if !kept.outlasts(known) => return false,
        (Some(_), _) => {}
        // It stays anyway.
        (None, Action::Keep(_)) => return false,
        (None, Action::Mask(_)) if row.standing == Standing::Own => return false,
        (None, Action::Delete | Action::Mask(_)) => row.action = Action::Keep(KEPT_FOR_NOW),
    }
    row.kept = Some(kept);
    true
}

/// Which candidates refer to which: by the foreign keys of the live schema, and by the references of the datasets by
/// which a row belongs to the one it points at.
fn referring(places: &Places, candidates: &Candidates) -> Vec<(usize, usize)> {
    let mut by_node: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
    for (index, row) in candidates.rows.iter().enumerate() {
        by_node.entry(row.node).or_default().push(index);
    }
    let mut pairs = Vec::new();
    for (to, targets) in &by_node {
        let Some(place) = places.get(*to) else { continue };
        for way in foreign_keys_to(place) {
            let held = |from: &&Place| from.system == way.system && from.table_name == way.table;
            let Some(rows) = places.iter().find(held).and_then(|from| by_node.get(&from.node)) else { continue };
            let far = keyed(candidates, targets, |row| way.canonical_of(candidates, row, &way.to_columns));
            let near = |row: &Candidate| way.canonical_of(candidates, row, &way.columns);
            pairs.extend(joined(candidates, rows, near, &far));
        }
        for end in place.pointed.iter().filter(|end| end.person && end.down) {
            let near = places.get(end.other).and_then(|from| from.pointers.iter().find(|near| near.id == end.id));
            let (Some(near), Some(rows)) = (near, by_node.get(&end.other)) else { continue };
            let far = keyed(candidates, targets, |row| end.canonical_of(candidates, row));
            pairs.extend(joined(candidates, rows, |row| near.canonical_of(candidates, row), &far));
        }
    }
    pairs
}

type Keyed = HashMap<Vec<String>, Vec<usize>>;

fn keyed(candidates: &Candidates, rows: &[usize], key: impl Fn(&Candidate) -> Option<Vec<String>>) -> Keyed {
    let mut keyed = Keyed::new();
    for index in rows {
        if let Some(key) = key(&candidates.rows[*index]) {
            keyed.entry(key).or_default().push(*index);
        }
    }
    keyed
}

/// The pairs of rows that hold a key and rows that have it.
fn joined(
    candidates: &Candidates,
    rows: &[usize],
    key: impl Fn(&Candidate) -> Option<Vec<String>>,
    far: &Keyed,
) -> Vec<(usize, usize)> {
    let targets = |from: &usize| key(&candidates.rows[*from]).and_then(|key| far.get(&key));
    let pairs = rows.iter().flat_map(|from| targets(from).into_iter().flatten().map(move |to| (*from, *to)));
    pairs.filter(|(from, to)| from != to).collect()
}

/// What a round has to come back to: what it keeps for now; and context that it takes, should its part be dropped, since
/// the rows that led to it may be gone from another system by then. Somebody else's rows name the person themselves.
pub(in crate::fulfilment) fn to_come_back_to(places: &Places, graph: &Graph, all: &Candidates) -> Vec<Left> {
    let mut found: BTreeMap<(NodeId, Standing, bool), Vec<Key>> = BTreeMap::new();
    for row in all.rows.iter().filter(|row| all.shapes[&row.node].naming.lasts(&row.key)) {
        if let Some(goes) = goes(row) {
            found.entry((row.node, row.standing, goes)).or_default().push(row.key.clone());
        }
    }
    let left = |((node, standing, goes), keys): ((NodeId, Standing, bool), Vec<Key>)| {
        let (dataset, collection) = (graph.node(node).dataset.clone(), graph.node(node).collection.name.clone());
        let columns = places.get(node)?.table().row_key().to_vec();
        Some(Left { dataset, collection, columns, standing, goes, keys })
    };
    found.into_iter().filter_map(left).collect()
}

fn goes(row: &Candidate) -> Option<bool> {
    match (row.standing, &row.action) {
        (Standing::Shared, _) => None,
        _ if row.kept.is_some() => Some(false),
        (Standing::Context, Action::Delete | Action::Mask(_)) => Some(true),
        _ => None,
    }
}
