//! Values of every type come out of a package as they went into the company's database, by the rules of
//! `docs/packages.md`, and an erasure knows a row that nobody changed.

mod described;
mod mysql;
mod postgres;
mod sqlite;

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use chrono::DateTime;
use habeas::connectors::schema::ColumnKind;
use habeas::domain::right::Right;
use habeas::domain::secret_text::Forms;
use habeas::fulfilment::{self, Cell, CollectionHeader, Counts, ExportOptions, Sink, Standing};
use habeas::packaging::sealed::FileKey;
use habeas::packaging::{self, About, Background, Options, PackageWriter};
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::{Company, Engine, person};

/// A value as it is put in, and how the package writes it; without the latter the database itself compares.
#[derive(Clone)]
struct Value {
    sql: String,
    written: Option<String>,
}

/// What a test prints when it fails: made-up values.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.sql)
    }
}

impl Value {
    fn known(sql: impl Into<String>, written: impl Into<String>) -> Self {
        Self { sql: sql.into(), written: Some(written.into()) }
    }
}

/// Some values, each with how it is written.
fn fixed(values: &'static [(&'static str, &'static str)]) -> BoxedStrategy<Value> {
    prop::sample::select(values).prop_map(|(sql, written)| Value::known(sql, written)).boxed()
}

fn types(columns: &Columns) -> Vec<&'static str> {
    columns.iter().map(|(sql_type, _)| *sql_type).collect()
}

/// `None` is NULL.
type Cells = Vec<Option<Value>>;

