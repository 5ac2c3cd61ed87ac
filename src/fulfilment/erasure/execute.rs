//! A manifest is carried out: one transaction per system, children first, and no row that changed since is touched.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use serde::{Deserialize, Serialize};

use super::super::manifest::{Guard, Manifest, ManifestRow, Step, StepAction, SystemManifest, TableRef};
use super::super::row_parts::RowParts;
use super::super::search::fingerprint;
use super::super::search::key_set::KeySet;
use super::super::{FulfilmentError, Systems};
use super::references::Way;
use crate::connectors::{ConnectorError, Key, Keyed, LiveSchema, Locked, Row, Select, TableName, Writer};
use crate::domain::ids::SystemId;
use crate::domain::personal::Personal;

/// How many keys a guard that is announced may look for.
const ANNOUNCED: usize = 64;

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
    for step in &part.steps {
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
    for step in &part.steps {
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
            let still = unchanged.rows_of_part(step, &listed)?;
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
    let keys: &Vec<Key> = &rows.iter().map(|row| row.key.clone()).collect();
    match &step.action {
        StepAction::Delete => writer.delete(&table, &step.key_columns, keys),
        StepAction::Mask { set } => {
            let set: Vec<_> = set.iter().map(|(c, v)| (c.clone(), v.clone().map(Personal::new))).collect();
            let (alone, alike): (Vec<&ManifestRow>, Vec<&ManifestRow>) =
                rows.iter().copied().partition(|row: &&ManifestRow| !row.masks.is_empty());
            let alike: Vec<Key> = alike.into_iter().map(|row| row.key.clone()).collect();
            let mut count = 0;
            if !alike.is_empty() {
                count += writer.update(&table, &step.key_columns, &alike, &set)?;
            }
            for row in alone {
                let own = row.masks.iter().map(|(column, mask)| (column.clone(), Some(mask.clone())));
                let set: Vec<_> = set.iter().cloned().chain(own).collect();
                count += writer.update(&table, &step.key_columns, std::slice::from_ref(&row.key), &set)?;
            }
            Ok(count)
        }
        StepAction::Detach { columns } => {
            let set: Vec<_> = columns.iter().map(|c| (c.clone(), None)).collect();
            writer.update(&table, &step.key_columns, keys, &set)
        }
    }
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

/// The rows of a manifest as they are now.
#[derive(Default)]
struct Unchanged {
    /// Those that still are what it saw, by table and key, with the values that guards look at.
    rows: BTreeMap<TableRef, HashMap<Key, Vec<Option<String>>>>,
    /// The keys of those that are in parts of their own.
    in_parts: BTreeMap<TableRef, KeySet>,
    /// Those that are something else, and not what it makes of them.
    changed: BTreeSet<(TableRef, Key)>,
}

impl Unchanged {
    fn has(&self, table: &TableRef, key: &Key) -> bool {
        self.rows.get(table).is_some_and(|rows| rows.contains_key(key))
    }

    fn has_in_parts(&self, table: &TableRef, key: &Key) -> io::Result<bool> {
        let keys = self.in_parts.get(table);
        keys.map_or(Ok(false), |keys| keys.contains(key.0.expose().iter().map(String::as_str)))
    }

    fn rows_of_part<'r>(&self, step: &Step, rows: &'r [ManifestRow]) -> io::Result<Vec<&'r ManifestRow>> {
        let mut still = Vec::with_capacity(rows.len());
        for row in rows {
            if self.has_in_parts(&step.table, &row.key)? {
                still.push(row);
            }
        }
        Ok(still)
    }

    fn rows_of<'s>(&self, step: &'s Step) -> Vec<&'s ManifestRow> {
        step.rows.iter().filter(|row| self.has(&step.table, &row.key)).collect()
    }
}

/// Locks every row of the manifest, so that what is compared now holds until the commit.
fn lock_unchanged(writer: &mut dyn Writer, part: &SystemManifest) -> Result<Unchanged, ConnectorError> {
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

impl Unchanged {
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

/// The same for rows in parts of their own, which are all to be deleted, and which others refer to by their keys if at all.
fn lock_parts(
    writer: &mut dyn Writer,
    systems: &Systems,
    system: &SystemId,
    step: &Step,
    unchanged: &mut Unchanged,
) -> Result<(), FulfilmentError> {
    let Some(parts) = &step.parts else { return Ok(()) };
    let hidden = step.key_columns.iter().filter(|k| !step.columns.contains(k));
    let read: Vec<String> = step.columns.iter().chain(hidden).cloned().collect();
    let at: Vec<usize> = step.key_columns.iter().filter_map(|k| read.iter().position(|c| c == k)).collect();
    let Unchanged { in_parts, changed, .. } = unchanged;
    let same = in_parts.entry(step.table.clone()).or_insert_with(|| KeySet::new(systems.scratch()));
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
                changed.insert((step.table.clone(), key));
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
fn guarded_columns<'m>(part: &'m SystemManifest, table: &TableRef) -> Vec<&'m String> {
    let columns: BTreeSet<&String> =
        part.guards.iter().filter(|g| g.to == *table).flat_map(|g| &g.to_columns).collect();
    columns.into_iter().collect()
}

/// A guard, and the keys that it looks for among the rows that are no parts.
struct Guarded<'m> {
    guard: &'m Guard,
    from: TableName,
    way: Way,
    doomed: Vec<Vec<String>>,
}

