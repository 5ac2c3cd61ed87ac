//! Duties on the clock: whom the schedule writes to as days pass, and never twice.

use chrono::{DateTime, TimeDelta, Utc};
use habeas::domain::staff::Role;
use habeas::usecases::remind::remind;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::world::{Kind, World};

const OFFICER: &str = "officer@shop.example";
const REVIEWER: &str = "reviewer@shop.example";

/// Moves the clock to eleven o'clock in Berlin and has three processes look at once; gives how many mails they send.
fn on(server: &Server, day: &str) -> usize {
    let then: DateTime<Utc> = format!("{day}T10:00:00Z").parse().unwrap();
    server.clock().advance(then - server.clock().now());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let office = &server.office;
    let (a, b, c) = runtime.block_on(async { tokio::join!(remind(office), remind(office), remind(office)) });
    a.unwrap() + b.unwrap() + c.unwrap()
}

/// The subjects of the mails to an address, once there are so many.
fn subjects(world: &World, to: &str, count: usize) -> Vec<String> {
    let subject = |mail: &String| mail.lines().find_map(|l| l.strip_prefix("Subject: ")).unwrap().to_owned();
    for _ in 0..500 {
        let mails = world.mails(to);
        if mails.len() >= count {
            assert_eq!(mails.len(), count, "{}", mails.join("\n"));
            return mails.iter().map(subject).collect();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{to} has {:?}", world.mails(to).iter().map(subject).collect::<Vec<_>>());
}

#[rstest]
fn staff_hear_of_work_by_hand_before_its_day_and_officers_after(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let by_hand = "[[by_hand]]\nname = \"Paper files\"\ntext = \"Look there.\"\nrights = [\"access\"]\ndays = 5\n";
    world.promise(&format!("[reminders]\nescalate_to = \"dpo@shop.example\"\n{by_hand}"));
    let server = Server::start(&world);
    let api = &server.api;
    let (reviewer, clerk) = (api.sign_in(Role::Reviewer), api.sign_in(Role::Clerk));
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (token, new) = api.submit(&["access"], json!({}));
        let mails = world.mails("ada@example.com").len();
        let code = world.code_after("ada@example.com", mails.saturating_sub(1));
        let confirmation = format!("/v1/requests/{}/verification/confirmation", new[0]);
        assert_eq!(api.post(&confirmation, &token, json!({ "code": code })).0, 200);
        assert_eq!(api.approve(&new[0], &reviewer)["state"], "awaiting_release");
        ids.push(new[0].clone());
    }
    let reference =
        |id: &str| api.get(&format!("/v1/staff/requests/{id}"), &reviewer).1["reference"].as_str().unwrap().to_owned();
    let (first, second) = (reference(&ids[0]), reference(&ids[1]));
    // The first is somebody's to do, and the second is done in time.
    let me = api.get("/v1/staff/session", &clerk).1["id"].clone();
    let task = |n: usize| format!("/v1/staff/requests/{}/tasks/1", ids[n]);
    assert_eq!(api.post(&format!("{}/assignment", task(0)), &reviewer, json!({ "to": me })).0, 200);

    assert_eq!(on(&server, "2026-11-23"), 0, "due on the 27th: four days are too early");
    assert_eq!(on(&server, "2026-11-24"), 2, "three days before");
    let told = |reference: &str, verb: &str| format!("{reference}: Paper files {verb} due on 27 November 2026");
    assert_eq!(subjects(&world, "clerk@shop.example", 1), [told(&first, "is")]);
    assert_eq!(subjects(&world, OFFICER, 1), [told(&second, "is")]);
    let mail = world.mails(OFFICER).remove(0);
    assert!(!mail.contains("Ada Example") && !mail.contains("ada@"), "{mail}");
    let clerk = api.sign_in(Role::Clerk);
    assert_eq!(api.post(&task(1), &clerk, json!({ "result": "nothing_held" })).0, 200);
    assert_eq!((on(&server, "2026-11-25"), on(&server, "2026-11-27")), (0, 0), "each once");

    assert_eq!(on(&server, "2026-11-28"), 2, "of the one that is open: officers, and the address the policy names");
    assert_eq!(subjects(&world, OFFICER, 2)[1], told(&first, "was"));
    assert_eq!(subjects(&world, "dpo@shop.example", 1), [told(&first, "was")]);
    assert_eq!(on(&server, "2026-11-29"), 0, "a missed day is told once");
}

fn californian() -> Value {
    json!({ "person": { "name": "Ada Example", "email": "ada@example.com", "residence": "US-CA" } })
}

#[rstest]
fn staff_hear_of_a_date_before_it_and_officers_after(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let policy = std::fs::read_to_string(world.path().join("policy.toml")).unwrap();
    world.write("policy.toml", &format!("{policy}[reminders]\nescalate_to = \"dpo@shop.example\"\n"));
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let reference = api.get(&format!("/v1/requests/{}", ids[0]), &token).1["reference"].as_str().unwrap().to_owned();

    assert_eq!(on(&server, "2026-12-11"), 0, "due on the 22nd: eleven days are too early");
    assert_eq!(on(&server, "2026-12-12"), 1);
    assert_eq!(subjects(&world, OFFICER, 1), [format!("{reference}: the answer is due on 22 December 2026")]);
    let mail = world.mails(OFFICER).remove(0);
    assert!(!mail.contains("Ada Example") && !mail.contains("ada@") && mail.contains("(access)"), "{mail}");

    let staff = api.sign_in(Role::Reviewer);
    let me = api.get("/v1/staff/session", &staff).1["id"].clone();
    let (status, assigned) =
        api.post(&format!("/v1/staff/requests/{}/assignment", ids[0]), &staff, json!({ "to": me }));
    assert_eq!(status, 200, "{assigned}");
    assert_eq!(on(&server, "2026-12-19"), 1);
    subjects(&world, REVIEWER, 1);
    assert_eq!((on(&server, "2026-12-20"), on(&server, "2026-12-22")), (0, 0), "each once");

    assert_eq!(on(&server, "2026-12-23"), 2, "the officers, and the address the policy names");
    assert_eq!(subjects(&world, OFFICER, 2)[1], format!("{reference}: the answer was due on 22 December 2026"));
    assert_eq!(subjects(&world, "dpo@shop.example", 1).len(), 1);
    let staff = api.sign_in(Role::Reviewer);
    let figures = api.get("/v1/staff/metrics", &staff).1;
    assert_eq!((&figures["late"], &figures["due_within_7_days"]), (&json!(1), &json!(0)), "{figures}");
    assert_eq!((on(&server, "2026-12-24"), on(&server, "2027-02-01")), (0, 0), "a missed date is told once");
    let entries = api.get(&format!("/v1/staff/requests/{}/entries", ids[0]), &api.sign_in(Role::Reviewer)).1;
    let missed: Vec<_> =
        entries["items"].as_array().unwrap().iter().filter(|e| e["event"] == "request.date_missed").collect();
    assert_eq!(missed.len(), 1);
    assert_eq!(missed[0]["facts"], json!({ "duty": "response", "due": "2026-12-22" }));
}

#[test]
fn an_extension_has_reminders_of_its_own() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access"], json!({}));
    api.confirm(&world, &ids[0], &token);
    assert_eq!(on(&server, "2026-12-19"), 1, "the most urgent of two is enough");
    let staff = api.sign_in(Role::Reviewer);
    let path = format!("/v1/staff/requests/{}/extension", ids[0]);
    assert_eq!(api.post(&path, &staff, json!({ "reason": "many systems" })).0, 200);
    assert_eq!((on(&server, "2026-12-23"), on(&server, "2027-02-11")), (0, 0), "due on 2027-02-22 now");
    assert_eq!((on(&server, "2027-02-12"), on(&server, "2027-02-19"), on(&server, "2027-02-23")), (1, 1, 1));
}

