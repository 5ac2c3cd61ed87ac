//! Rows that have to be kept outlive a deletion, and are erased when they need not: by the clock, or when a hold is lifted.

use std::os::unix::process::ExitStatusExt;

use chrono::TimeDelta;
use habeas::domain::job::back_off;
use habeas::domain::staff::Role;
use habeas::worker::schedule;
use rstest::rstest;
use serde_json::{Value, json};

use super::appeals::{deny, in_review};
use super::crashes::{release_leases, staff};
use super::failing::reachable;
use crate::engine::shop;
use crate::support::server::{Api, Process, Server, habeas};
use crate::support::world::{Kind, World};

/// A company that keeps its orders for six years after the year they were placed in.
fn bookkeeper(store: Kind, company: Kind) -> World {
    let world = World::new(store, company);
    world.execute("shop", shop::DATED_SQL);
    world.write("shop.yml", &shop::dated());
    world
}

/// Approves and releases; gives the request as its staff see it.
fn carry_out(api: &Api, id: &str) -> Value {
    let reviewer = api.sign_in(Role::Reviewer);
    let done = api.approve(id, &reviewer);
    if done["state"] == "awaiting_release" {
        let (status, answer) = api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, Value::Null);
        assert_eq!(status, 200, "{answer}");
    }
    api.get(&format!("/v1/staff/requests/{id}"), &reviewer).1
}

fn hold(api: &Api, more: Value) -> String {
    let officer = api.sign_in(Role::Officer);
    let mut body = json!({
        "controller": "shop", "person": { "email": "ADA@example.com" },
        "ground": "Regional court 7 O 12/26", "reason": "She sues over order 10.",
    });
    more.as_object().unwrap().iter().for_each(|(key, value)| body[key] = value.clone());
    let (status, placed) = api.post("/v1/staff/legal-holds", &officer, body);
    assert_eq!(status, 201, "{placed}");
    placed["id"].as_str().unwrap().to_owned()
}

fn lift(api: &Api, hold: &str) {
    let officer = api.sign_in(Role::Officer);
    let (status, answer) =
        api.call(reqwest::Method::DELETE, &format!("/v1/staff/legal-holds/{hold}"), Some(&officer), None);
    assert_eq!(status, 204, "{answer}");
}

/// Waits until something was erased later, so many times.
fn erased_later(api: &Api, id: &str, times: usize) -> Value {
    let reviewer = api.sign_in(Role::Reviewer);
    let done = |r: &Value| r["result"]["erased_later"].as_array().map_or(0, Vec::len) >= times;
    api.until(id, &reviewer, done)
}

fn later(server: &Server, days: i64) {
    server.clock().advance(TimeDelta::days(days));
    tokio::runtime::Runtime::new().unwrap().block_on(schedule::once(&server.office)).unwrap();
    server.office.store.jobs_ready().notify_waiters();
}

