//! The exact CSV (RFC 4180): every value as the database prints it, and NULL told from the empty string.
//!
//! NULL is an empty field and the empty string `""`. A reader that ignores quotes does not see the difference, and one
//! that passes over empty lines misses a NULL in a table of one column; the JSON Lines say both plainly.

use super::Cell;
use super::batch::Row;
use super::lines::Lines;

/// What ends a line (RFC 4180 section 2).
pub(super) const LINE_END: &str = "\r\n";

/// Appends a row of a batch.
pub(super) fn row(out: &mut Lines, row: &Row<'_>) {
    if !as_it_stands(out, row, |text| plain(text, true)) {
        line(out, row.cells());
    }
}

/// Appends a row if what stands in the batch is its line but for the commas, as of most rows: no sign in it means anything,
/// and each text can stand without quotes.
pub(super) fn as_it_stands(out: &mut Lines, row: &Row<'_>, plain: impl Fn(&str) -> bool) -> bool {
    let stands = |cell: Cell<'_>| match cell {
        Cell::Null => true,
        Cell::Text(text) => plain(text),
        Cell::Withheld | Cell::NotDisclosed => false,
    };
    let stand = row.is_smooth() && row.cells().all(stands);
    if stand {
        out.divided(row.text(), b',', row.placed().map(|(at, _)| at));
        out.push(LINE_END);
    }
    stand
}

/// Appends one line.
pub(super) fn line<'a>(out: &mut Lines, cells: impl Iterator<Item = Cell<'a>>) {
    let mut before = "";
    for cell in cells {
        out.field(before);
        before = ",";
        match cell.shown() {
            None => {}
            Some(text) if plain(text, false) => out.push(text),
            Some(text) => quoted(out, text),
        }
    }
    out.push(LINE_END);
}

/// Whether the text can stand without quotes; `smooth` says that no sign in it wants them. Spaces at its ends and a byte
/// order mark are quoted too, since some readers would drop them.
fn plain(text: &str, smooth: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let special = |b: u8| matches!(b, b',' | b'"' | b'\r' | b'\n');
    let begins_and_ends_so = !matches!(first, b' ' | 0xEF) && *last != b' ';
    // Without an early end the whole text is looked at many bytes at a time.
    begins_and_ends_so && (smooth || !bytes.iter().fold(false, |found, b| found | special(*b)))
}

/// Appends the text in quotes, its own quotes doubled.
pub(super) fn quoted(out: &mut Lines, text: &str) {
    out.push("\"");
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        out.push(&rest[..at]);
        out.push("\"\"");
        rest = &rest[at + 1..];
    }
    out.push(rest);
    out.push("\"");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(cells: &[Cell<'_>]) -> String {
        let mut out = Lines::new();
        line(&mut out, cells.iter().copied());
        out.written()
    }

    #[rstest::rstest]
    #[case(&[Cell::Null, Cell::Text(""), Cell::Text("a")], ",\"\",a\r\n")]
    #[case(&[Cell::Text("a,b"), Cell::Text("say \"no\""), Cell::Text("two\r\nlines")], "\"a,b\",\"say \"\"no\"\"\",\"two\r\nlines\"\r\n")]
    #[case(&[Cell::Text(" padded "), Cell::Text("-12.50"), Cell::Text("=1+1")], "\" padded \",-12.50,=1+1\r\n")]
    #[case(&[Cell::Withheld, Cell::NotDisclosed], "[withheld: another person],\"[held, not disclosed]\"\r\n")]
    fn a_line_is_exact(#[case] cells: &[Cell<'_>], #[case] expected: &str) {
        assert_eq!(one(cells), expected);
    }

    #[derive(Clone, Debug)]
    enum Any {
        Null,
        Text(String),
        Withheld,
        NotDisclosed,
    }

    impl Any {
        fn cell(&self) -> Cell<'_> {
            match self {
                Any::Null => Cell::Null,
                Any::Text(text) => Cell::Text(text),
                Any::Withheld => Cell::Withheld,
                Any::NotDisclosed => Cell::NotDisclosed,
            }
        }
    }

    /// A table of at least two columns: a lone NULL is an empty line, which readers pass over.
    fn table() -> impl Strategy<Value = Vec<Vec<Any>>> {
        let text = prop_oneof![any::<String>(), "[,\"\r\n a]{0,6}"].prop_map(Any::Text);
        let cell = prop_oneof![6 => text, 1 => Just(Any::Null), 1 => Just(Any::Withheld), 1 => Just(Any::NotDisclosed)];
        (2..5_usize)
            .prop_flat_map(move |columns| prop::collection::vec(prop::collection::vec(cell.clone(), columns), 1..6))
    }

    proptest! {
        #[test]
        fn another_reader_reads_the_same(rows in table()) {
            let mut out = Lines::new();
            for row in &rows {
                line(&mut out, row.iter().map(Any::cell));
            }
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(out.text());
            let read: Vec<Vec<String>> = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            let seen = |c: &Any| c.cell().shown().unwrap_or_default().to_owned();
            let expected: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(seen).collect()).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn null_and_empty_stay_apart(cells in prop::collection::vec(any::<bool>(), 1..8)) {
            let out = one(&cells.iter().map(|null| if *null { Cell::Null } else { Cell::Text("") }).collect::<Vec<_>>());
            let read: Vec<bool> = out.trim_end().split(',').map(str::is_empty).collect();
            prop_assert_eq!(read, cells);
        }
    }
}
