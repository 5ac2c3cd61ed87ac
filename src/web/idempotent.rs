//! `Idempotency-Key` on any POST: a repeat gets the first answer (draft-ietf-httpapi-idempotency-key-header).

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage, HttpResponse};
use aws_lc_rs::digest::{Context, SHA256};

use super::error::{self, Problem};
use super::extract::{bearer, longest, read};
use crate::domain::ids::RequestId;
use crate::usecases::idempotency::{self, Answer, Call};
use crate::usecases::{Office, staff};

const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotency-replayed";

/// Answers a repeated POST from memory; lets everything else through and remembers its answer when it succeeded.
pub async fn answer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(key) = request.headers().get(HEADER).filter(|_| request.method() == Method::POST).cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    if !(1..=255).contains(&key.len()) {
        return Err(Problem::new(error::INVALID_QUERY, "an Idempotency-Key has 1 to 255 characters").into());
    }
    let body = read(request.take_payload(), longest(request.path())).await?;
    let office = request.app_data::<Data<Office>>().expect("the server is built with its office").clone();
    let call = call(&office, &request, &key, &body);
    if let Some(answer) = idempotency::recall(&office, call).await.map_err(Problem::from)? {
        // A session that was signed out is answered as such, whatever it did before.
        if still_welcome(&request, &office).await {
            return Ok(request.into_response(replay(answer)));
        }
    }
    request.set_payload(Payload::from(body));
    request.extensions_mut().insert(call);
    let response = next.call(request).await?;
    // Two calls with one key at the same time: the second finds that the first was remembered meanwhile.
    if response.status() == StatusCode::CONFLICT
        && let Some(answer) = idempotency::recall(&office, call).await.map_err(Problem::from)?
    {
        return Ok(response.into_response(replay(answer)));
    }
    if !response.status().is_success() {
        return Ok(response.map_into_boxed_body());
    }
    let (http, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(|_| Problem::new(error::INTERNAL, "the answer could not be read"))?;
    let answer = Answer { status: response.status().as_u16(), body: body.to_vec() };
    idempotency::remember(&office, call, answer).await.map_err(Problem::from)?;
    Ok(ServiceResponse::new(http, response.set_body(BoxBody::new(body))))
}

async fn still_welcome(request: &ServiceRequest, office: &Office) -> bool {
    if !request.path().starts_with("/v1/staff/") {
        return true;
    }
    match bearer(request.request()) {
        Some(token) => staff::authenticate(office, &token).await.is_ok(),
        None => true,
    }
}

/// The key is its caller's own: hashed together with the path and the caller's token. Of the body a keyed sum is kept:
/// a plain one of a password, or of the answer to a question, could be found by trying.
fn call(office: &Office, request: &ServiceRequest, key: &HeaderValue, body: &Bytes) -> Call {
    let caller = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let scope = hash(&[request.path().as_bytes(), caller, key.as_bytes()]);
    Call { scope, body: office.store.keys().mac("idempotent body", body), request: concerned(request.path()) }
}

/// The request that an address names: `/v1/requests/{id}/…`, `/v1/staff/requests/{id}/…`.
fn concerned(path: &str) -> Option<RequestId> {
    let (_, rest) = path.split_once("/requests/")?;
    rest.split('/').next()?.parse().ok()
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut sum = [0; 32];
    sum.copy_from_slice(context.finish().as_ref());
    sum
}

fn replay(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response.insert_header((REPLAYED, "true"));
    if answer.body.is_empty() { response.finish() } else { response.content_type("application/json").body(answer.body) }
}
