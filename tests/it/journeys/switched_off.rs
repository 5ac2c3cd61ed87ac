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

const CRM_SQL: &str =
    "CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO clients VALUES (7, 'cid@example.com');";

const CRM: &str = "
dataset:
  - fides_key: crm
    data_categories: [user]
    collections:
      - name: clients
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
";

const HR_SQL: &str =
    "CREATE TABLE agents (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO agents VALUES (3, 'ada@example.com');";

const HR: &str = "
dataset:
  - fides_key: hr
    data_categories: [user]
    collections:
      - name: agents
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
";

const HELP_SQL: &str =
    "CREATE TABLE cases (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL, agent_id INTEGER, body TEXT);
INSERT INTO cases VALUES (1, 7, 3, 'Spoon bent');";

const HELP: &str = "
dataset:
  - fides_key: help
    data_categories: [user]
    collections:
      - name: cases
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: client_id, fides_meta: {references: [{dataset: crm, field: clients.id, direction: from}]}}
          - {name: agent_id, fides_meta: {references: [{dataset: hr, field: agents.id, direction: from}]}}
          - {name: body}
";

/// The client whose case it is stands in a system that is switched off: the case does not become the agent's for that.
#[test]
fn a_row_of_somebody_who_cannot_be_looked_up_stays_theirs() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite)
        .with_system("shop", "crm", CRM_SQL, CRM)
        .with_system("shop", "hr", HR_SQL, HR)
        .with_system("shop", "help", HELP_SQL, HELP);
    let config = std::fs::read_to_string(world.config()).unwrap();
    world.write("habeas.toml", &config.replace("id = \"crm-db\"\n", "id = \"crm-db\"\nenabled = false\n"));
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["deletion"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let staff = api.sign_in(Role::Reviewer);
    api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &staff, Value::Null);
    let done = api.settled(&ids[0], &staff);
    assert_eq!(world.query("help", "SELECT id, client_id, body FROM cases"), "1|7|Spoon bent", "{done}");
    assert_eq!(world.query("hr", "SELECT count(*) FROM agents"), "0");
    let lines = done["result"]["lines"].as_array().unwrap();
    assert!(!lines.iter().any(|l| l["system"] == "help-db" && l["action"] == "deleted"), "{lines:?}");
}
