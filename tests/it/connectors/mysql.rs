//! What is particular to MySQL and MariaDB: many types, collations, engines without transactions, and a network in
//! between.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use habeas::connectors::mysql::{Limits, Mysql};
use proptest::prelude::*;

use super::*;
use crate::support::mysql::{self, PASSWORD};

fn limited(company: &Company, limits: Limits) -> Mysql {
    Mysql::new(&company.url.clone().into(), Path::new("/"), limits).unwrap()
}

fn database(company: &Company) -> &str {
    company.url.rsplit('/').next().unwrap()
}

const TYPES: &str = "
    SET time_zone = '+09:00';
    CREATE TABLE t (id int PRIMARY KEY, a decimal(30, 10), b double, c timestamp(6) NULL, d datetime(3), e blob, f json,
        g enum('glad', 'not glad'), h set('x', 'y'), i year, j bit(10), k time(6), l bigint unsigned, m date,
        n char(5), o float, p binary(4), q uuid, r inet6, s int(6) zerofill, u varchar(20) CHARACTER SET latin1,
        v tinyint(1), w longtext, x datetime, y bit(1), z time, aa point);
    INSERT INTO t VALUES (1, 12345678901234567890.0123456789, 0.1e0 + 0.2e0, '2026-03-01 21:00:00.123456',
        '2026-03-01 12:00:00.5', x'00ff', '{ \"b\":1.10 }', 'not glad', 'x,y', 1999, b'0000000101', '-838:59:59',
        18446744073709551615, '0044-03-15', 'ab', 0.1, 'ab', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::1', 42,
        'Zoë', 2, 'Ж🙂\\n', '2026-03-01 12:00:00', b'1', '25:00:00', Point(1, 2))";

#[test]
fn values_are_exact() {
    let company = Company::new(Engine::Mysql, TYPES);
    let columns: Vec<&str> = "a b c d e f g h i j k l m n o p q r s u v w x y z aa".split(' ').collect();
    let expected = [
        "12345678901234567890.0123456789",
        "0.30000000000000004",
        "2026-03-01 12:00:00.123456+00:00",
        "2026-03-01 12:00:00.500",
        "\\x00ff",
        r#"{ "b":1.10 }"#,
        "not glad",
        "x,y",
        "1999",
        "0000000101",
        "-838:59:59.000000",
        "18446744073709551615",
        "0044-03-15",
        "ab",
        "0.1",
        "\\x61620000",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "::1",
        "000042",
        "Zoë",
        "2",
        "Ж🙂\n",
        "2026-03-01 12:00:00",
        "1",
        "25:00:00",
        "\\x000000000101000000000000000000f03f0000000000000040",
    ];
    assert_eq!(company.rows("t", &columns, &[exact("id", &["1"])]), [some(&expected)]);
    // And each printed value finds its row and can be written back.
    for (column, value) in columns.iter().zip(expected) {
        assert_eq!(company.rows("t", &["id"], &[exact(column, &[value])]).len(), 1, "{column}");
        let mut writer = company.connector.writer().unwrap();
        let set = [((*column).to_owned(), Some(Personal::new(value.to_owned())))];
        assert_eq!(writer.update(&name("t"), &texts(&["id"]), &[key(&["1"])], &set).unwrap(), 1, "{column}");
        writer.commit().unwrap();
    }
    assert_eq!(company.rows("t", &columns, &[exact("id", &["1"])]), [some(&expected)]);
}

#[test]
fn what_other_databases_do_not_have_is_shown_as_it_is() {
    let company = Company::new(
        Engine::Mysql,
        "SET sql_mode = '';
         CREATE TABLE t (id int PRIMARY KEY, d date, m datetime, s timestamp NOT NULL DEFAULT 0, y year, e enum('a'), v text);
         INSERT INTO t VALUES (1, '0000-00-00', '2026-00-00', 0, 0, 'b', ''), (2, NULL, NULL, 0, NULL, NULL, NULL)",
    );
    let columns = ["d", "m", "s", "y", "e", "v"];
    let zero = ["0000-00-00", "2026-00-00 00:00:00", "0000-00-00 00:00:00", "0000", "", ""];
    assert_eq!(company.rows("t", &columns, &[exact("id", &["1"])]), [some(&zero)]);
    for (column, value) in columns.into_iter().zip(zero).filter(|(column, _)| *column != "s") {
        assert_eq!(company.rows("t", &["id"], &[exact(column, &[value])]), [some(&["1"])], "{column}");
    }
    let null = company.rows("t", &["d", "v"], &[exact("id", &["2"])]);
    assert_eq!(null, [[None, None]]);
}

