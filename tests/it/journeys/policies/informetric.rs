//! Informetric: eight rights for everybody by written notice, recipients told, public sources named.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::json;

use super::Promised;
use crate::journeys::unzip;
use crate::support::world::Kind;

#[rstest]
fn eight_rights_by_written_notice_with_the_day_it_arrived(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("informetric", store);
    let all =
        ["access", "portability", "correction", "deletion", "restriction", "objection", "opt_out", "withdraw_consent"];
    let corrections = json!([{ "dataset": "shop", "collection": "customers", "field": "name", "requested": "Ada E." }]);
    for (channel, residence) in [("email", Some("FR")), ("post", None), ("phone", Some("US-TX"))] {
        let body = company.body(&all, residence, json!({ "corrections": corrections }));
        let (_, requests) = company.enter(channel, "2026-11-13T09:00:00Z", body);
        assert_eq!(requests.len(), 8, "every right the policy names, whatever the law: {channel}");
        let access = requests.iter().find(|r| r["right"] == "access").unwrap();
        // Friday 13 November: a month ends on a Sunday, 45 days on 28 December.
        let due = if residence == Some("FR") { "2026-12-14" } else { "2026-12-28" };
        assert_eq!(Promised::due(access, "response"), due, "counted from the day of arrival: {access}");
    }
    let staff = company.server.api.sign_in(Role::Auditor);
    let log = company.server.api.send(reqwest::Method::GET, "/v1/staff/export.csv", Some(&staff), None).text().unwrap();
    for channel in ["email", "post", "phone"] {
        assert_eq!(log.matches(&format!(",{channel},")).count(), 8, "{log}");
    }
}

#[rstest]
fn a_refusal_names_the_supervisory_authority(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("informetric", store);
    let (_, id) = company.proved("objection", Some("GB"), json!({}));
    let staff = company.server.api.sign_in(Role::Reviewer);
    let denial = json!({ "ground": "compelling_grounds", "explanation": "A dispute with you is open." });
    let (status, denied) = company.server.api.post(&format!("/v1/staff/requests/{id}/denial"), &staff, denial);
    assert_eq!((status, &denied["state"]), (200, &json!("denied")), "{denied}");
    let letter = company.mail("ada@example.com", "A dispute with you is open.");
    assert!(letter.contains("Information Commissioner"), "{letter}");
}

#[rstest]
fn marketing_ends_without_proof(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("informetric", store);
    let (_, requests) = company.submit(&["opt_out"], Some("FR"), json!({ "opt_out_of": ["marketing"] }));
    assert_eq!(requests[0]["state"], "fulfilled");
    assert_eq!(company.suppressed(), ["marketing"]);
    let letter = company.mail("ada@example.com", "Your opt-out is honoured");
    assert!(letter.contains("are not marketing, and go on"), "what goes on is said: {letter}");
}

#[rstest]
fn who_received_the_data_hears_of_it(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("informetric", store);
    for (right, mark) in [
        ("restriction", "processing_restricted"),
        ("objection", "objection"),
        ("withdraw_consent", "consent_withdrawn"),
    ] {
        let (_, id) = company.proved(right, Some("FR"), json!({}));
        company.carried_out(&id);
        let staff = company.server.api.sign_in(Role::Auditor);
        let done = company.server.api.until(&id, &staff, |r| r["outcome"]["notified"].is_array());
        assert_eq!(done["state"], "fulfilled", "{done}");
        assert!(company.suppressed().contains(&mark.to_owned()), "{mark}");
        let notified = done["outcome"]["notified"].to_string();
        assert!(notified.contains("Affiliates") && notified.contains("Constant Contact"), "{done}");
    }
    assert!(!company.world.mails("affiliates@informetric.example").is_empty());
    assert!(!company.world.mails("privacy@mailing.example").is_empty());
}

#[rstest]
fn a_copy_names_public_sources(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("informetric", store);
    let (token, id) = company.proved("access", Some("FR"), json!({}));
    company.carried_out(&id);
    let files = unzip(company.server.api.package(&id, &token));
    let page = &files["index.html"];
    for told in ["publicly available sources", "Constant Contact", "Google Analytics", "legitimate interest"] {
        assert!(page.contains(told), "the package does not tell: {told}");
    }
}
