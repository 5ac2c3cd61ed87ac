//! A company's own service beside its databases: asked in signed messages, at once and by call-back, down and up again.

use std::os::unix::process::ExitStatusExt;

use chrono::TimeDelta;
use habeas::cli::assemble;
use habeas::clock::Clock;
use habeas::config::Config;
use habeas::connectors::http::signature::SharedSecret;
use habeas::domain::proof::{Found, SystemProof};
use habeas::domain::staff::Role;
use habeas::signing::KeySet;
use habeas::usecases::receipt::verify;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::retention::letter;
use super::unzip;
use crate::support::server::{Api, Process, Server, add_staff, habeas, today};
use crate::support::service::{SECRET, Service, announce, memory, operations};
use crate::support::world::{Kind, World};

/// A company that has a service of its own, which is to run at the port, and Habeas beside it.
fn company(store: Kind) -> (World, u16, Server) {
    let world = World::new(store, Kind::Sqlite);
    let port = announce(&world, "");
    let server = Server::start(&world);
    (world, port, server)
}

/// Submits for Ada, confirms and approves; gives the token and the request.
fn approved(world: &World, api: &Api, right: &str, more: Value) -> (String, String, String) {
    let (token, ids) = api.submit(&[right], more);
    api.confirm(world, &ids[0], &token);
    let reviewer = api.sign_in(Role::Reviewer);
    let (status, answer) = api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &reviewer, Value::Null);
    assert_eq!(status, 200, "{answer}");
    (token, ids[0].clone(), reviewer)
}

