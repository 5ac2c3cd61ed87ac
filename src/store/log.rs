//! The request log: what is left of every request for good, without anything personal.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Page, StoreError, Tx};
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
}

impl Tx<'_> {
    /// A page of the log in the order of ids, which is that of entry; purged requests included.
    pub fn log(&mut self, filter: &LogFilter, after: Option<&str>, limit: u32) -> Result<Page<LogLine>, StoreError> {
        let _ = (filter, after, limit);
        todo!()
    }
}
