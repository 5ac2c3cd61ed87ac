//! What every connector does.

use habeas::connectors::{Comparison, ConnectorError, Keyed, Match, Own, Select, Writer, schema::ColumnKind};
use habeas::domain::personal::Personal;
use rstest::rstest;

use super::*;

const PEOPLE: &str = "
    CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT UNIQUE, phone TEXT, name TEXT NOT NULL);
    CREATE INDEX people_by_name ON people (name, id);
    INSERT INTO people VALUES
        (1, 'Ada@Example.com', '+44 (20) 7946-0001', 'Ada'),
        (2, 'bob@example.com', '442079460002', ''),
        (3, NULL, 'n/a', 'Zoë 🙂'),
        (4, 'ЖЕНЯ@пример.рф', '+', 'Женя');
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        person_id INTEGER NOT NULL,
        total NUMERIC(10, 2),
        CONSTRAINT orders_person FOREIGN KEY (person_id) REFERENCES people (id),
        CONSTRAINT not_negative CHECK (total >= 0)
    );
    INSERT INTO orders VALUES (10, 1, 5), (11, 1, 7), (12, 2, 9);
    CREATE TABLE seats (hall TEXT, seat INTEGER, taken_by INTEGER, PRIMARY KEY (seat, hall));
    INSERT INTO seats VALUES ('a', 1, 1), ('a', 2, 2), ('b', 1, 2), ('b', 2, 1);
";

#[rstest]
fn null_is_not_the_empty_string(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    let found = company.rows("people", &["name", "email"], &[exact("id", &["2", "3"])]);
    assert_eq!(found, [some(&["", "bob@example.com"]), vec![Some("Zoë 🙂".to_owned()), None]]);
}

#[rstest]
#[case::other_case(Comparison::IgnoreCase, "email", "ada@example.com", &["1"])]
#[case::other_case_beyond_ascii(Comparison::IgnoreCase, "email", "женя@пример.рф", &["4"])]
#[case::nobody(Comparison::IgnoreCase, "email", "eve@example.com", &[])]
#[case::formatted_number(Comparison::PhoneDigits, "phone", "+442079460001", &["1"])]
#[case::number_without_plus(Comparison::PhoneDigits, "phone", "+442079460002", &["2"])]
#[case::no_digits_meet_nothing(Comparison::PhoneDigits, "phone", "+", &[])]
#[case::exact(Comparison::Exact, "email", "bob@example.com", &["2"])]
#[case::exact_means_exact(Comparison::Exact, "email", "ada@example.com", &[])]
#[case::number(Comparison::Exact, "id", "3", &["3"])]
#[case::no_number(Comparison::Exact, "id", "abc", &[])]
#[case::number_out_of_range(Comparison::Exact, "id", "99999999999999999999", &[])]
#[case::hostile(Comparison::Exact, "email", "' OR 1=1 --", &[])]
#[case::nul(Comparison::Exact, "email", "bob@example.com\0", &[])]
fn values_are_compared(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
    #[case] comparison: Comparison,
    #[case] column: &str,
    #[case] value: &str,
    #[case] ids: &[&str],
) {
    let company = Company::new(engine, PEOPLE);
    let found = company.rows("people", &["id"], &[compared(comparison, column, value)]);
    assert_eq!(found, ids.iter().map(|id| some(&[id])).collect::<Vec<_>>());
}

#[rstest]
fn a_row_comes_once_however_many_matches_it_meets(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
) {
    let company = Company::new(engine, PEOPLE);
    let found = company.rows(
        "people",
        &["id"],
        &[
            exact("id", &["1", "1", "2"]),
            compared(Comparison::IgnoreCase, "email", "ada@example.com"),
            compared(Comparison::PhoneDigits, "phone", "+442079460001"),
        ],
    );
    assert_eq!(found, [some(&["1"]), some(&["2"])]);
}

#[rstest]
fn twenty_thousand_values_fit_in_one_match(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    company.execute(
        "INSERT INTO people (id, name)
         WITH RECURSIVE n (n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM n WHERE n < 25000) SELECT n, 'many' FROM n",
    );
    let values: Vec<String> = (1000..21_000).chain(1..3).map(|n| n.to_string()).collect();
    let many = Match::new("id", values.clone(), Comparison::Exact);
    assert_eq!(company.rows("people", &["id"], &[many, exact("name", &["Ada"])]).len(), 20_002);

    let keys: Vec<_> = values.iter().map(|value| key(&[value])).collect();
    let mut writer = company.connector.writer().unwrap();
    let set = [("phone".to_owned(), None)];
    assert_eq!(writer.update(&name("people"), &texts(&["id"]), &keys, &set).unwrap(), 20_002);
    assert_eq!(writer.delete(&name("people"), &texts(&["id"]), &keys[..20_000]).unwrap(), 20_000);
}