fn release(api: &Api, id: &str, staff: &str, body: Value) -> Value {
    let (status, answer) = api.post(&format!("/v1/staff/requests/{id}/release"), staff, body);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn lines(request: &Value) -> Vec<(String, String, u64)> {
    let of_service = |l: &&Value| l["system"] == "loyalty";
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let lines = request["result"]["lines"].as_array().unwrap().iter().filter(of_service);
    lines.map(|l| (text(&l["collection"]), text(&l["action"]), l["rows"].as_u64().unwrap())).collect()
}

fn line(collection: &str, action: &str, rows: u64) -> (String, String, u64) {
    (collection.to_owned(), action.to_owned(), rows)
}

/// What the signed receipt says of each system in which something was erased.
fn proofs(api: &Api, id: &str, token: &str) -> Vec<SystemProof> {
    let keys = api.send(Method::GET, "/.well-known/jwks.json", None, None).text().unwrap();
    let (_, receipts) = api.get(&format!("/v1/requests/{id}/receipt"), token);
    let receipt = receipts["receipts"][1]["receipt"].as_str().unwrap();
    verify(&KeySet::parse(&keys).unwrap(), receipt).unwrap().outcome.unwrap().proof
}

/// Where call-backs go, and as of when they are signed.
fn later(server: &Server, seconds: &str) -> Vec<String> {
    let at = server.clock().now().timestamp().to_string();
    ["--later", seconds, "--call-back-to", &server.api.url, "--at", &at].map(str::to_owned).into()
}

fn start(world: &World, port: u16, arguments: &[String]) -> Service {
    Service::start(world, port, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[rstest]
fn found_rows_join_the_package_without_secrets_and_without_others(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(false, true)] calls_back: bool,
) {
    let (world, port, server) = company(store);
    let api = &server.api;
    let arguments = if calls_back { later(&server, "3") } else { Vec::new() };
    let _service = start(&world, port, &arguments);
    let (token, id, reviewer) = approved(&world, api, "access", json!({}));
    if calls_back {
        // Work is read before the steps: the first look at a step may show the job as it was just before.
        let said = |r: &Value| r["jobs"].to_string().contains("waits for the call-back of loyalty (find)");
        let waits = api.until(&id, &reviewer, |r| r["steps"][0]["state"] == "running" && said(r));
        let step = &waits["steps"][0];
        assert_eq!((&step["name"], &step["system"]), (&json!("find"), &json!("loyalty")), "{waits}");
    }
    let waiting = api.settled(&id, &reviewer);
    assert_eq!(waiting["state"], "awaiting_release", "somebody else is named: {waiting}");
    assert_eq!(lines(&waiting), [line("members", "disclosed", 1), line("visits", "disclosed", 2)]);
    release(api, &id, &reviewer, Value::Null);
    let files = unzip(api.package(&id, &token));
    insta::allow_duplicates! {
        insta::assert_snapshot!(files["data/loyalty/members.csv"].replace('\r', ""), @r#"
        id,email,points,tier,pin,referred_by
        [withheld: another person],ada@example.com,1200.5,gold,"[held, not disclosed]",[withheld: another person]
        "#);
        insta::assert_snapshot!(files["data/loyalty/visits.csv"].replace('\r', ""), @"
        member,customer,at,shop
        1,1,2026-05-01,Berlin
        1,1,2026-06-01,Köln
        ");
        insta::assert_snapshot!(files["data/loyalty/visits.jsonl"].lines().next().unwrap(), @r#"{"member":1,"customer":1,"at":"2026-05-01","shop":"Berlin"}"#);
    }
    assert!(files.contains_key("data/shop/customers.csv"));
    assert_eq!(operations(&world), ["find"], "asked once");
    let kept = String::from_utf8_lossy(&world.kept()).into_owned();
    assert!(!kept.contains("ada@example.com"), "what was asked and answered is sealed");
}

#[rstest]
fn an_erasure_is_proved_by_another_search_and_tells_what_is_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(false, true)] calls_back: bool,
) {
    let (world, port, server) = company(store);
    let api = &server.api;
    let arguments = if calls_back { later(&server, "0.1") } else { Vec::new() };
    let _service = start(&world, port, &arguments);
    let (token, id, reviewer) = approved(&world, api, "deletion", json!({}));
    let waiting = api.settled(&id, &reviewer);
    assert_eq!(lines(&waiting), [line("members", "kept", 1), line("visits", "deleted", 2)], "{waiting}");
    assert!(waiting.to_string().contains("booked for ten years"), "{waiting}");
    let done = release(api, &id, &reviewer, Value::Null);
    assert_eq!(done["state"], "partially_fulfilled");
    let proofs = proofs(api, &id, &token);
    let proof = proofs.iter().find(|proof| proof.system == "loyalty").unwrap();
    assert_eq!(proof.second_search.found, Found::NothingButKept, "{proof:?}");
    let of = |name: &str| proof.collections.iter().find(|c| c.collection == name).unwrap();
    assert_eq!((of("visits").deleted, of("members").kept[0].rows), (2, 1));
    assert!(proofs.iter().any(|proof| proof.system == "shop-db"), "{proofs:?}");
    assert_eq!(operations(&world), ["erase", "find"]);
    let memory = memory(&world);
    assert_eq!(memory["visits"], json!([{ "member": 2, "customer": 2, "at": "2026-06-02", "shop": "Bonn" }]));
    assert_eq!(memory["members"].as_array().unwrap().len(), 2);
    assert_eq!(world.query("shop", "SELECT id FROM customers ORDER BY id"), "2\n3");
}

#[rstest]
fn a_legal_hold_reaches_a_service(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, port, server) = company(store);
    let api = &server.api;
    let _service = start(&world, port, &[]);
    let hold = json!({
        "controller": "shop", "person": { "email": "ada@example.com" }, "ground": "a law suit", "reason": "Ada v. Shop",
        "systems": ["loyalty"],
    });
    let (status, answer) = api.post("/v1/staff/legal-holds", &api.sign_in(Role::Officer), hold);
    assert_eq!(status, 201, "{answer}");
    let (_, id, reviewer) = approved(&world, api, "deletion", json!({}));
    let waiting = api.settled(&id, &reviewer);
    assert_eq!(lines(&waiting), [line("members", "excluded", 0), line("visits", "excluded", 0)], "{waiting}");
    assert!(
        waiting.to_string().contains("the law requires that it is kept") && !waiting.to_string().contains("v. Shop")
    );
    assert!(!world.path().join("loyalty.json").exists(), "nothing was asked of it: it has nothing to remember");
    assert_eq!(world.query("shop", "SELECT id FROM customers ORDER BY id"), "2\n3", "the hold is about the service");
    assert_eq!(release(api, &id, &reviewer, Value::Null)["state"], "partially_fulfilled");
}

#[rstest]
fn a_service_corrects_and_says_what_it_does_not(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, port, server) = company(store);
    let api = &server.api;
    let _service = start(&world, port, &[]);
    let correction = |collection: &str, field: &str, requested: &str| json!({ "dataset": "loyalty", "collection": collection, "field": field, "requested": requested });
    let of_shop = json!({ "dataset": "shop", "collection": "customers", "field": "name", "current": "Ada", "requested": "Ada L." });
    let corrections = json!({ "corrections": [correction("members", "tier", "silver"), correction("members", "points", "9"), of_shop] });
    let (_, id, reviewer) = approved(&world, api, "correction", corrections);
    let done = api.settled(&id, &reviewer);
    assert_eq!(lines(&done), [line("members", "corrected", 1), line("members", "not_corrected", 0)], "{done}");
    assert!(done.to_string().contains("only the tier and the shop"), "{done}");
    assert_eq!(memory(&world)["members"][0]["tier"], "silver");
    assert_eq!(world.query("shop", "SELECT name FROM customers WHERE id = 1"), "Ada L.");
}

#[rstest]
fn an_opt_out_is_told_once(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(false, true)] calls_back: bool,
) {
    let (world, port, server) = company(store);
    let api = &server.api;
    let arguments = if calls_back { later(&server, "0.5") } else { Vec::new() };
    let _service = start(&world, port, &arguments);
    let person = json!({ "name": "Ada Example", "email": "ada@example.com", "residence": "US-CA" });
    let (_, ids) = api.submit(&["opt_out"], json!({ "person": person, "opt_out_of": ["sale", "sharing"] }));
    let reviewer = api.sign_in(Role::Reviewer);
    api.until(&ids[0], &reviewer, |r| r["jobs"].as_array().unwrap().is_empty());
    assert_eq!(memory(&world)["opted_out"], json!([["ada@example.com", ["sale", "sharing"]]]));
    assert_eq!(operations(&world), ["opt_out"]);
    let (_, done) = api.get(&format!("/v1/staff/requests/{}", ids[0]), &reviewer);
    assert_eq!(done["steps"], json!([]), "an answered request has no step that still runs: {done}");
}

