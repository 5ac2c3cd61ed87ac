//! A table that staff hand in, CSV or JSON, read row by row: no more of it is in memory than the file itself and one row.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use super::super::Error;
use crate::connectors::http::rows::{Fields, cell};

/// The most columns.
const MOST_COLUMNS: usize = 500;

/// The longest name of a column, in characters.
const LONGEST_NAME: usize = 200;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// RFC 4180, the first line the names of the columns.
    Csv,
    /// A list of objects.
    Json,
}

/// Takes a table as it is read.
pub(super) trait Receiver {
    /// The names of its columns, once and first; they are sound.
    fn columns(&mut self, names: &[String]) -> Result<(), Error>;

    /// The next row, as wide as the columns; `None` is nothing.
    fn row(&mut self, cells: &[Option<String>]) -> Result<(), Error>;
}

/// Reads a file; gives how many rows it has, which is at least one.
///
/// # Errors
/// [`Error::Invalid`] for a file that is no table, with the place and without a value; those of the receiver.
pub(super) fn read(kind: FileKind, bytes: &[u8], to: &mut dyn Receiver) -> Result<u64, Error> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        invalid(format!("the file is not UTF-8, from byte {} on; save it as UTF-8", e.valid_up_to() + 1))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = match kind {
        FileKind::Csv => read_csv(text, to)?,
        FileKind::Json => read_json(text, to)?,
    };
    if rows == 0 {
        return Err(invalid("the file has no rows; where there was nothing, confirm the task with nothing_held"));
    }
    Ok(rows)
}

fn invalid(why: impl Into<String>) -> Error {
    Error::invalid("", why)
}

fn read_csv(text: &str, to: &mut dyn Receiver) -> Result<u64, Error> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter(text)).from_reader(text.as_bytes());
    let broken = |_| invalid("the file is no CSV");
    let columns: Vec<String> = reader.headers().map_err(broken)?.iter().map(|name| name.trim().to_owned()).collect();
    check(&columns)?;
    to.columns(&columns)?;
    let (mut rows, mut record, mut cells) = (0, csv::StringRecord::new(), Vec::with_capacity(columns.len()));
    while reader.read_record(&mut record).map_err(broken)? {
        if record.len() != columns.len() {
            let line = record.position().map_or(0, csv::Position::line);
            let (got, expected) = (record.len(), columns.len());
            return Err(invalid(format!("line {line} has {got} fields, the first line {expected}")));
        }
        cells.clear();
        // As in a package: an empty field is nothing.
        cells.extend(record.iter().map(|field| (!field.is_empty()).then(|| field.to_owned())));
        to.row(&cells)?;
        rows += 1;
    }
    Ok(rows)
}

/// What divides the names in the first line: a spreadsheet program of a country that writes `1,5` saves semicolons.
fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let bare = text.bytes().take_while(|b| *b != b'\n').filter(|b| {
        quoted ^= *b == b'"';
        !quoted
    });
    let bare: Vec<u8> = bare.collect();
    [b',', b';', b'\t'].into_iter().find(|sign| bare.contains(sign)).unwrap_or(b',')
}

fn read_json(text: &str, to: &mut dyn Receiver) -> Result<u64, Error> {
    let mut stopped = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let objects = Objects { to, stopped: &mut stopped };
    let read = objects.deserialize(&mut json).and_then(|rows| json.end().map(|()| rows));
    match (stopped, read) {
        (Some(error), _) => Err(error),
        (None, Ok(0)) => Err(check(&[]).err().unwrap_or_else(|| invalid("the file has no rows"))),
        (None, Ok(rows)) => Ok(rows),
        (None, Err(e)) => {
            let (line, column) = (e.line(), e.column());
            Err(invalid(format!("the file is no JSON list of objects, from line {line} column {column} on")))
        }
    }
}

/// `[{…}, …]`
struct Objects<'a> {
    to: &'a mut dyn Receiver,
    /// Why the table was not read to its end, where the form is not the reason.
    stopped: &'a mut Option<Error>,
}

