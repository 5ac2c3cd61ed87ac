//! One consistent look at all systems: a reader for each, opened before the first of them is used and kept to the end.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{FulfilmentError, Systems};
use super::place::Place;
use crate::connectors::{ConnectorError, Match, Reader, Row, Select};
use crate::domain::ids::SystemId;

/// What a search takes for granted of the systems' catalogues.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::fulfilment) enum Catalogue {
    /// Nothing: it is asked for what changed.
    Asked,
    /// What is known under each schema's last mark, as [`Connector::reader_under_mark`](crate::connectors::Connector) says.
    Marked,
}

/// Readers by system.
pub(in crate::fulfilment) struct Snapshot<'s> {
    systems: &'s Systems,
    catalogue: Catalogue,
    readers: BTreeMap<SystemId, Box<dyn Reader + 's>>,
}

impl<'s> Snapshot<'s> {
    /// Opens a reader for each of these systems, in one order for every search: of two searches that wait for each
    /// other's connections neither would ever end.
    pub(in crate::fulfilment) fn open(
        systems: &'s Systems,
        searched: &BTreeSet<&SystemId>,
        catalogue: Catalogue,
    ) -> Result<Self, FulfilmentError> {
        let mut snapshot = Self { systems, catalogue, readers: BTreeMap::new() };
        searched.iter().try_for_each(|system| snapshot.reader(system).map(drop))?;
        Ok(snapshot)
    }

    fn reader(&mut self, system: &SystemId) -> Result<&mut Box<dyn Reader + 's>, FulfilmentError> {
        if !self.readers.contains_key(system) {
            let connector = self.systems.connector(system)?;
            let reader = match self.catalogue {
                Catalogue::Asked => connector.reader(),
                Catalogue::Marked => connector.reader_under_mark(),
            };
            let reader = reader.map_err(|source| FulfilmentError::System { system: system.clone(), source })?;
            self.readers.insert(system.clone(), reader);
        }
        Ok(self.readers.get_mut(system).expect("it was opened above"))
    }

    /// Tells the readers what is selected next: of a place, which columns of which rows.
    pub(in crate::fulfilment) fn announce(
        &mut self,
        next: &[(&Place, Vec<String>, Vec<Match>)],
    ) -> Result<(), FulfilmentError> {
        let mut by_system: BTreeMap<&SystemId, Vec<Select<'_>>> = BTreeMap::new();
        for (place, columns, any_of) in next {
            let select = Select { table: &place.table_name, columns, any_of };
            by_system.entry(&place.system).or_default().push(select);
        }
        for (system, selects) in by_system {
            let failed = |source| FulfilmentError::System { system: system.clone(), source };
            self.reader(system)?.announce(&selects).map_err(failed)?;
        }
        Ok(())
    }

    /// Streams the selected rows; an error of `each` stops the stream and is handed back.
    pub(in crate::fulfilment) fn select(
        &mut self,
        system: &SystemId,
        select: &Select<'_>,
        mut each: impl FnMut(&Row) -> Result<(), FulfilmentError>,
    ) -> Result<u64, FulfilmentError> {
        let failed = |source| FulfilmentError::System { system: system.clone(), source };
        let reader = self.reader(system)?;
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
