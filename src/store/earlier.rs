//! What the same person asked of the same controller before, found by the blind index of their address.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::codec::word;
use super::dialect::ask;
use super::schema::requests;
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::identity::IdentityKind;
use crate::domain::ids::RequestId;
use crate::domain::request::{Request, StateName};

/// An earlier request of the same person for the same right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Which.
    pub id: RequestId,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Where it stands.
    pub state: StateName,
}

/// The most that are looked at: whoever asked more often than this has used up whatever is counted.
const MOST: i64 = 200;

impl Tx<'_> {
    /// What the person of a request asked before it under the same right, received at `since` or later; the latest
    /// first. Purged requests are forgotten here too.
    pub fn earlier_requests(&mut self, request: &Request, since: DateTime<Utc>) -> Result<Vec<Earlier>, StoreError> {
        let email = request.particulars.person.email.normalised();
        let index = self.keys.blind_index(IdentityKind::Email, &email).to_vec();
        let (id, received) = (Uid(request.id.0), At(request.received_at));
        let rows: Vec<(Uid, At, String)> = ask!(self, c => {
            requests::table
                .filter(requests::email_index.eq(index))
                .filter(requests::controller.eq(request.controller.as_str()))
                .filter(requests::right_name.eq(request.right.as_str()))
                .filter(requests::received_at.ge(At(since)).and(requests::received_at.le(received)))
                .filter(requests::received_at.lt(received).or(requests::id.lt(id)))
                .order((requests::received_at.desc(), requests::id.desc()))
                .limit(MOST)
                .select((requests::id, requests::received_at, requests::state))
                .load(c)
        })?;
        let read = |(id, at, state): (Uid, At, String)| {
            Ok(Earlier { id: RequestId(id.0), received_at: at.0, state: word(&state, "requests.state")? })
        };
        rows.into_iter().map(read).collect()
    }
}
