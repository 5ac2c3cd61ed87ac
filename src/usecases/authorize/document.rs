//! Documents of agents: on the shelf whole and sealed, or not at all; gone with the requests they serve.

use std::io::{self, Read, Write};

use chrono::TimeDelta;
use uuid::Uuid;

use super::whole_bundle;
use crate::clock;
use crate::crash;
use crate::domain::actor::Actor;
use crate::domain::agent::{Document, DocumentKey, DocumentKind, MediaType};
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::lifecycle::Step;
use crate::domain::request::Request;
use crate::packaging::sealed::{FileKey, SealedReader, SealedWriter};
use crate::packaging::shelf::Shelf;
use crate::store::Tx;
use crate::usecases::follow;
use crate::usecases::{Error, Office};

/// The longest document taken, in bytes.
pub const LONGEST: usize = 10 * 1024 * 1024;

/// Why a document is not taken. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The header names none of the kinds that are taken, or the bytes are none of them.
    #[error("send a PDF, a PNG or a JPEG, and say which in Content-Type")]
    UnknownType,
    /// The bytes are another kind of file than the header says.
    #[error("the file is not what its Content-Type says")]
    Mismatch,
    /// The file has no end.
    #[error("the file is cut off; upload it again")]
    CutOff,
}

/// Takes a document for all requests that were sent together and still wait for one; it replaces what was there.
///
/// # Errors
/// [`Error::Document`] for what is no such file, [`Error::Refused`] when the request does not wait for one.
pub async fn upload(
    office: &Office,
    bundle: BundleId,
    id: RequestId,
    kind: DocumentKind,
    declared: MediaType,
    bytes: Vec<u8>,
) -> Result<Request, Error> {
    let media_type = inspect(declared, &bytes)?;
    let step = Step { now: office.clock.now(), by: Actor::Agent };
    let document = Document {
        id: clock::new_id(step.now),
        kind,
        media_type,
        bytes: bytes.len() as u64,
        uploaded_at: step.now,
        key: DocumentKey::new(clock::random()),
    };
    // Asked first, so that a refusal leaves no file; asked again by the verb itself.
    follow::request(office, bundle, id).await?.authorization_submitted(step, document.clone())?;
    put(office, document.clone(), bytes).await?;
    crash::point("authorization.after_document");
    let file = document.id;
    let replaced = office
        .store
        .write(move |tx| {
            let replaced = take(tx, bundle, id, step, &document)?;
            let request = tx.request(id)?.ok_or(Error::NotFound("request"))?;
            Ok((request, replaced))
        })
        .await;
    match replaced {
        Ok((request, replaced)) => {
            replaced.into_iter().for_each(|old| remove(&office.documents, old));
            Ok(request)
        }
        Err(error) => {
            remove(&office.documents, file);
            Err(error)
        }
    }
}

fn inspect(declared: MediaType, bytes: &[u8]) -> Result<MediaType, Error> {
    let found = MediaType::of(bytes).ok_or(DocumentError::UnknownType)?;
    if found != declared {
        return Err(DocumentError::Mismatch.into());
    }
    if found.is_whole(bytes) { Ok(found) } else { Err(DocumentError::CutOff.into()) }
}

/// Gives the documents that are nobody's any more.
fn take(tx: &mut Tx<'_>, bundle: BundleId, id: RequestId, step: Step, document: &Document) -> Result<Vec<Uuid>, Error> {
    let before = documents(&tx.requests_of_for_update(bundle)?);
    whole_bundle(tx, bundle, Some(id), step, |request| request.authorization_submitted(step, document.clone()))?;
    let after = documents(&tx.requests_of(bundle)?);
    let replaced: Vec<Uuid> = before.into_iter().filter(|old| !after.contains(old)).collect();
    tx.insert_document(bundle, document.id, step.now)?;
    tx.delete_documents(&replaced)?;
    Ok(replaced)
}

fn documents(requests: &[Request]) -> Vec<Uuid> {
    requests.iter().filter_map(|r| r.authorization()?.document.as_ref()).map(|d| d.id).collect()
}

async fn put(office: &Office, document: Document, bytes: Vec<u8>) -> Result<(), Error> {
    let shelf = office.documents.clone();
    let written = tokio::task::spawn_blocking(move || {
        let file = shelf.create(document.id)?;
        let mut sealed = SealedWriter::new(file, &FileKey::new(*document.key.expose()), clock::random())?;
        sealed.write_all(&bytes)?;
        sealed.finish()?.commit()
    });
    written.await.map_err(io::Error::other).flatten().map_err(|e| Error::Files(format!("keep a document: {e}")))
}

/// The document of a request, for staff to look at.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none any more.
pub async fn read(office: &Office, id: RequestId) -> Result<(Request, Document, Vec<u8>), Error> {
    let request = office.store.read(move |tx| tx.request(id)?.ok_or(Error::NotFound("request"))).await?;
    let document = request.authorization().and_then(|a| a.document.clone()).ok_or(Error::NotFound("document"))?;
    let (shelf, key, file) = (office.documents.clone(), FileKey::new(*document.key.expose()), document.id);
    let content = tokio::task::spawn_blocking(move || {
        let mut content = Vec::new();
        SealedReader::new(shelf.open(file)?, &key)?.read_to_end(&mut content)?;
        Ok(content)
    });
    match content.await.map_err(io::Error::other).flatten() {
        Ok(content) => Ok((request, document, content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NotFound("document")),
        Err(error) => Err(Error::Files(format!("open a document: {error}"))),
    }
}

/// Removes the documents whose requests are all purged or expired, and what a crash left behind.
///
/// # Errors
/// When the store or the shelf fails; a file that cannot be removed is tried again the next time.
pub async fn sweep(office: &Office) -> Result<(), Error> {
    office.store.write(|tx| Ok::<_, Error>(tx.forget_documents()?)).await?;
    let now = office.clock.now();
    let shelf = office.documents.clone();
    // A file is there before its row: leave uploads that are on their way in peace.
    let (settled, abandoned) = (now - TimeDelta::hours(1), now - TimeDelta::days(1));
    let listed = tokio::task::spawn_blocking(move || shelf.sweep(abandoned).and_then(|_| shelf.older_than(settled)));
    let listed = listed.await.map_err(io::Error::other).flatten();
    let files = listed.map_err(|e| Error::Files(format!("look through the documents: {e}")))?;
    for some in files.chunks(500) {
        let asked = some.to_vec();
        let kept = office.store.read(move |tx| Ok::<_, Error>(tx.documents_among(&asked)?)).await?;
        some.iter().filter(|file| !kept.contains(file)).for_each(|file| remove(&office.documents, *file));
    }
    Ok(())
}

/// What cannot be removed now, the sweep removes later.
fn remove(shelf: &Shelf, file: Uuid) {
    if let Err(error) = shelf.remove(file) {
        tracing::warn!(%error, "a document could not be removed; it is tried again");
    }
}
