//! Legal holds: sealed, and found by the keyed index of any of their person's identifiers.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::{delete, insert_into, select};
use uuid::Uuid;

use super::codec::{from_json, to_json};
use super::dialect::{ask, change};
use super::schema::legal_holds;
use super::sql_types::{At, Uid};
use super::{Keys, StoreError, Tx};
use crate::domain::identity::{Identities, IdentityKind};
use crate::domain::ids::{ControllerId, StaffId};
use crate::domain::keeping::LegalHold;

#[derive(Queryable, Insertable)]
#[diesel(table_name = legal_holds)]
struct Row {
    id: Uid,
    controller: String,
    email_index: Option<Vec<u8>>,
    phone_index: Option<Vec<u8>>,
    account_index: Option<Vec<u8>>,
    placed_at: At,
    placed_by: Uid,
    sealed: Vec<u8>,
}

impl Row {
    fn open(self, keys: &Keys) -> Result<LegalHold, StoreError> {
        let unreadable = |_| StoreError::Corrupt("legal_holds.sealed cannot be opened".to_owned());
        let json = keys.open(&place(self.id.0), &self.sealed).map_err(unreadable)?;
        Ok(LegalHold {
            id: self.id.0,
            controller: ControllerId(self.controller),
            terms: from_json(&json, "legal_holds.sealed")?,
            placed_at: self.placed_at.0,
            placed_by: StaffId(self.placed_by.0),
        })
    }
}

impl Tx<'_> {
    /// Places a hold.
    pub fn insert_legal_hold(&mut self, hold: &LegalHold) -> Result<(), StoreError> {
        let json = zeroize::Zeroizing::new(to_json(&hold.terms)?);
        let index = |kind| {
            let value = hold.terms.person.normalised(kind)?;
            Some(self.keys.blind_index(kind, &value).to_vec())
        };
        let row = Row {
            id: Uid(hold.id),
            controller: hold.controller.to_string(),
            email_index: index(IdentityKind::Email),
            phone_index: index(IdentityKind::Phone),
            account_index: index(IdentityKind::AccountId),
            placed_at: At(hold.placed_at),
            placed_by: Uid(hold.placed_by.0),
            sealed: self.keys.seal(&place(hold.id), json.as_bytes()),
        };
        change!(self, c => insert_into(legal_holds::table).values(&row).execute(c)).map(drop)
    }

    /// The holds in force on whoever has one of these identifiers, the first placed first.
    pub fn legal_holds_on(
        &mut self,
        controller: &ControllerId,
        person: &Identities,
    ) -> Result<Vec<LegalHold>, StoreError> {
        // Most companies hold nothing back, and each erasure asks several times.
        let any = exists(legal_holds::table.filter(legal_holds::controller.eq(controller.as_str())));
        if !ask!(self, c => select(any).get_result::<bool>(c))? {
            return Ok(Vec::new());
        }
        let index = |kind| person.normalised(kind).map(|value| self.keys.blind_index(kind, &value).to_vec());
        // An index of nobody's is no match: NULL equals nothing.
        let (email, phone, account) =
            (index(IdentityKind::Email), index(IdentityKind::Phone), index(IdentityKind::AccountId));
        let theirs = legal_holds::email_index
            .eq(email)
            .or(legal_holds::phone_index.eq(phone))
            .or(legal_holds::account_index.eq(account));
        let rows: Vec<Row> = ask!(self, c => {
            legal_holds::table
                .filter(legal_holds::controller.eq(controller.as_str()))
                .filter(theirs)
                .order((legal_holds::placed_at, legal_holds::id))
                .load(c)
        })?;
        rows.into_iter().map(|row| row.open(self.keys)).collect()
    }

    /// Every hold in force, the first placed first.
    pub fn legal_holds(&mut self) -> Result<Vec<LegalHold>, StoreError> {
        let rows: Vec<Row> =
            ask!(self, c => legal_holds::table.order((legal_holds::placed_at, legal_holds::id)).load(c))?;
        rows.into_iter().map(|row| row.open(self.keys)).collect()
    }

    /// One hold; none when it was lifted.
    pub fn legal_hold(&mut self, id: Uuid) -> Result<Option<LegalHold>, StoreError> {
        let row = ask!(self, c => legal_holds::table.find(Uid(id)).get_result::<Row>(c).optional())?;
        row.map(|row| row.open(self.keys)).transpose()
    }

    /// Lifts a hold: what it said is gone with it, and the trail keeps that it was. `false` when there is none.
    pub fn delete_legal_hold(&mut self, id: Uuid) -> Result<bool, StoreError> {
        Ok(change!(self, c => delete(legal_holds::table.find(Uid(id))).execute(c))? == 1)
    }
}

fn place(id: Uuid) -> Vec<u8> {
    [b"legal hold\0".as_slice(), id.as_bytes()].concat()
}
