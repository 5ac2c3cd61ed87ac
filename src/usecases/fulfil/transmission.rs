//! Transmission: a package that is made and released goes to the company the person named, or staff are told why not.

use serde::Serialize;
use uuid::Uuid;

use super::super::authorize::person::goes_to_person;
use super::super::follow::file_key;
use super::super::{Error, Office};
use super::{remedies, while_fulfilling};
use crate::crash;
use crate::domain::ids::RequestId;
use crate::domain::job::{LeasedJob, MOST_ATTEMPTS, Settlement};
use crate::domain::personal::Personal;
use crate::domain::request::{Fulfilment, Package, Request, Transmission};
use crate::domain::right::Right;
use crate::packaging::sealed::SealedReader;
use crate::packaging::shelf::ShelfReader;
use crate::sending::{AddressError, Destination, Parcel, SendError};
use crate::store::{StepRow, StepState, Tx};

/// How a package gets to the company that the person named.
#[derive(Debug, Serialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Way {
    /// The server sends it, if whoever approves says so.
    OverHttps {
        /// What to do for it.
        note: &'static str,
    },
    /// Staff send it, or not.
    ByHand {
        /// Why the server cannot.
        why: String,
        /// What to do.
        note: &'static str,
    },
}

impl Way {
    /// The way of a request's package; none where nobody else is named.
    pub fn of(office: &Office, request: &Request) -> Option<Self> {
        Some(match destination(office, request).filter(|_| !goes_to_person(office, request))? {
            Ok(_) => Way::OverHttps {
                note: "approve with `transmit: true`, and the package is sent to `transmit_to` once it is released; without \
                       it the package goes to the person only",
            },
            Err(why) => Way::ByHand {
                why: why.to_string(),
                note: "the package waits for release: send it by hand where that can be done, and say in `answer` what was done",
            },
        })
    }
}

/// Whether an approval can say that the package is sent.
///
/// # Errors
/// [`Error::Invalid`]: another right, nobody named, or no address that the server can send to.
pub fn check(office: &Office, request: &Request) -> Result<(), Error> {
    let detail = match destination(office, request) {
        Some(_) if goes_to_person(office, request) => {
            "the policy gives a package that an agent asked for to the person alone; leave `transmit` out".to_owned()
        }
        Some(Ok(_)) => return Ok(()),
        Some(Err(why)) => format!(
            "the server cannot send to what the person named: {why}; leave `transmit` out, send the package by hand where \
             that can be done, and say so when you release it"
        ),
        None if request.right == Right::Portability => {
            "the person named no company in `transmit_to`; leave `transmit` out".to_owned()
        }
        None => "only the package of a portability request is sent to another company; leave `transmit` out".to_owned(),
    };
    Err(Error::invalid("/transmit", detail))
}

/// A package for somebody to whom the server cannot send waits for staff, who can.
pub fn left_to_staff(office: &Office, request: &Request, made: Fulfilment) -> Fulfilment {
    let by_hand = made.package.is_some()
        && !goes_to_person(office, request)
        && matches!(destination(office, request), Some(Err(_)));
    Fulfilment { transmission: by_hand.then_some(Transmission::ByHand), ..made }
}

/// Sends the package and commits what came of it with the job's end. The delivery's id is the package's, so that each
/// try has the same, also after a crash between "taken" and "committed".
///
/// # Errors
/// When it was not taken and may be the next time; nothing is lost.
pub async fn send(
    office: &Office,
    owner: Uuid,
    job: &LeasedJob,
    request: &Request,
    result: &Fulfilment,
) -> Result<(), Error> {
    crash::point("transmit.before_send");
    let sent = deliver(office, request, result).await;
    crash::point("transmit.after_send");
    let at = office.clock.now();
    let transmission = match sent {
        Ok(host) => Transmission::Sent { at, host: Some(host) },
        Err(error) if is_final(&error) || job.attempts >= MOST_ATTEMPTS => {
            Transmission::Failed { at, reason: reason(&error) }
        }
        Err(error) => {
            note(office, request.id, result, StepState::Failed, Some(reason(&error))).await;
            return Err(error);
        }
    };
    commit(office, owner, job, request.id, transmission).await
}

fn is_final(error: &Error) -> bool {
    matches!(error, Error::Sending(error) if error.is_final())
}

