//! First answers, kept so that a repeated call gets the same one.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::{delete, insert_into};

use super::codec::sum;
use super::dialect::{ask, change};
use super::schema::answers;
use super::sql_types::{At, Uid};
use super::{Keys, StoreError, Tx};
use crate::domain::ids::RequestId;

/// The first answer to a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Which call: caller, route and idempotency key, hashed together.
    pub scope: [u8; 32],
    /// A keyed sum of the body that was sent.
    pub body_hash: [u8; 32],
    /// The HTTP status of the answer.
    pub status: u16,
    /// Its body; sealed at rest.
    pub answer: Vec<u8>,
    /// When it was given.
    pub at: DateTime<Utc>,
    /// The request it speaks of, where it speaks of one: its purge takes the answer along.
    pub request: Option<RequestId>,
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").field("status", &self.status).field("at", &self.at).finish_non_exhaustive()
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = answers, treat_none_as_default_value = false)]
struct Row {
    scope: Vec<u8>,
    body_hash: Vec<u8>,
    status: i32,
    sealed: Vec<u8>,
    at: At,
    request_id: Option<Uid>,
}

impl Row {
    fn decode(self, keys: &Keys) -> Result<Remembered, StoreError> {
        let unreadable = |column: &str| StoreError::Corrupt(format!("{column} cannot be read"));
        let scope = sum(&self.scope, "answers.scope")?;
        let answer = keys.open(&place(&scope), &self.sealed).map_err(|_| unreadable("answers.sealed"))?;
        Ok(Remembered {
            scope,
            body_hash: sum(&self.body_hash, "answers.body_hash")?,
            status: self.status.try_into().map_err(|_| unreadable("answers.status"))?,
            answer: answer.to_vec(),
            at: self.at.0,
            request: self.request_id.map(|id| RequestId(id.0)),
        })
    }
}

fn place(scope: &[u8; 32]) -> Vec<u8> {
    [b"answer\0".as_slice(), scope].concat()
}

impl Tx<'_> {
    /// Keeps a first answer. [`StoreError::Conflict`] when there is one.
    pub fn remember(&mut self, answer: &Remembered) -> Result<(), StoreError> {
        let row = Row {
            scope: answer.scope.to_vec(),
            body_hash: answer.body_hash.to_vec(),
            status: answer.status.into(),
            sealed: self.keys.seal(&place(&answer.scope), &answer.answer),
            at: At(answer.at),
            request_id: answer.request.map(|id| Uid(id.0)),
        };
        let added = change!(self, c => {
            insert_into(answers::table).values(&row).on_conflict(answers::scope).do_nothing().execute(c)
        })?;
        if added == 1 { Ok(()) } else { Err(StoreError::Conflict("an answer to this call")) }
    }

    /// The first answer, if there is one.
    pub fn recall(&mut self, scope: &[u8; 32]) -> Result<Option<Remembered>, StoreError> {
        let row = ask!(self, c => answers::table.find(scope.as_slice()).get_result::<Row>(c).optional())?;
        row.map(|row| row.decode(self.keys)).transpose()
    }

    /// Forgets answers older than `at`; gives their number.
    pub fn forget_before(&mut self, at: DateTime<Utc>) -> Result<u64, StoreError> {
        let gone = change!(self, c => delete(answers::table.filter(answers::at.lt(At(at)))).execute(c))?;
        Ok(gone as u64)
    }
}
