//! The mailed code: ten minutes, five tries, and nothing that tells whom the company knows.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::world::{Kind, World};

#[rstest]
fn a_code_is_taken_five_times_at_most_and_for_ten_minutes(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access", "deletion"], json!({}));
    let confirmation = format!("/v1/requests/{}/verification/confirmation", ids[0]);
    let code = world.code("ada@example.com", "");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for left in (0..5).rev() {
        let (status, answer) = api.post(&confirmation, &token, json!({ "code": wrong }));
        assert_eq!((status, &answer["code"]), (422, &json!("wrong_code")));
        assert!(answer["detail"].as_str().unwrap().contains(&format!("{left} tries")), "{answer}");
    }
    assert_eq!(api.post(&confirmation, &token, json!({ "code": code })).0, 429, "the right one comes too late");

    let (status, sent) = api.post(&format!("/v1/requests/{}/verification", ids[0]), &token, Value::Null);
    assert_eq!(status, 202, "{sent}");
    let second = world.code("ada@example.com", &code);
    server.clock().advance(TimeDelta::minutes(10));
    let (status, late) = api.post(&confirmation, &token, json!({ "code": second }));
    assert_eq!((status, &late["code"]), (422, &json!("code_expired")));

    assert_eq!(api.post(&format!("/v1/requests/{}/verification", ids[1]), &token, Value::Null).0, 202);
    let third = world.code("ada@example.com", &second);
    assert_eq!(api.post(&confirmation, &token, json!({ "code": third })).0, 200);
    let (_, other) = api.get(&format!("/v1/requests/{}", ids[1]), &token);
    assert_eq!(other["state"], "in_review", "one code serves the whole bundle");
    assert_eq!(api.post(&confirmation, &token, json!({ "code": third })).0, 409);
}

#[test]
fn codes_are_not_sent_without_end() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let (token, ids) = server.api.submit(&["access"], json!({}));
    let resend = || server.api.post(&format!("/v1/requests/{}/verification", ids[0]), &token, Value::Null).0;
    assert_eq!([resend(), resend(), resend()], [202, 202, 429]);
    server.clock().advance(TimeDelta::minutes(10));
    assert_eq!(resend(), 202);
}

#[test]
fn nobody_learns_whom_the_company_knows() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let shape = |email: &str| {
        let person = json!({ "person": { "name": "Some Body", "email": email, "residence": "DE" } });
        let (token, ids) = server.api.submit(&["access"], person);
        let (status, mut request) = server.api.get(&format!("/v1/requests/{}", ids[0]), &token);
        for own in ["id", "reference"] {
            request[own] = Value::Null;
        }
        (status, request)
    };
    assert_eq!(shape("bob@example.com"), shape("nobody@example.com"));
}

#[test]
fn an_unverified_request_expires() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let (token, ids) = server.api.submit(&["access"], json!({}));
    server.clock().advance(TimeDelta::days(31));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let expired = runtime.block_on(habeas::usecases::decide::expire(&server.office)).unwrap();
    assert_eq!(expired, 1);
    let (_, request) = server.api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!((&request["state"], &request["outcome"]["kind"]), (&json!("expired"), &json!("expired")));
}
