//! Rows that are deleted whatever refers to what: nothing refers to them, or nothing but such rows, so nothing about them is
//! left to be settled. Of these a person may have millions, and they are kept in little memory.

use std::io;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::super::FulfilmentError;
use super::super::manifest::ManifestRow;
use super::super::row_parts::{RowParts, RowSource};
use super::super::search::key_set::KeySet;
use super::super::search::place::{Place, Places};
use super::super::search::scratch::Scratch;
use super::super::search::trace::Trace;
use super::super::search::value_log::ValueLog;
use super::references::foreign_keys_to;
use crate::connectors::{Key, TableName};
use crate::datamap::NodeId;
use crate::domain::ids::SystemId;
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
    /// Of a collection to whose rows nothing refers, or nothing but rows that go like them and before them: `all_go` says of a
    /// collection whether it was read and all its rows do. Where a system fails, another round may have to know what the rows
    /// held; and where a dataset has it erased after others, its own references may have to be let go of first.
    pub(in crate::fulfilment) fn of(trace: &Trace<'_>, place: &Place, all_go: &dyn Fn(NodeId) -> bool) -> Option<Self> {
        let systems = trace.systems;
        let waits = systems.graph().erase_after().iter().any(|(later, _)| *later == place.node);
        let alone = the_one_at(&trace.places, &place.system, &place.table_name).is_some();
        let unreferred = alone && !waits && systems.failing().is_empty() && nothing_else_refers(trace, place, all_go);
        let scratch = Arc::clone(systems.scratch());
        unreferred.then(|| Self { keys: KeySet::new(&scratch), rows: Vec::new(), filed: None, count: 0, scratch })
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

    /// The keys of those that are in memory; whether there are more, which will be in parts of the manifest.
    pub(in crate::fulfilment) fn keys(&self) -> (impl Iterator<Item = &Vec<String>>, bool) {
        (self.rows.iter().map(|row| row.key.0.expose()), self.filed.is_some())
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

/// The collection of a table, where it is described once.
fn the_one_at<'p>(places: &'p Places, system: &SystemId, table: &TableName) -> Option<&'p Place> {
    let mut there = places.iter().filter(|place| place.system == *system && place.table_name == *table);
    there.next().filter(|_| there.next().is_none())
}

/// Whether whatever a pointer of the datasets or a foreign key of the live schema leads to these rows from was found by the
/// search and goes whatever refers to it. Their own keys then are all that has to be known of them: by these they are
/// referred to.
fn nothing_else_refers(trace: &Trace<'_>, place: &Place, all_go: &dyn Fn(NodeId) -> bool) -> bool {
    let goes = |from: NodeId, columns: &[String], to_columns: &[String]| {
        to_columns == place.table().row_key()
            && all_go(from)
            && trace.sweeps_all((from, columns), (place.node, to_columns))
    };
    let by_key = foreign_keys_to(place).iter().all(|way| {
        let from = the_one_at(&trace.places, &way.system, &way.table);
        from.is_some_and(|from| goes(from.node, &way.columns, &way.to_columns))
    });
    by_key
        && trace.systems.graph().pointers_to(place.node).all(|(_, pointer)| {
            let [columns, to_columns]: [Vec<String>; 2] = [
                pointer.from_columns().map(str::to_owned).collect(),
                pointer.to_columns().map(str::to_owned).collect(),
            ];
            goes(pointer.from, &columns, &to_columns)
        })
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
