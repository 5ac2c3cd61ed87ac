//! What is particular to PostgreSQL: many types, schemas, locks that others wait for, and a network in between.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use habeas::connectors::postgres::{Limits, Postgres};
use rstest::rstest;

use super::*;
use crate::support::postgres::PASSWORD;

#[test]
fn values_are_exact() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE TYPE mood AS ENUM ('glad', 'not glad');
         CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'never');
         CREATE TABLE t (id int PRIMARY KEY, a numeric(10, 2), b float8, c timestamptz, d timestamp, e bytea, f jsonb,
             g text[], h uuid, i mood, j inet, k interval, l boolean, m short, n int4range, o json, p date, q float4);
         INSERT INTO t VALUES (1, 0.10, 1e-7, '2026-03-01 12:00:00.123456+02', '2026-03-01 12:00:00.5', '\\x00ff',
             '{\"b\": 1.10, \"a\": null}', ARRAY['x', NULL, '', 'Ж'], 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'not glad',
             '10.0.0.1', '1 day 2 hours', true, 'short', '[1,5)', '{ \"b\":1 }', '0044-03-15 BC', 0.1)",
    );
    // Whatever the company's own settings are.
    company.execute(&format!("ALTER DATABASE {} SET TimeZone = 'Asia/Tokyo'", database(&company)));
    company.execute(&format!("ALTER DATABASE {} SET DateStyle = 'German'", database(&company)));
    let columns = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"];
    let expected = [
        "0.10",
        "1e-07",
        "2026-03-01 10:00:00.123456+00",
        "2026-03-01 12:00:00.5",
        "\\x00ff",
        r#"{"a": null, "b": 1.10}"#,
        r#"{x,NULL,"",Ж}"#,
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "not glad",
        "10.0.0.1",
        "P1DT2H",
        "true",
        "short",
        "[1,5)",
        r#"{ "b":1 }"#,
        "0044-03-15 BC",
        "0.1",
    ];
    assert_eq!(company.rows("t", &columns, &[exact("id", &["1"])]), [some(&expected)]);
    // And each printed value finds its row and can be written back.
    for (column, value) in columns.into_iter().zip(expected) {
        assert_eq!(company.rows("t", &["id"], &[exact(column, &[value])]).len(), 1, "{column}");
        let mut writer = company.connector.writer().unwrap();
        let set = [(column.to_owned(), Some(Personal::new(value.to_owned())))];
        assert_eq!(writer.update(&name("t"), &texts(&["id"]), &[key(&["1"])], &set).unwrap(), 1, "{column}");
        writer.commit().unwrap();
    }
    assert_eq!(company.rows("t", &columns, &[exact("id", &["1"])]), [some(&expected)]);
}

