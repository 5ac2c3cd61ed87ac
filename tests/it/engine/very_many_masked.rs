//! A person with so many rows that are masked, or stay as they are, that no manifest holds all of them at once.

use std::fmt::Write;

use habeas::fulfilment::manifest::{Step, StepAction};
use habeas::fulfilment::{self, FulfilmentError, Manifest};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person};

/// More than are kept in memory.
const ROWS: u32 = 6000;

/// Visits are masked, each address under the request's key; `people` and `handler` say what is done with these.
fn dataset(people: &str, handler: &str) -> String {
    format!(
        "
dataset:
  - fides_key: log
    collections:
      - name: people
        data_categories: [user]
        {people}
        fields:
          - {{name: id, fides_meta: {{primary_key: true}}}}
          - {{name: email, fides_meta: {{identity: email}}}}
      - name: visits
        data_categories: [user]
        fides_meta: {{masking_strategy_override: {{strategy: null_rewrite}}}}
        fields:
          - {{name: id, fides_meta: {{primary_key: true}}}}
          - {{name: person, fides_meta: {{references: [{{dataset: log, field: people.id, direction: from}}]}}}}
          - {{name: address, fides_meta: {{masking_strategy_override: {{strategy: hmac}}}}}}
          - {{name: note}}
          - {{name: page, data_categories: [system.operations], fides_meta: {{references: [{{dataset: log, field: pages.id, direction: to}}]}}}}
      - name: pages
        fields:
          - {{name: id, data_categories: [system.operations], fides_meta: {{primary_key: true}}}}
          - {{name: title, data_categories: [system.operations]}}
      - name: tickets
        data_categories: [user]
        {handler}
        fields:
          - {{name: id, fides_meta: {{primary_key: true}}}}
          - {{name: handler, fides_meta: {{identity: email}}}}
          - {{name: customer, fides_meta: {{identity: email}}}}
          - {{name: note}}
"
    )
}

const MASKED: &str = "fides_meta: {masking_strategy_override: {strategy: null_rewrite}}";

/// Ada's visits, every third without a note, and behind them Bob's; and his tickets, which she handled. `null` says whether a visit
/// must name a person.
pub fn visits(null: &str) -> String {
    let mut sql = format!(
        "
        CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60));
        CREATE TABLE pages (id INTEGER PRIMARY KEY, title VARCHAR(40));
        CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER {null} REFERENCES people (id), address VARCHAR(80),
            note VARCHAR(40), page INTEGER NOT NULL REFERENCES pages (id));
        CREATE TABLE tickets (id INTEGER PRIMARY KEY, handler VARCHAR(60), customer VARCHAR(60), note VARCHAR(40));
        INSERT INTO people VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
        INSERT INTO pages VALUES (1, 'one'), (2, 'two');
        INSERT INTO visits VALUES (0, 2, '192.0.2.7', 'of Bob', 1)"
    );
    for id in 1..=ROWS {
        let note = if id % 3 == 0 { "NULL".to_owned() } else { format!("'visit {id}'") };
        write!(sql, ", ({id}, 1, '192.0.2.{}', {note}, {})", id % 200, 1 + id % 2).unwrap();
    }
    for id in 1..=ROWS / 100 {
        write!(sql, ", ({}, 2, '192.0.2.7', 'of Bob', 1)", ROWS + id).unwrap();
    }
    sql + ";"
}

fn tickets() -> String {
    let mut sql = visits("") + "INSERT INTO tickets VALUES (0, NULL, 'bob@example.com', 'x')";
    for id in 1..=ROWS {
        write!(sql, ", ({id}, 'ada@example.com', 'bob@example.com', 'ticket {id}')").unwrap();
    }
    sql + ";"
}

/// The dataset under which people are masked and stay, so that their visits go on naming them.
pub fn dataset_of_people_who_stay() -> String {
    dataset(MASKED, "")
}

const BOBS: &str = "SELECT * FROM visits WHERE person = 2 ORDER BY id";

fn steps<'m>(manifest: &'m Manifest, collection: &'m str) -> impl Iterator<Item = &'m Step> {
    manifest.systems.iter().flat_map(|part| &part.steps).filter(move |step| step.collection == collection)
}

/// How many rows of a collection the manifest masks, and how many of these are in parts.
fn masked(manifest: &Manifest, collection: &str) -> (u64, u64) {
    let steps = steps(manifest, collection).filter(|step| matches!(step.action, StepAction::Mask { .. }));
    let each = steps.map(|step| (step.count(), step.parts.as_ref().map_or(0, |parts| parts.rows)));
    each.fold((0, 0), |sum, step| (sum.0 + step.0, sum.1 + step.1))
}

