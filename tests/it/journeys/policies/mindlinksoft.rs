//! MindLinkSoft: suppression, paper files, every communication on record, applicants for a job.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::json;

use super::Promised;
use crate::support::world::Kind;

#[rstest]
fn answers_come_within_the_law_s_month(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("mindlinksoft", store);
    let (_, requests) = company.submit(&["access", "deletion", "restriction"], Some("GB"), json!({}));
    for request in &requests {
        assert_eq!(Promised::due(request, "response"), "2026-12-22", "{request}");
    }
}

#[rstest]
fn newsletters_end_with_the_link_in_every_mail(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("mindlinksoft", store);
    company.unsubscribe();
    assert_eq!(company.suppressed(), ["marketing"]);
}

#[rstest]
fn paper_files_are_looked_through_before_the_answer_goes_out(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("mindlinksoft", store);
    // An applicant for a job is a person like any other: what there is of them may be on paper alone.
    let (token, id) = company.proved("access", Some("GB"), json!({ "details": "I applied for a job in 2024." }));
    let api = &company.server.api;
    let staff = api.sign_in(Role::Officer);
    let prepared = api.approve(&id, &staff);
    assert_eq!(prepared["state"], "awaiting_release", "{prepared}");
    let release = format!("/v1/staff/requests/{id}/release");
    assert_eq!(api.post(&release, &staff, json!({})).1["code"], "tasks_open");
    let (_, open) = api.get("/v1/staff/tasks?open=true", &staff);
    assert_eq!((&open["items"][0]["name"], &open["items"][0]["due"]), (&json!("Paper files"), &json!("2026-12-06")));
    let clerk = api.sign_in(Role::Clerk);
    let done = json!({ "result": "done", "rows": 2, "note": "An application and a letter: copies are in the post." });
    let (status, task) = api.post(&format!("/v1/staff/requests/{id}/tasks/1"), &clerk, done);
    assert_eq!(status, 200, "{task}");
    assert_eq!(api.post(&release, &staff, json!({})).0, 200);
    let (_, request) = api.get(&format!("/v1/requests/{id}"), &token);
    let lines = request["outcome"]["lines"].as_array().unwrap();
    assert!(lines.iter().any(|l| l["collection"] == "Paper files" && l["rows"] == 2), "{request}");
}

#[rstest]
fn data_is_suppressed_and_kept(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("mindlinksoft", store);
    let before = company.world.rows();
    let (_, id) = company.proved("restriction", Some("GB"), json!({}));
    let api = &company.server.api;
    let staff = api.sign_in(Role::Officer);
    api.approve(&id, &staff);
    let task = json!({ "result": "nothing_held" });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/tasks/1"), &staff, task).0, 200);
    api.post(&format!("/v1/staff/requests/{id}/release"), &staff, json!({}));
    assert_eq!(api.settled(&id, &staff)["state"], "fulfilled");
    assert_eq!(company.suppressed(), ["processing_restricted"]);
    assert_eq!(company.world.rows(), before, "restricted is not deleted");
}

#[rstest]
fn every_communication_is_on_record(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("mindlinksoft", store);
    let (_, id) = company.proved("access", Some("GB"), json!({}));
    let api = &company.server.api;
    let clerk = api.sign_in(Role::Clerk);
    let path = format!("/v1/staff/requests/{id}/communications");
    let call = json!({
        "channel": "phone", "direction": "in", "at": "2026-11-22T09:30:00Z", "summary": "Asked how long it takes.",
    });
    assert_eq!(api.post(&path, &clerk, call).0, 201);
    // Data had to be handed over in a legal process: the person is told, and that is on record as well.
    let notice = json!({
        "channel": "post", "direction": "out", "at": "2026-11-21T12:00:00Z", "summary": "Told of the court's order.",
        "kind": "legal_process_notice",
    });
    assert_eq!(api.post(&path, &clerk, notice).0, 201);
    company.mail("ada@example.com", "We received your request");
    api.until(&id, &clerk, |r| r["jobs"].as_array().unwrap().is_empty());
    let (_, record) = api.get(&format!("/v1/staff/requests/{id}/letters"), &clerk);
    let kinds: Vec<_> = record["items"].as_array().unwrap().iter().map(|l| l["kind"].as_str().unwrap()).collect();
    for kind in ["code", "acknowledgement", "legal_process_notice"] {
        assert!(kinds.contains(&kind), "{kind}: {record}");
    }
    assert!(record.to_string().contains("Asked how long it takes."));
}

#[rstest]
fn a_complaint_is_heard(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("mindlinksoft", store);
    let (token, id) = company.proved(
        "correction",
        Some("GB"),
        json!({
            "corrections": [{ "dataset": "shop", "collection": "customers", "field": "name", "requested": "Ada E." }],
        }),
    );
    let api = &company.server.api;
    let reviewer = api.sign_in(Role::Reviewer);
    let denial = json!({ "ground": "data_accurate", "explanation": "The register says otherwise." });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/denial"), &reviewer, denial).0, 200);
    let letter = company.mail("ada@example.com", "The register says otherwise.");
    assert!(letter.contains("Information Commissioner") && letter.contains("complain"), "{letter}");
    let (status, filed) =
        api.post(&format!("/v1/requests/{id}/appeal"), &token, json!({ "grounds": "It is my name." }));
    assert_eq!((status, &filed["appeal"]["state"]), (200, &json!("open")), "{filed}");
    assert_eq!(Promised::due(&filed, "acknowledgement"), "2026-12-22", "30 days to acknowledge it");
}
