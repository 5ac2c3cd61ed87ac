//! Cells of free text that staff look at, and what they decided: sealed with their request, and gone when it was answered.

use aws_lc_rs::hmac;
use diesel::prelude::*;
use diesel::{delete, insert_into, update};
use uuid::Uuid;

use super::cursor::Cursor;
use super::dialect::{ask, change};
use super::requests::purged;
use super::schema::free_texts;
use super::sealing::RequestKey;
use super::sql_types::Uid;
use super::{Page, StoreError, Tx};
use crate::domain::free_text::{FreeTextCell, FreeTextDecision, FreeTextLine};
use crate::domain::ids::RequestId;

const KIND: &[u8] = b"free text";
const DECISION: &[u8] = b"free text decision";
const LIST: &str = "free_text";

/// Names cells without telling what stands in them: whoever has not the request's key cannot try texts.
pub struct CellNames(hmac::Key);

impl CellNames {
    /// The name of a cell: the same place with the same text has the same.
    ///
    /// # Panics
    /// Never: a cell is texts, which can be written as JSON.
    pub fn of(&self, cell: &FreeTextCell) -> Uuid {
        let tag = hmac::sign(&self.0, &serde_json::to_vec(cell).expect("texts can be written as JSON"));
        let first = tag.as_ref().first_chunk::<16>().expect("SHA-256 has 32 bytes");
        uuid::Builder::from_custom_bytes(*first).into_uuid()
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = free_texts)]
struct Row {
    request_id: Uid,
    cell: Uid,
    ordinal: i64,
    run: Uid,
    sealed: Vec<u8>,
    sealed_decision: Option<Vec<u8>>,
}

impl Row {
    fn decode(self, key: &RequestKey) -> Result<FreeTextLine, StoreError> {
        let part = self.cell.0.as_bytes();
        let what = parsed(&key.open(KIND, part, &self.sealed)?)?;
        let decision = self.sealed_decision.as_ref().map(|sealed| decision(key, part, sealed)).transpose()?;
        Ok(FreeTextLine { cell: self.cell.0, ordinal: self.ordinal, what, decision })
    }
}

