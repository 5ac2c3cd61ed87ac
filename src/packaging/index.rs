//! `index.html`: the package for a reader without any tool but a browser; everything in it escaped, nothing in it runs.

use askama::Template;

use super::writer::Written;
use super::{About, Cell, NOT_DISCLOSED, Standing, WITHHELD};
use crate::domain::right::Right;

/// How many rows of a collection the page shows.
pub(super) const PREVIEW_ROWS: usize = 200;

/// How many characters of a value the page shows; the files hold it whole.
const PREVIEW_CHARACTERS: usize = 300;

#[derive(Template)]
#[template(path = "package/head.html")]
struct Head<'a> {
    about: &'a About,
    collections: &'a [Written],
    omissions: Vec<Omission<'a>>,
    notes: &'a [String],
    machine_readable_only: bool,
}

#[derive(Template)]
#[template(path = "package/collection.html")]
struct Table<'a> {
    number: usize,
    written: &'a Written,
    rows: &'a [Vec<Shown>],
}

#[derive(Template)]
#[template(path = "package/foot.html")]
struct Foot<'a> {
    about: &'a About,
}

/// A column of which something is left out.
struct Omission<'a> {
    collection: &'a str,
    column: &'a str,
    withheld: u64,
    not_disclosed: u64,
}

/// A value as the page shows it.
enum Shown {
    Null,
    Empty,
    Text { text: String, cut: bool },
    Marker(&'static str),
}

impl From<Cell<'_>> for Shown {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Null => Shown::Null,
            Cell::Withheld => Shown::Marker(WITHHELD),
            Cell::NotDisclosed => Shown::Marker(NOT_DISCLOSED),
            Cell::Text("") => Shown::Empty,
            Cell::Text(text) => {
                let end = text.char_indices().nth(PREVIEW_CHARACTERS).map_or(text.len(), |(at, _)| at);
                Shown::Text { text: text[..end].to_owned(), cut: end < text.len() }
            }
        }
    }
}

/// The first rows of the open collection.
pub(super) struct Preview {
    most: usize,
    rows: Vec<Vec<Shown>>,
}

impl Preview {
    /// Keeps at most so many rows.
    pub fn new(most: usize) -> Self {
        Self { most, rows: Vec::new() }
    }

    /// Whether it takes no more rows.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= self.most
    }

    /// Adds a row.
    pub fn add<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) {
        self.rows.push(cells.map(Shown::from).collect());
    }

    /// The page's section on this collection, the package's `number`th from zero.
    pub fn render(&self, number: usize, written: &Written) -> Result<String, std::io::Error> {
        Table { number, written, rows: &self.rows }.render().map_err(std::io::Error::other)
    }
}

/// What stands before and after the collections' sections.
pub(super) fn render(
    about: &About,
    collections: &[Written],
    notes: &[String],
    machine_readable_only: bool,
) -> Result<(String, String), std::io::Error> {
    let omissions = collections.iter().flat_map(omissions).collect();
    let head = Head { about, collections, omissions, notes, machine_readable_only };
    let head = head.render().map_err(std::io::Error::other)?;
    Ok((head, Foot { about }.render().map_err(std::io::Error::other)?))
}

fn omissions(written: &Written) -> impl Iterator<Item = Omission<'_>> {
    let counted = written.header.columns.iter().zip(&written.omitted);
    counted.filter(|(_, omitted)| **omitted != (0, 0)).map(|(column, (withheld, not_disclosed))| Omission {
        collection: &written.header.collection,
        column: &column.name,
        withheld: *withheld,
        not_disclosed: *not_disclosed,
    })
}