#[rstest]
fn the_acknowledgement_goes_out_in_time_and_once(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    // Received on a Sunday; ten business days without Thanksgiving end on Monday, 7 December.
    let (token, ids) = api.submit(&["access", "deletion"], californian());
    let first = world.code("ada@example.com", "");
    assert_eq!(on(&server, "2026-12-02"), 0);
    assert_eq!(on(&server, "2026-12-03"), 1, "two working days before, one letter for both");
    let letters = subjects(&world, "ada@example.com", 2);
    assert!(letters[1].starts_with("We received your request"), "{letters:?}");
    let letter = world.mails("ada@example.com").remove(1);
    assert!(letter.contains("we mailed you a code") && letter.contains("5 January 2027"), "{letter}");
    let (_, seen) = api.get(&format!("/v1/requests/{}", ids[1]), &token);
    assert_eq!(seen["deadlines"][0]["met_at"], "2026-12-03T10:00:00.000000Z", "{seen}");

    assert_eq!(api.post(&format!("/v1/requests/{}/verification", ids[0]), &token, Value::Null).0, 202);
    let code = world.code("ada@example.com", &first);
    let path = format!("/v1/requests/{}/verification/confirmation", ids[0]);
    assert_eq!(api.post(&path, &token, json!({ "code": code })).0, 200);
    assert_eq!(on(&server, "2026-12-08"), 0, "it was in time");
    subjects(&world, "ada@example.com", 3);
}