impl<'m> Guarded<'m> {
    fn of(
        system: &SystemId,
        schema: &LiveSchema,
        part: &SystemManifest,
        guard: &'m Guard,
        unchanged: &Unchanged,
    ) -> Option<Self> {
        let (from, to) = (TableName::from(&guard.from), TableName::from(&guard.to));
        let (live, target) = (schema.table(&from)?, schema.table(&to)?);
        let way = Way::new(system, &from, live, &guard.columns, target, &guard.to_columns)?;
        Some(Self { guard, from, way, doomed: doomed_keys(part, guard, unchanged) })
    }
}

/// Says what the guards ask.
fn announce_guards(writer: &mut dyn Writer, guards: &[Guarded<'_>]) -> Result<(), ConnectorError> {
    let asks = guards.iter().filter(|g| g.doomed.len() <= ANNOUNCED);
    let asked: Vec<_> =
        asks.filter_map(|g| Some((&g.from, g.way.read_columns(), [g.way.matching(&g.doomed)?]))).collect();
    let selects: Vec<Select<'_>> =
        asked.iter().map(|(table, columns, any_of)| Select { table, columns, any_of }).collect();
    writer.announce(&selects)
}

/// Nothing may refer to a row about to be deleted, or to a key about to be masked, but rows of the manifest: a row that
/// came since would be dragged along by ON DELETE or ON UPDATE CASCADE.
fn check_guard(
    writer: &mut dyn Writer,
    system: &SystemId,
    part: &SystemManifest,
    guarded: &Guarded<'_>,
    unchanged: &Unchanged,
) -> Result<(), FulfilmentError> {
    let Guarded { guard, from, way, doomed } = guarded;
    let released = steps_on(part, &guard.from, |action, row| match action {
        StepAction::Delete => true,
        StepAction::Mask { set } => {
            guard.columns.iter().any(|c| set.get(c) == Some(&None) || row.masks.contains_key(c))
        }
        StepAction::Detach { .. } => false,
    });
    let mut check = |keys: &[Vec<String>]| {
        let Some(one) = way.matching(keys) else { return Ok(()) };
        let wanted: BTreeSet<Vec<String>> =
            keys.iter().map(|key| way.canonical(key.iter().map(String::as_str))).collect();
        let (mut stray, mut failed) = (false, Ok(()));
        let select = Select { table: from, columns: &way.read_columns(), any_of: &[one] };
        let looked = writer.select(&select, &mut |row| {
            let mut known = |key: Key| {
                let in_parts = || unchanged.has_in_parts(&guard.from, &key);
                let known = (released.contains(&key) && unchanged.has(&guard.from, &key)).then_some(Ok(true));
                known.unwrap_or_else(in_parts).unwrap_or_else(|error| {
                    failed = Err(error);
                    false
                })
            };
            let held = way.held(row);
            let refers = held.is_some_and(|held| wanted.contains(&held) || way.unexplained().is_err());
            stray |= refers && !way.key_of(row).is_some_and(&mut known);
            Ok(())
        });
        failed?;
        looked.map_err(|source| FulfilmentError::System { system: system.clone(), source })?;
        if stray { Err(FulfilmentError::Overtaken { system: system.clone(), table: from.to_string() }) } else { Ok(()) }
    };
    check(doomed)?;
    for step in part.steps.iter().filter(|step| step.table == guard.to && step.parts.is_some()) {
        let at = guard.to_columns.iter().map(|c| step.key_columns.iter().position(|key| key == c));
        let at: Option<Vec<usize>> = at.collect();
        let at = at.ok_or_else(|| io::Error::other("rows of a manifest do not say what refers to them"))?;
        for listed in step.parts.iter().flat_map(RowParts::each) {
            let listed = listed?;
            let doomed = unchanged.rows_of_part(step, &listed)?;
            let key = |row: &&ManifestRow| at.iter().map(|at| row.key.0.expose()[*at].clone()).collect();
            check(&doomed.iter().map(key).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

/// The values that rows about to be deleted or to get another key have in the columns a guard looks at.
fn doomed_keys(part: &SystemManifest, guard: &Guard, unchanged: &Unchanged) -> Vec<Vec<String>> {
    let guarded = guarded_columns(part, &guard.to);
    let at: Vec<usize> = guard.to_columns.iter().filter_map(|c| guarded.iter().position(|g| *g == c)).collect();
    let doomed = steps_on(part, &guard.to, |action, row| match action {
        StepAction::Delete => true,
        StepAction::Mask { set } => guard.to_columns.iter().any(|c| set.contains_key(c) || row.masks.contains_key(c)),
        StepAction::Detach { .. } => false,
    });
    let rows = unchanged.rows.get(&guard.to).into_iter().flatten().filter(|(key, _)| doomed.contains(key));
    rows.filter_map(|(_, values)| at.iter().map(|at| values[*at].clone()).collect()).collect()
}

fn steps_on<'m>(
    part: &'m SystemManifest,
    table: &TableRef,
    which: impl Fn(&StepAction, &ManifestRow) -> bool,
) -> BTreeSet<&'m Key> {
    let steps = part.steps.iter().filter(|s| s.table == *table);
    let rows = steps.flat_map(|s| s.rows.iter().map(move |row| (&s.action, row)));
    rows.filter(|(action, row)| which(action, row)).map(|(_, row)| &row.key).collect()
}
