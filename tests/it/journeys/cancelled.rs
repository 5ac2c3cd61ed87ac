//! A run ends when nobody wants it any more: its query is gone from the company's database, and whoever has the job next
//! comes to the end that an undisturbed run comes to.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::crashes::staff;
use crate::support::lock::Lock;
use crate::support::postgres;
use crate::support::server::{Process, Server};
use crate::support::world::{Kind, World};

/// A request of Ada's, approved; gives its id, its token and a reviewer's.
fn approved(world: &World, api: &crate::support::server::Api, right: &str) -> (String, String, String) {
    let (token, ids) = api.submit(&[right], json!({}));
    api.confirm(world, &ids[0], &token);
    let reviewer = api.sign_in(Role::Reviewer);
    let (status, answer) = api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &reviewer, Value::Null);
    assert_eq!(status, 200, "{answer}");
    (ids[0].clone(), token, reviewer)
}

/// What others hold against what Habeas is about to do: a row against changes, a table against being read.
const VISIT: Lock = Lock {
    sqlite: "BEGIN IMMEDIATE",
    postgres: "BEGIN; SELECT id FROM visits WHERE id = 1 FOR UPDATE",
    mysql: "BEGIN; SELECT id FROM visits WHERE id = 1 FOR UPDATE",
};
const CUSTOMER: Lock = Lock {
    sqlite: "BEGIN IMMEDIATE",
    postgres: "BEGIN; SELECT id FROM customers WHERE id = 1 FOR UPDATE",
    mysql: "BEGIN; SELECT id FROM customers WHERE id = 1 FOR UPDATE",
};
const ORDERS: Lock = Lock {
    sqlite: "BEGIN EXCLUSIVE",
    postgres: "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE",
    mysql: "LOCK TABLES orders WRITE",
};

fn is_running(request: &Value) -> bool {
    request["jobs"].as_array().unwrap().iter().any(|job| job["kind"] == "fulfil" && job["running"] == true)
}

/// A database of which everything of Ada's is deleted and nothing masked, so that nothing has to be rehearsed.
const LOG_SQL: &str = "
CREATE TABLE visits (id integer PRIMARY KEY, email VARCHAR(60), note VARCHAR(60));
INSERT INTO visits VALUES (1, 'ada@example.com', 'first'), (2, 'bob@example.com', 'his'), (3, 'ada@example.com', 'last');
";

const LOG: &str = "
dataset:
  - fides_key: log
    collections:
      - name: visits
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [system.operations]}
          - {name: email, fides_meta: {identity: email}, data_categories: [user.contact.email]}
          - {name: note, data_categories: [user.behavior]}
";

fn visited(store: Kind, company: Kind) -> World {
    World::new(store, company).with_system("shop", "log", LOG_SQL, LOG)
}

/// The step of the log's database, if it says that rows are being erased there.
fn erases(request: &Value) -> Option<&Value> {
    let mut steps = request["steps"].as_array().unwrap().iter();
    steps.find(|s| s["name"] == "erase" && s["system"] == "log-db" && s["state"] == "running")
}

#[rstest]
fn an_access_that_is_taken_back_stops_its_query(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = World::new(store, company);
    let server = Server::start(&world);
    let held = world.hold("shop", ORDERS);
    let (id, token, reviewer) = approved(&world, &server.api, "access");
    server.api.until(&id, &reviewer, is_running);
    world.until_statements("shop", 1, Duration::from_secs(20));
    let taken_back = Instant::now();
    let (status, answer) = server.api.post(&format!("/v1/requests/{id}/withdrawal"), &token, Value::Null);
    assert_eq!((status, &answer["state"]), (200, &json!("withdrawn")), "{answer}");
    world.until_statements("shop", 0, Duration::from_secs(3));
    let over = |request: &Value| request["jobs"].as_array().unwrap().iter().all(|job| job["kind"] != "fulfil");
    let request = server.api.until(&id, &reviewer, over);
    assert!(taken_back.elapsed() < Duration::from_secs(5), "{:?}", taken_back.elapsed());
    assert_eq!((&request["state"], &request["steps"]), (&json!("withdrawn"), &json!([])), "{request}");
    drop(held);
    assert!(world.rows().iter().any(|row| row.to_lowercase().contains("ada@example.com")), "nothing is gone");
    let again = server.api.post(&format!("/v1/requests/{id}/withdrawal"), &token, Value::Null).0;
    assert_eq!(again, 409);
}