/// Many rows are copied and few are not: each value, of whatever type, is the same either way.
#[test]
fn many_rows_come_as_few_do() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE TYPE mood AS ENUM ('glad', 'not glad');
         CREATE DOMAIN short AS varchar(9);
         CREATE DOMAIN yes AS boolean;
         CREATE TABLE t (id int PRIMARY KEY, a numeric, b float8, c timestamptz, d timestamp, e bytea, f jsonb, g text[], h uuid,
             i mood, j inet, k interval, l boolean, m short, n int4range, o json, p date, q float4, r char(7), s name, t cidr,
             u money, v time, w timetz, x text, y yes, z \"char\", aa bit(3), ab int[], ac smallint, ad bigint, ae macaddr);
         INSERT INTO t SELECT n, n / 7.0, n / 3.0, '2026-03-01 12:00:00.123456+02'::timestamptz + n * interval '1 s', now()::timestamp,
             decode(md5(n::text), 'hex'), jsonb_build_object('a', n, 'b', E'x\\ty\\\\'), ARRAY['x', NULL, '', E'a\\nb\\\\', 'Ж'], md5(n::text)::uuid,
             'not glad', '10.0.0.1', '1 day 2 hours', n % 2 = 0, 'short', '[1,5)', '{ \"b\":1 }', '0044-03-15 BC', n / 9.0, 'ab', 'name',
             '10.1.0.0/16', 12.5, '12:00:01.5', '12:00:01+02', E'tab\\t line\\n cr\\r back\\\\ N\\\\N \\b\\f\\x0b é😀 ' || n, n % 3 = 0, 'q', B'101',
             ARRAY[n, NULL], n, n::bigint * 1000000007, '08:00:2b:01:02:03'
         FROM generate_series(1, 1200) n;
         INSERT INTO t (id, x, r) SELECT n, '', '' FROM generate_series(1201, 1300) n;
         INSERT INTO t (id, x) VALUES (1301, '\\N'), (1302, E'\\\\')",
    );
    let columns = [
        "id", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u",
        "v", "w", "x", "y", "z", "aa", "ab", "ac", "ad", "ae",
    ];
    let ids = |from: u32, to: u32| {
        let ids: Vec<String> = (from..=to).map(|id| id.to_string()).collect();
        company.rows("t", &columns, &[Match::new("id", ids, Comparison::Exact)])
    };
    let sorted = |mut rows: Vec<Vec<Option<String>>>| {
        rows.sort();
        rows
    };
    let few = sorted([ids(1, 700), ids(701, 1302)].concat());
    assert_eq!(few.len(), 1302);
    assert!(sorted(ids(1, 1302)) == few, "by an index");
    // By all rows, where PostgreSQL knows that almost all are asked for; and by what no index serves.
    company.execute("ANALYZE t; UPDATE pg_class SET reltuples = 50000 WHERE relname = 't'");
    let ids_and = |more: Match| vec![exact("l", &["true", "false"]), more];
    let wide = company.rows("t", &columns, &ids_and(compared(Comparison::IgnoreCase, "m", "SHORT")));
    assert_eq!(wide.len(), 1200);
    let there = |row: &Vec<Option<String>>| few.contains(row);
    assert!(wide.iter().all(there), "through all rows");
    assert_eq!(company.rows("t", &[], &[exact("l", &["true", "false"])]).len(), 1200);
}

/// Many rows in one transaction after another: what is set for the one does not stay for the other.
#[test]
fn many_rows_can_be_asked_for_again_in_one_snapshot() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE TABLE t (id int PRIMARY KEY, owner int NOT NULL, x text);
         INSERT INTO t SELECT n, n % 2, repeat('x', 10) FROM generate_series(1, 30000) n; CREATE INDEX ON t (owner); ANALYZE t",
    );
    let mut reader = company.connector.reader().unwrap();
    for (owner, count) in [("1", 15000), ("0", 15000), ("7", 0), ("1", 15000)] {
        let found = rows(&mut *reader, "t", &["id", "owner"], &[exact("owner", &[owner])]).unwrap();
        assert_eq!(found.len(), count);
        assert!(found.iter().all(|row| row[1].as_deref() == Some(owner)));
    }
    // A few rows that take much memory are not held in it, and come once.
    company.execute("INSERT INTO t SELECT n, 9, repeat('y', 100000) FROM generate_series(70001, 70030) n");
    let found = company.rows("t", &["id", "x"], &[exact("owner", &["9"])]);
    assert_eq!(found.len(), 30);
}

/// Each row of a large table is looked for in a long list, which would take as many comparisons as the one has rows and the
/// other values, if the server did not hash it.
#[test]
fn many_rows_are_looked_for_in_long_lists() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE TABLE t (id int PRIMARY KEY, owner int NOT NULL);
         INSERT INTO t SELECT n, n % 50000 FROM generate_series(1, 200000) n; ANALYZE t",
    );
    let limits = Limits { statement: Duration::from_secs(5), ..Limits::default() };
    let connector = Postgres::new(&company.url.clone().into(), Path::new("/"), limits).unwrap();
    let owners = (1..=25_000).map(|owner| (2 * owner).to_string()).collect();
    let any_of = [Match::new("owner", owners, Comparison::Exact)];
    let mut count = 0;
    let select = Select { table: &name("t"), columns: &texts(&["id", "owner"]), any_of: &any_of };
    let mut reader = connector.reader().unwrap();
    let found = reader.select(&select, &mut |row| {
        count += u32::from(row.get(1).unwrap().parse::<u32>().unwrap() % 2 == 0);
        Ok(())
    });
    assert_eq!((found.unwrap(), count), (99_996, 99_996), "all even owners but 0");
}