/// More rows than one statement takes, by a composite key; one of them is not there.
#[rstest]
fn each_row_gets_values_of_its_own(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    company.execute(
        "CREATE TABLE items (tenant INTEGER NOT NULL, number INTEGER NOT NULL, code VARCHAR(20), price INTEGER, note VARCHAR(20),
             PRIMARY KEY (tenant, number));
         INSERT INTO items WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 12000)
         SELECT n % 3, n, 'code', 7, 'note' FROM n",
    );
    let (items, by) = (name("items"), texts(&["tenant", "number"]));
    let own = |n: u32| {
        let values = [format!("code {n}"), (n + 1).to_string()].map(Personal::new);
        Own { key: key(&[&(n % 3).to_string(), &n.to_string()]), values: values.into() }
    };
    let rows: Vec<Own> = (2..=12_001).map(own).collect();
    let set = [("note".to_owned(), None)];
    let mut writer = company.connector.writer().unwrap();
    assert_eq!(writer.update_each(&items, &by, &texts(&["code", "price"]), &rows, &set).unwrap(), 11_999);
    assert_eq!(writer.update_each(&items, &by, &texts(&["code"]), &[], &set).unwrap(), 0);
    writer.commit().unwrap();
    let all = company.rows("items", &["number", "code", "price", "note"], &[exact("tenant", &["0", "1", "2"])]);
    assert_eq!(all.len(), 12_000);
    for row in all {
        let number: u32 = row[0].as_deref().unwrap().parse().unwrap();
        let (code, price) = (format!("code {number}"), (number + 1).to_string());
        let expected =
            if number == 1 { ["code", "7", "note"].map(Some) } else { [Some(code.as_str()), Some(&price), None] };
        assert_eq!(row[1..].iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{number}");
    }
}

/// The columns of a composite key, each with its values: few, and more than one statement takes. Where the columns come from
/// two matches, each is a condition of its own.
#[rstest]
fn all_columns_of_a_match_have_to_hold(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
    #[values(3, 12_000)] values: usize,
) {
    let company = Company::new(engine, PEOPLE);
    company.execute(
        "CREATE TABLE items (tenant INTEGER NOT NULL, number INTEGER NOT NULL, code VARCHAR(20), PRIMARY KEY (tenant, number));
         INSERT INTO items WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900)
         SELECT n % 3, n, CASE WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END FROM n",
    );
    let numbers: Vec<String> = (4..4 + values).map(|n| n.to_string()).collect();
    let tenants = || ("tenant".to_owned(), (1..=values).map(|n| n.to_string()).collect::<Vec<_>>());
    let some = Match { also: vec![tenants()], ..Match::new("number", numbers, Comparison::Exact) };
    let expected = |holds: fn(usize) -> bool| {
        let mut all: Vec<_> = (1..=900).filter(|n| holds(*n)).map(|n| vec![Some(n.to_string())]).collect();
        all.sort();
        all
    };
    let found = |any_of: &[Match]| company.rows("items", &["number"], any_of);
    let few = values == 3;
    let of_some = if few { expected(|n| matches!(n, 4 | 5)) } else { expected(|n| n >= 4 && n % 3 != 0) };
    assert_eq!(found(std::slice::from_ref(&some)), of_some);
    let with_code = Match { also: vec![tenants(), ("code".to_owned(), texts(&["even"]))], ..some.clone() };
    let even = if few { expected(|n| n == 4) } else { expected(|n| n >= 4 && n % 6 != 0 && n % 2 == 0) };
    assert_eq!(found(&[with_code]), even);
    let or = if few { expected(|n| matches!(n, 1 | 4 | 5)) } else { expected(|n| n == 1 || (n >= 4 && n % 3 != 0)) };
    assert_eq!(found(&[some.clone(), exact("number", &["1"])]), or);
    let nothing = Match { also: vec![("tenant".to_owned(), texts(&["none"]))], ..some };
    assert_eq!(found(&[nothing]), Vec::<Vec<Option<String>>>::new(), "what the column cannot hold meets no row");
}

