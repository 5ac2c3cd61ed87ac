//! Sign-ins of staff, so that a token can be revoked before it expires.

use chrono::{DateTime, Utc};

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
        let _ = (id, staff, now, expires_at);
        todo!()
    }

    /// Whose session it is, while it is neither over nor revoked and the account is active.
    pub fn session(&mut self, id: SessionId, now: DateTime<Utc>) -> Result<Option<Staff>, StoreError> {
        let _ = (id, now);
        todo!()
    }

    /// Ends a session.
    pub fn revoke_session(&mut self, id: SessionId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let _ = (id, now);
        todo!()
    }
}
