//! Several processes on one PostgreSQL: any of them answers, and they share the work.

use std::collections::BTreeSet;

use habeas::domain::staff::Role;
use serde_json::{Value, json};

use super::crashes::staff;
use crate::support::server::Process;
use crate::support::world::{Kind, World};

#[test]
fn two_processes_share_the_work_and_one_may_die() {
    let world = World::new(Kind::Postgres, Kind::Postgres);
    staff(&world);
    let (first, second) = (Process::start(&world, None), Process::start(&world, None));
    let reviewer = first.api.sign_in(Role::Reviewer);
    let mut ids = Vec::new();
    for n in 0..8 {
        let email = format!("nobody{n}@example.com");
        let api = if n % 2 == 0 { &first.api } else { &second.api };
        let (token, new) = api.submit(&["access"], json!({ "person": { "name": "No Body", "email": email } }));
        let code = world.code(&email, "");
        let confirmation = format!("/v1/requests/{}/verification/confirmation", new[0]);
        // Confirmed through the other process than the one it was submitted to.
        let other = if n % 2 == 0 { &second.api } else { &first.api };
        assert_eq!(other.post(&confirmation, &token, json!({ "code": code })).0, 200);
        ids.push(new[0].clone());
    }
    drop(first);
    for id in &ids {
        let (status, answer) = second.api.post(&format!("/v1/staff/requests/{id}/approval"), &reviewer, Value::Null);
        assert_eq!(status, 200, "{answer}");
    }
    let states: BTreeSet<String> =
        ids.iter().map(|id| second.api.settled(id, &reviewer)["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, BTreeSet::from(["awaiting_release".to_owned()]), "nothing was found of any of them");
}
