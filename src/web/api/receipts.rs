//! Receipts, and the keys that anybody can check them with.

use actix_web::http::header::{ACCEPT, CACHE_CONTROL};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::ids::RequestId;
use crate::domain::receipt::Event;
use crate::signing::KeySet;
use crate::usecases::{Office, receipt};
use crate::web::error::Problem;
use crate::web::extract::Requester;
use crate::web::responses::{NotOpened, TokenOnly};

/// A request's receipts.
#[derive(Serialize, ToSchema)]
pub struct ReceiptsView {
    /// That of its submission first, then that of its end.
    pub receipts: Vec<ReceiptView>,
}

/// One receipt.
#[derive(Serialize, ToSchema)]
pub struct ReceiptView {
    /// What it is a receipt of.
    pub event: Event,
    /// A compact JWS (RFC 7515); its keys are at `/.well-known/jwks.json`.
    pub receipt: String,
}

/// The receipts of a request. With `Accept: application/jwt` the newest of them alone, as it is.
#[utoipa::path(
    get, path = "/v1/requests/{id}/receipt", tag = "requests", operation_id = "list_receipts", security(("requester" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "The receipts.", content((ReceiptsView = "application/json"), (String = "application/jwt"))),
        TokenOnly,
        NotOpened,
    )
)]
pub async fn list(
    office: Data<Office>,
    caller: Requester,
    id: Path<Uuid>,
    http: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut issued = receipt::of_request(&office, caller.0.id, RequestId(*id)).await?;
    if http.headers().get(ACCEPT).is_some_and(|accept| accept == "application/jwt") {
        let newest = issued.pop().map(|issued| issued.jws).unwrap_or_default();
        return Ok(HttpResponse::Ok().content_type("application/jwt").body(newest));
    }
    let receipts = issued.into_iter().map(|i| ReceiptView { event: i.event, receipt: i.jws }).collect();
    Ok(HttpResponse::Ok().json(ReceiptsView { receipts }))
}

/// The public keys of this server's receipts (RFC 7517): the one in use, and those of former times.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "operations", operation_id = "list_keys",
    responses((status = 200, description = "The keys.", body = KeySet, content_type = "application/jwk-set+json"))
)]
pub async fn keys(office: Data<Office>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .content_type("application/jwk-set+json")
        .json(office.signer.published())
}
