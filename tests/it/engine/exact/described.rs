//! A package's description holds for the values that are in it, also for those that no program but the database takes for
//! what their column is. The packages are left for `tests/frictionless.sh`, which holds them to the standard.

use std::path::Path;

use serde_json::Value;

use super::*;

/// Each column: its type, a value, and what the description calls it.
type Described = &'static [(&'static str, &'static str, &'static str)];

const POSTGRES: Described = &[
    ("date", "'2026-11-22'", "date"),
    ("date", "'infinity'", "string"),
    ("date", "'0044-03-15 BC'", "string"),
    ("date", "'12026-01-01'", "string"),
    ("timestamptz", "'2026-11-22 10:15:00.123456+02'", "datetime"),
    ("timestamptz", "'-infinity'", "string"),
    ("timestamp", "'0001-01-01 00:00:00'", "datetime"),
    ("timestamp", "'0044-03-15 12:00 BC'", "string"),
    ("time", "'24:00'", "string"),
    ("numeric", "'NaN'", "number"),
    ("double precision", "'-Infinity'", "number"),
    ("numeric", "123456789012345678901234567890.10", "number"),
    ("bigint", "-9223372036854775808", "integer"),
    ("boolean", "false", "boolean"),
    ("bytea", "'\\x00ff'", "string"),
    ("json", "'{\"a\": [1.10, null], \"a\": 12345678901234567890}'", "any"),
    ("jsonb", "'null'", "any"),
    ("text[]", "ARRAY['', NULL, 'a,b', 'NULL', 'Ж\"\n']", "string"),
    ("text", "E'two\\r\\nlines, \"quoted\"'", "string"),
    ("text", "''", "string"),
    ("text", "NULL", "string"),
    ("uuid", "'3F2A4111-1111-4111-8111-111141111111'", "string"),
];

const MYSQL: Described = &[
    ("date", "'2026-11-22'", "date"),
    ("date", "'0000-00-00'", "string"),
    ("date", "'2026-02-00'", "string"),
    ("datetime(6)", "'2026-11-22 10:15:00.5'", "datetime"),
    ("datetime", "'0000-00-00 00:00:00'", "string"),
    ("time", "'-838:59:59'", "string"),
    ("year", "0", "string"),
    ("year", "2026", "integer"),
    ("int(6) zerofill", "42", "string"),
    ("bigint unsigned", "18446744073709551615", "integer"),
    ("decimal(40, 10)", "0.10", "number"),
    ("double", "1e-300", "number"),
    ("bit(1)", "b'1'", "boolean"),
    ("varbinary(9)", "x'00ff'", "string"),
    ("text", "'two\r\nlines, \"quoted\"'", "string"),
    ("text", "''", "string"),
    ("text", "NULL", "string"),
    ("enum('a', '')", "''", "string"),
];

const SQLITE: Described = &[
    ("INTEGER", "12", "integer"),
    ("INTEGER", "'twelve'", "string"),
    ("INTEGER", "1.5", "string"),
    ("REAL", "9e999", "string"),
    ("REAL", "0.1", "number"),
    ("BOOLEAN", "1", "boolean"),
    ("BOOLEAN", "'maybe'", "string"),
    ("DATE", "'2026-11-22'", "date"),
    ("DATE", "1795344000", "string"),
    ("DATETIME", "'2026-11-22T10:15:00.5+02:00'", "datetime"),
    ("DATETIME", "'yesterday'", "string"),
    ("JSON", "'{broken'", "any"),
    ("BLOB", "x'00ff'", "string"),
    ("TEXT", "''", "string"),
    ("", "NULL", "string"),
];

#[rstest::rstest]
#[case::postgres(Engine::Postgres, "", POSTGRES)]
#[case::mysql(Engine::Mysql, "SET sql_mode = '';", MYSQL)]
#[case::sqlite(Engine::Sqlite, "", SQLITE)]
fn a_column_is_described_as_what_stands_in_it(
    #[case] engine: Engine,
    #[case] session: &str,
    #[case] columns: Described,
) {
    let types: Vec<&str> = columns.iter().map(|(sql_type, ..)| *sql_type).collect();
    let company = company(engine, "", &types);
    let values: Vec<&str> = columns.iter().map(|(_, value, _)| *value).collect();
    company.execute("all", &format!("{session} INSERT INTO t VALUES (1, 'ada@example.com', {})", values.join(", ")));
    let (zip, _) = package(&company);
    let left = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("odd-{engine:?}.zip").to_lowercase());
    std::fs::write(left, &zip).unwrap();
    let mut text = String::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    archive.by_name("datapackage.json").unwrap().read_to_string(&mut text).unwrap();
    let described: Value = serde_json::from_str(&text).unwrap();
    let fields = described["resources"][0]["schema"]["fields"].as_array().unwrap();
    for ((sql_type, value, kind), field) in columns.iter().zip(&fields[2..]) {
        assert_eq!(field["type"], *kind, "{value} in {sql_type}");
    }
}
