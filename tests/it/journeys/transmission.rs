//! Portability to another company (GDPR Art. 20(2)): approved, released, sent once, signed, and never to the inside.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::crashes::{release_leases, staff};
use crate::support::receiver::{Received, Receiver};
use crate::support::server::{Api, Process, Server};
use crate::support::world::{Kind, World};

/// Ada's portability, proved and in review: her token, the id, a reviewer's token.
fn proved(api: &Api, world: &World, to: &str) -> (String, String, String) {
    let (token, ids) = api.submit(&["portability"], json!({ "transmit_to": to }));
    api.confirm(world, &ids[0], &token);
    (token, ids[0].clone(), api.sign_in(Role::Reviewer))
}

fn approve(api: &Api, id: &str, reviewer: &str, body: Value) -> Value {
    let (status, answer) = api.post(&format!("/v1/staff/requests/{id}/approval"), reviewer, body);
    assert_eq!(status, 200, "{answer}");
    answer
}

/// The same, and somebody looks at the package: a ticket of Ada's names whoever handled it.
fn approve_and_release(api: &Api, id: &str, reviewer: &str, body: Value) {
    approve(api, id, reviewer, body);
    assert_eq!(api.settled(id, reviewer)["state"], "awaiting_release");
    let (status, answer) = api.post(&format!("/v1/staff/requests/{id}/release"), reviewer, json!({}));
    assert_eq!(status, 200, "{answer}");
}

fn plan(api: &Api, id: &str, reviewer: &str) -> Value {
    api.get(&format!("/v1/staff/requests/{id}/plan"), reviewer).1
}

/// The letter with its lines joined, once it says something.
fn letter(world: &World, text: &str) -> String {
    for _ in 0..1500 {
        let flat = |mail: String| mail.replace("=\r\n", "").replace("=3D", "=").replace("\r\n", " ");
        if let Some(letter) = world.mails("ada@example.com").into_iter().map(flat).find(|mail| mail.contains(text)) {
            return letter;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("no letter says: {text}");
}

/// Verifies digest and signature as `docs/transmission.md` tells a receiver to.
fn verify(api: &Api, url: &str, parcel: &Received) {
    let header = |name: &str| parcel.headers[name].as_str();
    let sum = STANDARD.encode(digest(&SHA256, &parcel.body));
    assert_eq!(header("content-digest"), format!("sha-256=:{sum}:"));
    let parameters = header("signature-input").strip_prefix("habeas=").unwrap();
    let names = &parameters[1..parameters.find(')').unwrap()];
    let mut base = String::new();
    for name in names.split(' ') {
        let value = match name.trim_matches('"') {
            "@method" => "POST",
            "@target-uri" => url,
            name => header(name),
        };
        base.push_str(&format!("{name}: {value}\n"));
    }
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    let covered = ["@method", "@target-uri", "content-digest", "content-type", "content-length", "idempotency-key"];
    assert_eq!(names, covered.map(|name| format!("\"{name}\"")).join(" "));
    let (_, keys) = api.get("/.well-known/jwks.json", "");
    let key = &keys["keys"][0];
    assert!(parameters.contains(&format!(";keyid={}", key["kid"])), "{parameters}");
    let signature = header("signature").strip_prefix("habeas=:").unwrap().strip_suffix(':').unwrap();
    let key = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let key = UnparsedPublicKey::new(&ED25519, key);
    let signature = STANDARD.decode(signature).unwrap();
    key.verify(base.as_bytes(), &signature).unwrap();
    assert!(key.verify(base.replace("POST", "PUT").as_bytes(), &signature).is_err());
}

#[rstest]
fn the_other_company_has_the_same_package(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, intake) = (World::new(store, Kind::Sqlite), Receiver::start(&[]));
    intake.allow(&world);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, id, reviewer) = proved(api, &world, &intake.url);
    let planned = plan(api, &id, &reviewer);
    assert_eq!((&planned["transmit_to"], &planned["transmission"]["how"]), (&json!(intake.url), &json!("over_https")));
    approve_and_release(api, &id, &reviewer, json!({ "transmit": true }));
    let done = api.settled(&id, &reviewer);
    assert_eq!(done["state"], "fulfilled", "{done}");
    let received = intake.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].line, "POST /intake?for=customers HTTP/1.1");
    assert_eq!(received[0].headers["content-type"], "application/zip");
    assert_eq!(received[0].body, api.package(&id, &token));
    verify(api, &intake.url, &received[0]);
    let told = &api.get(&format!("/v1/requests/{id}"), &token).1["outcome"]["transmission"];
    assert_eq!((&told["state"], &told["host"]), (&json!("sent"), &json!("127.0.0.1")), "{told}");
    assert!(letter(&world, "it was taken there").contains(&intake.url), "the person's own letter names the address");
    trail_names_nobody(api, &id, &reviewer);
    let receipts = api.get(&format!("/v1/requests/{id}/receipt"), &token).1.to_string();
    let closed = receipts.split(['"', '.']).filter_map(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let said = closed
        .filter_map(|part| String::from_utf8(part).ok())
        .any(|part| part.contains("\"transmitted_at\":\"2026-11-22"));
    assert!(said, "{receipts}");
}

