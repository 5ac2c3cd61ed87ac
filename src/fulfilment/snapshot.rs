//! One consistent look at all systems: a reader for each, opened at its first use and kept to the end.

use std::collections::BTreeMap;

use super::{FulfilmentError, Systems};
use crate::connectors::{ConnectorError, Reader, Row, Select};
use crate::domain::ids::SystemId;

/// Readers by system.
pub(super) struct Snapshot<'s> {
    systems: &'s Systems,
    readers: BTreeMap<SystemId, Box<dyn Reader + 's>>,
}

impl<'s> Snapshot<'s> {
    pub(super) fn new(systems: &'s Systems) -> Self {
        Self { systems, readers: BTreeMap::new() }
    }

    /// Streams the selected rows; an error of `each` stops the stream and is handed back.
    pub(super) fn select(
        &mut self,
        system: &SystemId,
        select: &Select<'_>,
        mut each: impl FnMut(&Row) -> Result<(), FulfilmentError>,
    ) -> Result<u64, FulfilmentError> {
        let failed = |source| FulfilmentError::System { system: system.clone(), source };
        if !self.readers.contains_key(system) {
            let reader = self.systems.connector(system)?.reader().map_err(failed)?;
            self.readers.insert(system.clone(), reader);
        }
        let reader = self.readers.get_mut(system).expect("it was opened above");
        let mut stopped = None;
        let result = reader.select(select, &mut |row| {
            each(row).map_err(|e| {
                stopped = Some(e);
                ConnectorError::Stopped("the receiver failed".to_owned())
            })
        });
        match (stopped, result) {
            (Some(error), _) => Err(error),
            (None, result) => result.map_err(failed),
        }
    }
}
