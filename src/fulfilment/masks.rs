//! What masking a row writes, and why it could not be written.

use std::collections::{BTreeMap, BTreeSet};

use super::disclosure::link_columns;
use super::judge::Link;
use super::place::Place;
use super::values::accepts;
use crate::connectors::Column;
use crate::datamap::{Field, Graph, Masking};

/// Columns and what they are set to.
pub(super) type Masks = BTreeMap<String, Masking>;

/// The masks of a row that belongs to the person, in a collection that is masked and not deleted.
pub(super) fn of_own(place: &Place) -> Masks {
    let pointers: BTreeSet<&str> = place.pointers.iter().flat_map(|end| &end.columns).map(String::as_str).collect();
    let persons = place.pointers.iter().filter(|end| end.person).flat_map(|end| &end.columns);
    let persons: BTreeSet<&str> = persons.map(String::as_str).collect();
    let mut masks = Masks::new();
    for (field, column) in place.fields().filter(|(f, _)| is_writable(place, f)) {
        let tells = field.is_personal() || persons.contains(field.name.as_str());
        let mask = match &field.masking {
            Some(masking) => Some(masking.clone()),
            // A pointer that must hold something goes on pointing, at a row that is masked as well.
            None if pointers.contains(field.name.as_str()) => {
                (tells && column.nullable).then_some(Masking::NullRewrite)
            }
            None if tells => Some(default_mask(place, field, column)),
            None => None,
        };
        masks.extend(mask.map(|mask| (field.name.clone(), mask)));
    }
    masks
}

/// The masks of the fields that a duty to keep a row does not need.
pub(super) fn of_fields(place: &Place, names: &[String]) -> Masks {
    let named = place.fields().filter(|(field, _)| names.contains(&field.name) && is_writable(place, field));
    let mask = |(field, column): (&Field, &Column)| {
        let mask = field.masking.clone().unwrap_or_else(|| default_mask(place, field, column));
        (field.name.clone(), mask)
    };
    named.map(mask).collect()
}

/// The masks of a row of somebody else's that names the person in `mine`.
pub(super) fn of_shared(place: &Place, graph: &Graph, mine: &[Link]) -> Masks {
    let mut masks = Masks::new();
    for link in mine {
        let stays = match link {
            Link::Pointer(index) => {
                let end = &place.pointers[*index];
                let target = &graph.node(end.other).collection;
                end.required && (target.is_masked() || target.read_only)
            }
            Link::Identity(_) => false,
        };
        for column in link_columns(place, *link) {
            let Some(field) = place.collection.field(column) else { continue };
            if !stays && !field.read_only {
                masks.insert(column.to_owned(), field.masking.clone().unwrap_or(Masking::NullRewrite));
            }
        }
    }
    masks
}

/// The collection's own mask, or NULL where the column's type does not take it.
fn default_mask(place: &Place, field: &Field, column: &Column) -> Masking {
    match &place.collection.masking {
        Some(Masking::StringRewrite(text)) if accepts(column, field.length, text).is_ok() || !column.nullable => {
            Masking::StringRewrite(text.clone())
        }
        _ => Masking::NullRewrite,
    }
}

/// A number that only tells rows apart may stay in a masked row; an identifier in the key may not, and is an obstacle.
fn is_writable(place: &Place, field: &Field) -> bool {
    let in_key = place.table().primary_key.contains(&field.name);
    !field.read_only && (!in_key || field.identity.is_some() || field.masking.is_some())
}

/// Why a column cannot be set so; `None` when it can.
pub(super) fn obstacle(place: &Place, column: &str, mask: &Masking) -> Option<String> {
    let table = &place.table_name;
    let live = place.table().column(column)?;
    if place.table().primary_key.iter().any(|c| c == column) {
        return Some(format!("column {column} of {table} is part of the primary key and cannot be masked"));
    }
    let Some(text) = mask.value() else {
        let message = format!("column {column} of {table} must not be NULL, and null_rewrite would set it to NULL");
        return (!live.nullable).then_some(message);
    };
    let length = place.collection.field(column).and_then(|f| f.length);
    if let Err(why) = accepts(live, length, text) {
        return Some(format!("string_rewrite cannot write to {table}: {why}"));
    }
    let unique = place.table().unique.iter().any(|set| matches!(set.as_slice(), [only] if only == column));
    unique.then(|| format!("column {column} of {table} is UNIQUE, and string_rewrite gives every row the same value"))
}
