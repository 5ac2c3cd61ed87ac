//! Rows on their way into the package's forms: many in one piece of memory, read once for each form.

use super::Cell;

/// What a cell is; its text, if it has one, ends at the given place.
#[derive(Clone, Copy)]
enum Kind {
    Null,
    Text,
    Withheld,
    NotDisclosed,
}

/// Rows of one collection.
pub(super) struct Batch {
    columns: usize,
    text: String,
    cells: Vec<(Kind, usize)>,
}

impl Batch {
    /// An empty batch of rows that are `columns` wide.
    pub fn new(columns: usize) -> Self {
        Self { columns, text: String::new(), cells: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, cells: &[Cell<'_>]) {
        debug_assert_eq!(cells.len(), self.columns, "the writer compares it with the header");
        for cell in cells {
            let kind = match cell {
                Cell::Null => Kind::Null,
                Cell::Withheld => Kind::Withheld,
                Cell::NotDisclosed => Kind::NotDisclosed,
                Cell::Text(text) => {
                    self.text.push_str(text);
                    Kind::Text
                }
            };
            self.cells.push((kind, self.text.len()));
        }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.cells.len() * size_of::<(Kind, usize)>()
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = Cell<'_>>> {
        let mut from = 0;
        self.cells.chunks_exact(self.columns.max(1)).map(move |row| {
            let mut start = from;
            from = row.last().map_or(from, |(_, end)| *end);
            row.iter().map(move |(kind, end)| {
                let begin = std::mem::replace(&mut start, *end);
                match kind {
                    Kind::Null => Cell::Null,
                    Kind::Withheld => Cell::Withheld,
                    Kind::NotDisclosed => Cell::NotDisclosed,
                    Kind::Text => Cell::Text(&self.text[begin..*end]),
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_went_in() {
        let first = [Cell::Text("Ada, \"é\"\n"), Cell::Null, Cell::Text("")];
        let second = [Cell::Withheld, Cell::Text("x"), Cell::NotDisclosed];
        let mut batch = Batch::new(3);
        batch.push(&first);
        batch.push(&second);
        let rows: Vec<Vec<Cell<'_>>> = batch.rows().map(Iterator::collect).collect();
        assert!(rows == [first.to_vec(), second.to_vec()], "a row came back otherwise");
    }
}
