//! The review queue: filters, and a cursor that walks every row once however the rows around it change.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::codec::NO_DUE;
use super::cursor::Cursor;
use super::dialect::ask;
use super::request_row::{COLUMNS, Row};
use super::schema::requests;
use super::sql_types::{At, On, Uid};
use super::{Keys, StoreError, Tx};
use crate::domain::appeal::AppealStateName;
use crate::domain::identity::{Email, IdentityKind, Phone};
use crate::domain::ids::{ControllerId, StaffId};
use crate::domain::request::{Request, StateName};
use crate::domain::right::Right;

/// What to show of the queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Only in this state.
    pub state: Option<StateName>,
    /// Only this right.
    pub right: Option<Right>,
    /// Only this controller's.
    pub controller: Option<ControllerId>,
    /// Only what this member of staff works on.
    pub assignee: Option<StaffId>,
    /// Only those whose latest appeal stands so.
    pub appeal: Option<AppealStateName>,
    /// Only what is due before this day.
    pub due_before: Option<NaiveDate>,
    /// An e-mail address, a telephone number or the beginning of a reference.
    pub q: Option<String>,
    /// In which order.
    pub sort: Sort,
    /// How many at most, 1 to 500.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// The order of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// What is due first comes first.
    #[default]
    Due,
    /// What was received first comes first.
    Received,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// The cursor of the next part, if there is one.
    pub next: Option<String>,
}

/// The longest page.
const MOST: u32 = 500;

/// The row that the page before ended with.
enum After {
    Due(NaiveDate, Uuid),
    Received(DateTime<Utc>, Uuid),
}

impl After {
    fn of(request: &Request, sort: Sort) -> Self {
        match sort {
            Sort::Due => After::Due(request.next_due().unwrap_or(NO_DUE), request.id.0),
            Sort::Received => After::Received(request.received_at, request.id.0),
        }
    }

    fn encode(&self) -> String {
        match self {
            After::Due(day, id) => Cursor { list: "due", key: day.to_string(), id: *id }.encode(),
            After::Received(at, id) => {
                let key = at.to_rfc3339_opts(SecondsFormat::Micros, true);
                Cursor { list: "received", key, id: *id }.encode()
            }
        }
    }

    fn decode(text: &str, sort: Sort) -> Result<Self, StoreError> {
        match sort {
            Sort::Due => {
                let cursor = Cursor::decode(text, "due")?;
                Ok(After::Due(cursor.key.parse().map_err(|_| StoreError::BadCursor)?, cursor.id))
            }
            Sort::Received => {
                let cursor = Cursor::decode(text, "received")?;
                let at = DateTime::parse_from_rfc3339(&cursor.key).map_err(|_| StoreError::BadCursor)?;
                Ok(After::Received(at.to_utc(), cursor.id))
            }
        }
    }
}

/// What is looked for.
enum Look {
    Email(Vec<u8>),
    Phone(Vec<u8>),
    /// References between the two. So many begin with a short beginning that it is quicker to meet them in the order
    /// of the list than to collect and sort them.
    Reference {
        from: String,
        to: String,
        many: bool,
    },
}

impl Look {
    fn by(q: &str, keys: &Keys) -> Self {
        if q.contains('@') {
            // What is no address is nobody's.
            let normalised = q.parse::<Email>().map_or_else(|_| q.to_lowercase(), |email| email.normalised());
            return Look::Email(keys.blind_index(IdentityKind::Email, &normalised).to_vec());
        }
        if let Ok(phone) = q.parse::<Phone>() {
            return Look::Phone(keys.blind_index(IdentityKind::Phone, phone.expose()).to_vec());
        }
        let q = q.to_uppercase();
        let from = if q.starts_with(PREFIX) || PREFIX.starts_with(&q) { q } else { format!("{PREFIX}{q}") };
        // References are ASCII: every one that begins so sorts before this.
        let to = format!("{from}\u{7f}");
        let many = from.len() < PREFIX.len() + 2;
        Look::Reference { from, to, many }
    }
}

/// How every reference begins; people leave it out.
const PREFIX: &str = "DSR-";

/// The filters of a [`Queue`] on a boxed query of either backend, whose types have no common name.
macro_rules! filtered {
    ($all:expr, $queue:expr, $look:expr) => {{
        let (mut query, queue) = ($all, $queue);
        if let Some(state) = queue.state {
            query = query.filter(requests::state.eq(state.as_str()));
        }
        if let Some(right) = queue.right {
            query = query.filter(requests::right_name.eq(right.as_str()));
        }
        if let Some(controller) = &queue.controller {
            query = query.filter(requests::controller.eq(controller.as_str()));
        }
        if let Some(assignee) = queue.assignee {
            query = query.filter(requests::assignee.eq(Uid(assignee.0)));
        }
        if let Some(appeal) = queue.appeal {
            query = query.filter(requests::appeal_state.eq(appeal.as_str()));
        }
        if let Some(day) = queue.due_before {
            query = query.filter(requests::due.lt(On(day)));
        }
        match $look {
            Some(Look::Email(index)) => query.filter(requests::email_index.eq(index)),
            Some(Look::Phone(index)) => query.filter(requests::phone_index.eq(index)),
            Some(Look::Reference { from, to, many: false }) => {
                query.filter(requests::reference.ge(from).and(requests::reference.lt(to)))
            }
            // What is no bare column is not looked up in its index.
            Some(Look::Reference { from, to, many: true }) => {
                let walked = || requests::reference.concat("");
                query.filter(walked().ge(from).and(walked().lt(to)))
            }
            None => query,
        }
    }};
}

/// What comes after a cursor. The first half of each condition alone bounds the index scan; an OR would not.
macro_rules! after {
    ($query:expr, $after:expr) => {{
        let query = $query;
        match $after {
            Some(After::Due(day, id)) => {
                query.filter(requests::due.ge(On(day))).filter(requests::due.gt(On(day)).or(requests::id.gt(Uid(id))))
            }
            Some(After::Received(at, id)) => query
                .filter(requests::received_at.ge(At(at)))
                .filter(requests::received_at.gt(At(at)).or(requests::id.gt(Uid(id)))),
            None => query,
        }
    }};
}

impl Tx<'_> {
    /// A page of the review queue; purged requests are left out.
    pub fn queue(&mut self, queue: &Queue) -> Result<Page<Request>, StoreError> {
        let after = queue.cursor.as_deref().map(|text| After::decode(text, queue.sort)).transpose()?;
        let look = queue.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(|q| Look::by(q, self.keys));
        let limit = queue.limit.clamp(1, MOST) as usize;
        let rows: Vec<Row> = ask!(self, c => {
            // The condition of the queue's indexes.
            let live = requests::table.filter(requests::wrapped_key.is_not_null());
            let all = live.select(COLUMNS).limit(limit as i64 + 1).into_boxed::<Db>();
            let query = after!(filtered!(all, queue, &look), after);
            match queue.sort {
                Sort::Due => query.order((requests::due, requests::id)).load(c),
                Sort::Received => query.order((requests::received_at, requests::id)).load(c),
            }
        })?;
        let more = rows.len() > limit;
        let mut items = self.decode_all(rows)?;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| After::of(last, queue.sort).encode());
        Ok(Page { items, next })
    }
}
