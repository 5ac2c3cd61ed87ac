//! How far a fulfilment is: its steps for staff to see, its manifests so that a crash resumes to the same end.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel::{delete, insert_into, update};
use zeroize::Zeroizing;

use super::codec::word;
use super::dialect::{ask, change};
use super::prepared::prepared;
use super::requests::purged;
use super::schema::{manifest_parts, manifests, steps};
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::ids::{RequestId, SystemId};

/// One step of a fulfilment. Holds nothing personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// Its place.
    pub ordinal: i32,
    /// What it does, as a word: `find`, `erase`.
    pub name: String,
    /// In which system.
    pub system: SystemId,
    /// In which dataset.
    pub dataset: String,
    /// In which collection.
    pub collection: String,
    /// How it stands.
    pub state: StepState,
    /// With how many rows.
    pub rows: u64,
    /// How many bytes their values have, where that is counted.
    pub bytes: u64,
    /// What went wrong; never personal data.
    pub error: Option<String>,
    /// When that was so.
    pub updated_at: DateTime<Utc>,
    /// Since when its system fails, where it does.
    pub since: Option<DateTime<Utc>>,
    /// How many attempts failed since then.
    pub attempts: i32,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Pending,
    /// Begun.
    Running,
    /// Done.
    Done,
    /// It failed and will be tried again.
    Failed,
}

/// What an erasure will touch in one system: round, system, the bytes, and whether it was carried out.
pub type Manifest = (i32, SystemId, Zeroizing<Vec<u8>>, bool);

const KIND: &[u8] = b"manifest";
const ROWS: &[u8] = b"manifest rows";

/// The place of a manifest among a request's: none can stand in for another.
fn part(round: i32, system: &str) -> Vec<u8> {
    [round.to_be_bytes().as_slice(), system.as_bytes()].concat()
}

/// The place of a part of a manifest's rows.
fn row_part(round: i32, number: i32) -> Vec<u8> {
    [round.to_be_bytes(), number.to_be_bytes()].concat()
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = manifests)]
struct ManifestRow {
    request_id: Uid,
    round: i32,
    system: String,
    sealed: Vec<u8>,
    executed: bool,
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = steps, primary_key(request_id, ordinal))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    request_id: Uid,
    ordinal: i32,
    name: String,
    system: String,
    dataset: String,
    collection: String,
    state: String,
    row_count: i64,
    error: Option<String>,
    updated_at: At,
    byte_count: i64,
    since: Option<At>,
    attempts: i32,
}

impl Row {
    fn of(request: RequestId, step: &StepRow) -> Result<Self, StoreError> {
        let too_many = |_| StoreError::Database("a step counts more rows than a database can hold".to_owned());
        Ok(Row {
            request_id: Uid(request.0),
            ordinal: step.ordinal,
            name: step.name.clone(),
            system: step.system.to_string(),
            dataset: step.dataset.clone(),
            collection: step.collection.clone(),
            state: step.state.to_string(),
            row_count: step.rows.try_into().map_err(too_many)?,
            error: step.error.clone(),
            updated_at: At(step.updated_at),
            byte_count: step.bytes.try_into().unwrap_or(i64::MAX),
            since: step.since.map(At),
            attempts: step.attempts,
        })
    }

    fn decode(self) -> Result<StepRow, StoreError> {
        Ok(StepRow {
            ordinal: self.ordinal,
            name: self.name,
            system: SystemId(self.system),
            dataset: self.dataset,
            collection: self.collection,
            state: word(&self.state, "steps.state")?,
            rows: self.row_count.try_into().unwrap_or_default(),
            bytes: self.byte_count.try_into().unwrap_or_default(),
            error: self.error,
            updated_at: self.updated_at.0,
            since: self.since.map(|at| at.0),
            attempts: self.attempts,
        })
    }
}

