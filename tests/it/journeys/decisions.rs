//! Decisions with conditions: granted in part, not verified, asked twice, somebody else's to answer.

use chrono::TimeDelta;
use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::appeals::{deny, in_review, letter, living_in};
use super::unzip;
use crate::support::server::{Api, Server};
use crate::support::world::{Kind, World};

fn approve_but(api: &Api, staff: &str, id: &str, except: &[(&str, &str, &str)]) -> (u16, Value) {
    let one = |(dataset, collection, ground): &(&str, &str, &str)| json!({ "dataset": dataset, "collection": collection, "ground": ground, "explanation": "It names a witness." });
    let body = json!({ "except": except.iter().map(one).collect::<Vec<_>>() });
    api.post(&format!("/v1/staff/requests/{id}/approval"), staff, body)
}

fn release(api: &Api, staff: &str, id: &str) -> Value {
    assert_eq!(api.settled(id, staff)["state"], "awaiting_release", "what is left out is looked at first");
    let (status, released) = api.post(&format!("/v1/staff/requests/{id}/release"), staff, Value::Null);
    assert_eq!(status, 200, "{released}");
    released
}

#[rstest]
fn an_access_is_granted_in_part(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let (token, id) = in_review(&world, api, "access", "DE");
    let refused = |except: &[(&str, &str, &str)]| {
        let (status, problem) = approve_but(api, &staff, &id, except);
        (status, problem["errors"][0]["pointer"].clone())
    };
    let ground = "rights_of_others";
    assert_eq!(refused(&[("ship", "orders", ground)]), (422, json!("/except/0/dataset")));
    assert_eq!(
        refused(&[("shop", "orders", ground), ("shop", "ordres", ground)]),
        (422, json!("/except/1/collection"))
    );
    assert_eq!(
        refused(&[("shop", "orders", ground), ("shop", "orders", ground)]),
        (422, json!("/except/1/collection"))
    );
    assert_eq!(refused(&[("shop", "orders", "mood")]), (422, json!("/except/0/ground")));
    assert_eq!(refused(&[("shop", "orders", "duplicate")]), (422, json!("/except/0/ground")));

    let (status, approved) = approve_but(api, &staff, &id, &[("desk", "messages", ground)]);
    assert_eq!((status, &approved["state"]), (200, &json!("fulfilling")), "{approved}");
    let released = release(api, &staff, &id);
    assert_eq!(released["state"], "partially_fulfilled", "{released}");
    let outcome = &released["outcome"];
    assert_eq!(outcome["except"][0]["ground"], ground);
    assert!(outcome["remedies"]["authority"]["name"].is_string(), "{outcome}");
    let files = unzip(api.package(&id, &token));
    assert!(files.contains_key("data/desk/tickets.csv") && !files.contains_key("data/desk/messages.csv"));
    let all: String = files.values().map(String::as_str).collect();
    assert!(!all.contains("It bent"), "nothing of it is disclosed");
    assert!(files["index.html"].contains("messages is left out"), "the package says what it lacks");
    let told = letter(&world, "We left this out:");
    assert!(told.contains("messages: ") && told.contains("It names a witness.") && told.contains("You can complain"));
}

