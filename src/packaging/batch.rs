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

/// Stands behind each cell, as in what PostgreSQL copies out, so that the texts of most rows are taken over as they come and
/// written as they are.
const BEHIND: char = '\t';

/// Rows of one collection.
pub(super) struct Batch {
    columns: usize,
    text: String,
    cells: Vec<Stored>,
}

/// One row of a batch.
pub(super) struct Row<'b> {
    /// The texts of this row and of those behind it.
    text: &'b str,
    /// How much of it is this row's.
    length: usize,
    /// Where it begins in the batch's.
    begins: usize,
    cells: &'b [Stored],
    smooth: bool,
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
        self.text.push(BEHIND);
    }

    /// Adds a row whose values stand in one text, a byte between two of them; of each it is said where it ends there and
    /// whether it is NULL, whatever stands in the text then.
    pub fn push_row(&mut self, text: &str, values: &[(usize, bool)]) {
        // What stands from `from` on is not copied yet, and so many bytes before it are none of a value.
        let (start, mut from, mut begins, mut left_out) = (self.text.len(), 0, 0, 0);
        for (end, null) in values {
            if *null {
                self.text.push_str(&text[from..begins]);
                left_out += end - begins;
                from = *end;
            }
            self.cells.push(Stored::new(if *null { NULL } else { TEXT }, start + end - left_out));
            begins = end + 1;
        }
        self.text.push_str(&text[from..]);
        self.text.push(BEHIND);
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.cells.len() * size_of::<Stored>()
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        // Most batches hold no special sign at all, and are looked through faster than their rows.
        let all_smooth = special_signs(self.text.as_bytes()) == self.cells.len();
        let mut begins = 0;
        self.cells.chunks_exact(self.columns.max(1)).map(move |cells| {
            let ends = cells.last().map_or(begins, |last| last.end() + BEHIND.len_utf8());
            let (text, length) = (&self.text[begins..], ends - begins);
            let smooth = all_smooth || special_signs(&text.as_bytes()[..length]) == cells.len();
            let row = Row { text, length, begins, cells, smooth };
            begins = ends;
            row
        })
    }
}

/// The cells of a row as [`Batch::push_row`] takes it.
pub(super) fn cells<'t>(text: &'t str, values: &[(usize, bool)]) -> impl Iterator<Item = Cell<'t>> {
    let mut next = 0;
    values.iter().map(move |(end, null)| {
        let begins = std::mem::replace(&mut next, end + 1);
        if *null { Cell::Null } else { Cell::Text(&text[begins..*end]) }
    })
}

/// How many bytes of a text one of the forms writes otherwise than they are, or has between its fields.
fn special_signs(text: &[u8]) -> usize {
    let special = |b: &u8| u8::from(*b < 0x20 || matches!(b, b'"' | b'\\' | b',' | b';'));
    // So many at a time that a byte holds their sum: then sixteen of them fit into one instruction.
    text.chunks(15 * 16).map(|piece| usize::from(piece.iter().map(special).sum::<u8>())).sum()
}

impl<'b> Row<'b> {
    /// Its cells in order.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'b>> + use<'b> {
        self.placed().map(|(_, cell)| cell)
    }

    /// Its cells in order, each with the place where its text begins in that of the row.
    pub fn placed(&self) -> impl Iterator<Item = (usize, Cell<'b>)> + use<'b> {
        let (text, begins, mut next) = (self.text, self.begins, 0);
        self.cells.iter().map(move |cell| {
            let ends = cell.end() - begins;
            let begins = std::mem::replace(&mut next, ends + BEHIND.len_utf8());
            let cell = match cell.0 >> KIND {
                NULL => Cell::Null,
                WITHHELD => Cell::Withheld,
                NOT_DISCLOSED => Cell::NotDisclosed,
                _ => Cell::Text(&text[begins..ends]),
            };
            (begins, cell)
        })
    }

    /// The texts from a place in that of the row on, and whatever is behind them.
    pub fn from(&self, place: usize) -> &'b [u8] {
        &self.text.as_bytes()[place..]
    }

    /// Its texts with a byte between two of them.
    pub fn text(&self) -> &'b str {
        &self.text[..self.length - BEHIND.len_utf8()]
    }

    /// Whether none of its texts holds a sign that one of the forms writes otherwise than it is: most rows are so.
    pub fn is_smooth(&self) -> bool {
        self.smooth
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_come_back_as_they_went_in() {
        let first = [Cell::Text("Ada, \"é\"\n"), Cell::Null, Cell::Text("")];
        let second = [Cell::Withheld, Cell::Text("x"), Cell::NotDisclosed];
        let mut batch = Batch::new(3);
        first.into_iter().chain(second).for_each(|cell| batch.push(cell));
        batch.push_row("a\t\\N\t", &[(1, false), (4, true), (5, false)]);
        let rows: Vec<Vec<Cell<'_>>> = batch.rows().map(|row| row.cells().collect()).collect();
        let third = vec![Cell::Text("a"), Cell::Null, Cell::Text("")];
        assert!(rows == [first.to_vec(), second.to_vec(), third], "a row came back otherwise");
        assert_eq!(batch.rows().map(|row| row.is_smooth()).collect::<Vec<_>>(), [false, true, true]);
    }

    /// What PostgreSQL would copy out, which has no tab in its values.
    fn copied(row: &[Option<String>]) -> (String, Vec<(usize, bool)>) {
        let (mut text, mut values) = (String::new(), Vec::new());
        for (at, value) in row.iter().enumerate() {
            text.extend([if at == 0 { "" } else { "\t" }, value.as_deref().unwrap_or("\\N")]);
            values.push((text.len(), value.is_none()));
        }
        (text, values)
    }

    proptest::proptest! {
        #[test]
        fn a_row_taken_over_is_the_same_as_cell_by_cell(
            rows in prop::collection::vec(prop::collection::vec(prop::option::of("[a-c,;\"\\\\ é\n]{0,5}"), 3), 0..6),
        ) {
            let (mut taken_over, mut pushed) = (Batch::new(3), Batch::new(3));
            for row in &rows {
                let (text, values) = copied(row);
                taken_over.push_row(&text, &values);
                row.iter().for_each(|value| pushed.push(value.as_deref().map_or(Cell::Null, Cell::Text)));
            }
            prop_assert_eq!(&taken_over.text, &pushed.text);
            let seen = |batch: &Batch| -> Vec<_> {
                batch.rows().map(|row| (row.is_smooth(), row.cells().map(|cell| cell.shown().map(str::to_owned)).collect::<Vec<_>>())).collect()
            };
            prop_assert_eq!(seen(&taken_over), seen(&pushed));
            for (row, (smooth, cells)) in rows.iter().zip(seen(&pushed)) {
                let (text, values) = copied(row);
                let told: Vec<_> = super::cells(&text, &values).map(|cell| cell.shown().map(str::to_owned)).collect();
                prop_assert_eq!((&cells, &told), (row, row));
                prop_assert_eq!(smooth, !row.iter().flatten().any(|text| text.contains([',', ';', '"', '\\', '\n'])));
            }
        }
    }
}
