//! Evidence beyond the mailed code: the name, questions, the declaration, staff's own check.

use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{Api, Server};
use crate::support::world::{Kind, World};

const QUESTIONS: &str = r#"approval = "needs_evidence"
[[verification_questions]]
id = "phone"
text = "Which telephone number did you give us?"
field = "shop.customers.phone"
normalise = "digits"
[[verification_questions]]
id = "note"
text = "What did you ask the courier to do?"
field = "shop.orders.note"
[[verification_questions]]
id = "street"
text = "Where do you live?"
field = "shop.addresses.street"
"#;

/// A Californian; the company knows Ada by this name where `known` says so.
fn world(store: Kind, company: Kind, known: bool) -> World {
    let world = World::new(store, company);
    world.promise(QUESTIONS);
    if known {
        world.execute("shop", "UPDATE customers SET name = 'EXAMPLE, Ada' WHERE id = 1");
    }
    world
}

fn californian(rights: &[&str], api: &Api, world: &World, more: Value) -> (String, Vec<String>) {
    let mut body = json!({
        "person": { "name": "Ada Example", "email": "ada@example.com", "residence": "US-CA" },
    });
    for (key, value) in more.as_object().cloned().unwrap_or_default() {
        body[key] = value;
    }
    let is_code = |m: &&String| {
        m.lines().any(|l| l.strip_prefix("Subject: ").is_some_and(|s| s.starts_with(|c: char| c.is_ascii_digit())))
    };
    let codes = || world.mails("ada@example.com").iter().filter(is_code).count();
    let before = codes();
    let (token, ids) = api.submit(rights, body);
    // The code of this submission, not of one before.
    while codes() <= before {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    api.confirm(world, &ids[0], &token);
    (token, ids)
}

/// Waits until nothing is left to do about a request; gives it as staff see it.
fn idle(api: &Api, id: &str, staff: &str) -> Value {
    api.until(id, staff, |r| r["jobs"].as_array().unwrap().iter().all(|j| j["kind"] != "match_evidence"))
}

fn answers(api: &Api, id: &str, token: &str, answers: Value) -> (u16, Value) {
    api.post(&format!("/v1/requests/{id}/verification/answers"), token, json!({ "answers": answers }))
}

fn sign(api: &Api, id: &str, token: &str) -> (u16, Value) {
    let (_, offer) = api.get(&format!("/v1/requests/{id}/verification"), token);
    let version = &offer["declaration"]["text_version"];
    let body = json!({ "signed_name": "ada example", "text_version": version, "agreed": true });
    api.post(&format!("/v1/requests/{id}/verification/declaration"), token, body)
}

#[rstest]
fn a_californian_shows_who_she_is_and_nobody_has_to_vouch(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres)] company: Kind,
) {
    let world = world(store, company, true);
    let server = Server::start(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let (token, ids) = californian(&["access", "categories"], api, &world, json!({}));
    let (access, categories) = (&ids[0], &ids[1]);
    let named = idle(api, access, &staff);
    assert_eq!(named["verification"]["reached"], "reasonable", "{named}");
    assert_eq!(named["verification"]["methods"], json!(["email_code", "name_match"]));
    let (_, enough) = api.get(&format!("/v1/requests/{categories}"), &token);
    assert_eq!(enough["verification"]["offered"], json!([]), "two data points are enough for categories");

    let (status, refused) = api.post(&format!("/v1/staff/requests/{access}/approval"), &staff, Value::Null);
    assert_eq!((status, &refused["code"]), (409, &json!("not_verified")), "{refused}");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("one matching data point and the signed declaration"), "{detail}");

    let (_, offer) = api.get(&format!("/v1/requests/{access}/verification"), &token);
    assert_eq!(offer["offered"], json!(["data_points", "declaration"]), "{offer}");
    assert_eq!((&offer["questions"]["wanted"], &offer["questions"]["tries_left"]), (&json!(1), &json!(3)));
    assert!(offer["declaration"]["text"].as_str().unwrap().contains("penalty of perjury"));
    let (status, taken) = answers(api, access, &token, json!({ "street": "alone street 1" }));
    assert_eq!((status, taken), (202, json!({ "tries_left": 2 })));
    idle(api, access, &staff);
    let (status, signed) = sign(api, access, &token);
    assert_eq!((status, &signed["verification"]["offered"]), (200, &json!([])), "{signed}");
    let whole = idle(api, access, &staff);
    assert_eq!(whole["verification"]["reached"], "high", "{whole}");
    assert_eq!(whole["evidence"][2]["points"], json!(["email", "street"]));
    assert_eq!(whole["declaration"]["signed_name"], "ada example");

    let approved = api.approve(access, &staff);
    assert_eq!(approved["verification"]["methods"], json!(["email_code", "name_match", "data_points", "declaration"]));
    let (_, entries) = api.get(&format!("/v1/staff/requests/{access}/entries"), &staff);
    let entry = |event: &str| entries["items"].as_array().unwrap().iter().find(|e| e["event"] == event).cloned();
    assert_eq!(entry("request.approved").unwrap()["facts"]["staff_vouched_for_identity"], false);
    assert_eq!(entry("request.declaration_signed").unwrap()["facts"], json!({ "version": "ccpa-1" }));
    let told = entries.to_string().to_lowercase();
    let personal = ["alone", "ada example", "ada@"];
    assert!(!personal.iter().any(|value| told.contains(value)), "{told}");
}