#[rstest]
fn one_reader_is_one_snapshot(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    let everyone = [exact("id", &["1", "2", "3", "4", "5"])];
    let mut reader = company.connector.reader().unwrap();
    company.execute("INSERT INTO people (id, name) VALUES (5, 'late'); DELETE FROM orders");
    assert_eq!(rows(&mut *reader, "people", &["id"], &everyone).unwrap().len(), 4);
    assert_eq!(rows(&mut *reader, "orders", &["id"], &[exact("person_id", &["1"])]).unwrap().len(), 2);
    assert_eq!(company.rows("people", &["id"], &everyone).len(), 5);
}

#[rstest]
fn what_is_locked_deleted_and_updated_is_counted(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
) {
    let company = Company::new(engine, PEOPLE);
    let (people, orders, id) = (name("people"), name("orders"), texts(&["id"]));
    let mut writer = company.connector.writer().unwrap();
    let mut seen = Vec::new();
    let keys = [key(&["1"]), key(&["3"]), key(&["1"]), key(&["77"])];
    let locked = writer.lock(&people, &id, &keys, &texts(&["name"]), &mut |row| {
        seen.push(row.get(0).unwrap().to_owned());
        Ok(())
    });
    assert_eq!(locked.unwrap(), 2);
    seen.sort();
    assert_eq!(seen, ["Ada", "Zoë 🙂"]);
    let set = [("name".to_owned(), Some(Personal::new("masked".to_owned()))), ("email".to_owned(), None)];
    assert_eq!(writer.update(&people, &id, &keys, &set).unwrap(), 2);
    assert_eq!(writer.delete(&orders, &id, &[key(&["10"]), key(&["10"]), key(&["99"])]).unwrap(), 1);
    assert_eq!(writer.delete(&orders, &id, &[]).unwrap(), 0);
    // What the transaction changed, it sees itself.
    assert_eq!(rows(&mut *writer, "orders", &["id"], &[exact("person_id", &["1"])]).unwrap(), [some(&["11"])]);
    writer.commit().unwrap();
    let left = company.rows("people", &["id", "name", "email"], &[exact("name", &["masked", ""])]);
    let masked = |id: &str| vec![Some(id.to_owned()), Some("masked".to_owned()), None];
    assert_eq!(left, [masked("1"), some(&["2", "", "bob@example.com"]), masked("3")]);
}

#[rstest]
fn composite_keys_name_single_rows(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    let probed = company.connector.probe().unwrap();
    let primary_key = probed.table(&name("seats")).unwrap().primary_key.clone();
    assert_eq!(primary_key, ["seat", "hall"]);
    let mut writer = company.connector.writer().unwrap();
    let (seats, keys) = (name("seats"), [key(&["1", "a"]), key(&["2", "b"])]);
    assert_eq!(writer.lock(&seats, &primary_key, &keys, &[], &mut |_| Ok(())).unwrap(), 2);
    assert_eq!(writer.update(&seats, &primary_key, &keys[..1], &[("taken_by".to_owned(), None)]).unwrap(), 1);
    assert_eq!(writer.delete(&seats, &primary_key, &keys[1..]).unwrap(), 1);
    writer.commit().unwrap();
    let left = company.rows("seats", &["hall", "seat", "taken_by"], &[exact("hall", &["a", "b"])]);
    let free = vec![Some("a".to_owned()), Some("1".to_owned()), None];
    assert_eq!(left, [free, some(&["a", "2", "2"]), some(&["b", "1", "2"])]);
}

#[rstest]
fn a_dropped_writer_leaves_no_trace(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    let mut writer = company.connector.writer().unwrap();
    assert_eq!(writer.delete(&name("orders"), &texts(&["id"]), &[key(&["10"])]).unwrap(), 1);
    drop(writer);
    assert_eq!(company.rows("orders", &["id"], &[exact("id", &["10"])]).len(), 1);
    // And its locks are gone with it.
    let mut again = company.connector.writer().unwrap();
    assert_eq!(again.delete(&name("orders"), &texts(&["id"]), &[key(&["10"])]).unwrap(), 1);
    again.commit().unwrap();
    assert_eq!(company.rows("orders", &["id"], &[exact("id", &["10"])]).len(), 0);
}

