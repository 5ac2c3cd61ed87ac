//! Which deletions keep something for a time, and when they are looked at again.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::{delete, insert_into, update};

use super::dialect::{ask, change};
use super::schema::retained;
use super::sql_types::{On, Uid};
use super::{StoreError, Tx};
use crate::domain::ids::RequestId;

/// What is kept for a time after one deletion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last day of the rows whose time is over first; none where only holds keep rows.
    pub due: Option<NaiveDate>,
    /// Whether some rows are under a legal hold.
    pub held: bool,
    /// Whether the job that erases what may go is on its way.
    pub queued: bool,
    /// How many recorded manifests the person was told of.
    pub rounds: i32,
    /// A sum of the holds that were in force when this was looked at: with others in force it is looked at again.
    pub holds: i64,
}

impl Standing {
    /// Whether anything is kept at all.
    pub fn keeps(&self) -> bool {
        self.due.is_some() || self.held
    }
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = retained, primary_key(request_id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    request_id: Uid,
    due: Option<On>,
    held: bool,
    queued: bool,
    rounds: i32,
    holds: i64,
}

impl Row {
    fn standing(self) -> (RequestId, Standing) {
        let Row { request_id, due, held, queued, rounds, holds } = self;
        (RequestId(request_id.0), Standing { due: due.map(|day| day.0), held, queued, rounds, holds })
    }
}

impl Tx<'_> {
    /// Takes down what is kept after a deletion, in place of what was before; `None`: nothing is any more.
    pub fn put_retained(&mut self, id: RequestId, standing: Option<Standing>) -> Result<(), StoreError> {
        let Some(Standing { due, held, queued, rounds, holds }) = standing else {
            return change!(self, c => delete(retained::table.find(Uid(id.0))).execute(c)).map(drop);
        };
        let row = Row { request_id: Uid(id.0), due: due.map(On), held, queued, rounds, holds };
        change!(self, c => {
            insert_into(retained::table).values(&row).on_conflict(retained::request_id).do_update().set(&row).execute(c)
        })
        .map(drop)
    }

    /// What is kept after a deletion; none where nothing is.
    pub fn retained(&mut self, id: RequestId) -> Result<Option<Standing>, StoreError> {
        let row = ask!(self, c => retained::table.find(Uid(id.0)).get_result::<Row>(c).optional())?;
        Ok(row.map(|row| row.standing().1))
    }

    /// Deletions of which something was kept to the end of a day before `today`, the oldest first.
    pub fn retained_until_before(&mut self, today: NaiveDate, limit: u32) -> Result<Vec<RequestId>, StoreError> {
        let ids: Vec<Uid> = ask!(self, c => {
            retained::table
                // Word for word the condition of the index.
                .filter(sql::<Bool>("queued = FALSE"))
                .filter(retained::due.lt(On(today)))
                .order((retained::due, retained::request_id))
                .limit(limit.into())
                .select(retained::request_id)
                .load(c)
        })?;
        Ok(ids.into_iter().map(|id| RequestId(id.0)).collect())
    }

    /// Deletions of which something is under a legal hold, or was when they were last looked at.
    pub fn retained_under_hold(&mut self) -> Result<Vec<RequestId>, StoreError> {
        let ids: Vec<Uid> = ask!(self, c => {
            retained::table
                .filter(sql::<Bool>("held = TRUE AND queued = FALSE"))
                .order(retained::request_id)
                .select(retained::request_id)
                .load(c)
        })?;
        Ok(ids.into_iter().map(|id| RequestId(id.0)).collect())
    }

    /// The job is on its way. `false` where somebody else was first.
    pub fn queue_retained(&mut self, id: RequestId) -> Result<bool, StoreError> {
        let waiting = retained::table.filter(retained::request_id.eq(Uid(id.0)).and(retained::queued.eq(false)));
        Ok(change!(self, c => update(waiting).set(retained::queued.eq(true)).execute(c))? == 1)
    }
}
