//! Keys that change because they are masked: what refers to them must change with them, and in an order that the
//! database allows.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::super::search::place::{Place, Places, PointerEnd};
use super::candidates::{Action, Candidate, Candidates};
use super::joined::Joined;
use super::masks::Masks;
use super::references::{References, Way};
use crate::connectors::{KeyChange, Table};
use crate::datamap::may_be_null;
use crate::domain::masking::Masking;

/// Says which foreign keys would forbid a masked key, or carry the change on to rows that are not the person's.
pub(in crate::fulfilment) fn find_obstacles(
    places: &Places,
    joined: &Joined,
    candidates: &mut Candidates,
    references: &References,
) {
    let mut left: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for referrer in &references.held {
        let way = &references.ways[referrer.way];
        let Action::Mask(target) = &candidates.rows[referrer.target].action else { continue };
        match referrer.candidate.map(|index| &candidates.rows[index].action) {
            // It is deleted before the key changes.
            Some(Action::Delete) => {}
            Some(Action::Mask(set)) if follows(way, set, target) => found.extend(unchangeable(places, way, set)),
            _ => {
                let names = (way.table.to_string(), way.name().to_owned(), way.to_columns.join(", "));
                *left.entry(names).or_default() += 1;
            }
        }
    }
    for ((table, key, columns), rows) in left {
        let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
        found.insert(format!(
            "{rows} of {table} that the erasure does not mask refer by the foreign key {key} to ({columns}) of rows whose key \
             would be masked; mark it with `preserve`"
        ));
    }
    found.extend(unjoined(places, joined, candidates));
    candidates.obstacles.extend(found);
}

/// Whether a row lets go of each masked part of the key it refers to, or gets the same mask.
fn follows(way: &Way, set: &Masks, target: &Masks) -> bool {
    let parts = way.columns.iter().zip(&way.to_columns);
    let cleared = way.columns.iter().any(|column| set.get(column) == Some(&Masking::NullRewrite));
    cleared || parts.filter(|(_, to)| target.contains_key(*to)).all(|(from, to)| set.get(from) == target.get(to))
}

/// A reference that can change neither before nor after the key.
fn unchangeable(places: &Places, way: &Way, set: &Masks) -> Option<String> {
    let place = places.iter().find(|p| p.system == way.system && p.table_name == way.table)?;
    let cleared = way.columns.iter().any(|column| set.get(column) == Some(&Masking::NullRewrite));
    let stuck = way.on_update == KeyChange::Refuses && !cleared && nullable(place.table(), &way.columns).is_empty();
    stuck.then(|| {
        format!(
            "the foreign key {} of {} lets the masked key it refers to change neither before nor after it: declare it ON UPDATE \
             CASCADE or DEFERRABLE, or mark the key with `preserve`",
            way.name(),
            way.table
        )
    })
}

/// Pointers that would get the mask of a row that keeps its value.
fn unjoined(places: &Places, joined: &Joined, candidates: &Candidates) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for place in places.iter() {
        for end in place.pointers.iter().filter(|end| end.columns.iter().any(|c| joined.followed(place, c).is_some())) {
            let Some(kept) = kept_keys(places, candidates, end) else { continue };
            let follows = |row: &&Candidate| match &row.action {
                Action::Mask(set) => end.columns.iter().any(|c| set.get(c).is_some_and(Masking::replaces)),
                _ => false,
            };
            let rows = candidates.rows.iter().filter(|row| row.node == place.node);
            let held = |row: &Candidate| key_in(candidates, row, end).is_some_and(|key| kept.contains(&key));
            if rows.filter(follows).any(held) {
                found.insert(format!(
                    "column {} of {} would get the mask of a row that keeps its value; leave both out, or neither",
                    end.columns.join(", "),
                    place.table_name
                ));
            }
        }
    }
    found
}

/// The keys of the rows at the other end that are not masked.
fn kept_keys(places: &Places, candidates: &Candidates, end: &PointerEnd) -> Option<HashSet<Vec<String>>> {
    let target = places.get(end.other)?;
    let far = target.pointed.iter().find(|far| far.id == end.id)?;
    let keeps = |row: &&Candidate| row.node == target.node && matches!(row.action, Action::Keep(_));
    Some(candidates.rows.iter().filter(keeps).filter_map(|row| key_in(candidates, row, far)).collect())
}

fn key_in(candidates: &Candidates, row: &Candidate, end: &PointerEnd) -> Option<Vec<String>> {
    let key: Option<Vec<String>> =
        end.columns.iter().map(|column| candidates.value(row, column).map(str::to_owned)).collect();
    key.map(|key| end.canonical(&key))
}

/// Of these columns, those that can let go for a moment.
fn nullable<'c>(table: &Table, columns: &'c [String]) -> Vec<&'c String> {
    columns.iter().filter(|name| table.column(name).is_some_and(|c| may_be_null(table, c))).collect()
}

/// Whether rows masked so get another key, or follow one.
pub(in crate::fulfilment) fn changes_keys(place: &Place, masks: &Masks) -> bool {
    let replaced = |column: &String| masks.get(column).is_some_and(Masking::replaces);
    let follows = place.table().foreign_keys.iter().any(|key| key.columns.iter().any(replaced));
    let schema = &place.schema;
    let others = schema.tables.values().flat_map(|table| &table.foreign_keys);
    let mut pointing = others.filter(|key| schema.qualified(&key.to) == place.table_name);
    follows || pointing.any(|key| key.to_columns.iter().any(replaced))
}

/// What such rows let go of first: references that the database holds fast while a key changes, and references at rows
/// that are deleted in between.
pub(in crate::fulfilment) fn let_go(place: &Place, masks: &Masks) -> Vec<String> {
    let table = place.table();
    let mut columns: BTreeSet<String> = BTreeSet::new();
    for key in &table.foreign_keys {
        let follows = key.columns.iter().any(|c| masks.get(c).is_some_and(Masking::replaces));
        if follows && key.on_update == KeyChange::Refuses {
            columns.extend(nullable(table, &key.columns).into_iter().cloned());
        }
        columns.extend(key.columns.iter().filter(|c| masks.get(*c) == Some(&Masking::NullRewrite)).cloned());
    }
    columns.into_iter().collect()
}
