//! A service calls back with its answer: taken once, from whoever has the secret, for a message that was sent.

use uuid::Uuid;

use super::super::{Error, Office};
use super::{answer, keep_answer};
use crate::connectors::ConnectorError;
use crate::connectors::http::Service;
use crate::connectors::http::rows::Format;
use crate::connectors::http::signature::Signed;
use crate::domain::delivery::{Delivery, Standing};
use crate::domain::ids::SystemId;
use crate::fulfilment::FulfilmentError;

/// What came in a call-back.
pub struct CallBack {
    /// The service that the address names.
    pub system: SystemId,
    /// The message that the address names.
    pub delivery: Uuid,
    /// `webhook-id`; it is the message's.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
    /// `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What is read of a body before its signature is looked at, where nothing is waited for.
const NOT_AWAITED: usize = 64 * 1024;

/// How much of a call-back is read: as much as the service may send where its message was sent, else little, so that a
/// stranger fills no memory.
///
/// # Errors
/// When the store fails.
pub async fn longest(office: &Office, system: &SystemId, delivery: Uuid) -> Result<usize, Error> {
    let sent = office.store.read(move |tx| Ok::<_, Error>(tx.delivery(delivery)?)).await?;
    let service = service(office, system).filter(|_| sent.is_some_and(|d| d.occasion.system == *system));
    Ok(service.map_or(NOT_AWAITED, |service| usize::try_from(service.longest()).unwrap_or(usize::MAX)))
}

fn service<'o>(office: &'o Office, system: &SystemId) -> Option<&'o Service> {
    office.controllers().find_map(|controller| controller.systems.service(system))
}

/// Takes an answer. The first stays; the same once more changes nothing.
///
/// # Errors
/// [`Error::Unauthorized`] for whoever has not the secret, whatever they name; [`Error::NotFound`] where no such message
/// was sent to the service; [`Error::Invalid`] for an answer that has not the form that was agreed.
pub async fn take(office: &Office, call: CallBack) -> Result<(), Error> {
    let now = office.clock.now();
    let signed = Signed { id: &call.id, timestamp: &call.timestamp, signature: &call.signature };
    let service = service(office, &call.system).ok_or(Error::Unauthorized)?;
    if !service.signed(signed, &call.body, now) || call.id != call.delivery.to_string() {
        return Err(Error::Unauthorized);
    }
    let id = call.delivery;
    let delivery = office.store.read(move |tx| Ok::<_, Error>(tx.delivery(id)?)).await?;
    let delivery = delivery.filter(|d| d.occasion.system == call.system).ok_or(Error::NotFound("delivery"))?;
    if delivery.answer().is_some() {
        return Ok(());
    }
    let inner = office.clone();
    let taken = tokio::task::spawn_blocking(move || read(&inner, &delivery, &call).map(|answer| (delivery, answer)));
    let (delivery, answer) = taken.await.map_err(|_| Error::Files("take a call-back".into()))??;
    keep_answer(office, Delivery { standing: Standing::Answered(answer), ..delivery }, now).await
}

fn read(office: &Office, delivery: &Delivery, call: &CallBack) -> Result<crate::domain::delivery::Answer, Error> {
    let Some(format) = Format::of(&call.content_type) else {
        return Err(Error::invalid("", "send the answer as application/json or application/x-ndjson"));
    };
    answer::take(office, delivery, format, call.body.as_slice()).map_err(|error| match error {
        Error::Fulfilment(FulfilmentError::System { source: ConnectorError::Statement(why), .. }) => {
            Error::invalid("", why)
        }
        other => other,
    })
}