/// Why, for staff; no error of these holds the address.
fn reason(error: &Error) -> String {
    match error {
        Error::Sending(error) => error.to_string(),
        other => other.to_string(),
    }
}

async fn deliver(office: &Office, request: &Request, result: &Fulfilment) -> Result<Personal<String>, Error> {
    // Looked at once more: what the operator allows may have changed since the approval.
    let to = destination(office, request).unwrap_or(Err(AddressError::NotHttps)).map_err(SendError::from)?;
    let package = result.package.clone().ok_or(Error::NoPackage("this request is answered without one"))?;
    let parcel = parcel(office, request.id, &package).await?;
    let host = Personal::new(to.host().to_owned());
    let (inner, now) = (office.clone(), office.clock.now());
    let sent = tokio::task::spawn_blocking(move || inner.sender.send(&to, parcel, now));
    sent.await.map_err(|_| Error::Files("finish sending a package".into()))??;
    Ok(host)
}

async fn parcel(office: &Office, id: RequestId, package: &Package) -> Result<Parcel<SealedReader<ShelfReader>>, Error> {
    let damaged = || Error::Files("read the sum of a package".into());
    let key = office.store.read(move |tx| file_key(tx, id)).await?;
    let opened = office.shelf.open(package.id).and_then(|sealed| SealedReader::new(sealed, &key));
    let content = opened.map_err(|e| Error::Files(format!("open a package: {e}")))?;
    let mut sha256 = [0; 32];
    for (byte, digits) in sha256.iter_mut().zip(package.sha256.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).map_err(|_| damaged())?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| damaged())?;
    }
    Ok(Parcel { id: package.id, bytes: package.bytes, sha256, content })
}

/// What became of it, the next state and the job's end, together. Where the lease was lost, somebody else commits.
async fn commit(
    office: &Office,
    owner: Uuid,
    job: &LeasedJob,
    id: RequestId,
    transmission: Transmission,
) -> Result<(), Error> {
    let (inner, job) = (office.clone(), job.clone());
    let now = office.clock.now();
    let write = office.store.write(move |tx| {
        if !tx.settle(&job, owner, &Settlement::Done, now)? {
            return Ok(());
        }
        let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
        let outcome = request.transmitted(now, transmission.clone())?;
        let outcome = super::delivered(&inner, outcome, now);
        let outcome = outcome.with_remedies(|request| remedies(&inner, request, now));
        if let Some(result) = outcome.request.state.result() {
            let (state, error) = match &transmission {
                Transmission::Failed { reason, .. } => (StepState::Failed, Some(reason.clone())),
                _ => (StepState::Done, None),
            };
            tx.put_steps(id, &[step(&inner, result, state, error)])?;
        }
        tx.save(&outcome)?;
        super::wake_siblings(tx, &outcome.request, now)
    });
    write.await
}

/// Leaves a try that failed where staff see it, beside the job that goes on.
async fn note(office: &Office, id: RequestId, result: &Fulfilment, state: StepState, error: Option<String>) {
    let step = step(office, result, state, error);
    let put = move |tx: &mut Tx<'_>| while_fulfilling(tx, id, |tx| Ok(tx.put_steps(id, std::slice::from_ref(&step))?));
    let written = office.store.write(put).await;
    if let Err(second) = written {
        tracing::warn!(request = %id, error = %second, "a failed transmission could not be noted");
    }
}

/// The transmission as a step, after those that made the package.
fn step(office: &Office, result: &Fulfilment, state: StepState, error: Option<String>) -> StepRow {
    StepRow {
        ordinal: i32::try_from(result.lines.len()).unwrap_or(i32::MAX),
        name: "transmission".to_owned(),
        system: String::new().as_str().into(),
        dataset: String::new(),
        collection: String::new(),
        state,
        rows: 0,
        bytes: 0,
        error,
        updated_at: office.clock.now(),
        since: None,
        attempts: 0,
    }
}

/// Where the person wants their package; none for other rights, or where they named nobody.
fn destination(office: &Office, request: &Request) -> Option<Result<Destination, AddressError>> {
    let to = request.particulars.transmit_to.as_ref().filter(|_| request.right == Right::Portability)?;
    Some(office.sender.destination(to.expose()))
}