#[test]
fn a_value_of_another_type_is_no_match() {
    let company = Company::new(Engine::Mysql, TYPES);
    company.execute(
        "DELETE FROM t; INSERT INTO t (id, n, w) VALUES (1, 'abc', 'abc'); SET sql_mode = '';
        INSERT INTO t (id, d, m, k) VALUES (0, 0, 0, 0)",
    );
    for column in "a b c d e f g h i j k l m o p q r s u v x y z".split(' ') {
        for comparison in [Comparison::Exact, Comparison::IgnoreCase, Comparison::PhoneDigits] {
            for value in ["abc", "99999999999999999999", "+1e999", "{", "\0", "Ж", "🙂", "' OR 1=1 -- "] {
                let found = company.rows("t", &["id"], &[compared(comparison, column, value)]);
                assert!(found.is_empty(), "{column} {value} {comparison:?}");
            }
        }
    }
    for column in ["n", "w"] {
        assert!(company.rows("t", &["id"], &[exact(column, &["abcd"])]).is_empty(), "{column}");
        assert_eq!(company.rows("t", &["id"], &[exact(column, &["abc"])]).len(), 1, "{column}");
    }
}

/// Whatever the column's collation finds the same: an address is the same in lower case, and else another.
#[test]
fn addresses_are_compared_in_lower_case_alone() {
    let company = Company::new(
        Engine::Mysql,
        "CREATE TABLE t (id int PRIMARY KEY, ci varchar(80) COLLATE utf8mb4_general_ci, bin varchar(80),
             latin varchar(80) CHARACTER SET latin1, INDEX (ci));
         INSERT INTO t VALUES (1, 'Ada@Example.com', 'Ada@Example.com', 'Ada@Example.com'),
             (2, 'adá@example.com', 'adá@example.com', 'adá@example.com'),
             (3, 'ada@example.com ', 'ada@example.com ', 'ada@example.com '),
             (4, 'ЖЕНЯ@пример.рф', 'ЖЕНЯ@пример.рф', NULL)",
    );
    for (column, value, ids) in [
        ("ci", "ada@example.com", &["1"][..]),
        ("bin", "ada@example.com", &["1"]),
        ("latin", "ada@example.com", &["1"]),
        ("latin", "adá@example.com", &["2"]),
        ("latin", "женя@пример.рф", &[]),
        ("ci", "женя@пример.рф", &["4"]),
        ("bin", "женя@пример.рф", &["4"]),
    ] {
        let found = company.rows("t", &["id"], &[compared(Comparison::IgnoreCase, column, value)]);
        assert_eq!(found, ids.iter().map(|id| some(&[id])).collect::<Vec<_>>(), "{column} {value}");
    }
}

#[test]
fn an_index_on_the_column_serves() {
    let company = Company::new(
        Engine::Mysql,
        "CREATE TABLE t (id int PRIMARY KEY, email varchar(80) COLLATE utf8mb4_general_ci, n varchar(20), KEY (email), KEY (n));
         INSERT INTO t WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000)
             SELECT n, concat(n, '@Example.com'), n FROM s;
         ANALYZE TABLE t",
    );
    let connector = limited(&company, Limits { connections: 1, ..Limits::default() });
    let read = |any_of: &[Match]| {
        let before = rows_read(&company);
        assert_eq!(
            rows(&mut *connector.reader().unwrap(), "t", &["id"], any_of).unwrap().len(),
            any_of[0].values.len()
        );
        rows_read(&company) - before
    };
    assert!(read(&[compared(Comparison::IgnoreCase, "email", "9@example.com")]) < 50);
    assert!(read(&[exact("n", &["7", "8"])]) < 50);
    let many: Vec<String> = (1..=500).map(|n| n.to_string()).collect();
    let many = Match::new("id", many, Comparison::Exact);
    assert!(read(&[many]) < 2000);
    let before = rows_read(&company);
    let mut writer = connector.writer().unwrap();
    let (t, id) = (name("t"), texts(&["id"]));
    let keys: Vec<Key> = (1..=2000).map(|n: u32| key(&[&n.to_string()])).collect();
    assert_eq!(writer.lock(&t, &id, &keys, &id, &mut |_| Ok(())).unwrap(), 2000);
    assert_eq!(writer.delete(&t, &id, &keys).unwrap(), 2000);
    drop(writer);
    assert!(rows_read(&company) - before < 12_000);
}

