//! What is particular to SQLite: types of values rather than of columns, and names in double quotes.

use std::time::Duration;

use habeas::connectors::Limits;
use habeas::connectors::sqlite::Sqlite;

use super::*;

#[test]
fn values_are_exact() {
    let company = Company::new(
        Engine::Sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v);
         INSERT INTO t VALUES (0, 9223372036854775807), (1, 0.1 + 0.2), (2, 1e-7), (3, 100.0), (4, ''), (5, NULL),
             (6, x'00FF'), (7, '0.10'), (8, '2026-03-01T12:00:00.123456+02:00'), (9, CAST(x'4A6FE9' AS TEXT)),
             (10, 'a' || char(0) || 'b'), (11, 1e300 * 1e10), (12, 'Ж🙂');",
    );
    let expected = [
        "9223372036854775807",
        "0.30000000000000004",
        "1.0e-07",
        "100.0",
        "",
        "NULL",
        "\\x00ff",
        "0.10",
        "2026-03-01T12:00:00.123456+02:00",
        "\\x4a6fe9",
        "a\0b",
        "Inf",
        "Ж🙂",
    ];
    assert_eq!(company.column("t", "v"), expected);
}

#[test]
fn whatever_was_read_finds_its_row_again() {
    let company = Company::new(
        Engine::Sqlite,
        "CREATE TABLE untyped (id PRIMARY KEY);
         INSERT INTO untyped VALUES (1), (0.1 + 0.2), ('x'), (x'c0ffee');
         CREATE TABLE typed (id BINARY(16) PRIMARY KEY) WITHOUT ROWID; INSERT INTO typed VALUES (x'c0ffee'), (7), ('x');",
    );
    for (table, values) in
        [("untyped", &["1", "0.30000000000000004", "x", "\\xc0ffee"][..]), ("typed", &["\\xc0ffee", "7", "x"])]
    {
        for value in values {
            assert_eq!(company.rows(table, &["id"], &[exact("id", &[value])]), [some(&[value])], "{table}");
        }
        let mut writer = company.connector.writer().unwrap();
        let keys: Vec<_> = values.iter().map(|value| key(&[value])).collect();
        assert_eq!(writer.delete(&name(table), &texts(&["id"]), &keys).unwrap(), values.len() as u64);
        writer.commit().unwrap();
    }
}

#[test]
fn a_key_that_could_be_two_rows_touches_neither() {
    let company = Company::new(
        Engine::Sqlite,
        "CREATE TABLE t (id PRIMARY KEY, owner TEXT); INSERT INTO t VALUES (1, 'ada'), ('1', 'bob')",
    );
    let mut writer = company.connector.writer().unwrap();
    let error = error_of(writer.delete(&name("t"), &texts(&["id"]), &[key(&["1"])]));
    assert!(error.ends_with("one key names 2 rows of t"), "{error}");
    drop(writer);
    assert_eq!(company.rows("t", &["owner"], &[exact("id", &["1"])]).len(), 2);
}

#[test]
fn a_stored_value_keeps_its_kind() {
    let company = Company::new(
        Engine::Sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, b BLOB, s TEXT); INSERT INTO t (id) VALUES (1)",
    );
    let mut writer = company.connector.writer().unwrap();
    let set = [("n", "42"), ("b", "\\x00ff"), ("s", "\\x00ff")]
        .map(|(column, value)| (column.to_owned(), Some(Personal::new(value.to_owned()))));
    assert_eq!(writer.update(&name("t"), &texts(&["id"]), &[key(&["1"])], &set).unwrap(), 1);
    writer.commit().unwrap();
    let connection = rusqlite::Connection::open(company.file()).unwrap();
    let kinds: String = connection
        .query_row("SELECT typeof(n) || ' ' || typeof(b) || ' ' || typeof(s) FROM t", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kinds, "integer blob text");
}

