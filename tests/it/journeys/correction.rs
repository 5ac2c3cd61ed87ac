//! Correction: old beside new before, written after, and the answer says field by field.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::world::{Kind, World};

#[rstest]
fn approved_fields_are_written_and_the_rest_is_named(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = World::new(store, company);
    let before = world.rows();
    let server = Server::start(&world);
    let api = &server.api;
    let field = |field: &str, current: Value, requested: &str| {
        let mut c = json!({ "dataset": "shop", "collection": "customers", "field": field, "requested": requested });
        if !current.is_null() {
            c["current"] = current;
        }
        c
    };
    let corrections = json!({ "corrections": [
        field("name", json!("Ada"), "Ada Lovelace"),
        field("phone", json!("+1 555"), "+49 30 111"),
        field("id", Value::Null, "7"),
        field("shoe_size", Value::Null, "38"),
    ] });
    let (token, ids) = api.submit(&["correction"], corrections);
    let id = &ids[0];
    api.confirm(&world, id, &token);
    let staff = api.sign_in(Role::Reviewer);
    let (_, plan) = api.get(&format!("/v1/staff/requests/{id}/plan"), &staff);
    assert_eq!(
        (&plan["corrections"][0]["old"], &plan["corrections"][0]["new"]),
        (&json!(["Ada"]), &json!("Ada Lovelace")),
        "{plan}"
    );

    let prepared = api.approve(id, &staff);
    assert_eq!(prepared["state"], "awaiting_release", "{prepared}");
    let (_, released) = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    assert_eq!(released["state"], "partially_fulfilled", "{released}");
    let lines = released["outcome"]["lines"].as_array().unwrap();
    let actions: Vec<_> = lines.iter().map(|l| (l["field"].as_str().unwrap(), l["action"].as_str().unwrap())).collect();
    assert_eq!(
        actions,
        [("name", "corrected"), ("phone", "not_corrected"), ("id", "not_corrected"), ("shoe_size", "not_corrected")]
    );
    assert!(lines[1..].iter().all(|l| l["note"].is_string()), "each says why: {released}");

    assert_eq!(world.query("shop", "SELECT name FROM customers ORDER BY id"), "Ada Lovelace\nBob\nCid");
    let after = world.rows();
    assert_eq!(before.iter().filter(|row| !after.contains(row)).count(), 1, "one row changed");
}
