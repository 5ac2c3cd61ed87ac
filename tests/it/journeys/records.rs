//! The record of a request: every letter is kept as it was sent, conversations are taken down, codes are never kept.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::world::{Kind, World};

#[rstest]
fn every_letter_is_on_record_once_and_no_code_is(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access"], json!({}));
    let id = &ids[0];
    let code = world.code("ada@example.com", "");
    api.confirm(&world, id, &token);
    let staff = api.sign_in(Role::Reviewer);
    let denial = json!({ "ground": "manifestly_excessive", "explanation": "Asked daily." });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/denial"), &staff, denial).0, 200);
    api.until(id, &staff, |request| request["jobs"].as_array().unwrap().is_empty());

    let (status, record) = api.get(&format!("/v1/staff/requests/{id}/letters"), &staff);
    assert_eq!(status, 200, "{record}");
    let letters = record["items"].as_array().unwrap();
    let mut kinds: Vec<_> = letters.iter().map(|l| l["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["acknowledgement", "code", "denied"], "{record}");
    assert!(letters.iter().all(|l| l["delivery"] == "sent" && l["party"] == "requester" && l["channel"] == "email"));
    let of = |kind: &str| letters.iter().find(|l| l["kind"] == kind).unwrap();
    assert!(of("denied")["text"].as_str().unwrap().contains("Asked daily."), "{record}");
    assert!(of("code")["text"].is_null() && of("code")["subject"].is_null(), "{record}");
    assert!(!record.to_string().contains(&code), "the code is not on record");
    // The mail and its record name each other.
    let mails = world.mails("ada@example.com");
    assert!(letters.iter().all(|l| mails.iter().any(|m| m.contains(l["id"].as_str().unwrap()))), "{record}");
    let (_, theirs) = api.get(&format!("/v1/requests/{id}/letters"), &token);
    assert_eq!(theirs, record, "the requester sees the same letters");
}

#[test]
fn staff_take_down_what_happened_elsewhere() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access"], json!({}));
    let id = &ids[0];
    let clerk = api.sign_in(Role::Clerk);
    let path = format!("/v1/staff/requests/{id}/communications");
    let note = |more: Value| {
        let mut body = json!({ "channel": "post", "direction": "out", "at": "2026-11-21T12:00:00+01:00", "summary": "Told of the subpoena." });
        more.as_object().unwrap().iter().for_each(|(k, v)| body[k] = v.clone());
        body
    };
    let (status, kept) = api.post(&path, &clerk, note(json!({ "kind": "legal_process_notice" })));
    assert_eq!(
        (status, &kept["delivery"], &kept["at"]),
        (201, &json!("recorded"), &json!("2026-11-21T11:00:00.000000Z"))
    );
    let (status, early) = api.post(&path, &clerk, note(json!({ "at": "2026-11-23T12:00:00Z" })));
    assert_eq!((status, &early["errors"][0]["pointer"]), (422, &json!("/at")), "{early}");
    let (_, record) = api.get(&format!("/v1/staff/requests/{id}/letters"), &clerk);
    let told =
        record["items"].as_array().unwrap().iter().find(|c| c["kind"] == "legal_process_notice").unwrap().clone();
    assert_eq!(told["text"], "Told of the subpoena.");
    let (_, theirs) = api.get(&format!("/v1/requests/{id}/letters"), &token);
    let named = theirs["items"].as_array().unwrap().iter().find(|c| c["kind"] == "legal_process_notice").unwrap();
    assert!(named["text"].is_null() && named["recorded_by"].is_null(), "named, not quoted: {named}");
    let (_, entries) = api.get(&format!("/v1/staff/requests/{id}/entries"), &clerk);
    let entry = entries["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&entry["event"], &entry["facts"]["channel"]),
        (&json!("request.communication_recorded"), &json!("post"))
    );
    assert!(!entries.to_string().contains("subpoena"), "the trail holds no summary");
}

#[test]
fn a_letter_that_cannot_be_sent_is_on_record_as_failed_and_becomes_a_sent_one() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let person = json!({ "person": { "name": "Ada", "email": "ada@example.com", "residence": "US-CA" } });
    // A file stands where the mail folder belongs: letters fail until it is gone.
    std::fs::write(world.path().join("mail"), "").unwrap();
    let (_, ids) = api.submit(&["opt_out"], person);
    let id = &ids[0];
    let staff = api.sign_in(Role::Reviewer);
    for _ in 0..12 {
        let attempts = |r: &Value| r["jobs"][0]["attempts"].as_i64().unwrap_or(0);
        let before = api.until(id, &staff, |r| attempts(r) > 0 && r["jobs"][0]["running"] == false);
        if before["jobs"][0]["given_up"] == true {
            break;
        }
        server.clock().advance(chrono::TimeDelta::minutes(31));
        server.office.store.jobs_ready().notify_waiters();
        api.until(id, &staff, |r| attempts(r) > attempts(&before));
    }
    api.until(id, &staff, |r| r["jobs"][0]["given_up"] == true);
    let letters = || api.get(&format!("/v1/staff/requests/{id}/letters"), &staff).1["items"].clone();
    assert_eq!((letters()[0]["delivery"].clone(), letters().as_array().unwrap().len()), (json!("failed"), 1));
    std::fs::remove_file(world.path().join("mail")).unwrap();
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &staff, Value::Null).0, 200);
    server.office.store.jobs_ready().notify_waiters();
    api.until(id, &staff, |r| r["jobs"].as_array().unwrap().is_empty());
    assert_eq!((letters()[0]["delivery"].clone(), letters().as_array().unwrap().len()), (json!("sent"), 1));
}

#[test]
fn a_record_is_held_by_an_officer_with_a_reason_and_a_day() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (_, ids) = api.submit(&["access"], json!({}));
    let path = format!("/v1/staff/requests/{}/record-hold", ids[0]);
    let officer = api.sign_in(Role::Officer);
    let (status, held) = api.post(&path, &officer, json!({ "until": "2027-11-22", "reason": "A dispute." }));
    assert_eq!((status, &held["record"]["hold"]["until"]), (200, &json!("2027-11-22")), "{held}");
    assert!(held["record"]["kept_until"].is_null(), "it is still open: {held}");
    assert_eq!(api.post(&path, &officer, json!({ "until": "2026-11-21", "reason": "Over." })).0, 422);
    assert_eq!(api.post(&path, &officer, json!({ "until": "2027-11-21" })).0, 422, "a hold has a reason");
    assert_eq!(api.post(&path, &officer, json!({ "reason": "A dispute." })).0, 422, "and a day, or null");
    assert_eq!(api.post(&path, &api.sign_in(Role::Reviewer), json!({ "until": null })).0, 403);
}
