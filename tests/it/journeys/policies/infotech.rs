//! InfoTech: the rights of residents of the United States' states.

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::json;

use super::Promised;
use crate::journeys::unzip;
use crate::support::receiver::Receiver;
use crate::support::world::Kind;

#[rstest]
fn a_copy_comes_as_csv(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let (token, id) = company.proved("portability", Some("US-UT"), json!({}));
    let done = company.carried_out(&id);
    assert_eq!(done["state"], "fulfilled", "{done}");
    let files = unzip(company.server.api.package(&id, &token));
    assert!(files["data/shop/customers.csv"].contains("Ada@Example.com"));
}

#[rstest]
fn a_copy_goes_to_another_company(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let intake = Receiver::start(&[]);
    let company = Promised::configured("infotech", store, |world| intake.allow(world));
    let (token, id) = company.proved("portability", Some("US-UT"), json!({ "transmit_to": intake.url }));
    let api = &company.server.api;
    let officer = api.sign_in(Role::Officer);
    let approved = api.post(&format!("/v1/staff/requests/{id}/approval"), &officer, json!({ "transmit": true }));
    assert_eq!(approved.0, 200, "{}", approved.1);
    assert_eq!(api.settled(&id, &officer)["state"], "awaiting_release", "staff look first, as the policy says");
    assert!(intake.received().is_empty(), "and nothing leaves before");
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/release"), &officer, json!({})).0, 200);
    assert_eq!(api.settled(&id, &officer)["state"], "fulfilled");
    assert_eq!(intake.received()[0].body, api.package(&id, &token), "the person has the same");
    company.mail("ada@example.com", "it was taken there");
}

#[rstest]
fn by_telephone_from_the_moment_of_the_call(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let body = company.body(&["deletion"], Some("US-CO"), json!({}));
    let (_, requests) = company.enter("phone", "2026-11-10T17:30:00Z", body);
    assert_eq!(Promised::due(&requests[0], "response"), "2026-12-25", "{}", requests[0]);
}

#[rstest]
fn what_was_collected_and_disclosed_in_twelve_months(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let (token, id) = company.proved("categories", Some("US-CA"), json!({}));
    let done = company.carried_out(&id);
    assert_eq!(done["state"], "fulfilled", "{done}");
    let files = unzip(company.server.api.package(&id, &token));
    let all: String = files.values().map(String::as_str).collect();
    for told in ["Insight and advertising vendors", "To manage orders and take payment", "business partners, cookies"] {
        assert!(all.contains(told), "the answer does not tell: {told}");
    }
    assert!(!all.contains("ada@example.com") && !all.contains("4111111111111111"), "kinds, never values");
}

#[rstest]
fn name_and_address_are_matched_before_more_is_asked(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let person = json!({ "name": "Ada", "email": "ada@example.com", "residence": "US-CO" });
    let (_, id) = company.proved("access", None, json!({ "person": person }));
    let staff = company.server.api.sign_in(Role::Reviewer);
    let known = company.server.api.until(&id, &staff, |r| r["verification"]["reached"] == "reasonable");
    assert_eq!(known["verification"]["methods"], json!(["email_code", "name_match"]), "{known}");
}

#[rstest]
fn an_agent_may_ask_in_utah_as_promised(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let agent = json!({ "name": "Grace Agency", "email": "grace@agency.example" });
    let (_, requests) = company.submit(&["access"], Some("US-UT"), json!({ "agent": agent }));
    assert_eq!(requests[0]["state"], "awaiting_authorization");
    assert_eq!(requests[0]["authorization"]["by"], "promise", "Utah's law has no agents: {}", requests[0]);
    let body = company.body(&["access"], Some("US-VA"), json!({ "agent": agent }));
    let (status, refused) = company.server.api.call(reqwest::Method::POST, "/v1/requests", None, Some(&body));
    assert_eq!(status, 422, "neither law nor promise gives an agent in Virginia: {refused}");
}

#[rstest]
fn a_denial_in_colorado_can_be_appealed(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let (token, id) = company.proved("deletion", Some("US-CO"), json!({ "details": "My posts in your blog." }));
    let api = &company.server.api;
    let (reviewer, officer) = (api.sign_in(Role::Reviewer), api.sign_in(Role::Officer));
    let denial = json!({ "ground": "legal_claims", "explanation": "Your post is evidence in a dispute." });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/denial"), &reviewer, denial).0, 200);
    let letter = company.mail("ada@example.com", "Your post is evidence in a dispute.");
    assert!(letter.contains("You can appeal"), "why it is impossible, and what to do: {letter}");
    let (status, filed) = api.post(&format!("/v1/requests/{id}/appeal"), &token, json!({ "grounds": "It is over." }));
    assert_eq!((status, Promised::due(&filed, "appeal")), (200, "2027-01-06".to_owned()), "{filed}");
    let decision = json!({ "decision": "overturn", "explanation": "It is." });
    assert_eq!(api.post(&format!("/v1/staff/requests/{id}/appeal/decision"), &officer, decision).0, 200);
    assert_eq!(api.get(&format!("/v1/requests/{id}"), &token).1["state"], "in_review");
}

#[rstest]
fn advertising_ends_by_signal_and_vendors_hear_of_it(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    assert_eq!(company.signal(Some("US-CO"))["honoured"], true);
    assert_eq!(company.suppressed(), ["sale", "sharing", "targeted_advertising"]);
    company.submit(&["opt_out"], Some("US-CO"), json!({ "opt_out_of": ["sharing"] }));
    let letter = company.mail("ada@example.com", "Your opt-out is honoured");
    assert!(letter.contains("Service notices"), "what goes on is said: {letter}");
    company.mail("vendors@infotech.example", "ada@example.com");
}

#[rstest]
fn no_decision_is_a_machines_alone(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let (_, id) = company.proved("automated_decision", Some("US-MN"), json!({}));
    let done = company.carried_out(&id);
    assert!(done["outcome"]["statements"].to_string().contains("by automated processing alone"), "{done}");
}

#[rstest]
fn a_customers_content_is_the_customers_to_answer_for(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let (_, id) = company.proved("access", Some("US-CO"), json!({}));
    let staff = company.server.api.sign_in(Role::Reviewer);
    let referral =
        json!({ "to": "Example Call Centre Inc.", "explanation": "They recorded the call with our service." });
    let (_, referred) = company.server.api.post(&format!("/v1/staff/requests/{id}/referral"), &staff, referral);
    assert_eq!(referred["state"], "referred", "{referred}");
}