fn database(company: &Company) -> &str {
    company.url.rsplit('/').next().unwrap()
}

const URN: &str = "urn:uuid:0190f3a0-0000-7000-8000-000000000000";

#[test]
fn a_value_of_another_type_is_no_match() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE TYPE mood AS ENUM ('glad');
         CREATE TABLE t (a int2, b int4, c int8, d uuid, e numeric, f mood, g date, h timestamptz, i boolean, j float8,
             k bytea, l jsonb, m int[], n inet, o varchar(3), p char(3));
         INSERT INTO t (o, p) VALUES ('abc', 'abc')",
    );
    for column in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"] {
        for comparison in [Comparison::Exact, Comparison::IgnoreCase, Comparison::PhoneDigits] {
            for value in ["abc", "", "99999999999999999999", "+1e999", "{", "\0", URN] {
                let found = company.rows("t", &["a"], &[compared(comparison, column, value)]);
                assert!(found.is_empty(), "{column} {value}");
            }
        }
    }
    // Nor does a longer value match by being cut off.
    for column in ["o", "p"] {
        assert!(company.rows("t", &["a"], &[exact(column, &["abcd"])]).is_empty(), "{column}");
        assert_eq!(company.rows("t", &["a"], &[exact(column, &["abc"])]).len(), 1, "{column}");
    }
}

#[test]
fn schemas_are_told_apart() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE SCHEMA \"cr m\"; CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'public');
         CREATE TABLE \"cr m\".t (id int PRIMARY KEY, v text, t_id int REFERENCES public.t);
         INSERT INTO \"cr m\".t VALUES (1, 'crm')",
    );
    assert_eq!(company.column("t", "v"), ["public"]);
    assert_eq!(company.column("cr m.t", "v"), ["crm"]);
    let probed = company.connector.probe().unwrap();
    assert_eq!(probed.default_schema.as_deref(), Some("public"));
    assert_eq!(probed.table(&name("cr m.t")).unwrap().foreign_keys[0].to, name("public.t"));
    let mut writer = company.connector.writer().unwrap();
    assert_eq!(writer.delete(&name("cr m.t"), &texts(&["id"]), &[key(&["1"])]).unwrap(), 1);
    writer.commit().unwrap();
    assert_eq!(company.column("t", "v"), ["public"]);
}

#[test]
fn a_partitioned_table_is_one_table() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE TABLE t (id int, part text, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
         CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a'); CREATE TABLE t_b PARTITION OF t FOR VALUES IN ('b');
         INSERT INTO t VALUES (1, 'a'), (1, 'b')",
    );
    let probed = company.connector.probe().unwrap();
    assert_eq!(probed.tables.keys().map(ToString::to_string).collect::<Vec<_>>(), ["public.t"]);
    assert_eq!(company.rows("t", &["part"], &[exact("id", &["1"])]), [some(&["a"]), some(&["b"])]);
}

#[test]
fn an_index_on_the_column_serves() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE TABLE t (id int PRIMARY KEY, email varchar(80));
         INSERT INTO t SELECT n, n || '@Example.com' FROM generate_series(1, 20000) n;
         CREATE INDEX ON t (lower(email)); ANALYZE t",
    );
    let connector = Postgres::new(&company.url.clone().into(), Path::new("/"), Limits::default()).unwrap();
    let before = whole_table_scans(&company);
    let any_of = [exact("id", &["7", "8", "abc"]), compared(Comparison::IgnoreCase, "email", "9@example.com")];
    assert_eq!(rows(&mut *connector.reader().unwrap(), "t", &["id"], &any_of).unwrap().len(), 3);
    let mut writer = connector.writer().unwrap();
    let (t, id, keys) = (name("t"), texts(&["id"]), [key(&["7"])]);
    assert_eq!(writer.lock(&t, &id, &keys, &id, &mut |_| Ok(())).unwrap(), 1);
    assert_eq!(writer.delete(&t, &id, &keys).unwrap(), 1);
    drop(writer);
    drop(connector);
    assert_eq!(whole_table_scans(&company), before);
}