#[rstest]
fn a_service_that_is_down_is_told_and_holds_up_nobody_else(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, port, server) = company(store);
    let api = &server.api;
    let (_, id, reviewer) = approved(&world, api, "deletion", json!({}));
    let failed = api.until(&id, &reviewer, |r| r["steps"][0]["state"] == "failed");
    assert_eq!((&failed["state"], &failed["steps"][0]["system"]), (&json!("fulfilling"), &json!("loyalty")));
    let said = failed["steps"][0]["error"].as_str().unwrap();
    assert_eq!(said, "system loyalty: cannot reach the system: the service takes no connection");
    assert_eq!(world.query("shop", "SELECT id FROM customers ORDER BY id"), "2\n3", "the shop's rows are gone");
    let _service = start(&world, port, &[]);
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &reviewer, Value::Null).0, 200);
    let done = api.settled(&id, &reviewer);
    assert_eq!(lines(&done), [line("members", "kept", 1), line("visits", "deleted", 2)], "{done}");
}

#[rstest]
fn a_service_is_asked_by_the_keys_of_the_moment_in_which_it_is_reached(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
) {
    let world = World::new(store, Kind::Sqlite);
    let port = announce(&world, "");
    let visits = json!([{ "member": 1, "customer": 9, "at": "2026-07-01", "shop": "Ulm" }]);
    let remembers = json!({ "members": [], "visits": visits, "done": {}, "opted_out": [], "log": [] });
    world.write("loyalty.json", &remembers.to_string());
    let server = Server::start(&world);
    let api = &server.api;
    let (_, id, reviewer) = approved(&world, api, "access", json!({}));
    api.until(&id, &reviewer, |r| r["steps"][0]["state"] == "failed");
    world.execute("shop", "INSERT INTO customers (id, email) VALUES (9, 'ada@example.com')");
    let _service = start(&world, port, &[]);
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &reviewer, Value::Null).0, 200);
    let done = api.settled(&id, &reviewer);
    assert!(lines(&done).contains(&line("visits", "disclosed", 1)), "by a key that is newer than the approval: {done}");
}

