//! The person's data, collection by collection, streamed to whoever packs it.

use std::collections::BTreeSet;
use std::io;

use serde::{Deserialize, Serialize};

use super::disclosure::{secret, withheld};
use super::handed::{self, Handed};
use super::judge::Verdict;
use super::place::Place;
use super::range;
use super::trace::Trace;
use super::{FulfilmentError, LeftOut, Systems};
use crate::connectors::schema::ColumnKind;
use crate::datamap::Category;
use crate::domain::identity::Identities;
use crate::domain::ids::SystemId;
use crate::domain::request::DateRange;

/// What a row is to the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It belongs to the person.
    Own,
    /// The person's rows point to it.
    Context,
    /// It is another's and names the person.
    Shared,
}

/// One value of an exported row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// The value exactly as its database prints it.
    Text(&'a str),
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

/// Rows by what they are to the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that belong to the person.
    pub own: u64,
    /// Rows that theirs point to.
    pub context: u64,
    /// Rows of others that name the person.
    pub shared: u64,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.own + self.context + self.shared
    }

    /// Counts one more row.
    pub(super) fn add(&mut self, standing: Standing) {
        match standing {
            Standing::Own => self.own += 1,
            Standing::Context => self.context += 1,
            Standing::Shared => self.shared += 1,
        }
    }
}

/// Receives an export. Collections come one after the other, each with its rows; a collection without rows does not
/// come. An error stops the export.
pub trait Sink {
    /// A collection begins.
    fn collection(&mut self, header: &CollectionHeader) -> io::Result<()>;

    /// The next row of the collection; its cells stand in the order of the header's columns.
    fn row(&mut self, standing: Standing, cells: &[Cell<'_>]) -> io::Result<()>;

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
}

impl Exported {
    /// Whether nothing was found about the person.
    pub fn is_empty(&self) -> bool {
        self.collections.iter().all(|c| c.counts.total() == 0)
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
    /// How many values are held and never disclosed.
    pub not_disclosed: u64,
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
    let mut exported = Exported::default();
    for (node, _) in systems.graph().nodes() {
        let Some(place) = trace.places.get(node) else { continue };
        if options.left_out.contains(&place.dataset, &place.collection.name) {
            continue;
        }
        let mut stream = Stream::new(place, options, &mut *sink);
        if searched.contains(&node) {
            let columns: Vec<String> = stream.header.columns.iter().map(|c| c.name.clone()).collect();
            trace.sweep(node, &columns, |place, row, verdict| stream.row(place, row, &verdict))?;
        }
        exported.collections.push(stream.finish()?);
    }
    for part in handed {
        handed::export(part, &trace, options, &mut *sink, &mut exported)?;
    }
    Ok(exported)
}

/// One collection on its way to the sink.
pub(super) struct Stream<'a> {
    sink: &'a mut dyn Sink,
    header: CollectionHeader,
    secret: Vec<bool>,
    disclose: bool,
    /// The days asked for, and the column that tells them.
    range: Option<(usize, DateRange)>,
    begun: bool,
    done: ExportedCollection,
}

impl<'a> Stream<'a> {
    pub(super) fn new(place: &Place, options: ExportOptions<'_>, sink: &'a mut dyn Sink) -> Self {
        let header = header(place);
        let done = ExportedCollection {
            system: header.system.clone(),
            dataset: header.dataset.clone(),
            collection: header.collection.clone(),
            counts: Counts::default(),
            withheld: 0,
            not_disclosed: 0,
            outside: 0,
            dated: range::dated(place).is_some(),
        };
        let at = |name: &str| header.columns.iter().position(|c| c.name == name);
        let range = options.range.and_then(|range| Some((range::dated(place).and_then(at)?, range)));
        let secret = place.fields().map(|(field, _)| secret(field, options.never_disclose).is_some()).collect();
        Self { sink, header, secret, disclose: options.disclose, range, begun: false, done }
    }

    pub(super) fn row(
        &mut self,
        place: &Place,
        row: &crate::connectors::Row,
        verdict: &Verdict,
    ) -> Result<(), FulfilmentError> {
        let first = place.columns.len();
        if self.range.is_some_and(|(at, range)| range::outside(range, row.get(first + at))) {
            self.done.outside += 1;
            return Ok(());
        }
        if !self.begun {
            self.sink.collection(&self.header)?;
            self.begun = true;
        }
        let standing = standing(verdict);
        let withheld = if self.disclose { BTreeSet::new() } else { withheld(place, verdict) };
        let mut cells = Vec::with_capacity(self.secret.len());
        for (index, column) in self.header.columns.iter().enumerate() {
            cells.push(match row.get(first + index) {
                None => Cell::Null,
                Some(_) if self.secret[index] => {
                    self.done.not_disclosed += 1;
                    Cell::NotDisclosed
                }
                Some(_) if withheld.contains(column.name.as_str()) => {
                    self.done.withheld += 1;
                    Cell::Withheld
                }
                Some(text) => Cell::Text(text),
            });
        }
        self.done.counts.add(standing);
        Ok(self.sink.row(standing, &cells)?)
    }

    pub(super) fn finish(self) -> Result<ExportedCollection, FulfilmentError> {
        if self.begun {
            self.sink.end(self.done.counts)?;
        }
        Ok(self.done)
    }
}

/// What a judged row is to the person.
pub(super) fn standing(verdict: &Verdict) -> Standing {
    match verdict {
        Verdict::Own { .. } => Standing::Own,
        Verdict::Shared { .. } => Standing::Shared,
        Verdict::Context | Verdict::Foreign | Verdict::Unexplained => Standing::Context,
    }
}

fn header(place: &Place) -> CollectionHeader {
    let columns = place.fields().map(|(field, column)| ColumnHeader {
        name: field.name.clone(),
        kind: column.kind,
        sql_type: column.sql_type.clone(),
        data_categories: field.categories.iter().map(|Category(name)| name.clone()).collect(),
        description: field.description.clone(),
    });
    let belongs = !place.identities.is_empty() || place.pointers.iter().any(|p| p.down);
    CollectionHeader {
        system: place.system.clone(),
        dataset: place.dataset.clone(),
        collection: place.collection.name.clone(),
        description: place.collection.description.clone(),
        columns: columns.collect(),
        standing: if belongs { Standing::Own } else { Standing::Context },
    }
}
