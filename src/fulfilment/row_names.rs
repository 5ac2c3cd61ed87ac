//! Names of any number of rows in little memory, to tell whether one was met before.

use super::search::key_set::KeySet;
use super::{FulfilmentError, Systems};
use crate::connectors::Key;

/// Names of rows of one table.
pub struct RowNames(KeySet);

impl RowNames {
    /// None yet; what memory should not hold goes where a search of these systems puts it.
    pub fn new(systems: &Systems) -> Self {
        Self(KeySet::new(systems.scratch()))
    }

    /// Adds a name; gives whether it is new.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn insert(&mut self, key: &Key) -> Result<bool, FulfilmentError> {
        Ok(self.0.insert(key.0.expose().iter().map(String::as_str))?)
    }
}
