//! The person's data, collection by collection, streamed to whoever packs it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::{Deserialize, Serialize};

use super::disclosure::{Look, SecretMembers, secret, withheld};
use super::free_text::{FreeText, Sight};
use super::handed::{self, Handed};
use super::judge::Verdict;
use super::place::Place;
use super::range;
use super::trace::Trace;
use super::{FulfilmentError, LeftOut, Systems};
use crate::connectors::schema::ColumnKind;
use crate::connectors::{Column, Row};
use crate::datamap::{Category, Field};
use crate::domain::identity::Identities;
use crate::domain::ids::SystemId;
use crate::domain::request::DateRange;
use crate::domain::secret_text::{self, Forms};

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
    let mut exported = Exported::default();
    for (node, _) in systems.graph().nodes() {
        let Some(place) = trace.places.get(node) else { continue };
        if options.left_out.contains(&place.dataset, &place.collection.name) {
            continue;
        }
        let mut stream = Stream::new(place, options, &mut *sink);
        if searched.contains(&node) {
            let columns = stream.columns();
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
    /// How each column is looked at.
    looks: Vec<Look>,
    /// What of the JSON in each column is not shown.
    members: Vec<SecretMembers>,
    /// The columns that tell staff which row a free text stands in; none without free text.
    key: Vec<String>,
    forms: Forms,
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
            in_texts: BTreeMap::new(),
            free_text_open: 0,
            free_text_kept: 0,
            outside: 0,
            dated: range::dated(place).is_some(),
        };
        let at = |name: &str| header.columns.iter().position(|c| c.name == name);
        let range = options.range.and_then(|range| Some((range::dated(place).and_then(at)?, range)));
        let looks: Vec<Look> = place
            .fields()
            .map(|(field, column)| Look::of(field, column, secret(field, options.never_disclose).is_some()))
            .collect();
        let members = place.fields().map(|(field, _)| SecretMembers::of(field, options.never_disclose)).collect();
        let is_free = looks.iter().any(|look| look.free);
        let key = if is_free { place.table().primary_key.clone() } else { Vec::new() };
        let ExportOptions { forms, disclose, .. } = options;
        Self { sink, header, looks, members, key, forms, disclose, range, begun: false, done }
    }

    /// The columns to read beyond those of the trace.
    pub(super) fn columns(&self) -> Vec<String> {
        self.header.columns.iter().map(|c| c.name.clone()).chain(self.key.iter().cloned()).collect()
    }

    pub(super) fn row(&mut self, place: &Place, row: &Row, verdict: &Verdict) -> Result<(), FulfilmentError> {
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
        let mut cells = Vec::with_capacity(self.looks.len());
        let mut edited: Vec<(usize, String)> = Vec::new();
        for index in 0..self.looks.len() {
            let name = self.header.columns[index].name.as_str();
            cells.push(match row.get(first + index) {
                None => Cell::Null,
                Some(_) if self.looks[index].secret => {
                    self.done.not_disclosed += 1;
                    Cell::NotDisclosed
                }
                Some(_) if withheld.contains(name) => {
                    self.done.withheld += 1;
                    Cell::Withheld
                }
                Some(text) => match self.seen(row, first, index, text)? {
                    Seen::Cell(cell) => cell,
                    Seen::Edited(text) => {
                        edited.push((index, text));
                        Cell::Null
                    }
                },
            });
        }
        for (index, text) in &edited {
            cells[*index] = Cell::Edited(text);
        }
        self.done.counts.add(standing);
        Ok(self.sink.row(standing, &cells)?)
    }

    /// What is left of a value once the secrets in it are described, and once staff were asked where it is free text.
    fn seen<'r>(
        &mut self,
        row: &'r Row,
        first: usize,
        index: usize,
        text: &'r str,
    ) -> Result<Seen<'r>, FulfilmentError> {
        let Some(clean) = self.described(index, text) else { return Ok(Seen::Cell(Cell::NotDisclosed)) };
        if !self.looks[index].free || clean.trim().is_empty() {
            return Ok(Seen::of(text, clean));
        }
        let at = first + self.looks.len();
        let key = self.key.iter().enumerate().map(|(i, column)| (column.as_str(), row.get(at + i))).collect();
        let (dataset, collection) = (self.header.dataset.as_str(), self.header.collection.as_str());
        let field = self.header.columns[index].name.as_str();
        let cell = FreeText { dataset, collection, row: key, field, text: &clean };
        match self.sink.free_text(&cell)? {
            Sight::Show => Ok(Seen::of(text, clean)),
            Sight::Withhold => {
                self.done.free_text_kept += 1;
                Ok(Seen::Cell(Cell::Withheld))
            }
            Sight::Open => {
                self.done.free_text_open += 1;
                Ok(Seen::Cell(Cell::Withheld))
            }
            Sight::Replace(instead) => match self.described(index, &instead) {
                Some(instead) => Ok(Seen::Edited(instead.into_owned())),
                None => Ok(Seen::Cell(Cell::NotDisclosed)),
            },
        }
    }

    /// The value with each secret in it described; `None` where that leaves nothing its column could hold.
    fn described<'t>(&mut self, index: usize, text: &'t str) -> Option<Cow<'t, str>> {
        let look = self.looks[index];
        let Some((text, members)) = self.members[index].described(text) else {
            self.done.not_disclosed += 1;
            return None;
        };
        self.done.not_disclosed += members;
        if !look.searched {
            return Some(text);
        }
        let found = secret_text::find(&text, &self.header.columns[index].name, self.forms);
        if found.is_empty() {
            return Some(text);
        }
        self.done.not_disclosed += found.len() as u64;
        for one in &found {
            *self.done.in_texts.entry(one.secret.words()).or_default() += 1;
        }
        look.holds_words.then(|| Cow::Owned(secret_text::described(&text, &found, look.json).into_owned()))
    }

    pub(super) fn finish(self) -> Result<ExportedCollection, FulfilmentError> {
        if self.begun {
            self.sink.end(self.done.counts)?;
        }
        Ok(self.done)
    }
}

/// A value as it goes out.
enum Seen<'r> {
    Cell(Cell<'r>),
    Edited(String),
}

impl<'r> Seen<'r> {
    fn of(text: &'r str, clean: Cow<'r, str>) -> Self {
        match clean {
            Cow::Borrowed(_) => Seen::Cell(Cell::Text(text)),
            Cow::Owned(edited) => Seen::Edited(edited),
        }
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

/// What a column holds. Where the dataset describes members it is JSON, which MariaDB and SQLite keep as a text.
fn kind(field: &Field, column: &Column) -> ColumnKind {
    if field.members.is_empty() { column.kind } else { ColumnKind::Json }
}

fn distinct<'c>(categories: impl Iterator<Item = &'c Category>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for Category(name) in categories {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn header(place: &Place) -> CollectionHeader {
    let columns = place.fields().map(|(field, column)| ColumnHeader {
        name: field.name.clone(),
        kind: kind(field, column),
        sql_type: column.sql_type.clone(),
        data_categories: distinct(field.all_categories()),
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