#[rstest]
fn a_caller_can_stop_a_stream(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    let (people, columns) = (name("people"), texts(&["id"]));
    let any_of = [exact("id", &["1", "2", "3"])];
    let select = Select { table: &people, columns: &columns, any_of: &any_of };
    let mut calls = 0;
    let mut reader = company.connector.reader().unwrap();
    let stopped = reader.select(&select, &mut |_| {
        calls += 1;
        Err(ConnectorError::Stopped("enough".to_owned()))
    });
    assert_eq!(error_of(stopped), "stopped by the caller: enough");
    assert_eq!(calls, 1);
    drop(reader);
    assert_eq!(company.rows("people", &["id"], &any_of).len(), 3);
}

#[rstest]
fn a_stream_may_read_another_one_meanwhile(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    let (people, columns, any_of) = (name("people"), texts(&["id"]), [exact("id", &["1", "2"])]);
    let select = Select { table: &people, columns: &columns, any_of: &any_of };
    let mut orders = 0;
    let mut reader = company.connector.reader().unwrap();
    reader
        .select(&select, &mut |row| {
            orders += company.try_rows("orders", &["id"], &[exact("person_id", &[row.get(0).unwrap()])])?.len();
            Ok(())
        })
        .unwrap();
    assert_eq!(orders, 3);
}

