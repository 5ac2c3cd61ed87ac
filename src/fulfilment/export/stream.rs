//! One collection on its way out: what of each row is shown, what is described, and what waits for staff.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::FulfilmentError;
use super::super::search::judge::Verdict;
use super::super::search::place::{Columns, Place};
use super::super::search::range;
use super::super::standing::{Counts, Standing};
use super::disclosure::{Look, SecretMembers, secret, withheld};
use super::free_text::{FreeText, Sight};
use super::{Cell, CollectionHeader, ColumnHeader, ExportOptions, ExportedCollection, Sink};
use crate::connectors::schema::ColumnKind;
use crate::connectors::{Column, Row};
use crate::datamap::{Category, Field};
use crate::domain::request::DateRange;
use crate::domain::secret_text::{self, Forms};

/// One collection on its way to the sink.
pub(in crate::fulfilment) struct Stream<'a> {
    sink: &'a mut dyn Sink,
    header: CollectionHeader,
    /// How each column is looked at.
    looks: Vec<Look>,
    /// Which columns hold nothing that is looked for: their values go out as they are.
    plain: Vec<bool>,
    /// The others.
    watched: Vec<usize>,
    /// The verdict of the row before, and which columns it withholds; of many rows in a row it is the same.
    withheld: Option<(Verdict, Vec<bool>)>,
    /// What of the JSON in each column is not shown.
    members: Vec<SecretMembers>,
    layout: Layout,
    forms: Forms,
    disclose: bool,
    /// The days asked for, and the column that tells them.
    range: Option<(usize, DateRange)>,
    begun: bool,
    done: ExportedCollection,
    /// The room for a row's cells, empty between two rows.
    room: Vec<Cell<'static>>,
}

/// Where the columns stand in the rows that are read: those of the header first.
struct Layout {
    /// Those that tell staff which row a free text stands in; none without free text.
    key: Vec<(String, usize)>,
    /// All columns to read, each once.
    read: Vec<String>,
}

impl Layout {
    fn of(header: &CollectionHeader, key: &[String]) -> Self {
        let mut read = Columns(header.columns.iter().map(|column| column.name.clone()).collect());
        let key = key.iter().map(|name| (name.clone(), read.index(name))).collect();
        Self { key, read: read.0 }
    }
}

impl<'a> Stream<'a> {
    pub(in crate::fulfilment) fn new(place: &Place, options: ExportOptions<'_>, sink: &'a mut dyn Sink) -> Self {
        let header = header(place);
        let done = ExportedCollection {
            system: header.system.clone(),
            dataset: header.dataset.clone(),
            collection: header.collection.clone(),
            counts: Counts::default(),
            withheld: 0,
            unproved: 0,
            not_disclosed: 0,
            in_texts: BTreeMap::new(),
            free_text_open: 0,
            free_text_kept: 0,
            outside: 0,
            dated: range::dated(place).is_some(),
        };
        let looks: Vec<Look> = place
            .fields()
            .map(|(field, column)| Look::of(place, field, column, secret(field, options.never_disclose).is_some()))
            .collect();
        let members: Vec<_> =
            place.fields().map(|(field, _)| SecretMembers::of(field, options.never_disclose)).collect();
        let is_plain = |(look, members): (&Look, &SecretMembers)| {
            let searched = look.searched && options.forms.always;
            !(look.secret || look.free || searched) && members.is_empty()
        };
        let plain: Vec<bool> = looks.iter().zip(&members).map(is_plain).collect();
        let is_free = looks.iter().any(|look| look.free);
        let layout = Layout::of(&header, if is_free { &place.table().primary_key } else { &[] });
        let dated = |name: &str| header.columns.iter().position(|column| column.name == name);
        let range = options.range.and_then(|range| Some((range::dated(place).and_then(dated)?, range)));
        let ExportOptions { forms, disclose, .. } = options;
        let (withheld, begun, room) = (None, false, Vec::new());
        let mut watched: Vec<usize> = (0..plain.len()).filter(|index| !plain[*index]).collect();
        // First those that decide without a search.
        watched.sort_by_key(|index| !(looks[*index].secret || looks[*index].free) && members[*index].is_empty());
        Self {
            sink,
            header,
            looks,
            plain,
            watched,
            withheld,
            members,
            layout,
            forms,
            disclose,
            range,
            begun,
            done,
            room,
        }
    }

    /// The columns that the rows begin with.
    pub(in crate::fulfilment) fn columns(&self) -> Vec<String> {
        self.layout.read.clone()
    }

