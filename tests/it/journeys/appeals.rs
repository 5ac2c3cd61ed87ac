//! Appeals: against a denial, settled by somebody else, in time, once; and complaints in the United Kingdom.

use chrono::TimeDelta;
use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{Api, Server};
use crate::support::world::{Kind, World};

/// Ada, living there.
pub fn living_in(residence: &str) -> Value {
    json!({ "person": { "name": "Ada Example", "email": "ada@example.com", "residence": residence } })
}

/// A request of Ada's that is in review; gives the token and its id.
pub fn in_review(world: &World, api: &Api, right: &str, residence: &str) -> (String, String) {
    let (token, ids) = api.submit(&[right], living_in(residence));
    api.confirm(world, &ids[0], &token);
    (token, ids[0].clone())
}

/// Denies a request.
pub fn deny(api: &Api, staff: &str, id: &str, ground: &str) -> Value {
    let body = json!({ "ground": ground, "explanation": "We looked at it twice." });
    let (status, denied) = api.post(&format!("/v1/staff/requests/{id}/denial"), staff, body);
    assert_eq!(status, 200, "{denied}");
    denied
}

fn appeal(api: &Api, token: &str, id: &str) -> (u16, Value) {
    api.post(&format!("/v1/requests/{id}/appeal"), token, json!({ "grounds": "You mistook me for somebody else." }))
}

fn settle(api: &Api, staff: &str, id: &str, decision: &str) -> (u16, Value) {
    let body = json!({ "decision": decision, "explanation": "A second look at the file." });
    api.post(&format!("/v1/staff/requests/{id}/appeal/decision"), staff, body)
}

