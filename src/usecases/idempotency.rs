//! The same call twice: a repeat with the same `Idempotency-Key` gets the first answer and changes nothing.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Error, Office};
use crate::domain::ids::RequestId;
use crate::store::Remembered;

/// How long an answer is remembered.
pub const MEMORY: TimeDelta = TimeDelta::hours(24);

/// Which call a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The key together with who uses it and where: a hash, so that nobody meets somebody else's key.
    pub scope: [u8; 32],
    /// The hash of the body: the same key with another body is a mistake.
    pub body: [u8; 32],
    /// The request whose address was called, if it was one's.
    pub request: Option<RequestId>,
}

/// An answer that was given before.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// How to remember an answer in the same transaction as what it answers.
pub struct Keep<T> {
    /// The call.
    pub call: Call,
    /// How the answer reads.
    pub render: fn(&T) -> Answer,
}

impl<T> Keep<T> {
    pub(super) fn answer(self, value: &T, at: DateTime<Utc>) -> Remembered {
        let Answer { status, body } = (self.render)(value);
        Remembered {
            scope: self.call.scope,
            body_hash: self.call.body,
            status,
            answer: body,
            at,
            request: self.call.request,
        }
    }
}

/// The answer that was given to this call before, if one was.
///
/// # Errors
/// [`Error::KeyReused`] when the key came with another body.
pub async fn recall(office: &Office, call: Call) -> Result<Option<Answer>, Error> {
    let oldest = office.clock.now() - MEMORY;
    let found = office.store.read(move |tx| Ok::<_, Error>(tx.recall(&call.scope)?)).await?;
    match found {
        Some(found) if found.at < oldest => Ok(None),
        Some(found) if found.body_hash != call.body => Err(Error::KeyReused),
        Some(found) => Ok(Some(Answer { status: found.status, body: found.answer })),
        None => Ok(None),
    }
}

/// Remembers the answer to a call whose effect is committed. A second answer to the same call changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn remember(office: &Office, call: Call, answer: Answer) -> Result<(), Error> {
    let remembered = Remembered {
        scope: call.scope,
        body_hash: call.body,
        status: answer.status,
        answer: answer.body,
        at: office.clock.now(),
        request: call.request,
    };
    match office.store.write(move |tx| Ok::<_, Error>(tx.remember(&remembered)?)).await {
        Ok(()) | Err(Error::Store(crate::store::StoreError::Conflict(_))) => Ok(()),
        Err(error) => Err(error),
    }
}
