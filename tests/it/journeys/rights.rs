//! The rights beside copy, deletion and correction: kinds of data, standing marks, decisions by machine, ranges, and
//! those who have to hear of it.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::unzip;
use crate::support::server::{Api, Server};
use crate::support::world::{Kind, World};

const POLICY: &str = r#"
name = "Example Shop GmbH"
postal_address = "Lindenweg 1, 10115 Berlin"
privacy_email = "privacy@shop.example"
country = "DE"
time_zone = "Europe/Berlin"
rights = ["access", "categories", "deletion", "restriction", "limit_sensitive", "automated_decision"]

[[purposes]]
text = "To deliver what was ordered"
categories = ["user.contact", "user.name"]
legal_basis = "contract"

[[purposes]]
text = "To keep addresses right"
categories = ["user.contact.address"]
source = "public registers"

[[recipients]]
name = "Example Parcels AG"
role = "carrier"
contact = "privacy@parcels.example"
categories = ["user.contact.address"]

[[recipients]]
name = "Example Friends"
role = "affiliate"
categories = ["user.contact.email"]

[[retention]]
text = "Addresses stay for a year"
categories = ["user.contact.address"]
"#;

fn world(store: Kind, company: Kind, more: &str) -> World {
    let world = World::new(store, company);
    world.write("policy.toml", &format!("{POLICY}{more}"));
    world
}

/// A request of Ada's, confirmed; gives the token and its id.
fn confirmed(api: &Api, world: &World, right: &str, more: Value) -> (String, String) {
    let (token, ids) = api.submit(&[right], more);
    api.confirm(world, &ids[0], &token);
    (token, ids[0].clone())
}

fn key(api: &Api) -> String {
    let admin = api.sign_in(Role::Admin);
    let (status, key) = api.post("/v1/staff/api-keys", &admin, json!({ "name": "tool", "controller": "shop" }));
    assert_eq!(status, 201, "{key}");
    key["secret"].as_str().unwrap().to_owned()
}

/// What tools must not use Ada's address for.
fn suppressed(api: &Api, key: &str) -> Vec<String> {
    let (status, found) = api.get("/v1/suppressions?email=ADA@example.com", key);
    assert_eq!(status, 200, "{found}");
    found["items"].as_array().unwrap().iter().map(|s| s["what"].as_str().unwrap().to_owned()).collect()
}

