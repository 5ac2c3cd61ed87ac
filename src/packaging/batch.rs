//! Rows on their way into the package's forms: many in one piece of memory, read once for each form.

use super::Cell;

/// A cell: what it is, and where its text ends, if it has one.
#[derive(Clone, Copy)]
struct Stored(u64);

/// What a cell is stands above the place, which is one in memory and leaves these bits free.
const KIND: u32 = 62;
const TEXT: u64 = 0;
const NULL: u64 = 1;
const WITHHELD: u64 = 2;
const NOT_DISCLOSED: u64 = 3;

impl Stored {
    fn new(kind: u64, end: usize) -> Self {
        Self(kind << KIND | end as u64)
    }

    fn end(self) -> usize {
        (self.0 & ((1 << KIND) - 1)) as usize
    }
}

/// Rows of one collection.
pub(super) struct Batch {
    columns: usize,
    text: String,
    cells: Vec<Stored>,
}

/// One row of a batch.
pub(super) struct Row<'b> {
    text: &'b str,
    /// Where its text begins in the batch's.
    begins: usize,
    cells: &'b [Stored],
}

impl Batch {
    /// An empty batch of rows that are `columns` wide.
    pub fn new(columns: usize) -> Self {
        Self { columns, text: String::new(), cells: Vec::new() }
    }

    /// Another one of such rows, which will grow as large.
    pub fn another(&self) -> Self {
        let (text, cells) = (String::with_capacity(self.text.len()), Vec::with_capacity(self.cells.len()));
        Self { columns: self.columns, text, cells }
    }

    /// Adds the next cell of a row. A row that is begun has to be completed.
    #[inline]
    pub fn push(&mut self, cell: Cell<'_>) {
        let kind = match cell {
            Cell::Null => NULL,
            Cell::Withheld => WITHHELD,
            Cell::NotDisclosed => NOT_DISCLOSED,
            Cell::Text(text) => {
                self.text.push_str(text);
                TEXT
            }
        };
        self.cells.push(Stored::new(kind, self.text.len()));
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.cells.len() * size_of::<Stored>()
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let mut begins = 0;
        self.cells.chunks_exact(self.columns.max(1)).map(move |cells| {
            let ends = cells.last().map_or(begins, |last| last.end());
            let row = Row { text: &self.text[begins..ends], begins, cells };
            begins = ends;
            row
        })
    }
}

impl<'b> Row<'b> {
    /// Its cells in order.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'b>> + use<'b> {
        let (text, begins, mut from) = (self.text, self.begins, 0);
        self.cells.iter().map(move |cell| {
            let begin = std::mem::replace(&mut from, cell.end() - begins);
            match cell.0 >> KIND {
                NULL => Cell::Null,
                WITHHELD => Cell::Withheld,
                NOT_DISCLOSED => Cell::NotDisclosed,
                _ => Cell::Text(&text[begin..from]),
            }
        })
    }

    /// Whether none of its texts holds a sign that one of the forms writes otherwise than it is: most rows are so, and all
    /// their texts together are looked at faster than each.
    pub fn is_smooth(&self) -> bool {
        let special = |b: u8| b < 0x20 || matches!(b, b'"' | b'\\' | b',' | b';');
        !self.text.bytes().fold(false, |found, b| found | special(b))
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
        first.into_iter().chain(second).for_each(|cell| batch.push(cell));
        let rows: Vec<Vec<Cell<'_>>> = batch.rows().map(|row| row.cells().collect()).collect();
        assert!(rows == [first.to_vec(), second.to_vec()], "a row came back otherwise");
        assert_eq!(batch.rows().map(|row| row.is_smooth()).collect::<Vec<_>>(), [false, true]);
    }
}
