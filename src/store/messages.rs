//! Messages between the requester and staff, sealed under the request's key.

use chrono::{DateTime, Utc};
use diesel::insert_into;
use diesel::prelude::*;

use super::codec::parsed;
use super::dialect::{ask, change};
use super::requests::purged;
use super::schema::messages;
use super::sealing::RequestKey;
use super::sql_types::{At, Uid};
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

const KIND: &[u8] = b"message";

#[derive(Queryable, Insertable)]
#[diesel(table_name = messages)]
struct Row {
    id: Uid,
    request_id: Uid,
    at: At,
    author: String,
    sealed: Vec<u8>,
}

impl Row {
    fn decode(self, key: &RequestKey) -> Result<Message, StoreError> {
        let text = key.open(KIND, self.id.0.as_bytes(), &self.sealed)?;
        let text = String::from_utf8(text.to_vec())
            .map_err(|_| StoreError::Corrupt("messages.sealed does not hold text".to_owned()))?;
        Ok(Message {
            id: MessageId(self.id.0),
            request: RequestId(self.request_id.0),
            at: self.at.0,
            author: parsed(&self.author, "messages.author")?,
            text: Personal::new(text),
        })
    }
}

impl Tx<'_> {
    /// Keeps a message. A purged request takes none.
    pub fn insert_message(&mut self, message: &Message) -> Result<(), StoreError> {
        let key = self.key_of(message.request)?.ok_or_else(purged)?;
        let row = Row {
            id: Uid(message.id.0),
            request_id: Uid(message.request.0),
            at: At(message.at),
            author: message.author.to_string(),
            sealed: key.seal(KIND, message.id.0.as_bytes(), message.text.expose().as_bytes()),
        };
        change!(self, c => insert_into(messages::table).values(&row).execute(c)).map(drop)
    }

    /// A request's messages, oldest first; none once it is purged.
    pub fn messages(&mut self, request: RequestId) -> Result<Vec<Message>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => {
            messages::table
                .filter(messages::request_id.eq(Uid(request.0)))
                .order((messages::at, messages::id))
                .load(c)
        })?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let Some(key) = self.key_of(request)? else { return Ok(Vec::new()) };
        rows.into_iter().map(|row| row.decode(key)).collect()
    }
}