impl Tx<'_> {
    /// Keeps steps; one with the same ordinal is replaced.
    pub fn put_steps(&mut self, request: RequestId, steps: &[StepRow]) -> Result<(), StoreError> {
        for step in steps {
            let row = Row::of(request, step)?;
            change!(self, c => {
                let place = (steps::request_id, steps::ordinal);
                let upsert = insert_into(steps::table).values(&row).on_conflict(place).do_update().set(&row);
                prepared(upsert.returning(steps::request_id)).changed::<Uid, _>(c)
            })?;
        }
        Ok(())
    }

    /// A request's steps in order.
    pub fn steps(&mut self, request: RequestId) -> Result<Vec<StepRow>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => {
            steps::table.filter(steps::request_id.eq(Uid(request.0))).order(steps::ordinal).load(c)
        })?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// Forgets a request's steps, for a run with others.
    pub fn clear_steps(&mut self, request: RequestId) -> Result<(), StoreError> {
        let theirs = steps::table.filter(steps::request_id.eq(Uid(request.0)));
        change!(self, c => delete(theirs).execute(c)).map(drop)
    }

    /// Keeps what will be erased, sealed under the request's key. It can be replaced until it was carried out; then
    /// it is a [`StoreError::Conflict`].
    pub fn put_manifest(
        &mut self,
        request: RequestId,
        round: i32,
        system: &SystemId,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let key = self.key_of(request)?.ok_or_else(purged)?;
        let sealed = key.seal(KIND, &part(round, system.as_str()), bytes);
        let row =
            ManifestRow { request_id: Uid(request.0), round, system: system.to_string(), sealed, executed: false };
        let kept = change!(self, c => {
            let upsert = insert_into(manifests::table)
                .values(&row)
                .on_conflict((manifests::request_id, manifests::round, manifests::system))
                .do_update()
                .set(manifests::sealed.eq(&row.sealed));
            let upsert = methods::FilterDsl::filter(upsert, manifests::executed.eq(false));
            prepared(upsert.returning(manifests::request_id)).changed::<Uid, _>(c)
        })?;
        if kept == 1 { Ok(()) } else { Err(StoreError::Conflict("a manifest that was carried out")) }
    }

    /// A request's manifests by round and system; none once it is purged.
    pub fn manifests(&mut self, request: RequestId) -> Result<Vec<Manifest>, StoreError> {
        let rows: Vec<ManifestRow> = ask!(self, c => {
            manifests::table
                .filter(manifests::request_id.eq(Uid(request.0)))
                .order((manifests::round, manifests::system))
                .load(c)
        })?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let Some(key) = self.key_of(request)? else { return Ok(Vec::new()) };
        rows.into_iter()
            .map(|row| {
                let bytes = key.open(KIND, &part(row.round, &row.system), &row.sealed)?;
                Ok((row.round, SystemId(row.system), bytes, row.executed))
            })
            .collect()
    }

    /// Keeps a part of the rows of a manifest that names very many, sealed under the request's key: before the manifest
    /// itself, which says how many parts there are.
    pub fn put_manifest_part(
        &mut self,
        request: RequestId,
        round: i32,
        number: i32,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let key = self.key_of(request)?.ok_or_else(purged)?;
        let sealed = key.seal(ROWS, &row_part(round, number), bytes);
        let row = (
            manifest_parts::request_id.eq(Uid(request.0)),
            manifest_parts::round.eq(round),
            manifest_parts::number.eq(number),
            manifest_parts::sealed.eq(sealed),
        );
        change!(self, c => insert_into(manifest_parts::table).values(row).execute(c)).map(drop)
    }

    /// A part of a manifest's rows; none once it is purged.
    pub fn manifest_part(
        &mut self,
        request: RequestId,
        round: i32,
        number: i32,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let this = manifest_parts::table.find((Uid(request.0), round, number)).select(manifest_parts::sealed);
        let sealed: Option<Vec<u8>> = ask!(self, c => this.get_result(c).optional())?;
        let (Some(sealed), Some(key)) = (sealed, self.key_of(request)?) else { return Ok(None) };
        key.open(ROWS, &row_part(round, number), &sealed).map(Some)
    }

    /// How many parts a manifest's rows are in.
    pub fn count_manifest_parts(&mut self, request: RequestId, round: i32) -> Result<u32, StoreError> {
        let parts = manifest_parts::request_id.eq(Uid(request.0)).and(manifest_parts::round.eq(round));
        let count: i64 = ask!(self, c => manifest_parts::table.filter(parts).count().get_result(c))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Forgets the parts of a manifest that was never kept itself: a crash came in between. One that was is a
    /// [`StoreError::Conflict`].
    pub fn clear_manifest_parts(&mut self, request: RequestId, round: i32) -> Result<(), StoreError> {
        let kept = manifests::request_id.eq(Uid(request.0)).and(manifests::round.eq(round));
        let kept: i64 = ask!(self, c => manifests::table.filter(kept).count().get_result(c))?;
        if kept > 0 {
            return Err(StoreError::Conflict("the manifest of these rows"));
        }
        let parts = manifest_parts::request_id.eq(Uid(request.0)).and(manifest_parts::round.eq(round));
        change!(self, c => delete(manifest_parts::table.filter(parts)).execute(c)).map(drop)
    }

    /// Forgets parts that an earlier run kept, beyond the first so many of a manifest that is about to be kept itself.
    pub fn keep_first_manifest_parts(&mut self, request: RequestId, round: i32, first: u32) -> Result<(), StoreError> {
        let of_round = manifest_parts::request_id.eq(Uid(request.0)).and(manifest_parts::round.eq(round));
        let others = of_round.and(manifest_parts::number.ge(i32::try_from(first).unwrap_or(i32::MAX)));
        change!(self, c => delete(manifest_parts::table.filter(others)).execute(c)).map(drop)
    }

    /// Forgets the parts of manifests that were never kept themselves: a crash came in between, and nothing was left to do
    /// when they were planned again.
    pub fn forget_loose_manifest_parts(&mut self, request: RequestId) -> Result<(), StoreError> {
        let kept = manifests::table.filter(manifests::request_id.eq(Uid(request.0))).select(manifests::round);
        let loose = manifest_parts::request_id.eq(Uid(request.0)).and(manifest_parts::round.ne_all(kept));
        change!(self, c => delete(manifest_parts::table.filter(loose)).execute(c)).map(drop)
    }

    /// A manifest was carried out; in its place are kept `bytes` from now on. One that was marked before stays as it is.
    pub fn mark_executed(
        &mut self,
        request: RequestId,
        round: i32,
        system: &SystemId,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let key = self.key_of(request)?.ok_or_else(purged)?;
        let sealed = key.seal(KIND, &part(round, system.as_str()), bytes);
        let this =
            manifests::table.find((Uid(request.0), round, system.as_str())).filter(manifests::executed.eq(false));
        change!(self, c => {
            let set = (manifests::sealed.eq(&sealed), manifests::executed.eq(true));
            prepared(update(this).set(set).returning(manifests::request_id)).changed::<Uid, _>(c)
        })
        .map(drop)
    }
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl StepState {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            StepState::Pending => "pending",
            StepState::Running => "running",
            StepState::Done => "done",
            StepState::Failed => "failed",
        }
    }
}
