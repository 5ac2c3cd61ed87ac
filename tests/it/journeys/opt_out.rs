//! Opt-out: honoured at once where the law asks for no proof, and told to the tools that ask.

use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{Server, submission};
use crate::support::world::{Kind, World};

#[rstest]
fn an_opt_out_is_honoured_at_once(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let admin = api.sign_in(Role::Admin);
    let (status, key) = api.post("/v1/staff/api-keys", &admin, json!({ "name": "mailing tool", "controller": "shop" }));
    assert_eq!(status, 201, "{key}");
    let key = key["secret"].as_str().unwrap();
    let (_, nobody) = api.get("/v1/suppressions?email=ada@example.com", key);
    assert_eq!(nobody["items"], json!([]));

    let person = json!({ "name": "Ada", "email": "ADA@example.com", "residence": "US-CA" });
    let (token, ids) = api.submit(&["opt_out"], json!({ "person": person, "opt_out_of": ["sale", "sharing"] }));
    let (_, request) = api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!((&request["state"], &request["regime"]), (&json!("fulfilled"), &json!("ccpa")), "{request}");
    assert_eq!(request["outcome"]["opted_out_of"], json!(["sale", "sharing"]));
    let (_, found) = api.get("/v1/suppressions?email=Ada@Example.com", key);
    let what: Vec<_> = found["items"].as_array().unwrap().iter().map(|s| s["opt_out_of"].as_str().unwrap()).collect();
    assert_eq!(what, ["sale", "sharing"], "{found}");
    let (_, other) = api.get("/v1/suppressions?email=bob@example.com", key);
    assert_eq!(other["items"], json!([]));
}

#[test]
fn the_same_call_twice_is_one_request() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let body = submission(&["access"], json!({})).to_string();
    let headers = [("content-type", "application/json"), ("idempotency-key", "6b1d0e3e")];
    let first = api.raw("/v1/requests", &headers, body.clone());
    let second = api.raw("/v1/requests", &headers, body.clone());
    assert_eq!(first, second);
    assert_eq!(first.0, 201);
    let staff = api.sign_in(Role::Reviewer);
    let (_, queue) = api.get("/v1/staff/requests", &staff);
    assert_eq!(queue["items"].as_array().unwrap().len(), 1);
    let (status, other) = api.raw("/v1/requests", &headers, submission(&["deletion"], json!({})).to_string());
    assert_eq!((status, &other["code"]), (422, &json!("idempotency_key_reused")));
    let new = [("content-type", "application/json"), ("idempotency-key", "another")];
    assert_ne!(api.raw("/v1/requests", &new, body).1["token"], first.1["token"]);
    assert_eq!(
        api.call(Method::GET, "/v1/requests", None, None),
        (405, api.call(Method::GET, "/v1/requests", None, None).1)
    );
    let _: Value = queue;
}
