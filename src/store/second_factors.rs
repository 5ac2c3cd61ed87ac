//! Staff's one-time codes: the secret sealed, the newest code taken remembered, so that none is taken twice.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::{delete, insert_into};
use zeroize::Zeroizing;

use super::dialect::{ask, change, lock};
use super::schema::second_factors;
use super::sql_types::{At, Uid};
use super::{Keys, StoreError, Tx};
use crate::domain::ids::StaffId;

/// A second factor of a member of staff.
pub struct SecondFactor {
    /// Whose.
    pub staff: StaffId,
    /// What the codes are derived from (RFC 6238).
    pub secret: Zeroizing<Vec<u8>>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When a first code showed that it works; it counts from then on.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The time step of the newest code taken.
    pub last_step: i64,
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = second_factors, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    staff_id: Uid,
    sealed: Vec<u8>,
    created_at: At,
    confirmed_at: Option<At>,
    last_step: i64,
}

impl Row {
    fn decode(self, keys: &Keys) -> Result<SecondFactor, StoreError> {
        let staff = StaffId(self.staff_id.0);
        let secret = keys
            .open(&place(staff), &self.sealed)
            .map_err(|_| StoreError::Corrupt("second_factors.sealed cannot be read".to_owned()))?;
        Ok(SecondFactor {
            staff,
            secret,
            created_at: self.created_at.0,
            confirmed_at: self.confirmed_at.map(|at| at.0),
            last_step: self.last_step,
        })
    }
}

fn place(staff: StaffId) -> Vec<u8> {
    [b"second factor\0".as_slice(), staff.0.as_bytes()].concat()
}

impl Tx<'_> {
    /// A member of staff's second factor.
    pub fn second_factor(&mut self, staff: StaffId) -> Result<Option<SecondFactor>, StoreError> {
        let row = ask!(self, c => second_factors::table.find(Uid(staff.0)).get_result::<Row>(c).optional())?;
        row.map(|row| row.decode(self.keys)).transpose()
    }

    /// The same, and nobody else changes it until this write ends.
    pub fn second_factor_for_update(&mut self, staff: StaffId) -> Result<Option<SecondFactor>, StoreError> {
        let rows = lock!(&mut *self.conn, second_factors::table.find(Uid(staff.0)) => Row);
        self.noted(rows)?.pop().map(|row| row.decode(self.keys)).transpose()
    }

    /// Keeps a second factor in place of the one before.
    pub fn put_second_factor(&mut self, factor: &SecondFactor) -> Result<(), StoreError> {
        let row = Row {
            staff_id: Uid(factor.staff.0),
            sealed: self.keys.seal(&place(factor.staff), &factor.secret),
            created_at: At(factor.created_at),
            confirmed_at: factor.confirmed_at.map(At),
            last_step: factor.last_step,
        };
        change!(self, c => {
            insert_into(second_factors::table)
                .values(&row)
                .on_conflict(second_factors::staff_id)
                .do_update()
                .set(&row)
                .execute(c)
        })
        .map(drop)
    }

    /// Takes a second factor away; gives whether there was one.
    pub fn remove_second_factor(&mut self, staff: StaffId) -> Result<bool, StoreError> {
        Ok(change!(self, c => delete(second_factors::table.find(Uid(staff.0))).execute(c))? == 1)
    }
}
