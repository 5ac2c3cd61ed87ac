//! Many requests at once take no more of a company's database than they are allowed to, and none fails for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use habeas::domain::staff::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::crashes::staff;
use crate::support::postgres;
use crate::support::server::Process;
use crate::support::world::{Kind, World};

/// How many ask for a copy, and how many for deletion.
const EACH: usize = 20;

/// The company's database lets nobody in more often than three times; the configuration takes two.
const LIMITS: [(&str, &str); 2] = [("shop", "few_for_the_shop"), ("desk", "few_for_the_desk")];

fn world() -> World {
    let world = World::new(Kind::Postgres, Kind::Postgres);
    let people = format!(
        "INSERT INTO customers SELECT i, 'person' || i || '@example.com', NULL, 'Some Body', 'secret', 2, NULL
            FROM generate_series(100, {last}) i;
         INSERT INTO orders SELECT i, i, NULL, 'one' FROM generate_series(100, {last}) i;",
        last = 99 + 2 * EACH
    );
    world.execute("shop", &people);
    for (system, role) in LIMITS {
        let url = world.system_url(system);
        world.execute(
            system,
            &format!(
                "CREATE ROLE {role} LOGIN CONNECTION LIMIT 3; GRANT USAGE ON SCHEMA public TO {role};
                 GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
            ),
        );
        let limited = format!("url = \"{}\"\nconnections = 2\n", postgres::as_role(&url, role));
        world.configure(&format!("url = \"{url}\"\n"), &limited);
    }
    world
}

/// Counts, until told to stop, how many connections each role has at most.
fn most_seen(url: String, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<u32> {
    let sql = "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM pg_stat_activity
               WHERE usename LIKE 'few\\_%' GROUP BY usename) each";
    std::thread::spawn(move || {
        let mut most = 0;
        while !stop.load(Ordering::SeqCst) {
            most = most.max(postgres::query(&url, sql).trim().parse().unwrap());
        }
        most
    })
}

#[test]
fn many_requests_take_turns_at_few_connections() {
    let world = world();
    staff(&world);
    let process = Process::start(&world, None);
    let (api, reviewer) = (&process.api, process.api.sign_in(Role::Reviewer));
    let mut ids = Vec::new();
    for n in 100..100 + 2 * EACH {
        let email = format!("person{n}@example.com");
        let right = if n % 2 == 0 { "access" } else { "deletion" };
        let (token, new) = api.submit(&[right], json!({ "person": { "name": "Some Body", "email": email } }));
        let confirmation = format!("/v1/requests/{}/verification/confirmation", new[0]);
        assert_eq!(api.post(&confirmation, &token, json!({ "code": world.code(&email, "") })).0, 200);
        ids.push(new[0].clone());
    }
    let stop = Arc::new(AtomicBool::new(false));
    let watching = most_seen(world.system_url("shop"), stop.clone());
    for id in &ids {
        assert_eq!(api.post(&format!("/v1/staff/requests/{id}/approval"), &reviewer, Value::Null).0, 200);
    }
    for id in &ids {
        let done = api.settled(id, &reviewer);
        assert!(done["state"] == "fulfilled", "{done}");
    }
    stop.store(true, Ordering::SeqCst);
    let most = watching.join().unwrap();
    assert!((1..=2).contains(&most), "{most} connections were seen at once");
    let figures = api.send(Method::GET, "/metrics", None, None).text().unwrap();
    let done = figures.lines().any(|l| l.starts_with("habeas_jobs_done_total{kind=\"fulfil\"} 40"));
    assert!(done && !figures.contains("habeas_jobs_failed_total"), "{figures}");
    let left = world.query("shop", "SELECT count(*) FROM customers WHERE id >= 100");
    assert_eq!(left, EACH.to_string(), "who asked for a copy is there");
}
