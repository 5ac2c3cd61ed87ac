//! `kill -9` at each named point of a package, an erasure and a correction: after a restart the end is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use habeas::cli::assemble;
use habeas::clock::Clock;
use habeas::config::Config;
use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::unzip;
use crate::arrows::rust_files;
use crate::engine::{very_many, very_many_masked};
use crate::support::server::{Process, add_staff, habeas};
use crate::support::world::{Kind, World};

/// What is left when everything is done: the company's rows, the answer, and the data of the package.
#[derive(Debug, PartialEq)]
struct End {
    rows: Vec<String>,
    state: Value,
    lines: Value,
    data: BTreeMap<String, String>,
}

/// Submits, confirms and approves; the process may die at a point, and is started again where it did.
fn run(store: Kind, company: Kind, right: &str, crash_at: Option<&str>) -> End {
    run_in(&World::new(store, company), store, right, crash_at)
}

fn run_in(world: &World, store: Kind, right: &str, crash_at: Option<&str>) -> End {
    staff(world);
    let process = Process::start(world, crash_at);
    let correction = json!({ "corrections": [
        { "dataset": "shop", "collection": "customers", "field": "name", "current": "Ada", "requested": "Ada Lovelace" },
    ] });
    let (token, ids) = process.api.submit(&[right], if right == "correction" { correction } else { json!({}) });
    let id = &ids[0];
    process.api.confirm(world, id, &token);
    let reviewer = process.api.sign_in(Role::Reviewer);
    let (status, answer) = process.api.post(&format!("/v1/staff/requests/{id}/approval"), &reviewer, Value::Null);
    assert_eq!(status, 200, "{answer}");
    let process = match crash_at {
        None => process,
        Some(point) => {
            let status = process.died();
            assert_eq!(status.signal(), Some(9), "killed at {point}");
            // The lease of the dead process is over at once for the test, as it would be after half a minute.
            release_leases(world, store);
            Process::start(world, None)
        }
    };
    let api = &process.api;
    let mut done = api.settled(id, &reviewer);
    if done["state"] == "awaiting_release" {
        done = api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, Value::Null).1;
    }
    let data = match right {
        "access" => unzip(api.package(id, &token)).into_iter().filter(|(name, _)| name.starts_with("data/")).collect(),
        _ => BTreeMap::new(),
    };
    let (code, printed, _) = habeas(world, &["audit", "verify"], "");
    assert_eq!(code, 0, "{printed}");
    End { rows: world.rows(), state: done["state"].clone(), lines: done["result"]["lines"].clone(), data }
}

pub fn staff(world: &World) {
    let config = Config::load(&world.config(), true, std::iter::empty()).unwrap();
    let office = assemble::office(&config, Clock::system()).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(add_staff(&office));
}

/// Where the end without a crash is kept, so that it is lived through once for all the points.
fn undisturbed(store: Kind, company: Kind, right: &'static str) -> Arc<OnceLock<End>> {
    type Ends = Vec<((Kind, Kind, &'static str), Arc<OnceLock<End>>)>;
    static ENDS: Mutex<Ends> = Mutex::new(Vec::new());
    let mut ends = ENDS.lock().unwrap();
    let of = (store, company, right);
    if let Some((_, end)) = ends.iter().find(|(known, _)| *known == of) {
        return end.clone();
    }
    let end = Arc::new(OnceLock::new());
    ends.push((of, end.clone()));
    end
}

pub fn release_leases(world: &World, store: Kind) {
    let sql = "UPDATE jobs SET leased_until = NULL, owner = NULL WHERE owner IS NOT NULL";
    world.execute_in_store(store, sql);
}

#[rstest]
#[case::before_the_package_is_there("access", "package.before_commit")]
#[case::inside_the_zip("access", "package.inside_zip")]
#[case::after_the_package_is_there("access", "package.after_commit")]
#[case::before_settle("access", "fulfilment.before_settle")]
#[case::before_manifest("deletion", "erasure.before_manifest")]
#[case::after_manifest("deletion", "erasure.after_manifest")]
#[case::inside_the_transaction("deletion", "erasure.inside_transaction")]
#[case::after_commit("deletion", "erasure.after_commit")]
#[case::before_mark("deletion", "erasure.before_mark")]
#[case::before_settle_of_erasure("deletion", "fulfilment.before_settle")]
#[case::before_correction("correction", "correction.before_manifest")]
#[case::after_correction_manifest("correction", "correction.after_manifest")]
#[case::inside_the_transaction_of_correction("correction", "correction.inside_transaction")]
#[case::after_commit_of_correction("correction", "correction.after_commit")]
#[case::before_settle_of_correction("correction", "fulfilment.before_settle")]
fn a_crash_changes_nothing_about_the_end(
    #[case] right: &'static str,
    #[case] point: &str,
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let whole = undisturbed(store, company, right);
    let whole = whole.get_or_init(|| run(store, company, right, None));
    let crashed = run(store, company, right, Some(point));
    assert_eq!(&crashed, whole);
    assert!(whole.state == "fulfilled", "{whole:?}");
}

/// A point that is named for nothing is one at which nobody looked.
#[test]
fn every_named_point_is_killed_at() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = |folder: &str| {
        let files = rust_files(root, folder);
        files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect::<Vec<_>>().join("\n")
    };
    let (source, tests) = (all("src"), all("tests"));
    let points: BTreeSet<&str> =
        source.split("crash::point(\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(points.len() > 15, "{points:?}");
    let alive: Vec<&&str> = points.iter().filter(|point| !tests.contains(&format!("\"{point}\""))).collect();
    assert!(alive.is_empty(), "no test kills at {alive:?}");
}

const BOOKS_SQL: &str = "
CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(60) NOT NULL UNIQUE, name VARCHAR(40));
CREATE TABLE bills (id INTEGER PRIMARY KEY, payer VARCHAR(60) NOT NULL, note VARCHAR(40));
INSERT INTO accounts VALUES (1, 'ada@example.com', 'Ada'), (2, 'bob@example.com', 'Bob');
INSERT INTO bills VALUES (1, 'ada@example.com', 'x'), (2, 'bob@example.com', 'y');
";

const BOOKS: &str = "
dataset:
  - fides_key: books
    data_categories: [user]
    collections:
      - name: accounts
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - name: email
            fides_meta:
              identity: email
              masking_strategy_override:
                {strategy: random_string_rewrite, configuration: {length: 20, format_preservation: {suffix: '@masked.example'}}}
          - {name: name}
      - name: bills
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: payer, fides_meta: {references: [{dataset: books, field: accounts.email, direction: from}]}}
          - {name: note}
