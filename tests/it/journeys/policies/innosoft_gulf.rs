//! Innosoft Gulf: the law decides where the policy is silent; secrets are described, other people's words withheld.

use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::Promised;
use crate::journeys::unzip;
use crate::support::world::Kind;

#[rstest]
fn the_law_of_the_residence_gives_rights_and_dates(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("innosoft-gulf", store);
    for (residence, regime, due) in [
        ("DE", "gdpr", "2026-12-22"),
        ("US-CA", "ccpa", "2027-01-05"),
        ("BR", "lgpd", "2026-12-07"),
        ("US-IA", "us-ia", "2027-02-20"),
    ] {
        let (_, requests) = company.submit(&["access"], Some(residence), json!({}));
        assert_eq!(requests[0]["regime"], regime);
        assert_eq!(Promised::due(&requests[0], "response"), due, "{residence}");
        assert_eq!(requests[0]["regime_reason"], "it is the law where the person lives");
    }
    // Where no law gives a right, and the policy promises none, there is none but the opt-out.
    let body = company.body(&["access"], None, json!({}));
    let (status, refused) = company.server.api.call(Method::POST, "/v1/requests", None, Some(&body));
    assert_eq!((status, &refused["code"]), (422, &json!("right_not_offered")));
    assert!(refused["detail"].as_str().unwrap().ends_with("offered are opt_out"), "{refused}");
}

#[rstest]
fn advertising_and_analytics_end_for_everybody(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("innosoft-gulf", store);
    let opt_outs = json!({ "opt_out_of": ["targeted_advertising", "profiling"] });
    let (_, requests) = company.submit(&["opt_out"], None, opt_outs);
    assert_eq!(requests[0]["state"], "fulfilled", "{}", requests[0]);
    assert_eq!(company.suppressed(), ["profiling", "targeted_advertising"]);
}

#[rstest]
fn secrets_are_described_and_other_peoples_messages_withheld(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("innosoft-gulf", store);
    let (token, id) = company.proved("access", Some("DE"), json!({}));
    let api = &company.server.api;
    let staff = api.sign_in(Role::Reviewer);
    let prepared = api.approve(&id, &staff);
    assert_eq!(prepared["state"], "awaiting_release", "the policy has staff look first");
    assert!(prepared["guidance"]["notes"][0].as_str().unwrap().contains("other people"), "{prepared}");
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/release"), &staff, Value::Null).0, 200);

    let files = unzip(api.package(&id, &token));
    let all: String = files.values().map(String::as_str).collect();
    for secret in ["4111111111111111", "secret", "bob@example.com", "Not for Ada"] {
        assert!(!all.contains(secret), "the package holds {secret}");
    }
    let cards = &files["data/hub/payment_methods.csv"];
    assert!(!cards.contains("737"), "{cards}");
    assert_eq!(cards.matches("[held, not disclosed]").count(), 2, "card and code are told, not shown: {cards}");
    assert!(files["data/shop/customers.csv"].contains("[held, not disclosed]"), "so is the password");
    let chats = &files["data/hub/chats.csv"];
    assert!(chats.contains("Hello there") && chats.contains("withheld"), "her words, not his address: {chats}");
}

#[rstest]
fn a_browsers_signal_is_an_opt_out(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("innosoft-gulf", store);
    let honoured = company.signal(None);
    assert_eq!(honoured["honoured"], true, "for everybody, law or not: {honoured}");
    assert_eq!(company.suppressed(), ["sale", "sharing", "targeted_advertising"]);
    let page = reqwest::blocking::Client::new()
        .get(format!("{}/privacy/innosoft-gulf", company.server.api.url))
        .header("sec-gpc", "1")
        .send()
        .unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().unwrap().contains("Opt-out request honored"), "and the page shows it");
}