/// The text of the letter of a kind, once it is on record.
pub fn letter(api: &Api, id: &str, token: &str, kind: &str, nth: usize) -> String {
    for _ in 0..1500 {
        let (_, letters) = api.get(&format!("/v1/requests/{id}/letters"), token);
        let mut of_kind = letters["items"].as_array().unwrap().iter().filter(|l| l["kind"] == kind);
        if let Some(found) = of_kind.nth(nth) {
            return found["text"].as_str().unwrap().to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("no letter {kind}");
}

#[rstest]
fn books_are_kept_told_and_erased_when_their_day_comes(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = bookkeeper(store, company);
    let before = world.rows();
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["deletion"], json!({}));
    let id = &ids[0];
    api.confirm(&world, id, &token);
    let reviewer = api.sign_in(Role::Reviewer);
    let (_, plan) = api.get(&format!("/v1/staff/requests/{id}/plan"), &reviewer);
    let orders = plan["collections"].as_array().unwrap().iter().find(|c| c["collection"] == "orders").unwrap();
    let keep = &orders["deletion"]["keep"][0];
    assert_eq!((&keep["rows"], &keep["reason"]), (&json!(2), &json!("we must keep our books")), "{orders}");
    assert_eq!((&keep["next"], &keep["until"]), (&json!("2026-12-31"), &json!("2028-12-31")));

    let done = carry_out(api, id);
    assert_eq!(done["state"], "partially_fulfilled", "{done}");
    assert_eq!(done["retention"], json!({ "next": "2026-12-31", "held": false, "queued": false }));
    let (_, answer) = api.get(&format!("/v1/requests/{id}"), &token);
    let retained = answer["outcome"]["retained"].as_array().unwrap();
    let of = |collection: &str| retained.iter().find(|r| r["collection"] == collection).unwrap();
    assert_eq!(of("orders")["citation"], "AO section 147");
    assert_eq!(of("customers")["until"], "2028-12-31", "the orders point to it: {answer}");
    let words = letter(api, id, &token, "completed", 0);
    let why = "Kept because: we must keep our books (AO section 147), the first of them until 2026-12-31, the last until 2028-12-31";
    assert!(words.contains(why), "{words}");
    assert!(!world.rows().join("\n").contains("ring twice"), "what the duty does not need is gone at once");

    // The last day is a day of the duty; the first one after it is not.
    later(&server, 39);
    assert_eq!(world.query("shop", "SELECT count(*) FROM orders"), "3");
    later(&server, 1);
    let more = erased_later(api, id, 1);
    assert_eq!(more["result"]["erased_later"][0]["lines"][0]["rows"], 1, "{more}");
    assert_eq!(more["retention"]["next"], "2028-12-31");
    assert_eq!(world.query("shop", "SELECT id FROM orders ORDER BY id"), "11\n20");
    let words = letter(api, id, &token, "erased_later", 0);
    assert!(words.contains("- orders: 1 row deleted") && words.contains("We still have to keep these"), "{words}");

    // Two years after the answer the record would go; it is still needed to find the rest.
    later(&server, 720);
    assert_eq!(api.get(&format!("/v1/requests/{id}"), &token).0, 200);
    later(&server, 11);
    let all = erased_later(api, id, 2);
    assert_eq!((&all["state"], &all["retention"]), (&json!("partially_fulfilled"), &Value::Null), "{all}");
    assert!(letter(api, id, &token, "erased_later", 1).contains("nothing is left"));
    let after = world.rows();
    for gone in ["ada@example.com", "spoon bent", "alone street", "901820"] {
        assert!(!after.join("\n").to_lowercase().contains(gone), "{gone} is still there");
    }
    assert!(after.iter().all(|row| before.contains(row) || row.starts_with("page_views: ")), "{after:?}");

    let (_, receipts) = api.get(&format!("/v1/requests/{id}/receipt"), &token);
    let closed = receipts["receipts"].as_array().unwrap().iter().find(|r| r["event"] == "closed").unwrap();
    let (code, said, error) = habeas(&world, &["receipt", "verify", "-"], closed["receipt"].as_str().unwrap());
    assert_eq!(code, 0, "{error}");
    for told in [
        "why kept      2 in shop-db (shop.orders): we must keep our books",
        "manifest      ",
        "again at 2026-11-22T10:00:00Z: nothing was found but what is kept",
        "later         ",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(!said.to_lowercase().contains("ada@"), "{said}");
    let (code, printed, _) = habeas(&world, &["audit", "verify"], "");
    assert_eq!(code, 0, "{printed}");

    // From the last erasure on the record is kept as long as any, and no longer.
    later(&server, 730);
    assert_eq!(api.get(&format!("/v1/requests/{id}"), &token).0, 200);
    later(&server, 2);
    assert_eq!(api.get(&format!("/v1/requests/{id}"), &token).0, 404);
}

#[rstest]
fn a_hold_keeps_everything_until_it_is_lifted(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = World::new(store, company);
    let before = world.rows();
    let server = Server::start(&world);
    let api = &server.api;
    let id_of_hold = hold(api, json!({}));
    let (token, ids) = api.submit(&["deletion"], json!({}));
    let id = &ids[0];
    api.confirm(&world, id, &token);
    let reviewer = api.sign_in(Role::Reviewer);
    let (_, plan) = api.get(&format!("/v1/staff/requests/{id}/plan"), &reviewer);
    assert!(plan.to_string().contains(&id_of_hold), "staff see it before they approve: {plan}");
    let done = carry_out(api, id);
    assert_eq!(done["legal_holds"], json!([id_of_hold]));
    assert_eq!(done["retention"]["held"], true);
    assert_eq!(world.rows(), before, "not a row was changed");

    // The person learns that data are kept, and not which procedure there is.
    let (_, answer) = api.get(&format!("/v1/requests/{id}"), &token);
    let (_, letters) = api.get(&format!("/v1/requests/{id}/letters"), &token);
    let told = letter(api, id, &token, "completed", 0);
    assert!(told.contains("Kept because: the law requires that it is kept"), "{told}");
    for text in [answer.to_string(), letters.to_string(), told] {
        for word in ["hold", "Regional", "7 O 12/26", "sues"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    let (_, entries) = api.get(&format!("/v1/staff/requests/{id}/entries"), &reviewer);
    assert!(!entries.to_string().contains("7 O 12/26"));
    let kept = world.kept();
    for personal in ["7 O 12/26", "She sues", "ADA@example.com"] {
        assert!(!kept.windows(personal.len()).any(|w| w == personal.as_bytes()), "{personal} is sealed");
    }

    later(&server, 1000);
    assert_eq!(world.rows(), before, "no clock lifts a hold, and no purge forgets it");
    lift(api, &id_of_hold);
    let freed = erased_later(api, id, 1);
    assert_eq!(freed["retention"], Value::Null, "{freed}");
    let after = world.rows().join("\n").to_lowercase();
    assert!(!after.contains("ada@example.com") && !after.contains("spoon bent"), "{after}");
    assert!(after.contains("bob@example.com") && after.contains("knife blunt"));
    assert!(letter(api, id, &token, "erased_later", 0).contains("nothing is left"));
}

#[test]
fn a_hold_on_one_collection_leaves_the_rest_to_go() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    world.promise("legal_hold_text = \"for reasons that the law gives us\"\n");
    let server = Server::start(&world);
    let api = &server.api;
    hold(api, json!({ "collections": ["desk.messages"] }));
    let (token, ids) = api.submit(&["deletion"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let done = carry_out(api, &ids[0]);
    assert_eq!(done["state"], "partially_fulfilled", "{done}");
    assert_eq!(world.query("desk", "SELECT count(*) FROM messages"), "4");
    // Messages name tickets, these the customer who wrote them, and that one the last order: what stays says whose it is.
    assert_eq!(world.query("shop", "SELECT count(*) FROM customers"), "3");
    assert_eq!(world.query("shop", "SELECT id FROM orders ORDER BY id"), "11\n20");
    assert_eq!(world.query("shop", "SELECT count(*) FROM newsletter"), "1");
    assert!(letter(api, &ids[0], &token, "completed", 0).contains("for reasons that the law gives us"));
    let (_, receipts) = api.get(&format!("/v1/requests/{}/receipt", ids[0]), &token);
    assert!(receipts["receipts"].as_array().unwrap().len() == 2);
}

#[test]
fn a_hold_placed_after_the_approval_is_honoured() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let before = world.rows();
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access", "deletion"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let reviewer = api.sign_in(Role::Reviewer);
    // The deletion waits for the copy.
    assert_eq!(api.post(&format!("/v1/staff/requests/{}/approval", ids[1]), &reviewer, Value::Null).0, 200);
    hold(api, json!({}));
    api.approve(&ids[0], &reviewer);
    let release = format!("/v1/staff/requests/{}/release", ids[0]);
    let _ = api.post(&release, &reviewer, Value::Null);
    server.office.store.jobs_ready().notify_waiters();
    let done = api.settled(&ids[1], &reviewer);
    assert_eq!(done["state"], "awaiting_release", "{done}");
    assert_eq!(world.rows(), before);
}

#[test]
fn what_names_nobody_or_no_place_is_no_hold() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let officer = api.sign_in(Role::Officer);
    let body = json!({ "controller": "shop", "person": { "email": "ada@example.com" }, "ground": "g", "reason": "r" });
    let refused = |change: Value, code: &str, pointer: &str| {
        let mut body = body.clone();
        change.as_object().unwrap().iter().for_each(|(key, value)| body[key] = value.clone());
        let (_, answer) = api.post("/v1/staff/legal-holds", &officer, body);
        assert_eq!((&answer["code"], &answer["errors"][0]["pointer"]), (&json!(code), &json!(pointer)), "{answer}");
    };
    refused(json!({ "controller": "nobody" }), "unknown_controller", "/controller");
    refused(json!({ "person": {} }), "invalid_request", "/person");
    refused(json!({ "systems": ["erp"] }), "invalid_request", "/systems/0");
    refused(json!({ "collections": ["shop.invoices"] }), "invalid_request", "/collections/0");
    refused(json!({ "reason": " " }), "invalid_request", "/reason");
    let id = hold(api, json!({ "systems": ["shop-db"] }));
    let (_, list) = api.get("/v1/staff/legal-holds", &officer);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["systems"]), (&json!(id), &json!(["shop-db"])));
    lift(api, &id);
    let (status, gone) =
        api.call(reqwest::Method::DELETE, &format!("/v1/staff/legal-holds/{id}"), Some(&officer), None);
    assert_eq!((status, &gone["code"]), (404, &json!("not_found")));
}

/// Everything is kept under a hold; the hold is lifted, and the process may die while the rest is erased.
fn lifted(store: Kind, company: Kind, crash_at: Option<&str>) -> (Vec<String>, Value, Value) {
    let world = World::new(store, company);
    staff(&world);
    let process = Process::start(&world, None);
    let id_of_hold = hold(&process.api, json!({}));
    let (token, ids) = process.api.submit(&["deletion"], json!({}));
    let id = &ids[0];
    process.api.confirm(&world, id, &token);
    carry_out(&process.api, id);
    drop(process);
    release_leases(&world, store);
    let process = Process::start(&world, crash_at);
    lift(&process.api, &id_of_hold);
    let process = match crash_at {
        None => process,
        Some(point) => {
            assert_eq!(process.died().signal(), Some(9), "killed at {point}");
            release_leases(&world, store);
            Process::start(&world, None)
        }
    };
    let done = erased_later(&process.api, id, 1);
    let later = &done["result"]["erased_later"];
    assert_eq!(later.as_array().unwrap().len(), 1, "once");
    (world.rows(), later[0]["lines"].clone(), done["retention"].clone())
}

#[rstest]
#[case("erasure.before_manifest")]
#[case("erasure.after_manifest")]
#[case("erasure.inside_transaction")]
#[case("erasure.after_commit")]
#[case("erasure.before_mark")]
#[case("retained.before_settle")]
fn a_crash_changes_nothing_about_what_is_erased_later(
    #[case] point: &str,
    #[values((Kind::Sqlite, Kind::Sqlite), (Kind::Postgres, Kind::Postgres), (Kind::Sqlite, Kind::Mysql))] kinds: (
        Kind,
        Kind,
    ),
) {
    let whole = lifted(kinds.0, kinds.1, None);
    assert_eq!(whole.2, Value::Null);
    assert_eq!(lifted(kinds.0, kinds.1, Some(point)), whole);
}

