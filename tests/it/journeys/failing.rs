//! A database that fails holds up nobody else's rows, is named where staff look, and is searched once it is back.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use habeas::domain::job::back_off;
use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::unzip;
use crate::support::postgres;
use crate::support::server::Server;
use crate::support::service::{Service, announce, memory, operations};
use crate::support::world::{Kind, World};

/// Lets nobody into a system's database any more, as when its server is stopped; or again.
pub fn reachable(world: &World, system: &str, there: bool) {
    let url = world.system_url(system);
    let name = url.rsplit('/').next().unwrap();
    let admin = format!("{}/postgres", url.strip_suffix(&format!("/{name}")).unwrap());
    postgres::execute(&admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {there}"));
    if !there {
        let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        postgres::execute(&admin, &cut);
    }
}

/// A request of Ada's, approved while the desk's database is out of reach; gives its id and the token.
fn approved_without_desk(world: &World, server: &Server, right: &str, more: Value) -> (String, String, String) {
    let api = &server.api;
    let (token, ids) = api.submit(&[right], more);
    let id = ids[0].clone();
    api.confirm(world, &id, &token);
    let staff = api.sign_in(Role::Reviewer);
    reachable(world, "desk", false);
    let (status, answer) = api.post(&format!("/v1/staff/requests/{id}/approval"), &staff, Value::Null);
    assert_eq!(status, 200, "{answer}");
    (id, token, staff)
}

/// The failed step of a request, once that many attempts failed.
fn failed(server: &Server, id: &str, staff: &str, attempts: i64) -> (Value, Value) {
    let step = |request: &Value| {
        let steps = request["steps"].as_array().unwrap().iter();
        steps.clone().find(|s| s["state"] == "failed" && s["failed_attempts"] == attempts).cloned()
    };
    let waits = |request: &Value| request["jobs"].as_array().unwrap().iter().any(|j| j["attempts"] == attempts);
    let request = server.api.until(id, staff, |request| step(request).is_some() && waits(request));
    (step(&request).unwrap(), request)
}

#[rstest]
fn a_deletion_goes_on_without_a_database_and_ends_with_it(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Postgres);
    let server = Server::start(&world);
    let (id, _, staff) = approved_without_desk(&world, &server, "deletion", json!({}));
    let (step, request) = failed(&server, &id, &staff, 1);
    assert_eq!((&step["system"], &request["state"]), (&json!("desk-db"), &json!("fulfilling")), "{request}");
    let since = step["failing_since"].clone();
    assert!(since.is_string(), "{step}");
    assert!(!step["error"].as_str().unwrap().contains("ada@"), "{step}");
    let done = request["steps"].as_array().unwrap().iter();
    assert!(done.clone().any(|s| s["collection"] == "orders" && s["state"] == "done" && s["rows"] == 2), "{request}");
    assert_eq!(world.query("shop", "SELECT count(*) FROM customers WHERE lower(email) LIKE 'ada%'"), "0");
    assert_eq!(world.query("shop", "SELECT count(*) FROM customers"), "2", "nobody else is gone");

    // The next attempt fails as well, and says since when.
    server.clock().advance(TimeDelta::seconds(3));
    let (step, _) = failed(&server, &id, &staff, 2);
    assert_eq!(step["failing_since"], since);

    // It is back: what belonged to rows that are gone is still found, and nothing else.
    reachable(&world, "desk", true);
    server.clock().advance(TimeDelta::minutes(1));
    let done = server.api.settled(&id, &staff);
    let done = match done["state"] == "awaiting_release" {
        true => server.api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null).1,
        false => done,
    };
    assert_eq!(done["state"], "fulfilled", "{done}");
    assert_eq!(world.query("desk", "SELECT id FROM tickets ORDER BY id"), "2\n3");
    assert_eq!(world.query("desk", "SELECT id FROM messages ORDER BY id"), "3\n4");
    assert_eq!(world.query("shop", "SELECT count(*) FROM addresses WHERE street = 'Alone Street 1'"), "0");
}

