//! A manifest is carried out: one transaction per system, children first, and no row that changed since is touched.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::manifest::{Manifest, ManifestRow, Step, StepAction, SystemManifest, TableRef};
use super::super::row_parts::RowParts;
use super::super::{FulfilmentError, Systems};
use super::guards::{Guarded, announce_guards, check_guard};
use super::unchanged::{Unchanged, lock_parts, lock_unchanged};
use crate::connectors::{ConnectorError, Key, Keyed, LiveSchema, Own, TableName, Writer};
use crate::domain::ids::SystemId;
use crate::domain::personal::Personal;

/// What became of one system's part of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemOutcome {
    /// The system.
    pub system: SystemId,
    /// Collection by collection.
    pub collections: Vec<CollectionOutcome>,
    /// The rows that are there and no longer what the manifest saw: somebody changed them since.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub changed: BTreeSet<(TableRef, Key)>,
}

impl SystemOutcome {
    fn of(system: &SystemId) -> Self {
        Self { system: system.clone(), collections: Vec::new(), changed: BTreeSet::new() }
    }
}

/// What became of one collection's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionOutcome {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// Rows deleted now.
    pub deleted: u64,
    /// Rows masked now.
    pub masked: u64,
    /// Rows that were gone already, or are no longer what the manifest saw: they were left alone.
    pub passed_over: u64,
}

/// Carries out one system's part of a manifest. Carrying it out again, after a crash or by mistake, changes nothing
/// more: rows that are gone or changed are passed over.
///
/// # Errors
/// What the system says, [`FulfilmentError::Overtaken`] and [`FulfilmentError::Altered`]: then nothing was changed in
/// this system.
pub fn execute(systems: &Systems, system: &SystemId, manifest: &Manifest) -> Result<SystemOutcome, FulfilmentError> {
    execute_unless(systems, system, manifest, &|| false)
}

/// The same, unless a legal hold is found to reach the rows right before the commit.
///
/// # Errors
/// As [`execute`], and [`FulfilmentError::Held`].
pub fn execute_unless(
    systems: &Systems,
    system: &SystemId,
    manifest: &Manifest,
    held: &dyn Fn() -> bool,
) -> Result<SystemOutcome, FulfilmentError> {
    let Some(part) = manifest.systems.iter().find(|s| s.system == *system) else {
        return Ok(SystemOutcome::of(system));
    };
    let failed = |source| FulfilmentError::System { system: system.clone(), source };
    let (schema, connector) = (systems.schema(system)?, systems.connector(system)?);
    let writer = if part.mark.is_some() { connector.writer_under_mark() } else { connector.writer() };
    let mut writer = writer.map_err(failed)?;
    let mut changed = false;
    let mut first = || {
        if !std::mem::replace(&mut changed, true) {
            crate::crash::point("erasure.inside_transaction");
        }
    };
    // It may not be the schema any more that the statements were made for.
    let doubted = |error: &FulfilmentError| {
        if matches!(error, FulfilmentError::System { source: ConnectorError::Statement(_), .. }) {
            systems.doubt_schema(system);
        }
    };
    let outcome = run(systems, &schema, part, &mut *writer, &mut first).inspect_err(doubted)?;
    if changed {
        still_as_planned(systems, part, &mut *writer).inspect_err(doubted)?;
        if held() {
            return Err(FulfilmentError::Held { system: system.clone() });
        }
        writer.commit().map_err(failed)?;
        crate::crash::point("erasure.after_commit");
    }
    Ok(outcome)
}

/// Nothing is committed under another schema than the one planned for: with a foreign key that is new, say, deletions
/// might cascade into rows that no plan knows of. By now the tables that were changed are locked against it.
fn still_as_planned(systems: &Systems, part: &SystemManifest, writer: &mut dyn Writer) -> Result<(), FulfilmentError> {
    let (system, Some(mark)) = (&part.system, &part.mark) else { return Ok(()) };
    let other = writer.schema_unless(mark);
    let other = other.map_err(|source| FulfilmentError::System { system: system.clone(), source })?;
    if other.is_none_or(|now| systems.is_known_by(system, mark, &now)) {
        return Ok(());
    }
    systems.forget_schema(system);
    Err(FulfilmentError::Altered { system: system.clone() })
}

