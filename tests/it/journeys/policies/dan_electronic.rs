//! DAN electronic: a processor's referrals, retention for audits, mail ended three ways, need to know.

use habeas::domain::staff::Role;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::Promised;
use crate::support::world::Kind;

#[rstest]
fn a_customers_end_user_is_referred_to_the_customer(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("dan-electronic", store);
    let (token, id) = company.proved("deletion", Some("BG"), json!({ "details": "I am in the directory of a firm." }));
    let staff = company.server.api.sign_in(Role::Reviewer);
    let (_, whole) = company.server.api.get(&format!("/v1/staff/requests/{id}"), &staff);
    assert!(whole.to_string().contains("who keeps your data in our service"), "the policy has the words: {whole}");
    let referral = json!({ "to": "Example Dental Practice", "explanation": "They keep your data in our service." });
    let (status, referred) = company.server.api.post(&format!("/v1/staff/requests/{id}/referral"), &staff, referral);
    assert_eq!((status, &referred["state"]), (200, &json!("referred")), "{referred}");
    let (_, seen) = company.server.api.get(&format!("/v1/requests/{id}"), &token);
    assert_eq!(seen["outcome"]["referred_to"], "Example Dental Practice");
    company.mail("ada@example.com", "They keep your data in our service.");
}

#[rstest]
fn mail_ends_by_mail_and_by_post_from_the_day_it_arrived(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("dan-electronic", store);
    let body = company.body(&["opt_out"], Some("BG"), json!({ "opt_out_of": ["marketing"] }));
    let (_, by_mail) = company.enter("email", "2026-11-20T08:00:00Z", body.clone());
    let (_, by_post) = company.enter("post", "2026-11-19T08:00:00Z", body);
    for (requests, received) in [(by_mail, "2026-11-20"), (by_post, "2026-11-19")] {
        assert_eq!(requests[0]["state"], "fulfilled");
        assert!(requests[0]["received_at"].as_str().unwrap().starts_with(received));
    }
    assert_eq!(company.suppressed(), ["marketing"]);
    let letter = company.mail("ada@example.com", "Your opt-out is honoured");
    assert!(letter.contains("an opt-out there is asked for there"), "affiliates answer for themselves: {letter}");
}

#[rstest]
fn a_correction_is_made_within_the_law_s_month(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("dan-electronic", store);
    let corrections = json!([{ "dataset": "shop", "collection": "customers", "field": "name", "requested": "Ada E." }]);
    let (_, id) = company.proved("correction", Some("BG"), json!({ "corrections": corrections }));
    let done = company.carried_out(&id);
    assert_eq!(done["state"], "fulfilled", "{done}");
    assert_eq!(Promised::due(&done, "response"), "2026-12-22");
    assert_eq!(company.world.query("shop", "SELECT name FROM customers WHERE id = 1"), "Ada E.");
}

#[rstest]
fn staff_see_what_they_need_to_know(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("dan-electronic", store);
    let (_, id) = company.proved("access", Some("BG"), json!({}));
    let api = &company.server.api;
    let path = format!("/v1/staff/requests/{id}");
    assert_eq!(api.get(&path, &api.sign_in(Role::Admin)).0, 403, "who runs the machine reads no request");
    let approval = format!("{path}/approval");
    assert_eq!(api.post(&approval, &api.sign_in(Role::Clerk), json!({})).0, 403, "who enters does not decide");
    assert_eq!(api.post(&approval, &api.sign_in(Role::Auditor), json!({})).0, 403, "who audits changes nothing");
    assert_eq!(api.call(Method::GET, &path, None, None).0, 401);
}

#[rstest]
fn mail_ends_by_the_link_in_it_and_service_mail_goes_on(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("dan-electronic", store);
    company.unsubscribe();
    assert_eq!(company.suppressed(), ["marketing"]);
    // A code is a service message: it comes all the same.
    company.proved("access", Some("BG"), json!({}));
}

#[rstest]
fn what_an_audit_needs_is_kept_and_said(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("dan-electronic", store);
    let (token, id) = company.proved("deletion", Some("BG"), json!({}));
    let api = &company.server.api;
    let staff = api.sign_in(Role::Officer);
    let (_, whole) = api.get(&format!("/v1/staff/requests/{id}"), &staff);
    assert!(whole["guidance"]["retention"].to_string().contains("audits"), "{whole}");
    let kept = json!({ "dataset": "hub", "collection": "invoices", "ground": "legal_obligation", "explanation": "An audit is open." });
    let (status, approved) =
        api.post(&format!("/v1/staff/requests/{id}/approval"), &staff, json!({ "except": [kept] }));
    assert_eq!(status, 200, "{approved}");
    assert_eq!(api.settled(&id, &staff)["state"], "awaiting_release");
    let (_, released) = api.post(&format!("/v1/staff/requests/{id}/release"), &staff, json!({}));
    assert_eq!(released["state"], "partially_fulfilled", "{released}");
    assert_eq!(company.world.query("hub", "SELECT count(*) FROM invoices"), "2", "the invoice stays");
    assert_eq!(company.world.query("shop", "SELECT count(*) FROM customers WHERE id = 1"), "0", "the rest is gone");
    let letter = company.mail("ada@example.com", "An audit is open.");
    assert!(letter.contains("tax laws") && letter.contains("complain"), "{letter}");
    assert_eq!(api.get(&format!("/v1/requests/{id}"), &token).1["outcome"]["kind"], "partially_fulfilled");
}

#[rstest]
fn a_guardian_asks_for_a_child(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("dan-electronic", store);
    let agent = json!({ "name": "Grace Example", "email": "grace@example.com", "authorization_kind": "guardian" });
    let (token, requests) = company.submit(&["deletion"], Some("BG"), json!({ "agent": agent }));
    let id = requests[0]["id"].as_str().unwrap();
    assert_eq!(requests[0]["state"], "awaiting_authorization");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/pdf")];
    let api = &company.server.api;
    let path = format!("/v1/requests/{id}/authorization?kind=guardian");
    assert_eq!(api.raw(&path, &headers, b"%PDF-1.7\nbirth certificate\n%%EOF\n".to_vec()).0, 201);
    let staff = api.sign_in(Role::Reviewer);
    let decision = json!({ "decision": "accept" });
    let (status, accepted) = api.post(&format!("/v1/staff/requests/{id}/authorization"), &staff, decision);
    assert_eq!((status, &accepted["state"]), (200, &json!("in_review")), "{accepted}");
}
