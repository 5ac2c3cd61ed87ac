//! Figures of dates, each read from an index of its own: none walks over requests that are closed.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::dialect::ask;
use super::schema::requests;
use super::sql_types::{At, On};
use super::{StoreError, Tx};
use crate::domain::ids::ControllerId;

impl Tx<'_> {
    /// How many open requests of a controller, whose clock runs, are due from one day on (any, where it is left out)
    /// and before another.
    pub fn count_due(
        &mut self,
        controller: &ControllerId,
        from: Option<NaiveDate>,
        before: NaiveDate,
    ) -> Result<i64, StoreError> {
        ask!(self, c => {
            let mut query = requests::table
                .filter(requests::closed_at.is_null().and(requests::clock_stopped_at.is_null()))
                .filter(requests::controller.eq(controller.as_str()).and(requests::due.lt(On(before))))
                .count()
                .into_boxed::<Db>();
            if let Some(from) = from {
                query = query.filter(requests::due.ge(On(from)));
            }
            query.get_result(c)
        })
    }

    /// How many clocks stand still.
    pub fn count_stopped(&mut self) -> Result<i64, StoreError> {
        ask!(self, c => requests::table.filter(requests::clock_stopped_at.is_not_null()).count().get_result(c))
    }

    /// When the oldest request that is open was received.
    pub fn oldest_open(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let oldest: Option<At> = ask!(self, c => {
            requests::table
                .filter(requests::closed_at.is_null())
                .order(requests::received_at)
                .select(requests::received_at)
                .first(c)
                .optional()
        })?;
        Ok(oldest.map(|at| at.0))
    }
}