fn planned(plan: &fulfilment::Plan, collection: &str) -> (u64, u64, u64) {
    let planned = plan.collections.iter().find(|c| c.collection == collection).unwrap();
    let deletion = planned.deletion.clone().unwrap_or_default();
    let mask = deletion.mask.iter().map(|step| step.rows).sum();
    (deletion.delete, mask, deletion.keep.iter().map(|step| step.rows).sum())
}

/// Visits let go of a person who is deleted.
#[rstest]
fn masked_rows_in_parts_let_go_of_what_is_deleted(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("shop", &visits(""), &dataset("", ""))]);
    let (who, before) = (person("ada@example.com"), company.query("shop", BOBS));
    let (mut manifest, plan) = company.prepare(&who);
    assert_eq!(planned(&plan, "visits"), (0, u64::from(ROWS), 0));
    assert_eq!(planned(&plan, "people"), (1, 0, 0));
    let (all, in_parts) = masked(&manifest, "visits");
    assert!(all == u64::from(ROWS) && in_parts > 3000, "{all} {in_parts}");
    // What changed since would go on naming who is deleted.
    company.execute("shop", "UPDATE visits SET note = 'another' WHERE id = 5999; DELETE FROM visits WHERE id = 17;");
    let stopped = fulfilment::execute(&company.systems, &"shop".into(), &manifest);
    let Err(FulfilmentError::Overtaken { table, .. }) = stopped else { panic!("{stopped:?}") };
    assert!(table.ends_with("visits"));
    assert_eq!(company.query("shop", "SELECT count(*) FROM visits WHERE person = 1"), (ROWS - 1).to_string());
    company.execute("shop", "UPDATE visits SET person = 2 WHERE id = 5999;");
    let outcome = fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    let visits = outcome.collections.iter().find(|c| c.collection == "visits").unwrap();
    assert_eq!((visits.masked, visits.passed_over), (u64::from(ROWS) - 2, 2));
    let changed: Vec<String> = outcome.changed.iter().map(|(_, key)| key.0.expose().join(",")).collect();
    assert_eq!(changed, ["5999"]);
    assert_eq!(company.query("shop", &BOBS.replace("ORDER", "AND id <> 5999 ORDER")), before);
    assert_eq!(company.query("shop", "SELECT person, note FROM visits WHERE id = 5999"), "2|another");
    let others = "SELECT count(*), min(page), max(page) FROM visits WHERE person IS NULL AND note IS NULL";
    assert_eq!(company.query("shop", others), format!("{}|1|2", ROWS - 2));
    assert_eq!(company.query("shop", "SELECT count(*) FROM visits WHERE person IS NULL AND address LIKE '192.%'"), "0");
    let again = fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    assert!(again.collections.iter().all(|c| c.masked == 0), "{again:?}");
    assert_eq!(again.changed, outcome.changed, "what it masked itself is no change of somebody's");
    manifest.systems[0].changed = outcome.changed;
    let remaining = fulfilment::verify(&company.systems, &who, &[manifest]).unwrap();
    assert!(remaining.is_done(), "{remaining:?}");
}

/// Visits go on naming a person who is masked and stays; so the second search finds them, and knows its own masks.
#[rstest]
fn what_was_masked_in_parts_is_known_again(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("shop", &visits("NOT NULL"), &dataset_of_people_who_stay())]);
    let (who, before) = (person("ada@example.com"), company.query("shop", BOBS));
    let (mut first, plan) = company.prepare(&who);
    assert_eq!(planned(&plan, "visits"), (0, u64::from(ROWS), 0));
    let (all, in_parts) = masked(&first, "visits");
    assert!(all == u64::from(ROWS) && in_parts > 3000, "{all} {in_parts}");
    let sets: Vec<Vec<&String>> = steps(&first, "visits")
        .map(|step| match &step.action {
            StepAction::Mask { set } => set.keys().collect(),
            _ => panic!("{:?}", step.action),
        })
        .collect();
    assert!(sets.len() == 2 && sets.contains(&Vec::new()) && sets.contains(&vec![&"note".to_owned()]), "{sets:?}");
    company.execute("shop", "UPDATE visits SET note = 'another' WHERE id = 5999;");
    let outcome = fulfilment::execute(&company.systems, &"shop".into(), &first).unwrap();
    let visits = outcome.collections.iter().find(|c| c.collection == "visits").unwrap();
    assert_eq!((visits.masked, visits.passed_over), (u64::from(ROWS) - 1, 1));
    first.systems[0].changed = outcome.changed;
    let remaining = fulfilment::verify(&company.systems, &who, std::slice::from_ref(&first)).unwrap();
    let found: Vec<_> = remaining.rows.iter().map(|r| (r.collection.as_str(), r.rows, r.reason.as_str())).collect();
    assert_eq!(found, [("visits", 1, "to be masked")]);
    // Whoever was given a masked row since is not the person.
    company.execute("shop", "INSERT INTO people VALUES (3, 'eve@example.com');");
    company.execute("shop", "UPDATE visits SET person = 3, note = 'of Eve' WHERE id = 18;");
    let (second, plan) = fulfilment::prepare(&company.systems, &who, std::slice::from_ref(&first)).unwrap();
    assert_eq!(planned(&plan, "visits"), (0, 1, 0), "what was masked is not told again");
    fulfilment::execute(&company.systems, &"shop".into(), &second).unwrap();
    let done = fulfilment::verify(&company.systems, &who, &[first, second]).unwrap();
    assert!(done.is_done(), "{done:?}");
    assert_eq!(company.query("shop", BOBS), before);
    assert_eq!(company.query("shop", "SELECT note FROM visits WHERE id = 18"), "of Eve");
    let left = "SELECT count(*) FROM visits WHERE person = 1 AND (note IS NOT NULL OR address LIKE '192.%')";
    assert_eq!(company.query("shop", left), "0");
}

