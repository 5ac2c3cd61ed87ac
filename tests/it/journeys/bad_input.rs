//! Bad input: a clear problem, nothing lost, no 500, and nothing personal in what is said.

use habeas::domain::staff::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Server, submission};
use crate::support::world::{Kind, World};

#[test]
fn every_wrong_submission_is_told_what_is_wrong() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let with = |change: Value| submission(&["access"], change).to_string();
    let person = |change: Value| {
        let mut person = json!({ "name": "Ada", "email": "ada@example.com" });
        for (key, value) in change.as_object().unwrap() {
            person[key] = value.clone();
        }
        with(json!({ "person": person }))
    };
    let cases: Vec<(String, u16, &str, &str)> = vec![
        ("{".into(), 400, "malformed_json", ""),
        ("[]".into(), 422, "invalid_request", ""),
        ("{}".into(), 422, "invalid_request", ""),
        (with(json!({ "rights": [] })), 422, "invalid_request", "/rights"),
        (with(json!({ "rights": "access" })), 422, "invalid_request", "/rights"),
        (with(json!({ "rights": ["ada@example.com"] })), 422, "invalid_request", "/rights/0"),
        (with(json!({ "rights": ["limit_sensitive"] })), 422, "right_not_offered", "/rights"),
        (with(json!({ "rights": ["correction"] })), 422, "invalid_request", "/corrections"),
        (with(json!({ "controller": "other" })), 422, "unknown_controller", "/controller"),
        (with(json!({ "regime": "hammurabi" })), 422, "unknown_regime", "/regime"),
        (with(json!({ "colour": "red" })), 422, "invalid_request", "/colour"),
        (with(json!({ "range": { "from": "2026-02-01", "to": "2026-01-01" } })), 422, "invalid_request", "/range"),
        (with(json!({ "range": { "from": "yesterday" } })), 422, "invalid_request", "/range/from"),
        (with(json!({ "details": "a\u{0}b" })), 422, "invalid_request", "/details"),
        (person(json!({ "email": "ada@" })), 422, "invalid_request", "/person/email"),
        (person(json!({ "email": 7 })), 422, "invalid_request", "/person/email"),
        (person(json!({ "name": "  " })), 422, "invalid_request", "/person/name"),
        (person(json!({ "phone": "call me" })), 422, "invalid_request", "/person/phone"),
        (person(json!({ "residence": "Atlantis" })), 422, "invalid_request", "/person/residence"),
    ];
    for (body, status, code, pointer) in cases {
        let (got, problem) = api.raw("/v1/requests", &[("content-type", "application/json")], body.clone());
        assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{body}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"].as_str().unwrap_or_default(), pointer, "{body}: {problem}");
        assert!(!problem.to_string().contains("ada@"), "{problem}");
        assert_eq!(api.call(Method::GET, problem["type"].as_str().unwrap(), None, None).0, 200);
    }
    let staff = api.sign_in(Role::Reviewer);
    assert_eq!(api.get("/v1/staff/requests", &staff).1["items"], json!([]), "none of them left anything");
}

#[test]
fn wrong_bodies_tokens_and_addresses_are_refused() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let json_type = [("content-type", "application/json")];
    assert_eq!(api.raw("/v1/requests", &json_type, vec![b' '; 10 * 1024 * 1024]).0, 413);
    assert_eq!(api.raw("/v1/requests", &[("content-type", "text/plain")], "{}").0, 415);
    assert_eq!(api.raw("/v1/requests", &[], "{}").0, 415);
    assert_eq!(api.raw("/v1/requests", &json_type, vec![0xff, 0xfe]).0, 400);
    let (token, ids) = api.submit(&["access"], json!({}));
    for path in ["/v1/requests/7", "/v1/requests/00000000-0000-0000-0000-000000000000", "/nowhere", "/v1"] {
        assert_eq!(api.get(path, &token).0, 404, "{path}");
    }
    let (status, problem) = api.call(Method::DELETE, &format!("/v1/requests/{}", ids[0]), Some(&token), None);
    assert_eq!((status, &problem["code"]), (405, &json!("method_not_allowed")));
    let tampered = format!("{}{}", &token[..token.len() - 4], "AAAA");
    assert_eq!(api.get(&format!("/v1/requests/{}", ids[0]), &tampered).0, 401);
    let staff = api.sign_in(Role::Reviewer);
    let forged = format!("{}x", &staff[..staff.len() - 1]);
    assert_eq!(api.get("/v1/staff/requests", &forged).0, 401);
    assert_eq!(api.get("/v1/staff/requests/00000000-0000-0000-0000-000000000000", &staff).0, 404);
    // {"alg":"none"} with a session's claims
    let none = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJoYWJlYXMifQ.";
    assert_eq!(api.get("/v1/staff/requests", none).0, 401);
}
