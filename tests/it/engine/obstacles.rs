//! What the database would refuse, or drag along, is said before anything is written.

use habeas::connectors::TableName;
use habeas::domain::identity::{Identities, IdentityKind};
use habeas::fulfilment::{self, FulfilmentError};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person};

/// One person with an account; `more` are further columns of it, `fields` their description, `sql` further statements.
fn company(engine: Engine, more: &str, values: &str, fields: &str, sql: &str) -> Company {
    let sql = format!(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT{more});
         INSERT INTO people VALUES (1, 'ada@example.com'{values}); {sql}"
    );
    let yaml = format!(
        "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: people
        fields:
          - {{name: id, fides_meta: {{primary_key: true}}}}
          - {{name: email, fides_meta: {{identity: email}}}}
{fields}"
    );
    Company::new(engine, &[("base", &sql, &yaml)])
}

const NULLED: &str = "          - {name: nick, fides_meta: {masking_strategy_override: {strategy: null_rewrite}}}";
const REWRITTEN: &str = "          - name: nick
            fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: gone}}}";

#[rstest]
#[case::not_null(
    ", nick TEXT NOT NULL",
    NULLED,
    "column nick of {} must not be NULL, and null_rewrite would set it to NULL"
)]
#[case::wrong_type(
    ", nick INTEGER",
    REWRITTEN,
    "string_rewrite cannot write to {}: column nick has the type INTEGER and does not take this value"
)]
fn a_mask_that_the_column_does_not_take(
    #[case] more: &str,
    #[case] fields: &str,
    #[case] expected: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let value = if more.contains("INTEGER") { ", 7" } else { ", 'ada'" };
    let company = company(engine, more, value, fields, "");
    let found = company.obstacles(&person("ada@example.com"));
    let table = match engine {
        Sqlite => "people".to_owned(),
        Postgres => "public.people".to_owned(),
        Mysql => format!("{}.people", company.query("base", "SELECT database()")),
    };
    // What MariaDB itself calls it.
    let expected = if engine == Mysql { expected.replace("INTEGER", "int(11)") } else { expected.to_owned() };
    let expected = expected.replace("{}", &table);
    assert_eq!(found.iter().map(|o| o.to_lowercase()).collect::<Vec<_>>(), [expected.to_lowercase()]);
}

/// Rows of a table that no dataset describes: erasing would fail, or with CASCADE delete them in silence.
#[rstest]
fn rows_outside_the_plan_that_refer_to_it(
    #[values("", " ON DELETE CASCADE", " ON DELETE SET NULL")] on_delete: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let sql = format!(
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER,
           CONSTRAINT invoice_person FOREIGN KEY (person) REFERENCES people (id){on_delete});
         INSERT INTO invoices VALUES (1, 1), (2, 1), (3, NULL)"
    );
    let company = company(engine, "", "", "", &sql);
    let found = company.obstacles(&person("ada@example.com"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("2 rows of ") && found[0].contains("invoices"), "{found:?}");
    company.execute("base", "DELETE FROM invoices WHERE person = 1");
    company.erase(&person("ada@example.com"));
    assert_eq!(company.query("base", "SELECT count(*) FROM invoices"), "1");
}

const INVOICES: &str = "      - name: invoices
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: person, fides_meta: {references: [{dataset: base, field: people.id, direction: from}]}}
          - {name: payer, fides_meta: {identity: email}}";

