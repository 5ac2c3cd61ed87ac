//! Staff accounts. Their addresses are their employer's and are kept in clear.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::{insert_into, update};
use secrecy::SecretString;

use super::codec::parsed;
use super::dialect::{ask, change};
use super::schema::staff;
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::identity::Email;
use crate::domain::ids::StaffId;
use crate::domain::staff::{Guessing, Staff};

#[derive(Queryable, Insertable)]
#[diesel(table_name = staff, treat_none_as_default_value = false)]
pub(super) struct Row {
    id: Uid,
    email: String,
    name: String,
    role: String,
    password_hash: String,
    active: bool,
    failures: i32,
    locked_until: Option<At>,
    created_at: At,
}

impl Row {
    pub(super) fn decode(self) -> Result<Staff, StoreError> {
        Ok(Staff {
            id: StaffId(self.id.0),
            email: parsed(&self.email, "staff.email")?,
            name: parsed(&self.name, "staff.name")?,
            role: parsed(&self.role, "staff.role")?,
        })
    }
}

impl Tx<'_> {
    /// Keeps a new account. [`StoreError::Conflict`] when the address has one, in whatever case it is written.
    pub fn insert_staff(&mut self, staff: &Staff, password_hash: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let row = Row {
            id: Uid(staff.id.0),
            email: staff.email.normalised(),
            name: staff.name.expose().to_owned(),
            role: staff.role.to_string(),
            password_hash: password_hash.to_owned(),
            active: true,
            failures: 0,
            locked_until: None,
            created_at: At(now),
        };
        let added = change!(self, c => insert_into(staff::table).values(&row).on_conflict(staff::email).do_nothing().execute(c))?;
        if added == 1 { Ok(()) } else { Err(StoreError::Conflict("an account with this address")) }
    }

    /// The active account of an address, with what a sign-in is checked by.
    pub fn staff_by_email(&mut self, email: &Email) -> Result<Option<(Staff, SecretString, Guessing)>, StoreError> {
        let email = email.normalised();
        let row = ask!(self, c => {
            staff::table.filter(staff::email.eq(&email).and(staff::active.eq(true))).get_result::<Row>(c).optional()
        })?;
        row.map(|row| {
            let guessing = Guessing { failures: row.failures, locked_until: row.locked_until.map(|at| at.0) };
            let password_hash = SecretString::from(row.password_hash.clone());
            Ok((row.decode()?, password_hash, guessing))
        })
        .transpose()
    }

    /// An account, active or not.
    pub fn staff(&mut self, id: StaffId) -> Result<Option<Staff>, StoreError> {
        ask!(self, c => staff::table.find(Uid(id.0)).get_result::<Row>(c).optional())?.map(Row::decode).transpose()
    }

    /// The active accounts, by address.
    pub fn staff_list(&mut self) -> Result<Vec<Staff>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => staff::table.filter(staff::active.eq(true)).order(staff::email).load(c))?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// Counts guesses at an account's password.
    pub fn set_guessing(&mut self, id: StaffId, guessing: Guessing) -> Result<(), StoreError> {
        let set = (staff::failures.eq(guessing.failures), staff::locked_until.eq(guessing.locked_until.map(At)));
        change!(self, c => update(staff::table.find(Uid(id.0))).set(set).execute(c)).map(drop)
    }

    /// Switches an account on or off; off, none of its sessions lives.
    pub fn set_staff_active(&mut self, id: StaffId, active: bool) -> Result<(), StoreError> {
        change!(self, c => update(staff::table.find(Uid(id.0))).set(staff::active.eq(active)).execute(c)).map(drop)
    }
}
