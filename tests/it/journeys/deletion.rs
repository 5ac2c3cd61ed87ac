//! Deletion: everything of the person's is gone, everything of everybody else's is as it was.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use std::time::Duration;

use crate::support::lock::Lock;
use crate::support::server::{Api, Server, submission};
use crate::support::world::{Kind, World};

/// Asks for a deletion and carries it out, to the end.
fn delete(world: &World, api: &Api) -> (String, String, Value) {
    let (token, ids) = api.submit(&["deletion"], json!({}));
    let id = ids[0].clone();
    api.confirm(world, &id, &token);
    let staff = api.sign_in(Role::Reviewer);
    let mut done = api.approve(&id, &staff);
    if done["state"] == "awaiting_release" {
        let (status, answer) = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
        assert_eq!(status, 200, "{answer}");
        done = answer;
    }
    (id, token, done)
}

#[rstest]
fn a_deletion_is_complete_and_touches_nobody_else(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = World::new(store, company);
    let before = world.rows();
    let server = Server::start(&world);
    let api = &server.api;
    let (id, token, done) = delete(&world, api);
    assert_eq!(done["state"], "fulfilled", "{done}");

    let after = world.rows();
    let text = after.join("\n").to_lowercase();
    for gone in ["ada@example.com", "ring twice", "spoon bent", "it bent", "alone street", "192.0.2.1|", "901820"] {
        assert!(!text.contains(gone), "{gone} is still there:\n{text}");
    }
    // Of the rows that stay, none changed but those that say which page was seen, of which Ada was taken out.
    let kept: Vec<_> = before.iter().filter(|row| after.contains(row)).collect();
    let masked: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
    assert!(masked.iter().all(|row| row.starts_with("page_views: ")), "{masked:?}");
    assert_eq!(kept.len() + masked.len(), after.len());
    for others in ["bob@example.com", "Shared Street 2", "Knife blunt", "Spoon", "eve@example.com", "/|192.0.2.2"] {
        assert!(kept.iter().any(|row| row.contains(others)), "{others} is gone");
    }

    let (_, request) = api.get(&format!("/v1/requests/{id}"), &token);
    let lines = request["outcome"]["lines"].as_array().unwrap();
    let line = |collection: &str, action: &str| {
        lines.iter().find(|l| l["collection"] == collection && l["action"] == action).map(|l| l["rows"].clone())
    };
    assert_eq!(line("customers", "deleted"), Some(json!(1)), "{request}");
    assert_eq!(line("orders", "deleted"), Some(json!(2)));
    assert_eq!(line("page_views", "masked"), Some(json!(2)));
    assert!(line("addresses", "kept_shared").is_some(), "the shared address is named: {request}");

    // A second access finds nothing.
    let (token, ids) = api.submit(&["access"], json!({}));
    let again = &ids[0];
    let first = world.code("ada@example.com", "");
    let confirmation = format!("/v1/requests/{again}/verification/confirmation");
    let code = if api.post(&confirmation, &token, json!({ "code": first })).0 == 200 {
        first.clone()
    } else {
        world.code("ada@example.com", &first)
    };
    if code != first {
        assert_eq!(api.post(&confirmation, &token, json!({ "code": code })).0, 200);
    }
    let staff = api.sign_in(Role::Officer);
    let found = api.approve(again, &staff);
    assert_eq!(found["state"], "awaiting_release", "{found}");
    let (_, released) = api.post(&format!("/v1/staff/requests/{again}/release"), &staff, Value::Null);
    assert_eq!(released["outcome"]["kind"], "no_match", "{released}");
}

#[test]
fn an_employee_leaves_the_customers_tickets_alone() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let before = world.rows();
    let server = Server::start(&world);
    let api = &server.api;
    let person = json!({ "person": { "name": "Eve", "email": "eve@example.com" } });
    let (token, ids) = api.submit(&["deletion"], person);
    let id = &ids[0];
    let code = world.code("eve@example.com", "");
    assert_eq!(
        api.post(&format!("/v1/requests/{id}/verification/confirmation"), &token, json!({ "code": code })).0,
        200
    );
    let done = api.approve(id, &api.sign_in(Role::Reviewer));
    assert!(done["state"] == "fulfilled" || done["state"] == "awaiting_release", "{done}");
    assert_eq!(
        world.query("desk", "SELECT id, customer_id, handled_by, subject FROM tickets ORDER BY id"),
        "1|1||Spoon bent\n2|2||Knife blunt\n3|2||Fork lost"
    );
    let untouched = |rows: &[String]| {
        rows.iter().filter(|r| !r.starts_with("tickets") && !r.starts_with("employees")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(untouched(&world.rows()), untouched(&before));
}

#[test]
fn a_deletion_entered_by_staff_is_approved_by_somebody_else() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (reviewer, officer) = (api.sign_in(Role::Reviewer), api.sign_in(Role::Officer));
    let entry = json!({
        "channel": "post", "received_at": "2026-11-20T09:00:00Z", "request": submission(&["deletion"], json!({})),
    });
    let (status, entered) = api.post("/v1/staff/requests", &reviewer, entry);
    assert_eq!(status, 201, "{entered}");
    let (id, token) = (entered["requests"][0]["id"].as_str().unwrap(), entered["token"].as_str().unwrap());
    assert_eq!(entered["requests"][0]["deadlines"][0]["due"], "2026-12-21", "20 December is a Sunday: {entered}");
    api.confirm(&world, id, token);
    let (status, refused) = api.post(&format!("/v1/staff/requests/{id}/approval"), &reviewer, Value::Null);
    assert_eq!((status, &refused["code"]), (409, &json!("four_eyes")));
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/approval"), &officer, Value::Null).0, 200);
}