/// Waits for a letter to Ada that holds a text.
pub fn letter(world: &World, text: &str) -> String {
    for _ in 0..600 {
        if let Some(mail) = world.mails("ada@example.com").into_iter().map(plain).find(|mail| mail.contains(text)) {
            return mail;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("no letter says {text:?}: {:?}", world.mails("ada@example.com"));
}

/// A mail without the soft line breaks of quoted-printable.
fn plain(mail: String) -> String {
    mail.replace("\r\n", "\n").replace("=\n", "").replace("=3D", "=")
}

#[rstest]
fn an_appeal_is_upheld_and_names_whom_to_turn_to(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (reviewer, officer) = (api.sign_in(Role::Reviewer), api.sign_in(Role::Officer));
    let (token, id) = in_review(&world, api, "access", "US-VA");
    assert_eq!(appeal(api, &token, &id).1["code"], "illegal_state", "nothing was decided yet");
    let denied = deny(api, &reviewer, &id, "manifestly_excessive");
    let remedies = &denied["outcome"]["remedies"];
    assert_eq!(remedies["appeal"]["until"], "2027-01-21", "{denied}");
    assert_eq!(remedies["appeal"]["answered_in_days"], 60);
    letter(&world, "The last day for it is 21 January 2027.");

    let (status, filed) = appeal(api, &token, &id);
    assert_eq!((status, &filed["state"]), (200, &json!("denied")), "{filed}");
    assert_eq!((&filed["appeal"]["state"], &filed["appeal"]["due"]), (&json!("open"), &json!("2027-01-21")));
    let duties: Vec<_> = filed["deadlines"].as_array().unwrap().iter().map(|d| d["duty"].clone()).collect();
    assert_eq!(duties, ["response", "appeal"]);
    assert_eq!(appeal(api, &token, &id).1["code"], "already_appealed");
    letter(&world, "Your appeal reached us on 22 November 2026.");

    let (_, open) = api.get("/v1/staff/requests?appeal=open", &reviewer);
    assert_eq!((&open["items"][0]["id"], &open["items"][0]["due"]), (&json!(id), &json!("2027-01-21")), "{open}");
    assert_eq!(settle(api, &reviewer, &id, "uphold").0, 403, "an appeal is an officer's to settle");
    let (status, upheld) = settle(api, &officer, &id, "uphold");
    assert_eq!((status, &upheld["appeal"]["state"]), (200, &json!("upheld")), "{upheld}");
    assert_eq!(upheld["state"], "denied");
    let told = letter(&world, "What we decided stays as it is.");
    assert!(told.contains("A second look at the file.") && told.contains("Attorney General of Virginia"), "{told}");
    assert!(!told.contains("You can appeal"), "there is no second appeal: {told}");
    assert_eq!(appeal(api, &token, &id).1["code"], "already_appealed");
    assert_eq!(settle(api, &officer, &id, "overturn").1["code"], "no_open_appeal");
    assert_eq!(api.get("/v1/staff/requests?appeal=open", &reviewer).1["items"], json!([]));

    let (_, entries) = api.get(&format!("/v1/staff/requests/{id}/entries"), &officer);
    let text = entries.to_string();
    assert!(text.contains("appeal.filed") && text.contains("appeal.upheld") && !text.contains("mistook"), "{text}");
    let log = api.send(Method::GET, "/v1/staff/export.csv", Some(&officer), None).text().unwrap();
    let columns: Vec<_> = log.lines().next().unwrap().split(',').collect();
    assert_eq!(columns[10..14], ["appeal", "appeal_filed_at", "appeal_due", "appeal_settled_at"]);
    let line: Vec<_> = log.lines().nth(1).unwrap().split(',').collect();
    assert_eq!((line[6], line[10], line[12]), ("2027-01-06", "upheld", "2027-01-21"), "{log}");
}

#[rstest]
fn an_overturned_denial_is_fulfilled_in_the_end(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let officer = api.sign_in(Role::Officer);
    let (token, id) = in_review(&world, api, "deletion", "US-CO");
    let reviewer = api.sign_in(Role::Reviewer);
    deny(api, &reviewer, &id, "legal_claims");
    assert_eq!(appeal(api, &token, &id).1["appeal"]["due"], "2027-01-06", "45 days in Colorado");
    let extension = format!("/v1/staff/requests/{id}/appeal/extension");
    let (_, extended) = api.post(&extension, &officer, json!({ "reason": "an archive has to be searched" }));
    assert_eq!(extended["appeal"]["due"], "2027-03-07", "{extended}");
    letter(&world, "an archive has to be searched");

    let (status, overturned) = settle(api, &officer, &id, "overturn");
    assert_eq!((status, &overturned["state"]), (200, &json!("in_review")), "{overturned}");
    assert_eq!(overturned["appeal"]["state"], "overturned");
    let answer = overturned["deadlines"].as_array().unwrap().iter().find(|d| d["duty"] == "response").unwrap();
    assert_eq!(answer["due"], "2027-03-07", "{overturned}");
    letter(&world, "We take our decision back");
    let mut done = api.approve(&id, &reviewer);
    if done["state"] == "awaiting_release" {
        done = api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, Value::Null).1;
    }
    assert_eq!(done["state"], "fulfilled", "{done}");
    assert_eq!(world.query("shop", "SELECT count(*) FROM customers WHERE lower(email) = 'ada@example.com'"), "0");
}

#[test]
fn nobody_settles_an_appeal_against_their_own_decision() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let officer = api.sign_in(Role::Officer);
    let (token, id) = in_review(&world, api, "access", "US-VA");
    deny(api, &officer, &id, "manifestly_excessive");
    assert_eq!(appeal(api, &token, &id).0, 200);
    for decision in ["uphold", "overturn"] {
        let (status, refused) = settle(api, &officer, &id, decision);
        assert_eq!((status, &refused["code"]), (409, &json!("four_eyes")), "{refused}");
    }
    let extension = format!("/v1/staff/requests/{id}/appeal/extension");
    let (_, refused) = api.post(&extension, &officer, json!({ "reason": "Virginia has none" }));
    assert_eq!(refused["code"], "no_extension");
}