#[rstest]
fn hostile_names_are_only_names(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(
        engine,
        r#"CREATE TABLE "we""ird; --" ("id" INTEGER PRIMARY KEY, "a""b" TEXT, "select" TEXT);
           INSERT INTO "we""ird; --" VALUES (1, 'one', 'two')"#,
    );
    let table = r#"we"ird; --"#;
    assert!(company.connector.probe().unwrap().table(&name(table)).unwrap().column(r#"a"b"#).is_some());
    assert_eq!(company.rows(table, &["select", r#"a"b"#], &[exact(r#"a"b"#, &["one"])]), [some(&["two", "one"])]);
    let mut writer = company.connector.writer().unwrap();
    let set = [("select".to_owned(), Some(Personal::new("it's".to_owned())))];
    assert_eq!(writer.update(&name(table), &texts(&["id"]), &[key(&["1"])], &set).unwrap(), 1);
    writer.commit().unwrap();
    assert_eq!(company.rows(table, &["select"], &[exact("select", &["it's"])]), [some(&["it's"])]);
}

#[rstest]
fn the_live_schema_is_told(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    let probed = company.connector.probe().unwrap();
    assert_eq!(probed.tables.len(), 3);
    let people = probed.table(&name("people")).unwrap();
    let columns: Vec<_> = people.columns.iter().map(|c| (c.name.as_str(), c.kind, c.nullable)).collect();
    let expected = [
        ("id", ColumnKind::Integer, false),
        ("email", ColumnKind::Text, true),
        ("phone", ColumnKind::Text, true),
        ("name", ColumnKind::Text, false),
    ];
    assert_eq!(columns, expected);
    assert_eq!(people.primary_key, ["id"]);
    assert_eq!(people.unique, [["email"]]);
    let mut indexes = people.indexes.clone();
    indexes.sort();
    assert_eq!(indexes, [texts(&["email"]), texts(&["id"]), texts(&["name", "id"])]);
    let orders = probed.table(&name("orders")).unwrap();
    assert_eq!(orders.column("total").unwrap().kind, ColumnKind::Number);
    let [reference] = &orders.foreign_keys[..] else { panic!("one reference: {:?}", orders.foreign_keys) };
    assert_eq!((&reference.columns, &reference.to_columns), (&texts(&["person_id"]), &texts(&["id"])));
    assert_eq!(reference.to, probed.qualified(&name("people")));
}

#[rstest]
fn a_column_that_the_database_computes_is_known(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
) {
    let company = Company::new(
        engine,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(40), folded VARCHAR(40) GENERATED ALWAYS AS (lower(name)) STORED,
             made TIMESTAMP DEFAULT CURRENT_TIMESTAMP)",
    );
    let probed = company.connector.probe().unwrap();
    let computed = |column| probed.computes(&name("t"), column);
    assert_eq!(["id", "name", "folded", "made"].map(computed), [false, false, true, false]);
}

/// What `habeas check` says of slow searches stands on this.
#[rstest]
#[case::partial(Engine::Sqlite, "CREATE INDEX i ON people (phone) WHERE name <> ''", false)]
#[case::partial(Engine::Postgres, "CREATE INDEX i ON people (phone) WHERE name <> ''", false)]
#[case::of_another_kind(Engine::Postgres, "CREATE INDEX i ON people USING brin (phone)", false)]
#[case::of_words(Engine::Mysql, "CREATE FULLTEXT INDEX i ON people (phone)", false)]
#[case::whole(Engine::Sqlite, "CREATE INDEX i ON people (phone)", true)]
#[case::whole(Engine::Postgres, "CREATE INDEX i ON people (phone)", true)]
#[case::hashed(Engine::Postgres, "CREATE INDEX i ON people USING hash (phone)", true)]
#[case::whole(Engine::Mysql, "CREATE INDEX i ON people (phone)", true)]
fn only_an_index_that_serves_counts(#[case] engine: Engine, #[case] index: &str, #[case] serves: bool) {
    let company = Company::new(engine, PEOPLE);
    company.execute(index);
    let probed = company.connector.probe().unwrap();
    let people = probed.table(&name("people")).unwrap();
    assert_eq!(people.indexes.contains(&texts(&["phone"])), serves, "{:?}", people.indexes);
    assert_eq!(people.unique, [["email"]]);
}

#[rstest]
#[case("ALTER TABLE people ADD COLUMN city TEXT")]
#[case("ALTER TABLE people RENAME COLUMN name TO called")]
#[case("DROP TABLE seats")]
#[case("CREATE INDEX by_total ON orders (total)")]
#[case("CREATE UNIQUE INDEX by_name ON people (name)")]
#[case("CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES people (id) ON DELETE CASCADE)")]
fn a_changed_schema_has_another_mark(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
    #[case] change: &str,
) {
    let company = Company::new(engine, PEOPLE);
    let look = || (company.connector.schema_mark().unwrap(), company.connector.probe().unwrap());
    let (mark, schema) = look();
    assert_eq!(mark.is_none(), engine == Engine::Mysql, "it can only be looked at anew");
    company.execute("UPDATE people SET name = 'Eve' WHERE id = 1; DELETE FROM orders WHERE id = 12");
    assert_eq!(look(), (mark.clone(), schema.clone()), "rows are no schema");
    company.execute(change);
    let (changed, new) = look();
    assert_ne!(new, schema);
    assert!(mark.is_none() || changed != mark, "{change}");
}

#[rstest]
fn a_table_without_primary_key_says_so(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, "CREATE TABLE log (line TEXT); INSERT INTO log VALUES ('x'), ('x')");
    let probed = company.connector.probe().unwrap();
    assert!(probed.table(&name("log")).unwrap().primary_key.is_empty());
    assert_eq!(company.rows("log", &["line"], &[exact("line", &["x"])]).len(), 2);
}

/// What was announced is no different from what was not.
#[rstest]
#[case::short(&["1", "2"])]
#[case::longer_than_is_asked_at_once(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"])]
fn what_is_announced_comes_as_it_stands(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
    #[case] ids: &[&str],
) {
    let company = Company::new(engine, PEOPLE);
    let mut writer = company.connector.writer().unwrap();
    let (people, orders, names, totals) = (name("people"), name("orders"), texts(&["name"]), texts(&["id", "total"]));
    let (these, theirs, nobody) = ([exact("id", ids)], [exact("person_id", ids)], [exact("id", &["x"])]);
    let selects = [
        Select { table: &people, columns: &names, any_of: &these },
        Select { table: &orders, columns: &totals, any_of: &theirs },
        Select { table: &people, columns: &names, any_of: &nobody },
    ];
    writer.announce(&selects).unwrap();
    let ada = rows(&mut *writer, "people", &["name"], &[exact("id", &["1"])]).unwrap();
    assert_eq!(ada, [some(&["Ada"])], "something else is not what was announced");
    let count = rows(&mut *writer, "orders", &["id", "total"], &theirs).unwrap().len();
    assert_eq!(count, 3);
    assert_eq!(rows(&mut *writer, "people", &["name"], &nobody).unwrap(), Rows::new());
    // What changes after it was announced is given as it stands then.
    let set = [("name".to_owned(), Some(Personal::new("Eve".to_owned())))];
    assert_eq!(writer.update(&people, &texts(&["id"]), &[key(&["1"])], &set).unwrap(), 1);
    let found = rows(&mut *writer, "people", &["name"], &these).unwrap();
    assert!(found.contains(&some(&["Eve"])) && !found.contains(&some(&["Ada"])), "{found:?}");
    // Asked for a second time, it is asked for.
    assert_eq!(rows(&mut *writer, "orders", &["id", "total"], &theirs).unwrap().len(), 3);
}

#[rstest]
#[case::few(0)]
#[case::more_than_is_asked_at_once(20)]
fn rows_of_several_tables_are_locked_and_deleted(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
    #[case] missing: usize,
) {
    let company = Company::new(engine, PEOPLE);
    let (people, orders, seats) = (name("people"), name("orders"), name("seats"));
    let (id, seat, total) = (texts(&["id"]), texts(&["seat", "hall"]), texts(&["total", "id"]));
    let orders_of: Vec<_> = (11..13 + missing).map(|id| key(&[&id.to_string()])).collect();
    let (places, bob) = ([key(&["2", "a"]), key(&["1", "b"]), key(&["9", "z"])], [key(&["2"])]);
    let keyed = |table, key_columns, keys| Keyed { table, key_columns, keys };
    let all = [keyed(&orders, &id, &orders_of), keyed(&seats, &seat, &places), keyed(&people, &id, &bob)];
    let mut writer = company.connector.writer().unwrap();
    let mut seen = Vec::new();
    let read: [&[String]; 3] = [&total, &seat, &id];
    let locked: Vec<_> = all.iter().copied().zip(read).collect();
    let each = &mut |of: usize, row: &Row| {
        seen.push((of, row.iter().map(|value| value.unwrap_or_default().to_owned()).collect::<Vec<_>>()));
        Ok(())
    };
    writer.lock_all(&locked, each).unwrap();
    seen.sort();
    let ids: Vec<(usize, &str)> = seen.iter().map(|(of, row)| (*of, row[row.len() - 1].as_str())).collect();
    assert_eq!(ids, [(0, "11"), (0, "12"), (1, "b"), (1, "a"), (2, "2")]);
    assert_eq!(writer.delete_all(&all).unwrap(), [2, 2, 1]);
    assert_eq!(writer.delete_all(&all).unwrap(), [0, 0, 0], "they are gone");
    assert_eq!(writer.delete_all(&[]).unwrap(), Vec::<u64>::new());
    writer.commit().unwrap();
    assert_eq!(company.column("orders", "id"), ["10"]);
    assert_eq!(company.column("people", "id"), ["1", "3", "4"]);
}

/// The one that is refused is named, whatever was sent behind it.
#[rstest]
fn of_several_deletions_the_refused_one_is_named(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
) {
    let company = Company::new(engine, PEOPLE);
    let (people, seats, id, seat) = (name("people"), name("seats"), texts(&["id"]), texts(&["seat", "hall"]));
    let (ada, place) = ([key(&["1"])], [key(&["1", "a"])]);
    let mut writer = company.connector.writer().unwrap();
    let refused = writer.delete_all(&[
        Keyed { table: &people, key_columns: &id, keys: &ada },
        Keyed { table: &seats, key_columns: &seat, keys: &place },
    ]);
    let Err(ConnectorError::Constraint { .. }) = refused else { panic!("{refused:?}") };
    drop(writer);
    assert_eq!(company.column("people", "id"), ["1", "2", "3", "4"]);
    assert_eq!(company.rows("seats", &["seat"], &[exact("hall", &["a"])]).len(), 2);
}

/// A key that is not unique could reach somebody else's row.
#[rstest]
fn keys_that_name_more_rows_than_one_are_refused(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
) {
    let company = Company::new(engine, PEOPLE);
    let mut writer = company.connector.writer().unwrap();
    let refused = writer.delete(&name("orders"), &texts(&["person_id"]), &[key(&["1"])]);
    assert!(matches!(refused, Err(ConnectorError::Statement(_))), "{refused:?}");
    drop(writer);
    let mut writer = company.connector.writer().unwrap();
    let (orders, by, ada) = (name("orders"), texts(&["person_id"]), [key(&["1"])]);
    let refused = writer.delete_all(&[Keyed { table: &orders, key_columns: &by, keys: &ada }]);
    assert!(matches!(refused, Err(ConnectorError::Statement(_))), "{refused:?}");
    drop(writer);
    assert_eq!(company.column("orders", "id"), ["10", "11", "12"]);
}

#[rstest]
fn writers_can_work_through_a_trait_object(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    fn erase(writer: &mut dyn Writer) -> u64 {
        writer.delete(&name("seats"), &texts(&["seat", "hall"]), &[key(&["1", "b"])]).unwrap()
    }
    let company = Company::new(engine, PEOPLE);
    assert_eq!(erase(&mut *company.connector.writer().unwrap()), 1);
}