/// Rows of somebody else's that name the person.
#[rstest]
fn rows_of_others_in_parts_lose_the_persons_name_alone(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("shop", &tickets(), &dataset("", ""))]);
    let facts = "SELECT id, customer, note FROM tickets ORDER BY id";
    let (who, before) = (person("ada@example.com"), company.query("shop", facts));
    let (manifest, plan) = company.prepare(&who);
    assert_eq!(planned(&plan, "tickets"), (0, u64::from(ROWS), 0));
    let (all, in_parts) = masked(&manifest, "tickets");
    assert_eq!((all, in_parts), (u64::from(ROWS), u64::from(ROWS)));
    fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    assert_eq!(company.query("shop", facts), before);
    assert_eq!(company.query("shop", "SELECT count(*) FROM tickets WHERE handler IS NOT NULL"), "0");
    assert!(fulfilment::verify(&company.systems, &who, &[manifest]).unwrap().is_done());
}

/// Where each of many columns holds something or not, rows are masked in more ways than are kept apart: what holds nothing goes on
/// holding nothing.
#[rstest]
fn rows_that_are_masked_in_very_many_ways_are_in_parts_too(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let columns = ["a", "b", "c", "d", "e"];
    let mut sql =
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, email VARCHAR(60), a VARCHAR(20), b VARCHAR(20), c VARCHAR(20),
                       d VARCHAR(20), e VARCHAR(80));
                   INSERT INTO notes VALUES (0, 'bob@example.com', 'a', NULL, 'c', 'd', 'e')"
            .to_owned();
    let holds = |id: u32, at: usize| id >> at & 1 == 1;
    for id in 1..=ROWS {
        let values = columns.iter().enumerate().map(|(at, column)| match holds(id, at) {
            true => format!("'{column}{id}'"),
            false => "NULL".to_owned(),
        });
        write!(sql, ", ({id}, 'ada@example.com', {})", values.collect::<Vec<_>>().join(", ")).unwrap();
    }
    let yaml = "
dataset:
  - fides_key: log
    collections:
      - name: notes
        data_categories: [user]
        fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: masked}}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email, masking_strategy_override: {strategy: null_rewrite}}}
          - {name: a}
          - {name: b, fides_meta: {masking_strategy_override: {strategy: null_rewrite}}}
          - {name: c}
          - {name: d}
          - {name: e, fides_meta: {masking_strategy_override: {strategy: hmac}}}
";
    let company = Company::new(engine, &[("shop", &(sql + ";"), yaml)]);
    let who = person("ada@example.com");
    let (manifest, plan) = company.prepare(&who);
    assert_eq!(planned(&plan, "notes"), (0, u64::from(ROWS), 0));
    let (all, in_parts) = masked(&manifest, "notes");
    assert!(all == u64::from(ROWS) && in_parts > 0, "{all} {in_parts}");
    assert_eq!(steps(&manifest, "notes").count(), 17, "sixteen treatments, and one for all others");
    // As the store keeps it, but for the rows in parts.
    fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    for row in company.query("shop", "SELECT id, email, a, b, c, d, length(e) FROM notes WHERE id > 0").lines() {
        let values: Vec<&str> = row.split('|').collect();
        let id: u32 = values[0].parse().unwrap();
        let text = |at: usize| if holds(id, at) { "masked" } else { "" };
        let hmac = if holds(id, 4) { "64" } else { "" };
        assert_eq!(values[1..], ["", text(0), "", text(2), text(3), hmac], "{id}");
    }
    assert_eq!(company.query("shop", "SELECT * FROM notes WHERE id = 0"), "0|bob@example.com|a||c|d|e");
    let again = fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    assert!(again.changed.is_empty() && again.collections.iter().all(|c| c.masked == 0), "{again:?}");
    assert!(fulfilment::verify(&company.systems, &who, &[manifest]).unwrap().is_done());
}