impl<'de> DeserializeSeed<'de> for Objects<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<u64, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Objects<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<u64, A::Error> {
        let (mut columns, mut rows) = (Vec::new(), 0);
        while let Some(object) = objects.next_element::<Fields>()? {
            rows += 1;
            if let Err(error) = take(self.to, &mut columns, &object, rows) {
                *self.stopped = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(rows)
    }
}

/// The members of the first object are the columns.
fn take(to: &mut dyn Receiver, columns: &mut Vec<String>, object: &Fields, number: u64) -> Result<(), Error> {
    if number == 1 {
        columns.extend(object.keys().cloned());
        check(columns)?;
        to.columns(columns)?;
    }
    if !object.keys().eq(columns.iter()) {
        let why =
            format!("object {number} has not the same members as those before it; write null where there is nothing");
        return Err(invalid(why));
    }
    let cells = object.values().map(|value| cell(value).map(|(_, text)| text)).collect::<Result<Vec<_>, _>>();
    let cells = cells.map_err(|no_text| invalid(format!("a value of object {number} {no_text}")))?;
    to.row(&cells)
}

fn check(columns: &[String]) -> Result<(), Error> {
    let is_long = |name: &String| name.is_empty() || name.chars().count() > LONGEST_NAME;
    if columns.is_empty() || columns.iter().any(is_long) {
        return Err(invalid("the first line names every column, each with at most 200 characters"));
    }
    if columns.len() > MOST_COLUMNS {
        return Err(invalid(format!("a file has at most {MOST_COLUMNS} columns")));
    }
    if columns.iter().collect::<BTreeSet<_>>().len() < columns.len() {
        return Err(invalid("two columns have the same name"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Table {
        columns: Vec<String>,
        rows: Vec<Vec<Option<String>>>,
    }

    impl Receiver for Table {
        fn columns(&mut self, names: &[String]) -> Result<(), Error> {
            self.columns = names.to_vec();
            Ok(())
        }

        fn row(&mut self, cells: &[Option<String>]) -> Result<(), Error> {
            self.rows.push(cells.to_vec());
            Ok(())
        }
    }

    fn table(kind: FileKind, bytes: &[u8]) -> Result<Table, Error> {
        let mut table = Table::default();
        let rows = read(kind, bytes, &mut table)?;
        assert_eq!(rows, table.rows.len() as u64);
        Ok(table)
    }

    #[test]
    fn both_kinds_are_the_same_table() {
        let some = |text: &str| Some(text.to_owned());
        let expected = Table {
            columns: vec!["a".to_owned(), "b".to_owned()],
            rows: vec![vec![some("1.50"), some("x,\"y\"\n")], vec![some("2"), None]],
        };
        assert_eq!(table(FileKind::Csv, b"\xef\xbb\xbfa,b\r\n1.50,\"x,\"\"y\"\"\n\"\r\n2,\r\n").unwrap(), expected);
        let semicolons = b"a;b\r\n1.50;\"x,\"\"y\"\"\n\"\r\n2;\r\n";
        assert_eq!(table(FileKind::Csv, semicolons).unwrap(), expected);
        assert_eq!(table(FileKind::Csv, b"a\tb\n1.50\t\"x,\"\"y\"\"\n\"\n2\t\n").unwrap(), expected);
        assert_eq!(table(FileKind::Csv, b"\"a;b\",c\n1,2\n").unwrap().columns, ["a;b", "c"]);
        let json = r#"[{"a": 1.50, "b": "x,\"y\"\n"}, {"b": null, "a": 2}]"#;
        assert_eq!(table(FileKind::Json, json.as_bytes()).unwrap(), expected);
    }

    #[rstest::rstest]
    #[case(FileKind::Csv, b"a,b\n1\n", "line 2 has 1 fields, the first line 2")]
    #[case(FileKind::Csv, b"a,a\n1,2\n", "two columns have the same name")]
    #[case(FileKind::Csv, b"a,\n1,2\n", "the first line names every column")]
    #[case(FileKind::Csv, b"a,b\n", "the file has no rows")]
    #[case(FileKind::Csv, b"", "the first line names every column")]
    #[case(FileKind::Csv, b"a\n\xff\n", "not UTF-8, from byte 3 on")]
    #[case(FileKind::Json, b"{\"a\": 1}", "no JSON list of objects")]
    #[case(FileKind::Json, b"[{\"a\": 1}, {\"b\": 1}]", "object 2 has not the same members")]
    #[case(FileKind::Json, b"[{\"a\": 1}, {\"a\": 1, \"b\": 1}]", "object 2 has not the same members")]
    #[case(FileKind::Json, b"[{\"a\": 1}] x", "no JSON list of objects, from line 1 column 12 on")]
    #[case(FileKind::Json, b"[{\"a\": \"\\ud800\"}]", "a value of object 1 holds half of a character")]
    #[case(FileKind::Json, b"[]", "the first line names every column")]
    fn what_is_no_table_is_refused(#[case] kind: FileKind, #[case] bytes: &[u8], #[case] why: &str) {
        let error = table(kind, bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn rows_are_handed_on_before_the_file_was_read_to_its_end() {
        let mut begun = Table::default();
        assert!(read(FileKind::Csv, b"a\n1\n2\n3,4\n", &mut begun).is_err());
        assert_eq!(begun.rows.len(), 2);
    }
}
