//! Sign-ins of staff, so that a token can be revoked before it expires.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::{insert_into, update};

use super::dialect::{ask, change};
use super::schema::{sessions, staff};
use super::sql_types::{At, Uid};
use super::staff::Row;
use super::{StoreError, Tx};
use crate::domain::ids::{SessionId, StaffId};
use crate::domain::staff::Staff;

impl Tx<'_> {
    /// Keeps a sign-in.
    pub fn insert_session(
        &mut self,
        id: SessionId,
        staff: StaffId,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let row = (
            sessions::id.eq(Uid(id.0)),
            sessions::staff_id.eq(Uid(staff.0)),
            sessions::created_at.eq(At(now)),
            sessions::expires_at.eq(At(expires_at)),
        );
        change!(self, c => insert_into(sessions::table).values(row).execute(c)).map(drop)
    }

    /// Whose session it is, while it is neither over nor revoked and the account is active.
    pub fn session(&mut self, id: SessionId, now: DateTime<Utc>) -> Result<Option<Staff>, StoreError> {
        let live = sessions::id
            .eq(Uid(id.0))
            .and(sessions::revoked_at.is_null())
            .and(sessions::expires_at.gt(At(now)))
            .and(staff::active.eq(true));
        let row = ask!(self, c => {
            sessions::table
                .inner_join(staff::table)
                .filter(live)
                .select(staff::all_columns)
                .get_result::<Row>(c)
                .optional()
        })?;
        row.map(Row::decode).transpose()
    }

    /// Ends a session.
    pub fn revoke_session(&mut self, id: SessionId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let live = sessions::table.filter(sessions::id.eq(Uid(id.0)).and(sessions::revoked_at.is_null()));
        change!(self, c => update(live).set(sessions::revoked_at.eq(At(now))).execute(c)).map(drop)
    }
}
