//! Staff: the queue, decisions, sessions, lock-out.

use chrono::TimeDelta;
use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{PASSWORD, Server};
use crate::support::world::{Kind, World};

#[rstest]
fn decisions_reach_the_person(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let (token, ids) = api.submit(&["access"], json!({ "details": "everything, please" }));
    let id = &ids[0];
    let at = |verb: &str| format!("/v1/staff/requests/{id}/{verb}");
    let (status, early) = api.post(&at("approval"), &staff, Value::Null);
    assert_eq!((status, &early["code"]), (409, &json!("illegal_state")), "not before it is verified");
    api.confirm(&world, id, &token);

    let (_, asked) = api.post(&at("clarification"), &staff, json!({ "question": "Which account?" }));
    assert_eq!(asked["state"], "awaiting_requester");
    let (_, seen) = api.get(&format!("/v1/requests/{id}"), &token);
    assert_eq!(seen["question"], "Which account?");
    // A question that is answered before its letter leaves needs none.
    world.letter("ada@example.com", "Which account?");
    assert_eq!(api.post(&format!("/v1/requests/{id}/messages"), &token, json!({ "text": "The old one." })).0, 201);
    let (_, whole) = api.get(&format!("/v1/staff/requests/{id}"), &staff);
    assert_eq!((&whole["state"], &whole["details"]), (&json!("in_review"), &json!("everything, please")));
    let texts: Vec<_> = whole["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Which account?", "The old one."]);

    let (_, extended) = api.post(&at("extension"), &staff, json!({ "reason": "many systems" }));
    assert_eq!(extended["deadlines"][0]["due"], "2027-02-22", "{extended}");
    assert_eq!(api.post(&at("extension"), &staff, json!({ "reason": "again" })).1["code"], "already_extended");

    let (status, unknown) = api.post(&at("denial"), &staff, json!({ "ground": "mood", "explanation": "no" }));
    assert_eq!((status, &unknown["code"]), (422, &json!("unknown_ground")));
    let denial = json!({ "ground": "manifestly_excessive", "explanation": "Asked daily." });
    let (_, denied) = api.post(&at("denial"), &staff, denial);
    assert_eq!((&denied["state"], &denied["outcome"]["explanation"]), (&json!("denied"), &json!("Asked daily.")));
    let (_, entries) = api.get(&at("entries"), &staff);
    let events: Vec<_> = entries["items"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        [
            "request.submitted",
            "request.verified",
            "request.clarification_asked",
            "request.message_received",
            "request.extended",
            "request.denied",
        ]
    );
    let log = api.send(Method::GET, "/v1/staff/export.csv", Some(&staff), None).text().unwrap();
    assert!(log.lines().nth(1).unwrap().contains(",denied,") && !log.contains("ada@"), "{log}");
    let mut mails = world.mails("ada@example.com");
    for _ in 0..500 {
        if mails.len() >= 5 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        mails = world.mails("ada@example.com");
    }
    let all = mails.join("\n");
    assert!(all.contains("Which account?") && all.contains("many systems") && all.contains("Asked daily."), "{all}");
    assert!(!all.contains(&token), "no mail holds the token");
}

#[rstest]
fn the_queue_filters_sorts_and_pages(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let mut references = Vec::new();
    for n in 0..5 {
        let person =
            json!({ "person": { "name": "Some Body", "email": format!("p{n}@example.com"), "residence": "DE" } });
        let (token, ids) = api.submit(&["access"], person);
        references.push(api.get(&format!("/v1/requests/{}", ids[0]), &token).1["reference"].clone());
        server.clock().advance(TimeDelta::days(1));
    }
    let staff = api.sign_in(Role::Auditor);
    let mut seen = Vec::new();
    let mut path = "/v1/staff/requests?sort=due&limit=2".to_owned();
    loop {
        let (status, page) = api.get(&path, &staff);
        assert_eq!(status, 200, "{page}");
        seen.extend(page["items"].as_array().unwrap().iter().map(|r| r["reference"].clone()));
        match page["next"].as_str() {
            Some(cursor) => path = format!("/v1/staff/requests?sort=due&limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, references, "by due date, each once");
    let count =
        |query: &str| api.get(&format!("/v1/staff/requests?{query}"), &staff).1["items"].as_array().map(Vec::len);
    assert_eq!(count("q=P3@example.com"), Some(1));
    assert_eq!(count(&format!("q={}", references[1].as_str().unwrap())), Some(1));
    assert_eq!(count("state=in_review"), Some(0));
    assert_eq!(count("right=access&controller=shop&state=awaiting_verification"), Some(5));
    assert_eq!(count("due_before=2026-12-24"), Some(2));
    assert_eq!(api.get("/v1/staff/requests?cursor=nonsense", &staff).0, 400);
    assert_eq!(api.get("/v1/staff/requests?limit=0", &staff).0, 400);
    assert_eq!(api.get(&format!("/v1/staff/requests?q={}", "0".repeat(255)), &staff).0, 400);
    assert_eq!(api.get("/v1/staff/requests?colour=red", &staff).0, 400);
}

#[test]
fn a_session_ends_when_it_is_signed_out_or_over() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (first, second) = (api.sign_in(Role::Reviewer), api.sign_in(Role::Reviewer));
    assert_eq!(api.call(Method::DELETE, "/v1/staff/session", Some(&first), None).0, 204);
    assert_eq!(api.get("/v1/staff/session", &first).0, 401, "revoked");
    assert_eq!(api.get("/v1/staff/session", &second).0, 200);
    server.clock().advance(TimeDelta::hours(9));
    assert_eq!(api.get("/v1/staff/session", &second).0, 401, "over");
}

#[test]
fn guessing_passwords_locks_the_account_for_a_while() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let sign_in = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        server.api.call(Method::POST, "/v1/staff/session", None, Some(&body))
    };
    let unknown = sign_in("nobody@shop.example", "wrong password");
    for _ in 0..5 {
        assert_eq!(sign_in("clerk@shop.example", "wrong password"), unknown, "an unknown address is answered alike");
    }
    assert_eq!(sign_in("clerk@shop.example", PASSWORD).1["code"], "account_locked");
    assert_eq!(sign_in("reviewer@shop.example", PASSWORD).0, 200, "others are not");
    server.clock().advance(TimeDelta::minutes(2));
    assert_eq!(sign_in("clerk@shop.example", PASSWORD).0, 200);
}
