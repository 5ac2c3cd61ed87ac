//! Rows that are deleted whatever refers to what: nothing can refer to them, so nothing about them is left to be settled. Of
//! these a person may have millions, and they are kept in little memory.

use std::io;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::super::manifest::ManifestRow;
use super::super::row_parts::{RowParts, RowSource};
use super::super::search::key_set::KeySet;
use super::super::search::place::{Place, Places};
use super::super::search::scratch::Scratch;
use super::super::search::value_log::ValueLog;
use super::super::{FulfilmentError, Systems};
use super::references::foreign_keys_to;
use crate::connectors::Key;
use crate::domain::personal::Personal;

/// How many rows of a collection are in memory before they are put into a file.
const IN_MEMORY: usize = 4096;

/// The rows of one collection.
pub(in crate::fulfilment) struct Going {
    scratch: Arc<Scratch>,
    keys: KeySet,
    rows: Vec<ManifestRow>,
    filed: Option<ValueLog>,
    count: u64,
}

impl Going {
    /// Of a collection that nothing refers to: no pointer of a dataset, and no foreign key of the live schema. Where a
    /// system fails, another round may have to know what the rows held; and where a dataset has it erased after others, its
    /// own references may have to be let go of first.
    pub(in crate::fulfilment) fn of(systems: &Systems, places: &Places, place: &Place) -> Option<Self> {
        let table = |other: &&Place| other.system == place.system && other.table_name == place.table_name;
        let alone = places.iter().filter(table).count() == 1;
        let unreferred = systems.graph().pointers_to(place.node).next().is_none() && foreign_keys_to(place).is_empty();
        let waits = systems.graph().erase_after().iter().any(|(later, _)| *later == place.node);
        let scratch = Arc::clone(systems.scratch());
        (alone && unreferred && !waits && systems.failing().is_empty()).then(|| Self {
            keys: KeySet::new(&scratch),
            rows: Vec::new(),
            filed: None,
            count: 0,
            scratch,
        })
    }

    /// One more row that goes.
    pub(in crate::fulfilment) fn add(&mut self, key: Key, fingerprint: String) -> io::Result<()> {
        self.keys.insert(key.0.expose().iter().map(String::as_str))?;
        self.count += 1;
        let row = ManifestRow { key, fingerprint: Personal::new(fingerprint), masks: Default::default() };
        if let Some(filed) = &mut self.filed {
            return filed.push(&text(&row)?);
        }
        self.rows.push(row);
        if self.rows.len() > IN_MEMORY {
            let filed = self.filed.insert(ValueLog::new(&self.scratch));
            for row in self.rows.drain(..) {
                filed.push(&text(&row)?)?;
            }
        }
        Ok(())
    }

    /// How many there are.
    pub(in crate::fulfilment) fn count(&self) -> u64 {
        self.count
    }

    /// Whether a row of that key is one of them.
    pub(in crate::fulfilment) fn has(&self, key: &Key) -> Result<bool, FulfilmentError> {
        Ok(self.keys.contains(key.0.expose().iter().map(String::as_str))?)
    }

    /// The rows, as a step of a manifest has them.
    pub(in crate::fulfilment) fn rows(&mut self) -> (Vec<ManifestRow>, Option<RowParts>) {
        let rows = std::mem::take(&mut self.rows);
        let parts = self.filed.take().map(|filed| RowParts {
            rows: self.count,
            parts: u32::try_from(filed.batches()).unwrap_or(u32::MAX),
            first: 0,
            sum: String::new(),
            source: Some(Arc::new(Filed(filed))),
        });
        (rows, parts)
    }
}

fn text(row: &ManifestRow) -> io::Result<String> {
    serde_json::to_string(row).map_err(io::Error::other)
}

/// Rows in a file that is gone with the process.
struct Filed(ValueLog);

impl RowSource for Filed {
    fn part(&self, part: u32) -> io::Result<Zeroizing<Vec<u8>>> {
        let rows = self.0.read(part as usize, 0)?;
        Ok(Zeroizing::new(format!("[{}]", rows.join(",")).into_bytes()))
    }
}