#[rstest]
fn a_deletion_is_granted_in_part(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres)] company: Kind,
) {
    let world = World::new(store, company);
    let before = world.rows();
    let server = Server::start(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let (_, id) = in_review(&world, api, "deletion", "DE");
    let of = |names: &[&'static str]| names.iter().map(|n| ("shop", *n, "legal_obligation")).collect::<Vec<_>>();
    // What stays may not refer to what goes.
    let (status, problem) = approve_but(api, &staff, &id, &of(&["orders"]));
    assert_eq!((status, &problem["code"]), (409, &json!("plan_has_obstacles")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("orders"), "{problem}");
    assert_eq!(world.rows(), before, "nothing changed");

    let (status, approved) = approve_but(api, &staff, &id, &of(&["orders", "customers"]));
    assert_eq!(status, 200, "{approved}");
    let released = release(api, &staff, &id);
    assert_eq!(released["state"], "partially_fulfilled", "{released}");
    let lines = released["outcome"]["lines"].as_array().unwrap();
    let kept = |name: &str| lines.iter().find(|l| l["collection"] == name && l["action"] == "kept").cloned();
    assert_eq!(kept("orders").unwrap()["rows"], 2, "{released}");
    assert!(kept("customers").unwrap()["note"].as_str().unwrap().contains("law"));
    let after = world.rows();
    for (row, stays) in before.iter().map(|row| (row, row.starts_with("orders: ") || row.starts_with("customers: "))) {
        assert!(!stays || after.contains(row), "{row} was left out and changed");
    }
    let text = after.join("\n").to_lowercase();
    for gone in ["it bent", "spoon bent", "newsletter: 1|"] {
        assert!(!text.contains(gone), "{gone} is still there");
    }
    let told = letter(&world, "Why orders is kept:");
    assert!(told.contains("It names a witness.") && told.contains("You can complain"), "{told}");
}

#[test]
fn what_was_kept_goes_when_the_appeal_says_so() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (reviewer, officer) = (api.sign_in(Role::Reviewer), api.sign_in(Role::Officer));
    let (token, id) = in_review(&world, api, "deletion", "US-VA");
    assert_eq!(approve_but(api, &reviewer, &id, &[("desk", "messages", "legal_claims")]).0, 409, "its ticket would go");
    let both = [("desk", "messages", "legal_claims"), ("desk", "tickets", "legal_claims")];
    let (status, problem) = approve_but(api, &reviewer, &id, &both);
    assert_eq!(status, 409, "by the dataset alone a ticket names its customer: {problem}");
    let more = ["customers", "orders"].map(|name| ("shop", name, "legal_claims"));
    let all = [both[0], both[1], more[0], more[1]];
    let (status, approved) = approve_but(api, &reviewer, &id, &all);
    assert_eq!(status, 200, "{approved}");
    assert_eq!(release(api, &reviewer, &id)["state"], "partially_fulfilled");
    assert_eq!(world.query("desk", "SELECT count(*) FROM messages"), "4");
    assert_eq!(
        api.post(&format!("/v1/requests/{id}/appeal"), &token, json!({ "grounds": "No claim is left." })).0,
        200
    );
    let body = json!({ "decision": "overturn", "explanation": "The claim is time-barred." });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/appeal/decision"), &officer, body).1["state"], "in_review");
    let mut done = api.approve(&id, &reviewer);
    if done["state"] == "awaiting_release" {
        done = api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, Value::Null).1;
    }
    assert_eq!(done["state"], "fulfilled", "{done}");
    assert_eq!(world.query("desk", "SELECT count(*) FROM messages"), "2", "Ada's two are gone");
    assert_eq!(world.query("shop", "SELECT count(*) FROM customers"), "2");
}

#[rstest]
fn who_cannot_be_identified_is_answered_as_california_says(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access", "deletion"], living_in("US-CA"));
    api.confirm(&world, &ids[0], &token);
    server.clock().advance(TimeDelta::days(3));
    let staff = api.sign_in(Role::Reviewer);
    let by_right = |right: &str| {
        let found = ids.iter().find(|id| api.get(&format!("/v1/requests/{id}"), &token).1["right"] == right);
        found.unwrap().clone()
    };
    let denied = deny(api, &staff, &by_right("access"), "identity_not_verified");
    let instead = denied["outcome"]["answered_as"]["id"].as_str().expect("another request").to_owned();
    let (status, categories) = api.get(&format!("/v1/requests/{instead}"), &token);
    assert_eq!((status, &categories["right"], &categories["state"]), (200, &json!("categories"), &json!("in_review")));
    assert_eq!(categories["received_at"], denied["received_at"], "with the same receipt");
    let response = |request: &Value| {
        let deadlines = request["deadlines"].as_array().unwrap();
        deadlines.iter().find(|d| d["duty"] == "response").unwrap()["due"].clone()
    };
    assert_eq!(response(&categories), response(&denied));
    let told = letter(&world, "which kinds of personal data we hold");
    assert!(told.contains(categories["reference"].as_str().unwrap()), "{told}");

    let denied = deny(api, &staff, &by_right("deletion"), "identity_not_verified");
    assert_eq!(denied["outcome"]["offers"], json!(["opt_out"]), "{denied}");
    letter(&world, "an opt-out of the sale and the sharing");
}

#[test]
fn elsewhere_a_denial_is_a_denial() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let (_, id) = in_review(&world, &server.api, "access", "DE");
    let denied = deny(&server.api, &server.api.sign_in(Role::Reviewer), &id, "identity_not_verified");
    assert_eq!(denied["outcome"].get("answered_as"), None, "{denied}");
}

