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
    // Most that is asked concerns one request: whoever asks is not led past the other sixty addresses first.
    config
        .service(web::scope("/v1/staff/requests/{id}").configure(for_staff))
        .service(web::scope("/v1/requests/{id}").configure(for_persons));
    routes! { config;
        "/" => { get "GET": operations::root };
        "/health/live" => { get "GET": operations::live };
        "/health/ready" => { get "GET": operations::ready };
        "/metrics" => { get "GET": operations::metrics };
        "/openapi.yaml" => { get "GET": operations::openapi };
        "/problems/{code}" => { get "GET": operations::problem };
        "/v1/requests" => { post "POST": requests::submit };
        "/authorizations/{token}" => { get "GET": centre::authorization::ask, post "POST": centre::authorization::answer };
        "/authorizations/{token}/packages/{id}" => { post "POST": centre::authorization::package };
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
        "/v1/systems/{system}/results/{delivery}" => { post "POST": services::take_result };
        "/v1/staff/reports/metrics" => { get "GET": reports::metrics };
        "/v1/staff/metrics" => { get "GET": queue::figures };
        "/v1/staff/requests" => { get "GET": queue::list, post "POST": accounts::enter_request };
    }
    config.default_service(web::to(|| async {
        Problem::new(error::NOT_FOUND, "there is nothing at this address").into_response()
    }));
}

/// What staff do with one request.
fn for_staff(config: &mut ServiceConfig) {
    routes! { config;
        "/tasks/{number}" => { post "POST": tasks::finish };
        "/tasks/{number}/rows" => { post "POST": tasks::hand_in };
        "/tasks/{number}/assignment" => { post "POST": tasks::assign };
        "" => { get "GET": queue::get };
        "/plan" => { get "GET": queue::plan };
        "/progress" => { get "GET": progress::get };
        "/entries" => { get "GET": queue::entries };
        "/verification" => { post "POST": verification::check };
        "/authorization" => { get "GET": authorizations::document, post "POST": authorizations::decide };
        "/approval" => { post "POST": decisions::approve };
        "/denial" => { post "POST": decisions::deny };
        "/extension" => { post "POST": decisions::extend };
        "/clarification" => { post "POST": decisions::clarify };
        "/referral" => { post "POST": decisions::refer };
        "/assignment" => { post "POST": decisions::assign };
        "/free-text" => { get "GET": free_text::list, post "POST": free_text::decide };
        "/release" => { post "POST": decisions::release };
        "/lifting" => { post "POST": decisions::lift };
        "/retry" => { post "POST": decisions::retry };
        "/appeal" => { post "POST": appeals::enter };
        "/appeal/extension" => { post "POST": appeals::extend };
        "/appeal/decision" => { post "POST": appeals::settle };
        "/messages" => { post "POST": decisions::write_message };
        "/letters" => { get "GET": records::communications };
        "/communications" => { post "POST": records::record_communication };
        "/record-hold" => { post "POST": records::hold };
    }
}

/// What a person, or an agent, does with one request.
fn for_persons(config: &mut ServiceConfig) {
    routes! { config;
        "" => { get "GET": requests::get };
        "/verification" => { get "GET": verification::get, post "POST": requests::send_code };
        "/verification/confirmation" => { post "POST": requests::confirm_code };
        "/verification/answers" => { post "POST": verification::answer };
        "/verification/sign-in" => { post "POST": verification::sign_in };
        "/verification/declaration" => { post "POST": verification::declare };
        "/withdrawal" => { post "POST": requests::withdraw };
        "/appeal" => { post "POST": appeals::file, delete "DELETE": appeals::withdraw };
        "/messages" => { get "GET": requests::messages, post "POST": requests::write_message };
        "/letters" => { get "GET": records::letters };
        "/package" => { get "GET": requests::package, head "HEAD": requests::package_head };
        "/package/{path:.+}" => { get "GET": requests::package_file };
        "/authorization" => { post "POST": authorizations::upload };
        "/receipt" => { get "GET": receipts::list };
    }
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
