//! Every endpoint of the interface, with no token, a stranger's, and each role's.

use habeas::domain::staff::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::world::{Kind, World};

/// Which roles a staff endpoint lets in. An endpoint that is not listed fails the test.
fn roles(operation: &str) -> Option<&'static [Role]> {
    use Role::{Admin, Auditor, Clerk, Officer, Reviewer};
    Some(match operation {
        "get_session" | "sign_out" | "begin_second_factor" | "confirm_second_factor" => {
            &[Clerk, Reviewer, Officer, Auditor, Admin]
        }
        "list_requests"
        | "get_request_whole"
        | "get_plan"
        | "get_progress"
        | "list_entries"
        | "list_communications"
        | "list_tasks" => &[Clerk, Reviewer, Officer, Auditor],
        "enter_request"
        | "write_to_requester"
        | "enter_appeal"
        | "record_communication"
        | "finish_task"
        | "hand_in_rows"
        | "assign_task" => &[Clerk, Reviewer, Officer],
        "export_log" | "get_figures" | "get_statutory_metrics" => &[Reviewer, Officer, Auditor],
        "approve_request"
        | "deny_request"
        | "extend_request"
        | "ask_requester"
        | "refer_request"
        | "assign_request"
        | "release_request"
        | "lift_mark"
        | "retry_request"
        | "check_identity"
        | "get_authorization"
        | "decide_authorization"
        | "list_free_text"
        | "decide_free_text"
        | "list_agents" => &[Reviewer, Officer],
        "settle_appeal" | "extend_appeal" | "add_agent" | "remove_agent" | "hold_record" | "list_legal_holds"
        | "place_legal_hold" | "lift_legal_hold" => &[Officer],
        "reset_second_factor" | "add_account" | "list_accounts" | "add_api_key" => &[Admin],
        _ => return None,
    })
}

#[test]
fn every_endpoint_knows_its_callers() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let server = Server::start(&world);
    let api = &server.api;
    let yaml = api.send(Method::GET, "/openapi.yaml", None, None).text().unwrap();
    let document: Value = serde_saphyr::from_str(&yaml).unwrap();
    let (mine, ids) = api.submit(&["access"], json!({}));
    let (stranger, _) = api.submit(&["access"], json!({}));
    let tokens: Vec<(Role, String)> = Role::ALL.into_iter().map(|role| (role, api.sign_in(role))).collect();
    let mut walked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let address = path
            .replace("{id}", &ids[0])
            .replace("{path}", "index.html")
            .replace("{code}", "internal")
            .replace("{number}", "1");
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let name = operation["operationId"].as_str().unwrap();
            let status = |token: Option<&str>| {
                let body = (method == Method::POST).then(|| json!({}));
                let mut address = address.clone();
                if ["list_suppressions", "get_unsubscribe_link"].contains(&name) {
                    address.push_str("?email=ada@example.com");
                }
                if name == "get_statutory_metrics" {
                    address.push_str("?regime=ccpa&year=2026");
                }
                api.call(method.clone(), &address, token, body.as_ref()).0
            };
            let scheme = operation["security"][0].as_object().and_then(|s| s.keys().next().cloned());
            walked += 1;
            match scheme.as_deref() {
                None => assert!(![401, 403].contains(&status(None)), "{name} is open to all"),
                Some("requester") => {
                    assert_eq!(status(None), 401, "{name} without a token");
                    assert_eq!(status(Some("nonsense")), 401, "{name} with nonsense");
                    assert_eq!(status(Some(&tokens[1].1)), 401, "{name} with a staff token");
                    assert_eq!(status(Some(&stranger)), 404, "{name} with a stranger's token");
                    assert!(![401, 403].contains(&status(Some(&mine))), "{name} with one's own token");
                }
                Some("api_key") => {
                    assert_eq!(status(None), 401, "{name} without a key");
                    assert_eq!(status(Some(&mine)), 401, "{name} with a requester's token");
                    assert_eq!(status(Some(&tokens[1].1)), 401, "{name} with a staff token");
                }
                Some("service") => {
                    assert_eq!(status(None), 401, "{name} without a signature");
                    assert_eq!(status(Some(&mine)), 401, "{name} with a requester's token");
                    assert_eq!(status(Some(&tokens[1].1)), 401, "{name} with a staff token");
                }
                Some("staff") => {
                    assert_eq!(status(None), 401, "{name} without a token");
                    assert_eq!(status(Some(&mine)), 401, "{name} with a requester's token");
                    let allowed = roles(name).unwrap_or_else(|| panic!("{name} has no authorization case"));
                    for role in Role::ALL {
                        // A token of its own for each call: one of the calls signs out.
                        let token = api.sign_in(role);
                        let forbidden = status(Some(&token)) == 403;
                        assert_eq!(!forbidden, allowed.contains(&role), "{name} for a {role}");
                    }
                }
                Some(other) => panic!("{name}: unknown scheme {other}"),
            }
        }
    }
    assert!(walked > 30, "the whole interface was walked: {walked}");
}
