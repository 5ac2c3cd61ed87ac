//! Where a company's services call back with their answers.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use uuid::Uuid;

use crate::domain::ids::SystemId;
use crate::usecases::services::call_back::{self, CallBack};
use crate::usecases::{Error, Office};
use crate::web::error::{Problem, ProblemBody};
use crate::web::extract::read;

/// A service's answer to a message that it had taken with 202; signed as the message was. The first answer stays.
#[utoipa::path(
    post, path = "/v1/systems/{system}/results/{delivery}", tag = "services", operation_id = "take_result", security(("service" = [])),
    params(
        ("system" = String, Path, description = "The service, by its id in the configuration."),
        ("delivery" = Uuid, Path, description = "The message."),
        ("webhook-id" = String, Header, description = "The message."),
        ("webhook-timestamp" = String, Header, description = "Now, in seconds since 1970; five minutes are allowed."),
        ("webhook-signature" = String, Header, description = "`v1,` and the HMAC-SHA256 of id, timestamp and body."),
    ),
    responses(
        (status = 204, description = "Taken, now or before."),
        (status = 401, description = "Not signed with the service's secret in these minutes.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such message was sent to the service.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not the answer that was agreed.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn take_result(
    office: Data<Office>,
    place: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (system, delivery) = place.into_inner();
    let system = SystemId(system);
    let delivery: Uuid = delivery.parse().map_err(|_| Error::Unauthorized)?;
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let signed = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let (Some(id), Some(timestamp), Some(signature)) = signed else { return Err(Error::Unauthorized.into()) };
    let most = call_back::longest(&office, &system, delivery).await?;
    let body = read(payload.into_inner(), most).await?.to_vec();
    let content_type = request.content_type().to_owned();
    call_back::take(&office, CallBack { system, delivery, id, timestamp, signature, content_type, body }).await?;
    Ok(HttpResponse::NoContent().finish())
}
