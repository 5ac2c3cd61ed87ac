//! Access and portability: from the request to the person's data as CSV.

use chrono::TimeDelta;
use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::unzip;
use crate::support::server::Server;
use crate::support::world::{Kind, World};

#[rstest]
fn access_gives_the_person_what_is_theirs_and_nothing_else(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = World::new(store, company);
    let before = world.rows();
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["access"], json!({}));
    let id = &ids[0];
    let (_, request) = api.get(&format!("/v1/requests/{id}"), &token);
    assert_eq!(request["state"], "awaiting_verification");
    assert_eq!(request["regime"], "gdpr");
    assert_eq!(request["deadlines"][0]["due"], "2026-12-22", "{request}");
    api.confirm(&world, id, &token);

    let staff = api.sign_in(Role::Reviewer);
    let (status, plan) = api.get(&format!("/v1/staff/requests/{id}/plan"), &staff);
    assert_eq!(status, 200, "{plan}");
    let customers = plan["collections"].as_array().unwrap().iter().find(|c| c["collection"] == "customers").unwrap();
    assert_eq!(customers["counts"]["own"], 1);
    assert_eq!(api.send(Method::GET, &format!("/v1/requests/{id}/package"), Some(&token), None).status(), 404);

    // Ada's tickets name Eve, who handled one: that is withheld until staff have looked.
    let prepared = api.approve(id, &staff);
    assert_eq!(prepared["state"], "awaiting_release", "{prepared}");
    assert!(prepared["result"]["withheld"].as_u64().unwrap() > 0);
    assert_eq!(api.send(Method::GET, &format!("/v1/requests/{id}/package"), Some(&token), None).status(), 404);
    let (status, released) = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    assert_eq!((status, &released["state"]), (200, &json!("fulfilled")), "{released}");
    assert_eq!(released["outcome"]["kind"], "fulfilled");

    let files = unzip(api.package(id, &token));
    let customers = &files["data/shop/customers.csv"];
    assert_eq!(customers.lines().count(), 2, "a header and Ada: {customers}");
    assert!(customers.contains("Ada@Example.com") && customers.contains("[held, not disclosed]"));
    assert!(!customers.contains("secret"), "a password is never disclosed");
    let all: String = files.values().map(String::as_str).collect();
    for others in ["bob@example.com", "cid@example.com", "eve@example.com", "Knife blunt", "Fork lost"] {
        assert!(!all.contains(others), "the package holds {others}");
    }
    for own in ["ring twice", "Spoon bent", "Alone Street 1", "It bent"] {
        assert!(all.contains(own), "the package lacks {own}");
    }
    for file in ["datapackage.json", "index.html", "receipt.json", "SHA256SUMS", "data/shop/orders.jsonl"] {
        assert!(files.contains_key(file), "the package lacks {file}");
    }
    let one = api.send(Method::GET, &format!("/v1/requests/{id}/package/data/shop/customers.csv"), Some(&token), None);
    assert_eq!(one.text().unwrap(), *customers);
    assert_eq!(world.rows(), before, "an access changes nothing");
}

#[test]
fn a_package_is_fetched_in_ranges() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["portability"], json!({}));
    let id = &ids[0];
    api.confirm(&world, id, &token);
    let staff = api.sign_in(Role::Officer);
    api.approve(id, &staff);
    api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    let whole = api.package(id, &token);
    assert!(unzip(whole.clone()).keys().all(|name| !name.starts_with("spreadsheet/")), "machine-readable only");

    let url = format!("{}/v1/requests/{id}/package", api.url);
    let client = reqwest::blocking::Client::new();
    let part = |range: &str| client.get(&url).bearer_auth(&token).header("range", range).send().unwrap();
    let middle = part("bytes=100-199");
    assert_eq!(middle.status(), 206);
    assert_eq!(middle.headers()["content-range"], format!("bytes 100-199/{}", whole.len()));
    assert_eq!(middle.bytes().unwrap(), whole[100..200]);
    assert_eq!(part("bytes=-50").bytes().unwrap(), whole[whole.len() - 50..]);
    let outside = part(&format!("bytes={}-", whole.len()));
    assert_eq!(outside.status(), 416);
    assert_eq!(outside.headers()["content-range"], format!("bytes */{}", whole.len()));
}

