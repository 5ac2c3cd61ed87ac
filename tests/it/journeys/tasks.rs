//! Work by hand: paper files are looked through, the answer waits for it and says what came of it.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{Api, Server};
use crate::support::world::{Kind, World};

const POLICY: &str = r#"
name = "Example Shop GmbH"
postal_address = "Lindenweg 1, 10115 Berlin"
privacy_email = "privacy@shop.example"
country = "DE"
time_zone = "Europe/Berlin"

[[by_hand]]
name = "Paper files"
text = "Look into the cabinet on the second floor."
rights = ["access", "deletion", "restriction"]
days = 5

[[by_hand]]
name = "Recorded calls"
text = "Ask the call centre."
rights = ["access"]
"#;

fn start(store: Kind) -> (World, Server) {
    let world = World::new(store, Kind::Sqlite);
    world.write("policy.toml", POLICY);
    let server = Server::start(&world);
    (world, server)
}

fn approved(world: &World, api: &Api, right: &str, staff: &str) -> (String, String) {
    let (token, ids) = api.submit(&[right], json!({}));
    api.confirm(world, &ids[0], &token);
    assert_eq!(api.approve(&ids[0], staff)["state"], "awaiting_release");
    (token, ids[0].clone())
}

/// The letter with the answer, as the requester finds it on record.
fn answer(api: &Api, id: &str, token: &str, staff: &str) -> String {
    api.until(id, staff, |request| request["jobs"].as_array().unwrap().is_empty());
    let (_, letters) = api.get(&format!("/v1/requests/{id}/letters"), token);
    let letter = letters["items"].as_array().unwrap().iter().find(|l| l["kind"] == "completed").cloned();
    letter.unwrap_or_else(|| panic!("no answer: {letters}"))["text"].as_str().unwrap().to_owned()
}

#[rstest]
fn an_answer_waits_until_every_task_is_confirmed(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, server) = start(store);
    let api = &server.api;
    let (clerk, reviewer) = (api.sign_in(Role::Clerk), api.sign_in(Role::Reviewer));
    let (token, id) = approved(&world, api, "access", &reviewer);
    let (_, list) = api.get("/v1/staff/tasks?open=true", &clerk);
    let due: Vec<_> = list["items"].as_array().unwrap().iter().map(|t| (&t["name"], &t["due"], &t["number"])).collect();
    let (paper, calls) = (json!("Paper files"), json!("Recorded calls"));
    let (first, second) = (json!("2026-11-27"), json!("2026-11-29"));
    assert_eq!(due, [(&paper, &first, &json!(1)), (&calls, &second, &json!(2))], "{list}");
    let (_, page) = api.get("/v1/staff/tasks?open=true&limit=1", &clerk);
    let next = format!("/v1/staff/tasks?open=true&limit=1&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(api.get(&next, &clerk).1["items"][0]["name"], calls);

    let release = format!("/v1/staff/requests/{id}/release");
    let (status, refused) = api.post(&release, &reviewer, Value::Null);
    assert_eq!((status, &refused["code"]), (409, &json!("tasks_open")), "{refused}");
    let task = |n: i32, body: Value| api.post(&format!("/v1/staff/requests/{id}/tasks/{n}"), &clerk, body);
    for (wrong, pointer) in [
        (json!({ "result": "done" }), "/rows"),
        (json!({ "result": "nothing_held", "rows": 1 }), "/rows"),
        (json!({ "result": "kept", "rows": 1 }), "/ground"),
        (json!({ "result": "kept", "rows": 1, "ground": "mood" }), "/ground"),
    ] {
        let (status, answer) = task(1, wrong);
        assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!(pointer)), "{answer}");
    }
    assert_eq!(task(3, json!({ "result": "nothing_held" })).0, 404);
    let note = "Red folder, third shelf.";
    assert_eq!(task(1, json!({ "result": "done", "rows": 2, "note": note })).0, 200);
    assert_eq!(api.post(&release, &reviewer, Value::Null).1["code"], "tasks_open", "one is left");
    assert_eq!(task(2, json!({ "result": "nothing_held" })).0, 200);
    assert_eq!(api.get("/v1/staff/tasks?open=true", &clerk).1["items"], json!([]));
    let (_, whole) = api.get(&format!("/v1/staff/requests/{id}"), &clerk);
    assert_eq!((&whole["tasks"][0]["done"]["note"], &whole["tasks"][0]["done"]["rows"]), (&json!(note), &json!(2)));

    let (status, released) = api.post(&release, &reviewer, Value::Null);
    assert_eq!((status, &released["state"]), (200, &json!("fulfilled")), "{released}");
    let line = released["outcome"]["lines"].as_array().unwrap().iter().find(|l| l["collection"] == paper).unwrap();
    assert_eq!((&line["system"], &line["action"], &line["rows"]), (&json!("by_hand"), &json!("disclosed"), &json!(2)));
    assert!(!released.to_string().contains("Red folder"), "the note is for colleagues: {released}");
    let text = answer(api, &id, &token, &reviewer);
    assert!(
        text.contains("- Paper files: 2 records of which you get a copy\n- Recorded calls: nothing of yours"),
        "{text}"
    );
    assert_eq!(task(1, json!({ "result": "done", "rows": 3 })).1["code"], "illegal_state", "the answer has left");
    let (_, entries) = api.get(&format!("/v1/staff/requests/{id}/entries"), &clerk);
    let entries = entries.to_string();
    assert!(entries.contains("request.task_done") && !entries.contains("Red folder"), "{entries}");
}