#[test]
fn a_hold_placed_between_the_manifest_and_the_erasure_is_honoured() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    staff(&world);
    let before = world.rows();
    let process = Process::start(&world, Some("erasure.after_manifest"));
    let (token, ids) = process.api.submit(&["deletion"], json!({}));
    process.api.confirm(&world, &ids[0], &token);
    let reviewer = process.api.sign_in(Role::Reviewer);
    assert_eq!(process.api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &reviewer, Value::Null).0, 200);
    assert_eq!(process.died().signal(), Some(9));
    // The dead process still has the lease, so that nothing runs before the hold is there.
    let process = Process::start(&world, None);
    let id_of_hold = hold(&process.api, json!({}));
    release_leases(&world, Kind::Sqlite);
    let done = process.api.settled(&ids[0], &reviewer);
    assert_eq!(done["state"], "awaiting_release", "{done}");
    assert_eq!(world.rows(), before, "the manifest was not carried out");
    let lines = done["result"]["lines"].as_array().unwrap();
    assert!(lines.iter().all(|l| l["action"] == "kept" || l["action"] == "kept_shared"), "{lines:?}");
    assert_eq!(process.api.post(&format!("/v1/staff/requests/{}/release", ids[0]), &reviewer, Value::Null).0, 200);
    lift(&process.api, &id_of_hold);
    erased_later(&process.api, &ids[0], 1);
    assert!(!world.rows().join("\n").to_lowercase().contains("ada@example.com"));
}

