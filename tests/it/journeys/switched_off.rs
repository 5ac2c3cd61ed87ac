//! A system that is switched off is told as such, and nothing counts as searched without it.

use habeas::domain::staff::Role;
use serde_json::{Value, json};

use crate::support::server::{Server, habeas};
use crate::support::world::{Kind, World};

#[test]
fn what_is_switched_off_fails_visibly_and_is_made_up_for() {
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
    let failed = api.until(&id, &staff, |r| r["steps"][0]["state"] == "failed");
    assert_eq!((&failed["state"], &failed["steps"][0]["system"]), (&json!("fulfilling"), &json!("desk-db")));
    let error = failed["steps"][0]["error"].as_str().unwrap();
    assert!(error.contains("switched off") && !error.contains("sqlite"), "{error}");
    drop(server);

    world.write("habeas.toml", &config);
    let server = Server::restart(&world);
    let staff = server.api.sign_in(Role::Officer);
    server.api.post(&format!("/v1/staff/requests/{id}/retry"), &staff, Value::Null);
    let done = server.api.settled(&id, &staff);
    assert_eq!(done["state"], "awaiting_release", "{done}");
}
