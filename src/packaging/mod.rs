//! The package a person receives: one ZIP, written as a stream, that opens in a spreadsheet, in a browser and in a
//! program, and says itself what it holds, what it leaves out, and how to check it.
//!
//! ```text
//! data/{dataset}/{collection}.csv          exact: RFC 4180, an empty field is NULL, "" the empty string
//! data/{dataset}/{collection}.jsonl        the same, one JSON object a line
//! spreadsheet/{dataset}/{collection}.csv   for people: no cell runs as a formula
//! index.html  datapackage.json  receipt.json  receipt.jws  SHA256SUMS
//! ```
//!
//! Memory stays flat however large a collection is, and nothing personal lies unencrypted on the disk while the
//! package is made. Nothing here decides *what* is disclosed: that came with the rows.

mod archive;
mod background;
mod batch;
pub mod categories;
mod csv;
mod datapackage;
mod deflate;
mod form;
mod index;
mod jsonl;
mod lines;
mod moments;
mod paths;
mod press;
pub mod sealed;
pub mod shelf;
mod spool;
mod spreadsheet;
mod tally;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

pub use crate::connectors::schema::ColumnKind;
use crate::domain::right::Right;
pub use background::{Background, Receiver, Use};
pub use categories::{Categories, HeldCategory, HeldIn};
pub use writer::{PackageWriter, Sign};

/// What stands in a cell that holds another person's identity.
pub const WITHHELD: &str = "[withheld: another person]";

/// What stands in a cell that is held but never sent out: a password, a card number (11 CCR 7024(d)).
pub const NOT_DISCLOSED: &str = "[held, not disclosed]";

/// Who answers whom, what and when: what the package says about itself.
#[derive(Clone, Debug)]
pub struct About {
    /// The company that answers, by its name.
    pub controller: String,
    /// The request's number as the person knows it.
    pub reference: String,
    /// The right that the package answers.
    pub right: Right,
    /// When the data was read.
    pub generated_at: DateTime<Utc>,
    /// The language asked for (BCP 47). English is the only one so far, whatever this says.
    pub language: String,
    /// Why data is held, and who receives it.
    pub background: Background,
}

/// How a package is made.
pub struct Options {
    /// Only the machine-readable part, for portability (GDPR Art. 20): no `spreadsheet/`, no rows in `index.html`.
    pub machine_readable_only: bool,
    /// Where collections too large for memory wait, encrypted, in files without a name.
    pub spool_directory: PathBuf,
}

/// Whose the rows of a collection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// They belong to the person.
    Own,
    /// The person's rows only point to them: a product, a shop.
    Context,
    /// They also carry somebody else's identity, which is withheld.
    Shared,
}

/// One column of a collection.
#[derive(Clone, Debug)]
pub struct ColumnHeader {
    /// Its name in the dataset.
    pub name: String,
    /// Its type as the package describes it.
    pub kind: ColumnKind,
    /// Its type as the database writes it.
    pub sql_type: String,
    /// Its fideslang data categories.
    pub data_categories: Vec<String>,
    /// What the dataset says about it.
    pub description: Option<String>,
}

/// One collection: a table's rows as far as they concern the person.
#[derive(Clone, Debug)]
pub struct CollectionHeader {
    /// The dataset's key.
    pub dataset: String,
    /// The collection's name in it.
    pub collection: String,
    /// What the dataset says about it.
    pub description: Option<String>,
    /// Its columns, in the dataset's order.
    pub columns: Vec<ColumnHeader>,
    /// The columns of its primary key; those that are not among `columns` are left out of the description.
    pub primary_key: Vec<String>,
    /// Whose its rows are.
    pub standing: Standing,
}

/// One value of one row.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// The text the database prints.
    Text(&'a str),
    /// Another person's; see [`WITHHELD`].
    Withheld,
    /// Held, never sent out; see [`NOT_DISCLOSED`].
    NotDisclosed,
}

impl<'a> Cell<'a> {
    /// What a reader sees; `None` for NULL.
    fn shown(self) -> Option<&'a str> {
        match self {
            Cell::Null => None,
            Cell::Text(text) => Some(text),
            Cell::Withheld => Some(WITHHELD),
            Cell::NotDisclosed => Some(NOT_DISCLOSED),
        }
    }
}

/// One collection as it was written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CollectionSummary {
    /// The dataset's key.
    pub dataset: String,
    /// The collection's name in it.
    pub collection: String,
    /// Whose its rows are.
    pub standing: Standing,
    /// How many rows it has.
    pub rows: u64,
}

/// A finished package.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Its collections, in the order written.
    pub collections: Vec<CollectionSummary>,
    /// The ZIP's length.
    pub bytes: u64,
    /// The ZIP's SHA-256, in hexadecimal.
    pub sha256: String,
}

/// Why a package could not be written. Holds no value of any row.
#[derive(Debug, thiserror::Error)]
pub enum PackagingError {
    /// The place it is written to, or the spool, failed.
    #[error("the package cannot be written: {0}")]
    Io(#[from] io::Error),
    /// A row has another number of cells than its collection has columns.
    #[error("a row of {collection} has {got} cells, its header {expected} columns")]
    RowWidth {
        /// The collection.
        collection: String,
        /// The header's columns.
        expected: usize,
        /// The row's cells.
        got: usize,
    },
    /// The calls came in another order than begin, rows, end, finish.
    #[error("the package's parts came in the wrong order: {0}")]
    Order(&'static str),
}
