//! Very many rows of a manifest, read a part at a time, so that nobody has to hold all of them.

use std::sync::Arc;
use std::{fmt, io};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::manifest::ManifestRow;

/// Rows of one step that are in parts of their own.
#[derive(Clone, Serialize, Deserialize)]
pub struct RowParts {
    /// How many rows there are.
    pub rows: u64,
    /// In how many parts.
    pub parts: u32,
    /// The number of the first of them, among all of the round.
    pub first: u32,
    /// SHA-256 of what the parts say, one after the other, in lower-case hexadecimal; of none before they are kept.
    pub sum: String,
    /// Where they are.
    #[serde(skip)]
    pub source: Option<Arc<dyn RowSource>>,
}

/// Where rows of a manifest are read from.
pub trait RowSource: Send + Sync {
    /// The rows of a part, counted from zero, as JSON; personal.
    ///
    /// # Errors
    /// Those of the store or of the disk.
    fn part(&self, part: u32) -> io::Result<Zeroizing<Vec<u8>>>;
}

impl RowParts {
    /// A part as it is written.
    ///
    /// # Errors
    /// Those of where it is.
    pub fn text(&self, part: u32) -> io::Result<Zeroizing<Vec<u8>>> {
        let source = self.source.as_ref();
        source.ok_or_else(|| io::Error::other("the rows of a manifest are not at hand"))?.part(part)
    }

    /// Every part's rows.
    pub fn each(&self) -> impl Iterator<Item = io::Result<Vec<ManifestRow>>> {
        (0..self.parts).map(|part| {
            serde_json::from_slice(&self.text(part)?).map_err(|_| io::Error::other("rows of a manifest cannot be read"))
        })
    }
}

impl fmt::Debug for RowParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowParts({} rows)", self.rows)
    }
}

impl PartialEq for RowParts {
    fn eq(&self, other: &Self) -> bool {
        (self.rows, self.parts, self.first, &self.sum) == (other.rows, other.parts, other.first, &other.sum)
    }
}

impl Eq for RowParts {}
