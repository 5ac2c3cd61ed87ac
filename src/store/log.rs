//! The request log: what is left of every request for good, without anything personal.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::codec::word;
use super::cursor::Cursor;
use super::dialect::ask;
use super::schema::requests;
use super::sql_types::{At, On, Uid};
use super::{Page, StoreError, Tx};
use crate::domain::appeal::AppealStateName;
use crate::domain::ids::{ControllerId, RegimeId, RequestId};
use crate::domain::request::{Channel, StateName};
use crate::domain::right::Right;

/// Which lines of the log.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Only this controller's.
    pub controller: Option<ControllerId>,
    /// Received at or after.
    pub from: Option<DateTime<Utc>>,
    /// Received before.
    pub to: Option<DateTime<Utc>>,
}

/// One request in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The request.
    pub id: RequestId,
    /// What people read out.
    pub reference: String,
    /// Who answers.
    pub controller: ControllerId,
    /// What was asked.
    pub right: Right,
    /// Under which law.
    pub regime: RegimeId,
    /// How it came in.
    pub channel: Channel,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// When it was due.
    pub due: Option<NaiveDate>,
    /// Where it stands.
    pub state: StateName,
    /// When it reached its end.
    pub closed_at: Option<DateTime<Utc>>,
    /// The ground of a denial.
    pub ground: Option<String>,
    /// How its latest appeal stands.
    pub appeal: Option<AppealStateName>,
    /// When that was filed.
    pub appeal_filed_at: Option<DateTime<Utc>>,
    /// When its answer was due.
    pub appeal_due: Option<NaiveDate>,
    /// When it was settled.
    pub appeal_settled_at: Option<DateTime<Utc>>,
    /// How it ended: the state's name, or `no_match`.
    pub outcome: Option<String>,
}

/// The longest page.
const MOST: u32 = 5000;

#[derive(Queryable)]
struct Row {
    id: Uid,
    reference: String,
    controller: String,
    right_name: String,
    regime: String,
    channel: String,
    received_at: At,
    answer_due: Option<On>,
    state: String,
    closed_at: Option<At>,
    ground: Option<String>,
    appeal_state: Option<String>,
    appeal_filed_at: Option<At>,
    appeal_due: Option<On>,
    appeal_settled_at: Option<At>,
    outcome: Option<String>,
}

type Columns = (
    requests::id,
    requests::reference,
    requests::controller,
    requests::right_name,
    requests::regime,
    requests::channel,
    requests::received_at,
    requests::answer_due,
    requests::state,
    requests::closed_at,
    requests::ground,
    requests::appeal_state,
    requests::appeal_filed_at,
    requests::appeal_due,
    requests::appeal_settled_at,
    requests::outcome,
);

const COLUMNS: Columns = (
    requests::id,
    requests::reference,
    requests::controller,
    requests::right_name,
    requests::regime,
    requests::channel,
    requests::received_at,
    requests::answer_due,
    requests::state,
    requests::closed_at,
    requests::ground,
    requests::appeal_state,
    requests::appeal_filed_at,
    requests::appeal_due,
    requests::appeal_settled_at,
    requests::outcome,
);

impl Row {
    fn decode(self) -> Result<LogLine, StoreError> {
        Ok(LogLine {
            id: RequestId(self.id.0),
            reference: self.reference,
            controller: ControllerId(self.controller),
            right: word(&self.right_name, "requests.right_name")?,
            regime: RegimeId(self.regime),
            channel: word(&self.channel, "requests.channel")?,
            received_at: self.received_at.0,
            due: self.answer_due.map(|day| day.0),
            state: word(&self.state, "requests.state")?,
            closed_at: self.closed_at.map(|at| at.0),
            ground: self.ground,
            appeal: self.appeal_state.map(|name| word(&name, "requests.appeal_state")).transpose()?,
            appeal_filed_at: self.appeal_filed_at.map(|at| at.0),
            appeal_due: self.appeal_due.map(|day| day.0),
            appeal_settled_at: self.appeal_settled_at.map(|at| at.0),
            outcome: self.outcome,
        })
    }
}

impl Tx<'_> {
    /// A page of the log in the order of ids, which is that of entry; purged requests included.
    pub fn log(&mut self, filter: &LogFilter, after: Option<&str>, limit: u32) -> Result<Page<LogLine>, StoreError> {
        let after = after.map(|text| Cursor::decode(text, "log")).transpose()?;
        let limit = limit.clamp(1, MOST) as usize;
        let mut rows: Vec<Row> = ask!(self, c => {
            let mut query = requests::table.select(COLUMNS).into_boxed::<Db>();
            if let Some(controller) = &filter.controller {
                query = query.filter(requests::controller.eq(controller.as_str()));
            }
            if let Some(from) = filter.from {
                query = query.filter(requests::received_at.ge(At(from)));
            }
            if let Some(to) = filter.to {
                query = query.filter(requests::received_at.lt(At(to)));
            }
            if let Some(after) = &after {
                query = query.filter(requests::id.gt(Uid(after.id)));
            }
            query.order(requests::id).limit(limit as i64 + 1).load(c)
        })?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let items = rows.into_iter().map(Row::decode).collect::<Result<Vec<_>, _>>()?;
        let last = items.last().filter(|_| more);
        let next = last.map(|line| Cursor { list: "log", key: String::new(), id: line.id.0 }.encode());
        Ok(Page { items, next })
    }
}
