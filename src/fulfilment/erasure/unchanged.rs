//! The rows of a manifest as they stand now, locked: which of them still are what it saw.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::super::manifest::{ManifestRow, Step, StepAction, SystemManifest, TableRef};
use super::super::search::fingerprint;
use super::super::search::key_set::KeySet;
use super::super::{FulfilmentError, Systems};
use crate::connectors::{ConnectorError, Key, Keyed, Locked, Row, TableName, Writer};
use crate::domain::ids::SystemId;
use crate::domain::personal::Personal;

/// The rows of a manifest as they are now.
#[derive(Default)]
pub(super) struct Unchanged {
    /// Those that still are what it saw, by table and key, with the values that guards look at.
    pub(super) rows: BTreeMap<TableRef, HashMap<Key, Vec<Option<String>>>>,
    /// The keys of those that are in parts of their own, by the place of their step.
    in_parts: BTreeMap<usize, KeySet>,
    /// Those that are something else, and not what it makes of them.
    pub(super) changed: BTreeSet<(TableRef, Key)>,
}

impl Unchanged {
    pub(super) fn has(&self, table: &TableRef, key: &Key) -> bool {
        self.rows.get(table).is_some_and(|rows| rows.contains_key(key))
    }

    /// Whether a row is in parts of the step in that place.
    pub(super) fn has_in_parts(&self, step: usize, key: &Key) -> io::Result<bool> {
        let keys = self.in_parts.get(&step);
        keys.map_or(Ok(false), |keys| keys.contains(key.0.expose().iter().map(String::as_str)))
    }

    pub(super) fn rows_of_part<'r>(&self, step: usize, rows: &'r [ManifestRow]) -> io::Result<Vec<&'r ManifestRow>> {
        let mut still = Vec::with_capacity(rows.len());
        for row in rows {
            if self.has_in_parts(step, &row.key)? {
                still.push(row);
            }
        }
        Ok(still)
    }

    pub(super) fn rows_of<'s>(&self, step: &'s Step) -> Vec<&'s ManifestRow> {
        step.rows.iter().filter(|row| self.has(&step.table, &row.key)).collect()
    }

    /// Takes note of a row as it stands now.
    fn note(&mut self, expected: &Expected<'_>, row: &Row) {
        let key = expected.key_at.iter().map(|at| row.get(*at).unwrap_or_default().to_owned());
        let key = Key(Personal::new(key.collect()));
        let Some((step, listed)) = expected.rows.get(&key) else { return };
        if *listed.fingerprint.expose() == fingerprint::hex(row.iter().take(expected.fingerprinted)) {
            let values = expected.guarded_at.iter().map(|at| row.get(*at).map(str::to_owned)).collect();
            self.rows.entry(expected.table.clone()).or_default().insert(key, values);
        } else if !is_masked(step, listed, row) {
            self.changed.insert((expected.table.clone(), key));
        }
    }
}

/// Locks every row of the manifest, so that what is compared now holds until the commit.
pub(super) fn lock_unchanged(writer: &mut dyn Writer, part: &SystemManifest) -> Result<Unchanged, ConnectorError> {
    // Rows of one table may be named by different columns.
    let named: BTreeSet<(&TableRef, &Vec<String>)> = part.steps.iter().map(|s| (&s.table, &s.key_columns)).collect();
    let all: Vec<Expected<'_>> =
        named.into_iter().filter_map(|(table, key_columns)| Expected::of(part, table, key_columns)).collect();
    let locked: Vec<Locked<'_>> = all
        .iter()
        .map(|e| (Keyed { table: &e.table_name, key_columns: e.key_columns, keys: &e.keys }, e.read.as_slice()))
        .collect();
    let mut unchanged = Unchanged::default();
    for expected in &all {
        unchanged.rows.entry(expected.table.clone()).or_default();
    }
    writer.lock_all(&locked, &mut |of, row| {
        unchanged.note(&all[of], row);
        Ok(())
    })?;
    Ok(unchanged)
}

