//! Rows that no primary key tells apart are erased, masked and corrected where something else does, and no other row is.

use habeas::domain::personal::Personal;
use habeas::fulfilment::{self, Correction};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person};

const LOGS: &str = "CREATE TABLE logs (area TEXT, code TEXT, email TEXT, note TEXT, PRIMARY KEY (area, code));
    INSERT INTO logs VALUES ('x', 'x', 'bob@example.com', 'a'), (NULL, 'x', 'ada@example.com', 'b'), (NULL, 'x', 'ada@example.com', 'b'),
      (NULL, 'x', 'bob@example.com', 'b'), ('x', NULL, 'ada@example.com', 'c'), ('y', 'x', 'ada@example.com', 'd'), ('2', 'x', 'bob@example.com', 'b')";

fn logs(sql: &str, more: &str) -> Company {
    let yaml = format!(
        "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: logs
{more}
        fields:
          - {{name: area, fides_meta: {{primary_key: true}}}}
          - {{name: code, fides_meta: {{primary_key: true}}}}
          - {{name: email, fides_meta: {{identity: email}}}}
          - {{name: note}}"
    );
    Company::new(Sqlite, &[("base", sql, &yaml)])
}

fn left(company: &Company) -> String {
    company.query(
        "base",
        "SELECT coalesce(area, ''), coalesce(code, ''), email, note FROM logs ORDER BY area, code, email",
    )
}

#[test]
fn rows_with_null_in_their_key_are_deleted_and_none_that_are_alike() {
    let company = logs(LOGS, "");
    let plan = company.erase(&person("ada@example.com"));
    assert_eq!(plan.collections[0].deletion.as_ref().unwrap().delete, 4);
    assert_eq!(left(&company), "|x|bob@example.com|b\n2|x|bob@example.com|b\nx|x|bob@example.com|a");
}

#[test]
fn rows_with_null_in_their_key_are_masked() {
    let masking = "        fides_meta: {masking_strategy_override: {strategy: random_string_rewrite, configuration: {length: 12}}}";
    let company = logs(LOGS, masking);
    company.erase(&person("ada@example.com"));
    assert_eq!(company.query("base", "SELECT count(*) FROM logs WHERE email = 'bob@example.com'"), "3");
    assert_eq!(company.query("base", "SELECT count(*) FROM logs WHERE email = 'ada@example.com'"), "0");
    let masked = "SELECT count(*), count(DISTINCT email) FROM logs WHERE length(email) = 12";
    assert_eq!(company.query("base", masked), "4|4", "each row has masks of its own");
}

#[test]
fn rows_with_null_in_their_key_are_corrected() {
    let company = logs(LOGS, "");
    let asked = Correction {
        dataset: "base".into(),
        collection: "logs".into(),
        field: "note".into(),
        current: Some(Personal::new("b".into())),
        requested: Personal::new("right".into()),
    };
    let who = person("ada@example.com");
    let preview = fulfilment::preview(&company.systems, &who, &[asked]).unwrap();
    for _ in 0..2 {
        let made = fulfilment::apply(&company.systems, &who, &preview).unwrap();
        assert_eq!((made[0].made, made[0].reason.as_deref()), (2, None));
        assert_eq!(
            company.query("base", "SELECT email FROM logs WHERE note = 'right'"),
            "ada@example.com\nada@example.com"
        );
    }
}

/// What refers by a row without a key of its own is among the rows that go, so nothing stands in the way.
#[test]
fn a_row_with_null_in_its_key_may_refer_to_one_that_goes() {
    let sql = "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT);
        CREATE TABLE orders (code TEXT PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id));
        INSERT INTO people VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
        INSERT INTO orders VALUES (NULL, 1), (NULL, 2), ('1', 1), ('2', 2)";
    let yaml = "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: people
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
      - name: orders
        fields:
          - {name: code, fides_meta: {primary_key: true}}
          - {name: person, fides_meta: {references: [{dataset: base, field: people.id, direction: from}]}}";
    let company = Company::new(Sqlite, &[("base", sql, yaml)]);
    company.erase(&person("ada@example.com"));
    assert_eq!(company.query("base", "SELECT coalesce(code, ''), person FROM orders ORDER BY code"), "|2\n2|2");
    assert_eq!(company.query("base", "SELECT id FROM people"), "2");
}

