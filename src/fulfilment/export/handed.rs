//! Rows that were handed over instead of searched for: by a service of the company's, or by staff who looked by hand.
//! They are checked when they come, wait sealed, and join the package beside the rows of the databases.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};

use serde::{Deserialize, Serialize};

use super::super::FulfilmentError;
use super::super::search::place;
use super::super::search::trace::Trace;
use super::super::standing::{Counts, Standing};
use super::stream::Stream;
use super::{Cell, CollectionHeader, ColumnHeader, ExportOptions, Exported, ExportedCollection, Sink};
use crate::connectors::http::rows::{Fields, Written, cell};
use crate::connectors::schema::ColumnKind;
use crate::connectors::{Column, ConnectorError, Row};
use crate::domain::ids::SystemId;
use crate::domain::secret_text::{self, Forms};

/// Rows that wait to be packed.
pub struct Handed<'a> {
    /// From which system.
    pub system: SystemId,
    /// The dataset, which is the folder in the package.
    pub dataset: String,
    /// The collections.
    pub collections: Vec<HandedCollection>,
    /// Opens what [`Gathering`] wrote, from its beginning.
    pub open: Box<dyn Fn() -> io::Result<Box<dyn Read>> + 'a>,
}

/// One collection of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedCollection {
    /// Its name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<HandedColumn>,
    /// How many rows it has.
    pub rows: u64,
}

/// One column of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedColumn {
    /// Its name.
    pub name: String,
    /// What all of its values are.
    pub kind: ColumnKind,
}

/// Takes rows and writes them in one form, one a line, in the order in which they come.
pub struct Gathering<W: Write> {
    out: W,
    collections: Vec<HandedCollection>,
    /// For each collection, what its columns held so far.
    seen: Vec<Vec<Option<Written>>>,
    at: BTreeMap<String, usize>,
}

impl<W: Write> Gathering<W> {
    /// Rows of these collections, each with its columns.
    pub fn new<'n>(out: W, collections: impl IntoIterator<Item = (&'n str, &'n [String])>) -> Self {
        let mut gathering = Self { out, collections: Vec::new(), seen: Vec::new(), at: BTreeMap::new() };
        for (name, columns) in collections {
            gathering.at.insert(name.to_owned(), gathering.collections.len());
            gathering.seen.push(vec![None; columns.len()]);
            let column = |name: &String| HandedColumn { name: name.clone(), kind: ColumnKind::Text };
            let columns = columns.iter().map(column).collect();
            gathering.collections.push(HandedCollection { name: name.to_owned(), columns, rows: 0 });
        }
        gathering
    }

    /// Takes a row by its fields; a field that is left out is null.
    ///
    /// # Errors
    /// When collection or field is none of those known: nothing is passed over in silence. The message holds names.
    pub fn add(&mut self, collection: &str, fields: &Fields) -> Result<(), ConnectorError> {
        let refuse = |what: String| ConnectorError::Statement(what);
        let Some(index) = self.at.get(collection).copied() else {
            return Err(refuse("the answer has rows of a collection that was not asked for".to_owned()));
        };
        let known = &self.collections[index].columns;
        if let Some(position) = fields.keys().position(|name| !known.iter().any(|c| c.name == *name)) {
            let message = format!(
                "a row of {collection} has a field (number {}) that the dataset does not describe",
                position + 1
            );
            return Err(refuse(message));
        }
        let mut cells: Vec<(Written, Option<String>)> = Vec::with_capacity(known.len());
        for column in known {
            let read = fields.get(&column.name).map_or(Ok((Written::Null, None)), |value| cell(value));
            let told = |no_text| refuse(format!("the field {} of a row of {collection} {no_text}", column.name));
            cells.push(read.map_err(told)?);
        }
        let kinds: Vec<Written> = cells.iter().map(|(kind, _)| *kind).collect();
        let texts: Vec<Option<String>> = cells.into_iter().map(|(_, text)| text).collect();
        self.put(index, &kinds, &texts).map_err(|_| ConnectorError::Stopped("rows cannot be kept".to_owned()))
    }

    /// Takes a row of texts in the order of the columns of the one collection there is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add_texts(&mut self, cells: &[Option<String>]) -> io::Result<()> {
        let kinds: Vec<Written> =
            cells.iter().map(|c| if c.is_some() { Written::Text } else { Written::Null }).collect();
        self.put(0, &kinds, cells)
    }

    fn put(&mut self, index: usize, kinds: &[Written], cells: &[Option<String>]) -> io::Result<()> {
        for (seen, kind) in self.seen[index].iter_mut().zip(kinds) {
            *seen = Some(seen.map_or(*kind, |before| together(before, *kind)));
        }
        self.collections[index].rows += 1;
        serde_json::to_writer(&mut self.out, &(index, cells))?;
        self.out.write_all(b"\n")
    }

    /// What was taken, and where it was written.
    pub fn finish(mut self) -> (Vec<HandedCollection>, W) {
        for (collection, seen) in self.collections.iter_mut().zip(&self.seen) {
            for (column, seen) in collection.columns.iter_mut().zip(seen) {
                column.kind = match seen {
                    Some(Written::Integer) => ColumnKind::Integer,
                    Some(Written::Number) => ColumnKind::Number,
                    Some(Written::Boolean) => ColumnKind::Boolean,
                    Some(Written::Json) => ColumnKind::Json,
                    Some(Written::Text | Written::Null) | None => ColumnKind::Text,
                };
            }
        }
        (self.collections, self.out)
    }
}

