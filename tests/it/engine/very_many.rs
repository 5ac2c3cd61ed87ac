//! A person with so many rows that no manifest holds all of them at once.

use std::fmt::Write;

use habeas::fulfilment::manifest::StepAction;
use habeas::fulfilment::{self, FulfilmentError, LeftOut, Manifest};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person};

/// More than are kept in memory.
const ROWS: u32 = 6000;

pub const DATASET: &str = "
dataset:
  - fides_key: log
    data_categories: [user]
    collections:
      - name: people
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
      - name: visits
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: person, fides_meta: {references: [{dataset: log, field: people.id, direction: from}]}}
          - {name: note}
";

/// Ada's visits, and behind them one of Bob's for every hundred.
pub fn visits() -> String {
    let mut sql = "
        CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60));
        CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), note VARCHAR(40));
        INSERT INTO people VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
        INSERT INTO visits VALUES (0, 2, 'of Bob')"
        .to_owned();
    for id in 1..=ROWS {
        write!(sql, ", ({id}, 1, 'visit {id}')").unwrap();
    }
    for id in 1..=ROWS / 100 {
        write!(sql, ", ({}, 2, 'of Bob')", ROWS + id).unwrap();
    }
    sql + ";"
}

fn company(engine: Engine) -> Company {
    Company::new(engine, &[("shop", &visits(), DATASET)])
}

/// The same with a step of each visit.
pub fn dataset_with_steps() -> String {
    format!(
        "{DATASET}
      - name: steps
        fields:
          - {{name: id, fides_meta: {{primary_key: true}}}}
          - {{name: visit, fides_meta: {{references: [{{dataset: log, field: visits.id, direction: from}}]}}}}
          - {{name: word}}
"
    )
}

/// Steps that refer to visits by a foreign key or, where `references` is empty, by the dataset alone.
pub fn visits_with_steps(references: &str) -> String {
    format!(
        "{} CREATE TABLE steps (id INTEGER PRIMARY KEY, visit INTEGER NOT NULL {references}, word VARCHAR(40));
         CREATE INDEX steps_visit ON steps (visit); INSERT INTO steps SELECT id, id, 'step' FROM visits;",
        visits()
    )
}

const REFERENCES: &str = "REFERENCES visits (id)";

const BOBS: &str = "SELECT * FROM visits WHERE person = 2 ORDER BY id";
const ADAS: &str = "SELECT id FROM visits WHERE person = 1 ORDER BY id";

/// How many rows of the manifest are in parts.
fn in_parts(manifest: &Manifest) -> u64 {
    let steps = manifest.systems.iter().flat_map(|part| &part.steps);
    steps.filter(|s| s.action == StepAction::Delete).filter_map(|s| s.parts.as_ref()).map(|parts| parts.rows).sum()
}

#[rstest]
fn rows_in_parts_go_as_others_do(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = company(engine);
    let (who, before) = (person("ada@example.com"), company.query("shop", BOBS));
    let (mut manifest, plan) = company.prepare(&who);
    assert_eq!(in_parts(&manifest), u64::from(ROWS));
    assert_eq!(plan.collections[1].deletion.as_ref().unwrap().delete, u64::from(ROWS));
    // What changed since stays with whom it names; what is gone is passed over.
    company.execute("shop", "UPDATE visits SET note = 'another' WHERE id = 5999; DELETE FROM visits WHERE id = 17;");
    company.execute("shop", "UPDATE visits SET person = 2 WHERE id = 4711;");
    let stopped = fulfilment::execute(&company.systems, &"shop".into(), &manifest);
    let Err(FulfilmentError::Overtaken { table, .. }) = stopped else { panic!("{stopped:?}") };
    assert!(table.ends_with("visits"), "a changed row still refers to one that goes");
    company.execute("shop", "DELETE FROM visits WHERE id = 5999;");
    let outcome = fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    let visits = outcome.collections.iter().find(|c| c.collection == "visits").unwrap();
    assert_eq!((visits.deleted, visits.passed_over), (u64::from(ROWS) - 3, 3));
    let changed: Vec<String> = outcome.changed.iter().map(|(_, key)| key.0.expose().join(",")).collect();
    assert_eq!(changed, ["4711"]);
    assert_eq!(company.query("shop", ADAS), "");
    assert_eq!(company.query("shop", "SELECT person FROM visits WHERE id = 4711"), "2");
    assert_eq!(company.query("shop", &BOBS.replace("ORDER", "AND id <> 4711 ORDER")), before);
    let again = fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    assert!(again.collections.iter().all(|c| c.deleted == 0), "{again:?}");
    manifest.systems[0].changed = outcome.changed;
    assert!(fulfilment::verify(&company.systems, &who, &[manifest]).unwrap().is_done());
}