/// Rows that stay as they are count, and are in nobody's way.
#[rstest]
fn rows_that_stay_as_they_are_are_counted(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let read_only = "fides_meta: {read_only: true}";
    let company = Company::new(engine, &[("shop", &tickets(), &dataset("", read_only))]);
    let before = company.query("shop", "SELECT * FROM tickets ORDER BY id");
    let who = person("ada@example.com");
    let (manifest, plan) = company.prepare(&who);
    assert_eq!(planned(&plan, "tickets"), (0, 0, u64::from(ROWS)));
    fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    assert_eq!(company.query("shop", "SELECT * FROM tickets ORDER BY id"), before);
    let remaining = fulfilment::verify(&company.systems, &who, &[manifest]).unwrap();
    assert!(remaining.is_done(), "{remaining:?}");
    let kept: Vec<_> = remaining.kept.iter().map(|r| (r.collection.as_str(), r.rows)).collect();
    assert_eq!(kept, [("tickets", u64::from(ROWS))]);
}

/// What cannot let go stands in the way, however many rows there are.
#[rstest]
fn masked_rows_that_cannot_let_go_stand_in_the_way(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("shop", &visits("NOT NULL"), &dataset("", ""))]);
    let (_, plan) = fulfilment::prepare(&company.systems, &person("ada@example.com"), &[]).unwrap();
    let refer = format!("{ROWS} rows of ");
    assert!(plan.obstacles.iter().any(|o| o.starts_with(&refer) && o.contains("visits")), "{:?}", plan.obstacles);
}

/// What is kept for now keeps a row of somebody else's that it refers to as it is.
#[rstest]
fn a_row_of_others_stays_as_it_is_while_what_refers_to_it_is_kept(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let sql = "CREATE TABLE tickets (id INTEGER PRIMARY KEY, handler VARCHAR(60), customer VARCHAR(60));
        CREATE TABLE bills (id INTEGER PRIMARY KEY, payer VARCHAR(60), ticket INTEGER NOT NULL REFERENCES tickets (id), day DATE,
            FOREIGN KEY (ticket) REFERENCES tickets (id));
        INSERT INTO tickets VALUES (1, 'ada@example.com', 'bob@example.com'), (2, 'ada@example.com', 'bob@example.com');
        INSERT INTO bills VALUES (1, 'ada@example.com', 1, '2026-01-01');";
    let yaml = "
dataset:
  - fides_key: log
    collections:
      - name: tickets
        data_categories: [user]
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: handler, fides_meta: {identity: email}}
          - {name: customer, fides_meta: {identity: email}}
      - name: bills
        data_categories: [user]
        fides_meta: {retain: {ground: bookkeeping, for: 10 years, from: day}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: payer, fides_meta: {identity: email}}
          - {name: ticket}
          - {name: day}
";
    let company = Company::new(engine, &[("shop", sql, yaml)]);
    let (manifest, plan) = company.prepare(&person("ada@example.com"));
    assert_eq!(planned(&plan, "tickets"), (0, 1, 1));
    company.execute_manifest(&manifest);
    let tickets = company.query("shop", "SELECT id, handler FROM tickets ORDER BY id");
    assert_eq!(tickets, "1|ada@example.com\n2|");
}

/// Masked rows that others refer to by another column than their key are found by that one again.
#[rstest]
fn what_refers_to_masked_rows_otherwise_than_by_their_key_is_found(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let sql = "CREATE TABLE visits (id INTEGER PRIMARY KEY, email VARCHAR(60), code VARCHAR(20) NOT NULL UNIQUE);
        CREATE TABLE steps (id INTEGER PRIMARY KEY, visit VARCHAR(20));
        INSERT INTO visits VALUES (1, 'ada@example.com', 'v1'), (2, 'bob@example.com', 'v2');
        INSERT INTO steps VALUES (1, 'v1'), (2, 'v2');";
    let yaml = "
dataset:
  - fides_key: log
    collections:
      - name: visits
        data_categories: [user]
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: code, fides_meta: {masking_strategy_override: {strategy: preserve}}}
      - name: steps
        data_categories: [user]
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: visit, fides_meta: {references: [{dataset: log, field: visits.code, direction: from}]}}
";
    let company = Company::new(engine, &[("shop", sql, yaml)]);
    let who = person("ada@example.com");
    let (manifest, _) = company.prepare(&who);
    company.execute_manifest(&manifest);
    assert_eq!(company.query("shop", "SELECT * FROM steps"), "2|v2");
    company.execute("shop", "INSERT INTO steps VALUES (3, 'v1');");
    let remaining = fulfilment::verify(&company.systems, &who, &[manifest]).unwrap();
    let found: Vec<_> = remaining.rows.iter().map(|row| (row.collection.as_str(), row.rows)).collect();
    assert_eq!(found, [("steps", 1)]);
}
