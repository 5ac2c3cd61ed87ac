//! Staff's second factor: asked for after the right password only, taken once, guessed at in vain, reset by an admin.

use aws_lc_rs::hmac;
use chrono::TimeDelta;
use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{Answer, Api, PASSWORD, Server, habeas};
use crate::support::world::{Kind, World};

const FACTOR: &str = "/v1/staff/session/second-factor";

/// What an authenticator app shows, from the secret as a person types it (RFC 4648, RFC 6238).
fn app(secret: &str, server: &Server) -> String {
    let bits: String = secret
        .bytes()
        .map(|c| if c.is_ascii_uppercase() { c - b'A' } else { c - b'2' + 26 })
        .map(|five| format!("{five:05b}"))
        .collect();
    let bytes: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|b| u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap())
        .collect();
    let step = server.clock().now().timestamp() / 30;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

fn sign_in(api: &Api, role: Role, password: &str, code: Option<&str>) -> Answer {
    let mut body = json!({ "email": format!("{role}@shop.example"), "password": password });
    if let Some(code) = code {
        body["one_time_code"] = json!(code);
    }
    api.call(Method::POST, "/v1/staff/session", None, Some(&body))
}

/// Adds a second factor; gives its secret.
fn enrol(server: &Server, token: &str) -> String {
    let (status, begun) = server.api.post(FACTOR, token, Value::Null);
    assert_eq!(status, 201, "{begun}");
    let secret = begun["secret"].as_str().unwrap().to_owned();
    assert!(begun["otpauth_uri"].as_str().unwrap().contains(&secret));
    let code = json!({ "one_time_code": app(&secret, server) });
    let (status, refused) = server.api.post(&format!("{FACTOR}/confirmation"), token, code);
    assert_eq!(status, 204, "{refused}");
    server.clock().advance(TimeDelta::seconds(30));
    secret
}

#[rstest]
fn a_code_is_asked_for_after_the_password_and_taken_once(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let token = api.sign_in(Role::Officer);
    let (_, begun) = api.post(FACTOR, &token, Value::Null);
    assert_eq!(sign_in(api, Role::Officer, PASSWORD, None).0, 200, "what is not confirmed does not count");
    let wrong = json!({ "one_time_code": "000000" });
    assert_eq!(api.post(&format!("{FACTOR}/confirmation"), &token, wrong).1["code"], "wrong_one_time_code");
    let secret = enrol(&server, &token);
    assert_ne!(begun["secret"], json!(secret), "begun anew");
    assert_eq!(api.post(FACTOR, &token, Value::Null).1["code"], "second_factor_exists");

    assert_eq!(sign_in(api, Role::Officer, "wrong password", None).1["code"], "bad_credentials");
    let (status, asked) = sign_in(api, Role::Officer, PASSWORD, None);
    assert_eq!((status, &asked["code"]), (401, &json!("one_time_code_required")));
    let code = app(&secret, &server);
    assert_eq!(sign_in(api, Role::Officer, "wrong password", Some(&code)).1["code"], "bad_credentials");
    assert_eq!(sign_in(api, Role::Officer, PASSWORD, Some(&code)).0, 200);
    assert_eq!(sign_in(api, Role::Officer, PASSWORD, Some(&code)).1["code"], "wrong_one_time_code", "taken before");
    server.clock().advance(TimeDelta::seconds(30));
    assert_eq!(sign_in(api, Role::Officer, PASSWORD, Some(&app(&secret, &server))).0, 200);
    assert_eq!(sign_in(api, Role::Clerk, PASSWORD, None).0, 200, "others have none");
}

#[test]
fn guessing_codes_locks_the_account() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let secret = enrol(&server, &api.sign_in(Role::Clerk));
    let right = app(&secret, &server);
    let wrong = if right == "123456" { "654321" } else { "123456" };
    for _ in 0..5 {
        assert_eq!(sign_in(api, Role::Clerk, PASSWORD, Some(wrong)).1["code"], "wrong_one_time_code");
    }
    assert_eq!(sign_in(api, Role::Clerk, PASSWORD, Some(&right)).1["code"], "account_locked");
    server.clock().advance(TimeDelta::minutes(2));
    assert_eq!(sign_in(api, Role::Clerk, PASSWORD, Some(&app(&secret, &server))).0, 200);
}

#[test]
fn an_admin_resets_a_colleagues_and_the_operator_anybodys() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (clerk, admin) = (api.sign_in(Role::Clerk), api.sign_in(Role::Admin));
    enrol(&server, &clerk);
    enrol(&server, &admin);
    let (_, accounts) = api.get("/v1/staff/accounts", &admin);
    let id = |role: &str| {
        let all = accounts["items"].as_array().unwrap();
        all.iter().find(|a| a["role"] == role).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let reset = |role: &str| {
        api.call(Method::DELETE, &format!("/v1/staff/accounts/{}/second-factor", id(role)), Some(&admin), None).0
    };
    assert_eq!([reset("clerk"), reset("clerk"), reset("reviewer"), reset("admin")], [204, 404, 404, 403]);
    assert_eq!(sign_in(api, Role::Clerk, PASSWORD, None).0, 200);
    assert_eq!(sign_in(api, Role::Admin, PASSWORD, None).0, 401);
    let (code, _, error) = habeas(&world, &["staff", "reset-second-factor", "--email", "admin@shop.example"], "");
    assert_eq!(code, 0, "{error}");
    assert_eq!(sign_in(api, Role::Admin, PASSWORD, None).0, 200);
}

#[rstest]
fn where_it_is_required_nothing_is_done_without(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let config = std::fs::read_to_string(world.config()).unwrap();
    world.write("habeas.toml", &format!("{config}\n[staff]\nrequire_second_factor = true\n"));
    let server = Server::start(&world);
    let api = &server.api;
    let token = api.sign_in(Role::Reviewer);
    let queue = |token: &str| api.get("/v1/staff/requests", token);
    let (status, refused) = queue(&token);
    assert_eq!((status, &refused["code"]), (403, &json!("second_factor_required")), "{refused}");
    assert_eq!(api.get("/v1/staff/session", &token).0, 200, "who one is can be seen");
    let secret = enrol(&server, &token);
    assert_eq!(queue(&token).0, 200);
    let (_, session) = sign_in(api, Role::Reviewer, PASSWORD, Some(&app(&secret, &server)));
    assert_eq!(queue(session["token"].as_str().unwrap()).0, 200);
    let dump = std::fs::read_dir(world.path()).unwrap().map(Result::unwrap);
    let ours = dump.filter(|f| f.file_name().to_string_lossy().starts_with("habeas.db"));
    let bytes: Vec<u8> = ours.flat_map(|f| std::fs::read(f.path()).unwrap()).collect();
    assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "the secret is sealed");
}