/// Switches a system on or off, for the next process.
fn enabled(world: &World, system: &str, on: bool) {
    let config = std::fs::read_to_string(world.config()).unwrap().replace("enabled = false\n", "");
    let this = format!("id = \"{system}\"\n");
    assert!(config.contains(&this));
    let off = format!("{this}enabled = false\n");
    world.write("habeas.toml", &if on { config } else { config.replace(&this, &off) });
}

#[rstest]
fn a_system_that_is_switched_off_on_the_day_is_waited_for(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = bookkeeper(store, Kind::Sqlite);
    let server = Server::start(&world);
    let (token, ids) = server.api.submit(&["deletion"], json!({}));
    let id = &ids[0];
    server.api.confirm(&world, id, &token);
    carry_out(&server.api, id);
    letter(&server.api, id, &token, "completed", 0);
    drop(server);

    enabled(&world, "shop-db", false);
    let server = Server::restart(&world);
    later(&server, 40);
    let reviewer = server.api.sign_in(Role::Reviewer);
    let told = |r: &Value| r["jobs"].to_string().contains("shop-db, which is switched off");
    let waiting = server.api.until(id, &reviewer, told);
    assert_eq!(waiting["retention"], json!({ "next": "2026-12-31", "held": false, "queued": true }), "{waiting}");
    assert_eq!(waiting["result"]["erased_later"], Value::Null, "nobody was told that anything went");
    later(&server, 1500);
    assert_eq!(server.api.get(&format!("/v1/requests/{id}"), &token).0, 200, "the record stays as long");
    drop(server);

    enabled(&world, "shop-db", true);
    let server = Server::restart(&world);
    later(&server, 1541);
    let done = erased_later(&server.api, id, 1);
    assert_eq!(done["retention"], Value::Null, "{done}");
    assert_eq!(world.query("shop", "SELECT id FROM orders"), "20");
}

