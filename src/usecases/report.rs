//! Figures: how many requests stand where, and the log of all of them without anything personal.

use chrono::{DateTime, Utc};

use super::{Error, Office};
use crate::domain::ids::ControllerId;
use crate::domain::request::StateName;
use crate::store::{LogFilter, LogLine, Page};

/// How many lines of the log are read at a time.
const PAGE: u32 = 1000;

/// Figures of the moment.
#[derive(Debug)]
pub struct Figures {
    /// How many requests are in each state.
    pub by_state: Vec<(StateName, i64)>,
    /// Jobs that are ready, that failed and will be tried again, and that were given up.
    pub jobs: (i64, i64, i64),
}

/// How many requests stand where.
///
/// # Errors
/// When the store fails.
pub async fn figures(office: &Office, controller: Option<ControllerId>) -> Result<Figures, Error> {
    office
        .store
        .read(move |tx| Ok(Figures { by_state: tx.count_by_state(controller.as_ref())?, jobs: tx.job_counts()? }))
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
pub const LOG_HEADER: &str =
    "reference,controller,right,regime,channel,received_at,due,state,closed_at,ground,outcome\r\n";

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
        line.outcome.clone().unwrap_or_default(),
    ];
    fields.join(",") + "\r\n"
}

/// Names from the configuration may hold anything.
pub(super) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
