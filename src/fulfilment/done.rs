//! What earlier rounds of the same erasure wrote: a value that one of them put there says nothing of the person.

use std::collections::HashMap;

use super::manifest::{Manifest, StepAction, TableRef};
use super::place::Place;
use crate::connectors::Key;
use crate::domain::ids::SystemId;

/// Masks by system, table and row. A row whose key was masked is known by both keys.
#[derive(Default)]
pub(super) struct Done(HashMap<(SystemId, TableRef, Key), Vec<(String, String)>>);

impl Done {
    pub(super) fn of(earlier: &[Manifest]) -> Self {
        let mut done = Self::default();
        for part in earlier.iter().flat_map(|manifest| &manifest.systems) {
            for step in part.steps.iter().filter(|step| matches!(step.action, StepAction::Mask { .. })) {
                for row in &step.rows {
                    let masks = row.masks.iter().map(|(column, mask)| (column.clone(), mask.expose().clone()));
                    let masks: Vec<_> = masks.collect();
                    for key in [row.key.clone(), row.key_after(&step.key_columns)] {
                        let known = done.0.entry((part.system.clone(), step.table.clone(), key)).or_default();
                        known.extend(masks.iter().cloned());
                    }
                }
            }
        }
        done
    }

    /// Whether an earlier round masked the row.
    pub(super) fn masked(&self, place: &Place, key: &Key) -> bool {
        self.0.contains_key(&(place.system.clone(), TableRef::from(&place.table_name), key.clone()))
    }

    /// Whether the value of a row's column is one of these masks.
    pub(super) fn wrote(&self, place: &Place, key: &Key, column: &str, value: Option<&str>) -> bool {
        let Some(value) = value.filter(|_| !self.0.is_empty()) else { return false };
        let row = (place.system.clone(), TableRef::from(&place.table_name), key.clone());
        self.0.get(&row).is_some_and(|masks| masks.iter().any(|(c, mask)| c == column && mask == value))
    }
}