/// The steps are in the trail, and the address is not.
fn trail_names_nobody(api: &Api, id: &str, reviewer: &str) {
    let entries = api.get(&format!("/v1/staff/requests/{id}/entries"), reviewer).1;
    let events: Vec<&str> = entries["items"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
    for event in ["request.transmission_approved", "request.transmission_begun", "request.transmitted"] {
        assert!(events.contains(&event), "{events:?}");
    }
    let text = entries.to_string();
    assert!(!text.contains("127.0.0.1") && !text.contains("intake"), "{text}");
}

#[rstest]
fn a_receiver_that_is_down_gets_it_later_under_the_same_id(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, intake) = (World::new(store, Kind::Sqlite), Receiver::start(&[503]));
    intake.allow(&world);
    let server = Server::start(&world);
    let api = &server.api;
    let (_, id, reviewer) = proved(api, &world, &intake.url);
    approve_and_release(api, &id, &reviewer, json!({ "transmit": true }));
    let waiting = api.until(&id, &reviewer, |r| r["jobs"][0]["last_error"].to_string().contains("503"));
    let step = waiting["steps"].as_array().unwrap().iter().find(|s| s["name"] == "transmission").unwrap();
    assert_eq!((&step["state"], &step["error"]), (&json!("failed"), &json!("it answered 503")), "staff see it");
    server.clock().advance(TimeDelta::seconds(3));
    assert_eq!(api.settled(&id, &reviewer)["state"], "fulfilled");
    let received = intake.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].headers["idempotency-key"], received[1].headers["idempotency-key"]);
    assert_eq!(received[0].body, received[1].body);
}

#[rstest]
fn a_refusal_is_for_staff(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, intake) = (World::new(store, Kind::Sqlite), Receiver::start(&[410, 307]));
    intake.allow(&world);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, id, reviewer) = proved(api, &world, &intake.url);
    approve_and_release(api, &id, &reviewer, json!({ "transmit": true }));
    let failed = api.settled(&id, &reviewer);
    assert_eq!(failed["state"], "awaiting_release", "{failed}");
    assert_eq!(failed["result"]["transmission"]["reason"], "it answered 410");
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &reviewer, Value::Null).0, 200);
    let redirected = api.settled(&id, &reviewer);
    assert_eq!(redirected["state"], "awaiting_release", "{redirected}");
    assert!(redirected["result"]["transmission"]["reason"].to_string().contains("redirect, which is not followed"));
    assert_eq!(intake.received().len(), 2, "each was asked once");
    let (_, told) = api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, json!({}));
    assert_eq!(told["state"], "partially_fulfilled", "{told}");
    letter(&world, "it was not taken there");
    assert!(!api.package(&id, &token).is_empty(), "the person has it all the same");
}