/// The newest mail to an address with that in it, unbroken, waiting for it to arrive.
fn mail(world: &World, to: &str, with: &str) -> String {
    let flat = |mail: String| mail.replace("=\r\n", "").replace("\r\n", " ");
    for _ in 0..600 {
        if let Some(mail) = world.mails(to).into_iter().map(flat).rev().find(|m| m.contains(with)) {
            return mail;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("no mail to {to} says {with}: {:?}", world.mails(to));
}

#[rstest]
fn categories_name_kinds_and_never_a_value(
    #[values(Kind::Sqlite, Kind::Postgres)] store: Kind,
    #[values(Kind::Sqlite, Kind::Postgres)] company: Kind,
) {
    let world = world(store, company, "");
    let before = world.rows();
    let Server { api, .. } = &Server::start(&world);
    let (token, id) = confirmed(api, &world, "categories", json!({}));
    let staff = api.sign_in(Role::Reviewer);
    let (_, plan) = api.get(&format!("/v1/staff/requests/{id}/plan"), &staff);
    assert_eq!(
        plan["without_purpose"],
        json!([
            "user.authorization.password",
            "user.behavior",
            "user.content",
            "user.device.ip_address",
            "user.unique_id"
        ]),
        "{plan}"
    );
    let done = api.approve(&id, &staff);
    assert_eq!(done["state"], "fulfilled", "{done}");
    assert!(done["outcome"]["lines"].as_array().unwrap().iter().all(|l| l["action"] == "described"));

    let files = unzip(api.package(&id, &token));
    insta::allow_duplicates! {
        insta::assert_snapshot!(files["categories.csv"].replace('\r', ""), @"
        category,name,sensitive,held_in,rows,purposes,legal_bases,sources,recipients,retention
        user.authorization.password,Sign-in details (password),true,shop.customers,1,,,you,,
        user.behavior,How you use our services,false,shop.customers,1,,,you,,
        user.contact.address,Address,false,shop.customers; shop.orders,3,To deliver what was ordered; To keep addresses right,contract,you; public registers,Example Parcels AG (carrier),Addresses stay for a year
        user.contact.address.street,Street address,false,shop.addresses,2,To deliver what was ordered; To keep addresses right,contract,you; public registers,Example Parcels AG (carrier),Addresses stay for a year
        user.contact.email,E-mail address,false,shop.customers; shop.newsletter,3,To deliver what was ordered,contract,you,Example Friends (affiliate),
        user.contact.phone_number,Telephone number,false,shop.customers,1,To deliver what was ordered,contract,you,,
        user.content,What you wrote or uploaded,false,desk.messages; desk.tickets; shop.orders,5,,,you,,
        user.device.ip_address,Internet (IP) address,false,shop.page_views,1,,,you,,
        user.name,Name,false,shop.customers,1,To deliver what was ordered,contract,you,,
        user.unique_id,Identifiers we gave you,false,desk.tickets; shop.customers; shop.orders; shop.page_views,6,,,you,,
        ");
    }
    let all: String = files.values().map(String::as_str).collect();
    for value in ["ada@", "Ada@", "901820", "Spoon", "Alone Street", "ring twice", "192.0.2.1", "secret", "eve@"] {
        assert!(!all.contains(value), "the package holds {value}");
    }
    mail(&world, "ada@example.com", "index.html");
    assert_eq!(world.rows(), before, "it changes nothing");
}

#[rstest]
fn a_restriction_is_marked_told_and_lifted(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = world(store, Kind::Sqlite, "");
    let Server { api, .. } = &Server::start(&world);
    let (token, id) = confirmed(api, &world, "restriction", json!({ "details": "while you check my address" }));
    let (staff, key) = (api.sign_in(Role::Reviewer), key(api));
    let (_, plan) = api.get(&format!("/v1/staff/requests/{id}/plan"), &staff);
    assert_eq!(plan["mark"], "processing_restricted", "{plan}");
    assert_eq!((&plan["notified"], &plan["to_notify"]), (&json!(["Example Parcels AG"]), &json!(["Example Friends"])));
    assert!(suppressed(api, &key).is_empty());
    assert_eq!(api.approve(&id, &staff)["state"], "fulfilled");
    assert_eq!(suppressed(api, &key), ["processing_restricted"]);

    let told = api.until(&id, &staff, |r| r["outcome"]["notified"].is_array());
    assert_eq!(told["outcome"]["notified"], json!(["Example Parcels AG"]), "{told}");
    assert_eq!(told["outcome"]["to_notify"], json!(["Example Friends"]));
    let notice = mail(&world, "privacy@parcels.example", "restricted the use");
    assert!(notice.contains("ada@example.com") && !notice.contains("while you check"), "{notice}");
    assert_eq!(world.mails("privacy@parcels.example").len(), 1, "once");
    assert!(mail(&world, "ada@example.com", "keep your data").contains("Example Parcels AG"));

    let lifting = format!("/v1/staff/requests/{id}/lifting");
    assert_eq!(api.post(&lifting, &staff, json!({ "reason": " " })).0, 422);
    let (status, _) = api.post(&lifting, &staff, json!({ "reason": "Your address is right now." }));
    assert_eq!(status, 200);
    let lifted = api.until(&id, &staff, |r| r["outcome"]["lifting"]["lifted_at"].is_string());
    assert_eq!(lifted["state"], "fulfilled");
    assert!(mail(&world, "ada@example.com", "restriction ends").contains("Your address is right now."));
    assert!(suppressed(api, &key).is_empty());
    let (status, again) = api.post(&lifting, &staff, json!({ "reason": "again" }));
    assert_eq!((status, &again["code"]), (409, &json!("already_lifted")));
    let (_, request) = api.get(&format!("/v1/requests/{id}"), &token);
    assert_eq!(request["outcome"]["marked"], "processing_restricted", "the record of it stays: {request}");
}

#[rstest]
fn limits_on_sensitive_data_are_honoured_without_proof_and_stay(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = world(store, Kind::Sqlite, "");
    let Server { api, .. } = &Server::start(&world);
    let person = json!({ "name": "Ada", "email": "ada@example.com", "residence": "US-CA" });
    let (token, ids) = api.submit(&["limit_sensitive"], json!({ "person": person }));
    let (_, request) = api.get(&format!("/v1/requests/{}", ids[0]), &token);
    assert_eq!((&request["state"], &request["outcome"]["marked"]), (&json!("fulfilled"), &json!("sensitive_limited")));
    let key = key(api);
    assert_eq!(suppressed(api, &key), ["sensitive_limited"]);
    assert!(mail(&world, "ada@example.com", "sensitive data is limited").contains("Sign-in details"));
    let staff = api.sign_in(Role::Officer);
    let (_, plan) = api.get(&format!("/v1/staff/requests/{}/plan", ids[0]), &staff);
    assert_eq!(plan["sensitive"][0]["collection"], "customers", "{plan}");
    let (status, stays) =
        api.post(&format!("/v1/staff/requests/{}/lifting", ids[0]), &staff, json!({ "reason": "no" }));
    assert_eq!((status, &stays["code"]), (409, &json!("mark_stays")));
}

#[rstest]
fn objection_and_withdrawn_consent_are_staffs_to_honour(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = world(store, Kind::Sqlite, "");
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["objection", "withdraw_consent"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let (staff, key) = (api.sign_in(Role::Reviewer), key(api));
    for id in &ids {
        assert_eq!(api.approve(id, &staff)["state"], "fulfilled");
    }
    assert_eq!(suppressed(api, &key), ["consent_withdrawn", "objection"]);
    mail(&world, "ada@example.com", "objection is honoured");
    mail(&world, "ada@example.com", "consent has ended");
}

#[rstest]
fn no_decision_by_machine_is_an_answer(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let statement = "[automated_decisions]\nstatement = \"No decision about you is taken by machine alone.\"\n";
    let world = world(store, Kind::Sqlite, statement);
    let Server { api, .. } = &Server::start(&world);
    let (token, id) = confirmed(api, &world, "automated_decision", json!({}));
    let staff = api.sign_in(Role::Reviewer);
    assert_eq!(api.approve(&id, &staff)["state"], "fulfilled");
    let (_, request) = api.get(&format!("/v1/requests/{id}"), &token);
    assert_eq!(request["outcome"]["kind"], "fulfilled");
    assert_eq!(request["outcome"]["statements"], json!(["No decision about you is taken by machine alone."]));
    mail(&world, "ada@example.com", "by machine alone");
}

#[test]
fn a_decision_by_machine_is_looked_at_by_a_person() {
    let decisions = "[automated_decisions]\nstatement = \"Credit is decided by machine.\"\n\
        [[automated_decisions.decisions]]\nname = \"Credit\"\nlogic = \"Open invoices are held against a limit.\"\n";
    let world = world(Kind::Sqlite, Kind::Sqlite, decisions);
    let Server { api, .. } = &Server::start(&world);
    let (token, id) = confirmed(api, &world, "automated_decision", json!({}));
    let staff = api.sign_in(Role::Reviewer);
    assert_eq!(api.approve(&id, &staff)["state"], "awaiting_release");
    let release = format!("/v1/staff/requests/{id}/release");
    let (status, refused) = api.post(&release, &staff, Value::Null);
    assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/answer")), "{refused}");
    let (status, _) = api.post(&release, &staff, json!({ "answer": "We looked again: you can pay by invoice." }));
    assert_eq!(status, 200);
    let (_, request) = api.get(&format!("/v1/requests/{id}"), &token);
    assert_eq!(request["outcome"]["answer"], "We looked again: you can pay by invoice.");
    let letter = mail(&world, "ada@example.com", "pay by invoice");
    assert!(letter.contains("held against a limit"), "{letter}");
    let (_, entries) = api.get(&format!("/v1/staff/requests/{id}/entries"), &staff);
    assert!(!entries.to_string().contains("invoice"), "the trail holds no words to the person");
}

#[rstest]
fn a_deletion_is_told_to_recipients_and_nothing_found_is_not(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = world(store, Kind::Sqlite, "");
    let Server { api, .. } = &Server::start(&world);
    let (_, id) = confirmed(api, &world, "deletion", json!({}));
    let staff = api.sign_in(Role::Officer);
    let done = api.approve(&id, &staff);
    if done["state"] == "awaiting_release" {
        api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    }
    api.until(&id, &staff, |r| r["outcome"]["notified"].is_array());
    assert!(mail(&world, "privacy@parcels.example", "please delete").contains("ada@example.com"));

    let nobody = json!({ "person": { "name": "No Body", "email": "no@example.com.example", "residence": "DE" } });
    let (token, ids) = api.submit(&["deletion"], nobody);
    let code = world.code("no@example.com.example", "");
    api.post(&format!("/v1/requests/{}/verification/confirmation", ids[0]), &token, json!({ "code": code }));
    api.approve(&ids[0], &staff);
    api.post(&format!("/v1/staff/requests/{}/release", ids[0]), &staff, Value::Null);
    mail(&world, "no@example.com.example", "found");
    assert_eq!(world.mails("privacy@parcels.example").len(), 1, "nothing was done, so nobody is told");
}

#[rstest]
fn a_range_leaves_out_what_is_dated_and_says_so(#[values(Kind::Sqlite, Kind::Postgres)] company: Kind) {
    let world = world(Kind::Sqlite, company, "");
    world.execute("shop", "ALTER TABLE page_views ADD COLUMN seen_at TEXT");
    world.execute("shop", "UPDATE page_views SET seen_at = '2025-03-01T10:00:00Z' WHERE id = 1");
    let dataset = std::fs::read_to_string(world.path().join("shop.yml")).unwrap();
    let path = "          - {name: path, data_categories: [system.operations]}\n";
    let dated = "          - {name: seen_at, data_categories: [system.operations], fides_meta: {collected_at: true}}\n";
    world.write("shop.yml", &dataset.replace(path, &format!("{path}{dated}")));
    let Server { api, .. } = &Server::start(&world);
    let (token, id) = confirmed(api, &world, "access", json!({ "range": { "from": "2026-01-01" } }));
    let staff = api.sign_in(Role::Reviewer);
    let (_, plan) = api.get(&format!("/v1/staff/requests/{id}/plan"), &staff);
    let of =
        |name: &str| plan["collections"].as_array().unwrap().iter().find(|c| c["collection"] == name).unwrap().clone();
    assert_eq!(of("page_views")["range"], json!({ "by": "seen_at", "outside": 1 }), "{plan}");
    assert_eq!(of("page_views")["counts"]["own"], 1);
    assert_eq!(of("orders")["range"], json!({ "by": null, "outside": 0 }));
    api.approve(&id, &staff);
    api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null);
    let files = unzip(api.package(&id, &token));
    let views = &files["data/shop/page_views.csv"];
    assert!(views.lines().count() == 2 && views.contains("/spoon"), "the row without a date stays: {views}");
    assert_eq!(files["data/shop/orders.csv"].lines().count(), 3, "orders have no date: whole");
    let page = &files["index.html"];
    assert!(page.contains("1 row of another time is left out") && page.contains("so you get all of them"));
    assert!(page.contains("To keep addresses right") && page.contains("public registers"), "why and from where");
    let letter = mail(&world, "ada@example.com", "package is ready");
    assert!(letter.contains("since 2026-01-01"), "{letter}");
}
