//! Rows whose treatment is settled as soon as they are read ([`Settling`]). Of these a person may have millions, and they are
//! kept in little memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::super::FulfilmentError;
use super::super::manifest::ManifestRow;
use super::super::row_parts::{RowParts, RowSource};
use super::super::search::key_set::KeySet;
use super::super::search::scratch::Scratch;
use super::super::search::value_log::ValueLog;
use super::super::standing::Standing;
use super::candidates::Action;
use super::joined::Joined;
use super::masks::Masks;
use super::settling::{Read, Settling};
use crate::connectors::Key;

/// How many rows of a collection are in memory before those that are treated alike are put into a file, and how many bytes of
/// their masks.
const IN_MEMORY: usize = 4096;
const BYTES_IN_MEMORY: usize = 512 * 1024;

/// How many treatments of a collection's rows are kept apart. Each column that may hold nothing doubles what there may be.
const TREATMENTS: usize = 16;

/// The rows of one collection.
pub(in crate::fulfilment) struct Settled {
    scratch: Arc<Scratch>,
    rule: Settling,
    keys: KeySet,
    /// Those that are deleted or masked.
    groups: Vec<Group>,
    /// How many rows stay as they are.
    kept: BTreeMap<Why, u64>,
    in_memory: usize,
    bytes_in_memory: usize,
}

/// What is done with rows alike.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::fulfilment) struct Treatment {
    pub(in crate::fulfilment) action: Action,
    pub(in crate::fulfilment) standing: Standing,
    /// Whether the columns hold something in some of the rows only: what is not NULL is then each row's own mask.
    pub(in crate::fulfilment) varied: bool,
}

/// Why a row stays as it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::fulfilment) struct Why {
    pub(in crate::fulfilment) reason: &'static str,
    pub(in crate::fulfilment) standing: Standing,
    /// Whether an earlier round masked it, which was told.
    pub(in crate::fulfilment) masked: bool,
}

/// Rows that are treated alike.
pub(in crate::fulfilment) struct Group {
    pub(in crate::fulfilment) treatment: Treatment,
    rows: Vec<ManifestRow>,
    filed: Option<ValueLog>,
    count: u64,
}

impl Settled {
    /// None yet, of a collection whose rows are settled by this rule.
    pub(in crate::fulfilment) fn by(rule: Settling, scratch: &Arc<Scratch>) -> Self {
        Self {
            keys: KeySet::new(scratch),
            scratch: Arc::clone(scratch),
            rule,
            groups: Vec::new(),
            kept: BTreeMap::new(),
            in_memory: 0,
            bytes_in_memory: 0,
        }
    }

    /// How a row is treated for which this is to be done; where rows are treated in too many ways, `masks`, whatever stands in
    /// it, are told from each other by what is drawn for each.
    pub(in crate::fulfilment) fn treatment(
        &self,
        action: &Action,
        standing: Standing,
        masks: impl FnOnce() -> Masks,
    ) -> Treatment {
        let apart = Treatment { action: action.clone(), standing, varied: false };
        let masked = matches!(action, Action::Mask(_));
        if !masked || self.groups.len() < TREATMENTS || self.groups.iter().any(|group| group.treatment == apart) {
            return apart;
        }
        Treatment { action: Action::Mask(masks()), varied: true, ..apart }
    }

    /// Whether nothing else has a say in what is done with a row.
    pub(in crate::fulfilment) fn settles(&self, read: &Read<'_>, joined: &Joined, action: &Action) -> bool {
        self.rule.settles(read, joined, action)
    }

    /// One more row that stays as it is.
    pub(in crate::fulfilment) fn keep(&mut self, key: &Key, why: Why) -> Result<(), FulfilmentError> {
        *self.kept.entry(why).or_default() += 1;
        self.know(key)
    }

    fn know(&mut self, key: &Key) -> Result<(), FulfilmentError> {
        self.keys.insert(key.0.expose().iter().map(String::as_str))?;
        Ok(())
    }

    /// One more row that is deleted or masked.
    pub(in crate::fulfilment) fn add(&mut self, treatment: Treatment, row: ManifestRow) -> Result<(), FulfilmentError> {
        self.know(&row.key)?;
        let at = self.groups.iter().position(|group| group.treatment == treatment).unwrap_or_else(|| {
            self.groups.push(Group { treatment, rows: Vec::new(), filed: None, count: 0 });
            self.groups.len() - 1
        });
        let group = &mut self.groups[at];
        group.count += 1;
        if let Some(filed) = &mut group.filed {
            return Ok(filed.push(&text(&row)?)?);
        }
        self.in_memory += 1;
        self.bytes_in_memory += bytes(&row);
        group.rows.push(row);
        if self.in_memory > IN_MEMORY || self.bytes_in_memory > BYTES_IN_MEMORY {
            self.in_memory -= group.rows.len();
            self.bytes_in_memory -= group.rows.iter().map(bytes).sum::<usize>();
            let filed = group.filed.insert(ValueLog::new(&self.scratch));
            for row in group.rows.drain(..) {
                filed.push(&text(&row)?)?;
            }
        }
        Ok(())
    }

    /// The rows that are deleted or masked, by how.
    pub(in crate::fulfilment) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The same, to take the rows from.
    pub(in crate::fulfilment) fn groups_mut(&mut self) -> &mut [Group] {
        &mut self.groups
    }

    /// How many rows stay as they are, by why.
    pub(in crate::fulfilment) fn kept(&self) -> &BTreeMap<Why, u64> {
        &self.kept
    }

    /// Whether it has no rows.
    pub(in crate::fulfilment) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.kept.is_empty()
    }

    /// Whether none of its rows stays.
    pub(in crate::fulfilment) fn all_go(&self) -> bool {
        self.kept.is_empty() && self.groups.iter().all(|group| group.treatment.action == Action::Delete)
    }

    /// Whether a row of that key is one of them.
    pub(in crate::fulfilment) fn has(&self, key: &Key) -> Result<bool, FulfilmentError> {
        Ok(self.keys.contains(key.0.expose().iter().map(String::as_str))?)
    }
}

impl Group {
    /// The keys of those that are in memory; whether there are more, which will be in parts of the manifest.
    pub(in crate::fulfilment) fn keys(&self) -> (impl Iterator<Item = &Vec<String>>, bool) {
        (self.rows.iter().map(|row| row.key.0.expose()), self.filed.is_some())
    }

    /// How many there are.
    pub(in crate::fulfilment) fn count(&self) -> u64 {
        self.count
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

fn bytes(row: &ManifestRow) -> usize {
    row.masks.values().map(|mask| mask.expose().len()).sum()
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
