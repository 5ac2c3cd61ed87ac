//! Free text about others waits for a look by staff, and secrets inside of texts are described and never shown.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::unzip;
use crate::support::server::Server;
use crate::support::world::{Kind, World};

const SQL: &str = "CREATE TABLE notes (id integer PRIMARY KEY, email varchar(80), body text, plain text);
    INSERT INTO notes VALUES
        (1, 'ADA@example.com', 'Bob Brown shouted at her', 'paid with 4111 1111 1111 1111, order 4711'),
        (2, 'ada@example.com', 'Carla, 078-05-1120, is her sister', NULL),
        (3, 'ada@example.com', 'likes tea', 'call +49 170 1234567'),
        (4, 'bob@example.com', 'not hers', 'not hers either'),
        (5, 'ada@example.com', '', '')";

const DATASET: &str = "
dataset:
  - fides_key: notes
    collections:
      - name: notes
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: body, data_categories: [user.content], fides_meta: {free_text: true}}
          - {name: plain, data_categories: [user.content]}
";

#[rstest]
#[case(Kind::Sqlite, Kind::Sqlite)]
#[case(Kind::Postgres, Kind::Postgres)]
#[case(Kind::Sqlite, Kind::Mysql)]
fn staff_look_at_free_text_before_it_leaves(#[case] store: Kind, #[case] company: Kind) {
    let world = World::new(store, company).with_system("shop", "notes", SQL, DATASET);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["access"], json!({}));
    let id = &ids[0];
    api.confirm(&world, id, &token);
    let staff = api.sign_in(Role::Reviewer);
    let prepared = api.approve(id, &staff);
    assert_eq!((&prepared["state"], &prepared["result"]["free_text_open"]), (&json!("awaiting_release"), &json!(3)));
    let release = format!("/v1/staff/requests/{id}/release");
    let (status, refused) = api.post(&release, &staff, Value::Null);
    assert_eq!((status, &refused["code"]), (409, &json!("free_text_open")), "{refused}");

    let url = format!("/v1/staff/requests/{id}/free-text");
    let (_, first) = api.get(&format!("{url}?limit=2"), &staff);
    let cursor = first["next"].as_str().unwrap();
    let (_, second) = api.get(&format!("{url}?limit=2&cursor={cursor}"), &staff);
    let mut cells: Vec<Value> = [&first, &second].iter().flat_map(|p| p["items"].as_array().unwrap().clone()).collect();
    assert_eq!((cells.len(), &second["next"]), (3, &Value::Null));
    cells.sort_by_key(|cell| cell["row"]["id"].as_str().unwrap().to_owned());
    let texts: Vec<&str> = cells.iter().map(|cell| cell["text"].as_str().unwrap()).collect();
    let described = "Carla, [held, not disclosed: national number (US SSN)], is her sister";
    assert_eq!(texts, ["Bob Brown shouted at her", described, "likes tea"]);
    assert_eq!((&cells[0]["collection"], &cells[0]["field"]), (&json!("notes"), &json!("body")));

    let wrong = json!({ "cells": [{ "cell": cells[0]["cell"], "action": "show", "text": "x" }] });
    assert_eq!(api.post(&url, &staff, wrong).1["errors"][0]["pointer"], "/cells/0/text");
    let unknown = json!({ "cells": [{ "cell": "00000000-0000-8000-8000-000000000000", "action": "show" }] });
    assert_eq!(api.post(&url, &staff, unknown).0, 422);
    assert_eq!(api.post(&url, &staff, json!({})).0, 422);
    let replaced = "Somebody shouted at her; 4111111111111111";
    let decided = json!({ "cells": [
        { "cell": cells[0]["cell"], "action": "replace", "text": replaced },
        { "cell": cells[1]["cell"], "action": "withhold" },
    ] });
    assert_eq!(api.post(&url, &staff, decided), (200, json!({ "open": 1 })));
    assert_eq!(api.post(&release, &staff, Value::Null).1["code"], "free_text_open", "one is left");
    assert_eq!(api.post(&url, &staff, json!({ "others": "show" })), (200, json!({ "open": 0 })));

    let (status, early) = api.post(&release, &staff, json!({ "answer": "We kept one note back." }));
    assert_eq!((status, &early["errors"][0]["pointer"]), (422, &json!("/answer")), "it would be lost: {early}");
    let (status, again) = api.post(&release, &staff, Value::Null);
    assert_eq!((status, &again["state"]), (200, &json!("fulfilling")), "{again}");
    let mut done = api.settled(id, &staff);
    if done["state"] == "awaiting_release" {
        // The tickets of the shop name an employee, which is for staff to look at as ever.
        done = api.post(&release, &staff, Value::Null).1;
    }
    assert_eq!(done["state"], "fulfilled", "{done}");
    let files = unzip(api.package(id, &token));
    let notes = &files["data/notes/notes.csv"];
    assert!(notes.contains("Somebody shouted at her; [held, not disclosed: payment card number]"), "{notes}");
    assert!(
        notes.contains("likes tea") && notes.contains("+49 170 1234567") && notes.contains("order 4711"),
        "{notes}"
    );
    for hidden in ["Bob Brown", "Carla", "4111 1111", "4111111", "078-05", "not hers"] {
        assert!(files.values().all(|file| !file.contains(hidden)), "the package holds {hidden}");
    }
    assert!(files["index.html"].contains("payment card number"), "that it is held is told");
    assert_eq!(world.query_store("SELECT count(*) FROM free_texts"), "0", "our copy goes with the answer");
    let (_, entries) = api.get(&format!("/v1/staff/requests/{id}/entries"), &staff);
    let entries = entries.to_string();
    assert!(
        entries.contains("request.free_text_decided") && !entries.contains("likes tea") && !entries.contains("Carla")
    );
}
