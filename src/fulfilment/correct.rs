//! Corrections: the old value beside the new one for staff to see, then written where it still is the old one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::judge::Verdict;
use super::place::Place;
use super::row_name::Naming;
use super::trace::Trace;
use super::values::{Spelling, accepts};
use super::{FulfilmentError, Systems};
use crate::connectors::{Column, Comparison, ConnectorError, Key, Match, Select, TableName, Writer};
use crate::datamap::{Field, Node, NodeId};
use crate::domain::identity::{AccountId, Email, Identities, IdentityKind};
use crate::domain::ids::SystemId;
use crate::domain::personal::Personal;

/// One change that the person asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The field.
    pub field: String,
    /// The value that is wrong; left out, every value of the field in the person's rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Personal<String>>,
    /// The value that is right.
    pub requested: Personal<String>,
}

/// What the corrections would change. It holds values of the person's and is kept sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// One for each correction, in their order.
    pub items: Vec<PreviewItem>,
    /// The systems that failed when it was made. Without them rows are missing, and what it refuses may be possible.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub without: BTreeSet<SystemId>,
}

impl Preview {
    /// Joins what a later look found, which saw other systems. A row keeps the old value that it was found with first,
    /// so that nothing is corrected twice.
    pub fn join(&mut self, later: Preview) {
        for (item, found) in self.items.iter_mut().zip(later.items) {
            let known: BTreeSet<Key> = item.rows.iter().map(|row| row.key.clone()).collect();
            // What was found once can be made; it may even be made already, and not be found any more.
            item.refusal = found.refusal.filter(|_| known.is_empty());
            item.rows.extend(found.rows.into_iter().filter(|row| !known.contains(&row.key)));
        }
        self.without = later.without;
    }
}

/// What one correction would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewItem {
    /// The correction.
    pub correction: Correction,
    /// The rows it would change, each with its old value.
    pub rows: Vec<PreviewRow>,
    /// Why it cannot be made; `None` when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// One row that a correction would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewRow {
    /// Its primary key.
    pub key: Key,
    /// Its value now; `None` is NULL.
    pub old: Option<Personal<String>>,
}