#[test]
fn an_appeal_is_filed_in_its_period_and_can_be_taken_back() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let clerk = api.sign_in(Role::Clerk);
    let (token, id) = in_review(&world, api, "access", "US-VA");
    deny(api, &api.sign_in(Role::Reviewer), &id, "manifestly_excessive");
    let path = format!("/v1/requests/{id}/appeal");
    assert_eq!(api.call(Method::DELETE, &path, Some(&token), None).1["code"], "no_open_appeal");
    assert_eq!(appeal(api, &token, &id).0, 200);
    let (_, back) = api.call(Method::DELETE, &path, Some(&token), None);
    assert_eq!(back["appeal"]["state"], "withdrawn", "{back}");
    server.clock().advance(TimeDelta::days(61));
    let (status, late) = appeal(api, &token, &id);
    assert_eq!((status, &late["code"]), (409, &json!("too_late_to_appeal")), "{late}");
    assert!(late["detail"].as_str().unwrap().contains("2027-01-21"));

    // A letter that arrived in time and lay in the post room.
    let clerk = if api.get("/v1/staff/session", &clerk).0 == 200 { clerk } else { api.sign_in(Role::Clerk) };
    let body = json!({ "grounds": "As I wrote you.", "received_at": "2027-01-20T09:00:00Z" });
    let (status, entered) = api.post(&format!("/v1/staff/requests/{id}/appeal"), &clerk, body);
    assert_eq!((status, &entered["appeal"]["due"]), (200, &json!("2027-03-21")), "{entered}");
    let body = json!({ "grounds": "As I wrote you.", "received_at": "2028-01-20T09:00:00Z" });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/appeal"), &clerk, body).0, 422, "not before it arrives");
}

#[rstest]
fn a_complaint_in_the_united_kingdom_needs_no_decision(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let officer = api.sign_in(Role::Officer);
    let (token, id) = in_review(&world, api, "access", "GB");
    let (status, filed) = appeal(api, &token, &id);
    assert_eq!((status, &filed["state"]), (200, &json!("in_review")), "{filed}");
    assert_eq!(filed["appeal"]["kind"], "complaint");
    let due = |duty: &str| {
        let deadlines = filed["deadlines"].as_array().unwrap();
        deadlines.iter().find(|d| d["duty"] == duty).map(|d| d["due"].clone())
    };
    assert_eq!((due("acknowledgement"), due("appeal")), (Some(json!("2026-12-22")), Some(json!("2026-12-22"))));
    letter(&world, "We received your complaint");
    assert_eq!(settle(api, &officer, &id, "overturn").1["state"], "in_review");

    let denied = deny(api, &api.sign_in(Role::Reviewer), &id, "manifestly_unfounded");
    assert_eq!(denied["outcome"]["remedies"]["appeal"], json!({ "kind": "complaint", "answered_in_days": 30 }));
    letter(&world, "You can complain to us first");
    server.clock().advance(TimeDelta::days(300));
    assert_eq!(appeal(api, &token, &id).0, 200, "a complaint has no last day");
    let officer = api.sign_in(Role::Officer);
    assert_eq!(settle(api, &officer, &id, "uphold").0, 200);
    let told = letter(&world, "We see nothing to change in how we handled your request.");
    assert!(told.contains("Information Commissioner") && told.contains("go to court"), "{told}");
}

#[test]
fn california_has_no_appeal_unless_the_policy_promises_one() {
    let refused = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&refused);
    let (token, id) = in_review(&refused, &server.api, "access", "US-CA");
    let denied = deny(&server.api, &server.api.sign_in(Role::Reviewer), &id, "manifestly_excessive");
    assert_eq!(denied["outcome"]["remedies"]["appeal"], Value::Null, "{denied}");
    let (status, none) = appeal(&server.api, &token, &id);
    assert_eq!((status, &none["code"]), (409, &json!("no_appeal")), "{none}");
    drop(server);

    let promised = World::new(Kind::Sqlite, Kind::Sqlite);
    let policy = std::fs::read_to_string(promised.path().join("policy.toml")).unwrap();
    promised.write("policy.toml", &format!("{policy}[appeal]\nfile_within_days = 30\nanswered_in_days = 20\n"));
    let server = Server::start(&promised);
    let api = &server.api;
    let (token, id) = in_review(&promised, api, "access", "US-CA");
    let denied = deny(api, &api.sign_in(Role::Reviewer), &id, "manifestly_excessive");
    assert_eq!(denied["outcome"]["remedies"]["appeal"]["until"], "2026-12-22", "{denied}");
    let (_, filed) = appeal(api, &token, &id);
    assert_eq!(filed["appeal"]["due"], "2026-12-12", "{filed}");
    let own = filed["deadlines"].as_array().unwrap().iter().find(|d| d["duty"] == "appeal").unwrap();
    assert_eq!(own["citation"], "the controller's privacy policy");
}
