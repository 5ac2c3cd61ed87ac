//! Which documents of agents lie on the shelf, so that none outlives the requests it serves.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::{delete, insert_into};
use uuid::Uuid;

use super::dialect::{ask, change};
use super::schema::{documents, requests};
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::ids::BundleId;
use crate::domain::request::StateName;

impl Tx<'_> {
    /// Notes the file of a bundle's document.
    pub fn insert_document(&mut self, bundle: BundleId, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
        let row = (documents::id.eq(Uid(id)), documents::bundle_id.eq(Uid(bundle.0)), documents::stored_at.eq(At(now)));
        change!(self, c => insert_into(documents::table).values(row).execute(c)).map(drop)
    }

    /// Forgets files that were replaced; they are nobody's from now on.
    pub fn delete_documents(&mut self, ids: &[Uuid]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uid> = ids.iter().copied().map(Uid).collect();
        change!(self, c => delete(documents::table.filter(documents::id.eq_any(&ids))).execute(c)).map(drop)
    }

    /// Forgets the files whose requests are all purged or expired; they are nobody's from now on.
    pub fn forget_documents(&mut self) -> Result<(), StoreError> {
        let served = requests::table.filter(
            requests::bundle_id
                .eq(documents::bundle_id)
                .and(requests::wrapped_key.is_not_null())
                .and(requests::state.ne(StateName::Expired.as_str())),
        );
        let over = documents::table.filter(not(exists(served)));
        let ids: Vec<Uid> = ask!(self, c => over.select(documents::id).load(c))?;
        if ids.is_empty() {
            return Ok(());
        }
        change!(self, c => delete(documents::table.filter(documents::id.eq_any(&ids))).execute(c)).map(drop)
    }

    /// Which of these files are somebody's.
    pub fn documents_among(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let ids: Vec<Uid> = ids.iter().copied().map(Uid).collect();
        let kept: Vec<Uid> =
            ask!(self, c => documents::table.filter(documents::id.eq_any(&ids)).select(documents::id).load(c))?;
        Ok(kept.into_iter().map(|id| id.0).collect())
    }
}
