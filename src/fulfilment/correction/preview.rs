//! What corrections would change: the old value beside the new one, for staff to see and for [`super::correct`] to write.

use std::collections::BTreeSet;

use super::super::search::judge::Verdict;
use super::super::search::place::Place;
use super::super::search::row_name::Naming;
use super::super::search::trace::Trace;
use super::super::search::values::{Spelling, accepts};
use super::super::{FulfilmentError, Systems};
use super::correct::{Correction, Preview, PreviewItem, PreviewRow};
use crate::connectors::{Column, Comparison, Key, Match, Select};
use crate::datamap::{Field, NodeId};
use crate::domain::identity::{AccountId, Email, Identities, IdentityKind};
use crate::domain::personal::Personal;

/// Finds what corrections would change, and changes nothing.
///
/// # Errors
/// What a system says. A correction that cannot be made has its `refusal`.
pub fn preview(
    systems: &Systems,
    identities: &Identities,
    corrections: &[Correction],
) -> Result<Preview, FulfilmentError> {
    let new = |correction: &Correction| PreviewItem { correction: correction.clone(), rows: Vec::new(), refusal: None };
    preview_after(systems, identities, &corrections.iter().map(new).collect::<Vec<_>>())
}

/// The same once more, where rows are known of which some may have been corrected meanwhile.
///
/// # Errors
/// As [`preview`].
pub fn preview_after(
    systems: &Systems,
    identities: &Identities,
    known: &[PreviewItem],
) -> Result<Preview, FulfilmentError> {
    let mut trace = Trace::run(systems, identities)?;
    let mut items = Vec::with_capacity(known.len());
    for before in known {
        let (correction, mut rows) = (before.correction.clone(), Vec::new());
        let refusal = look(&mut trace, before, &mut rows)?;
        items.push(PreviewItem { correction, rows, refusal });
    }
    Ok(Preview { items, without: systems.failing().clone() })
}

/// Fills `rows`; gives why the correction cannot be made.
fn look(
    trace: &mut Trace<'_>,
    before: &PreviewItem,
    rows: &mut Vec<PreviewRow>,
) -> Result<Option<String>, FulfilmentError> {
    let correction = &before.correction;
    let Correction { dataset, collection, field, current, requested } = correction;
    let Some(node) = trace.systems.graph().find(dataset, collection) else {
        return Ok(Some(format!("there is no collection {dataset}.{collection}")));
    };
    let Some(place) = trace.places.get(node) else {
        return Ok(Some(format!("the collection {dataset}.{collection} is not searched")));
    };
    let (spelling, more) = match writable(place, field) {
        Ok((known, column)) => match accepts(column, known.length, requested.expose()) {
            Ok(()) if is_identifier(known, requested.expose()) => (Spelling::of(column), more_columns(place, field)),
            Ok(()) => return Ok(Some(format!("the requested {field} is not of its form"))),
            Err(why) => return Ok(Some(why)),
        },
        Err(why) => return Ok(Some(why)),
    };
    let naming = Naming::of(place.table());
    let (mut others, mut own) = (0_u64, 0_u64);
    trace.sweep(node, &more, |place, row, verdict| {
        // Not even that there is a claimed row is told.
        if !matches!(verdict, Verdict::Own { .. }) {
            others += u64::from(verdict != Verdict::Claimed);
            return Ok(());
        }
        own += 1;
        let first = place.columns.len();
        let old = row.get(first);
        let asked = current.as_ref().is_none_or(|c| same(spelling, old.unwrap_or_default(), c.expose()));
        if let Some(key) = naming.name(row.iter().skip(first + 1)).filter(|_| asked) {
            let old = old.map(|text| Personal::new(text.to_owned()));
            rows.push(PreviewRow { key, old });
        }
        Ok(())
    })?;
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    if rows.is_empty() {
        return Ok(Some(match (own, others) {
            (0, 0) => none_theirs(collection, &trace.unshown()),
            (0, _) => format!("the rows of {collection} that name the person are somebody else's"),
            _ => format!("no row of {collection} that is the person's holds the current value"),
        }));
    }
    let refusal = is_taken(trace, node, before, rows)?;
    if refusal.is_some() && !before.rows.is_empty() {
        // What was found before can still be made.
        rows.clear();
    }
    Ok(refusal)
}

