//! The example service of `examples/`, running beside a company's databases.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::ports::free_port;
use super::world::World;

/// The secret that it shares with Habeas.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What it holds: an identity of somebody else, a secret, and a key of the shop's.
const LOYALTY: &str = "
dataset:
  - fides_key: loyalty
    collections:
      - name: members
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: points, data_categories: [user.behavior]}
          - {name: tier, data_categories: [user.behavior]}
          - {name: pin, data_categories: [user.authorization.password]}
          - {name: referred_by, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: visits
        fields:
          - name: member
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true, references: [{dataset: loyalty, field: members.id, direction: from}]}
          - name: customer
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: shop, field: customers.id, direction: from}]}
          - {name: at, data_categories: [user.behavior], fides_meta: {primary_key: true, collected_at: true}}
          - {name: shop, data_categories: [user.location]}
";

/// A running service.
pub struct Service {
    child: Child,
}

/// Tells a world's Habeas of a service that is to run at a free port; gives the port.
pub fn announce(world: &World, more: &str) -> u16 {
    let port = free_port();
    let mut config = std::fs::read_to_string(world.config()).unwrap();
    config.push_str(&format!(
        "[[systems]]\nid = \"loyalty\"\ncontroller = \"shop\"\nurl = \"http://127.0.0.1:{port}\"\n\
         dataset = \"loyalty.yml\"\nsecret_file = \"loyalty.secret\"\n{more}"
    ));
    world.write("habeas.toml", &config);
    world.write("loyalty.yml", LOYALTY);
    world.write("loyalty.secret", &format!("{SECRET}\n"));
    port
}

impl Service {
    /// Starts it on a port, with arguments of its own.
    pub fn start(world: &World, port: u16, more: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/service.py");
        let mut child = Command::new("python3")
            .args([script, "--any-time", "--port", &port.to_string(), "--data"])
            .arg(world.path().join("loyalty.json"))
            .args(more)
            .env("HABEAS_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("listening on"), "{line}");
        Self { child }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the service of a world remembers.
pub fn memory(world: &World) -> Value {
    let text = std::fs::read_to_string(world.path().join("loyalty.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The operations it was asked for, in order.
pub fn operations(world: &World) -> Vec<String> {
    let log = memory(world)["log"].as_array().unwrap().clone();
    log.iter().map(|entry| entry[0].as_str().unwrap().to_owned()).collect()
}