impl Tx<'_> {
    /// What names the cells of a request; none once it is purged.
    pub fn cell_names(&mut self, request: RequestId) -> Result<Option<CellNames>, StoreError> {
        let key = self.key_of(request)?;
        Ok(key.map(|key| CellNames(hmac::Key::new(hmac::HMAC_SHA256, key.derive("free text cells").as_slice()))))
    }

    /// What was decided about a request's cells, by their names.
    pub fn free_text_decisions(&mut self, request: RequestId) -> Result<Vec<(Uuid, FreeTextDecision)>, StoreError> {
        let rows: Vec<(Uid, Option<Vec<u8>>)> = ask!(self, c => {
            free_texts::table
                .filter(free_texts::request_id.eq(Uid(request.0)).and(free_texts::sealed_decision.is_not_null()))
                .select((free_texts::cell, free_texts::sealed_decision))
                .load(c)
        })?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let Some(key) = self.key_of(request)? else { return Ok(Vec::new()) };
        let decided = rows.into_iter().filter_map(|(cell, sealed)| Some((cell.0, sealed?)));
        decided.map(|(cell, sealed)| Ok((cell, decision(key, cell.as_bytes(), &sealed)?))).collect()
    }

    /// Keeps cells that a run found and nobody decided about, each with its number in the run.
    pub fn put_free_texts(
        &mut self,
        request: RequestId,
        run: Uuid,
        cells: &[(Uuid, i64, FreeTextCell)],
    ) -> Result<(), StoreError> {
        for (cell, ordinal, what) in cells {
            let key = self.key_of(request)?.ok_or_else(purged)?;
            let sealed = key.seal(KIND, cell.as_bytes(), &written(what)?);
            let (ordinal, run) = (*ordinal, Uid(run));
            let row = Row { request_id: Uid(request.0), cell: Uid(*cell), ordinal, run, sealed, sealed_decision: None };
            change!(self, c => {
                insert_into(free_texts::table)
                    .values(&row)
                    .on_conflict((free_texts::request_id, free_texts::cell))
                    .do_update()
                    .set((free_texts::ordinal.eq(row.ordinal), free_texts::run.eq(Uid(row.run.0))))
                    .execute(c)
            })?;
        }
        Ok(())
    }

    /// Forgets the undecided cells that a run did not find: they are gone or say something else.
    pub fn forget_other_free_texts(&mut self, request: RequestId, run: Uuid) -> Result<(), StoreError> {
        let theirs = free_texts::request_id.eq(Uid(request.0));
        let stale = theirs.and(free_texts::run.ne(Uid(run))).and(free_texts::sealed_decision.is_null());
        change!(self, c => delete(free_texts::table.filter(stale)).execute(c)).map(drop)
    }

    /// Forgets all of a request's cells.
    pub fn forget_free_texts(&mut self, request: RequestId) -> Result<(), StoreError> {
        let theirs = free_texts::request_id.eq(Uid(request.0));
        change!(self, c => delete(free_texts::table.filter(theirs)).execute(c)).map(drop)
    }

    /// How many cells nobody decided about.
    pub fn open_free_texts(&mut self, request: RequestId) -> Result<u64, StoreError> {
        let open = free_texts::request_id.eq(Uid(request.0)).and(free_texts::sealed_decision.is_null());
        let count: i64 = ask!(self, c => free_texts::table.filter(open).count().get_result(c))?;
        Ok(count.unsigned_abs())
    }

    /// The names of the cells that nobody decided about.
    pub fn open_free_text_cells(&mut self, request: RequestId) -> Result<Vec<Uuid>, StoreError> {
        let open = free_texts::request_id.eq(Uid(request.0)).and(free_texts::sealed_decision.is_null());
        let cells: Vec<Uid> = ask!(self, c => free_texts::table.filter(open).select(free_texts::cell).load(c))?;
        Ok(cells.into_iter().map(|cell| cell.0).collect())
    }

    /// Keeps what was decided about a cell; whether there is such a cell.
    pub fn decide_free_text(
        &mut self,
        request: RequestId,
        cell: Uuid,
        decision: &FreeTextDecision,
    ) -> Result<bool, StoreError> {
        let key = self.key_of(request)?.ok_or_else(purged)?;
        let sealed = key.seal(DECISION, cell.as_bytes(), &written(decision)?);
        let this = free_texts::table.find((Uid(request.0), Uid(cell)));
        let there = change!(self, c => update(this).set(free_texts::sealed_decision.eq(Some(&sealed))).execute(c))?;
        Ok(there == 1)
    }

    /// A page of a request's cells in the order of the last search; with `open`, those that nobody decided about.
    pub fn free_text_list(
        &mut self,
        request: RequestId,
        open: bool,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page<FreeTextLine>, StoreError> {
        let after = cursor.map(|text| Cursor::decode(text, LIST)).transpose()?;
        let number = |c: Cursor<'_>| Ok::<_, StoreError>((c.key.parse().map_err(|_| StoreError::BadCursor)?, c.id));
        let after: Option<(i64, Uuid)> = after.map(number).transpose()?;
        let limit = limit.clamp(1, 500) as usize;
        let mut rows: Vec<Row> = ask!(self, c => {
            let mut query = free_texts::table
                .filter(free_texts::request_id.eq(Uid(request.0)))
                .order((free_texts::ordinal, free_texts::cell))
                .limit(limit as i64 + 1)
                .into_boxed::<Db>();
            if open {
                query = query.filter(free_texts::sealed_decision.is_null());
            }
            if let Some((at, cell)) = after {
                let later = free_texts::ordinal.gt(at).or(free_texts::cell.gt(Uid(cell)));
                query = query.filter(free_texts::ordinal.ge(at)).filter(later);
            }
            query.load(c)
        })?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let Some(key) = self.key_of(request)? else { return Ok(Page { items: Vec::new(), next: None }) };
        let items = rows.into_iter().map(|row| row.decode(key)).collect::<Result<Vec<_>, _>>()?;
        let last = items.last().filter(|_| more);
        let next = last.map(|line| Cursor { list: LIST, key: line.ordinal.to_string(), id: line.cell }.encode());
        Ok(Page { items, next })
    }
}

fn decision(key: &RequestKey, cell: &[u8], sealed: &[u8]) -> Result<FreeTextDecision, StoreError> {
    parsed(&key.open(DECISION, cell, sealed)?)
}

fn parsed<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    // The parser's message could quote what it read.
    serde_json::from_slice(bytes).map_err(|_| StoreError::Corrupt("free_texts does not hold what was sealed".into()))
}

fn written<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|_| StoreError::Corrupt("a free text cannot be written as JSON".into()))
}
