//! Corrections are written where the old value, as staff saw it, still stands.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::search::row_name::Naming;
use super::super::search::values::Spelling;
use super::super::{FulfilmentError, Systems};
use super::preview::preview_after;
use crate::connectors::{ConnectorError, Key, TableName, Writer};
use crate::crash;
use crate::datamap::Node;
use crate::domain::identity::Identities;
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
    apply_telling(systems, identities, approved, |_, _, _| ())
}

/// The same; `told` hears of each system before it is written to and after, and of how many rows.
///
/// # Errors
/// As [`apply`].
pub fn apply_telling(
    systems: &Systems,
    identities: &Identities,
    approved: &Preview,
    told: impl Fn(&SystemId, u64, bool),
) -> Result<Vec<CorrectionOutcome>, FulfilmentError> {
    let today = preview_after(systems, identities, &approved.items)?;
    let mut outcomes: Vec<CorrectionOutcome> = approved.items.iter().map(refused).collect();
    for (system, mut indexes) in in_order(systems, approved, &mut outcomes) {
        let rows = |indexes: &[usize]| indexes.iter().map(|i| approved.items[*i].rows.len() as u64).sum();
        told(&system, rows(&indexes), false);
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
        told(&system, rows(&indexes), true);
    }
    Ok(outcomes)
}

/// The corrections that can be written now, system by system; last the systems in which identifiers are corrected.
fn in_order(
    systems: &Systems,
    approved: &Preview,
    outcomes: &mut [CorrectionOutcome],
) -> impl Iterator<Item = (SystemId, Vec<usize>)> + use<> {
    let mut by_system: BTreeMap<SystemId, (bool, Vec<usize>)> = BTreeMap::new();
    for (index, item) in approved.items.iter().enumerate().filter(|(_, i)| i.refusal.is_none()) {
        let Some(node) = systems.graph().find(&item.correction.dataset, &item.correction.collection) else {
            outcomes[index].reason = Some("the collection is no longer in the dataset".to_owned());
            continue;
        };
        let (place, failing) = (systems.graph().node(node), systems.failing());
        let leads = leads(place, item);
        if failing.contains(&place.system) || (leads && !failing.is_empty()) {
            continue;
        }
        let (last, indexes) = by_system.entry(place.system.clone()).or_default();
        *last |= leads;
        indexes.push(index);
    }
    let mut by_system: Vec<_> = by_system.into_iter().collect();
    by_system.sort_by_key(|(_, (last, _))| *last);
    by_system.into_iter().map(|(system, (_, indexes))| (system, indexes))
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
    crash::point("correction.inside_transaction");
    writer.commit().map_err(|e| (indexes.last().copied(), e))?;
    crash::point("correction.after_commit");
    Ok(())
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
