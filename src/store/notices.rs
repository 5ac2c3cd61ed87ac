//! Which requests a day asks to look at, and what was said about which date: nothing is said twice.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::{insert_into, update};

use super::dialect::{ask, change};
use super::schema::{notices, requests};
use super::sql_types::{At, On, Uid};
use super::{StoreError, Tx};
use crate::domain::ids::RequestId;

/// A request and the day on which it is to be looked at.
pub type Look = (NaiveDate, RequestId);

impl Tx<'_> {
    /// The requests to be looked at on that day or before, the longest waiting first, after the one given.
    pub fn to_look_at(&mut self, day: NaiveDate, after: Option<Look>, limit: u32) -> Result<Vec<Look>, StoreError> {
        let rows: Vec<(Option<On>, Uid)> = ask!(self, c => {
            let mut query = requests::table
                .filter(requests::look_at.is_not_null().and(requests::look_at.le(On(day)).assume_not_null()))
                .select((requests::look_at, requests::id))
                .order((requests::look_at, requests::id))
                .limit(limit.into())
                .into_boxed::<Db>();
            if let Some((day, id)) = after {
                let later = requests::look_at.gt(On(day)).assume_not_null();
                query = query
                    .filter(requests::look_at.ge(On(day)).assume_not_null())
                    .filter(later.or(requests::id.gt(Uid(id.0))));
            }
            query.load(c)
        })?;
        Ok(rows.into_iter().filter_map(|(day, id)| Some((day?.0, RequestId(id.0)))).collect())
    }

    /// Sets the day on which a request is to be looked at next.
    pub fn look_next(&mut self, id: RequestId, day: Option<NaiveDate>) -> Result<(), StoreError> {
        let set = requests::look_at.eq(day.map(On));
        self.filed.remove(&id);
        change!(self, c => update(requests::table.find(Uid(id.0))).set(set).execute(c)).map(drop)
    }

    /// Whether that was said before.
    pub fn noted_before(&mut self, id: RequestId, notice: &str, due: NaiveDate) -> Result<bool, StoreError> {
        let this = notices::table.find((Uid(id.0), notice, On(due))).select(notices::due);
        Ok(ask!(self, c => this.get_result::<On>(c).optional())?.is_some())
    }

    /// Writes down that something is said about a date of a request; `false` when it was said before, by whichever
    /// process. What is said must be committed together with this.
    pub fn note(
        &mut self,
        id: RequestId,
        notice: &str,
        due: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let row = (
            notices::request_id.eq(Uid(id.0)),
            notices::notice.eq(notice),
            notices::due.eq(On(due)),
            notices::at.eq(At(now)),
        );
        let added = change!(self, c => insert_into(notices::table).values(row).on_conflict_do_nothing().execute(c))?;
        Ok(added == 1)
    }
}
