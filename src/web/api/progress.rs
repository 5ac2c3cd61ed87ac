//! How far a fulfilment is, for whoever waits for it.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::ids::RequestId;
use crate::domain::request::StateName;
use crate::usecases::{Office, look};
use crate::web::api::queue::StepView;
use crate::web::error::Problem;
use crate::web::extract::{Read, Staff};
use crate::web::responses::{NoRequest, StaffOnly};

/// How far a fulfilment is.
#[derive(Serialize, ToSchema)]
pub struct ProgressView {
    /// Where the request stands.
    pub state: StateName,
    /// Its steps: of a copy a collection each, of a deletion or correction that runs a system each. Of a fulfilment that
    /// takes a moment there are none before it is done.
    pub steps: Vec<StepView>,
}

/// How far the fulfilment is, by collection or by system: noted about once a second while it runs.
#[utoipa::path(
    get, path = "/v1/staff/requests/{id}/progress", tag = "staff", operation_id = "get_progress", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "State and steps.", body = ProgressView),
        StaffOnly,
        NoRequest,
    )
)]
pub async fn get(office: Data<Office>, _: Staff<Read>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let (state, steps) = look::progress(&office, RequestId(*id)).await?;
    Ok(HttpResponse::Ok().json(ProgressView { state, steps: steps.iter().map(StepView::from).collect() }))
}