#[test]
fn a_service_that_never_calls_back_is_asked_again_under_the_same_id() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let port = announce(&world, "call_back_within = 3600\n");
    let server = Server::start(&world);
    let api = &server.api;
    let silent = start(&world, port, &later(&server, "3000"));
    let (_, id, reviewer) = approved(&world, api, "deletion", json!({}));
    let awaited = |r: &Value| r["steps"][0]["state"] == "running";
    api.until(&id, &reviewer, awaited);
    server.clock().advance(TimeDelta::minutes(61));
    let failed = api.until(&id, &reviewer, |r| r["steps"][0]["state"] == "failed");
    assert_eq!(failed["steps"][0]["error"], "system loyalty: the system did not answer in time");
    drop(silent);
    let _service = start(&world, port, &[]);
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &api.sign_in(Role::Reviewer), Value::Null).0, 200);
    api.settled(&id, &api.sign_in(Role::Reviewer));
    assert_eq!(operations(&world), ["erase", "find"]);
}

#[rstest]
fn a_result_is_taken_once_and_only_from_the_service(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, port, server) = company(store);
    let api = &server.api;
    let _service = start(&world, port, &later(&server, "3000"));
    let (_, id, reviewer) = approved(&world, api, "access", json!({}));
    api.until(&id, &reviewer, |r| r["steps"][0]["state"] == "running");
    let text = world.query_store(match store {
        Kind::Postgres => "SELECT id FROM deliveries",
        _ => "SELECT lower(hex(id)) FROM deliveries",
    });
    let delivery: uuid::Uuid = text.parse().unwrap();
    let secret = SharedSecret::parse(&SECRET.into()).unwrap();
    let call = |to: uuid::Uuid, system: &str, minutes: i64, body: &str, sign: &SharedSecret| {
        let at = today() + TimeDelta::minutes(minutes);
        let signature = sign.sign(&to.to_string(), at, body.as_bytes());
        let (to, timestamp) = (to.to_string(), at.timestamp().to_string());
        let headers = [
            ("content-type", "application/x-ndjson"),
            ("webhook-id", to.as_str()),
            ("webhook-timestamp", timestamp.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        let (status, answer) = api.raw(&format!("/v1/systems/{system}/results/{to}"), &headers, body.to_owned());
        (status, answer["detail"].as_str().unwrap_or_default().to_owned())
    };
    let good = "{\"collection\": \"members\", \"row\": {\"id\": 1, \"email\": \"ada@example.com\"}}\n";
    let other = SharedSecret::parse(&"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into()).unwrap();
    let unknown = uuid::Uuid::nil();
    assert_eq!(call(delivery, "loyalty", 0, good, &other).0, 401, "another secret");
    assert_eq!(call(unknown, "loyalty", 0, good, &other).0, 401, "the same for what is not there");
    assert_eq!(call(delivery, "nobody", 0, good, &secret).0, 401, "no such service");
    assert_eq!(call(delivery, "loyalty", -6, good, &secret).0, 401, "replayed after its minutes");
    assert_eq!(call(unknown, "loyalty", 0, good, &secret).0, 404);
    let field = good.replace("\"email\"", "\"shoe_size\"");
    let (status, detail) = call(delivery, "loyalty", 0, &field, &secret);
    assert_eq!(status, 422);
    assert!(detail.contains("a field (number 2) that the dataset does not describe"), "{detail}");
    assert_eq!(call(delivery, "loyalty", 0, &good.replace("members", "friends"), &secret).0, 422);
    assert_eq!(call(delivery, "loyalty", 0, good, &secret).0, 204);
    assert_eq!(call(delivery, "loyalty", 0, "", &secret).0, 204, "the first answer stays");
    let done = api.settled(&id, &reviewer);
    assert_eq!(lines(&done)[0], line("members", "disclosed", 1), "{done}");
}

#[rstest]
fn killed_between_the_message_and_its_answer_the_service_does_it_once(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
) {
    let world = World::new(store, Kind::Sqlite);
    let port = announce(&world, "");
    let config = Config::load(&world.config(), true, std::iter::empty()).unwrap();
    let office = assemble::office(&config, Clock::system()).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(add_staff(&office));
    drop(office);
    let _service = start(&world, port, &[]);
    let process = Process::start(&world, Some("services.after_send"));
    let (_, id, reviewer) = approved(&world, &process.api, "deletion", json!({}));
    assert_eq!(process.died().signal(), Some(9));
    let lost = "UPDATE jobs SET leased_until = NULL, owner = NULL WHERE owner IS NOT NULL";
    world.execute_in_store(store, lost);
    let process = Process::start(&world, None);
    let done = process.api.settled(&id, &reviewer);
    assert_eq!(lines(&done), [line("members", "kept", 1), line("visits", "deleted", 2)], "{done}");
    let memory = memory(&world);
    let log = memory["log"].as_array().unwrap();
    assert_eq!((log[0] == log[1], log.len()), (true, 3), "the same message twice, then the search: {log:?}");
    assert_eq!(memory["done"].as_object().unwrap().len(), 2);
}

#[test]
fn a_system_that_is_switched_off_is_named_in_the_answer() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    announce(&world, "enabled = false\n");
    let server = Server::start(&world);
    let api = &server.api;
    let (_, id, reviewer) = approved(&world, api, "access", json!({}));
    let waiting = api.settled(&id, &reviewer);
    assert_eq!(waiting["state"], "awaiting_release", "{waiting}");
    assert_eq!(lines(&waiting), [line("members", "excluded", 0), line("visits", "excluded", 0)]);
    assert_eq!(release(api, &id, &reviewer, Value::Null)["state"], "partially_fulfilled");
}

#[test]
fn check_says_what_is_not_followed_and_which_secret_is_missing() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    announce(&world, "");
    let shop = std::fs::read_to_string(world.path().join("shop.yml")).unwrap();
    let reference = "fides_meta: {references: [{dataset: loyalty, field: members.id}]}";
    let refers = shop.replacen(
        "{name: name, data_categories: [user.name]}",
        &format!("{{name: name, data_categories: [user.name], {reference}}}"),
        1,
    );
    assert_ne!(refers, shop);
    world.write("shop.yml", &refers);
    let (code, printed, errors) = habeas(&world, &["check"], "");
    assert_eq!(code, 0, "{printed}{errors}");
    assert!(printed.contains("the reference from `customers` to `members` is not followed"), "{printed}");
    world.write("loyalty.secret", "secret");
    let (code, printed, errors) = habeas(&world, &["check"], "");
    assert_eq!(code, 1);
    assert!(format!("{printed}{errors}").contains("system loyalty: "), "{printed}{errors}");
}