#[rstest]
fn an_answer_waits_for_a_database_and_then_says_that_it_lacks_it(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Postgres);
    let server = Server::start(&world);
    let (id, token, staff) = approved_without_desk(&world, &server, "access", json!({}));
    for attempt in 1..8 {
        let (step, request) = failed(&server, &id, &staff, attempt);
        assert_eq!((&step["system"], &request["state"]), (&json!("desk-db"), &json!("fulfilling")), "{request}");
        server.clock().advance(TimeDelta::minutes(3));
    }
    let waiting = server.api.settled(&id, &staff);
    assert_eq!(waiting["state"], "awaiting_release", "{waiting}");
    let lines = waiting["result"]["lines"].as_array().unwrap();
    let missing: Vec<_> = lines.iter().filter(|l| l["system"] == "desk-db").collect();
    assert_eq!(missing.len(), 2, "{waiting}");
    let unsearched = |note: &Value| note.as_str().unwrap().contains("could not be searched");
    assert!(missing.iter().all(|l| l["action"] == "excluded" && unsearched(&l["note"])), "{waiting}");

    // Tried once more while the database is still away, then sent as it is.
    let again = server.api.post(&format!("/v1/staff/requests/{id}/retry"), &staff, Value::Null);
    assert_eq!((again.0, &again.1["state"]), (200, &json!("fulfilling")), "{}", again.1);
    for attempt in 1..8 {
        failed(&server, &id, &staff, attempt);
        server.clock().advance(TimeDelta::minutes(3));
    }
    assert_eq!(server.api.settled(&id, &staff)["state"], "awaiting_release");
    let released = server.api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null).1;
    assert_eq!(released["state"], "partially_fulfilled", "{released}");
    let files = unzip(server.api.package(&id, &token));
    let told =
        |name: &str| files.iter().any(|(file, text)| file.contains(name) && text.contains("could not be searched"));
    assert!(told("index.html") && told("receipt"), "{:?}", files.keys());
}

/// A third database, so that something can be reached where two cannot.
const LOG_SQL: &str = "
CREATE TABLE visits (id integer PRIMARY KEY, email varchar(60), note varchar(60));
INSERT INTO visits VALUES (1, 'ada@example.com', 'hers'), (2, 'bob@example.com', 'his');
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

#[rstest]
#[case::both_from_the_beginning(1)]
#[case::the_other_when_one_is_given_up_nearly(7)]
fn an_answer_is_made_without_two_databases(#[case] from: i64, #[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Postgres).with_system("shop", "log", LOG_SQL, LOG);
    let server = Server::start(&world);
    let (id, token, staff) = approved_without_desk(&world, &server, "access", json!({}));
    let attempts = |request: &Value| {
        let jobs = request["jobs"].as_array().unwrap().iter().filter(|job| job["kind"] == "fulfil");
        jobs.filter(|job| job["running"] == false).filter_map(|job| job["attempts"].as_i64()).next()
    };
    let mut both_were_told = false;
    for attempt in 1.. {
        let ended = |request: &Value| request["state"] != "fulfilling" || attempts(request) == Some(attempt);
        let request = server.api.until(&id, &staff, ended);
        if request["state"] != "fulfilling" {
            break;
        }
        let failed = request["steps"].as_array().unwrap().iter().filter(|s| s["state"] == "failed");
        both_were_told |= failed.count() == 2;
        assert!(attempt < 12, "it is given up: {request}");
        if attempt == from {
            reachable(&world, "shop", false);
        }
        server.clock().advance(back_off(i32::try_from(attempt).unwrap()) + TimeDelta::seconds(1));
    }
    assert!(both_were_told, "staff see both");
    let waiting = server.api.settled(&id, &staff);
    assert_eq!(waiting["state"], "awaiting_release", "{waiting}");
    let lines = waiting["result"]["lines"].as_array().unwrap();
    let excluded: BTreeSet<&str> =
        lines.iter().filter(|l| l["action"] == "excluded").map(|l| l["system"].as_str().unwrap()).collect();
    assert_eq!(excluded, BTreeSet::from(["desk-db", "shop-db"]), "{waiting}");
    server.api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    let files = unzip(server.api.package(&id, &token));
    assert!(files["data/log/visits.csv"].contains("hers"), "{:?}", files.keys());
}

#[rstest]
fn an_answer_without_a_database_is_made_again_when_it_is_back(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Postgres);
    let server = Server::start(&world);
    let (id, token, staff) = approved_without_desk(&world, &server, "access", json!({}));
    for attempt in 1..8 {
        failed(&server, &id, &staff, attempt);
        server.clock().advance(TimeDelta::minutes(3));
    }
    assert_eq!(server.api.settled(&id, &staff)["state"], "awaiting_release");
    reachable(&world, "desk", true);
    assert_eq!(server.api.post(&format!("/v1/staff/requests/{id}/retry"), &staff, Value::Null).0, 200);
    let whole = server.api.settled(&id, &staff);
    let lines = whole["result"]["lines"].as_array().unwrap();
    assert!(lines.iter().any(|l| l["system"] == "desk-db" && l["rows"].as_u64() > Some(0)), "{whole}");
    assert!(lines.iter().all(|l| l["action"] != "excluded"), "{whole}");
    if whole["state"] == "awaiting_release" {
        server.api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    }
    assert!(unzip(server.api.package(&id, &token)).keys().any(|file| file.contains("tickets")));
}

