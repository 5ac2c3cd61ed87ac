//! The record of every communication, sealed under the request's key and gone with it.

use diesel::insert_into;
use diesel::prelude::*;

use super::codec::{from_json, to_json, word};
use super::dialect::{ask, change};
use super::prepared::prepared;
use super::schema::communications;
use super::sealing::RequestKey;
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::communication::Communication;
use crate::domain::ids::{RequestId, StaffId};

const KIND: &[u8] = b"communication";

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = communications, primary_key(id, request_id), treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    request_id: Uid,
    at: At,
    channel: String,
    direction: String,
    kind: String,
    delivery: String,
    recorded_by: Option<Uid>,
    sealed: Vec<u8>,
}

impl Row {
    fn decode(self, key: &RequestKey) -> Result<Communication, StoreError> {
        let content = key.open(KIND, self.id.0.as_bytes(), &self.sealed)?;
        Ok(Communication {
            id: self.id.0,
            request: RequestId(self.request_id.0),
            at: self.at.0,
            medium: word(&self.channel, "communications.channel")?,
            direction: word(&self.direction, "communications.direction")?,
            kind: self.kind,
            delivery: word(&self.delivery, "communications.delivery")?,
            recorded_by: self.recorded_by.map(|id| StaffId(id.0)),
            content: from_json(&content, "communications.sealed")?,
        })
    }
}

impl Tx<'_> {
    /// Keeps a communication; one of the same id and request is replaced. A purged request takes none, silently: its
    /// last letter may leave after it.
    pub fn keep_communication(&mut self, one: &Communication) -> Result<(), StoreError> {
        let Some(key) = self.key_of(one.request)? else { return Ok(()) };
        let content = zeroize::Zeroizing::new(to_json(&one.content)?);
        let row = Row {
            id: Uid(one.id),
            request_id: Uid(one.request.0),
            at: At(one.at),
            channel: one.medium.to_string(),
            direction: one.direction.to_string(),
            kind: one.kind.clone(),
            delivery: one.delivery.to_string(),
            recorded_by: one.recorded_by.map(|id| Uid(id.0)),
            sealed: key.seal(KIND, one.id.as_bytes(), content.as_bytes()),
        };
        let place = (communications::id, communications::request_id);
        change!(self, c => {
            let upsert = insert_into(communications::table).values(&row).on_conflict(place).do_update().set(&row);
            prepared(upsert.returning(communications::id)).changed::<Uid, _>(c)
        })
        .map(drop)
    }

    /// A request's communications, oldest first; none once it is purged.
    pub fn communications(&mut self, request: RequestId) -> Result<Vec<Communication>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => {
            communications::table
                .filter(communications::request_id.eq(Uid(request.0)))
                .order((communications::at, communications::id))
                .load(c)
        })?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let Some(key) = self.key_of(request)? else { return Ok(Vec::new()) };
        rows.into_iter().map(|row| row.decode(key)).collect()
    }
}
