//! The privacy page of a controller: what one can ask for and how, and whether the browser's signal is honoured.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, VARY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::words::{self, Words};
use super::{missing, page};
use crate::domain::policy::Honour;
use crate::domain::right::Right;
use crate::usecases::Office;
use crate::usecases::office::Controller;
use crate::web::extract::sends_gpc;

#[derive(Template)]
#[template(path = "centre/privacy.html")]
struct Privacy<'a> {
    id: &'a str,
    name: &'a str,
    email: &'a str,
    address: &'a str,
    public_url: &'a str,
    signal: Signal,
    rights: Vec<Words>,
    exclusions: Vec<&'a str>,
}

/// What the page says about the browser's signal (11 CCR 7025(c)(6): show that it was honoured).
enum Signal {
    Honoured,
    WhereBinding(String),
    None,
}

/// What a person can ask of a controller, and how. Says whether the opt-out signal of this very browser is honoured, so
/// it is different for browsers with and without `Sec-GPC: 1`.
#[utoipa::path(
    get, path = "/privacy/{controller}", tag = "pages", operation_id = "privacy_page",
    params(
        ("controller" = String, Path, description = "Whose page.", example = "shop"),
        ("Sec-GPC" = Option<String>, Header, description = "`1`: the browser opts out (Global Privacy Control)."),
    ),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 404, description = "No such controller.", body = String, content_type = "text/html"),
    )
)]
pub async fn show(office: Data<Office>, controller: Path<String>, http: HttpRequest) -> HttpResponse {
    let Some(controller) = office.controller(&controller.as_str().into()) else { return missing() };
    let policy = &controller.policy;
    let template = Privacy {
        id: controller.id.as_str(),
        name: &policy.name,
        email: &policy.privacy_email,
        address: policy.postal_address.trim(),
        public_url: &office.public_url,
        signal: signal(&office, controller, sends_gpc(&http)),
        rights: offered(&office, controller).into_iter().map(words::of).collect(),
        exclusions: policy.exclusions.iter().map(|exclusion| exclusion.text.as_str()).collect(),
    };
    let mut response = page(StatusCode::OK, &template);
    response.headers_mut().append(VARY, HeaderValue::from_static("Sec-GPC"));
    response
}

fn signal(office: &Office, controller: &Controller, sent: bool) -> Signal {
    match controller.policy.gpc.honour {
        _ if !sent => Signal::None,
        Honour::Everyone => Signal::Honoured,
        Honour::WhereBinding => {
            let today = controller.policy.day_of(office.clock.now());
            let binding = office.regimes.iter().filter(|regime| regime.binds_signals(today).is_some());
            let places: Vec<&str> = binding.flat_map(|r| r.applies_to.iter().map(|place| place.as_str())).collect();
            Signal::WhereBinding(places.join(", "))
        }
    }
}

/// What anybody is offered: by the policy, or by the law of persons to whom no other law applies.
fn offered(office: &Office, controller: &Controller) -> Vec<Right> {
    let today = controller.policy.day_of(office.clock.now());
    match (&controller.policy.rights, office.regimes.get(&controller.policy.default_regime)) {
        (Some(rights), _) => Right::ALL.iter().copied().filter(|right| rights.contains(right)).collect(),
        (None, Some(regime)) => controller.offers(regime, today),
        (None, None) => Right::ALL.to_vec(),
    }
}
