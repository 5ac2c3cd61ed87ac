//! The interface as OpenAPI 3.1, gathered from the handlers; `openapi.yaml` is held to it by a test.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::api::{
    accounts, agents, appeals, authorizations, decisions, free_text, holds, operations, progress, queue, receipts,
    records, reports, requests, services, sessions, signals, suppressions, tasks, unsubscribe_links, verification,
};
use super::centre::{authorization, privacy, unsubscribe};

/// The file as it is published.
pub const COMMITTED: &str = include_str!("../../openapi.yaml");

#[derive(OpenApi)]
#[openapi(
    info(title = "Habeas", description = "Data-subject requests: filed, verified, decided, fulfilled.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/")),
    modifiers(&Schemes),
    tags(
        (name = "requests", description = "What a requester calls, with the token from submission."),
        (name = "staff", description = "What staff call, with the token of their session."),
        (name = "suppressions", description = "What the company's tools call, with an API key."),
        (name = "pages", description = "What a person's browser or mail program opens."),
        (name = "operations", description = "Health, figures, this file."),
    ),
    components(schemas(reports::ReportFormat, queue::SortQuery)),
    paths(
        requests::submit, requests::get, requests::send_code, requests::confirm_code, requests::withdraw,
        requests::messages, requests::write_message, requests::package, requests::package_head, requests::package_file,
        verification::get, verification::answer, verification::declare, verification::sign_in, verification::check,
        authorizations::upload, authorizations::document, authorizations::decide,
        authorization::ask, authorization::answer, authorization::package,
        agents::list, agents::add, agents::remove,
        holds::list, holds::place, holds::lift,
        receipts::list, receipts::keys,
        suppressions::list, signals::gpc, signals::support, unsubscribe_links::one, unsubscribe_links::many,
        privacy::show, unsubscribe::show, unsubscribe::act,
        sessions::sign_in, sessions::get, sessions::sign_out,
        sessions::begin_second_factor, sessions::confirm_second_factor, sessions::reset_second_factor,
        accounts::add_account, accounts::list_accounts, accounts::add_api_key, accounts::enter_request,
        queue::list, queue::get, progress::get, queue::plan, queue::entries, queue::export, queue::figures,
        decisions::approve, decisions::deny, decisions::extend, decisions::clarify, decisions::refer,
        decisions::assign, decisions::release, decisions::lift, decisions::retry, decisions::write_message,
        appeals::file, appeals::withdraw, appeals::enter, appeals::extend, appeals::settle,
        reports::metrics, free_text::list, free_text::decide, tasks::list, tasks::finish, tasks::hand_in, tasks::assign,
        services::take_result, records::letters, records::communications,
        records::record_communication, records::hold,
        operations::live, operations::ready, operations::metrics, operations::openapi, operations::problem,
    )
)]
struct Api;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let bearer = |description: &str| {
            SecurityScheme::Http(
                HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build(),
            )
        };
        let components = api.components.get_or_insert_with(Default::default);
        components.add_security_scheme("requester", bearer("The token that the submission answered."));
        components.add_security_scheme("staff", bearer("The token of a staff session."));
        let signature = ApiKeyValue::with_description(
            "webhook-signature",
            "The message is signed with the secret of the service (Standard Webhooks).",
        );
        components.add_security_scheme("service", SecurityScheme::ApiKey(ApiKey::Header(signature)));
        components.add_security_scheme("api_key", bearer("An API key that an admin made."));
    }
}

/// The interface as the code has it.
///
/// # Panics
/// Never: what utoipa gathers can be written as YAML, which a test shows.
pub fn generated() -> String {
    Api::openapi().to_yaml().expect("the interface can be written as YAML")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `HABEAS_WRITE_OPENAPI=1 cargo test openapi` writes the file anew.
    #[test]
    fn the_file_says_what_the_server_does() {
        if std::env::var_os("HABEAS_WRITE_OPENAPI").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml"), generated()).unwrap();
        } else {
            assert!(COMMITTED == generated(), "openapi.yaml is stale: HABEAS_WRITE_OPENAPI=1 cargo test openapi");
        }
    }
}