#[rstest]
fn a_correction_is_made_where_it_can_be_and_its_rest_later(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Postgres);
    let server = Server::start(&world);
    let field = |dataset: &str, collection: &str, field: &str, requested: &str| json!({ "dataset": dataset, "collection": collection, "field": field, "requested": requested });
    let corrections = json!({ "corrections": [
        field("shop", "customers", "name", "Ada Lovelace"),
        field("shop", "customers", "email", "ada@new.example"),
        field("shop", "orders", "note", "ring once"),
        field("desk", "tickets", "subject", "Spoon mended"),
    ] });
    let (id, _, staff) = approved_without_desk(&world, &server, "correction", corrections);
    let (step, request) = failed(&server, &id, &staff, 1);
    assert_eq!((&step["system"], &request["state"]), (&json!("desk-db"), &json!("fulfilling")), "{request}");
    let steps = request["steps"].as_array().unwrap();
    let done =
        |collection: &str| steps.iter().filter(|s| s["collection"] == collection && s["state"] == "done").count();
    assert_eq!((done("customers"), done("orders"), done("tickets")), (1, 1, 0), "{request}");
    assert_eq!(world.query("shop", "SELECT name FROM customers ORDER BY id"), "Ada Lovelace\nBob\nCid");
    let email = "SELECT lower(email) FROM customers WHERE id = 1";
    assert_eq!(world.query("shop", email), "ada@example.com", "her ticket is found by it");

    // The company writes something else there meanwhile: it is not corrected twice.
    world.execute("shop", "UPDATE customers SET name = 'Ada King' WHERE id = 1");
    server.clock().advance(TimeDelta::seconds(3));
    failed(&server, &id, &staff, 2);
    reachable(&world, "desk", true);
    server.clock().advance(TimeDelta::minutes(1));
    let done = server.api.settled(&id, &staff);
    let lines = done["result"]["lines"].as_array().unwrap().iter();
    let lines: Vec<_> = lines.map(|l| (l["field"].as_str().unwrap(), l["action"].as_str().unwrap())).collect();
    let expected = [("name", "not_corrected"), ("email", "corrected"), ("note", "corrected"), ("subject", "corrected")];
    assert_eq!(lines, expected, "{done}");
    assert_eq!(world.query("shop", "SELECT name FROM customers ORDER BY id"), "Ada King\nBob\nCid");
    assert_eq!(world.query("shop", email), "ada@new.example");
    let subjects = world.query("desk", "SELECT subject FROM tickets ORDER BY id");
    assert_eq!(subjects, "Spoon mended\nKnife blunt\nFork lost");
}

/// What a service is asked by keys of rows that are gone meanwhile: the manifests keep them. One that needs no keys is
/// asked at once.
#[rstest]
fn a_service_that_needs_keys_is_asked_when_all_are_known(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(true, false)] keyed: bool,
) {
    let world = World::new(store, Kind::Postgres);
    let port = announce(&world, "");
    if !keyed {
        let dataset = std::fs::read_to_string(world.path().join("loyalty.yml")).unwrap();
        world.write("loyalty.yml", &dataset[..dataset.find("      - name: visits").unwrap()]);
    }
    let server = Server::start(&world);
    let _service = Service::start(&world, port, &[]);
    let (id, _, staff) = approved_without_desk(&world, &server, "deletion", json!({}));
    let (step, request) = failed(&server, &id, &staff, 1);
    assert_eq!((&step["system"], &request["state"]), (&json!("desk-db"), &json!("fulfilling")), "{request}");
    assert_eq!(world.query("shop", "SELECT id FROM customers ORDER BY id"), "2\n3", "the shop did not wait");
    let asked = std::fs::read_to_string(world.path().join("loyalty.json")).is_ok_and(|kept| kept.contains("erase"));
    assert_eq!(asked, !keyed);

    reachable(&world, "desk", true);
    server.clock().advance(TimeDelta::minutes(1));
    let done = server.api.settled(&id, &staff);
    assert_eq!(operations(&world), ["erase", "find"], "{done}");
    let left = memory(&world)["visits"].as_array().unwrap().iter().filter(|v| v["customer"] == 1).count();
    assert_eq!(left == 0, keyed, "{done}");
    assert_eq!(world.query("desk", "SELECT id FROM tickets ORDER BY id"), "2\n3");
}
