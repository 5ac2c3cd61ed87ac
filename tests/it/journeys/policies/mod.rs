//! Five real policies: for each controller, every promise it makes is kept, over HTTP.

mod dan_electronic;
mod informetric;
mod infotech;
mod innosoft_gulf;
mod mindlinksoft;

use habeas::domain::staff::Role;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::world::{Kind, World};

/// What people wrote to each other and how they pay: messages name two persons, and cards are nobody's to show.
const HUB_SQL: &str = "
CREATE TABLE payment_methods (id INTEGER PRIMARY KEY, email TEXT NOT NULL, holder TEXT, card_number TEXT, ccv TEXT);
CREATE TABLE chats (id INTEGER PRIMARY KEY, sender TEXT, receiver TEXT, body TEXT NOT NULL);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, email TEXT NOT NULL, total TEXT NOT NULL);
INSERT INTO payment_methods VALUES (1, 'ada@example.com', 'A. Example', '4111111111111111', '737'), (2, 'bob@example.com', 'B. Other', '5500000000000004', '411');
INSERT INTO chats VALUES (1, 'ada@example.com', 'bob@example.com', 'Hello there'), (2, 'bob@example.com', 'cid@example.com', 'Not for Ada');
INSERT INTO invoices VALUES (1, 'ada@example.com', '12.50'), (2, 'bob@example.com', '99.00');
";

const HUB: &str = "
dataset:
  - fides_key: hub
    collections:
      - name: payment_methods
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: holder, data_categories: [user.name]}
          - {name: card_number, data_categories: [user.financial.credit_card]}
          - {name: ccv, data_categories: [user.financial.credit_card]}
      - name: chats
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: sender, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: receiver, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: body, data_categories: [user.content]}
      - name: invoices
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: total, data_categories: [user.financial]}
";

/// A controller with the policy that comes along under its name, and its Habeas.
struct Promised {
    controller: &'static str,
    world: World,
    server: Server,
}

impl Promised {
    fn by(controller: &'static str, store: Kind) -> Self {
        Self::configured(controller, store, |_| ())
    }

    /// The same, with more in its configuration.
    fn configured(controller: &'static str, store: Kind, configure: impl FnOnce(&World)) -> Self {
        let file = format!("{}/policies/{controller}.toml", env!("CARGO_MANIFEST_DIR"));
        let policy = std::fs::read_to_string(file).unwrap();
        let world = World::promising(store, Kind::Sqlite, controller, &policy);
        let world = world.with_system(controller, "hub", HUB_SQL, HUB);
        configure(&world);
        let server = Server::start(&world);
        Self { controller, world, server }
    }

    /// What Ada submits, living somewhere.
    fn body(&self, rights: &[&str], residence: Option<&str>, more: Value) -> Value {
        let mut person = json!({ "name": "Ada Example", "email": "ada@example.com" });
        if let Some(residence) = residence {
            person["residence"] = json!(residence);
        }
        let mut body = json!({ "controller": self.controller, "rights": rights, "person": person });
        for (key, value) in more.as_object().cloned().unwrap_or_default() {
            body[key] = value;
        }
        body
    }

    /// Submits; gives the token and the requests.
    fn submit(&self, rights: &[&str], residence: Option<&str>, more: Value) -> (String, Vec<Value>) {
        let body = self.body(rights, residence, more);
        let (status, answer) = self.server.api.call(reqwest::Method::POST, "/v1/requests", None, Some(&body));
        assert_eq!(status, 201, "{answer}");
        (answer["token"].as_str().unwrap().to_owned(), answer["requests"].as_array().unwrap().clone())
    }

    /// Enters what came by post, telephone or mail, as a clerk does.
    fn enter(&self, channel: &str, received: &str, request: Value) -> (String, Vec<Value>) {
        let clerk = self.server.api.sign_in(Role::Clerk);
        let entry = json!({ "channel": channel, "received_at": received, "request": request });
        let (status, answer) = self.server.api.post("/v1/staff/requests", &clerk, entry);
        assert_eq!(status, 201, "{answer}");
        (answer["token"].as_str().unwrap().to_owned(), answer["requests"].as_array().unwrap().clone())
    }