/// Places a hold on collections of the service; gives its id.
fn hold(api: &Api, collection: &str) -> String {
    let hold = json!({
        "controller": "shop", "person": { "email": "ada@example.com" }, "ground": "a law suit", "reason": "Ada v. Shop",
        "collections": [collection],
    });
    let (status, placed) = api.post("/v1/staff/legal-holds", &api.sign_in(Role::Officer), hold);
    assert_eq!(status, 201, "{placed}");
    placed["id"].as_str().unwrap().to_owned()
}

fn lift(api: &Api, hold: &str) {
    let officer = api.sign_in(Role::Officer);
    let path = format!("/v1/staff/legal-holds/{hold}");
    assert_eq!(api.call(reqwest::Method::DELETE, &path, Some(&officer), None).0, 204);
}

/// What the shop's own service of a world knows before it starts: Ada's visit is hers by the shop's key alone.
fn remember(world: &World) {
    let members =
        json!([{ "id": 1, "email": "ada@example.com", "tier": "gold" }, { "id": 2, "email": "bob@example.com" }]);
    let visits =
        json!([{ "member": 9, "customer": 1, "shop": "Berlin" }, { "member": 2, "customer": 2, "shop": "Bonn" }]);
    let all = json!({ "members": members, "visits": visits, "done": {}, "opted_out": [], "log": [] });
    world.write("loyalty.json", &all.to_string());
}