/// How often a table of the company's was read from end to end. A connection reports that at the latest when it ends.
fn whole_table_scans(company: &Company) -> String {
    let others = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    assert!((0..200).any(|_| server::query(&company.url, others) == "0"), "every other connection has ended");
    server::query(&company.url, "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_user_tables")
}

#[test]
fn a_locked_row_waits_for_its_writer() {
    let company = Company::new(Engine::Postgres, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    let limits = Limits { lock: Duration::from_millis(50), ..Limits::default() };
    let other = Postgres::new(&company.url.clone().into(), Path::new("/"), limits).unwrap();
    let (t, id, keys) = (name("t"), texts(&["id"]), [key(&["1"])]);
    let mut first = company.connector.writer().unwrap();
    assert_eq!(first.lock(&t, &id, &keys, &id, &mut |_| Ok(())).unwrap(), 1);
    let refused = error_of(other.writer().unwrap().delete(&t, &id, &keys));
    assert_eq!(refused, "the system did not answer in time");
    first.commit().unwrap();
    assert_eq!(other.writer().unwrap().delete(&t, &id, &keys).unwrap(), 1);
}

#[test]
fn a_slow_statement_is_interrupted() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE TABLE real (id int); INSERT INTO real VALUES (1);
         CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
         CREATE TRIGGER slow BEFORE DELETE ON real FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    let limits = Limits { statement: Duration::from_millis(50), ..Limits::default() };
    let connector = Postgres::new(&company.url.clone().into(), Path::new("/"), limits).unwrap();
    let late = connector.writer().unwrap().delete(&name("real"), &texts(&["id"]), &[key(&["1"])]);
    assert_eq!(error_of(late), "the system did not answer in time");
}

#[test]
fn connections_are_few_and_kept() {
    let company = Company::new(Engine::Postgres, "");
    let limits = Limits { connections: 2, statement: Duration::from_secs(2), ..Limits::default() };
    let connector = Postgres::new(&company.url.clone().into(), Path::new("/"), limits).unwrap();
    for _ in 0..20 {
        drop((connector.reader().unwrap(), connector.reader().unwrap()));
    }
    let count = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND backend_type = 'client backend'",
        database(&company)
    );
    // The connection that counts is one of them.
    assert_eq!(server::query(&company.url, &count), "3");
    let both = (connector.reader().unwrap(), connector.reader().unwrap());
    assert_eq!(error_of(connector.reader()), "all connections to the system are in use by other work of our own");
    let connector = &connector;
    thread::scope(|scope| {
        let (waiting, told) = mpsc::channel();
        let third = scope.spawn(move || {
            waiting.send(()).unwrap();
            connector.reader().map(|_| ()).is_ok()
        });
        told.recv().unwrap();
        drop(both);
        assert!(third.join().unwrap());
    });
}

