//! How a row is masked, and why it could not be.

use std::collections::{BTreeMap, BTreeSet};

use super::super::search::judge::Link;
use super::super::search::place::Place;
use super::super::search::values::accepts;
use super::joined::{Class, Joined};
use crate::connectors::Column;
use crate::datamap::{Field, Graph, may_be_null};
use crate::domain::masking::{Masking, Slot};

/// Columns and how they are masked.
pub(in crate::fulfilment) type Masks = BTreeMap<String, Masking>;

/// The masks of a row that belongs to the person, in a collection that is masked and not deleted.
pub(in crate::fulfilment) fn of_own(place: &Place, joined: &Joined) -> Masks {
    let fields = place.fields().filter(|(field, _)| !field.read_only && !place.computes(&field.name));
    let mask = |(field, column): (&Field, &Column)| {
        let own = || of_field(place, field, column);
        let mask = match (&field.masking, joined.followed(place, &field.name)) {
            (Some(Masking::NullRewrite | Masking::Preserve), _) | (_, None) => own(),
            (_, Some(followed)) => Some(followed.clone()),
        };
        let mask = mask.filter(|mask| *mask != Masking::Preserve)?;
        Some((field.name.clone(), mask))
    };
    fields.filter_map(mask).collect()
}

/// How a field is masked, whatever it refers to.
pub(in crate::fulfilment) fn of_field(place: &Place, field: &Field, column: &Column) -> Option<Masking> {
    let pointers: BTreeSet<&str> = place.pointers.iter().flat_map(|end| &end.columns).map(String::as_str).collect();
    let mut persons = place.pointers.iter().filter(|end| end.person).flat_map(|end| &end.columns);
    let tells = field.is_personal() || persons.any(|c| *c == field.name);
    match &field.masking {
        _ if !is_writable(place, field) => None,
        Some(masking) => Some(masking.clone()),
        // A pointer that must hold something goes on pointing, at a row that is masked as well.
        None if pointers.contains(field.name.as_str()) => (tells && column.nullable).then_some(Masking::NullRewrite),
        None if tells => Some(default_mask(place, field, column)),
        None => None,
    }
}

/// The masks of the fields that a duty to keep a row does not need.
fn of_fields(place: &Place, names: &[String]) -> Masks {
    let named = place.fields().filter(|(field, _)| names.contains(&field.name) && is_writable(place, field));
    let mask = |(field, column): (&Field, &Column)| {
        let mask = field.masking.clone().unwrap_or_else(|| default_mask(place, field, column));
        (mask != Masking::Preserve).then(|| (field.name.clone(), mask))
    };
    named.filter_map(mask).collect()
}

/// The masks of what the collection's duty to keep its rows does not need.
pub(in crate::fulfilment) fn of_duty(place: &Place) -> Masks {
    place.collection.retain.as_ref().map(|rule| of_fields(place, &rule.mask)).unwrap_or_default()
}

/// The masks of a row of somebody else's that names the person in `mine`.
pub(in crate::fulfilment) fn of_shared(place: &Place, graph: &Graph, joined: &Joined, mine: &[Link]) -> Masks {
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
        for column in link.columns(place) {
            let writable = |field: &&Field| !field.read_only && !place.computes(&field.name);
            let Some(field) = place.collection.field(column).filter(writable) else { continue };
            let mask = match (stays, joined.followed(place, column)) {
                (true, followed) => followed.cloned(),
                (false, _) => Some(field.masking.clone().unwrap_or(Masking::NullRewrite)),
            };
            masks.extend(mask.filter(|mask| *mask != Masking::Preserve).map(|mask| (column.to_owned(), mask)));
        }
    }
    masks
}

/// The collection's own mask, or NULL where the column's type does not take it.
fn default_mask(place: &Place, field: &Field, column: &Column) -> Masking {
    let own = place.collection.masking.clone().unwrap_or(Masking::NullRewrite);
    let table = place.table();
    let fits = || unfit(&own, &crate::datamap::slot(table, field, column), column).is_none();
    if !may_be_null(table, column) || fits() { own } else { Masking::NullRewrite }
}

/// A number that only tells rows apart may stay in a masked row; an identifier in the key may not. What the database
/// computes from other columns changes with these.
fn is_writable(place: &Place, field: &Field) -> bool {
    let in_key = place.table().primary_key.contains(&field.name);
    !field.read_only && !place.computes(&field.name) && (!in_key || field.identity.is_some() || field.masking.is_some())
}

/// Whether every row gets the same value, known beforehand; otherwise each value is drawn.
pub(in crate::fulfilment) fn constant(mask: &Masking, slot: &Slot) -> Option<Option<String>> {
    match mask {
        Masking::NullRewrite => Some(None),
        Masking::StringRewrite { .. } if !slot.distinct => Some(mask.constant(slot.most)),
        _ => None,
    }
}

/// Why a column cannot be masked so; `None` when it can.
pub(in crate::fulfilment) fn obstacle(place: &Place, class: &Class, column: &str, mask: &Masking) -> Option<String> {
    let (table, name) = (&place.table_name, mask.name());
    let live = place.table().column(column)?;
    if *mask == Masking::NullRewrite {
        let message = format!("column {column} of {table} must not be NULL, and null_rewrite would set it to NULL");
        return (!may_be_null(place.table(), live)).then_some(message);
    }
    if class.unlike {
        return Some(format!(
            "column {column} of {table} refers to a column of another type, so {name} cannot mask both alike"
        ));
    }
    match unfit(mask, &class.slot, live)? {
        Unfit::Strategy(why) => {
            let unique = place.table().unique.iter().find(|set| set.iter().any(|c| c == column));
            let rule = unique.map(|set| format!(" (UNIQUE on {})", set.join(", "))).unwrap_or_default();
            Some(format!("{name} cannot mask column {column} of {table}{rule}: {why}"))
        }
        Unfit::Value(why) => Some(format!("{name} cannot write to {table}: {why}")),
    }
}

enum Unfit {
    /// The strategy makes no such values.
    Strategy(String),
    /// The column does not take the very value.
    Value(String),
}

fn unfit(mask: &Masking, slot: &Slot, live: &Column) -> Option<Unfit> {
    if let Some(Some(text)) = constant(mask, slot)
        && let Err(why) = accepts(live, slot.most, &text)
    {
        return Some(Unfit::Value(why));
    }
    slot.refuses(mask).map(Unfit::Strategy)
}
