//! The exact CSV (RFC 4180): every value as the database prints it, NULL told from the empty string, markers from data.
//!
//! NULL is an empty field and the empty string `""`. A marker stands without quotes; data that happens to read like a
//! marker stands in quotes. Readers that ignore quotes lose these two distinctions; the JSON Lines keep the first.

use super::Cell;

/// What ends a line (RFC 4180 section 2).
pub(super) const LINE_END: &str = "\r\n";

/// Appends one line.
pub(super) fn line<'a>(out: &mut String, cells: impl Iterator<Item = Cell<'a>>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(',');
        }
        match cell {
            Cell::Null => {}
            Cell::Text(text) if plain(text) => out.push_str(text),
            Cell::Text(text) => quoted(out, text),
            Cell::Withheld | Cell::NotDisclosed => out.push_str(cell.shown().unwrap_or_default()),
        }
    }
    out.push_str(LINE_END);
}

/// Whether the text can stand without quotes. Spaces at its ends and a byte order mark are quoted too, since some
/// readers would drop them.
fn plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let special = |b: &u8| matches!(b, b',' | b'"' | b'\r' | b'\n');
    !matches!(first, b' ' | b'[' | 0xEF) && *last != b' ' && !bytes.iter().any(special)
}

/// Appends the text in quotes, its own quotes doubled.
pub(super) fn quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        out.push_str(&rest[..at]);
        out.push_str("\"\"");
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(cells: &[Cell<'_>]) -> String {
        let mut out = String::new();
        line(&mut out, cells.iter().copied());
        out
    }

    #[rstest::rstest]
    #[case(&[Cell::Null, Cell::Text(""), Cell::Text("a")], ",\"\",a\r\n")]
    #[case(&[Cell::Text("a,b"), Cell::Text("say \"no\""), Cell::Text("two\r\nlines")], "\"a,b\",\"say \"\"no\"\"\",\"two\r\nlines\"\r\n")]
    #[case(&[Cell::Text(" padded "), Cell::Text("-12.50"), Cell::Text("=1+1")], "\" padded \",-12.50,=1+1\r\n")]
    #[case(&[Cell::Withheld, Cell::NotDisclosed], "[withheld: another person],[held, not disclosed]\r\n")]
    #[case(&[Cell::Text("[withheld: another person]")], "\"[withheld: another person]\"\r\n")]
    fn a_line_is_exact(#[case] cells: &[Cell<'_>], #[case] expected: &str) {
        assert_eq!(one(cells), expected);
    }

    /// A table of at least two columns: a lone NULL is an empty line, which readers pass over.
    fn table() -> impl Strategy<Value = Vec<Vec<Option<String>>>> {
        let text = prop_oneof![any::<String>(), "[,\"\r\n a]{0,6}"];
        let cell = prop::option::of(text);
        (2..5_usize)
            .prop_flat_map(move |columns| prop::collection::vec(prop::collection::vec(cell.clone(), columns), 1..6))
    }

    proptest! {
        #[test]
        fn another_reader_reads_the_same(rows in table()) {
            let mut out = String::new();
            for row in &rows {
                line(&mut out, row.iter().map(|c| c.as_deref().map_or(Cell::Null, Cell::Text)));
            }
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_bytes());
            let read: Vec<Vec<String>> = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            let expected: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|c| c.clone().unwrap_or_default()).collect()).collect();
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
