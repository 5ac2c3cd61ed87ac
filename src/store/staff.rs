//! Staff accounts. Their addresses are their employer's and are kept in clear.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{StoreError, Tx};
use crate::domain::identity::Email;
use crate::domain::ids::StaffId;
use crate::domain::staff::{Guessing, Staff};

impl Tx<'_> {
    /// Keeps a new account. [`StoreError::Conflict`] when the address has one, in whatever case it is written.
    pub fn insert_staff(&mut self, staff: &Staff, password_hash: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let _ = (staff, password_hash, now);
        todo!()
    }

    /// The active account of an address, with what a sign-in is checked by.
    pub fn staff_by_email(&mut self, email: &Email) -> Result<Option<(Staff, SecretString, Guessing)>, StoreError> {
        let _ = email;
        todo!()
    }

    /// An account, active or not.
    pub fn staff(&mut self, id: StaffId) -> Result<Option<Staff>, StoreError> {
        let _ = id;
        todo!()
    }

    /// The active accounts, by address.
    pub fn staff_list(&mut self) -> Result<Vec<Staff>, StoreError> {
        todo!()
    }

    /// Counts guesses at an account's password.
    pub fn set_guessing(&mut self, id: StaffId, guessing: Guessing) -> Result<(), StoreError> {
        let _ = (id, guessing);
        todo!()
    }

    /// Switches an account on or off; off, none of its sessions lives.
    pub fn set_staff_active(&mut self, id: StaffId, active: bool) -> Result<(), StoreError> {
        let _ = (id, active);
        todo!()
    }
}