#[test]
fn what_is_kept_by_hand_makes_a_deletion_partial_and_names_the_ground() {
    let (world, server) = start(Kind::Sqlite);
    let api = &server.api;
    let reviewer = api.sign_in(Role::Reviewer);
    let (token, id) = approved(&world, api, "deletion", &reviewer);
    let (_, whole) = api.get(&format!("/v1/staff/requests/{id}"), &reviewer);
    let ground = &whole["guidance"]["grounds"].as_array().unwrap()[0];
    let body = json!({ "result": "kept", "rows": 1, "ground": ground["code"] });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/tasks/1"), &reviewer, body).0, 200);
    let (_, released) = api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, Value::Null);
    assert_eq!(released["state"], "partially_fulfilled", "{released}");
    let text = answer(api, &id, &token, &reviewer);
    let expected = format!("- Paper files: 1 row kept\n  Kept because: {}", ground["title"].as_str().unwrap());
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn paper_alone_is_an_answer_where_the_systems_hold_nothing() {
    let (world, server) = start(Kind::Sqlite);
    let api = &server.api;
    let person = json!({ "person": { "name": "No Body", "email": "nobody@example.com", "residence": "DE" } });
    let (token, ids) = api.submit(&["access"], person);
    let id = &ids[0];
    let code = world.code("nobody@example.com", "");
    api.post(&format!("/v1/requests/{id}/verification/confirmation"), &token, json!({ "code": code }));
    let reviewer = api.sign_in(Role::Reviewer);
    api.approve(id, &reviewer);
    let task = |n: i32, body: Value| api.post(&format!("/v1/staff/requests/{id}/tasks/{n}"), &reviewer, body).0;
    assert_eq!(task(1, json!({ "result": "done", "rows": 1 })), 200);
    assert_eq!(task(2, json!({ "result": "nothing_held" })), 200);
    let (_, released) = api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, Value::Null);
    assert_eq!((&released["state"], &released["outcome"]["kind"]), (&json!("fulfilled"), &json!("fulfilled")));
    let text = answer(api, id, &token, &reviewer);
    assert!(text.contains("1 record of which you get a copy"), "{text}");
}