";

/// Masks are drawn anew for each request, so they are compared by what they must be: one mask, in both tables.
#[rstest]
#[case::before_manifest("erasure.before_manifest")]
#[case::after_manifest("erasure.after_manifest")]
#[case::inside_the_transaction("erasure.inside_transaction")]
#[case::after_commit("erasure.after_commit")]
#[case::before_mark("erasure.before_mark")]
fn a_crash_changes_no_mask(
    #[case] point: &str,
    #[values((Kind::Sqlite, Kind::Sqlite), (Kind::Postgres, Kind::Postgres), (Kind::Sqlite, Kind::Mysql))] kinds: (
        Kind,
        Kind,
    ),
) {
    let world = World::new(kinds.0, kinds.1).with_system("shop", "books", BOOKS_SQL, BOOKS);
    let end = run_in(&world, kinds.0, "deletion", Some(point));
    assert!(end.state == "fulfilled", "{end:?}");
    let mask = world.query("books", "SELECT email FROM accounts WHERE id = 1");
    assert!(mask.len() == 35 && mask.ends_with("@masked.example"), "{mask}");
    let accounts = world.query("books", "SELECT * FROM accounts ORDER BY id");
    assert_eq!(accounts, format!("1|{mask}|\n2|bob@example.com|Bob"));
    let bills = world.query("books", "SELECT * FROM bills ORDER BY id");
    assert_eq!(bills, format!("1|{mask}|\n2|bob@example.com|y"));
}

/// So many rows that the manifest is kept in parts: what is there of it before all of it is, is replaced.
#[rstest]
#[case::between_parts("erasure.between_parts")]
#[case::after_manifest("erasure.after_manifest")]
#[case::inside_the_transaction("erasure.inside_transaction")]
#[case::after_commit("erasure.after_commit")]
#[case::before_settle("fulfilment.before_settle")]
fn a_crash_changes_nothing_about_very_many_rows(
    #[case] point: &str,
    #[values((Kind::Sqlite, Kind::Postgres), (Kind::Postgres, Kind::Sqlite))] kinds: (Kind, Kind),
) {
    let world = World::new(kinds.0, kinds.1).with_system("shop", "books", &very_many::visits(), very_many::DATASET);
    let before = world.query("books", "SELECT * FROM visits WHERE person = 2 ORDER BY id");
    let end = run_in(&world, kinds.0, "deletion", Some(point));
    assert!(end.state == "fulfilled", "{end:?}");
    assert_eq!(world.query("books", "SELECT * FROM visits ORDER BY id"), before);
    let lines = end.lines.as_array().unwrap();
    let visits = lines.iter().find(|line| line["collection"] == "visits").unwrap();
    assert_eq!((&visits["action"], &visits["rows"]), (&json!("deleted"), &json!(6000)));
}