/// Columns `c0`, `c1` … with what may stand in them.
type Columns = Vec<(&'static str, BoxedStrategy<Value>)>;

/// Some rows, each with a value or NULL in every column.
fn rows(columns: &Columns) -> impl Strategy<Value = Vec<Cells>> + use<> {
    let cells: Vec<_> =
        columns.iter().map(|(_, values)| prop_oneof![8 => values.clone().prop_map(Some), 1 => Just(None)]).collect();
    prop::collection::vec(cells, 1..6)
}

/// A table `t` with columns of these types, and the dataset that describes it.
fn company(engine: Engine, before: &str, types: &[&str]) -> Company {
    let (mut sql, mut yaml) = (String::new(), String::new());
    for (index, sql_type) in types.iter().enumerate() {
        sql += &format!(", c{index} {sql_type} NULL");
        yaml += &format!("          - {{name: c{index}}}\n");
    }
    let sql = format!("{before} CREATE TABLE t (id INTEGER PRIMARY KEY, email varchar(80) NOT NULL{sql})");
    let yaml = format!(
        "dataset:\n  - fides_key: all\n    data_categories: [user]\n    collections:\n      - name: t\n        fields:\n          \
         - {{name: id, fides_meta: {{primary_key: true}}}}\n          - {{name: email, fides_meta: {{identity: email}}}}\n{yaml}"
    );
    Company::new(engine, &[("all", &sql, &yaml)])
}

/// The rows as one INSERT: Ada's, and the first of them once more as Bob's.
fn insert(rows: &[Cells]) -> String {
    let values = |(id, email, cells): (usize, &str, &Cells)| {
        let cells = cells.iter().map(|c| c.as_ref().map_or("NULL", |v| v.sql.as_str()));
        let cells: Vec<&str> = cells.collect();
        format!("({id}, '{email}', {})", cells.join(", "))
    };
    let ada = rows.iter().enumerate().map(|(id, cells)| values((id, "ada@example.com", cells)));
    let all: Vec<String> = ada.chain([values((99, "bob@example.com", &rows[0]))]).collect();
    format!("DELETE FROM t; INSERT INTO t VALUES {}", all.join(", "))
}

/// What a package says of table `t`: each row's columns `c0` … as the exact CSV and the JSON Lines have them.
struct Packed {
    csv: BTreeMap<usize, Vec<Option<String>>>,
    kinds: Vec<ColumnKind>,
}

/// Makes the package; gives it with the kinds of its columns.
fn package(company: &Company) -> (Vec<u8>, Vec<ColumnKind>) {
    let folder = tempfile::tempdir().unwrap();
    let mut zip = Vec::new();
    let options = Options { machine_readable_only: false, spool_directory: folder.path().to_owned() };
    let writer = PackageWriter::new(&mut zip, about(), options, FileKey::new([7; 32]));
    let mut packer = Packer { writer, kinds: Vec::new() };
    let all = ExportOptions { forms: Forms::NONE, ..ExportOptions::default() };
    fulfilment::export(&company.systems, &person("ada@example.com"), all, &mut packer).unwrap();
    let Packer { writer, kinds } = packer;
    writer.finish(&serde_json::json!({}), &[]).unwrap();
    (zip, kinds)
}

/// Makes the package, and holds its two exact forms against each other.
fn packed(company: &Company) -> Packed {
    let (zip, kinds) = package(company);
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut file = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let mut csv = records(&file("data/all/t.csv"));
    csv.remove(0);
    let lines = file("data/all/t.jsonl");
    assert_eq!(lines.lines().count(), csv.len(), "both forms have all rows");
    for (record, line) in csv.iter().zip(lines.lines()) {
        let object: BTreeMap<String, &RawValue> = serde_json::from_str(line).unwrap();
        for (index, kind) in kinds.iter().enumerate() {
            let cell = &record[index + 2];
            // JSON's own null and a NULL are one there; the CSV tells them apart.
            let cell = cell.as_ref().map(|c| meant(*kind, c)).filter(|c| *kind != ColumnKind::Json || c != "null");
            assert_eq!(said(*kind, object[&format!("c{index}")]), cell, "c{index}");
        }
    }
    let id = |record: &[Option<String>]| record[0].as_deref().unwrap().parse().unwrap();
    Packed { csv: csv.into_iter().map(|record| (id(&record), record[2..].to_vec())).collect(), kinds }
}

/// Compares what was put in with what the package says, and gives the text of every cell.
fn holds(rows: &[Cells], packed: &Packed) -> Result<(), TestCaseError> {
    prop_assert_eq!(packed.csv.len(), rows.len(), "Ada's rows and no others");
    for (id, cells) in rows.iter().enumerate() {
        for (index, (cell, seen)) in cells.iter().zip(&packed.csv[&id]).enumerate() {
            match cell {
                None => prop_assert_eq!(seen, &None, "row {} c{}", id, index),
                Some(Value { written: Some(text), .. }) => {
                    prop_assert_eq!(seen.as_ref(), Some(text), "row {} c{}", id, index);
                }
                Some(Value { written: None, .. }) => prop_assert!(seen.is_some(), "row {} c{}", id, index),
            }
        }
    }
    Ok(())
}

/// Nobody changed the rows since they were looked at, so all of them are erased, and nobody else's.
fn an_unchanged_row_is_known(company: &Company) {
    company.erase(&person("ada@example.com"));
    assert_eq!(company.query("all", "SELECT id FROM t"), "99");
}

/// A CSV by RFC 4180: an empty field is NULL, `""` the empty text.
fn records(csv: &str) -> Vec<Vec<Option<String>>> {
    let (mut records, mut record, mut rest) = (Vec::new(), Vec::new(), csv);
    while !rest.is_empty() {
        let field;
        (field, rest) = match rest.strip_prefix('"') {
            Some(inner) => quoted(inner),
            None => {
                let end = rest.find([',', '\r']).unwrap();
                (Some(&rest[..end]).filter(|f| !f.is_empty()).map(str::to_owned), &rest[end..])
            }
        };
        record.push(field);
        rest = rest.strip_prefix(',').unwrap_or_else(|| {
            records.push(std::mem::take(&mut record));
            rest.strip_prefix("\r\n").unwrap()
        });
    }
    records
}

fn quoted(mut rest: &str) -> (Option<String>, &str) {
    let mut field = String::new();
    loop {
        let end = rest.find('"').unwrap();
        field += &rest[..end];
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => (field, rest) = (field + "\"", more),
            None => return (Some(field), rest),
        }
    }
}

/// A value of the JSON Lines as text.
fn said(kind: ColumnKind, raw: &RawValue) -> Option<String> {
    match raw.get() {
        "null" => None,
        text if text.starts_with('"') && kind != ColumnKind::Json => Some(serde_json::from_str(text).unwrap()),
        text => Some(text.to_owned()),
    }
}

/// What the JSON Lines say for a text of the CSV.
fn meant(kind: ColumnKind, text: &str) -> String {
    match (kind, text) {
        (ColumnKind::Boolean, "t" | "1") => "true".to_owned(),
        (ColumnKind::Boolean, "f" | "0") => "false".to_owned(),
        (ColumnKind::Json, text) => text.trim().replace(['\n', '\r'], " "),
        (_, text) => text.to_owned(),
    }
}