#[rstest]
fn a_hold_that_is_placed_while_rows_are_erased_keeps_them(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = visited(store, company);
    let server = Server::start(&world);
    let held = world.hold("log", VISIT);
    let (id, _, reviewer) = approved(&world, &server.api, "deletion");
    server.api.until(&id, &reviewer, |request| erases(request).is_some());
    world.until_statements("log", 1, Duration::from_secs(20));
    let officer = server.api.sign_in(Role::Officer);
    let hold = json!({
        "controller": "shop", "person": { "email": "ada@example.com" },
        "ground": "Regional court 7 O 12/26", "reason": "She sues over a visit.",
    });
    let (status, placed) = server.api.post("/v1/staff/legal-holds", &officer, hold);
    assert_eq!(status, 201, "{placed}");
    drop(held);
    let done = server.api.settled(&id, &reviewer);
    assert_eq!(world.query("log", "SELECT id FROM visits ORDER BY id"), "1\n2\n3", "{done}");
    assert_eq!(done["legal_holds"], json!([placed["id"]]), "{done}");
}

/// When the lease of the one job about a right's request ends.
fn leased_until(world: &World, right: &str) -> String {
    let of = format!("kind = 'fulfil' AND request_id IN (SELECT id FROM requests WHERE right_name = '{right}')");
    world.query_store(&format!("SELECT leased_until FROM jobs WHERE {of}"))
}

#[rstest]
fn a_job_that_no_run_of_its_process_has_is_taken_up_again(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Postgres);
    let server = Server::start(&world);
    let held = world.hold("shop", ORDERS);
    let (runs, _, reviewer) = approved(&world, &server.api, "access");
    let (lost, ..) = approved(&world, &server.api, "portability");
    for id in [&runs, &lost] {
        server.api.until(id, &reviewer, is_running);
    }
    world.until_statements("shop", 2, Duration::from_secs(20));
    // As when a run has ended and could not be settled: the process has a lease that none of its runs has.
    let of_portability = "request_id IN (SELECT id FROM requests WHERE right_name = 'portability')";
    world.execute_in_store(store, &format!("UPDATE jobs SET attempts = attempts + 1 WHERE {of_portability}"));
    // The run that lost it ends, though nobody else has it.
    world.until_statements("shop", 1, Duration::from_secs(5));
    let (kept, left) = (leased_until(&world, "access"), leased_until(&world, "portability"));
    server.clock().advance(TimeDelta::seconds(1));
    let beats = Instant::now();
    while leased_until(&world, "access") == kept {
        assert!(beats.elapsed() < Duration::from_secs(20), "no lease is renewed");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(leased_until(&world, "portability"), left, "what nobody runs is not renewed");
    drop(held);
    for (id, wait) in [(&runs, TimeDelta::zero()), (&lost, TimeDelta::seconds(31))] {
        server.clock().advance(wait);
        let done = server.api.settled(id, &reviewer);
        assert_eq!(done["state"], "awaiting_release", "{done}");
    }
}

/// A process that stood still for longer than its leases last finds its own job free, and takes it beside its run.
#[rstest]
fn a_run_whose_job_its_own_process_took_again_ends(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Postgres);
    let server = Server::start(&world);
    let held = world.hold("shop", ORDERS);
    let (id, token, reviewer) = approved(&world, &server.api, "access");
    server.api.until(&id, &reviewer, is_running);
    world.until_statements("shop", 1, Duration::from_secs(20));
    world.execute_in_store(store, "UPDATE jobs SET owner = NULL, leased_until = NULL WHERE kind = 'fulfil'");
    let again = |request: &Value| {
        is_running(request) && request["jobs"].as_array().unwrap().iter().any(|job| job["attempts"] == 2)
    };
    server.api.until(&id, &reviewer, again);
    // The first is told to end; the second is watched as before, and ends with its request.
    let (status, _) = server.api.post(&format!("/v1/requests/{id}/withdrawal"), &token, Value::Null);
    assert_eq!(status, 200);
    world.until_statements("shop", 0, Duration::from_secs(10));
    drop(held);
}

#[rstest]
fn a_deletion_cannot_be_taken_back_once_it_runs(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = visited(store, Kind::Postgres);
    let server = Server::start(&world);
    let held = world.hold("log", VISIT);
    let (id, token, reviewer) = approved(&world, &server.api, "deletion");
    // It hangs, and staff see in which system, doing what, with how many rows.
    let hangs = server.api.until(&id, &reviewer, |request| erases(request).is_some());
    assert_eq!(erases(&hangs).unwrap()["rows"], 2, "{hangs}");
    let state = |system: &str| {
        let mut steps = hangs["steps"].as_array().unwrap().iter();
        let step = steps.find(|s| s["system"] == system).unwrap();
        (step["name"].as_str().unwrap().to_owned(), step["state"].as_str().unwrap().to_owned())
    };
    assert_eq!(state("desk-db"), ("erase".to_owned(), "done".to_owned()), "{hangs}");
    assert_eq!(state("shop-db"), ("rehearse".to_owned(), "done".to_owned()), "{hangs}");
    let (status, progress) = server.api.get(&format!("/v1/staff/requests/{id}/progress"), &reviewer);
    assert!(status == 200 && erases(&progress).is_some(), "{progress}");
    assert_eq!(server.api.post(&format!("/v1/requests/{id}/withdrawal"), &token, Value::Null).0, 409);
    drop(held);
    assert_eq!(server.api.settled(&id, &reviewer)["state"], "fulfilled");
}