#[test]
fn names_are_found_whatever_their_case() {
    let company = Company::new(Engine::Sqlite, "CREATE TABLE T (Id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
    assert_eq!(company.rows("t", &["ID"], &[exact("iD", &["1"])]), [some(&["1"])]);
}

#[test]
fn erased_text_is_gone_from_the_file() {
    let company = Company::new(
        Engine::Sqlite,
        "PRAGMA journal_mode = DELETE; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
         INSERT INTO t VALUES (1, 'unforgettable-words'), (2, 'kept-words')",
    );
    let mut writer = company.connector.writer().unwrap();
    assert_eq!(writer.delete(&name("t"), &texts(&["id"]), &[key(&["1"])]).unwrap(), 1);
    writer.commit().unwrap();
    let file = std::fs::read(company.file()).unwrap();
    let holds = |words: &[u8]| file.windows(words.len()).any(|window| window == words);
    assert!(holds(b"kept-words") && !holds(b"unforgettable-words"));
}

#[test]
fn a_reader_cannot_be_made_to_write() {
    let company = Company::new(Engine::Sqlite, "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
    let file = std::fs::read(company.file()).unwrap();
    assert_eq!(company.rows("t", &["id"], &[exact("id", &["1"])]).len(), 1);
    assert_eq!(std::fs::read(company.file()).unwrap(), file);
}

#[test]
fn the_schema_tells_sqlite_s_own_ways() {
    let company = Company::new(
        Engine::Sqlite,
        "CREATE TABLE a (x INT, y INT, z TEXT, PRIMARY KEY (y, x));
         CREATE TABLE b (k TEXT PRIMARY KEY, ax INT, ay INT, g TEXT AS (lower(k)) STORED,
             FOREIGN KEY (ay, ax) REFERENCES a) WITHOUT ROWID;
         CREATE UNIQUE INDEX a_partial ON a (z) WHERE z <> '';
         CREATE UNIQUE INDEX a_folded ON a (lower(z));
         CREATE VIEW v AS SELECT * FROM a;",
    );
    let probed = company.connector.probe().unwrap();
    assert_eq!(probed.tables.keys().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let (a, b) = (probed.table(&name("a")).unwrap(), probed.table(&name("b")).unwrap());
    assert_eq!(a.primary_key, ["y", "x"]);
    // SQLite itself allows NULL in such a key.
    assert!(a.column("x").unwrap().nullable && !b.column("k").unwrap().nullable);
    assert!(a.unique.is_empty(), "{:?}", a.unique);
    assert!(b.column("g").is_some());
    assert_eq!(b.foreign_keys[0].name, "ay, ax");
    assert_eq!(b.foreign_keys[0].to_columns, ["y", "x"]);
}

#[test]
fn a_slow_statement_is_interrupted() {
    let company = Company::new(
        Engine::Sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);
         CREATE VIEW endless AS WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s)
           SELECT 1 AS id FROM s WHERE n < 0;
         CREATE TABLE log (n INTEGER);
         CREATE TRIGGER slow BEFORE DELETE ON t BEGIN INSERT INTO log SELECT id FROM endless; END",
    );
    let limits = Limits { statement: Duration::from_millis(50), ..Limits::default() };
    let connector = Sqlite::new(company.file(), limits);
    let late = rows(&mut *connector.reader().unwrap(), "endless", &["id"], &[exact("id", &["1"])]);
    assert_eq!(error_of(late), "the system did not answer in time");
    let mut writer = connector.writer().unwrap();
    let late = writer.delete(&name("t"), &texts(&["id"]), &[key(&["1"])]);
    assert_eq!(error_of(late), "the system did not answer in time");
    drop(writer);
    let mut reader = connector.reader().unwrap();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(40));
        let found = rows(&mut *reader, "t", &["id"], &[exact("id", &["1"])]).unwrap();
        assert_eq!(found, [some(&["1"])], "each statement has its own time");
    }
}

#[test]
fn a_locked_file_is_waited_for_no_longer_than_is_said() {
    let company = Company::new(Engine::Sqlite, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let limits = Limits { lock: Duration::from_millis(50), ..Limits::default() };
    let connector = Sqlite::new(company.file(), limits);
    let first = connector.writer().unwrap();
    assert_eq!(error_of(connector.writer()), "the system did not answer in time");
    drop(first);
    assert!(connector.writer().is_ok());
}

#[test]
fn connections_are_few() {
    let company = Company::new(Engine::Sqlite, "");
    let limits = Limits { connections: 2, statement: Duration::from_millis(200), ..Limits::default() };
    let connector = Sqlite::new(company.file(), limits);
    let both = (connector.reader().unwrap(), connector.reader().unwrap());
    assert_eq!(error_of(connector.reader()), "all connections to the system are in use by other work of our own");
    drop(both);
    assert!(connector.reader().is_ok() && connector.writer().is_ok());
}
