//! A part of a manifest that can never run does not stop a deletion for good.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::crashes::{release_leases, staff};
use crate::support::server::{Process, Server, habeas};
use crate::support::world::{Kind, World};

/// What a database refuses is told with its own words; a retry plans anew.
#[test]
fn what_a_trigger_refuses_is_planned_anew_when_staff_retry() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    world.execute(
        "shop",
        "CREATE TRIGGER keep BEFORE DELETE ON newsletter BEGIN SELECT RAISE(ABORT, 'newsletter is sacred'); END",
    );
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["deletion"], json!({}));
    let id = &ids[0];
    api.confirm(&world, id, &token);
    let reviewer = api.sign_in(Role::Reviewer);
    api.post(&format!("/v1/staff/requests/{id}/approval"), &reviewer, Value::Null);
    let failed = api.until(id, &reviewer, |r| r["jobs"][0]["given_up"] == true);
    assert!(failed["jobs"][0]["last_error"].as_str().is_some_and(|why| why.contains("refuses")), "{failed}");
    assert_eq!(world.query("shop", "SELECT count(*) FROM newsletter"), "3");
    // What stands in the way is gone, and the rows are others than those of the first manifest.
    world.execute("shop", "DROP TRIGGER keep; UPDATE customers SET name = 'Ada L.' WHERE id = 1");
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &reviewer, Value::Null).0, 200);
    server.office.store.jobs_ready().notify_waiters();
    let done = api.until(id, &reviewer, |r| r["state"] != "fulfilling");
    assert_eq!(world.query("shop", "SELECT count(*) FROM newsletter"), "1");
    let lines = done["result"]["lines"].as_array().unwrap();
    let deleted = lines.iter().filter(|l| l["collection"] == "customers" && l["action"] == "deleted");
    assert_eq!(deleted.map(|l| l["rows"].clone()).collect::<Vec<_>>(), [json!(1)], "each row once: {lines:?}");
}

/// Switched off after its manifest was sealed, a system is named as not searched, and the others are erased.
#[rstest]
fn a_system_switched_off_after_the_manifest_does_not_hold_up_the_others(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
) {
    let world = World::new(store, Kind::Sqlite);
    staff(&world);
    let process = Process::start(&world, Some("erasure.after_manifest"));
    let (token, ids) = process.api.submit(&["deletion"], json!({}));
    let id = &ids[0];
    process.api.confirm(&world, id, &token);
    let reviewer = process.api.sign_in(Role::Reviewer);
    process.api.post(&format!("/v1/staff/requests/{id}/approval"), &reviewer, Value::Null);
    process.died();
    let config = std::fs::read_to_string(world.config()).unwrap();
    world.write("habeas.toml", &config.replace("id = \"desk-db\"\n", "id = \"desk-db\"\nenabled = false\n"));
    release_leases(&world, store);
    let process = Process::start(&world, None);
    let waiting = process.api.settled(id, &reviewer);
    assert_eq!(waiting["state"], "awaiting_release", "{waiting}");
    let lines = waiting["result"]["lines"].as_array().unwrap();
    let of_desk: Vec<_> = lines.iter().filter(|l| l["system"] == "desk-db").collect();
    assert!(!of_desk.is_empty() && of_desk.iter().all(|l| l["action"] == "excluded"), "{lines:?}");
    assert_eq!(world.query("shop", "SELECT count(*) FROM customers WHERE id = 1"), "0");
    assert_eq!(world.query("desk", "SELECT count(*) FROM tickets WHERE id = 1"), "1");
}

#[test]
fn a_system_that_stands_there_twice_is_named() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let config = std::fs::read_to_string(world.config()).unwrap();
    world.write("habeas.toml", &config.replace("id = \"desk-db\"", "id = \"shop-db\""));
    let (code, printed, complained) = habeas(&world, &["check"], "");
    assert_ne!(code, 0);
    assert!(format!("{printed}{complained}").contains("system shop-db stands there twice"), "{printed}{complained}");
}
