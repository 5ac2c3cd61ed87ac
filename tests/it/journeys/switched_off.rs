//! A database that is switched off is told as such, and the answer without it is not the whole one.

use habeas::domain::staff::Role;
use serde_json::{Value, json};

use crate::support::server::{Server, habeas};
use crate::support::world::{Kind, World};

#[test]
fn what_is_switched_off_is_named_and_looked_at_before_the_answer_leaves() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let config = std::fs::read_to_string(world.config()).unwrap();
    world.write("habeas.toml", &config.replace("id = \"desk-db\"\n", "id = \"desk-db\"\nenabled = false\n"));
    let (_, printed, _) = habeas(&world, &["check"], "");
    assert!(printed.contains("system desk-db") && printed.contains("switched off"), "{printed}");
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access"], json!({}));
    let id = ids[0].clone();
    api.confirm(&world, &id, &token);
    let staff = api.sign_in(Role::Reviewer);
    api.post(&format!("/v1/staff/requests/{id}/approval"), &staff, Value::Null);
    let waiting = api.settled(&id, &staff);
    assert_eq!(waiting["state"], "awaiting_release", "{waiting}");
    let lines = waiting["result"]["lines"].as_array().unwrap();
    let left = lines.iter().filter(|line| line["system"] == "desk-db");
    let left: Vec<_> = left.map(|line| (line["action"].as_str().unwrap(), line["note"].as_str().unwrap())).collect();
    assert!(!left.is_empty() && left.iter().all(|(action, _)| *action == "excluded"), "{lines:?}");
    assert!(lines.iter().any(|line| line["system"] == "shop-db" && line["rows"] != 0), "{lines:?}");
    let released = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null).1;
    assert_eq!(released["state"], "partially_fulfilled", "{released}");
}
