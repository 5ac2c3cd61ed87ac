//! The person's data, collection by collection, streamed to whoever packs it.

pub(super) mod disclosure;
pub(super) mod free_text;
pub mod handed;
pub(super) mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::{Deserialize, Serialize};

use self::free_text::{FreeText, Sight};
use self::handed::Handed;
use self::stream::Stream;
use super::search::trace::Trace;
use super::standing::{Counts, Standing};
use super::{FulfilmentError, LeftOut, Systems};
use crate::connectors::Row;
use crate::connectors::schema::ColumnKind;
use crate::domain::identity::{Identities, IdentityKind};
use crate::domain::ids::SystemId;
use crate::domain::request::DateRange;
use crate::domain::secret_text::Forms;

/// One value of an exported row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// The value exactly as its database prints it.
    Text(&'a str),
    /// The value but for parts of it that are described, or what staff put in its place.
    Edited(&'a str),
    /// There is a value, and it says who somebody else is.
    Withheld,
    /// There is a value, of a kind that is never disclosed.
    NotDisclosed,
}

/// One exported column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnHeader {
    /// Its name.
    pub name: String,
    /// What the package calls it.
    pub shown_as: String,
    /// Its kind, for the description of the package.
    pub kind: ColumnKind,
    /// Its type as its database names it.
    pub sql_type: String,
    /// Its data categories.
    pub data_categories: Vec<String>,
    /// What it holds, in the operator's words.
    pub description: Option<String>,
}

/// One exported collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionHeader {
    /// The system it comes from.
    pub system: SystemId,
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// What it holds, in the operator's words.
    pub description: Option<String>,
    /// Its columns, in the dataset's order.
    pub columns: Vec<ColumnHeader>,
    /// What its rows are to the person as a rule; each row comes with its own standing.
    pub standing: Standing,
}

/// Receives an export. Collections come one after the other, each with its rows; a collection without rows does not
/// come. An error stops the export.
pub trait Sink {
    /// A collection begins.
    fn collection(&mut self, header: &CollectionHeader) -> io::Result<()>;

    /// The next row of the collection; its cells stand in the order of the header's columns.
    fn row(&mut self, standing: Standing, cells: &[Cell<'_>]) -> io::Result<()>;

    /// The next row, whose values go out as they are: those of the header's columns stand first in it, in order. The same as
    /// [`Sink::row`] with them, for whoever can take them faster.
    fn plain_row(&mut self, standing: Standing, row: &Row, columns: usize) -> io::Result<()> {
        let cells: Vec<Cell<'_>> = row.iter().take(columns).map(|value| value.map_or(Cell::Null, Cell::Text)).collect();
        self.row(standing, &cells)
    }

    /// What staff decided about a cell of free text; nothing yet, unless the receiver knows better.
    fn free_text(&mut self, _: &FreeText<'_>) -> io::Result<Sight> {
        Ok(Sight::Open)
    }

    /// The collection is complete.
    fn end(&mut self, counts: Counts) -> io::Result<()>;
}

/// What staff decided about an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions<'a> {
    /// Whether staff looked at the rows that also name others and found that those may be shown.
    pub disclose: bool,
    /// The data categories that law and policy keep back, beside those that are never shown to anybody.
    pub never_disclose: &'a [String],
    /// The secrets that are looked for inside of texts.
    pub forms: Forms,
    /// Only rows collected on these days, where a collection says when.
    pub range: Option<DateRange>,
    /// The collections of which nothing is shown.
    pub left_out: &'a LeftOut,
}

/// What an export held, collection by collection, those without rows included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// Every collection that was searched.
    pub collections: Vec<ExportedCollection>,
    /// The identifiers that were given, and that nothing shows to be the person's.
    #[serde(default)]
    pub unproved_identifiers: BTreeSet<IdentityKind>,
}

impl Exported {
    /// Whether nothing was found about the person.
    pub fn is_empty(&self) -> bool {
        self.collections.iter().all(|c| c.counts.total() == 0)
    }

    /// How many rows were left out because only an identifier leads to them that may be another person's.
    pub fn unproved(&self) -> u64 {
        self.collections.iter().map(|c| c.unproved).sum()
    }
}

/// One collection of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedCollection {
    /// The system.
    pub system: SystemId,
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// Its rows.
    pub counts: Counts,
    /// How many values were withheld because they say who somebody else is.
    pub withheld: u64,
    /// How many rows were left out because only an identifier leads to them that may be another person's.
    #[serde(default)]
    pub unproved: u64,
    /// How many values are held and never disclosed, those inside of texts included.
    pub not_disclosed: u64,
    /// The secrets inside of texts, counted by what they are.
    #[serde(default)]
    pub in_texts: BTreeMap<String, u64>,
    /// How many cells of free text staff have still to look at.
    #[serde(default)]
    pub free_text_open: u64,
    /// How many cells of free text staff keep back.
    #[serde(default)]
    pub free_text_kept: u64,
    /// How many rows a range of days left out.
    #[serde(default)]
    pub outside: u64,
    /// Whether it says when its rows were collected; where it does not, a range leaves nothing out.
    #[serde(default)]
    pub dated: bool,
}

/// Streams everything about the person to `sink`, out of one snapshot of each system.
///
/// # Errors
/// A dataset that does not fit, a system that fails, a sink that fails: the export is then incomplete and must be
/// thrown away.
pub fn export(
    systems: &Systems,
    identities: &Identities,
    options: ExportOptions<'_>,
    sink: &mut dyn Sink,
) -> Result<Exported, FulfilmentError> {
    export_with(systems, identities, options, &[], sink)
}

/// The same with rows that services and staff handed over.
///
/// # Errors
/// As [`export`].
pub fn export_with(
    systems: &Systems,
    identities: &Identities,
    options: ExportOptions<'_>,
    handed: &[Handed<'_>],
    sink: &mut dyn Sink,
) -> Result<Exported, FulfilmentError> {
    let mut trace = Trace::run(systems, identities)?;
    if !trace.places.misfits.is_empty() {
        return Err(FulfilmentError::Misfit(std::mem::take(&mut trace.places.misfits)));
    }
    let searched: BTreeSet<_> = trace.searched().into_iter().collect();
    let mut exported = Exported { unproved_identifiers: trace.unshown(), ..Exported::default() };
    for (node, _) in systems.graph().nodes() {
        let Some(place) = trace.places.get(node) else { continue };
        if options.left_out.contains(&place.dataset, &place.collection.name) {
            continue;
        }
        let mut stream = Stream::new(place, options, &mut *sink);
        if searched.contains(&node) {
            let columns = stream.columns();
            trace.sweep_reading(node, columns, |place, row, verdict| stream.row(place, row, &verdict))?;
        }
        exported.collections.push(stream.finish()?);
    }
    for part in handed {
        handed::export(part, &trace, options, &mut *sink, &mut exported)?;
    }
    Ok(exported)
}