#[rstest]
fn a_database_that_is_away_longer_than_a_job_is_tried_is_waited_for(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
) {
    let world = bookkeeper(store, Kind::Postgres);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["deletion"], json!({}));
    api.confirm(&world, &ids[0], &token);
    carry_out(api, &ids[0]);
    reachable(&world, "shop", false);
    later(&server, 40);
    let reviewer = api.sign_in(Role::Reviewer);
    let job = |request: &Value| {
        request["jobs"].as_array().unwrap().iter().find(|job| job["kind"] == "erase_retained").cloned()
    };
    for attempt in 1..12 {
        let ended =
            |request: &Value| job(request).is_some_and(|job| job["running"] == false && job["attempts"] == attempt);
        api.until(&ids[0], &reviewer, ended);
        server.clock().advance(back_off(attempt) + TimeDelta::seconds(1));
    }
    // What would be the last attempt is none: it is tried every day, and staff read why.
    let tomorrow = (server.clock().now() + TimeDelta::hours(23)).to_rfc3339();
    let waits = |request: &Value| job(request).is_some_and(|job| job["next_try"].as_str() > Some(&tomorrow[..19]));
    let request = api.until(&ids[0], &reviewer, waits);
    let waiting = job(&request).unwrap();
    assert_eq!((&waiting["given_up"], waiting["last_error"].is_string()), (&json!(false), true), "{waiting}");
    reachable(&world, "shop", true);
    later(&server, 1);
    let done = erased_later(api, &ids[0], 1);
    assert_eq!(done["retention"]["next"], "2028-12-31", "{done}");
    assert_eq!(world.query("shop", "SELECT id FROM orders ORDER BY id"), "11\n20");
}

#[rstest]
#[case::denied("denied")]
#[case::taken_back("withdrawn")]
fn an_appeal_takes_nothing_of_what_the_first_answer_promised(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[case] ended: &str,
) {
    let world = bookkeeper(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let officer = api.sign_in(Role::Officer);
    let (token, id) = in_review(&world, api, "deletion", "US-VA");
    let id = &id;
    assert_eq!(carry_out(api, id)["state"], "partially_fulfilled");
    let grounds = json!({ "grounds": "The orders should have gone as well." });
    assert_eq!(api.post(&format!("/v1/requests/{id}/appeal"), &token, grounds).0, 200);
    let overturn = json!({ "decision": "overturn", "explanation": "We look at it again." });
    let (status, open) = api.post(&format!("/v1/staff/requests/{id}/appeal/decision"), &officer, overturn);
    assert_eq!((status, &open["state"]), (200, &json!("in_review")), "{open}");
    // As long as it is open, nothing is erased behind the back of whoever decides.
    later(&server, 40);
    let reviewer = api.sign_in(Role::Reviewer);
    api.until(id, &reviewer, |r| r["jobs"].to_string().contains("the request is decided anew"));
    assert_eq!(world.query("shop", "SELECT count(*) FROM orders"), "3");
    match ended {
        "denied" => drop(deny(api, &reviewer, id, "manifestly_excessive")),
        _ => assert_eq!(api.post(&format!("/v1/requests/{id}/withdrawal"), &token, Value::Null).0, 200),
    }
    later(&server, 1);
    let reviewer = api.sign_in(Role::Reviewer);
    let first = api.until(id, &reviewer, |r| r["retention"]["next"] == "2028-12-31");
    assert_eq!(first["state"], ended, "{first}");
    assert_eq!(world.query("shop", "SELECT id FROM orders ORDER BY id"), "11\n20");
    assert!(letter(api, id, &token, "erased_later", 0).contains("- orders: 1 row deleted"));
    later(&server, 730);
    let reviewer = api.sign_in(Role::Reviewer);
    let last = api.until(id, &reviewer, |r| r["retention"] == Value::Null);
    assert_eq!(last["state"], ended);
    assert!(!world.rows().join("\n").to_lowercase().contains("ada@example.com"));
    assert!(letter(api, id, &token, "erased_later", 1).contains("nothing is left"));
    let (code, printed, _) = habeas(&world, &["audit", "verify"], "");
    assert_eq!(code, 0, "{printed}");
}