/// Everything that the requester can see of a request, without what is the request's own.
fn seen(api: &Api, id: &str, token: &str) -> String {
    let (_, mut request) = api.get(&format!("/v1/requests/{id}"), token);
    let (_, offer) = api.get(&format!("/v1/requests/{id}/verification"), token);
    for own in ["id", "reference"] {
        request[own] = Value::Null;
    }
    json!([request, offer]).to_string()
}

#[rstest]
fn right_and_wrong_answers_look_alike(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = world(store, Kind::Sqlite, false);
    let server = Server::start(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let mut views = Vec::new();
    let mut reached = Vec::new();
    for (street, note) in [("Alone Street 1", "Ring twice!"), ("Bob Street 3", "no idea")] {
        let (token, ids) = californian(&["access"], api, &world, json!({}));
        let id = &ids[0];
        idle(api, id, &staff);
        let mut steps = vec![seen(api, id, &token)];
        let reply = answers(api, id, &token, json!({ "street": street, "note": note }));
        assert_eq!(reply, (202, json!({ "tries_left": 2 })));
        assert_eq!(sign(api, id, &token).0, 200);
        reached.push(idle(api, id, &staff)["verification"]["reached"].clone());
        steps.push(seen(api, id, &token));
        views.push(steps);
    }
    assert_eq!(reached, ["high", "email"], "staff see the difference");
    assert_eq!(views[0], views[1], "the requester does not");
    let mut files = Vec::new();
    for file in std::fs::read_dir(world.path()).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().starts_with("habeas.db") {
            files.extend(std::fs::read(file.path()).unwrap());
        }
    }
    for answer in ["Ring twice!", "no idea"] {
        assert!(!files.windows(answer.len()).any(|w| w == answer.as_bytes()), "an answer stands in the store");
    }
}

#[test]
fn nobody_answers_without_end() {
    let world = world(Kind::Sqlite, Kind::Sqlite, false);
    let server = Server::start(&world);
    let api = &server.api;
    let guess = |id: &str, token: &str| answers(api, id, token, json!({ "phone": "0" })).0;
    let (first, one) = californian(&["access"], api, &world, json!({}));
    assert_eq!([(); 4].map(|()| guess(&one[0], &first)), [202, 202, 202, 429], "three for a request");
    let (second, two) = californian(&["access"], api, &world, json!({}));
    assert_eq!([(); 3].map(|()| guess(&two[0], &second)), [202, 202, 429], "five for a person and day");
    server.clock().advance(chrono::TimeDelta::days(1));
    assert_eq!(guess(&two[0], &second), 202);
    let (status, unknown) = answers(api, &two[0], &second, json!({ "shoe": "thirty-eight" }));
    assert!([422, 429].contains(&status), "{unknown}");
    assert!(!unknown.to_string().contains("thirty-eight"));
}

