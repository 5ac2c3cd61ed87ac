//! What earlier rounds of the same erasure wrote: a value that one of them put there says nothing of the person.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::super::manifest::{Manifest, StepAction, TableRef};
use super::place::Place;
use crate::connectors::Key;
use crate::domain::ids::SystemId;

/// Masks by system, table and row. A row whose key was masked is known by both keys.
#[derive(Default)]
pub(in crate::fulfilment) struct Done(HashMap<(SystemId, TableRef, Key), Vec<Written>>);

/// What one round wrote into a row.
#[derive(Clone)]
struct Written {
    /// What it wrote into every row of its step; `None` is NULL.
    alike: Arc<BTreeMap<String, Option<String>>>,
    /// What it wrote into this row alone.
    alone: Vec<(String, String)>,
}

impl Written {
    /// The mask of a column, where it has one.
    fn mask(&self, column: &str) -> Option<Option<&str>> {
        let alone = self.alone.iter().find(|(name, _)| name == column).map(|(_, mask)| Some(mask.as_str()));
        alone.or_else(|| self.alike.get(column).map(Option::as_deref))
    }
}

impl Done {
    pub(in crate::fulfilment) fn of(earlier: &[Manifest]) -> Self {
        let mut done = Self::default();
        for part in earlier.iter().flat_map(|manifest| manifest.systems.iter().chain(&manifest.dropped)) {
            for step in &part.steps {
                let StepAction::Mask { set } = &step.action else { continue };
                let alike = Arc::new(set.clone());
                for row in &step.rows {
                    let alone = row.masks.iter().map(|(column, mask)| (column.clone(), mask.expose().clone()));
                    let written = Written { alike: Arc::clone(&alike), alone: alone.collect() };
                    let after = row.key_after(&step.key_columns);
                    if after != row.key {
                        let known = done.0.entry((part.system.clone(), step.table.clone(), after)).or_default();
                        known.push(written.clone());
                    }
                    let known = done.0.entry((part.system.clone(), step.table.clone(), row.key.clone())).or_default();
                    known.push(written);
                }
            }
        }
        done
    }

    fn written(&self, place: &Place, key: &Key) -> Option<&[Written]> {
        if self.0.is_empty() {
            return None;
        }
        let row = (place.system.clone(), TableRef::from(&place.table_name), key.clone());
        self.0.get(&row).map(Vec::as_slice)
    }

    /// Whether an earlier round masked the row.
    pub(in crate::fulfilment) fn masked(&self, place: &Place, key: &Key) -> bool {
        self.written(place, key).is_some()
    }

    /// Whether the value of a row's column is one of these masks.
    pub(in crate::fulfilment) fn wrote(&self, place: &Place, key: &Key, column: &str, value: Option<&str>) -> bool {
        value.is_some() && self.written(place, key).into_iter().flatten().any(|w| w.mask(column) == Some(value))
    }

    /// Whether a column that was masked in the row holds neither a mask nor nothing: then the row was given to somebody
    /// since, and perhaps its key is another row's.
    pub(in crate::fulfilment) fn was_overwritten(
        &self,
        place: &Place,
        key: &Key,
        column: &str,
        value: Option<&str>,
    ) -> bool {
        let Some(written) = self.written(place, key) else { return false };
        let holds = value.is_some_and(|value| !value.trim().is_empty());
        holds && written.iter().any(|w| w.mask(column).is_some()) && !self.wrote(place, key, column, value)
    }
}