/// A row that came since, and that a foreign key would have gone along or stood in the way.
#[rstest]
fn a_row_that_came_meanwhile_stops_all(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = company(engine);
    let (manifest, _) = company.prepare(&person("ada@example.com"));
    company.execute("shop", "INSERT INTO visits VALUES (99999, 1, 'new');");
    let before = company.query("shop", ADAS);
    let stopped = fulfilment::execute(&company.systems, &"shop".into(), &manifest);
    assert!(matches!(stopped, Err(FulfilmentError::Overtaken { .. })), "{stopped:?}");
    assert_eq!(company.query("shop", ADAS), before);
}

/// Rows to which nothing refers but rows that are in parts are in parts as well, however many there are of both.
#[rstest]
fn rows_to_which_rows_in_parts_refer_are_in_parts_too(
    #[values(REFERENCES, "")] references: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = Company::new(engine, &[("shop", &visits_with_steps(references), &dataset_with_steps())]);
    let bobs_steps = "SELECT * FROM steps WHERE visit IN (SELECT id FROM visits WHERE person = 2) ORDER BY id";
    let (who, before) = (person("ada@example.com"), [company.query("shop", BOBS), company.query("shop", bobs_steps)]);
    let (manifest, plan) = company.prepare(&who);
    assert_eq!(in_parts(&manifest), 2 * u64::from(ROWS));
    let planned: Vec<u64> = plan.collections.iter().map(|c| c.deletion.as_ref().unwrap().delete).collect();
    assert_eq!(planned, [1, u64::from(ROWS), u64::from(ROWS)]);
    assert!(serde_json::to_string(&manifest).unwrap().len() < 8000, "neither rows nor trails are in the manifest");
    if references == REFERENCES {
        company.execute("shop", "INSERT INTO steps VALUES (99999, 4711, 'new');");
        let stopped = fulfilment::execute(&company.systems, &"shop".into(), &manifest);
        let Err(FulfilmentError::Overtaken { table, .. }) = stopped else { panic!("{stopped:?}") };
        assert!(table.ends_with("steps"), "a step that came since refers to a visit that goes");
        company.execute("shop", "DELETE FROM steps WHERE id = 99999;");
    }
    let outcome = fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    assert_eq!(outcome.collections.iter().map(|c| c.deleted).sum::<u64>(), 2 * u64::from(ROWS) + 1);
    assert_eq!([company.query("shop", BOBS), company.query("shop", bobs_steps)], before);
    assert_eq!(
        company.query("shop", "SELECT count(*) FROM steps"),
        company.query("shop", "SELECT count(*) FROM visits")
    );
    let remaining = fulfilment::verify(&company.systems, &who, std::slice::from_ref(&manifest)).unwrap();
    assert!(remaining.is_done(), "{remaining:?}");
    if references.is_empty() {
        // What names a visit that is gone is found by its key, unless the key was given to somebody else since.
        company.execute("shop", "INSERT INTO visits VALUES (17, 2, 'of Bob');");
        company.execute("shop", "INSERT INTO steps VALUES (99998, 17, 'of Bob'), (99999, 4711, 'late');");
        let remaining = fulfilment::verify(&company.systems, &who, &[manifest]).unwrap();
        let found: Vec<_> = remaining.rows.iter().map(|row| (row.collection.as_str(), row.rows)).collect();
        assert_eq!(found, [("steps", 1)]);
    }
}

/// Rows to which rows that stay refer are settled one by one: the database would refuse to delete them.
#[rstest]
fn rows_to_which_rows_that_stay_refer_do_not_go_for_certain(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let sql = visits_with_steps(REFERENCES);
    let company = Company::new(engine, &[("shop", &sql, &dataset_with_steps())]);
    let left_out: LeftOut = [("log".to_owned(), "steps".to_owned())].into_iter().collect();
    let who = person("ada@example.com");
    let (manifest, plan) = fulfilment::prepare_without(&company.systems, &who, &[], &left_out).unwrap();
    assert_eq!(in_parts(&manifest), 0);
    let refers = format!("{ROWS} rows of ");
    assert!(plan.obstacles.iter().any(|o| o.starts_with(&refers) && o.contains("steps")), "{:?}", plan.obstacles);
}

/// Parts are no use without where they are.
#[test]
fn a_manifest_says_how_many_rows_are_in_parts_and_none_of_them() {
    let (manifest, _) = company(Sqlite).prepare(&person("ada@example.com"));
    let written = serde_json::to_string(&manifest).unwrap();
    assert!(written.contains(&format!("\"rows\":{ROWS}")) && written.len() < 4000, "{}", written.len());
    let read: Manifest = serde_json::from_str(&written).unwrap();
    assert_eq!(read, manifest);
    let step = read.systems[0].steps.iter().find_map(|step| step.parts.as_ref()).unwrap();
    assert!(step.each().next().unwrap().is_err());
}
