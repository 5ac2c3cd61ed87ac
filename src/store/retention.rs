//! Which records are due for the purge, which are held, and the purge itself.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::{delete, insert_into, update};

use super::dialect::{ask, change};
use super::requests::purged;
use super::schema::{
    answers, communications, deliveries, jobs, manifest_parts, manifests, messages, record_holds, requests, retained,
    steps, tasks,
};
use super::sql_types::{At, On, Uid};
use super::{StoreError, Tx};
use crate::domain::ids::{ControllerId, RegimeId, RequestId, StaffId};
use crate::domain::personal::Personal;
use crate::domain::retention::Hold;

const KIND: &[u8] = b"hold";

/// A request that ended, as a purge looks at it: when, and which.
pub type Ended = (DateTime<Utc>, RequestId);

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = record_holds, primary_key(request_id))]
struct Row {
    request_id: Uid,
    until: On,
    at: At,
    held_by: Uid,
    sealed: Vec<u8>,
}

impl Tx<'_> {
    /// The first controller and regime after `after` of which there are records that ended and were not purged. Each
    /// step is one look into the index, however many requests there are.
    pub fn next_kept(
        &mut self,
        after: Option<&(ControllerId, RegimeId)>,
    ) -> Result<Option<(ControllerId, RegimeId)>, StoreError> {
        let found: Option<(String, String)> = ask!(self, c => {
            let mut query = requests::table
                .filter(requests::closed_at.is_not_null().and(requests::wrapped_key.is_not_null()))
                .select((requests::controller, requests::regime))
                .order((requests::controller, requests::regime))
                .into_boxed::<Db>();
            if let Some((controller, regime)) = after {
                let (controller, regime) = (controller.as_str(), regime.as_str());
                query = query
                    .filter(requests::controller.ge(controller))
                    .filter(requests::controller.gt(controller).or(requests::regime.gt(regime)));
            }
            query.first(c).optional()
        })?;
        Ok(found.map(|(controller, regime)| (ControllerId(controller), RegimeId(regime))))
    }

    /// Requests of one controller and regime that ended before a moment and were not purged, the oldest first, from
    /// after the one given.
    pub fn ended_before(
        &mut self,
        of: &(ControllerId, RegimeId),
        before: DateTime<Utc>,
        after: Option<Ended>,
        limit: u32,
    ) -> Result<Vec<Ended>, StoreError> {
        let rows: Vec<(Option<At>, Uid)> = ask!(self, c => {
            let mut query = requests::table
                .filter(requests::wrapped_key.is_not_null())
                .filter(requests::controller.eq(of.0.as_str()).and(requests::regime.eq(of.1.as_str())))
                .filter(requests::closed_at.lt(At(before)))
                .select((requests::closed_at, requests::id))
                .order((requests::closed_at, requests::id))
                .limit(limit.into())
                .into_boxed::<Db>();
            if let Some((at, id)) = after {
                query = query
                    .filter(requests::closed_at.ge(At(at)))
                    .filter(requests::closed_at.gt(At(at)).or(requests::id.gt(Uid(id.0)).nullable()));
            }
            query.load(c)
        })?;
        Ok(rows.into_iter().filter_map(|(at, id)| Some((at?.0, RequestId(id.0)))).collect())
    }

    /// Keeps a record from the purge, in place of a hold there may be.
    pub fn hold_record(&mut self, id: RequestId, hold: &Hold) -> Result<(), StoreError> {
        let key = self.key_of(id)?.ok_or_else(purged)?;
        let row = Row {
            request_id: Uid(id.0),
            until: On(hold.until),
            at: At(hold.at),
            held_by: Uid(hold.by.0),
            sealed: key.seal(KIND, b"", hold.reason.expose().as_bytes()),
        };
        change!(self, c => {
            insert_into(record_holds::table)
                .values(&row)
                .on_conflict(record_holds::request_id)
                .do_update()
                .set(&row)
                .execute(c)
        })
        .map(drop)
    }

    /// Lifts a hold; `false` where there was none.
    pub fn lift_hold(&mut self, id: RequestId) -> Result<bool, StoreError> {
        Ok(change!(self, c => delete(record_holds::table.find(Uid(id.0))).execute(c))? == 1)
    }

    /// The hold on a record, ended or not; none once it is purged.
    pub fn record_hold(&mut self, id: RequestId) -> Result<Option<Hold>, StoreError> {
        let row = ask!(self, c => record_holds::table.find(Uid(id.0)).get_result::<Row>(c).optional())?;
        let Some(row) = row else { return Ok(None) };
        let Some(key) = self.key_of(id)? else { return Ok(None) };
        let reason = String::from_utf8(key.open(KIND, b"", &row.sealed)?.to_vec())
            .map_err(|_| StoreError::Corrupt("record_holds.sealed does not hold text".to_owned()))?;
        let (at, by) = (row.at.0, StaffId(row.held_by.0));
        Ok(Some(Hold { until: row.until.0, at, by, reason: Personal::new(reason) }))
    }

    /// Destroys the request's key and everything that belonged to its person: what is left is what the request log,
    /// the figures and the trail say. Suppressions stay, by keyed index, because the opt-out goes on.
    pub fn purge(&mut self, id: RequestId) -> Result<(), StoreError> {
        let uid = Uid(id.0);
        let gone = (
            requests::wrapped_key.eq(None::<Vec<u8>>),
            requests::sealed.eq(Vec::<u8>::new()),
            requests::email_index.eq(None::<Vec<u8>>),
            requests::phone_index.eq(None::<Vec<u8>>),
            requests::look_at.eq(None::<On>),
            requests::clock_stopped_at.eq(None::<At>),
            requests::version.eq(requests::version + 1),
        );
        self.filed.remove(&id);
        change!(self, c => update(requests::table.find(uid)).set(gone).execute(c))?;
        change!(self, c => delete(messages::table.filter(messages::request_id.eq(uid))).execute(c))?;
        change!(self, c => delete(communications::table.filter(communications::request_id.eq(uid))).execute(c))?;
        change!(self, c => delete(manifests::table.filter(manifests::request_id.eq(uid))).execute(c))?;
        change!(self, c => delete(manifest_parts::table.filter(manifest_parts::request_id.eq(uid))).execute(c))?;
        change!(self, c => delete(steps::table.filter(steps::request_id.eq(uid))).execute(c))?;
        change!(self, c => delete(deliveries::table.filter(deliveries::request_id.eq(uid))).execute(c))?;
        change!(self, c => delete(tasks::table.filter(tasks::request_id.eq(uid))).execute(c))?;
        self.forget_free_texts(id)?;
        change!(self, c => delete(record_holds::table.find(uid)).execute(c))?;
        change!(self, c => delete(jobs::table.filter(jobs::request_id.eq(uid))).execute(c))?;
        change!(self, c => delete(answers::table.filter(answers::request_id.eq(uid))).execute(c))?;
        change!(self, c => delete(retained::table.find(uid)).execute(c))?;
        self.opened.remove(&id);
        self.pending.purged = true;
        Ok(())
    }
}
