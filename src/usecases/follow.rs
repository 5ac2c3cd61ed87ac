//! What the holder of a token may do with their own requests: follow, take back, write, fetch.

use super::authorize::person::goes_to_person;
use super::decide::{forget_free_text, wake_siblings};
use super::token::Token;
use super::{Error, Office};
use crate::clock;
use crate::domain::ids::{BundleId, MessageId, RequestId};
use crate::domain::lifecycle::Step;
use crate::domain::personal::Personal;
use crate::domain::request::{Package, Request};
use crate::packaging::sealed::{FileKey, SealedReader};
use crate::packaging::shelf::ShelfReader;
use crate::store::{Bundle, Message, Tx};

/// Who holds this token.
///
/// # Errors
/// [`Error::Unauthorized`] when the token opens nothing; which part of it is wrong is not told.
pub async fn bearer(office: &Office, token: &str) -> Result<Bundle, Error> {
    let token = Token::parse(token).ok_or(Error::Unauthorized)?;
    let bundle_id = token.bundle;
    let bundle = office.store.read(move |tx| Ok::<_, Error>(tx.bundle(bundle_id)?)).await?;
    bundle.filter(|b| token.opens(&b.token_hash)).ok_or(Error::Unauthorized)
}

/// One request of the bundle.
///
/// # Errors
/// [`Error::NotFound`] when the bundle has no such request.
pub async fn request(office: &Office, bundle: BundleId, id: RequestId) -> Result<Request, Error> {
    office.store.read(move |tx| own(tx.request(id)?, bundle)).await
}

/// Takes a request back.
///
/// # Errors
/// [`Error::Refused`] when it is too late for that.
pub async fn withdraw(office: &Office, bundle: BundleId, id: RequestId) -> Result<Request, Error> {
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            let request = own(tx.request_for_update(id)?, bundle)?;
            let step = Step { now, by: request.holder() };
            let outcome = request.withdraw(step)?;
            tx.save(&outcome)?;
            // What a run that is called off has left; it writes no more.
            tx.clear_steps(id)?;
            forget_free_text(tx, &outcome.request)?;
            wake_siblings(tx, &outcome.request, now)?;
            Ok(outcome.request)
        })
        .await
}

/// Writes a message to staff; it answers their question if one is open.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn write_message(office: &Office, bundle: BundleId, id: RequestId, text: String) -> Result<Message, Error> {
    let now = office.clock.now();
    let message = MessageId(clock::new_id(now));
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = own(tx.request_for_update(id)?, bundle)?;
            let (author, clocks) = (request.holder(), request.clocks.clone());
            tx.save(&inner.dated(&clocks, request.answered(Step { now, by: author }), now))?;
            let text = Personal::new(text.clone());
            let message = Message { id: message, request: id, at: now, author, text };
            tx.insert_message(&message)?;
            Ok(message)
        })
        .await
}

/// The messages of a request, oldest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn messages(office: &Office, bundle: BundleId, id: RequestId) -> Result<Vec<Message>, Error> {
    office
        .store
        .read(move |tx| {
            own(tx.request(id)?, bundle)?;
            Ok(tx.messages(id)?)
        })
        .await
}

/// A package that was delivered, ready to be read.
pub struct Delivered {
    /// What the answer says of it.
    pub package: Package,
    /// The number people read out, for the file's name.
    pub reference: String,
    /// The package, unsealed as it is read.
    pub content: SealedReader<ShelfReader>,
}

/// Opens the package of a request that was answered.
///
/// # Errors
/// [`Error::NoPackage`] before it is delivered or where there is none, [`Error::PackageExpired`].
pub async fn package(office: &Office, bundle: BundleId, id: RequestId) -> Result<Delivered, Error> {
    let request = request(office, bundle, id).await?;
    if goes_to_person(office, &request) {
        return Err(Error::NoPackage("it goes to the person directly, by a link mailed to them"));
    }
    deliver(office, &request).await
}

/// The package of a request, for whoever may have it.
pub(super) async fn deliver(office: &Office, request: &Request) -> Result<Delivered, Error> {
    let id = request.id;
    let key = office.store.read(move |tx| file_key(tx, id)).await?;
    let done = request.delivered();
    let done = done.ok_or(Error::NoPackage("the request has not been answered with one yet"))?;
    let package = done.result.package.clone().ok_or(Error::NoPackage("this request is answered without one"))?;
    if office.clock.now() >= package.expires_at {
        return Err(Error::PackageExpired);
    }
    let opened = office.shelf.open(package.id).and_then(|sealed| SealedReader::new(sealed, &key));
    let content = opened.map_err(|e| Error::Files(format!("open a package: {e}")))?;
    Ok(Delivered { reference: request.id.reference(), package, content })
}

pub(super) fn file_key(tx: &mut Tx<'_>, id: RequestId) -> Result<FileKey, Error> {
    let key = tx.file_key(id)?.ok_or(Error::NotFound("request"))?;
    Ok(FileKey::new(*key))
}

/// A request of somebody else's is, to this caller, not there.
pub(super) fn own(request: Option<Request>, bundle: BundleId) -> Result<Request, Error> {
    request.filter(|r| r.bundle == bundle).ok_or(Error::NotFound("request"))
}