#[test]
fn what_is_disputed_proves_nothing() {
    let world = world(Kind::Sqlite, Kind::Sqlite, true);
    let server = Server::start(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let corrections = ["phone", "name"]
        .map(|field| json!({ "dataset": "shop", "collection": "customers", "field": field, "requested": "new" }));
    let (token, ids) = californian(&["correction"], api, &world, json!({ "corrections": corrections }));
    let request = idle(api, &ids[0], &staff);
    assert_eq!(request["verification"]["reached"], "email", "the name is disputed: {request}");
    let (_, offer) = api.get(&format!("/v1/requests/{}/verification", ids[0]), &token);
    let asked: Vec<_> = offer["questions"]["items"].as_array().unwrap().iter().map(|q| q["id"].clone()).collect();
    assert_eq!(asked, ["note", "street"], "{offer}");
    let (status, refused) = answers(api, &ids[0], &token, json!({ "phone": "+49 30 901820" }));
    assert_eq!((status, &refused["code"]), (422, &json!("invalid_request")));
    assert_eq!(answers(api, &ids[0], &token, json!({ "note": "ring twice" })).0, 202);
    assert_eq!(idle(api, &ids[0], &staff)["verification"]["reached"], "reasonable");
}

#[rstest]
fn staff_record_a_check_of_their_own(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = world(store, Kind::Sqlite, false);
    let server = Server::start(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let (token, ids) = api.submit(&["access"], json!({}));
    let at = format!("/v1/staff/requests/{}/verification", ids[0]);
    assert_eq!(api.post(&at, &staff, json!({ "level": "none", "how": "in_person" })).0, 422);
    assert_eq!(api.post(&at, &staff, json!({ "level": "high", "how": "other" })).0, 422, "how?");
    let body = json!({ "level": "high", "how": "saw_document", "note": "Passport held up at the desk." });
    let (status, checked) = api.post(&at, &staff, body);
    assert_eq!((status, &checked["state"]), (200, &json!("in_review")), "{checked}");
    let (_, seen) = api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!(seen["verification"]["methods"], json!(["staff_check"]));
    let (_, entries) = api.get(&format!("/v1/staff/requests/{}/entries", ids[0]), &staff);
    assert!(entries.to_string().contains("saw_document") && !entries.to_string().contains("Passport"), "{entries}");
    assert_eq!(api.approve(&ids[0], &staff)["state"], "awaiting_release");
    assert_eq!(api.post(&at, &staff, json!({ "level": "high", "how": "in_person" })).0, 409, "too late");
}

#[test]
fn a_declaration_is_signed_under_ones_own_name_and_under_the_text_shown() {
    let world = world(Kind::Sqlite, Kind::Sqlite, true);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = californian(&["access"], api, &world, json!({}));
    let at = format!("/v1/requests/{}/verification/declaration", ids[0]);
    let body = |name: &str, version: &str, agreed: bool| json!({ "signed_name": name, "text_version": version, "agreed": agreed });
    let pointer = |answer: (u16, Value)| (answer.0, answer.1["errors"][0]["pointer"].clone());
    assert_eq!(pointer(api.post(&at, &token, body("Bob", "ccpa-1", true))), (422, json!("/signed_name")));
    assert_eq!(pointer(api.post(&at, &token, body("Ada Example", "old", true))), (422, json!("/text_version")));
    assert_eq!(pointer(api.post(&at, &token, body("Ada Example", "ccpa-1", false))), (422, json!("/agreed")));
    assert_eq!(api.post(&at, &token, body("Ada Example", "ccpa-1", true)).0, 200);
    assert_eq!(api.post(&at, &token, body("Ada Example", "ccpa-1", true)).1["code"], "nothing_missing");
    let (early, unproved) = api.submit(&["access"], json!({}));
    let at = format!("/v1/requests/{}/verification/declaration", unproved[0]);
    assert_eq!(api.post(&at, &early, body("Ada Example", "ccpa-1", true)).1["code"], "illegal_state");
    assert_eq!(api.call(Method::GET, "/v1/requests", None, None).0, 405);
}

#[test]
fn a_policy_that_asks_for_what_it_should_not_is_refused() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    world.promise("[[verification_questions]]\nid = \"p\"\ntext = \"?\"\nfield = \"shop.customers.password\"\n");
    world.promise("[[verification_questions]]\nid = \"q\"\ntext = \"?\"\nfield = \"shop.customers.colour\"\n");
    let (code, printed, error) = crate::support::server::habeas(&world, &["check"], "");
    let all = format!("{printed}{error}");
    assert_eq!(code, 1, "{all}");
    assert!(all.contains("policy.toml:10: shop.customers.password cannot be asked for"), "{all}");
    assert!(all.contains("policy.toml:14: no dataset describes shop.customers.colour"), "{all}");
}
