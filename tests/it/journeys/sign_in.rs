//! Signing in to one's account: the token of a real provider is taken, a forged one never.

use aws_lc_rs::hmac;
use chrono::TimeDelta;
use habeas::domain::staff::Role;
use jsonwebtoken::Algorithm;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::provider::{Provider, forged, token};
use crate::support::server::{Api, Server, today};
use crate::support::world::{Kind, World};

fn california(api: &Api, person: Value) -> (String, Vec<String>) {
    let mut all = json!({ "name": "Ada Example", "email": "ada@example.com", "residence": "US-CA" });
    for (key, value) in person.as_object().cloned().unwrap_or_default() {
        all[key] = value;
    }
    api.submit(&["access", "deletion"], json!({ "person": all }))
}

fn show(api: &Api, id: &str, mine: &str, token: &str) -> (u16, Value) {
    api.post(&format!("/v1/requests/{id}/verification/sign-in"), mine, json!({ "token": token }))
}

#[rstest]
fn an_account_holder_signs_in_instead_of_everything_else(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(0, 1, 2)] key: usize,
) {
    let provider = Provider::start();
    let world = World::new(store, Kind::Sqlite);
    world.promise("approval = \"needs_evidence\"\n");
    world.promise(&provider.policy(""));
    let server = Server::start(&world);
    let api = &server.api;
    let (mine, ids) = california(api, json!({}));
    // Sent before the sign-in makes it superfluous.
    let code = world.code("ada@example.com", "");
    let (_, offer) = api.get(&format!("/v1/requests/{}/verification", ids[0]), &mine);
    assert_eq!(offer["offered"], json!(["email_code", "sign_in"]), "{offer}");
    assert_eq!(offer["sign_in"]["issuer"], json!(provider.issuer));
    let (status, request) = show(api, &ids[0], &mine, &token(&provider.keys[key], &provider.claims(today())));
    assert_eq!((status, &request["state"]), (200, &json!("in_review")), "{request}");
    assert_eq!(request["verification"]["reached"], "high");
    assert_eq!(request["verification"]["offered"], json!([]));
    let (_, other) = api.get(&format!("/v1/requests/{}", ids[1]), &mine);
    assert_eq!(other["verification"]["methods"], json!(["sign_in"]), "it serves the whole bundle");
    let late = api.post(&format!("/v1/requests/{}/verification/confirmation", ids[0]), &mine, json!({ "code": code }));
    assert_eq!(late.1["code"], "already_confirmed", "the code is not needed any more");
    let staff = api.sign_in(Role::Reviewer);
    assert_eq!(api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &staff, Value::Null).0, 200);
    let (_, entries) = api.get(&format!("/v1/staff/requests/{}/entries", ids[0]), &staff);
    assert!(!entries.to_string().contains("ada@"), "{entries}");
}