#[test]
fn the_person_is_reminded_half_way_and_then_it_ends() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let (token, ids) = server.api.submit(
        &["access", "correction"],
        json!({
            "corrections": [{ "dataset": "shop", "collection": "customers", "field": "name", "requested": "Ada B." }],
        }),
    );
    world.code("ada@example.com", "");
    assert_eq!((on(&server, "2026-12-06"), on(&server, "2026-12-07")), (0, 1), "one mail for the bundle");
    let letters = subjects(&world, "ada@example.com", 2);
    assert!(letters[1].starts_with("Please confirm your request"), "{letters:?}");
    assert_eq!((on(&server, "2026-12-08"), on(&server, "2026-12-20")), (0, 0));
    server.clock().advance(TimeDelta::days(3));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(habeas::usecases::decide::expire(&server.office)).unwrap(), 2);
    let (_, ended) = server.api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!(ended["state"], "expired");
    assert_eq!(on(&server, "2027-03-01"), 0);
}

#[rstest]
fn figures_tell_what_presses(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let figures = || {
        let f = api.get("/v1/staff/metrics", &api.sign_in(Role::Auditor)).1;
        ["late", "due_within_7_days", "clock_stopped"].map(|key| f[key].as_i64().unwrap())
    };
    let oldest = || api.get("/v1/staff/metrics", &api.sign_in(Role::Auditor)).1["oldest_open"].clone();
    assert_eq!((figures(), oldest()), ([0, 0, 0], Value::Null));
    let (token, ids) = api.submit(&["access"], json!({}));
    let british = json!({ "person": { "name": "Ada", "email": "ada@example.com", "residence": "GB" } });
    server.clock().advance(TimeDelta::days(1));
    api.submit(&["access"], british);
    assert_eq!((figures(), oldest()), ([0, 0, 1], json!("2026-11-22T10:00:00.000000Z")));
    server.clock().advance(TimeDelta::days(22));
    assert_eq!(figures(), [0, 1, 1], "due on 22 December, and the British clock has not started");
    server.clock().advance(TimeDelta::days(8));
    assert_eq!(figures(), [1, 0, 1], "the 23rd");
    assert_eq!(api.post(&format!("/v1/requests/{}/withdrawal", ids[0]), &token, Value::Null).0, 200);
    assert_eq!((figures(), oldest()), ([0, 0, 1], json!("2026-11-23T10:00:00.000000Z")));
}