#[test]
fn what_stands_in_the_way_is_told_before_anything_changes() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    world.execute("shop", "CREATE TABLE invoices (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id) ON DELETE CASCADE); INSERT INTO invoices VALUES (1, 10);");
    let before = world.rows();
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["deletion"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let staff = api.sign_in(Role::Reviewer);
    let (_, plan) = api.get(&format!("/v1/staff/requests/{}/plan", ids[0]), &staff);
    assert!(plan["obstacles"][0].as_str().unwrap().contains("invoices"), "{plan}");
    api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &staff, Value::Null);
    let stuck = api.until(&ids[0], &staff, |r| r["jobs"][0]["given_up"] == true);
    assert_eq!(stuck["state"], "fulfilling");
    assert!(stuck["jobs"][0]["last_error"].as_str().unwrap().contains("invoices"));
    assert_eq!(world.rows(), before);
    assert_eq!(world.query("shop", "SELECT count(*) FROM invoices"), "1");
    world.execute("shop", "DELETE FROM invoices");
    assert_eq!(api.post(&format!("/v1/staff/requests/{}/retry", ids[0]), &staff, Value::Null).0, 200);
    server.office.store.jobs_ready().notify_waiters();
    assert_eq!(api.settled(&ids[0], &staff)["state"], "fulfilled");
}

/// What only the database knows is met in rehearsal, where the system has masks as well, and a retry plans anew.
#[test]
fn what_only_the_database_refuses_is_told_and_retried() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    world.execute("shop", "CREATE TRIGGER firm BEFORE DELETE ON customers BEGIN SELECT RAISE(ABORT, 'firm'); END");
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["deletion"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let staff = api.sign_in(Role::Reviewer);
    api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &staff, Value::Null);
    let stuck = api.until(&ids[0], &staff, |r| r["jobs"][0]["given_up"] == true);
    let told = stuck["jobs"][0]["last_error"].as_str().unwrap();
    assert!(told.contains("shop-db") && told.contains("constraint"), "{stuck}");
    assert_eq!(world.query("shop", "SELECT count(*) FROM customers WHERE id = 1"), "1");
    world.execute("shop", "DROP TRIGGER firm; UPDATE customers SET name = 'Countess' WHERE id = 1");
    assert_eq!(api.post(&format!("/v1/staff/requests/{}/retry", ids[0]), &staff, Value::Null).0, 200);
    server.office.store.jobs_ready().notify_waiters();
    let done = api.settled(&ids[0], &staff);
    assert_eq!(done["state"], "fulfilled", "{done}");
    let lines = done["result"]["lines"].as_array().unwrap();
    let customers: Vec<_> = lines.iter().filter(|l| l["collection"] == "customers").map(|l| &l["rows"]).collect();
    assert_eq!(customers, [&json!(1)], "counted once: {lines:?}");
}

/// The first search found nothing and the second one does: a row came in between, and is erased like any other.
#[test]
fn what_comes_in_while_nothing_is_found_is_erased() {
    let world = World::new(Kind::Sqlite, Kind::Postgres);
    let Server { api, .. } = &Server::start(&world);
    let new = "new@example.com";
    let (token, ids) = api.submit(&["deletion"], json!({ "person": { "name": "New", "email": new } }));
    let code = world.code(new, "");
    let confirmation = format!("/v1/requests/{}/verification/confirmation", ids[0]);
    assert_eq!(api.post(&confirmation, &token, json!({ "code": code })).0, 200);
    let staff = api.sign_in(Role::Reviewer);
    // The schema is known, so that the first search has its snapshot when it waits for a table that it has yet to read.
    assert_eq!(api.get(&format!("/v1/staff/requests/{}/plan", ids[0]), &staff).0, 200);
    let held = world
        .hold("shop", Lock { sqlite: "", postgres: "BEGIN; LOCK TABLE employees IN ACCESS EXCLUSIVE MODE", mysql: "" });
    let (status, answer) = api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &staff, Value::Null);
    assert_eq!(status, 200, "{answer}");
    world.until_statements("shop", 1, Duration::from_secs(20));
    world.execute("shop", "INSERT INTO newsletter VALUES (9, 'NEW@example.com')");
    drop(held);
    let done = api.settled(&ids[0], &staff);
    assert_eq!(done["state"], "fulfilled", "{done}");
    let lines = done["result"]["lines"].as_array().unwrap();
    let newsletter = lines.iter().find(|line| line["collection"] == "newsletter" && line["action"] == "deleted");
    assert_eq!(newsletter.map(|line| &line["rows"]), Some(&json!(1)), "{done}");
    assert!(!world.rows().join("\n").to_lowercase().contains(new), "it is gone");
}
