//! Figures: how many requests stand where, and the log of all of them without anything personal.

use chrono::{DateTime, Days, Utc};

use super::{Error, Office};
use crate::domain::request::StateName;
use crate::store::{LogFilter, LogLine, Page};

/// How many lines of the log are read at a time.
const PAGE: u32 = 1000;

/// Figures of the moment.
#[derive(Debug)]
pub struct Figures {
    /// How many requests are in each state.
    pub by_state: Vec<(StateName, i64)>,
    /// How many open requests are past their date.
    pub late: i64,
    /// How many are due today or in the seven days after.
    pub due_within_7_days: i64,
    /// How many have a clock that stands still: they are in neither of the two.
    pub clock_stopped: i64,
    /// When the oldest open one was received.
    pub oldest_open: Option<DateTime<Utc>>,
    /// Jobs that are ready, that failed and will be tried again, and that were given up.
    pub jobs: (i64, i64, i64),
}

/// How many requests stand where, and which dates press. A day is each controller's own; requests of controllers that
/// are no longer configured have no dates.
///
/// # Errors
/// When the store fails.
pub async fn figures(office: &Office) -> Result<Figures, Error> {
    let now = office.clock.now();
    let days: Vec<_> = office.controllers().map(|c| (c.id.clone(), c.policy.day_of(now))).collect();
    office
        .store
        .read(move |tx| {
            let (mut late, mut due_within_7_days) = (0, 0);
            for (controller, today) in &days {
                late += tx.count_due(controller, None, *today)?;
                due_within_7_days += tx.count_due(controller, Some(*today), *today + Days::new(8))?;
            }
            Ok(Figures {
                by_state: tx.count_by_state(None)?,
                late,
                due_within_7_days,
                clock_stopped: tx.count_stopped()?,
                oldest_open: tx.oldest_open()?,
                jobs: tx.job_counts()?,
            })
        })
        .await
}

/// A page of the request log, oldest first; holds nothing personal and outlives the purge.
///
/// # Errors
/// When the cursor is none of ours.
pub async fn log(office: &Office, filter: LogFilter, after: Option<String>) -> Result<Page<LogLine>, Error> {
    office.store.read(move |tx| Ok(tx.log(&filter, after.as_deref(), PAGE)?)).await
}

/// The header of the log as CSV.
pub const LOG_HEADER: &str = "reference,controller,right,regime,channel,received_at,due,state,closed_at,ground,\
appeal,appeal_filed_at,appeal_due,appeal_settled_at,outcome\r\n";

/// One line of the log as CSV (RFC 4180).
pub fn log_line(line: &LogLine) -> String {
    let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let fields = [
        line.reference.clone(),
        quoted(line.controller.as_str()),
        line.right.as_str().to_owned(),
        quoted(line.regime.as_str()),
        line.channel.as_str().to_owned(),
        moment(line.received_at),
        line.due.map(|d| d.to_string()).unwrap_or_default(),
        line.state.as_str().to_owned(),
        line.closed_at.map(moment).unwrap_or_default(),
        quoted(line.ground.as_deref().unwrap_or_default()),
        line.appeal.map(|a| a.as_str().to_owned()).unwrap_or_default(),
        line.appeal_filed_at.map(moment).unwrap_or_default(),
        line.appeal_due.map(|d| d.to_string()).unwrap_or_default(),
        line.appeal_settled_at.map(moment).unwrap_or_default(),
        line.outcome.clone().unwrap_or_default(),
    ];
    fields.join(",") + "\r\n"
}

/// Names from the configuration may hold anything.
pub(super) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