#[test]
fn a_second_hold_joins_what_the_first_put_aside() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let port = announce(&world, "");
    remember(&world);
    let server = Server::start(&world);
    let api = &server.api;
    let visits = hold(api, "loyalty.visits");
    let (_, id, reviewer) = approved(&world, api, "deletion", json!({}));
    api.until(&id, &reviewer, |r| r["steps"][0]["state"] == "failed");
    let members = hold(api, "loyalty.members");
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &reviewer, Value::Null).0, 200);
    let waiting = api.settled(&id, &reviewer);
    assert_eq!(lines(&waiting), [line("members", "excluded", 0), line("visits", "excluded", 0)], "{waiting}");
    // The first is lifted before the answer leaves: it says what was so when it was made, and the rest follows it.
    lift(api, &visits);
    lift(api, &members);
    release(api, &id, &reviewer, Value::Null);
    let _service = start(&world, port, &[]);
    server.clock().advance(TimeDelta::days(2));
    tokio::runtime::Runtime::new().unwrap().block_on(habeas::worker::schedule::once(&server.office)).unwrap();
    server.office.store.jobs_ready().notify_waiters();
    let reviewer = api.sign_in(Role::Reviewer);
    let done = api.until(&id, &reviewer, |r| r["result"]["erased_later"].is_array());
    assert_eq!(done["retention"], Value::Null, "{done}");
    assert_eq!(memory(&world)["visits"], json!([{ "member": 2, "customer": 2, "shop": "Bonn" }]), "by the shop's key");
    assert_eq!(operations(&world), ["erase", "find"], "one message for both");
}

#[rstest]
fn a_hold_stops_a_message_that_is_written_and_has_not_left(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, port, server) = company(store);
    let api = &server.api;
    let (_, id, reviewer) = approved(&world, api, "deletion", json!({}));
    api.until(&id, &reviewer, |r| r["steps"][0]["state"] == "failed");
    let visits = hold(api, "loyalty.visits");
    let _service = start(&world, port, &[]);
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &reviewer, Value::Null).0, 200);
    let waiting = api.settled(&id, &reviewer);
    assert_eq!(lines(&waiting), [line("members", "kept", 1), line("visits", "excluded", 0)], "{waiting}");
    assert_eq!(memory(&world)["visits"].as_array().unwrap().len(), 3, "the service was not asked for them");
    assert_eq!(release(api, &id, &reviewer, Value::Null)["state"], "partially_fulfilled");
    lift(api, &visits);
    let done = api.until(&id, &reviewer, |r| r["result"]["erased_later"].is_array());
    assert_eq!(done["result"]["erased_later"][0]["lines"][0]["rows"], 2, "{done}");
    assert_eq!(memory(&world)["visits"].as_array().unwrap().len(), 1);
}

#[test]
fn a_message_that_left_before_the_hold_is_told_as_it_was_answered() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let port = announce(&world, "call_back_within = 3600\n");
    let server = Server::start(&world);
    let api = &server.api;
    let silent = start(&world, port, &later(&server, "3000"));
    let (_, id, reviewer) = approved(&world, api, "deletion", json!({}));
    api.until(&id, &reviewer, |r| r["steps"][0]["state"] == "running");
    hold(api, "loyalty.visits");
    server.clock().advance(TimeDelta::minutes(61));
    api.until(&id, &reviewer, |r| r["steps"][0]["state"] == "failed");
    drop(silent);
    let _service = start(&world, port, &[]);
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &api.sign_in(Role::Reviewer), Value::Null).0, 200);
    let waiting = api.settled(&id, &api.sign_in(Role::Reviewer));
    assert_eq!(
        lines(&waiting),
        [line("members", "kept", 1), line("visits", "deleted", 2)],
        "asked is asked: {waiting}"
    );
}