/// What a column is that holds both.
fn together(a: Written, b: Written) -> Written {
    match (a, b) {
        (same, other) if same == other => same,
        (Written::Null, other) | (other, Written::Null) => other,
        (Written::Integer, Written::Number) | (Written::Number, Written::Integer) => Written::Number,
        _ => Written::Text,
    }
}

/// Streams what was handed over to the sink, collection by collection.
pub(in crate::fulfilment) fn export(
    handed: &Handed<'_>,
    trace: &Trace<'_>,
    options: ExportOptions<'_>,
    sink: &mut dyn Sink,
    exported: &mut Exported,
) -> Result<(), FulfilmentError> {
    for (index, collection) in handed.collections.iter().enumerate() {
        if options.left_out.contains(&handed.dataset, &collection.name) {
            continue;
        }
        let node = trace.systems.graph().find(&handed.dataset, &collection.name);
        exported.collections.push(match node {
            Some(node) => {
                let place = place::handed(trace.systems, node, columns(collection));
                let mut stream = Stream::new(&place, options, &mut *sink);
                let (linked, read) = (positions(&place.columns, collection), positions(&stream.columns(), collection));
                each(handed, index, |cells| {
                    let row = |columns: &[Option<usize>]| -> Row {
                        columns.iter().map(|at| at.and_then(|at| cells[at].as_deref())).collect()
                    };
                    stream.row(&place, &row(&read), &trace.attested(&place, &row(&linked))?)
                })?;
                stream.finish()?
            }
            None => export_undescribed(handed, index, collection, options.forms, &mut *sink)?,
        });
    }
    Ok(())
}

fn columns(collection: &HandedCollection) -> Vec<Column> {
    let column = |c: &HandedColumn| Column {
        name: c.name.clone(),
        sql_type: "JSON".to_owned(),
        kind: c.kind,
        nullable: true,
        collation: None,
    };
    collection.columns.iter().map(column).collect()
}

/// Where the values of these columns were handed over.
fn positions(columns: &[String], collection: &HandedCollection) -> Vec<Option<usize>> {
    columns.iter().map(|name| collection.columns.iter().position(|c| c.name == *name)).collect()
}