    pub(in crate::fulfilment) fn row(
        &mut self,
        place: &Place,
        row: &Row,
        verdict: &Verdict,
    ) -> Result<(), FulfilmentError> {
        if *verdict == Verdict::Claimed {
            // Not even that there is such a row is told to whoever may be somebody else.
            self.done.unproved += 1;
            return Ok(());
        }
        if self.range.is_some_and(|(at, range)| range::outside(range, row.get(at))) {
            self.done.outside += 1;
            return Ok(());
        }
        if !self.begun {
            self.sink.collection(&self.header)?;
            self.begun = true;
        }
        let standing = verdict.standing();
        let withholds = self.withholds(place, verdict);
        if !withholds && self.goes_as_it_is(row) {
            self.done.counts.add(standing);
            return Ok(self.sink.plain_row(standing, row, self.looks.len())?);
        }
        let mut cells = emptied(std::mem::take(&mut self.room));
        let mut edited: Vec<(usize, String)> = Vec::new();
        for index in 0..self.looks.len() {
            cells.push(match row.get(index) {
                None => Cell::Null,
                Some(_) if self.looks[index].secret => {
                    self.done.not_disclosed += 1;
                    Cell::NotDisclosed
                }
                Some(_) if withholds && self.is_withheld(index) => {
                    self.done.withheld += 1;
                    Cell::Withheld
                }
                Some(text) if self.plain[index] => Cell::Text(text),
                Some(text) => match self.seen(row, index, text)? {
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
        self.sink.row(standing, &cells)?;
        self.room = emptied(cells);
        Ok(())
    }

    /// Whether nothing is looked for in a row, or nothing is found.
    fn goes_as_it_is(&self, row: &Row) -> bool {
        let clean = |index: usize, text: &str| {
            let look = &self.looks[index];
            let shown = !(look.secret || look.free) && self.members[index].is_empty();
            shown && secret_text::find(text, &self.header.columns[index].name, self.forms).is_empty()
        };
        self.watched.iter().all(|index| row.get(*index).is_none_or(|text| clean(*index, text)))
    }

    /// Whether something of a row with this verdict is withheld; works out what, unless it is that of the row before.
    fn withholds(&mut self, place: &Place, verdict: &Verdict) -> bool {
        if self.disclose || matches!(verdict, Verdict::Own { others } if others.is_empty()) {
            return false;
        }
        if self.withheld.as_ref().is_none_or(|(before, _)| before != verdict) {
            let names = withheld(place, verdict);
            let columns = self.header.columns.iter().map(|column| names.contains(column.name.as_str())).collect();
            self.withheld = Some((verdict.clone(), columns));
        }
        self.withheld.as_ref().is_some_and(|(_, columns)| columns.contains(&true))
    }

    fn is_withheld(&self, index: usize) -> bool {
        self.withheld.as_ref().is_some_and(|(_, columns)| columns[index])
    }

    /// What is left of a value once the secrets in it are described, and once staff were asked where it is free text.
    fn seen<'r>(&mut self, row: &'r Row, index: usize, text: &'r str) -> Result<Seen<'r>, FulfilmentError> {
        let Some(clean) = self.described(index, text) else { return Ok(Seen::Cell(Cell::NotDisclosed)) };
        if !self.looks[index].free || clean.trim().is_empty() {
            return Ok(Seen::of(text, clean));
        }
        let key = self.layout.key.iter().map(|(column, at)| (column.as_str(), row.get(*at))).collect();
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

    pub(in crate::fulfilment) fn finish(self) -> Result<ExportedCollection, FulfilmentError> {
        if self.begun {
            self.sink.end(self.done.counts)?;
        }
        Ok(self.done)
    }
}

/// The same room without what was in it: the memory of one row serves the next, whose values live elsewhere.
fn emptied<'b>(mut cells: Vec<Cell<'_>>) -> Vec<Cell<'b>> {
    cells.clear();
    cells.into_iter().map(|_| Cell::Null).collect()
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

/// A field's name, or, where the dataset hides that, which of its collection's fields it is.
fn shown_as(place: &Place, field: &Field) -> String {
    let fields = &place.collection.fields;
    match fields.iter().position(|f| f.name == field.name) {
        Some(at) if field.redact_name => {
            let mut shown = format!("field_{}", at + 1);
            while fields.iter().any(|f| f.name == shown && !f.redact_name) {
                shown.push('_');
            }
            shown
        }
        _ => field.name.clone(),
    }
}

fn header(place: &Place) -> CollectionHeader {
    let columns = place.fields().map(|(field, column)| ColumnHeader {
        name: field.name.clone(),
        shown_as: shown_as(place, field),
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
