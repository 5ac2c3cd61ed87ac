//! Receipts: given at submission, at the end and in the package, and checked by anybody with the published key.

use aws_lc_rs::digest::{SHA256, digest};
use habeas::domain::staff::Role;
use habeas::signing::KeySet;
use habeas::usecases::receipt::verify;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::unzip;
use crate::support::server::{Server, habeas, submission};
use crate::support::world::{Kind, World};

fn published(server: &Server) -> KeySet {
    let answer = server.api.send(Method::GET, "/.well-known/jwks.json", None, None);
    assert_eq!(answer.headers()["content-type"], "application/jwk-set+json");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=3600");
    KeySet::parse(&answer.text().unwrap()).unwrap()
}

fn sum(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

#[rstest]
fn a_receipt_is_given_at_submission_and_at_the_end_and_outlives_the_request(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let keys = published(&server);
    let (_, answer) = api.call(Method::POST, "/v1/requests", None, Some(&submission(&["deletion"], json!({}))));
    let (token, id) = (answer["token"].as_str().unwrap(), answer["requests"][0]["id"].as_str().unwrap());
    let first = answer["requests"][0]["receipt"].as_str().unwrap();
    let receipt = verify(&keys, first).unwrap();
    assert_eq!(
        (receipt.iss.as_str(), receipt.reference.as_str()),
        ("https://privacy.shop.example", answer["requests"][0]["reference"].as_str().unwrap())
    );
    assert_eq!(receipt.deadlines[0].due.to_string(), answer["requests"][0]["deadlines"][0]["due"].as_str().unwrap());

    let path = format!("/v1/requests/{id}/receipt");
    let (_, open) = api.get(&path, token);
    assert_eq!(open, json!({ "receipts": [{ "event": "submitted", "receipt": first }] }), "the same once more");
    api.confirm(&world, id, token);
    let (status, _) = api.post(
        &format!("/v1/staff/requests/{id}/extension"),
        &api.sign_in(Role::Officer),
        json!({ "reason": "many" }),
    );
    assert_eq!(status, 200);
    let done = api.approve(id, &api.sign_in(Role::Reviewer));
    if done["state"] == "awaiting_release" {
        assert_eq!(
            api.post(&format!("/v1/staff/requests/{id}/release"), &api.sign_in(Role::Reviewer), Value::Null).0,
            200
        );
    }
    let (_, both) = api.get(&path, token);
    assert_eq!(both["receipts"][0]["receipt"], first, "an extension changes nothing in it");
    let last = both["receipts"][1]["receipt"].as_str().unwrap().to_owned();
    let end = verify(&keys, &last).unwrap().outcome.unwrap();
    assert_eq!(end.second_search.as_deref(), Some("nothing_left_to_erase"));
    assert!(end.done.iter().any(|d| d.system == "shop-db" && d.rows > 0), "{end:?}");
    let whole = format!("{:?}", verify(&keys, &last).unwrap()).to_lowercase();
    // Not "ada" alone: three such letters come up in a hash now and then.
    assert!(!whole.contains("ada example") && !whole.contains("ada@"), "{whole}");

    let plain = reqwest::blocking::Client::new().get(format!("{}{path}", api.url)).bearer_auth(token);
    let plain = plain.header("accept", "application/jwt").send().unwrap();
    assert_eq!((plain.headers()["content-type"].to_str().unwrap(), plain.status().as_u16()), ("application/jwt", 200));
    assert_eq!(plain.text().unwrap(), last);

    let request: habeas::domain::ids::RequestId = id.parse().unwrap();
    server.office.store.write_blocking(move |tx| tx.purge(request)).unwrap();
    assert_eq!(api.get(&path, token).0, 404);
    assert!(verify(&published(&server), &last).is_ok(), "what the person holds stays good");
}

#[test]
fn the_package_brings_a_receipt_over_every_file_in_it() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access"], json!({}));
    api.confirm(&world, &ids[0], &token);
    api.approve(&ids[0], &api.sign_in(Role::Reviewer));
    let (_, request) = api.get(&format!("/v1/requests/{}", ids[0]), &token);
    if request["state"] != "fulfilled" {
        let release = format!("/v1/staff/requests/{}/release", ids[0]);
        assert_eq!(api.post(&release, &api.sign_in(Role::Reviewer), Value::Null).0, 200);
    }
    let zip = api.package(&ids[0], &token);
    let (_, receipts) = api.get(&format!("/v1/requests/{}/receipt", ids[0]), &token);
    let keys = published(&server);
    let end = verify(&keys, receipts["receipts"][1]["receipt"].as_str().unwrap()).unwrap().outcome.unwrap();
    assert_eq!(end.package_sha256.unwrap(), sum(&zip));

    let files = unzip(zip);
    let inside = verify(&keys, &files["receipt.jws"]).unwrap().package.unwrap();
    assert_eq!(inside.files.len(), files.len() - 2, "all but itself and the list of sums");
    for file in inside.files {
        assert_eq!(file.sha256, sum(files[&file.path].as_bytes()), "{}", file.path);
    }
}

