//! MindLinkSoft: suppression, paper files, every communication on record, applicants for a job.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::json;

use super::Promised;
use crate::support::world::Kind;

#[rstest]
fn access_and_correction_come_within_the_law_s_month(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("mindlinksoft", store);
    let (_, requests) = company.submit(&["access", "deletion", "restriction"], Some("GB"), json!({}));
    for request in &requests {
        assert_eq!(Promised::due(request, "response"), "2026-12-22", "{request}");
    }
}

#[rstest]
fn paper_is_looked_through_and_every_communication_is_on_record(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("mindlinksoft", store);
    let (token, id) = company.proved("access", Some("GB"), json!({}));
    let api = &company.server.api;
    let staff = api.sign_in(Role::Officer);
    assert_eq!(api.approve(&id, &staff)["state"], "awaiting_release");
    let early = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, json!({}));
    assert_eq!((early.0, &early.1["code"]), (409, &json!("tasks_open")), "{}", early.1);
    let found = json!({ "result": "done", "rows": 1 });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/tasks/1"), &staff, found).0, 200);
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/release"), &staff, json!({})).1["state"], "fulfilled");
    company.mail("ada@example.com", "Files on paper: 1 record of which you get a copy");

    let told = json!({
        "channel": "post", "direction": "out", "at": "2026-11-22T08:00:00Z", "kind": "legal_process_notice", "summary": "Told of the court order.",
    });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/communications"), &staff, told).0, 201);
    api.until(&id, &staff, |request| request["jobs"].as_array().unwrap().is_empty());
    let (_, record) = api.get(&format!("/v1/requests/{id}/letters"), &token);
    let kinds: Vec<_> = record["items"].as_array().unwrap().iter().map(|l| l["kind"].as_str().unwrap()).collect();
    for kind in ["code", "acknowledgement", "completed", "legal_process_notice"] {
        assert!(kinds.contains(&kind), "{record}");
    }
}
