//! Every route in one table: path, methods, handlers.

use actix_web::web::{self, PathConfig, QueryConfig, ServiceConfig};

use super::api::{
    accounts, agents, appeals, authorizations, decisions, free_text, holds, operations, progress, queue, receipts,
    records, reports, requests, services, sessions, signals, suppressions, tasks, unsubscribe_links, verification,
};
use super::centre::{self, privacy, unsubscribe};
use super::error::{self, Problem};

/// Registers a path with its methods; any other method is answered with 405 and the methods that are offered.
macro_rules! routes {
    ($config:ident; $($path:literal => { $($method:ident $name:literal: $handler:path),+ };)+) => {
        $(
            $config.service(
                web::resource($path)
                    $(.route(web::$method().to($handler)))+
                    .default_service(web::to(|| async {
                        const ALLOW: &str = concat!($($name, ", "),+);
                        let allow = ALLOW.trim_end_matches(", ");
                        Problem::new(error::METHOD_NOT_ALLOWED, format!("offered are {allow}")).allowing(allow).into_response()
                    })),
            );
        )+
    };
}

/// Registers everything.
pub fn configure(config: &mut ServiceConfig) {
    config
        .app_data(
            PathConfig::default().error_handler(|_, _| Problem::new(error::NOT_FOUND, "there is no such thing").into()),
        )
        .app_data(QueryConfig::default().error_handler(|e, _| query_problem(&e).into()));
    routes! { config;
        "/" => { get "GET": operations::root };
        "/health/live" => { get "GET": operations::live };
        "/health/ready" => { get "GET": operations::ready };
        "/metrics" => { get "GET": operations::metrics };
        "/openapi.yaml" => { get "GET": operations::openapi };
        "/problems/{code}" => { get "GET": operations::problem };
        "/v1/requests" => { post "POST": requests::submit };
        "/v1/requests/{id}" => { get "GET": requests::get };
        "/v1/requests/{id}/verification" => { get "GET": verification::get, post "POST": requests::send_code };
        "/v1/requests/{id}/verification/confirmation" => { post "POST": requests::confirm_code };
        "/v1/requests/{id}/verification/answers" => { post "POST": verification::answer };
        "/v1/requests/{id}/verification/sign-in" => { post "POST": verification::sign_in };
        "/v1/requests/{id}/verification/declaration" => { post "POST": verification::declare };
        "/v1/requests/{id}/withdrawal" => { post "POST": requests::withdraw };
        "/v1/requests/{id}/appeal" => { post "POST": appeals::file, delete "DELETE": appeals::withdraw };
        "/v1/requests/{id}/messages" => { get "GET": requests::messages, post "POST": requests::write_message };
        "/v1/requests/{id}/letters" => { get "GET": records::letters };
        "/v1/requests/{id}/package" => { get "GET": requests::package, head "HEAD": requests::package_head };
        "/v1/requests/{id}/package/{path:.+}" => { get "GET": requests::package_file };
        "/v1/requests/{id}/authorization" => { post "POST": authorizations::upload };
        "/authorizations/{token}" => { get "GET": centre::authorization::ask, post "POST": centre::authorization::answer };
        "/authorizations/{token}/packages/{id}" => { post "POST": centre::authorization::package };
        "/v1/requests/{id}/receipt" => { get "GET": receipts::list };
        "/.well-known/jwks.json" => { get "GET": receipts::keys };
        "/.well-known/gpc.json" => { get "GET": signals::support };
        "/privacy/{controller}" => { get "GET": privacy::show };
        "/u/{token}" => { get "GET": unsubscribe::show, post "POST": unsubscribe::act };
        "/v1/signals/gpc" => { post "POST": signals::gpc };
        "/v1/unsubscribe-links" => { get "GET": unsubscribe_links::one, post "POST": unsubscribe_links::many };
        "/v1/suppressions" => { get "GET": suppressions::list };
        "/v1/staff/session" => { get "GET": sessions::get, post "POST": sessions::sign_in, delete "DELETE": sessions::sign_out };
        "/v1/staff/session/second-factor" => { post "POST": sessions::begin_second_factor };
        "/v1/staff/session/second-factor/confirmation" => { post "POST": sessions::confirm_second_factor };
        "/v1/staff/accounts/{id}/second-factor" => { delete "DELETE": sessions::reset_second_factor };
        "/v1/staff/accounts" => { get "GET": accounts::list_accounts, post "POST": accounts::add_account };
        "/v1/staff/api-keys" => { post "POST": accounts::add_api_key };
        "/v1/staff/agents" => { get "GET": agents::list, post "POST": agents::add };
        "/v1/staff/agents/{id}" => { delete "DELETE": agents::remove };
        "/v1/staff/legal-holds" => { get "GET": holds::list, post "POST": holds::place };
        "/v1/staff/legal-holds/{id}" => { delete "DELETE": holds::lift };
        "/v1/staff/export.csv" => { get "GET": queue::export };
        "/v1/staff/tasks" => { get "GET": tasks::list };
        "/v1/staff/requests/{id}/tasks/{number}" => { post "POST": tasks::finish };
        "/v1/staff/requests/{id}/tasks/{number}/rows" => { post "POST": tasks::hand_in };
        "/v1/staff/requests/{id}/tasks/{number}/assignment" => { post "POST": tasks::assign };
        "/v1/systems/{system}/results/{delivery}" => { post "POST": services::take_result };
        "/v1/staff/reports/metrics" => { get "GET": reports::metrics };
        "/v1/staff/metrics" => { get "GET": queue::figures };
        "/v1/staff/requests" => { get "GET": queue::list, post "POST": accounts::enter_request };
        "/v1/staff/requests/{id}" => { get "GET": queue::get };
        "/v1/staff/requests/{id}/plan" => { get "GET": queue::plan };
        "/v1/staff/requests/{id}/progress" => { get "GET": progress::get };
        "/v1/staff/requests/{id}/entries" => { get "GET": queue::entries };
        "/v1/staff/requests/{id}/verification" => { post "POST": verification::check };
        "/v1/staff/requests/{id}/authorization" => { get "GET": authorizations::document, post "POST": authorizations::decide };
        "/v1/staff/requests/{id}/approval" => { post "POST": decisions::approve };
        "/v1/staff/requests/{id}/denial" => { post "POST": decisions::deny };
        "/v1/staff/requests/{id}/extension" => { post "POST": decisions::extend };
        "/v1/staff/requests/{id}/clarification" => { post "POST": decisions::clarify };
        "/v1/staff/requests/{id}/referral" => { post "POST": decisions::refer };
        "/v1/staff/requests/{id}/assignment" => { post "POST": decisions::assign };
        "/v1/staff/requests/{id}/free-text" => { get "GET": free_text::list, post "POST": free_text::decide };
        "/v1/staff/requests/{id}/release" => { post "POST": decisions::release };
        "/v1/staff/requests/{id}/lifting" => { post "POST": decisions::lift };
        "/v1/staff/requests/{id}/retry" => { post "POST": decisions::retry };
        "/v1/staff/requests/{id}/appeal" => { post "POST": appeals::enter };
        "/v1/staff/requests/{id}/appeal/extension" => { post "POST": appeals::extend };
        "/v1/staff/requests/{id}/appeal/decision" => { post "POST": appeals::settle };
        "/v1/staff/requests/{id}/messages" => { post "POST": decisions::write_message };
        "/v1/staff/requests/{id}/letters" => { get "GET": records::communications };
        "/v1/staff/requests/{id}/communications" => { post "POST": records::record_communication };
        "/v1/staff/requests/{id}/record-hold" => { post "POST": records::hold };
    }
    config.default_service(web::to(|| async {
        Problem::new(error::NOT_FOUND, "there is nothing at this address").into_response()
    }));
}

/// serde's message names the parameter; a value in it is cut off with everything that quotes one.
pub(super) fn query_problem(error: &actix_web::error::QueryPayloadError) -> Problem {
    let message = error.to_string();
    let detail = match message.find("expected") {
        Some(at) => format!("a parameter of the address is wrong: {}", &message[at..]),
        None if message.contains("unknown field") || message.contains("missing field") => message,
        None => "a parameter of the address is wrong".to_owned(),
    };
    Problem::new(error::INVALID_QUERY, detail)
}
