//! The masks that are each row's own: drawn before anything is written, held against what stands in UNIQUE columns,
//! and drawn again where they are taken.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::FulfilmentError;
use super::super::search::done::Done;
use super::super::search::place::Place;
use super::super::search::row_name::Naming;
use super::super::search::trace::Trace;
use super::candidates::{Action, Candidate, Candidates};
use super::joined::{Class, Joined};
use super::masks::{Masks, constant};
use crate::connectors::{Comparison, Key, Match, Select};
use crate::datamap::NodeId;
use crate::domain::masking::{Masking, MaskingKey, Seed};
use crate::domain::personal::Personal;

/// How often a mask is drawn that turns out to be taken. More means that the column has no room for another value.
const ATTEMPTS: u32 = 8;

/// The drawn masks by row and column.
#[derive(Default)]
pub(in crate::fulfilment) struct Drawn {
    masks: HashMap<usize, BTreeMap<String, Personal<String>>>,
    /// Why some could not be drawn.
    pub(in crate::fulfilment) obstacles: BTreeSet<String>,
}

impl Drawn {
    /// The masks of one row.
    pub(in crate::fulfilment) fn of(&self, row: usize) -> BTreeMap<String, Personal<String>> {
        self.masks.get(&row).cloned().unwrap_or_default()
    }

    pub(in crate::fulfilment) fn is_empty(&self) -> bool {
        self.masks.is_empty()
    }
}

/// What a mask is drawn from but for the key: two fields with the same get the same mask.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Origin {
    label: String,
    row: String,
    old: String,
}

impl Origin {
    fn of(class: &Class, key: &Key, old: &str) -> Self {
        let (label, alike) = (class.label.clone(), class.alike);
        Self {
            label,
            row: if alike { String::new() } else { key.0.expose().join("\u{1f}") },
            old: if alike { class.spelling.canonical(old).into_owned() } else { old.to_owned() },
        }
    }

    fn draw(&self, mask: &Masking, class: &Class, key: &MaskingKey, attempt: u32) -> Result<Option<String>, String> {
        let seed = Seed { key, class: &self.label, row: &self.row, attempt };
        mask.mask(&self.old, &class.slot, seed)
    }
}

/// The masks of a row that depend on nothing else: no value has to differ from any other. With `all` so are those that are the
/// same in every row, but for NULL. An error is a sentence.
pub(in crate::fulfilment) fn draw_alone<'r>(
    place: &Place,
    joined: &Joined,
    (masks, all): (&Masks, bool),
    key: &Key,
    value: impl Fn(&str) -> Option<&'r str>,
    masking_key: &MaskingKey,
) -> Result<BTreeMap<String, Personal<String>>, String> {
    let mut drawn = BTreeMap::new();
    for (column, mask) in masks {
        let Some(class) = needing_one(joined, place.node, column, mask) else {
            let alike = joined.class(place.node, column).and_then(|class| constant(mask, &class.slot)).flatten();
            drawn.extend(alike.filter(|_| all).map(|text| (column.clone(), Personal::new(text))));
            continue;
        };
        let Some(old) = value(column) else { continue };
        let made = Origin::of(class, key, old).draw(mask, class, masking_key, 0);
        let made = made.map_err(|why| sentence(&place.table_name.to_string(), mask, column, &why))?;
        drawn.extend(made.map(|made| (column.clone(), Personal::new(made))));
    }
    Ok(drawn)
}

/// How a mask is drawn, where it is not the same in every row.
fn needing_one<'j>(joined: &'j Joined, node: NodeId, column: &str, mask: &Masking) -> Option<&'j Class> {
    joined.class(node, column).filter(|class| constant(mask, &class.slot).is_none())
}

/// One field that needs a mask of its own.
struct Want<'c> {
    row: usize,
    node: NodeId,
    column: &'c str,
    mask: &'c Masking,
    class: &'c Class,
    origin: Origin,
}