#[rstest]
fn rows_found_by_hand_join_the_package(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let (world, server) = start(store);
    let api = &server.api;
    let reviewer = api.sign_in(Role::Reviewer);
    let (token, id) = approved(&world, api, "access", &reviewer);
    let place = format!("/v1/staff/requests/{id}/tasks/1/rows");
    let bearer = format!("Bearer {reviewer}");
    let hand_in = |kind: &str, file: &'static [u8]| {
        api.raw(&place, &[("authorization", bearer.as_str()), ("content-type", kind)], file)
    };
    for (kind, file, status) in [
        ("text/csv", &b"a,b\n1\n"[..], 422),
        ("text/csv", b"a\n\xff\n", 422),
        ("application/json", b"{}", 422),
        ("application/pdf", b"%PDF", 415),
    ] {
        assert_eq!(hand_in(kind, file).0, status, "{kind}");
    }
    // One that turns out to be no table after its first rows were sealed.
    let (status, refused) = hand_in("text/csv", b"a,b\n1,2\n3\n");
    assert_eq!((status, refused["detail"].as_str().unwrap().contains("line 3 has 1 fields")), (422, true), "{refused}");
    let aside = std::fs::read_dir(world.path().join("packages/handed-over")).unwrap().count();
    assert_eq!(aside, 0, "nothing is left of a file that was refused");
    let (status, task) = hand_in("text/csv", b"date,subject\n1999-05-01,A complaint\n");
    assert_eq!((status, &task["done"]["result"], &task["done"]["rows"]), (200, &json!("done"), &json!(1)), "{task}");
    api.settled(&id, &reviewer);
    let (status, task) = hand_in(
        "application/json",
        b"[{\"date\": \"1999-05-01\", \"subject\": \"=1+1\"}, {\"date\": null, \"subject\": \"4111 1111 1111 1111\"}]",
    );
    assert_eq!((status, &task["done"]["rows"], &task["handed_in"]), (200, &json!(2), &json!(93)), "{task}");
    let ready = api.settled(&id, &reviewer);
    assert_eq!(ready["state"], "awaiting_release", "{ready}");
    let second = format!("/v1/staff/requests/{id}/tasks/2");
    let (_, me) = api.get("/v1/staff/session", &reviewer);
    let to = json!({ "to": me["id"] });
    let (status, assigned) = api.post(&format!("{second}/assignment"), &reviewer, to);
    assert_eq!((status, &assigned["assignee"]), (200, &me["id"]), "{assigned} {me}");
    let mine = format!("/v1/staff/tasks?open=true&due_before=2026-12-24&assignee={}", me["id"].as_str().unwrap());
    assert_eq!(api.get(&mine, &reviewer).1["items"][0]["number"], 2);
    assert_eq!(api.post(&second, &reviewer, json!({ "result": "nothing_held" })).0, 200);
    let (_, released) = api.post(&format!("/v1/staff/requests/{id}/release"), &reviewer, Value::Null);
    assert_eq!(released["state"], "fulfilled", "{released}");
    let files = super::unzip(api.package(&id, &token));
    let rows = files.iter().find(|(name, _)| name.starts_with("data/Paper") && name.ends_with("rows.csv"));
    let (_, csv) = rows.unwrap_or_else(|| panic!("{:?}", files.keys().collect::<Vec<_>>()));
    assert_eq!(
        csv.replace('\r', ""),
        "date,subject\n1999-05-01,=1+1\n,\"[held, not disclosed: payment card number]\"\n"
    );
    assert!(files["index.html"].contains("payment card number in 1 places"), "that it is held is told");
    assert!(files.values().all(|file| !file.contains("4111 1111")), "what nobody is shown is not shown here either");
    assert!(files["datapackage.json"].contains("rows.csv"));
    assert_eq!(hand_in("text/csv", b"a\n1\n").1["code"], "illegal_state", "the answer has left");
    let kept = String::from_utf8_lossy(&world.kept()).into_owned();
    assert!(!kept.contains("1999-05-01"), "what was handed in is sealed");
}