#[test]
fn a_forged_or_foreign_token_is_never_taken() {
    let provider = Provider::start();
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    world.promise(&provider.policy(""));
    let server = Server::start(&world);
    let api = &server.api;
    let (mine, ids) = california(api, json!({}));
    let good = provider.claims(today());
    let now = today().timestamp();
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    let signed = |claims: &Value| token(&provider.keys[0], claims);
    // The public key, which everybody has, used as the secret of an HMAC.
    let modulus = provider.jwk(0)["n"].as_str().unwrap().to_owned();
    let by_public_key =
        |message: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, modulus.as_bytes()), message).as_ref().to_vec();
    let untouched = signed(&good);
    let signature_of_another = untouched.rsplit('.').next().unwrap().to_owned();
    let swapped =
        forged(&json!({ "alg": "RS256", "kid": "rsa-1" }), &with("email", json!("bob@example.com")), |_| vec![]);
    let swapped = format!("{}{signature_of_another}", swapped.trim_end_matches(|c| c != '.'));
    let critical = forged(&json!({ "alg": "RS256", "kid": "rsa-1", "crit": ["b64"] }), &good, |_| vec![1]);
    let cases: Vec<(&str, String)> = vec![
        ("no algorithm", forged(&json!({ "alg": "none", "kid": "rsa-1" }), &good, |_| vec![])),
        ("no algorithm, in capitals", forged(&json!({ "alg": "NONE" }), &good, |_| vec![])),
        ("HMAC with the public key", forged(&json!({ "alg": "HS256", "kid": "rsa-1" }), &good, by_public_key)),
        (
            "another algorithm than the key's",
            forged(&json!({ "alg": "ES256", "kid": "rsa-1" }), &good, |_| vec![0; 64]),
        ),
        ("an algorithm not named", forged(&json!({ "alg": "RS512", "kid": "rsa-1" }), &good, |_| vec![0; 256])),
        ("no signature", forged(&json!({ "alg": "RS256", "kid": "rsa-1" }), &good, |_| vec![])),
        ("somebody else's signature", swapped),
        ("an extension", critical),
        ("no key named", forged(&json!({ "alg": "RS256" }), &good, |_| vec![0; 256])),
        ("a key of one's own", token(&Provider::stranger("mine"), &good)),
        ("a key of one's own under a published name", token(&Provider::stranger("ec-1"), &good)),
        ("another issuer", signed(&with("iss", json!("https://evil.example")))),
        ("no issuer", signed(&without("iss"))),
        ("several issuers", signed(&with("iss", json!([provider.issuer, "https://evil.example"])))),
        ("another audience", signed(&with("aud", json!("shop-app")))),
        ("no audience", signed(&without("aud"))),
        ("expired", signed(&with("exp", json!(now - 61)))),
        ("no end", signed(&without("exp"))),
        ("an end that is no time", signed(&with("exp", json!("tomorrow")))),
        ("not valid yet", signed(&with("nbf", json!(now + 120)))),
        ("issued in the future", signed(&with("iat", json!(now + 120)))),
        ("issued long ago", signed(&with("iat", json!(now - 400)))),
        ("an old session", signed(&with("auth_time", json!(now - 4000)))),
        ("an address that was never verified", signed(&with("email_verified", json!(false)))),
        ("an address of which nothing is said", signed(&without("email_verified"))),
        ("nobody", signed(&without("email"))),
        ("another person", signed(&with("email", json!("bob@example.com")))),
        ("no token", "ada".to_owned()),
    ];
    for (what, forged) in &cases {
        let (status, problem) = show(api, &ids[0], &mine, forged);
        assert_eq!((status, &problem["code"]), (422, &json!("sign_in_refused")), "{what}: {problem}");
        let (_, request) = api.get(&format!("/v1/requests/{}", ids[0]), &mine);
        assert_eq!(request["state"], "awaiting_verification", "{what}");
        assert!(!problem.to_string().contains("example.com"), "{what}: {problem}");
    }
    assert_eq!(show(api, &ids[0], &mine, &untouched).0, 200, "the same token as it was given");
}

#[test]
fn keys_are_kept_and_asked_for_anew_once_a_minute() {
    let mut provider = Provider::start();
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    world.promise(&provider.policy(""));
    let server = Server::start(&world);
    let api = &server.api;
    let (mine, ids) = california(api, json!({}));
    for _ in 0..3 {
        let claims = provider.claims(today() + TimeDelta::hours(9));
        assert_eq!(show(api, &ids[0], &mine, &token(&provider.keys[0], &claims)).0, 422);
    }
    assert_eq!(provider.asked(), 1, "kept");
    let new = provider.publish("ec-2", Algorithm::ES256);
    let fresh = token(&provider.keys[new], &provider.claims(today()));
    assert_eq!(show(api, &ids[0], &mine, &fresh).0, 422, "not asked again within the minute");
    assert_eq!(provider.asked(), 1);
    server.clock().advance(TimeDelta::minutes(1));
    assert_eq!(show(api, &ids[0], &mine, &fresh).0, 200, "a key that was added is found");
    assert_eq!(provider.asked(), 2);
}

#[test]
fn an_account_number_proves_no_address() {
    let provider = Provider::start();
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    world.promise(&provider.policy("claim = \"sub\"\n"));
    let server = Server::start(&world);
    let api = &server.api;
    let good = token(&provider.keys[2], &provider.claims(today()));
    let (without, none) = california(api, json!({}));
    let (_, offer) = api.get(&format!("/v1/requests/{}/verification", none[0]), &without);
    assert_eq!(offer["offered"], json!(["email_code"]), "no number was given: {offer}");
    let (mine, ids) = california(api, json!({ "account_id": "0007" }));
    assert_eq!(show(api, &ids[0], &mine, &good).1["code"], "illegal_state", "the code comes first");
    let first = world.code("ada@example.com", "");
    let mut confirmed = 0;
    for _ in 0..100 {
        let code = world.code("ada@example.com", "");
        let at = format!("/v1/requests/{}/verification/confirmation", ids[0]);
        confirmed = if code != first || world.mails("ada@example.com").len() > 1 {
            api.post(&at, &mine, json!({ "code": code })).0
        } else {
            0
        };
        if confirmed == 200 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(confirmed, 200);
    let (status, request) = show(api, &ids[0], &mine, &good);
    assert_eq!((status, &request["verification"]["reached"]), (200, &json!("high")), "{request}");
}