/// Who refers is known of rows that the search found: one is the person's and goes first, one names somebody else and stays.
#[rstest]
fn rows_inside_the_plan_that_refer_to_it(
    #[values("", " NOT NULL")] null: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let sql = format!(
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER{null}, payer TEXT,
           CONSTRAINT invoice_person FOREIGN KEY (person) REFERENCES people (id));
         INSERT INTO people VALUES (2, 'bob@example.com');
         INSERT INTO invoices VALUES (1, 1, 'ada@example.com'), (2, 1, 'bob@example.com'), (3, 2, 'bob@example.com')"
    );
    let company = company(engine, "", "", INVOICES, &sql);
    let found = company.obstacles(&person("ada@example.com"));
    if null.is_empty() {
        assert_eq!(found, Vec::<String>::new());
        company.erase(&person("ada@example.com"));
        assert_eq!(company.query("base", "SELECT count(*) FROM people"), "1");
        assert_eq!(company.query("base", "SELECT count(*) FROM invoices WHERE person IS NULL AND id = 2"), "1");
        assert_eq!(company.query("base", "SELECT count(*) FROM invoices"), "2");
    } else {
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("invoices") && found[0].contains("person"), "{found:?}");
    }
}

/// Between manifest and execution an undescribed table began to refer, with CASCADE: the transaction stops.
#[rstest]
fn a_cascade_that_appears_meanwhile(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let sql = "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id) ON DELETE CASCADE)";
    let company = company(engine, "", "", "", sql);
    let (manifest, _) = company.prepare(&person("ada@example.com"));
    company.execute("base", "INSERT INTO invoices VALUES (1, 1)");
    let error = fulfilment::execute(&company.systems, &"base".into(), &manifest).unwrap_err();
    assert!(matches!(error, FulfilmentError::Overtaken { .. }), "{error}");
    assert_eq!(company.query("base", "SELECT count(*) FROM invoices"), "1");
    assert_eq!(company.query("base", "SELECT count(*) FROM people"), "1");
}

/// Between manifest and execution a table is made that nobody knew of when it was planned, and its rows would go with
/// the person's: nothing is committed.
#[rstest]
fn a_table_made_meanwhile(#[values(Sqlite, Postgres)] engine: Engine) {
    let company = company(engine, "", "", "", "");
    let who = person("ada@example.com");
    let (manifest, _) = company.prepare(&who);
    company.execute(
        "base",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id) ON DELETE CASCADE);
         INSERT INTO invoices VALUES (1, 1)",
    );
    let error = fulfilment::execute(&company.systems, &"base".into(), &manifest).unwrap_err();
    assert!(matches!(error, FulfilmentError::Altered { .. }), "{error}");
    assert_eq!(company.query("base", "SELECT count(*) FROM invoices"), "1");
    assert_eq!(company.query("base", "SELECT count(*) FROM people"), "1");
    let found = company.obstacles(&who);
    assert!(
        matches!(found.as_slice(), [only] if only.contains("invoices")),
        "the plan made anew knows of it: {found:?}"
    );
}

/// What changes the catalogue and not the schema holds up nothing.
#[rstest]
fn a_table_rewritten_meanwhile(#[values(Sqlite, Postgres)] engine: Engine) {
    let company = company(engine, "", "", "", "");
    let who = person("ada@example.com");
    let (manifest, _) = company.prepare(&who);
    company.execute("base", if engine == Sqlite { "VACUUM" } else { "VACUUM FULL people" });
    company.execute_manifest(&manifest);
    assert!(fulfilment::verify(&company.systems, &who, &[manifest]).unwrap().is_done());
}

/// A company whose people have an account number, with somebody erased already: what is known of columns is remembered.
fn with_accounts() -> (Company, Identities) {
    let sql = "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, account INTEGER);
         INSERT INTO people VALUES (1, 'ada@example.com', 71), (2, 'bob@example.com', 72), (3, 'eve@example.com', 73)";
    let yaml = "dataset:
  - fides_key: base
    collections:
      - name: people
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: account, fides_meta: {identity: account_id}}";
    let company = Company::new(Postgres, &[("base", sql, yaml)]);
    company.erase(&person("eve@example.com"));
    let shown = [IdentityKind::AccountId].into();
    (company, Identities { account_id: "abc".parse().ok(), shown, ..person("ada@example.com") })
}

