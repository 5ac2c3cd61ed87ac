//! An opt-out is told to every service that knows its people by an identifier of the person's.

use uuid::Uuid;

use super::super::office::Controller;
use super::super::{Error, Office};
use super::question::{message, occasion};
use super::{Pending, send, wait};
use crate::connectors::http::messages::{OptOuts, Question};
use crate::domain::delivery::{Delivery, Operation};
use crate::domain::ids::RequestId;
use crate::domain::job::{Job, LeasedJob, NewJob, Settlement};
use crate::domain::request::Request;
use crate::fulfilment::services::person;
use crate::store::Tx;

/// Has the services told of what a request opted out of, in the transaction that knows of it.
///
/// # Errors
/// When the store fails.
pub fn arrange(office: &Office, tx: &mut Tx<'_>, request: &Request) -> Result<(), Error> {
    let Some(controller) = office.controller(&request.controller) else { return Ok(()) };
    let new = messages(office, controller, request)?;
    if new.is_empty() || tx.deliveries(request.id)?.iter().any(|d| d.occasion.operation == Operation::OptOut) {
        return Ok(());
    }
    tx.insert_deliveries(&new)?;
    Ok(tx.enqueue(&NewJob { job: Job::TellService { request: request.id }, run_at: office.clock.now() })?)
}

fn messages(office: &Office, controller: &Controller, request: &Request) -> Result<Vec<Delivery>, Error> {
    let Some(result) = request.state.result().filter(|result| !result.opted_out_of.is_empty()) else {
        return Ok(Vec::new());
    };
    let identities = request.particulars.person.identities();
    let mut new = Vec::new();
    for (system, _) in controller.systems.services() {
        let Some((dataset, person)) = person(&controller.systems, system, &identities) else { continue };
        let opt_out_of = result.opted_out_of.clone();
        let occasion = occasion(request.id, system, Operation::OptOut, request.received_at);
        new.push(message(office, occasion, Question::OptOut(OptOuts { dataset, person, opt_out_of }))?);
    }
    Ok(new)
}

/// Tells the services. `None`: the job was put off until they call back.
///
/// # Errors
/// What the first service said that failed; the others were told.
pub async fn tell(office: &Office, owner: Uuid, job: &LeasedJob, id: RequestId) -> Result<Option<Settlement>, Error> {
    let request = office.store.read(move |tx| Ok::<_, Error>(tx.request(id)?)).await?;
    let Some(request) = request else { return Ok(Some(Settlement::Done)) };
    let blocking = office.clone();
    let told = tokio::task::spawn_blocking(move || tell_all(&blocking, &request));
    match told.await.map_err(|_| Error::Files("tell the services".into()))?? {
        None => Ok(Some(Settlement::Done)),
        Some(pending) => wait(office, owner, job, id, pending).await.map(|()| None),
    }
}

fn tell_all(office: &Office, request: &Request) -> Result<Option<Pending>, Error> {
    let controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
    let id = request.id;
    let open = move || {
        let all = office.store.read_blocking(move |tx| Ok::<_, Error>(tx.deliveries(id)?))?;
        let open = |d: &Delivery| d.occasion.operation == Operation::OptOut && d.answer().is_none();
        Ok::<_, Error>(all.into_iter().filter(open).collect::<Vec<_>>())
    };
    let mut failed = None;
    for delivery in open()? {
        if let Err(error) = send(office, controller, &delivery, false) {
            failed.get_or_insert(error);
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let waits: Vec<_> = open()?.into_iter().map(|d| (d.occasion.system, d.occasion.operation)).collect();
    Ok((!waits.is_empty()).then_some(Pending { waits }))
}