/// The same for rows of a step, by its place, that are in parts of their own; if others refer to them, it is by their keys.
pub(super) fn lock_parts(
    writer: &mut dyn Writer,
    systems: &Systems,
    system: &SystemId,
    (place, step): (usize, &Step),
    unchanged: &mut Unchanged,
) -> Result<(), FulfilmentError> {
    let Some(parts) = &step.parts else { return Ok(()) };
    let hidden = step.key_columns.iter().filter(|k| !step.columns.contains(k));
    let read: Vec<String> = step.columns.iter().chain(hidden).cloned().collect();
    let at: Vec<usize> = step.key_columns.iter().filter_map(|k| read.iter().position(|c| c == k)).collect();
    let Unchanged { in_parts, changed, .. } = unchanged;
    let same = in_parts.entry(place).or_insert_with(|| KeySet::new(systems.scratch()));
    for listed in parts.each() {
        let listed = listed?;
        let expected: HashMap<&Key, &ManifestRow> = listed.iter().map(|row| (&row.key, row)).collect();
        let keys: Vec<Key> = listed.iter().map(|row| row.key.clone()).collect();
        let mut failed = Ok(());
        let locked = writer.lock(&TableName::from(&step.table), &step.key_columns, &keys, &read, &mut |row| {
            let key = at.iter().map(|at| row.get(*at).unwrap_or_default().to_owned());
            let key = Key(Personal::new(key.collect()));
            let Some(listed) = expected.get(&key) else { return Ok(()) };
            if *listed.fingerprint.expose() != fingerprint::hex(row.iter().take(step.columns.len())) {
                if !is_masked(step, listed, row) {
                    changed.insert((step.table.clone(), key));
                }
                return Ok(());
            }
            same.insert(key.0.expose().iter().map(String::as_str)).map(drop).map_err(|error| {
                failed = Err(error);
                ConnectorError::Stopped("the keys of the rows cannot be kept".to_owned())
            })
        });
        failed?;
        locked.map_err(|source| FulfilmentError::System { system: system.clone(), source })?;
    }
    Ok(())
}

/// The rows of one table that a manifest names by the same columns. Those in parts come after, a part at a time.
struct Expected<'m> {
    table: &'m TableRef,
    table_name: TableName,
    key_columns: &'m [String],
    keys: Vec<Key>,
    rows: HashMap<&'m Key, (&'m Step, &'m ManifestRow)>,
    /// What is read of them: what a fingerprint covers, and behind it what is missing of the key.
    read: Vec<String>,
    fingerprinted: usize,
    /// Where the key is read, and what guards look at.
    key_at: Vec<usize>,
    guarded_at: Vec<usize>,
}

impl<'m> Expected<'m> {
    fn of(part: &'m SystemManifest, table: &'m TableRef, key_columns: &'m [String]) -> Option<Self> {
        let alike = |s: &&Step| s.table == *table && s.key_columns == *key_columns && !s.rows.is_empty();
        let steps: Vec<&Step> = part.steps.iter().filter(alike).collect();
        let columns = &steps.first()?.columns;
        let rows: HashMap<&Key, (&Step, &ManifestRow)> =
            steps.iter().flat_map(|step| step.rows.iter().map(move |row| (&row.key, (*step, row)))).collect();
        let hidden = key_columns.iter().filter(|k| !columns.contains(k));
        let read: Vec<String> = columns.iter().chain(hidden).cloned().collect();
        let guarded = guarded_columns(part, table);
        Some(Self {
            table,
            table_name: TableName::from(table),
            key_columns,
            keys: rows.keys().map(|key| (*key).clone()).collect(),
            rows,
            fingerprinted: columns.len(),
            key_at: key_columns.iter().filter_map(|k| read.iter().position(|c| c == k)).collect(),
            guarded_at: guarded.iter().filter_map(|g| columns.iter().position(|c| c == *g)).collect(),
            read,
        })
    }
}

/// Whether a row holds what its step writes into it: it was carried out before, and a crash kept us from knowing.
fn is_masked(step: &Step, listed: &ManifestRow, row: &Row) -> bool {
    let StepAction::Mask { set } = &step.action else { return false };
    let holds = |column: &String, mask: Option<&str>| {
        step.columns.iter().position(|c| c == column).is_some_and(|at| row.get(at) == mask)
    };
    let alone = listed.masks.iter().all(|(column, mask)| holds(column, Some(mask.expose())));
    alone && set.iter().all(|(column, mask)| listed.masks.contains_key(column) || holds(column, mask.as_deref()))
}

/// The columns of a table that guards look at, each once.
pub(super) fn guarded_columns<'m>(part: &'m SystemManifest, table: &TableRef) -> Vec<&'m String> {
    let columns: BTreeSet<&String> =
        part.guards.iter().filter(|g| g.to == *table).flat_map(|g| &g.to_columns).collect();
    columns.into_iter().collect()
}
