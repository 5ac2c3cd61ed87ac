//! Receipts: what the person holds against the controller, signed, and checked by whoever has the public key.

use chrono::{DateTime, Utc};

use super::{Error, Office, follow};
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::receipt::{Event, File, KIND, Receipt};
use crate::domain::request::Request;
use crate::packaging::Sign;
use crate::signing::{Forged, KeySet};

/// A signed receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// What it is a receipt of.
    pub event: Event,
    /// The compact JWS.
    pub jws: String,
}

/// The receipts of a request: of its submission, and of its end once it has one.
///
/// # Errors
/// [`Error::NotFound`] when the bundle has no such request.
pub async fn of_request(office: &Office, bundle: BundleId, id: RequestId) -> Result<Vec<Issued>, Error> {
    let request = follow::request(office, bundle, id).await?;
    let submitted = Issued { event: Event::Submitted, jws: of_submission(office, &request) };
    let closed = of_end(office, &request).map(|jws| Issued { event: Event::Closed, jws });
    Ok(std::iter::once(submitted).chain(closed).collect())
}

/// That a request came in, and what is due when.
pub(super) fn of_submission(office: &Office, request: &Request) -> String {
    sign(office, &Receipt::submitted(&office.public_url, request))
}

/// How a request ended; none before it has.
pub(super) fn of_end(office: &Office, request: &Request) -> Option<String> {
    Receipt::closed(&office.public_url, request).map(|receipt| sign(office, &receipt))
}

/// What a package is signed with once its files are known.
pub(super) fn of_package(office: &Office, request: &Request, generated_at: DateTime<Utc>) -> Sign {
    let (office, request) = (office.clone(), request.clone());
    Box::new(move |files| {
        let files = files.into_iter().map(|(path, sha256)| File { path, sha256 }).collect();
        sign(&office, &Receipt::packed(&office.public_url, &request, generated_at, files))
    })
}

fn sign(office: &Office, receipt: &Receipt) -> String {
    let content = serde_json::to_vec(receipt).expect("a receipt is plain data that JSON can hold");
    office.signer.sign(KIND, &content)
}

/// Why a receipt is not believed.
#[derive(Debug, thiserror::Error)]
pub enum Unbelieved {
    /// The signature is not good.
    #[error(transparent)]
    Forged(#[from] Forged),
    /// Signed by a known key, and yet not a receipt that this version can read.
    #[error("the signature is good, but this is no receipt that this version of Habeas can read")]
    Unreadable,
}

/// What a receipt says, once it is found to be signed with one of the keys.
///
/// # Errors
/// [`Unbelieved`].
pub fn verify(keys: &KeySet, jws: &str) -> Result<Receipt, Unbelieved> {
    let content = keys.open(KIND, jws)?;
    serde_json::from_slice(&content).map_err(|_| Unbelieved::Unreadable)
}