/// What staff found by hand stands in no dataset, and they have looked at each row of it for whose it is. What nobody is
/// shown is described there as anywhere.
fn export_undescribed(
    handed: &Handed<'_>,
    index: usize,
    collection: &HandedCollection,
    forms: Forms,
    sink: &mut dyn Sink,
) -> Result<ExportedCollection, FulfilmentError> {
    let column = |c: &HandedColumn| ColumnHeader {
        name: c.name.clone(),
        shown_as: c.name.clone(),
        kind: c.kind,
        sql_type: "text".to_owned(),
        data_categories: Vec::new(),
        description: None,
    };
    let header = CollectionHeader {
        system: handed.system.clone(),
        dataset: handed.dataset.clone(),
        collection: collection.name.clone(),
        description: None,
        columns: collection.columns.iter().map(column).collect(),
        standing: Standing::Own,
    };
    let counts = Counts { own: collection.rows, ..Counts::default() };
    let (mut not_disclosed, mut in_texts) = (0, BTreeMap::new());
    if collection.rows > 0 {
        sink.collection(&header)?;
        each(handed, index, |cells| {
            let mut clean = |(text, column): (&'_ Option<String>, &ColumnHeader)| {
                let text = text.as_ref()?;
                let found = secret_text::find(text, &column.name, forms);
                not_disclosed += found.len() as u64;
                found.iter().for_each(|one| *in_texts.entry(one.secret.words()).or_default() += 1);
                Some(secret_text::described(text, &found, false).into_owned())
            };
            let clean: Vec<Option<String>> = cells.iter().zip(&header.columns).map(&mut clean).collect();
            let cells: Vec<Cell<'_>> = clean.iter().map(|c| c.as_deref().map_or(Cell::Null, Cell::Text)).collect();
            Ok(sink.row(Standing::Own, &cells)?)
        })?;
        sink.end(counts)?;
    }
    let CollectionHeader { system, dataset, collection, .. } = header;
    Ok(ExportedCollection {
        system,
        dataset,
        collection,
        counts,
        withheld: 0,
        unproved: 0,
        not_disclosed,
        in_texts,
        free_text_open: 0,
        free_text_kept: 0,
        outside: 0,
        dated: false,
    })
}

/// Reads the rows of one collection again.
fn each(
    handed: &Handed<'_>,
    index: usize,
    mut take: impl FnMut(&[Option<String>]) -> Result<(), FulfilmentError>,
) -> Result<(), FulfilmentError> {
    let mut from = BufReader::new((handed.open)()?);
    let mut line = String::new();
    loop {
        line.clear();
        if from.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let (at, cells): (usize, Vec<Option<String>>) = serde_json::from_str(&line).map_err(io::Error::from)?;
        if at == index {
            take(&cells)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_column_is_what_all_its_values_are() {
        let names: Vec<String> = ["i", "n", "m", "b", "j", "z"].map(str::to_owned).into();
        let mut gathering = Gathering::new(Vec::new(), [("a", names.as_slice())]);
        let first = r#"{"i": 1, "n": 1, "m": 1, "b": true, "j": {"x": [1.50]}, "z": null}"#;
        gathering.add("a", &fields(first)).unwrap();
        gathering.add("a", &fields(r#"{"i": null, "n": 1.50, "m": "x"}"#)).unwrap();
        let (collections, out) = gathering.finish();
        let kinds: Vec<ColumnKind> = collections[0].columns.iter().map(|c| c.kind).collect();
        use ColumnKind::{Boolean, Integer, Json, Number, Text};
        assert_eq!((kinds, collections[0].rows), (vec![Integer, Number, Text, Boolean, Json, Text], 2));
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
        [0,["1","1","1","true","{\"x\": [1.50]}",null]]
        [0,[null,"1.50","x",null,null,null]]
        "#);
    }

    #[test]
    fn what_the_dataset_does_not_describe_is_refused_and_not_repeated() {
        let names = ["email".to_owned()];
        let mut gathering = Gathering::new(Vec::new(), [("a", &names[..])]);
        let collection = gathering.add("ada@example.com", &fields("{}")).unwrap_err().to_string();
        let field = gathering.add("a", &fields(r#"{"ada@example.com": 1}"#)).unwrap_err().to_string();
        assert!(collection.contains("not asked for") && field.contains("does not describe"), "{collection} {field}");
        assert!(!collection.contains("ada@") && !field.contains("ada@"));
    }

    #[test]
    fn a_text_that_is_none_is_refused_by_the_name_of_its_field() {
        let names = ["email".to_owned(), "note".to_owned()];
        let mut gathering = Gathering::new(Vec::new(), [("a", &names[..])]);
        let row = fields(r#"{"email": "ada@example.com", "note": "secret \ud800"}"#);
        let error = gathering.add("a", &row).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "the field note of a row of a holds half of a character (a lone surrogate), which is no text"
            ),
            "{error}"
        );
        let (collections, out) = gathering.finish();
        assert_eq!((collections[0].rows, out.len()), (0, 0), "nothing of the row was taken");
    }
}
