//! The masks that are each row's own: drawn before anything is written, held against what stands in UNIQUE columns,
//! and drawn again where they are taken.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::FulfilmentError;
use super::super::search::done::Done;
use super::super::search::row_name::Naming;
use super::super::search::trace::Trace;
use super::candidates::{Action, Candidate, Candidates};
use super::joined::{Class, Joined};
use super::masks::constant;
use crate::connectors::{Comparison, Match, Select};
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
            let Origin { label, row, old } = &want.origin;
            let seed = Seed { key, class: label, row, attempt };
            match want.mask.mask(old, &want.class.slot, seed) {
                Ok(mask) => {
                    let masks = drawn.masks.entry(want.row).or_default();
                    masks.extend(mask.map(|mask| (want.column.to_owned(), Personal::new(mask))));
                }
                Err(why) => drop(drawn.obstacles.insert(sentence(trace, want, &why))),
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
        .map(|want| sentence(trace, want, "no free value was found; use null_rewrite, or make room"))
        .collect();
    drawn.obstacles.extend(full);
    Ok(drawn)
}

fn sentence(trace: &Trace<'_>, want: &Want<'_>, why: &str) -> String {
    let table = trace.places.get(want.node).map(|place| place.table_name.to_string()).unwrap_or_default();
    format!("{} cannot mask column {} of {table}: {why}", want.mask.name(), want.column)
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
        let class = joined.class(row.node, column)?;
        if constant(mask, &class.slot).is_some() {
            return None;
        }
        let old = candidates.value(row, column)?;
        let origin = Origin {
            label: class.label.clone(),
            row: if class.alike { String::new() } else { row.key.0.expose().join("\u{1f}") },
            old: if class.alike { class.spelling.canonical(old).into_owned() } else { old.to_owned() },
        };
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
            if !name.is_some_and(|name| done.wrote(place, &name, column, value))
                && let Some(origin) = value.and_then(|value| masks.get(value))
            {
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
