//! What earlier rounds of the same erasure wrote: a value that one of them put there says nothing of the person.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use super::super::manifest::{Manifest, ManifestRow, Step, StepAction, TableRef};
use super::super::row_parts::RowParts;
use super::key_set::KeySet;
use super::place::Place;
use super::scratch::Scratch;
use crate::connectors::Key;
use crate::domain::ids::SystemId;

/// Masks by system, table and step, for however many rows. A row whose key was masked is known by both keys.
#[derive(Default)]
pub(in crate::fulfilment) struct Done(HashMap<(SystemId, TableRef), Vec<Written>>);

/// What one step wrote.
struct Written {
    /// Into which rows.
    rows: KeySet,
    /// Into every one of them; `None` is NULL.
    alike: BTreeMap<String, Option<String>>,
    /// Which columns it wrote in a row alone, and what.
    columns: KeySet,
    values: KeySet,
}

impl Written {
    fn of(step: &Step, alike: &BTreeMap<String, Option<String>>, scratch: &Arc<Scratch>) -> io::Result<Self> {
        let set = || KeySet::new(scratch);
        let mut written = Self { rows: set(), alike: alike.clone(), columns: set(), values: set() };
        for row in &step.rows {
            written.add(step, row)?;
        }
        for rows in step.parts.iter().flat_map(RowParts::each) {
            for row in &rows? {
                written.add(step, row)?;
            }
        }
        Ok(written)
    }

    fn add(&mut self, step: &Step, row: &ManifestRow) -> io::Result<()> {
        let after = row.key_after(&step.key_columns);
        for key in std::iter::once(&row.key).chain(Some(&after).filter(|after| **after != row.key)) {
            self.rows.insert(parts(key))?;
            for (column, mask) in &row.masks {
                self.columns.insert(std::iter::once(column.as_str()).chain(parts(key)))?;
                self.values.insert([column.as_str(), mask.expose()].into_iter().chain(parts(key)))?;
            }
        }
        Ok(())
    }

    /// Whether it wrote something into that column of the row.
    fn wrote_into(&self, key: &Key, column: &str) -> io::Result<bool> {
        Ok(self.alike.contains_key(column) || self.wrote_alone(key, column)?)
    }

    fn wrote_alone(&self, key: &Key, column: &str) -> io::Result<bool> {
        self.columns.contains(std::iter::once(column).chain(parts(key)))
    }

    /// Whether it wrote this value.
    fn wrote(&self, key: &Key, column: &str, value: &str) -> io::Result<bool> {
        if self.wrote_alone(key, column)? {
            return self.values.contains([column, value].into_iter().chain(parts(key)));
        }
        Ok(self.alike.get(column).is_some_and(|mask| mask.as_deref() == Some(value)))
    }
}

fn parts(key: &Key) -> impl Iterator<Item = &str> {
    key.0.expose().iter().map(String::as_str)
}

impl Done {
    /// # Errors
    /// Rows in parts cannot be read, or the disk takes no more.
    pub(in crate::fulfilment) fn of(earlier: &[Manifest], scratch: &Arc<Scratch>) -> io::Result<Self> {
        let mut done = Self::default();
        for part in earlier.iter().flat_map(|manifest| manifest.systems.iter().chain(&manifest.dropped)) {
            for step in &part.steps {
                let StepAction::Mask { set } = &step.action else { continue };
                let known = done.0.entry((part.system.clone(), step.table.clone())).or_default();
                known.push(Written::of(step, set, scratch)?);
            }
        }
        Ok(done)
    }

    /// What was written into the row, by each round that masked it.
    fn written(&self, place: &Place, key: &Key) -> io::Result<Vec<&Written>> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let table = (place.system.clone(), TableRef::from(&place.table_name));
        let mut found = Vec::new();
        for written in self.0.get(&table).into_iter().flatten() {
            if written.rows.contains(parts(key))? {
                found.push(written);
            }
        }
        Ok(found)
    }

    /// Whether an earlier round masked the row.
    pub(in crate::fulfilment) fn masked(&self, place: &Place, key: &Key) -> io::Result<bool> {
        Ok(!self.written(place, key)?.is_empty())
    }

    /// Whether the value of a row's column is one of these masks.
    pub(in crate::fulfilment) fn wrote(
        &self,
        place: &Place,
        key: &Key,
        column: &str,
        value: Option<&str>,
    ) -> io::Result<bool> {
        let Some(value) = value else { return Ok(false) };
        for written in self.written(place, key)? {
            if written.wrote(key, column, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a column that was masked in the row holds neither a mask nor nothing: then the row was given to somebody
    /// since, and perhaps its key is another row's.
    pub(in crate::fulfilment) fn was_overwritten(
        &self,
        place: &Place,
        key: &Key,
        column: &str,
        value: Option<&str>,
    ) -> io::Result<bool> {
        let holds = value.is_some_and(|value| !value.trim().is_empty());
        if !holds || self.wrote(place, key, column, value)? {
            return Ok(false);
        }
        for written in self.written(place, key)? {
            if written.wrote_into(key, column)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