/// Whoever copies a table's rows gives them other ids: what stands at one is then not what was planned for, and is left
/// for another round.
#[test]
fn a_row_that_got_the_id_of_another_is_not_taken_for_it() {
    let company = logs(LOGS, "");
    let who = person("ada@example.com");
    let (manifest, _) = company.prepare(&who);
    company.execute(
        "base",
        "CREATE TEMP TABLE copied AS SELECT * FROM logs WHERE area IS NOT 'x' OR code IS NOT 'x' ORDER BY rowid;
         DELETE FROM logs; INSERT INTO logs SELECT * FROM copied ORDER BY rowid",
    );
    let ids = company.query("base", "SELECT group_concat(rowid) FROM (SELECT rowid FROM logs ORDER BY rowid)");
    assert_eq!(ids, "1,2,3,4,5,6", "SQLite counted anew");
    company.execute_manifest(&manifest);
    assert_eq!(company.query("base", "SELECT count(*) FROM logs WHERE email = 'bob@example.com'"), "2");
    let (second, plan) = fulfilment::prepare(&company.systems, &who, std::slice::from_ref(&manifest)).unwrap();
    assert_eq!(plan.obstacles, Vec::<String>::new());
    company.execute_manifest(&second);
    assert!(fulfilment::verify(&company.systems, &who, &[manifest, second]).unwrap().is_done());
    assert_eq!(left(&company), "|x|bob@example.com|b\n2|x|bob@example.com|b");
}

fn visits(engine: Engine, table: &str) -> Company {
    let sql = format!(
        "{table};
         INSERT INTO visits VALUES ('ada@example.com', '/', 1), ('ada@example.com', '/', 2), ('bob@example.com', '/', 3)"
    );
    let yaml = "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: visits
        fields:
          - {name: email, fides_meta: {identity: email}}
          - {name: page}
          - {name: rowid}";
    Company::new(engine, &[("base", &sql, yaml)])
}

/// Also where a column bears the name that SQLite has for its ids.
#[rstest]
#[case::by_its_id(Sqlite, "CREATE TABLE visits (email TEXT, page TEXT, rowid INTEGER)")]
#[case::by_what_is_unique(Sqlite, "CREATE TABLE visits (email TEXT, page TEXT, rowid INTEGER NOT NULL UNIQUE)")]
#[case::by_what_is_unique(Postgres, "CREATE TABLE visits (email TEXT, page TEXT, rowid INTEGER NOT NULL UNIQUE)")]
#[case::by_what_is_unique(Mysql, "CREATE TABLE visits (email TEXT, page TEXT, rowid INTEGER NOT NULL UNIQUE)")]
fn a_table_without_a_primary_key(#[case] engine: Engine, #[case] table: &str) {
    let company = visits(engine, table);
    let plan = company.erase(&person("ada@example.com"));
    assert_eq!(plan.collections[0].deletion.as_ref().unwrap().delete, 2);
    assert_eq!(company.query("base", "SELECT email FROM visits"), "bob@example.com");
}

#[rstest]
fn rows_that_nothing_tells_apart_are_exported_and_not_erased(#[values(Postgres, Mysql)] engine: Engine) {
    let company = visits(engine, "CREATE TABLE visits (email TEXT, page TEXT, rowid INTEGER UNIQUE)");
    let (seen, _) = company.export(&person("ada@example.com"), false);
    assert_eq!(seen.of("visits").len(), 2);
    let found = company.obstacles(&person("ada@example.com"));
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("visits has no key that tells its rows apart, so they cannot be erased"), "{found:?}");
}