#[test]
fn a_connection_that_died_meanwhile_is_replaced() {
    let company = Company::new(Engine::Postgres, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let one = [exact("id", &["1"])];
    assert_eq!(company.rows("t", &["id"], &one).len(), 1);
    server::execute(
        &company.url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    assert_eq!(company.rows("t", &["id"], &one).len(), 1);
}

#[test]
fn a_stopped_query_does_not_run_on() {
    // Many rows soon, then one that takes a minute.
    let company = Company::new(
        Engine::Postgres,
        "CREATE VIEW t AS SELECT 1 AS id, CASE WHEN n <= 5000 THEN repeat('x', 1000) ELSE pg_sleep(60)::text END AS v
         FROM generate_series(1, 5001) n",
    );
    let (t, columns, any_of) = (name("t"), texts(&["v"]), [exact("id", &["1"])]);
    let mut reader = company.connector.reader().unwrap();
    let stop = &mut |_: &Row| Err(ConnectorError::Stopped("enough".to_owned()));
    let select = Select { table: &t, columns: &columns, any_of: &any_of };
    assert_eq!(error_of(reader.select(&select, stop)), "stopped by the caller: enough");
    let running = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
                     AND backend_type = 'client backend'";
    // The server acts on the request when it next looks; each question gives it the time.
    let asked_since = Instant::now();
    let is_over = || server::query(&company.url, running) == "0";
    while !is_over() {
        assert!(asked_since.elapsed() < Duration::from_secs(30), "it runs on");
    }
}

#[test]
fn the_right_password_is_taken_and_permissions_are_named() {
    let company = Company::new(Engine::Postgres, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    let url = server::as_role(&company.url, &format!("locked:{PASSWORD}"));
    let connector = open(&url, Path::new("/")).unwrap();
    assert!(connector.probe().unwrap().tables.is_empty(), "what may not be read is not seen");
    let refused = rows(&mut *connector.reader().unwrap(), "t", &["id"], &[exact("id", &["1"])]);
    let expected = "the database cannot run the statement: permission denied (SQLSTATE 42501) on t";
    assert_eq!(error_of(refused), expected);
}

/// Rows that a policy hides would be missed in silence.
#[test]
fn a_table_whose_rows_are_hidden_is_refused() {
    let company = Company::new(
        Engine::Postgres,
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2);
         GRANT SELECT ON t TO locked; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id > 1)",
    );
    assert_eq!(company.rows("t", &["id"], &[exact("id", &["1"])]).len(), 1, "whom the policy does not concern");
    let connector = open(&server::as_role(&company.url, &format!("locked:{PASSWORD}")), Path::new("/")).unwrap();
    let refused = rows(&mut *connector.reader().unwrap(), "t", &["id"], &[exact("id", &["1", "2"])]);
    assert!(error_of(refused).contains("SQLSTATE 42501"));
    let guarded = |url: &str| open(url, Path::new("/")).unwrap().probe().unwrap().guarded;
    let locked = guarded(&server::as_role(&company.url, &format!("locked:{PASSWORD}")));
    assert_eq!(locked.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["t"], "and told beforehand");
    assert!(guarded(&company.url).is_empty());
}

#[test]
fn it_works_from_another_runtime_s_blocking_threads() {
    let company = Company::new(Engine::Postgres, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let found = runtime.block_on(async {
        let work = move || company.rows("t", &["id"], &[exact("id", &["1"])]).len();
        tokio::task::spawn_blocking(work).await.unwrap()
    });
    assert_eq!(found, 1);
}

#[test]
fn the_server_s_certificate_is_checked() {
    let company = Company::new(Engine::Postgres, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let (authority, stranger) = server::certificates();
    let probe = |host: &str, options: &str| {
        let url = server::as_role(&company.url, server::ENCRYPTED_ROLE).replace("127.0.0.1", host);
        open(&format!("{url}?{options}"), Path::new("/")).unwrap().probe()
    };
    let rooted = |mode: &str, root: &Path| format!("sslmode={mode}&sslrootcert={}", root.display());
    assert!(probe("localhost", &rooted("verify-full", &authority)).is_ok());
    assert!(probe("localhost", "sslmode=require").is_ok(), "encrypted, and unchecked as in libpq");
    for (host, options) in [
        ("localhost", rooted("verify-full", &stranger)),
        ("localhost", rooted("require", &stranger)),
        ("127.0.0.1", rooted("verify-full", &authority)),
        ("localhost", "sslmode=verify-full".to_owned()),
        ("localhost", "sslmode=disable".to_owned()),
    ] {
        let refused = probe(host, &options);
        assert!(refused.is_err(), "{host} {options}");
    }
}

/// What a transaction sees that began before a change is not known under the mark that tells of it.
#[test]
fn what_an_older_snapshot_shows_is_not_known_under_a_later_mark() {
    let company = Company::new(Engine::Postgres, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let connector = &*company.connector;
    let found = |reader: &mut dyn Reader, id: &str| rows(reader, "t", &["id"], &[exact("id", &[id])]).unwrap();
    connector.schema_mark().unwrap();
    let mut before = connector.reader().unwrap();
    company.execute("ALTER TABLE t ALTER COLUMN id TYPE bigint; INSERT INTO t VALUES (3000000000)");
    connector.schema_mark().unwrap();
    found(&mut *before, "1");
    drop(before);
    assert_eq!(found(&mut *connector.reader_under_mark().unwrap(), "3000000000"), [some(&["3000000000"])]);
}

/// What is known under a mark is taken as it is until the mark is another one.
#[test]
fn what_is_known_under_a_mark_is_asked_for_with_the_next() {
    let company = Company::new(Engine::Postgres, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let connector = &*company.connector;
    let found =
        |id: &str| rows(&mut *connector.reader_under_mark().unwrap(), "t", &["id"], &[exact("id", &[id])]).unwrap();
    assert_eq!(found("1"), [some(&["1"])], "no mark was asked for");
    connector.schema_mark().unwrap();
    assert_eq!(found("1"), [some(&["1"])]);
    company.execute("ALTER TABLE t ALTER COLUMN id TYPE bigint; INSERT INTO t VALUES (3000000000)");
    assert_eq!(found("3000000000"), none());
    connector.schema_mark().unwrap();
    assert_eq!(found("3000000000"), [some(&["3000000000"])]);
}

/// A writer that took columns as known commits where they still are so, whatever else changed, and says so where not.
#[rstest]
#[case::another_table("CREATE TABLE other (id int)", true)]
#[case::its_rows_counted("VACUUM ANALYZE t", true)]
#[case::another_type("ALTER TABLE t ALTER COLUMN note TYPE varchar(99)", false)]
fn columns_taken_as_known_are_held_to_the_mark(#[case] change: &str, #[case] holds: bool) {
    let company =
        Company::new(Engine::Postgres, "CREATE TABLE t (id int PRIMARY KEY, note text); INSERT INTO t VALUES (1, 'x')");
    let connector = &*company.connector;
    let mark = connector.schema_mark().unwrap().unwrap();
    company.rows("t", &["id", "note"], &[exact("id", &["1"])]);
    let mut writer = connector.writer_under_mark().unwrap();
    company.execute(change);
    assert_eq!(writer.delete(&name("t"), &texts(&["id"]), &[key(&["1"])]).unwrap(), 1);
    let held = writer.schema_unless(&mark);
    assert_eq!(held.is_ok(), holds, "{held:?}");
    drop(writer);
    assert_eq!(company.column("t", "id"), ["1"]);
}

/// What was known of a table holds until it changes, whichever transaction looks next.
#[test]
fn a_changed_column_is_looked_at_anew() {
    let company = Company::new(Engine::Postgres, "CREATE TYPE mood AS ENUM ('glad'); CREATE TABLE t (id int, m mood)");
    company.execute("INSERT INTO t VALUES (1, 'glad')");
    let found = |id: &str| company.rows("t", &["id", "m"], &[exact("id", &[id])]);
    assert_eq!(found("1"), [some(&["1", "glad"])]);
    assert_eq!(found("abc"), none(), "no number");
    company.execute("ALTER TABLE t ALTER COLUMN id TYPE text; INSERT INTO t VALUES ('abc', 'glad')");
    assert_eq!(found("abc"), [some(&["abc", "glad"])]);
    company.execute("ALTER TYPE mood RENAME TO temper");
    assert_eq!(company.rows("t", &["id"], &[exact("m", &["glad"])]).len(), 2);
    company.execute("DROP TABLE t; CREATE TABLE t (id uuid, m int)");
    assert_eq!(found("abc"), none());
}

fn none() -> Rows {
    Vec::new()
}