fn about() -> About {
    About {
        controller: "Example".to_owned(),
        reference: "DSR-1".to_owned(),
        right: Right::Access,
        generated_at: DateTime::from_timestamp(1_795_344_000, 0).unwrap(),
        language: "en".to_owned(),
        background: Background::default(),
    }
}

struct Packer<'a> {
    writer: PackageWriter<&'a mut Vec<u8>>,
    kinds: Vec<ColumnKind>,
}

impl Sink for Packer<'_> {
    fn collection(&mut self, header: &CollectionHeader) -> io::Result<()> {
        let column = |c: &fulfilment::ColumnHeader| packaging::ColumnHeader {
            name: c.name.clone(),
            kind: c.kind,
            sql_type: c.sql_type.clone(),
            data_categories: c.data_categories.clone(),
            description: None,
        };
        self.kinds = header.columns.iter().skip(2).map(|c| c.kind).collect();
        let header = packaging::CollectionHeader {
            dataset: header.dataset.clone(),
            collection: header.collection.clone(),
            description: None,
            columns: header.columns.iter().map(column).collect(),
            primary_key: vec!["id".to_owned()],
            standing: packaging::Standing::Own,
        };
        self.writer.begin_collection(header).map_err(io::Error::other)
    }

    fn row(&mut self, _: Standing, cells: &[Cell<'_>]) -> io::Result<()> {
        let cells: Vec<packaging::Cell<'_>> = cells
            .iter()
            .map(|cell| match cell {
                Cell::Null => packaging::Cell::Null,
                Cell::Text(text) => packaging::Cell::Text(text),
                _ => panic!("nothing is kept back here"),
            })
            .collect();
        self.writer.row(cells.into_iter()).map_err(io::Error::other)
    }

    fn end(&mut self, _: Counts) -> io::Result<()> {
        self.writer.end_collection().map_err(io::Error::other)
    }
}

/// Texts that others trip over, and any other.
fn texts() -> BoxedStrategy<String> {
    let odd =
        ["", " ", "=1+1", "-", "@x", "\t", "a,b", "\"", "''", "\\", "\\x00", "\r\n", "\n", "NULL", "null", "Zoë 🙂"];
    let odd = prop::sample::select(odd.to_vec()).prop_map(str::to_owned);
    prop_oneof![odd, "[^\0]{0,30}", "[Ѐ-ӿ =\"',;\\\\\r\n]{0,12}", ".{0,20}"]
        .prop_filter("NUL-free", |text: &String| !text.contains('\0'))
        .boxed()
}

/// JSON with spaces and digits that a careless reader would lose.
fn json() -> BoxedStrategy<String> {
    let string = "[a-zЖ🙂 ,]{0,6}".prop_map(|text| format!("\"{text}\\n\\u0041\""));
    let number = "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?";
    let leaf = prop_oneof![Just("null".to_owned()), Just("true".to_owned()), number.prop_map(String::from), string];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(" ,\n")));
        let object = prop::collection::vec(("[a-z]{1,3}", inner), 0..3).prop_map(|members| {
            let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
            format!("{{ {}}}", members.join(", "))
        });
        prop_oneof![list, object]
    })
    .boxed()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whole numbers from `least` to `most`, as they are.
fn integers(least: i128, most: i128) -> BoxedStrategy<Value> {
    let ends = prop_oneof![Just(least), Just(most), Just(0)];
    let any = prop_oneof![1 => ends, 6 => least..most];
    any.prop_map(|n| Value::known(n.to_string(), n.to_string())).boxed()
}

/// Decimal numbers with as many digits after the point as they were given.
fn decimals(whole: usize, fraction: usize) -> BoxedStrategy<Value> {
    let digits = format!("-?(0|[1-9][0-9]{{0,{}}})\\.[0-9]{{{fraction}}}", whole - 1);
    let number = proptest::string::string_regex(&digits).unwrap();
    let number = number.prop_filter("no number is minus nothing", |n: &String| {
        !n.starts_with('-') || n.contains(|c: char| ('1'..='9').contains(&c))
    });
    number.prop_map(|n| Value::known(format!("'{n}'"), n)).boxed()
}

/// Microseconds since 1970 of any moment from year 1 to year 9999.
fn moments() -> std::ops::Range<i64> {
    -62_135_596_800_000_000..253_402_300_799_999_999
}