#[rstest]
fn nothing_goes_inside(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, intake) = (World::new(store, Kind::Sqlite), Receiver::start(&[]));
    intake.trust(&world, "");
    let server = Server::start(&world);
    let api = &server.api;
    let (_, id, reviewer) = proved(api, &world, &intake.url);
    let path = format!("/v1/staff/requests/{id}/approval");
    let (status, problem) = api.post(&path, &reviewer, json!({ "transmit": true }));
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/transmit")), "{problem}");
    assert!(problem["detail"].to_string().contains("this machine"), "{problem}");
    let before = world.mails("ada@example.com").len();
    let (token, ids) = api.submit(&["portability"], json!({ "transmit_to": "https://localhost/intake" }));
    let code = world.code_after("ada@example.com", before);
    api.post(&format!("/v1/requests/{}/verification/confirmation", ids[0]), &token, json!({ "code": code }));
    approve_and_release(api, &ids[0], &reviewer, json!({ "transmit": true }));
    let failed = api.settled(&ids[0], &reviewer);
    assert_eq!(failed["state"], "awaiting_release", "a name is judged when it is looked up: {failed}");
    assert!(failed["result"]["transmission"]["reason"].to_string().contains("this machine"), "{failed}");
    assert!(intake.received().is_empty());
}

#[rstest]
fn what_is_no_address_is_sent_by_hand(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (_, id, reviewer) = proved(api, &world, "Other Shop Ltd");
    assert_eq!(plan(api, &id, &reviewer)["transmission"]["how"], "by_hand");
    let path = format!("/v1/staff/requests/{id}/approval");
    let (status, problem) = api.post(&path, &reviewer, json!({ "transmit": true }));
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/transmit")), "{problem}");
    assert!(!problem.to_string().contains("Other Shop"), "{problem}");
    approve(api, &id, &reviewer, Value::Null);
    let waiting = api.settled(&id, &reviewer);
    assert_eq!(
        (&waiting["state"], &waiting["result"]["transmission"]["state"]),
        (&json!("awaiting_release"), &json!("by_hand"))
    );
    let words = json!({ "answer": "We sent it to them on a disk." });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, words).1["state"], "fulfilled");
    let told = letter(&world, "We sent it to them on a disk.");
    assert!(told.contains("Other Shop Ltd as well"), "{told}");
}

#[test]
fn without_approval_of_the_address_it_goes_to_the_person_only() {
    let (world, intake) = (World::new(Kind::Sqlite, Kind::Sqlite), Receiver::start(&[]));
    intake.allow(&world);
    let server = Server::start(&world);
    let api = &server.api;
    let (_, id, reviewer) = proved(api, &world, &intake.url);
    approve_and_release(api, &id, &reviewer, Value::Null);
    assert_eq!(api.settled(&id, &reviewer)["state"], "fulfilled");
    letter(&world, "it goes to you alone");
    assert!(intake.received().is_empty());
    let before = world.mails("ada@example.com").len();
    let (token, ids) = api.submit(&["access"], json!({}));
    let code = world.code_after("ada@example.com", before);
    api.post(&format!("/v1/requests/{}/verification/confirmation", ids[0]), &token, json!({ "code": code }));
    let path = format!("/v1/staff/requests/{}/approval", ids[0]);
    let (status, problem) = api.post(&path, &reviewer, json!({ "transmit": true }));
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/transmit")), "{problem}");
}

#[rstest]
#[case("transmit.before_send", 1)]
#[case("transmit.after_send", 2)]
fn a_crash_sends_the_same_again_and_nothing_else(
    #[case] point: &str,
    #[case] deliveries: usize,
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
) {
    let (world, intake) = (World::new(store, Kind::Sqlite), Receiver::start(&[]));
    intake.allow(&world);
    staff(&world);
    let process = Process::start(&world, Some(point));
    let (token, id, reviewer) = proved(&process.api, &world, &intake.url);
    approve_and_release(&process.api, &id, &reviewer, json!({ "transmit": true }));
    process.died();
    release_leases(&world, store);
    let process = Process::start(&world, None);
    assert_eq!(process.api.settled(&id, &reviewer)["state"], "fulfilled");
    let received = intake.received();
    assert_eq!(received.len(), deliveries, "killed at {point}");
    let same = |r: &Received| {
        r.headers["idempotency-key"] == received[0].headers["idempotency-key"] && r.body == received[0].body
    };
    assert!(received.iter().all(same));
    assert_eq!(received[0].body, process.api.package(&id, &token));
}