#[rstest]
fn a_correction_that_hangs_shows_where(#[values(Kind::Postgres, Kind::Mysql)] company: Kind) {
    let world = World::new(Kind::Sqlite, company);
    let server = Server::start(&world);
    let held = world.hold("shop", CUSTOMER);
    let correction = json!({ "corrections": [
        { "dataset": "shop", "collection": "customers", "field": "name", "current": "Ada", "requested": "Ada Lovelace" },
    ] });
    let (token, ids) = server.api.submit(&["correction"], correction);
    server.api.confirm(&world, &ids[0], &token);
    let reviewer = server.api.sign_in(Role::Reviewer);
    server.api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &reviewer, Value::Null);
    server.api.until(&ids[0], &reviewer, |request| {
        let mut steps = request["steps"].as_array().unwrap().iter();
        steps.any(|s| s["name"] == "correct" && s["system"] == "shop-db" && s["state"] == "running" && s["rows"] == 1)
    });
    drop(held);
    assert_eq!(server.api.settled(&ids[0], &reviewer)["state"], "fulfilled");
}

#[rstest]
fn a_process_that_stops_leaves_its_deletion_to_another(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = visited(store, company);
    world.configure("workers = 1\n", "workers = 1\ngrace_seconds = 1\n");
    staff(&world);
    let first = Process::start(&world, None);
    let held = world.hold("log", VISIT);
    let (id, _, reviewer) = approved(&world, &first.api, "deletion");
    first.api.until(&id, &reviewer, |request| erases(request).is_some());
    let told = Instant::now();
    first.signal(Signal::TERM);
    let status = first.died();
    assert!(status.success(), "{status}");
    assert!(told.elapsed() < Duration::from_secs(8), "it did not wait for the lock: {:?}", told.elapsed());
    world.until_statements("log", 0, Duration::from_secs(3));
    // Given back as if it had not been begun: whoever is there takes it at once.
    let job =
        "SELECT count(*) FROM jobs WHERE kind = 'fulfil' AND owner IS NULL AND attempts = 0 AND last_error IS NULL";
    assert_eq!(world.query_store(job).trim(), "1");
    let second = Process::start(&world, None);
    second.api.until(&id, &reviewer, is_running);
    drop(held);
    let done = second.api.settled(&id, &reviewer);
    assert_eq!(done["state"], "fulfilled", "{done}");
    assert!(done["steps"].as_array().unwrap().iter().all(|step| step["state"] == "done"), "{done}");
    assert_eq!(world.query("log", "SELECT id FROM visits ORDER BY id"), "2");
}

/// Which connection deleted what.
const WITNESS: &str = "
CREATE TABLE erasers (pid integer);
CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO erasers VALUES (pg_backend_pid()); RETURN NULL; END';
CREATE TRIGGER witness AFTER DELETE ON visits FOR EACH ROW EXECUTE FUNCTION witness();
";

const WAITING: &str =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

#[test]
fn a_process_that_stood_still_for_longer_than_its_lease_writes_nothing_any_more() {
    let world = visited(Kind::Postgres, Kind::Postgres);
    world.configure("dataset = \"log.yml\"\n", "dataset = \"log.yml\"\nlock_seconds = 300\n");
    world.execute("log", WITNESS);
    staff(&world);
    let first = Process::start(&world, None);
    let held = world.hold("log", VISIT);
    let (id, _, reviewer) = approved(&world, &first.api, "deletion");
    first.api.until(&id, &reviewer, |request| erases(request).is_some());
    let url = world.system_url("log");
    let paused = postgres::query(&url, WAITING).trim().to_owned();
    first.signal(Signal::STOP);
    let second = Process::start(&world, None);
    // Half a minute later the lease is over, and the other process is where this one was.
    let waits = || postgres::query(&url, WAITING).lines().filter(|line| !line.is_empty()).count();
    let begun = Instant::now();
    while waits() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(90), "nobody took the job over");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Now the rows are the first one's, before anybody else's; but the job no longer is.
    drop(held);
    first.signal(Signal::CONT);
    let done = second.api.settled(&id, &reviewer);
    assert_eq!(done["state"], "fulfilled", "{done}");
    let erasers = postgres::query(&url, "SELECT DISTINCT pid FROM erasers");
    assert!(!erasers.trim().is_empty() && erasers.trim() != paused, "{erasers} is not {paused}");
    assert_eq!(world.query("log", "SELECT id FROM visits ORDER BY id"), "2");
    assert_eq!(first.api.send(Method::GET, "/health/ready", None, None).status(), 200, "it goes on with other work");
}