/// Does what [`execute`] would do where values are written, and takes all of it back: what only the database itself
/// knows (CHECK constraints, triggers) is then known before the first row of any system changes. Gives what it refused.
///
/// # Errors
/// What the system says, but for a constraint that stands in the way.
pub fn rehearse(systems: &Systems, system: &SystemId, manifest: &Manifest) -> Result<Option<String>, FulfilmentError> {
    // A NULL can break a CHECK as any value can. Plain deletes are not carried out twice: what refuses one of them is
    // met when it happens, and that system has then changed nothing.
    let writes = |step: &Step| !matches!(step.action, StepAction::Delete);
    let part = manifest.systems.iter().find(|s| s.system == *system && s.steps.iter().any(writes));
    let Some(part) = part else { return Ok(None) };
    let failed = |source| FulfilmentError::System { system: system.clone(), source };
    let schema = systems.schema(system)?;
    let mut writer = systems.connector(system)?.writer().map_err(failed)?;
    match run(systems, &schema, part, &mut *writer, &mut || ()) {
        Ok(_) | Err(FulfilmentError::Overtaken { .. }) => Ok(None),
        Err(FulfilmentError::System {
            source: source @ (ConnectorError::Constraint { .. } | ConnectorError::Statement(_)),
            ..
        }) => Ok(Some(format!("system {system} refuses what would be written: {source}"))),
        Err(error) => Err(error),
    }
}

/// Everything but the commit. `wrote` is called after each step that changed rows. The schema is known before the writer
/// has a connection: whoever held one while waiting for another to look at the schema would wait for others like it.
fn run(
    systems: &Systems,
    schema: &LiveSchema,
    part: &SystemManifest,
    writer: &mut dyn Writer,
    wrote: &mut dyn FnMut(),
) -> Result<SystemOutcome, FulfilmentError> {
    let system = &part.system;
    let mut outcome = SystemOutcome::of(system);
    let failed = |source| FulfilmentError::System { system: system.clone(), source };
    if part.defer {
        writer.defer_references().map_err(failed)?;
    }
    let mut unchanged = lock_unchanged(writer, part).map_err(failed)?;
    for step in part.steps.iter().enumerate() {
        lock_parts(writer, systems, system, step, &mut unchanged)?;
    }
    let guards = part.guards.iter().filter_map(|guard| Guarded::of(system, schema, part, guard, &unchanged));
    let guards: Vec<Guarded<'_>> = guards.collect();
    announce_guards(writer, &guards).map_err(failed)?;
    for guarded in &guards {
        check_guard(writer, system, part, guarded, &unchanged)?;
    }
    let mut deleted = delete_at_once(writer, part, &unchanged).map_err(failed)?.into_iter();
    if deleted.as_slice().iter().any(|rows| *rows > 0) {
        wrote();
    }
    for (place, step) in part.steps.iter().enumerate() {
        let still = unchanged.rows_of(step);
        let mut rows = match deleted.next() {
            Some(rows) => rows,
            None if still.is_empty() => 0,
            None => carry_out(writer, step, &still).map_err(failed)?,
        };
        if rows > 0 {
            wrote();
        }
        let mut passed_over = (step.rows.len() - still.len()) as u64;
        for listed in step.parts.iter().flat_map(RowParts::each) {
            let listed = listed?;
            let still = unchanged.rows_of_part(place, &listed)?;
            passed_over += (listed.len() - still.len()) as u64;
            let now = if still.is_empty() { 0 } else { carry_out(writer, step, &still).map_err(failed)? };
            if now > 0 {
                wrote();
            }
            rows += now;
        }
        note(&mut outcome, step, rows, passed_over);
    }
    outcome.changed = unchanged.changed;
    Ok(outcome)
}

