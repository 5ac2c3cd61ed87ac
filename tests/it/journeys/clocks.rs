//! The clocks of a request as person and staff see them: started, stopped, extended, each date with its working.

use chrono::TimeDelta;
use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::world::{Kind, World};

/// Serves from ten o'clock in London on, on the first of June.
fn in_june(world: &World) -> Server {
    Server::start_at(world, "2026-06-01T09:00:00Z".parse().unwrap())
}

fn in_london() -> Value {
    json!({ "person": { "name": "Ada Example", "email": "ada@example.com", "residence": "GB" } })
}

fn due<'a>(request: &'a Value, duty: &str) -> &'a Value {
    let of = |d: &&Value| d["duty"] == duty;
    &request["deadlines"].as_array().unwrap().iter().find(of).unwrap_or_else(|| panic!("{request}"))["due"]
}

fn steps(request: &Value) -> String {
    let steps = request["deadlines"][0]["steps"].as_array().unwrap().iter();
    steps.map(|s| s.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

/// A world whose policy counts days in London.
fn london(store: Kind) -> World {
    let world = World::new(store, Kind::Sqlite);
    let policy = std::fs::read_to_string(world.path().join("policy.toml")).unwrap();
    world.write("policy.toml", &policy.replace("\"DE\"", "\"GB\"").replace("Europe/Berlin", "Europe/London"));
    world
}

#[rstest]
fn a_question_stops_the_british_clock(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = london(store);
    let server = in_june(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access"], in_london());
    api.confirm(&world, &ids[0], &token);
    let mine = || api.get(&format!("/v1/requests/{}", ids[0]), &token).1;
    let at = |verb: &str| format!("/v1/staff/requests/{}/{verb}", ids[0]);
    assert_eq!(due(&mine(), "response"), "2026-07-01");

    server.clock().advance(TimeDelta::days(7));
    let staff = api.sign_in(Role::Reviewer);
    let (status, asked) = api.post(&at("clarification"), &staff, json!({ "question": "Which shop account?" }));
    assert_eq!((status, &asked["state"]), (200, &json!("awaiting_requester")), "{asked}");
    assert_eq!(mine()["clock_stopped_since"], "2026-06-08T09:00:00.000000Z", "the person sees it");
    world.letter("ada@example.com", "stands still until you reply");
    let queue = api.get("/v1/staff/requests", &staff).1;
    assert_eq!(queue["items"][0]["clock_stopped_since"], "2026-06-08T09:00:00.000000Z", "staff too");

    server.clock().advance(TimeDelta::days(7));
    assert_eq!(api.post(&format!("/v1/requests/{}/messages", ids[0]), &token, json!({ "text": "Both." })).0, 201);
    let answered = mine();
    assert_eq!((due(&answered, "response"), &answered["clock_stopped_since"]), (&json!("2026-07-09"), &Value::Null));
    assert_eq!(
        steps(&answered),
        "one month after 2026-06-01 is 2026-07-01\n\
         the clock stood still from 2026-06-08 to 2026-06-15, both counted: 8 days more, from 2026-07-01 to 2026-07-09\n\
         public holidays are those of United Kingdom (England and Wales)\n\
         the law asks for it without undue delay: the date is the last day, not the aim"
    );

    let staff = api.sign_in(Role::Reviewer);
    let (status, longer) = api.post(&at("extension"), &staff, json!({ "reason": "much data" }));
    assert_eq!(
        (status, due(&longer, "response")),
        (200, &json!("2026-09-09")),
        "pauses and extension add up: {longer}"
    );
    let (_, entries) = api.get(&at("entries"), &staff);
    let redated = entries["items"].as_array().unwrap().iter().find(|e| e["event"] == "request.redated").unwrap();
    assert_eq!(redated["facts"], json!({ "from": "2026-07-01", "to": "2026-07-09" }));
}

#[test]
fn staff_say_which_questions_stop_it_and_the_law_says_whether_they_can() {
    let world = london(Kind::Sqlite);
    let server = in_june(&world);
    let api = &server.api;
    let staff = api.sign_in(Role::Reviewer);
    let ask = |id: &str, stops: Value| {
        let body = json!({ "question": "When shall we call you?", "stops_clock": stops });
        api.post(&format!("/v1/staff/requests/{id}/clarification"), &staff, body)
    };
    let (token, ids) = api.submit(&["access"], in_london());
    api.confirm(&world, &ids[0], &token);
    let (status, asked) = ask(&ids[0], json!(false));
    assert_eq!((status, &asked["clock_stopped_since"]), (200, &Value::Null), "{asked}");
    assert_eq!(api.post(&format!("/v1/requests/{}/messages", ids[0]), &token, json!({ "text": "At noon." })).0, 201);

    server.clock().advance(TimeDelta::hours(1));
    let german = json!({ "person": { "name": "Ada", "email": "ada@example.com", "residence": "DE" } });
    let (token, german) = api.submit(&["access"], german);
    let code = world.code("ada@example.com", "");
    let confirmed =
        api.post(&format!("/v1/requests/{}/verification/confirmation", german[0]), &token, json!({ "code": code }));
    assert_eq!(confirmed.0, 200, "{}", confirmed.1);
    let (status, refused) = ask(&german[0], json!(true));
    assert_eq!((status, &refused["code"]), (409, &json!("clock_cannot_stop")), "{refused}");
    let (status, asked) = ask(&german[0], Value::Null);
    assert_eq!((status, &asked["clock_stopped_since"]), (200, &Value::Null), "the GDPR's clock never stands still");
}

#[rstest]
fn the_british_clock_starts_with_the_proof_of_identity(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = london(store);
    let server = in_june(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access"], in_london());
    let mine = || api.get(&format!("/v1/requests/{}", ids[0]), &token).1;
    let first = world.code("ada@example.com", "");
    assert_eq!(due(&mine(), "response"), "2026-07-01");
    assert_eq!(mine()["clock_stopped_since"], "2026-06-01T09:00:00.000000Z");
    assert!(steps(&mine()).contains("the clock starts when the proof of identity arrives"));

    server.clock().advance(TimeDelta::days(9));
    assert_eq!(api.post(&format!("/v1/requests/{}/verification", ids[0]), &token, Value::Null).0, 202);
    let code = world.code("ada@example.com", &first);
    let path = format!("/v1/requests/{}/verification/confirmation", ids[0]);
    let (status, confirmed) = api.post(&path, &token, json!({ "code": code }));
    assert_eq!((status, due(&confirmed, "response")), (200, &json!("2026-07-10")), "{confirmed}");
    assert!(
        steps(&confirmed).starts_with(
            "received on 2026-06-01; the clock starts on 2026-06-10, when the proof of identity arrived that was asked \
             for (UK GDPR Art. 12A)\none month after 2026-06-10 is 2026-07-10\n"
        ),
        "{confirmed}"
    );
}

#[test]
fn in_california_verification_moves_nothing() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let person = json!({ "person": { "name": "Ada", "email": "ada@example.com", "residence": "US-CA" } });
    let (token, ids) = api.submit(&["deletion"], person);
    let first = world.code("ada@example.com", "");
    server.clock().advance(TimeDelta::days(5));
    assert_eq!(api.post(&format!("/v1/requests/{}/verification", ids[0]), &token, Value::Null).0, 202);
    let code = world.code("ada@example.com", &first);
    let path = format!("/v1/requests/{}/verification/confirmation", ids[0]);
    let (_, confirmed) = api.post(&path, &token, json!({ "code": code }));
    assert_eq!(due(&confirmed, "response"), "2027-01-05");
    let acknowledgement = &confirmed["deadlines"][0];
    assert_eq!((&acknowledgement["duty"], &acknowledgement["due"]), (&json!("acknowledgement"), &json!("2026-12-07")));
    assert_eq!(acknowledgement["met_at"], "2026-11-27T10:00:00.000000Z", "{confirmed}");
    assert_eq!(acknowledgement["confidence"], "high");
}

/// Which of the two, law or promise, sets the date; and the request says which.
#[rstest]
#[case::shorter_than_the_law(20, "2026-12-12", "the controller's privacy policy; GDPR Art. 12(3)")]
#[case::longer_than_the_law(40, "2026-12-22", "GDPR Art. 12(3)")]
fn the_stricter_of_law_and_promise_counts(#[case] days: u32, #[case] expected: &str, #[case] citation: &str) {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let policy = std::fs::read_to_string(world.path().join("policy.toml")).unwrap();
    world.write("policy.toml", &format!("{policy}[promises.access]\ndays = {days}\n"));
    let server = Server::start(&world);
    let (token, ids) = server.api.submit(&["access"], json!({}));
    let (_, request) = server.api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!(due(&request, "response"), expected);
    assert!(request["deadlines"][0]["citation"].as_str().unwrap().starts_with(citation), "{request}");
    let policy_decides = steps(&request).contains("the policy promises the earlier date");
    assert_eq!(policy_decides, days < 30, "{request}");
}