const TO_TEXT: &str = "ALTER TABLE people ALTER COLUMN account TYPE text; INSERT INTO people VALUES (4, NULL, 'abc')";

/// A type that changed before the search, within the time for which a look at the schema holds: nothing that was not found
/// because of it is left, and nothing is committed.
#[test]
fn a_type_that_changed_right_before_the_search() {
    let (company, who) = with_accounts();
    company.execute("base", TO_TEXT);
    let (manifest, _) = company.prepare(&who);
    let refused = fulfilment::execute(&company.systems, &"base".into(), &manifest);
    assert!(refused.is_err() || !fulfilment::verify(&company.systems, &who, &[manifest]).unwrap().is_done());
    company.erase(&who);
    assert_eq!(company.query("base", "SELECT id FROM people"), "2");
}

#[test]
fn a_type_that_changed_before_the_manifest_was_carried_out() {
    let (company, who) = with_accounts();
    let (manifest, _) = company.prepare(&who);
    company.execute("base", "ALTER TABLE people ALTER COLUMN id TYPE text");
    fulfilment::execute(&company.systems, &"base".into(), &manifest).unwrap_err();
    assert_eq!(company.query("base", "SELECT count(*) FROM people"), "2", "nothing was changed");
    company.erase(&who);
    assert_eq!(company.query("base", "SELECT id FROM people"), "2");
}

/// The search that ends an erasure takes nothing for granted.
#[test]
fn a_type_that_changed_before_the_second_search() {
    let (company, who) = with_accounts();
    let (manifest, _) = company.prepare(&who);
    company.execute_manifest(&manifest);
    company.execute("base", TO_TEXT);
    let remaining = fulfilment::verify(&company.systems, &who, &[manifest]).unwrap();
    assert_eq!(remaining.rows.iter().map(|rows| rows.rows).sum::<u64>(), 1);
}

/// A table that somebody makes and drops meanwhile is none of the person's.
#[test]
fn tables_that_come_and_go_hold_up_nothing() {
    let (company, who) = with_accounts();
    let (manifest, _) = company.prepare(&who);
    company.execute("base", "CREATE TABLE t (id int); DROP TABLE t; ALTER TABLE people SET (fillfactor = 90)");
    company.execute_manifest(&manifest);
    assert!(fulfilment::verify(&company.systems, &who, &[manifest]).unwrap().is_done());
}