    /// Submits one right and proves the address; gives the token and the id.
    fn proved(&self, right: &str, residence: Option<&str>, more: Value) -> (String, String) {
        let before = self.world.mails("ada@example.com").len();
        let (token, requests) = self.submit(&[right], residence, more);
        let id = requests[0]["id"].as_str().unwrap().to_owned();
        self.prove(&id, &token, before);
        (token, id)
    }

    /// Confirms the code that came after so many mails.
    fn prove(&self, id: &str, token: &str, mails_before: usize) {
        let code = self.world.code_after("ada@example.com", mails_before);
        let path = format!("/v1/requests/{id}/verification/confirmation");
        let (status, answer) = self.server.api.post(&path, token, json!({ "code": code }));
        assert_eq!(status, 200, "{answer}");
    }

    /// Approves and, where staff have to look first, releases; gives the request as staff see it.
    fn carried_out(&self, id: &str) -> Value {
        let staff = self.server.api.sign_in(Role::Officer);
        let done = self.server.api.approve(id, &staff);
        if done["state"] != "awaiting_release" {
            return done;
        }
        let (status, released) = self.server.api.post(&format!("/v1/staff/requests/{id}/release"), &staff, json!({}));
        assert_eq!(status, 200, "{released}");
        released
    }

    /// The day on which one duty of a request is due.
    fn due(request: &Value, duty: &str) -> String {
        let deadline = request["deadlines"].as_array().unwrap().iter().find(|d| d["duty"] == duty);
        deadline.unwrap_or_else(|| panic!("no {duty}: {request}"))["due"].as_str().unwrap().to_owned()
    }

    /// An API key of the company's tools.
    fn key(&self) -> String {
        let admin = self.server.api.sign_in(Role::Admin);
        let body = json!({ "name": "mailing tool", "controller": self.controller });
        let (status, key) = self.server.api.post("/v1/staff/api-keys", &admin, body);
        assert_eq!(status, 201, "{key}");
        key["secret"].as_str().unwrap().to_owned()
    }

    /// What the address must not be used for, as the company's tools hear it.
    fn suppressed(&self) -> Vec<String> {
        let (_, list) = self.server.api.get("/v1/suppressions?email=ada@example.com", &self.key());
        let items = list["items"].as_array().unwrap();
        items.iter().map(|s| s["what"].as_str().unwrap().to_owned()).collect()
    }

    /// The signal of Ada's browser, passed on by the company's site.
    fn signal(&self, residence: Option<&str>) -> Value {
        let mut body = json!({ "controller": self.controller, "email": "ada@example.com" });
        if let Some(residence) = residence {
            body["residence"] = json!(residence);
        }
        let bearer = format!("Bearer {}", self.key());
        let headers = [("content-type", "application/json"), ("sec-gpc", "1"), ("authorization", bearer.as_str())];
        let (status, answer) = self.server.api.raw("/v1/signals/gpc", &headers, body.to_string());
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// The link at the foot of a marketing mail, clicked as a mail program does.
    fn unsubscribe(&self) {
        let (status, link) = self.server.api.get("/v1/unsubscribe-links?email=ada@example.com", &self.key());
        assert_eq!(status, 200, "{link}");
        let url = link["url"].as_str().unwrap();
        let path = &url[url.find("/u/").unwrap()..];
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        assert_eq!(self.server.api.raw(path, &headers, "List-Unsubscribe=One-Click").0, 200);
    }

    /// Waits for a mail to an address that holds a text; gives the mail.
    fn mail(&self, to: &str, text: &str) -> String {
        for _ in 0..500 {
            // Lines of a mail are broken, words are not.
            let flat = |mail: &String| mail.replace("=\r\n", "").replace("\r\n", " ");
            if let Some(mail) = self.world.mails(to).iter().map(flat).find(|mail| mail.contains(text)) {
                return mail;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("no such mail to {to}: {text}\n{}", self.world.mails(to).join("\n"));
    }
}