#[rstest]
fn what_a_hold_kept_at_a_service_is_erased_when_it_is_lifted(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(false, true)] calls_back: bool,
) {
    let world = World::new(store, Kind::Sqlite);
    let port = announce(&world, "");
    remember(&world);
    let server = Server::start(&world);
    let api = &server.api;
    let (members, visits) = (hold(api, "loyalty.members"), hold(api, "loyalty.visits"));
    let (token, id, reviewer) = approved(&world, api, "deletion", json!({}));
    let waiting = api.settled(&id, &reviewer);
    assert_eq!(lines(&waiting), [line("members", "excluded", 0), line("visits", "excluded", 0)], "{waiting}");
    release(api, &id, &reviewer, Value::Null);
    let (_, answered) = api.get(&format!("/v1/staff/requests/{id}"), &reviewer);
    assert_eq!(answered["retention"], json!({ "next": null, "held": true, "queued": false }), "{answered}");
    assert_eq!(world.query("shop", "SELECT id FROM customers ORDER BY id"), "2\n3", "the key is known to nobody else");
    let sealed = String::from_utf8_lossy(&world.kept()).into_owned();
    assert!(!sealed.contains("ada@example.com"), "what is put aside is sealed");

    let arguments = if calls_back { later(&server, "0.2") } else { Vec::new() };
    let _service = start(&world, port, &arguments);
    server.clock().advance(TimeDelta::minutes(1));
    lift(api, &visits);
    let count = |r: &Value| r["result"]["erased_later"].as_array().map_or(0, Vec::len);
    let one = api.until(&id, &reviewer, |r| count(r) == 1);
    assert_eq!(memory(&world)["visits"], json!([{ "member": 2, "customer": 2, "shop": "Bonn" }]));
    assert_eq!(
        (&one["retention"]["held"], &one["steps"].to_string().contains("running")),
        (&json!(true), &false),
        "{one}"
    );
    let first = &one["result"]["erased_later"][0];
    assert_eq!(
        (&first["lines"][0]["collection"], &first["lines"][0]["rows"]),
        (&json!("visits"), &json!(1)),
        "{first}"
    );
    assert_eq!(first["retained"][0]["collection"], "members", "{first}");
    let told = letter(api, &id, &token, "erased_later", 0);
    assert!(told.contains("- visits: 1 row deleted") && told.contains("- members\n  Kept because: the law"), "{told}");

    server.clock().advance(TimeDelta::minutes(1));
    lift(api, &members);
    let all = api.until(&id, &reviewer, |r| count(r) == 2);
    assert_eq!(all["retention"], Value::Null, "{all}");
    let last = &all["result"]["erased_later"][1];
    assert_eq!((last["lines"].as_array().unwrap().len(), &last["lines"][0]["action"]), (1, &json!("kept")), "{last}");
    let told = letter(api, &id, &token, "erased_later", 1);
    assert!(told.contains("- members: 1 row kept"), "the service has a reason of its own: {told}");
    assert_eq!(operations(&world), ["erase", "find", "erase", "find"]);

    // What the person was told stays as it was, whatever was lifted since.
    assert_eq!(lines(&all), lines(&waiting));
    let (_, answer) = api.get(&format!("/v1/requests/{id}"), &token);
    assert_eq!(answer["outcome"]["lines"], answered["result"]["lines"]);
    let first = letter(api, &id, &token, "completed", 0);
    assert!(first.contains("- members") && first.contains("the law requires that it is kept"), "{first}");
    let (_, receipts) = api.get(&format!("/v1/requests/{id}/receipt"), &token);
    let closed = receipts["receipts"].as_array().unwrap().iter().find(|r| r["event"] == "closed").unwrap();
    let (code, said, error) = habeas(&world, &["receipt", "verify", "-"], closed["receipt"].as_str().unwrap());
    assert_eq!(code, 0, "{error}");
    assert_eq!(said.matches("later         ").count(), 2, "{said}");
}