/// Draws every mask that is not the same in every row.
pub(in crate::fulfilment) fn draw(
    trace: &mut Trace<'_>,
    joined: &Joined,
    candidates: &Candidates,
    done: &Done,
    key: &MaskingKey,
) -> Result<Drawn, FulfilmentError> {
    let wants: Vec<Want<'_>> =
        candidates.rows.iter().enumerate().flat_map(|(index, row)| wants(joined, candidates, index, row)).collect();
    let mut drawn = Drawn::default();
    let mut attempts: HashMap<Origin, u32> = HashMap::new();
    let mut pending: Vec<&Want<'_>> = wants.iter().collect();
    for _ in 0..ATTEMPTS {
        for want in &pending {
            let attempt = attempts.get(&want.origin).copied().unwrap_or_default();
            match want.origin.draw(want.mask, want.class, key, attempt) {
                Ok(mask) => {
                    let masks = drawn.masks.entry(want.row).or_default();
                    masks.extend(mask.map(|mask| (want.column.to_owned(), Personal::new(mask))));
                }
                Err(why) => drop(drawn.obstacles.insert(want.sentence(trace, &why))),
            }
        }
        let taken = taken(trace, &wants, &drawn, done)?;
        if taken.is_empty() {
            return Ok(drawn);
        }
        pending = wants.iter().filter(|want| taken.contains(&want.origin)).collect();
        taken.into_iter().for_each(|origin| *attempts.entry(origin).or_default() += 1);
    }
    let full: BTreeSet<String> = pending
        .iter()
        .map(|want| want.sentence(trace, "no free value was found; use null_rewrite, or make room"))
        .collect();
    drawn.obstacles.extend(full);
    Ok(drawn)
}

impl Want<'_> {
    fn sentence(&self, trace: &Trace<'_>, why: &str) -> String {
        let table = trace.places.get(self.node).map(|place| place.table_name.to_string()).unwrap_or_default();
        sentence(&table, self.mask, self.column, why)
    }
}

fn sentence(table: &str, mask: &Masking, column: &str, why: &str) -> String {
    format!("{} cannot mask column {column} of {table}: {why}", mask.name())
}

fn wants<'c>(
    joined: &'c Joined,
    candidates: &'c Candidates,
    index: usize,
    row: &'c Candidate,
) -> impl Iterator<Item = Want<'c>> {
    let masks = match &row.action {
        Action::Mask(masks) => Some(masks),
        _ => None,
    };
    masks.into_iter().flatten().filter_map(move |(column, mask)| {
        let class = needing_one(joined, row.node, column, mask)?;
        let origin = Origin::of(class, &row.key, candidates.value(row, column)?);
        Some(Want { row: index, node: row.node, column, mask, class, origin })
    })
}

/// The masks that another origin's field was given as well, or that stand in a row which was not masked so by an
/// earlier round.
fn taken(
    trace: &mut Trace<'_>,
    wants: &[Want<'_>],
    drawn: &Drawn,
    done: &Done,
) -> Result<BTreeSet<Origin>, FulfilmentError> {
    let mut given: BTreeMap<(NodeId, &str), HashMap<&str, &Origin>> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for want in wants.iter().filter(|want| is_distinct(trace, want)) {
        let Some(mask) = drawn.masks.get(&want.row).and_then(|masks| masks.get(want.column)) else { continue };
        let masks = given.entry((want.node, want.column)).or_default();
        let first = masks.entry(mask.expose()).or_insert(&want.origin);
        if **first != want.origin {
            taken.insert(want.origin.clone());
        }
    }
    for ((node, column), masks) in given {
        let Some(place) = trace.places.get(node) else { continue };
        let values = masks.keys().map(|mask| (*mask).to_owned()).collect();
        let any_of = [Match::new(column, values, Comparison::Exact)];
        let naming = Naming::of(place.table());
        let columns: Vec<String> =
            std::iter::once(column).chain(naming.columns().map(String::as_str)).map(str::to_owned).collect();
        let select = Select { table: &place.table_name, columns: &columns, any_of: &any_of };
        trace.snapshot.select(&place.system, &select, |row| {
            let (value, name) = (row.get(0), naming.name(row.iter().skip(1)));
            let ours = name.map_or(Ok(false), |name| done.wrote(place, &name, column, value))?;
            if let Some(origin) = value.and_then(|value| masks.get(value)).filter(|_| !ours) {
                taken.insert((*origin).clone());
            }
            Ok(())
        })?;
    }
    Ok(taken)
}

fn is_distinct(trace: &Trace<'_>, want: &Want<'_>) -> bool {
    let sets = trace.places.get(want.node).map(|place| place.table()).into_iter();
    sets.flat_map(|table| std::iter::once(&table.primary_key).chain(&table.unique))
        .any(|set| set.iter().any(|c| c == want.column))
}