/// What became of one correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionOutcome {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The field.
    pub field: String,
    /// How many rows hold the new value now.
    pub made: u64,
    /// Why it was not made, or not in every row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

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
        if !matches!(verdict, Verdict::Own { .. }) {
            others += 1;
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
            (0, 0) => format!("no row of {collection} is the person's"),
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
    let comparison = link.map_or(Comparison::Exact, super::place::IdentityLink::comparison);
    let requested = correction.requested.expose();
    let values = link.map_or_else(|| vec![requested.clone()], |link| link.wanted(requested).into_iter().collect());
    let any_of = [Match { column: field.clone(), values, comparison }];
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

/// Writes what staff approved, in one transaction per system: where the value still is the old one and the row still
/// the person's. Applying twice, after a crash or by mistake, changes nothing more.
///
/// An identifier is written last, since rows elsewhere are found by it; and not at all while a system fails. What is
/// not written because of that has an outcome that made nothing and gives no reason.
///
/// # Errors
/// What a system says, except that a constraint stands in the way of one correction: that is its `reason`.
pub fn apply(
    systems: &Systems,
    identities: &Identities,
    approved: &Preview,
) -> Result<Vec<CorrectionOutcome>, FulfilmentError> {
    let today = preview_after(systems, identities, &approved.items)?;
    let mut outcomes: Vec<CorrectionOutcome> = approved.items.iter().map(refused).collect();
    let mut by_system: BTreeMap<SystemId, Vec<usize>> = BTreeMap::new();
    for (index, item) in approved.items.iter().enumerate().filter(|(_, i)| i.refusal.is_none()) {
        let found = systems.graph().find(&item.correction.dataset, &item.correction.collection);
        match found {
            Some(node) => {
                let place = systems.graph().node(node);
                let failing = systems.failing();
                let waits = failing.contains(&place.system) || (!failing.is_empty() && leads(place, item));
                if !waits {
                    by_system.entry(place.system.clone()).or_default().push(index);
                }
            }
            None => outcomes[index].reason = Some("the collection is no longer in the dataset".to_owned()),
        }
    }
    let found_by = |index: &usize| {
        let Correction { dataset, collection, .. } = &approved.items[*index].correction;
        let graph = systems.graph();
        graph.find(dataset, collection).is_some_and(|node| leads(graph.node(node), &approved.items[*index]))
    };
    let mut by_system: Vec<_> = by_system.into_iter().collect();
    by_system.sort_by_key(|(_, indexes)| indexes.iter().any(found_by));
    for (system, mut indexes) in by_system {
        while !indexes.is_empty() {
            match write_all(systems, &system, &indexes, approved, &today, &mut outcomes) {
                Ok(()) => break,
                Err((Some(index), ConnectorError::Constraint { constraint, .. })) => {
                    outcomes[index].made = 0;
                    outcomes[index].reason = Some(format!("the database refuses it: constraint {constraint}"));
                    indexes.retain(|i| *i != index);
                }
                Err((_, source)) => return Err(FulfilmentError::System { system, source }),
            }
        }
    }
    Ok(outcomes)
}

/// Whether the person's rows are found by what is corrected.
fn leads(place: &Node, item: &PreviewItem) -> bool {
    place.collection.field(&item.correction.field).is_some_and(|field| field.identity.is_some())
}

fn refused(item: &PreviewItem) -> CorrectionOutcome {
    CorrectionOutcome {
        dataset: item.correction.dataset.clone(),
        collection: item.correction.collection.clone(),
        field: item.correction.field.clone(),
        made: 0,
        reason: item.refusal.clone(),
    }
}

/// One attempt at one system; an error names the correction it came from.
fn write_all(
    systems: &Systems,
    system: &SystemId,
    indexes: &[usize],
    approved: &Preview,
    today: &Preview,
    outcomes: &mut [CorrectionOutcome],
) -> Result<(), (Option<usize>, ConnectorError)> {
    let unknown = |_| (None, ConnectorError::Statement("the system is not configured".to_owned()));
    let schema = systems.schema(system).map_err(unknown)?;
    let connector = systems.connector(system).map_err(unknown)?;
    let mut writer = connector.writer().map_err(|e| (None, e))?;
    for index in indexes {
        let item = &approved.items[*index];
        let graph = systems.graph();
        let node = graph.find(&item.correction.dataset, &item.correction.collection).map(|id| graph.node(id));
        let Some((table, live)) = node.and_then(|n| Some((schema.qualified(n.table()), schema.table(n.table())?)))
        else {
            outcomes[*index].reason = Some("the table is no longer there".to_owned());
            continue;
        };
        let Some(column) = live.column(&item.correction.field) else {
            outcomes[*index].reason = Some("the column is no longer there".to_owned());
            continue;
        };
        let target = Target { table: &table, naming: Naming::of(live), spelling: Spelling::of(column) };
        let (made, left) = write(&mut *writer, &target, item, &today.items[*index]).map_err(|e| (Some(*index), e))?;
        outcomes[*index].made = made;
        outcomes[*index].reason =
            (left > 0).then(|| format!("{left} of {} rows were changed by others since, and left", item.rows.len()));
    }
    writer.commit().map_err(|e| (indexes.last().copied(), e))
}

struct Target<'a> {
    table: &'a TableName,
    naming: Naming,
    spelling: Spelling,
}

/// Writes one correction; gives how many rows hold the new value, and how many were left alone.
fn write(
    writer: &mut dyn Writer,
    target: &Target<'_>,
    item: &PreviewItem,
    today: &PreviewItem,
) -> Result<(u64, u64), ConnectorError> {
    let Correction { field, requested, .. } = &item.correction;
    let approved: BTreeMap<&Key, Option<&str>> =
        item.rows.iter().map(|row| (&row.key, row.old.as_ref().map(|p| p.expose().as_str()))).collect();
    let own: BTreeSet<&Key> = today.rows.iter().map(|row| &row.key).collect();
    let mut named: BTreeMap<Vec<String>, Vec<Key>> = BTreeMap::new();
    for key in approved.keys() {
        named.entry(target.naming.columns_of(key)).or_default().push((*key).clone());
    }
    let mut there = 0;
    for (key_columns, keys) in named {
        let columns: Vec<String> = std::iter::once(field).chain(&key_columns).cloned().collect();
        let mut writable = Vec::new();
        writer.lock(target.table, &key_columns, &keys, &columns, &mut |row| {
            let key = Key(Personal::new(row.iter().skip(1).map(|v| v.unwrap_or_default().to_owned()).collect()));
            let Some(old) = approved.get(&key) else { return Ok(()) };
            let canonical = |text| target.spelling.canonical(text);
            if row.get(0).is_some_and(|value| canonical(value) == canonical(requested.expose())) {
                there += 1;
            } else if row.get(0) == *old && own.contains(&key) && today.refusal.is_none() {
                writable.push(key);
            }
            Ok(())
        })?;
        if !writable.is_empty() {
            let set = [(field.clone(), Some(requested.clone()))];
            there += writer.update(target.table, &key_columns, &writable, &set)?;
        }
    }
    Ok((there, (approved.len() as u64).saturating_sub(there)))
}