/// Staff may look for weeks: the person has the whole time from the day on which the package was delivered.
#[rstest]
#[case(Kind::Sqlite)]
#[case(Kind::Postgres)]
fn a_package_can_be_fetched_for_its_days_from_its_release(#[case] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let (api, runtime) = (&server.api, tokio::runtime::Runtime::new().unwrap());
    let later = |days: i64| {
        server.clock().advance(TimeDelta::days(days));
        runtime.block_on(habeas::worker::schedule::once(&server.office)).unwrap();
        api.sign_in(Role::Officer)
    };
    let entries = || std::fs::read_dir(world.path().join("packages")).unwrap().map(Result::unwrap);
    let on_the_shelf = || entries().filter(|entry| entry.file_type().unwrap().is_file()).count();
    let (token, ids) = api.submit(&["access"], json!({}));
    let id = &ids[0];
    api.confirm(&world, id, &token);
    assert_eq!(api.approve(id, &api.sign_in(Role::Officer))["state"], "awaiting_release");
    let staff = later(60);
    assert_eq!(on_the_shelf(), 1, "what nobody could fetch yet is kept");
    let (status, released) = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    assert_eq!((status, &released["state"]), (200, &json!("fulfilled")), "{released}");
    let fetch = |method, path: &str| {
        let answer = api.send(method, &format!("/v1/requests/{id}/package{path}"), Some(&token), None);
        (answer.status().as_u16(), answer.text().unwrap())
    };
    later(29);
    assert_eq!(fetch(Method::HEAD, "").0, 200);
    assert!(fetch(Method::GET, "/data/shop/customers.csv").1.contains("Ada@Example.com"));
    later(1);
    assert_eq!(fetch(Method::HEAD, "").0, 410);
    for path in ["", "/index.html"] {
        let (status, problem) = fetch(Method::GET, path);
        assert!(status == 410 && problem.contains("package_expired"), "{status} {problem}");
    }
    later(2);
    assert_eq!(on_the_shelf(), 0, "and is gone");
    assert_eq!(fetch(Method::GET, "").0, 410);
}

#[test]
fn staff_who_looked_can_disclose_what_was_withheld() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["access"], json!({}));
    let id = &ids[0];
    api.confirm(&world, id, &token);
    let staff = api.sign_in(Role::Reviewer);
    api.approve(id, &staff);
    let release = format!("/v1/staff/requests/{id}/release");
    let (status, again) = api.post(&release, &staff, json!({ "withheld": "disclose" }));
    assert_eq!((status, &again["state"]), (200, &json!("fulfilling")), "{again}");
    let done = api.settled(id, &staff);
    assert_eq!(done["state"], "fulfilled", "nothing is withheld any more: {done}");
    let tickets = unzip(api.package(id, &token)).remove("data/desk/tickets.csv").unwrap();
    assert!(!tickets.contains("withheld"), "{tickets}");
}

#[test]
fn no_match_is_an_outcome_that_staff_confirm() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let person = json!({ "person": { "name": "No Body", "email": "ada@example.com.example" } });
    let (token, ids) = api.submit(&["access"], person);
    let id = &ids[0];
    let code = world.code("ada@example.com.example", "");
    let confirmation = format!("/v1/requests/{id}/verification/confirmation");
    assert_eq!(api.post(&confirmation, &token, json!({ "code": code })).0, 200);
    let staff = api.sign_in(Role::Reviewer);
    assert_eq!(api.approve(id, &staff)["state"], "awaiting_release");
    let (_, released) = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    assert_eq!((&released["state"], &released["outcome"]["kind"]), (&json!("fulfilled"), &json!("no_match")));
}

#[test]
fn a_system_that_is_down_leaves_a_visible_failure_and_recovers() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let Server { api, office, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["access"], json!({}));
    let id = &ids[0];
    api.confirm(&world, id, &token);
    let staff = api.sign_in(Role::Reviewer);
    let (there, away) = (world.path().join("desk.db"), world.path().join("desk.away"));
    std::fs::rename(&there, &away).unwrap();
    api.post(&format!("/v1/staff/requests/{id}/approval"), &staff, Value::Null);
    let failing = api.until(id, &staff, |r| r["jobs"][0]["last_error"].is_string());
    assert_eq!(failing["state"], "fulfilling");
    let error = failing["jobs"][0]["last_error"].as_str().unwrap();
    assert!(error.contains("desk-db") && !error.contains("ada@"), "{error}");
    let failed = api.until(id, &staff, |r| r["steps"][0]["state"] == "failed");
    assert_eq!(failed["steps"][0]["system"], "desk-db");
    assert_eq!(api.get(&format!("/v1/staff/requests/{id}/plan"), &staff).0, 502);

    std::fs::rename(&away, &there).unwrap();
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &staff, Value::Null).0, 200);
    office.store.jobs_ready().notify_waiters();
    let done = api.settled(id, &staff);
    assert_eq!(done["state"], "awaiting_release");
    assert!(done["steps"].as_array().unwrap().iter().all(|s| s["state"] == "done"), "{done}");
}
