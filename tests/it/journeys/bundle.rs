//! Several rights at once: one token, one code, and the copy before the deletion.

use habeas::domain::staff::Role;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::world::{Kind, World};

#[test]
fn a_deletion_waits_until_the_access_package_was_delivered() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let before = world.rows();
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["deletion", "access"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let staff = api.sign_in(Role::Reviewer);
    let of = |right: &str| {
        let is = |id: &&String| api.get(&format!("/v1/requests/{id}"), &token).1["right"] == right;
        ids.iter().find(is).unwrap().clone()
    };
    let (access, deletion) = (of("access"), of("deletion"));
    api.post(&format!("/v1/staff/requests/{deletion}/approval"), &staff, Value::Null);
    let waiting =
        api.until(&deletion, &staff, |r| r["jobs"][0]["last_error"].as_str().is_some_and(|e| e.contains("waits")));
    assert_eq!(waiting["state"], "fulfilling");
    assert_eq!(world.rows(), before);

    assert_eq!(api.approve(&access, &staff)["state"], "awaiting_release");
    assert_eq!(world.rows(), before, "not before it is delivered");
    api.post(&format!("/v1/staff/requests/{access}/release"), &staff, Value::Null);
    assert_eq!(api.settled(&deletion, &staff)["state"], "fulfilled");
    assert!(!world.rows().join("\n").contains("Ada@Example.com"));
    assert!(!api.package(&access, &token).is_empty(), "the copy is still there");
}
