//! Marks: staff lift a restriction, and the person hears of it before it falls.

use super::dispatch::Dispatch;
use super::letters::{self, LetterError};
use super::{Error, Office};
use crate::domain::ids::{RequestId, StaffId};
use crate::domain::personal::Personal;
use crate::domain::request::Request;

/// Decides to lift the mark that a request had set. The person is told, and then the mark falls (GDPR Art. 18(3)).
///
/// # Errors
/// [`Error::Refused`] when the request set none, or one that is the person's own wish.
pub async fn lift(office: &Office, by: StaffId, id: RequestId, reason: String) -> Result<Request, Error> {
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let outcome = request.lift(now, by, Personal::new(reason.clone()))?;
            tx.save(&outcome)?;
            Ok(outcome.request)
        })
        .await
}

/// Tells the person that the mark falls, then lifts it. Running again after a crash in between sends the same letter
/// once more, and lifts once.
///
/// # Errors
/// When the letter does not leave: the mark then stands.
pub async fn tell_and_lift(office: &Office, job: &Dispatch, id: RequestId) -> Result<(), LetterError> {
    letters::mail_lifting(office, job, id).await?;
    office.mailer.keep_sent().await?;
    let now = office.clock.now();
    let lifted = office.store.write(move |tx| {
        let Some(request) = tx.request_for_update(id)? else { return Ok(()) };
        match request.lifted(now) {
            Ok(outcome) => Ok(tx.save(&outcome)?),
            // Somebody else ran the same job.
            Err(_) => Ok::<_, Error>(()),
        }
    });
    Ok(lifted.await?)
}