/// Carries out the steps up to the first that does more than delete some rows; gives how many rows each deleted.
fn delete_at_once(
    writer: &mut dyn Writer,
    part: &SystemManifest,
    unchanged: &Unchanged,
) -> Result<Vec<u64>, ConnectorError> {
    let plain = |step: &&Step| matches!(step.action, StepAction::Delete) && step.parts.is_none();
    let steps: Vec<&Step> = part.steps.iter().take_while(plain).collect();
    let keys = |step: &&Step| unchanged.rows_of(step).into_iter().map(|row| row.key.clone()).collect();
    let (tables, keys): (Vec<TableName>, Vec<Vec<Key>>) =
        steps.iter().map(|step| (TableName::from(&step.table), keys(step))).unzip();
    let all = steps.iter().zip(&tables).zip(&keys);
    let keyed: Vec<Keyed<'_>> =
        all.map(|((step, table), keys)| Keyed { table, key_columns: &step.key_columns, keys }).collect();
    let some: Vec<Keyed<'_>> = keyed.iter().filter(|rows| !rows.keys.is_empty()).copied().collect();
    let mut deleted = writer.delete_all(&some)?.into_iter();
    Ok(keyed.iter().map(|rows| if rows.keys.is_empty() { 0 } else { deleted.next().unwrap_or_default() }).collect())
}

fn carry_out(writer: &mut dyn Writer, step: &Step, rows: &[&ManifestRow]) -> Result<u64, ConnectorError> {
    let table = TableName::from(&step.table);
    let keys = || rows.iter().map(|row| row.key.clone()).collect::<Vec<Key>>();
    match &step.action {
        StepAction::Delete => writer.delete(&table, &step.key_columns, &keys()),
        StepAction::Mask { set } => {
            let set: Vec<_> = set.iter().map(|(c, v)| (c.clone(), v.clone().map(Personal::new))).collect();
            mask(writer, step, &set, rows)
        }
        StepAction::Detach { columns } => {
            let set: Vec<_> = columns.iter().map(|c| (c.clone(), None)).collect();
            writer.update(&table, &step.key_columns, &keys(), &set)
        }
    }
}

/// Rows that get the same masks of their own.
struct Alike<'m> {
    masks: &'m BTreeMap<String, Personal<String>>,
    keys: Vec<Key>,
}

/// Writes `set` into all rows and into each what is its own: first where that is the same in several, into these at once, and
/// then into the others, in the order of the manifest, since one of them may refer to another by a key that is masked.
fn mask(
    writer: &mut dyn Writer,
    step: &Step,
    set: &[(String, Option<Personal<String>>)],
    rows: &[&ManifestRow],
) -> Result<u64, ConnectorError> {
    let (mut places, mut all) = (BTreeMap::new(), Vec::<Alike<'_>>::new());
    for row in rows {
        let at = *places.entry(&row.masks).or_insert(all.len());
        if at == all.len() {
            all.push(Alike { masks: &row.masks, keys: Vec::new() });
        }
        all[at].keys.push(row.key.clone());
    }
    let (table, mut count) = (TableName::from(&step.table), 0);
    let mut alone: BTreeMap<Vec<String>, Vec<Own>> = BTreeMap::new();
    for Alike { masks, mut keys } in all {
        if keys.len() == 1 && !masks.is_empty() {
            let row = Own { key: keys.remove(0), values: masks.values().cloned().collect() };
            alone.entry(masks.keys().cloned().collect()).or_default().push(row);
            continue;
        }
        let own = masks.iter().map(|(column, mask)| (column.clone(), Some(mask.clone())));
        let set: Vec<_> = set.iter().cloned().chain(own).collect();
        count += writer.update(&table, &step.key_columns, &keys, &set)?;
    }
    for (columns, rows) in alone {
        count += writer.update_each(&table, &step.key_columns, &columns, &rows, set)?;
    }
    Ok(count)
}

fn note(outcome: &mut SystemOutcome, step: &Step, rows: u64, passed_over: u64) {
    let same = |c: &CollectionOutcome| c.dataset == step.dataset && c.collection == step.collection;
    let index = outcome.collections.iter().position(same).unwrap_or_else(|| {
        let (dataset, collection) = (step.dataset.clone(), step.collection.clone());
        outcome.collections.push(CollectionOutcome { dataset, collection, ..CollectionOutcome::default() });
        outcome.collections.len() - 1
    });
    let noted = &mut outcome.collections[index];
    match step.action {
        StepAction::Delete => noted.deleted += rows,
        StepAction::Mask { .. } => noted.masked += rows,
        // The step that deletes the same rows counts them.
        StepAction::Detach { .. } => return,
    }
    noted.passed_over += passed_over;
}