/// The same with rows that are masked and stay, and go on naming whoever is masked as well.
#[rstest]
#[case::between_parts("erasure.between_parts")]
#[case::after_manifest("erasure.after_manifest")]
#[case::inside_the_transaction("erasure.inside_transaction")]
#[case::after_commit("erasure.after_commit")]
#[case::before_settle("fulfilment.before_settle")]
fn a_crash_changes_nothing_about_very_many_masks(
    #[case] point: &str,
    #[values((Kind::Sqlite, Kind::Postgres), (Kind::Postgres, Kind::Sqlite), (Kind::Sqlite, Kind::Mysql))] kinds: (
        Kind,
        Kind,
    ),
) {
    let (sql, dataset) = (very_many_masked::visits("NOT NULL"), very_many_masked::dataset_of_people_who_stay());
    let world = World::new(kinds.0, kinds.1).with_system("shop", "books", &sql, &dataset);
    let before = world.query("books", "SELECT * FROM visits WHERE person = 2 ORDER BY id");
    let end = run_in(&world, kinds.0, "deletion", Some(point));
    assert!(end.state == "fulfilled", "{end:?}");
    assert_eq!(world.query("books", "SELECT * FROM visits WHERE person = 2 ORDER BY id"), before);
    let masked = "SELECT count(*), min(length(address)), count(note), sum(id) FROM visits WHERE person = 1";
    assert_eq!(world.query("books", masked), format!("6000|64|0|{}", 6000 * 6001 / 2));
    let lines = end.lines.as_array().unwrap();
    let visits: Vec<_> = lines.iter().filter(|line| line["collection"] == "visits").collect();
    let told: Vec<_> = visits.iter().map(|line| (&line["action"], &line["rows"])).collect();
    assert_eq!(told, [(&json!("masked"), &json!(6000))]);
}

/// The same with rows to which such rows refer, by the dataset alone: what is gone leads on by its key.
#[rstest]
#[case::between_parts("erasure.between_parts")]
#[case::inside_the_transaction("erasure.inside_transaction")]
#[case::after_commit("erasure.after_commit")]
fn a_crash_changes_nothing_about_very_many_rows_that_refer_to_each_other(
    #[case] point: &str,
    #[values((Kind::Sqlite, Kind::Postgres), (Kind::Postgres, Kind::Sqlite))] kinds: (Kind, Kind),
) {
    let (sql, dataset) = (very_many::visits_with_steps(""), very_many::dataset_with_steps());
    let world = World::new(kinds.0, kinds.1).with_system("shop", "books", &sql, &dataset);
    let before = world.query("books", "SELECT * FROM visits WHERE person = 2 ORDER BY id");
    let end = run_in(&world, kinds.0, "deletion", Some(point));
    assert!(end.state == "fulfilled", "{end:?}");
    assert_eq!(world.query("books", "SELECT * FROM visits ORDER BY id"), before);
    let left = world.query("books", "SELECT count(*) FROM steps WHERE visit NOT IN (SELECT id FROM visits)");
    assert_eq!(left, "0");
    let lines = end.lines.as_array().unwrap();
    for collection in ["visits", "steps"] {
        let line = lines.iter().find(|line| line["collection"] == collection).unwrap();
        assert_eq!((&line["action"], &line["rows"]), (&json!("deleted"), &json!(6000)));
    }
}

/// The manifest names a system that the configuration has no more when the process starts again: what is left goes on.
#[rstest]
#[case::switched_off(true)]
#[case::removed(false)]
fn a_system_that_is_gone_does_not_stop_the_deletion(#[case] stays_in_the_file: bool) {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    staff(&world);
    let process = Process::start(&world, Some("erasure.after_manifest"));
    let (token, ids) = process.api.submit(&["deletion"], json!({}));
    let id = &ids[0];
    process.api.confirm(&world, id, &token);
    let reviewer = process.api.sign_in(Role::Reviewer);
    process.api.post(&format!("/v1/staff/requests/{id}/approval"), &reviewer, Value::Null);
    process.died();
    release_leases(&world, Kind::Sqlite);
    let config = std::fs::read_to_string(world.config()).unwrap();
    let gone = match stays_in_the_file {
        true => config.replace("id = \"desk-db\"\n", "id = \"desk-db\"\nenabled = false\n"),
        false => config.split("[[systems]]\nid = \"desk-db\"").next().unwrap().to_owned(),
    };
    assert_ne!(gone, config);
    world.write("habeas.toml", &gone);
    let process = Process::start(&world, None);
    let api = &process.api;
    let waiting = api.settled(id, &reviewer);
    assert_eq!(waiting["state"], "awaiting_release", "{waiting}");
    let done = api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, Value::Null).1;
    assert_eq!(done["state"], "partially_fulfilled", "{done}");
    let lines = waiting["result"]["lines"].as_array().unwrap();
    let desk: Vec<&Value> = lines.iter().filter(|line| line["system"] == "desk-db").collect();
    assert!(!desk.is_empty() && desk.iter().all(|line| line["action"] == "excluded"), "{lines:?}");
    assert_eq!(world.query("shop", "SELECT count(*) FROM customers WHERE id = 1"), "0");
    assert_eq!(world.query("desk", "SELECT count(*) FROM tickets WHERE customer_id = 1"), "1");
}