#[rstest]
fn what_was_asked_before_is_counted_and_a_repeat_is_seen(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let whole = |id: &str| api.get(&format!("/v1/staff/requests/{id}"), &staff).1;
    let denial = |id: &str, ground: &str| {
        let body = json!({ "ground": ground, "explanation": "As before." });
        api.post(&format!("/v1/staff/requests/{id}/denial"), &staff, body)
    };
    // Somebody else's and unproved requests count for nothing.
    api.submit(&["access"], json!({ "person": { "name": "Bob", "email": "bob@example.com", "residence": "US-CA" } }));
    let (_, first) = in_review(&world, api, "access", "US-CA");
    let history = &whole(&first)["history"];
    assert_eq!((&history["received"], &history["free_per_year"]), (&json!(0), &json!(2)), "{history}");
    for ground in ["duplicate", "answered_twice_this_year"] {
        let (status, refused) = denial(&first, ground);
        assert_eq!((status, &refused["code"]), (422, &json!("ground_not_given")), "{refused}");
    }
    server.clock().advance(TimeDelta::minutes(11));
    let (_, second) = in_review_again(&world, api);
    assert_eq!(whole(&second)["history"]["duplicate_of"]["id"], json!(first));
    let (status, denied) = denial(&second, "duplicate");
    assert_eq!((status, &denied["outcome"]["duplicate_of"]["id"]), (200, &json!(first)), "{denied}");
    let reference = whole(&first)["reference"].as_str().unwrap().to_owned();
    letter(&world, &format!("The earlier request is {reference}."));

    answer(api, &staff, &first);
    for expected in [1, 2] {
        server.clock().advance(TimeDelta::minutes(11));
        let (_, next) = in_review_again(&world, api);
        let history = &whole(&next)["history"];
        assert_eq!((&history["answered"], &history["duplicate_of"]), (&json!(expected), &Value::Null), "{history}");
        let (status, _) = denial(&next, "answered_twice_this_year");
        assert_eq!(status, if expected == 2 { 200 } else { 422 });
        if expected == 1 {
            answer(api, &staff, &next);
        }
    }
    server.clock().advance(TimeDelta::days(366));
    let staff = api.sign_in(Role::Reviewer);
    let (_, later) = in_review_again(&world, api);
    let (_, seen) = api.get(&format!("/v1/staff/requests/{later}"), &staff);
    assert_eq!(seen["history"]["received"], 0, "a year later it begins anew: {seen}");
}

/// Another access of Ada's, whose code is not one of those that lie in her mailbox already.
fn in_review_again(world: &World, api: &Api) -> (String, String) {
    let before = codes(world).len();
    let (token, ids) = api.submit(&["access"], living_in("US-CA"));
    let arrived = (0..600).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        codes(world).into_iter().nth(before)
    });
    let confirmation = format!("/v1/requests/{}/verification/confirmation", ids[0]);
    let body = json!({ "code": arrived.expect("a code arrives") });
    assert_eq!(api.post(&confirmation, &token, body).0, 200);
    (token, ids[0].clone())
}

/// The codes in Ada's mailbox, oldest first.
fn codes(world: &World) -> Vec<String> {
    let subject = |mail: &String| mail.lines().find_map(|line| Some(line.strip_prefix("Subject: ")?.to_owned()));
    let subjects: Vec<String> = world.mails("ada@example.com").iter().filter_map(subject).collect();
    let code = |subject: String| subject.get(..6).filter(|s| s.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned);
    subjects.into_iter().filter_map(code).collect()
}

fn answer(api: &Api, staff: &str, id: &str) {
    if api.approve(id, staff)["state"] == "awaiting_release" {
        assert_eq!(api.post(&format!("/v1/staff/requests/{id}/release"), staff, Value::Null).0, 200);
    }
}

#[test]
fn a_referral_can_be_composed_from_the_policys_own() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let policy = std::fs::read_to_string(world.path().join("policy.toml")).unwrap();
    let preset = "[[referrals]]\nid = \"customer\"\nname = \"the customer whose user you are\"\n\
                  contact = \"its privacy office\"\ntext = \"We keep the data on its behalf.\"\n";
    world.write("policy.toml", &format!("{policy}{preset}"));
    let server = Server::start(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let (_, id) = in_review(&world, api, "access", "DE");
    let (_, whole) = api.get(&format!("/v1/staff/requests/{id}"), &staff);
    assert_eq!(whole["referrals"][0]["to"], "the customer whose user you are, its privacy office", "{whole}");
    let path = format!("/v1/staff/requests/{id}/referral");
    assert_eq!(api.post(&path, &staff, json!({ "preset": "nobody" })).1["errors"][0]["pointer"], "/preset");
    assert_eq!(api.post(&path, &staff, json!({ "to": "somebody" })).1["errors"][0]["pointer"], "/explanation");
    let (status, referred) = api.post(&path, &staff, json!({ "preset": "customer" }));
    assert_eq!((status, &referred["state"]), (200, &json!("referred")), "{referred}");
    letter(&world, "We keep the data on its behalf.");
}
