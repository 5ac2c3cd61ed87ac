//! Whoever types another person's telephone number gets nothing of theirs, erases nothing of theirs and is not told that there is
//! anything; staff see it, and can say that the number was shown to be the person's.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::unzip;
use crate::support::server::{Api, Server};
use crate::support::service::{Service, announce, operations};
use crate::support::world::{Kind, World};

const CID: &str = "cid@example.com";

/// Bob shopped by telephone: his row has no address.
fn world(store: Kind, company: Kind) -> World {
    let world = World::new(store, company);
    world.execute("shop", "UPDATE customers SET email = '' WHERE id = 2");
    world
}

/// Cid asks, with Bob's number.
fn ask(api: &Api, world: &World, right: &str) -> (String, String) {
    let mails = world.mails(CID).len();
    let person = json!({ "name": "Cid", "email": CID, "phone": "+4930901821" });
    let (token, mut ids) = api.submit(&[right], json!({ "person": person }));
    let id = ids.remove(0);
    let code = world.code_after(CID, mails);
    let confirmation = format!("/v1/requests/{id}/verification/confirmation");
    assert_eq!(api.post(&confirmation, &token, json!({ "code": code })).0, 200);
    (token, id)
}

#[rstest]
fn another_persons_number_opens_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = world(store, company);
    let Server { api, .. } = &Server::start(&world);
    let staff = api.sign_in(Role::Officer);
    let (token, id) = ask(api, &world, "access");
    let (_, plan) = api.get(&format!("/v1/staff/requests/{id}/plan"), &staff);
    let customers = plan["collections"].as_array().unwrap().iter().find(|c| c["collection"] == "customers").unwrap();
    assert_eq!((&customers["counts"]["own"], &customers["unproved"]), (&json!(1), &json!(1)), "{customers}");
    assert_eq!(plan["unproved_identifiers"], json!(["phone"]));
    // Whether anybody has that number could be told from a state that differs.
    let done = api.approve(&id, &staff);
    assert_eq!((&done["state"], &done["result"]["unproved"]), (&json!("fulfilled"), &json!(1)), "{done}");

    let (_, answer) = api.get(&format!("/v1/requests/{id}"), &token);
    let files = unzip(api.package(&id, &token));
    let package: String = files.values().map(String::as_str).collect();
    for bobs in ["Bob", "901821", "Knife"] {
        assert!(!package.contains(bobs) && !answer.to_string().contains(bobs), "told of {bobs}");
    }
    assert_eq!(files["data/shop/customers.csv"].lines().count(), 2, "a header and Cid");
    assert!(answer["outcome"].get("unproved").is_none(), "{answer}");
    let note = "Nothing has shown us that the telephone number you gave is yours";
    assert!(answer["outcome"]["notes"].to_string().contains(note) && package.contains(note), "{answer}");

    let before = world.query("shop", "SELECT count(*) FROM orders");
    let (token, id) = ask(api, &world, "deletion");
    let done = api.approve(&id, &staff);
    assert_eq!((&done["state"], &done["result"]["unproved"]), (&json!("fulfilled"), &json!(1)), "{done}");
    let (_, answer) = api.get(&format!("/v1/requests/{id}"), &token);
    let lines = answer["outcome"]["lines"].as_array().unwrap();
    let of_customers: Vec<_> = lines.iter().filter(|line| line["collection"] == "customers").collect();
    assert!(of_customers.len() == 1 && of_customers[0]["action"] == "deleted", "{answer}");
    assert!(answer["outcome"]["notes"].to_string().contains(note), "{answer}");
    assert!(answer["outcome"].get("unproved").is_none(), "{answer}");
    assert_eq!(
        world.query("shop", "SELECT id FROM customers ORDER BY id").split_whitespace().collect::<Vec<_>>(),
        ["1", "2"]
    );
    assert_eq!(world.query("shop", "SELECT count(*) FROM orders"), before);
}

#[rstest]
fn staff_say_that_the_number_was_shown(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = world(store, Kind::Postgres);
    let Server { api, .. } = &Server::start(&world);
    let staff = api.sign_in(Role::Officer);
    let (_, id) = ask(api, &world, "deletion");
    let at = format!("/v1/staff/requests/{id}/verification");
    let called = |identifiers: Value| json!({ "level": "high", "how": "called_back", "identifiers": identifiers });
    let (status, refused) = api.post(&at, &staff, called(json!(["account_id"])));
    assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/identifiers")), "{refused}");
    let (status, _) = api.post(&at, &staff, called(json!(["phone"])));
    assert_eq!(status, 200);
    let (_, request) = api.get(&format!("/v1/staff/requests/{id}"), &staff);
    assert_eq!(request["evidence"][1]["identifiers"], json!(["phone"]), "{request}");
    let done = api.approve(&id, &staff);
    assert_eq!(done["result"].get("unproved"), None, "{done}");
    assert_eq!(
        world.query("shop", "SELECT id FROM customers").trim(),
        "1",
        "Cid's row and what he shopped by telephone"
    );
}

/// Staff who look at an answer before it leaves can still record that they checked, and have it made again.
#[test]
fn a_check_comes_while_the_answer_waits() {
    let world = world(Kind::Sqlite, Kind::Sqlite);
    world.promise("release = \"review\"");
    let port = announce(&world, "");
    let Server { api, .. } = &Server::start(&world);
    let _service = Service::start(&world, port, &[]);
    let staff = api.sign_in(Role::Officer);
    let (token, id) = ask(api, &world, "access");
    let waits = api.approve(&id, &staff);
    assert_eq!((&waits["state"], &waits["result"]["unproved"]), (&json!("awaiting_release"), &json!(1)), "{waits}");
    let check = json!({ "level": "high", "how": "called_back", "identifiers": ["phone"] });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/verification"), &staff, check).0, 200);
    // What would leave was made without what was shown since; and nobody has looked at what another run would bring.
    for withheld in ["keep", "disclose"] {
        let release = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, json!({ "withheld": withheld }));
        assert_eq!((release.0, &release.1["code"]), (409, &json!("answer_outdated")), "{withheld}: {}", release.1);
    }
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/retry"), &staff, Value::Null).0, 200);
    let again = api.settled(&id, &staff);
    assert_eq!((&again["state"], &again["result"]["unproved"]), (&json!("awaiting_release"), &Value::Null), "{again}");
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null).0, 200);
    let files = unzip(api.package(&id, &token));
    assert!(files["data/shop/customers.csv"].contains("901821"), "{files:?}");
    // The service has rows of the customer whom the number led to.
    assert_eq!(operations(&world), ["find", "find"], "it is asked anew");
    let visits = files.get("data/loyalty/visits.csv").map(|visits| visits.lines().count());
    assert_eq!(visits, Some(2), "a header and a visit: {files:?}");
}

/// Nothing but what another's number leads to: the letter says that nothing was found and why that may be.
#[test]
fn nothing_else_found_says_what_to_do() {
    let world = world(Kind::Sqlite, Kind::Sqlite);
    world.execute("shop", "DELETE FROM customers WHERE id = 3");
    let Server { api, .. } = &Server::start(&world);
    let staff = api.sign_in(Role::Officer);
    let (_, id) = ask(api, &world, "access");
    assert_eq!(api.approve(&id, &staff)["state"], "awaiting_release");
    let (_, released) = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    assert_eq!(released["outcome"]["kind"], "no_match", "{released}");
    let letter = world.letter(CID, "We found no data about you");
    assert!(letter.replace(['\r', '\n'], " ").contains("Nothing has shown us that the telephone number"), "{letter}");
}
