//! Messages between the requester and staff, sealed under the request's key.

use chrono::{DateTime, Utc};

use super::{StoreError, Tx};
use crate::domain::actor::Actor;
use crate::domain::ids::{MessageId, RequestId};
use crate::domain::personal::Personal;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// What it is about.
    pub request: RequestId,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// By whom.
    pub author: Actor,
    /// What it says.
    pub text: Personal<String>,
}

impl Tx<'_> {
    /// Keeps a message. A purged request takes none.
    pub fn insert_message(&mut self, message: &Message) -> Result<(), StoreError> {
        let _ = message;
        todo!()
    }

    /// A request's messages, oldest first; none once it is purged.
    pub fn messages(&mut self, request: RequestId) -> Result<Vec<Message>, StoreError> {
        let _ = request;
        todo!()
    }
}
