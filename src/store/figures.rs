//! What the figures of a year are counted from: columns that outlive the purge, in pages.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::codec::word;
use super::dialect::ask;
use super::schema::requests;
use super::sql_types::{At, On, Uid};
use super::{StoreError, Tx};
use crate::domain::figures::Ending;
use crate::domain::ids::{ControllerId, RegimeId, RequestId};
use crate::domain::right::Right;

/// Which requests.
#[derive(Clone, Debug)]
pub struct FiguresFilter {
    /// Under this law.
    pub regime: RegimeId,
    /// Only this controller's.
    pub controller: Option<ControllerId>,
    /// Received at or after.
    pub from: DateTime<Utc>,
    /// Received before.
    pub to: DateTime<Utc>,
}

/// One request as the figures look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiguresLine {
    /// Which.
    pub id: RequestId,
    /// Who answers.
    pub controller: ControllerId,
    /// What was asked.
    pub right: Right,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// By when it had to be answered.
    pub due: Option<NaiveDate>,
    /// How it ended, and when.
    pub ended: Option<(Ending, DateTime<Utc>)>,
    /// The ground of a denial.
    pub ground: Option<String>,
}

#[derive(Queryable)]
struct Row {
    id: Uid,
    controller: String,
    right_name: String,
    received_at: At,
    answer_due: Option<On>,
    outcome: Option<String>,
    closed_at: Option<At>,
    ground: Option<String>,
}

impl Row {
    fn decode(self) -> Result<FiguresLine, StoreError> {
        let ending = self.outcome.map(|text| word(&text, "requests.outcome")).transpose()?;
        Ok(FiguresLine {
            id: RequestId(self.id.0),
            controller: ControllerId(self.controller),
            right: word(&self.right_name, "requests.right_name")?,
            received_at: self.received_at.0,
            due: self.answer_due.map(|due| due.0),
            ended: ending.zip(self.closed_at.map(|at| at.0)),
            ground: self.ground,
        })
    }
}

impl Tx<'_> {
    /// A page of the requests received in a time, in that order; purged ones included.
    pub fn figures(
        &mut self,
        filter: &FiguresFilter,
        after: Option<(DateTime<Utc>, RequestId)>,
        limit: u32,
    ) -> Result<Vec<FiguresLine>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => {
            let mut query = requests::table
                .filter(requests::regime.eq(filter.regime.as_str()))
                .filter(requests::received_at.ge(At(filter.from)).and(requests::received_at.lt(At(filter.to))))
                .select((
                    requests::id,
                    requests::controller,
                    requests::right_name,
                    requests::received_at,
                    requests::answer_due,
                    requests::outcome,
                    requests::closed_at,
                    requests::ground,
                ))
                .order((requests::received_at, requests::id))
                .limit(limit.into())
                .into_boxed::<Db>();
            if let Some(controller) = &filter.controller {
                query = query.filter(requests::controller.eq(controller.as_str()));
            }
            if let Some((at, id)) = after {
                query = query
                    .filter(requests::received_at.ge(At(at)))
                    .filter(requests::received_at.gt(At(at)).or(requests::id.gt(Uid(id.0))));
            }
            query.load(c)
        })?;
        rows.into_iter().map(Row::decode).collect()
    }
}