/// How many rows InnoDB has read of all tables so far: other tests read, too, but not thousands at this moment.
fn rows_read(company: &Company) -> i64 {
    let sql =
        "SELECT coalesce(sum(ROWS_READ), 0) FROM information_schema.TABLE_STATISTICS WHERE TABLE_SCHEMA = database()";
    mysql::execute(&mysql::admin_url(), "SET GLOBAL userstat = 1");
    mysql::query(&company.url, sql).parse().unwrap()
}

#[test]
fn more_values_than_a_statement_takes_give_each_row_once() {
    let company = Company::new(
        Engine::Mysql,
        "CREATE TABLE t (id int PRIMARY KEY, code varchar(20) COLLATE utf8mb4_general_ci);
         INSERT INTO t VALUES (1, 'A'), (2, 'b'), (3, 'C');
         CREATE TABLE keyless (code varchar(20)); INSERT INTO keyless VALUES ('a'), ('a'), ('b')",
    );
    let mut values: Vec<String> = (0..70_000).map(|n| format!("none {n}")).collect();
    values.insert(0, "a".to_owned());
    values.extend(texts(&["A", "b"]));
    let many = Match::new("code", values, Comparison::Exact);
    assert_eq!(company.rows("t", &["id"], &[many.clone(), exact("id", &["1", "2"])]), [some(&["1"]), some(&["2"])]);
    assert_eq!(company.rows("keyless", &["code"], &[many]).len(), 3);
    let numbers: Vec<String> = (0..70_000).map(|n| format!("{:05}", n / 2)).collect();
    let numbers = Match::new("id", numbers, Comparison::Exact);
    assert_eq!(company.rows("t", &["code"], &[numbers]).len(), 3);
}

#[test]
fn the_schema_tells_mysql_s_own_ways() {
    let company = Company::new(
        Engine::Mysql,
        "CREATE TABLE a (x int, y int, z varchar(20) COLLATE utf8mb4_general_ci, PRIMARY KEY (y, x), UNIQUE (z(3)));
         CREATE TABLE b (k varchar(9) PRIMARY KEY, ax int, ay int, g varchar(9) AS (lower(k)) STORED,
             CONSTRAINT to_a FOREIGN KEY (ay, ax) REFERENCES a (y, x) ON DELETE CASCADE);
         CREATE TABLE old (id int PRIMARY KEY) ENGINE MyISAM;
         CREATE TABLE kept (id int PRIMARY KEY) WITH SYSTEM VERSIONING;
         CREATE VIEW v AS SELECT * FROM a",
    );
    let probed = company.connector.probe().unwrap();
    assert_eq!(probed.default_schema.as_deref(), Some(database(&company)));
    assert_eq!(probed.tables.keys().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["a", "b", "kept", "old"]);
    let table = |table: &str| probed.table(&name(table)).unwrap();
    assert_eq!(table("a").primary_key, ["y", "x"]);
    assert_eq!(table("a").unique, [["z"]]);
    let collation = table("a").column("z").unwrap().collation.clone().unwrap();
    assert!(collation.ignores_case && collation.ignores_trailing_spaces, "{collation:?}");
    assert!(table("b").column("g").is_some());
    let [reference] = &table("b").foreign_keys[..] else { panic!("one reference") };
    assert_eq!((reference.name.as_str(), &reference.columns), ("to_a", &texts(&["ay", "ax"])));
    assert_eq!((&reference.to, &reference.to_columns), (&probed.qualified(&name("a")), &texts(&["y", "x"])));
    assert_eq!(table("a").unerasable, None);
    assert_eq!(table("old").unerasable.as_deref(), Some("its engine (MyISAM) has no transactions"));
    assert!(table("kept").unerasable.as_deref().unwrap().contains("history"));
}