/// The same whether or not there are rows that only what was merely typed leads to.
fn none_theirs(collection: &str, unshown: &BTreeSet<IdentityKind>) -> String {
    let mut words = format!("no row of {collection} is the person's");
    if !unshown.is_empty() {
        let kinds: Vec<&str> = unshown.iter().map(|kind| kind.words()).collect();
        let given = kinds.join(" and the ");
        words.push_str(&format!("; rows under the {given} that was given do not count until it is shown to be theirs"));
    }
    words
}

/// By an identifier that is none, nobody would be found again.
fn is_identifier(field: &Field, text: &str) -> bool {
    match field.identity {
        Some(IdentityKind::Email) => text.parse::<Email>().is_ok(),
        Some(IdentityKind::Phone) => text.chars().filter(char::is_ascii_digit).count() > 2,
        Some(IdentityKind::AccountId) => text.parse::<AccountId>().is_ok(),
        None => true,
    }
}

fn same(spelling: Spelling, a: &str, b: &str) -> bool {
    spelling.canonical(a.trim()) == spelling.canonical(b.trim())
}

fn more_columns(place: &Place, field: &str) -> Vec<String> {
    std::iter::once(field.to_owned()).chain(Naming::of(place.table()).columns().cloned()).collect()
}

/// The field and its column, when it may be written at all.
fn writable<'p>(place: &'p Place, name: &str) -> Result<(&'p Field, &'p Column), String> {
    let collection = &place.collection.name;
    let Some((field, column)) = place.fields().find(|(f, _)| f.name == name) else {
        return Err(format!("{collection} has no field {name}"));
    };
    let key = place.table().row_key();
    let is_pointer = || place.pointers.iter().chain(&place.pointed).any(|end| end.columns.iter().any(|c| c == name));
    if Naming::of(place.table()).is_empty() {
        Err(format!("the table {} has no key that tells its rows apart", place.table_name))
    } else if let Some(why) = &place.table().unerasable {
        Err(format!("rows of the table {} cannot be changed for good: {why}", place.table_name))
    } else if field.read_only || place.collection.read_only {
        Err(format!("the dataset marks {collection}.{name} read_only"))
    } else if place.computes(name) {
        Err(format!("the database computes {collection}.{name} from others"))
    } else if field.primary_key || key.iter().any(|c| c == name) || is_pointer() {
        Err(format!("{collection}.{name} is a key: other rows are found by it"))
    } else {
        Ok((field, column))
    }
}

/// An identifier, or a value that must be unique, may not become one that somebody else's row holds.
fn is_taken(
    trace: &mut Trace<'_>,
    node: NodeId,
    before: &PreviewItem,
    own: &[PreviewRow],
) -> Result<Option<String>, FulfilmentError> {
    let Some(place) = trace.places.get(node) else { return Ok(None) };
    let (correction, field) = (&before.correction, &before.correction.field);
    let link = place.identities.iter().find(|i| i.column == *field);
    let unique = place.table().unique.iter().any(|set| matches!(set.as_slice(), [only] if only == field));
    if link.is_none() && !unique {
        return Ok(None);
    }
    let comparison = link.map_or(Comparison::Exact, super::super::search::place::IdentityLink::comparison);
    let requested = correction.requested.expose();
    let values = link.map_or_else(|| vec![requested.clone()], |link| link.wanted(requested).into_iter().collect());
    let any_of = [Match::new(field, values, comparison)];
    let naming = Naming::of(place.table());
    let columns: Vec<String> = naming.columns().cloned().collect();
    let select = Select { table: &place.table_name, columns: &columns, any_of: &any_of };
    let keys: BTreeSet<&Key> = own.iter().chain(&before.rows).map(|row| &row.key).collect();
    let mut holders = 0;
    let mut others = 0;
    trace.snapshot.select(&place.system, &select, |row| {
        holders += 1;
        others += u32::from(!naming.name(row.iter()).is_some_and(|name| keys.contains(&name)));
        Ok(())
    })?;
    let collection = &place.collection.name;
    Ok(if others > 0 {
        Some(format!("another row of {collection} holds the requested {field} already"))
    } else if unique && own.len() > 1 && holders < own.len() {
        Some(format!("{field} must be unique, and {} rows would get the same value", own.len()))
    } else {
        None
    })
}