/// Runs that begin at once look at a schema once.
#[rstest]
fn a_schema_is_looked_at_once(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = company(engine, "", "", "", "");
    let start = std::sync::Barrier::new(8);
    let look = || {
        start.wait();
        company.systems.schema(&"base".into()).unwrap()
    };
    std::thread::scope(|scope| {
        let looks: Vec<_> = (0..8).map(|_| scope.spawn(look)).collect();
        for schema in looks {
            let people = TableName { schema: None, name: "people".to_owned() };
            assert!(schema.join().unwrap().table(&people).is_some());
        }
    });
    assert_eq!(company.probes.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[rstest]
fn a_column_or_table_that_is_not_there(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let fields = "          - {name: shoe_size}
      - name: shoes
        fields:
          - {name: email, fides_meta: {identity: email}}";
    let company = company(engine, "", "", fields, "");
    let who = person("ada@example.com");
    let expected = ["table people of system base has no column shoe_size", "system base has no table shoes"];
    assert_eq!(company.obstacles(&who).len(), 2);
    assert!(expected.iter().all(|e| company.obstacles(&who).iter().any(|o| o == e)), "{:?}", company.obstacles(&who));
    assert_eq!(fulfilment::plan_access(&company.systems, &who, Default::default()).unwrap().obstacles, expected);
    let mut nowhere = super::Seen::default();
    let error = fulfilment::export(&company.systems, &who, fulfilment::ExportOptions::default(), &mut nowhere);
    assert!(matches!(error.unwrap_err(), FulfilmentError::Misfit(lines) if lines == expected));
}

/// What the dataset forbids to change is kept and named; what points to it stays reachable, and says so.
#[rstest]
fn read_only_is_kept_and_named(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let fields = "      - name: ledger
        fides_meta: {read_only: true}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
      - name: scratch
        fides_meta: {skip_processing: true}
        fields:
          - {name: email, fides_meta: {identity: email}}";
    let sql =
        "CREATE TABLE ledger (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO ledger VALUES (1, 'ada@example.com');
               CREATE TABLE scratch (email TEXT); INSERT INTO scratch VALUES ('ada@example.com')";
    let company = company(engine, "", "", fields, sql);
    let who = person("ada@example.com");
    let (manifest, plan) = company.prepare(&who);
    company.execute_manifest(&manifest);
    assert!(plan.collections[2].skipped);
    let after = fulfilment::verify(&company.systems, &who, &[manifest]).unwrap();
    assert!(after.is_done());
    let kept: Vec<_> = after.kept.iter().map(|k| (k.collection.as_str(), k.rows, k.reason.as_str())).collect();
    assert_eq!(kept, [("ledger", 1, "the dataset marks it read_only")]);
    assert_eq!(company.query("base", "SELECT count(*) FROM ledger"), "1");
}

/// Whose the job is only the desk can tell, which fails: it waits, the person it refers to waits with it, and nothing else.
#[rstest]
fn what_waits_for_a_system_that_fails_is_no_obstacle(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let fields = "      - name: letters
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
      - name: jobs
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: person, fides_meta: {references: [{dataset: base, field: people.id, direction: from}]}}
          - {name: worker, fides_meta: {references: [{dataset: desk, field: workers.id, direction: from}]}}";
    let base = "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT);
        CREATE TABLE letters (id INTEGER PRIMARY KEY, email TEXT);
        CREATE TABLE jobs (id INTEGER PRIMARY KEY, person INTEGER, worker INTEGER NOT NULL, FOREIGN KEY (person) REFERENCES people (id));
        INSERT INTO people VALUES (1, 'ada@example.com'); INSERT INTO letters VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
        INSERT INTO jobs VALUES (1, 1, 5), (2, NULL, 6)";
    let dataset = |name: &str, first: &str, more: &str| {
        format!(
            "
dataset:
  - fides_key: {name}
    data_categories: [user]
    collections:
      - name: {first}
        fields:
          - {{name: id, fides_meta: {{primary_key: true}}}}
          - {{name: email, fides_meta: {{identity: email}}}}
{more}"
        )
    };
    let desk = "CREATE TABLE workers (id INTEGER PRIMARY KEY, email TEXT);
        INSERT INTO workers VALUES (5, 'ada@example.com'), (6, 'bob@example.com')";
    let systems = [("base", base, dataset("base", "people", fields)), ("desk", desk, dataset("desk", "workers", ""))];
    let systems: Vec<_> = systems.iter().map(|(name, sql, yaml)| (*name, *sql, yaml.as_str())).collect();
    let company = Company::new(engine, &systems);
    let who = person("ada@example.com");
    let reached = company.systems.without(&["desk".into()].into());
    let (manifest, plan) = fulfilment::prepare(&reached, &who, &[]).unwrap();
    assert_eq!(plan.obstacles, Vec::<String>::new());
    fulfilment::execute(&reached, &"base".into(), &manifest).unwrap();
    let counts = "SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM letters), (SELECT count(*) FROM jobs)";
    assert_eq!(company.query("base", counts), "1|1|2");
    let (second, plan) = fulfilment::prepare(&company.systems, &who, std::slice::from_ref(&manifest)).unwrap();
    assert_eq!(plan.obstacles, Vec::<String>::new());
    company.execute_manifest(&second);
    assert!(fulfilment::verify(&company.systems, &who, &[manifest, second]).unwrap().is_done());
    assert_eq!(company.query("base", counts), "0|1|1");
}