#[test]
fn a_repeat_by_idempotency_key_gives_the_same_receipt() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let headers = [("content-type", "application/json"), ("idempotency-key", "a")];
    let body = submission(&["access"], json!({})).to_string();
    let first = server.api.raw("/v1/requests", &headers, body.clone());
    assert!(first.1["requests"][0]["receipt"].is_string());
    assert_eq!(server.api.raw("/v1/requests", &headers, body), first);
}

#[test]
fn the_command_line_tells_a_receipt_from_a_forgery() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let (_, answer) = server.api.call(Method::POST, "/v1/requests", None, Some(&submission(&["access"], json!({}))));
    let receipt = answer["requests"][0]["receipt"].as_str().unwrap();
    world.write("receipt.jws", receipt);
    let file = world.path().join("receipt.jws").display().to_string();
    let (code, said, error) = habeas(&world, &["receipt", "verify", &file], "");
    assert_eq!(code, 0, "{error}");
    let reference = answer["requests"][0]["reference"].as_str().unwrap();
    assert!(said.starts_with("The signature is good.") && said.contains(reference), "{said}");
    let json: Value = serde_json::from_str(&said[said.find("\n{").unwrap()..]).unwrap();
    assert_eq!(json["event"], "submitted");

    let url = format!("{}/.well-known/jwks.json", server.api.url);
    let (code, _, error) = habeas(&world, &["receipt", "verify", "-", "--keys", &url], &format!("{receipt}\n"));
    assert_eq!(code, 0, "{error}");

    let other = World::new(Kind::Sqlite, Kind::Sqlite);
    let (code, _, error) = habeas(&other, &["receipt", "verify", &file], "");
    assert!(code == 1 && error.contains("there is no key at"), "{error}");
    assert!(!other.path().join("habeas.key").exists(), "none was made");
    drop(Server::start(&other));
    let (code, said, error) = habeas(&other, &["receipt", "verify", &file], "");
    assert!(code == 1 && said.is_empty() && error.contains("none of those at hand"), "{said}{error}");

    let changed = receipt.replacen('.', ".A", 1);
    let (code, said, error) = habeas(&world, &["receipt", "verify", "-"], &changed);
    assert!(code == 1 && said.is_empty() && error.contains("was changed"), "{said}{error}");
}

#[test]
fn a_new_key_leaves_old_receipts_good_while_the_old_one_is_listed() {
    let old = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&old);
    let (_, answer) = server.api.call(Method::POST, "/v1/requests", None, Some(&submission(&["access"], json!({}))));
    let receipt = answer["requests"][0]["receipt"].as_str().unwrap();
    let keys = server.api.send(Method::GET, "/.well-known/jwks.json", None, None).text().unwrap();

    let new = World::new(Kind::Sqlite, Kind::Sqlite);
    new.write("retired.json", &keys);
    let config = std::fs::read_to_string(new.config()).unwrap();
    let secrets = "[secrets]\nkey_file = \"habeas.key\"\nretired_keys = \"retired.json\"\n";
    new.write("habeas.toml", &format!("{config}{secrets}"));
    let server = Server::start(&new);
    let published = published(&server);
    assert_eq!(published.keys.len(), 2);
    assert!(verify(&published, receipt).is_ok());
    let (code, _, error) = habeas(&new, &["receipt", "verify", "-"], receipt);
    assert_eq!(code, 0, "{error}");

    new.write("retired.json", "{\"keys\": [{\"kty\": \"RSA\"}]}");
    let (code, said, error) = habeas(&new, &["check"], "");
    assert!(code == 1 && format!("{said}{error}").contains("retired.json:1: "), "{said}{error}");
}
