//! Nothing refers to what is about to go but what goes with it.

use std::collections::BTreeSet;
use std::io;

use super::super::FulfilmentError;
use super::super::manifest::{Guard, ManifestRow, Step, StepAction, SystemManifest, TableRef};
use super::super::row_parts::RowParts;
use super::references::Way;
use super::unchanged::{Unchanged, guarded_columns};
use crate::connectors::{ANNOUNCED, ConnectorError, Key, LiveSchema, Select, TableName, Writer};
use crate::domain::ids::SystemId;

/// A guard, and the keys that it looks for among the rows that are no parts.
pub(super) struct Guarded<'m> {
    guard: &'m Guard,
    from: TableName,
    way: Way,
    doomed: Vec<Vec<String>>,
}

impl<'m> Guarded<'m> {
    pub(super) fn of(
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
pub(super) fn announce_guards(writer: &mut dyn Writer, guards: &[Guarded<'_>]) -> Result<(), ConnectorError> {
    let asks = guards.iter().filter(|g| g.doomed.len() <= ANNOUNCED);
    let asked: Vec<_> =
        asks.filter_map(|g| Some((&g.from, g.way.read_columns(), [g.way.matching(&g.doomed)?]))).collect();
    let selects: Vec<Select<'_>> =
        asked.iter().map(|(table, columns, any_of)| Select { table, columns, any_of }).collect();
    writer.announce(&selects)
}

/// Nothing may refer to a row about to be deleted, or to a key about to be masked, but rows of the manifest: a row that
/// came since would be dragged along by ON DELETE or ON UPDATE CASCADE.
pub(super) fn check_guard(
    writer: &mut dyn Writer,
    system: &SystemId,
    part: &SystemManifest,
    guarded: &Guarded<'_>,
    unchanged: &Unchanged,
) -> Result<(), FulfilmentError> {
    let Guarded { guard, from, way, doomed } = guarded;
    let in_parts: Vec<usize> = released_in_parts(part, guard).collect();
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
                if released.contains(&key) && unchanged.has(&guard.from, &key) {
                    return true;
                }
                in_parts.iter().any(|step| {
                    unchanged.has_in_parts(*step, &key).unwrap_or_else(|error| {
                        failed = Err(error);
                        false
                    })
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
    let deleted = |step: &Step| step.table == guard.to && step.parts.is_some() && step.action == StepAction::Delete;
    // Masks of rows in parts are for no column that others refer to.
    for (place, step) in part.steps.iter().enumerate().filter(|(_, step)| deleted(step)) {
        let at = guard.to_columns.iter().map(|c| step.key_columns.iter().position(|key| key == c));
        let at: Option<Vec<usize>> = at.collect();
        let at = at.ok_or_else(|| io::Error::other("rows of a manifest do not say what refers to them"))?;
        for listed in step.parts.iter().flat_map(RowParts::each) {
            let listed = listed?;
            let doomed = unchanged.rows_of_part(place, &listed)?;
            let key = |row: &&ManifestRow| at.iter().map(|at| row.key.0.expose()[*at].clone()).collect();
            check(&doomed.iter().map(key).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

/// The places of the steps whose rows in parts will be gone, or will have let go of what a guard looks at.
fn released_in_parts<'m>(part: &'m SystemManifest, guard: &'m Guard) -> impl Iterator<Item = usize> + 'm {
    let released = |step: &Step| match &step.action {
        StepAction::Delete => true,
        StepAction::Mask { set } => guard.columns.iter().any(|column| set.get(column) == Some(&None)),
        StepAction::Detach { .. } => false,
    };
    let steps = part.steps.iter().enumerate().filter(|(_, step)| step.table == guard.from && step.parts.is_some());
    steps.filter(move |(_, step)| released(step)).map(|(place, _)| place)
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