#[test]
fn databases_are_told_apart() {
    let company =
        Company::new(Engine::Mysql, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'here')");
    let (url, other) = (mysql::fresh_database(), mysql::fresh_database());
    let (one, two) = (url.rsplit('/').next().unwrap(), other.rsplit('/').next().unwrap());
    mysql::execute(&mysql::admin_url(), &format!("GRANT ALL ON {two}.* TO {one}; CREATE TABLE {two}.t (id int PRIMARY KEY, v text);
        INSERT INTO {two}.t VALUES (1, 'there'); CREATE TABLE {one}.t LIKE {two}.t; INSERT INTO {one}.t VALUES (1, 'here')"));
    let connector = open(&url, Path::new("/")).unwrap();
    let probed = connector.probe().unwrap();
    assert_eq!(probed.tables.len(), 2);
    let mut reader = connector.reader().unwrap();
    assert_eq!(rows(&mut *reader, "t", &["v"], &[exact("id", &["1"])]).unwrap(), [some(&["here"])]);
    assert_eq!(rows(&mut *reader, &format!("{two}.t"), &["v"], &[exact("id", &["1"])]).unwrap(), [some(&["there"])]);
    assert_eq!(company.column("t", "v"), ["here"]);
}

#[test]
fn what_could_not_be_rolled_back_is_not_changed() {
    let company = Company::new(
        Engine::Mysql,
        "CREATE TABLE old (id int PRIMARY KEY) ENGINE MyISAM; INSERT INTO old VALUES (1);
         CREATE TABLE kept (id int PRIMARY KEY) WITH SYSTEM VERSIONING; INSERT INTO kept VALUES (1)",
    );
    for (table, why) in [("old", "no transactions"), ("kept", "history")] {
        let refused =
            error_of(company.connector.writer().unwrap().delete(&name(table), &texts(&["id"]), &[key(&["1"])]));
        assert!(refused.contains(why), "{refused}");
        assert_eq!(company.rows(table, &["id"], &[exact("id", &["1"])]).len(), 1, "it can be read");
    }
}

#[test]
fn a_locked_row_waits_for_its_writer() {
    let company = Company::new(Engine::Mysql, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    let other = limited(&company, Limits { lock: Duration::from_millis(50), ..Limits::default() });
    let (t, id, keys) = (name("t"), texts(&["id"]), [key(&["1"])]);
    let mut first = company.connector.writer().unwrap();
    assert_eq!(first.lock(&t, &id, &keys, &id, &mut |_| Ok(())).unwrap(), 1);
    let mut second = other.writer().unwrap();
    assert_eq!(second.delete(&t, &id, &[key(&["2"])]).unwrap(), 1, "only the row is locked");
    assert_eq!(error_of(second.delete(&t, &id, &keys)), "the system did not answer in time");
    assert!(error_of(second.commit()).ends_with("it was rolled back"));
    first.commit().unwrap();
    assert_eq!(other.writer().unwrap().delete(&t, &id, &keys).unwrap(), 1);
}

#[test]
fn a_slow_statement_is_interrupted() {
    let company = Company::new(
        Engine::Mysql,
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
         CREATE TRIGGER slow BEFORE DELETE ON t FOR EACH ROW SET @slow = sleep(60)",
    );
    let connector = limited(&company, Limits { statement: Duration::from_millis(50), ..Limits::default() });
    let late = connector.writer().unwrap().delete(&name("t"), &texts(&["id"]), &[key(&["1"])]);
    assert_eq!(error_of(late), "the system did not answer in time");
}

/// Many rows soon, then one that takes a minute.
const ENDLESS: &str = "CREATE VIEW t AS WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 901)
    SELECT 1 AS id, CASE WHEN n <= 900 THEN repeat('x', 10000) ELSE sleep(60) END AS v FROM s";

fn running(company: &Company) -> String {
    let sql = format!(
        "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = '{}' AND COMMAND <> 'Sleep' AND ID <> connection_id()",
        database(company)
    );
    mysql::query(&mysql::admin_url(), &sql)
}

#[test]
fn a_stopped_query_does_not_run_on() {
    let company = Company::new(Engine::Mysql, ENDLESS);
    let (t, columns, any_of) = (name("t"), texts(&["v"]), [exact("id", &["1"])]);
    let mut reader = company.connector.reader().unwrap();
    let stop = &mut |_: &Row| Err(ConnectorError::Stopped("enough".to_owned()));
    let select = Select { table: &t, columns: &columns, any_of: &any_of };
    assert_eq!(error_of(reader.select(&select, stop)), "stopped by the caller: enough");
    assert!((0..200).any(|_| running(&company) == "0"));
}

/// Somebody ends the query or the connection in the middle of a stream: an error, never a short result.
#[test]
fn a_stream_that_is_cut_off_is_an_error() {
    for (kill, expected) in [("KILL QUERY", "the system did not answer in time"), ("KILL", "cannot reach the system: ")]
    {
        let company = Company::new(Engine::Mysql, ENDLESS);
        let (t, columns, any_of) = (name("t"), texts(&["v"]), [exact("id", &["1"])]);
        let select = Select { table: &t, columns: &columns, any_of: &any_of };
        let mut reader = company.connector.reader().unwrap();
        let mut seen = 0;
        let cut = reader.select(&select, &mut |_| {
            seen += 1;
            if seen == 1 {
                let find = format!(
                    "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{}' AND COMMAND <> 'Sleep'",
                    database(&company)
                );
                let id = mysql::query(&mysql::admin_url(), &find);
                mysql::execute(&mysql::admin_url(), &format!("{kill} {id}"));
            }
            Ok(())
        });
        let error = error_of(cut);
        assert!(error.starts_with(expected), "{kill}: {error}");
        drop(reader);
        assert!(company.connector.reader().is_ok(), "the next reader has another connection");
    }
}

#[test]
fn connections_are_few_and_kept() {
    let company = Company::new(Engine::Mysql, "");
    let limits = Limits { connections: 2, statement: Duration::from_secs(2), ..Limits::default() };
    let connector = limited(&company, limits);
    for _ in 0..20 {
        drop((connector.reader().unwrap(), connector.reader().unwrap()));
    }
    let both = (connector.reader().unwrap(), connector.reader().unwrap());
    let count = format!("SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = '{}'", database(&company));
    // Those that made the database may still be ending.
    assert!((0..200).any(|_| mysql::query(&mysql::admin_url(), &count) == "2"));
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
    let company = Company::new(Engine::Mysql, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let one = [exact("id", &["1"])];
    assert_eq!(company.rows("t", &["id"], &one).len(), 1);
    mysql::execute(&mysql::admin_url(), &format!("KILL USER {}", database(&company)));
    assert_eq!(company.rows("t", &["id"], &one).len(), 1);
}

#[test]
fn the_right_password_is_taken_and_permissions_are_named() {
    let company = Company::new(Engine::Mysql, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    let (admin, database) = (mysql::admin_url(), database(&company));
    mysql::execute(&admin, &format!("GRANT SELECT ON {database}.t TO locked"));
    let url = mysql::as_user(&company.url, &format!("locked:{PASSWORD}"));
    let connector = open(&url, Path::new("/")).unwrap();
    let mut writer = connector.writer().unwrap();
    let refused = error_of(writer.delete(&name("t"), &texts(&["id"]), &[key(&["1"])]));
    assert_eq!(refused, "the database cannot run the statement: permission denied (error 1142) on t");
}

#[test]
fn it_works_from_another_runtime_s_blocking_threads() {
    let company = Company::new(Engine::Mysql, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let found = runtime.block_on(async {
        let work = move || company.rows("t", &["id"], &[exact("id", &["1"])]).len();
        tokio::task::spawn_blocking(work).await.unwrap()
    });
    assert_eq!(found, 1);
}

#[test]
fn the_server_s_certificate_is_checked() {
    let mysql::Encrypted { url, authority, stranger, .. } = mysql::encrypted();
    let probe = |host: &str, options: &str| {
        open(&format!("{}?{options}", url.replace("127.0.0.1", host)), Path::new("/")).unwrap().probe()
    };
    let rooted = |mode: &str, root: &Path| format!("ssl-mode={mode}&ssl-ca={}", root.display());
    for (host, options) in [
        ("localhost", rooted("verify_identity", authority)),
        ("localhost", rooted("verify_ca", authority)),
        ("localhost", "ssl-mode=required".to_owned()),
        ("127.0.0.1", "ssl-mode=preferred".to_owned()),
    ] {
        let probed = probe(host, &options);
        assert!(probed.is_ok(), "{host} {options}: {}", error_of(probed));
    }
    for (host, options) in [
        ("localhost", rooted("verify_identity", stranger)),
        ("localhost", rooted("verify_ca", stranger)),
        ("localhost", rooted("required", stranger)),
        ("127.0.0.1", rooted("preferred", stranger)),
        ("127.0.0.1", rooted("verify_identity", authority)),
        ("127.0.0.1", rooted("verify_ca", authority)),
        ("localhost", "ssl-mode=verify_identity".to_owned()),
        // The account is let in over TLS alone.
        ("localhost", "ssl-mode=disabled".to_owned()),
    ] {
        let refused = probe(host, &options);
        assert!(matches!(refused, Err(ConnectorError::Unreachable(_))), "{host} {options}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 50, ..ProptestConfig::default() })]

    /// What was written is read back, and finds its row.
    #[test]
    fn every_value_round_trips(
        text in "[^\0]{0,40}", bytes: Vec<u8>, double in proptest::num::f64::NORMAL, float in proptest::num::f32::NORMAL,
        number: i64, unsigned: u64, decimal in "-?[1-9][0-9]{0,24}\\.[0-9]{10}",
        micros in 0..253_402_300_799_000_000_i64, seconds in 1..2_147_483_647_i64,
    ) {
        thread_local!(static COMPANY: Company = Company::new(
            Engine::Mysql,
            "CREATE TABLE t (id int PRIMARY KEY, a longtext, b longblob, c double, d float, e bigint, f bigint unsigned,
                 g decimal(40, 10), h datetime(6), i timestamp NULL); INSERT INTO t (id) VALUES (1)",
        ));
        let moment = chrono::DateTime::from_timestamp_micros(micros).unwrap().format("%Y-%m-%d %H:%M:%S%.6f");
        let stamp = chrono::DateTime::from_timestamp(seconds, 0).unwrap().format("%Y-%m-%d %H:%M:%S+00:00");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let values = [
            ("a", text), ("b", format!("\\x{hex}")), ("e", number.to_string()), ("f", unsigned.to_string()),
            ("g", decimal), ("h", moment.to_string()), ("i", stamp.to_string()),
        ];
        COMPANY.with(|company| {
            let mut writer = company.connector.writer().unwrap();
            let mut set: Vec<_> =
                values.iter().map(|(c, v)| ((*c).to_owned(), Some(Personal::new(v.clone())))).collect();
            set.push(("c".to_owned(), Some(Personal::new(double.to_string()))));
            set.push(("d".to_owned(), Some(Personal::new(float.to_string()))));
            writer.update(&name("t"), &texts(&["id"]), &[key(&["1"])], &set).unwrap();
            writer.commit().unwrap();
            let columns: Vec<&str> = values.iter().map(|(c, _)| *c).chain(["c", "d"]).collect();
            let [row] = &company.rows("t", &columns, &[exact("id", &["1"])])[..] else { panic!("one row") };
            for ((column, value), read) in values.iter().zip(row) {
                assert_eq!(read.as_ref(), Some(value), "{column}");
                assert_eq!(company.rows("t", &["id"], &[exact(column, &[value])]).len(), 1, "{column}");
            }
            let read = |at: usize| row[at].clone().unwrap();
            assert_eq!(read(7).parse::<f64>().unwrap(), double);
            assert_eq!(read(8).parse::<f32>().unwrap(), float);
            for (column, at) in [("c", 7), ("d", 8)] {
                assert_eq!(company.rows("t", &["id"], &[exact(column, &[&read(at)])]).len(), 1, "{column}");
            }
        });
    }
}
