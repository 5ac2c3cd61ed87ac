//! Stopping the clock: the days between a question and its answer, both counted, are added to the period.

use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::DeadlineError;
use super::count::Count;

/// A time during which the clock stood still; both days belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// The day on which the requester was asked.
    pub from: NaiveDate,
    /// The day on which they answered.
    pub to: NaiveDate,
}

/// Why a pause is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PauseError {
    /// Not of the form `FROM/TO`.
    #[error("a pause is written FROM/TO, as 2026-06-08/2026-06-15")]
    Form,
    /// It ends before it begins.
    #[error("the pause from {from} to {to} ends before it begins")]
    Backwards {
        /// Its first day.
        from: NaiveDate,
        /// Its last day.
        to: NaiveDate,
    },
    /// It begins before there was anything to pause.
    #[error("the pause from {from} begins before the request was received")]
    BeforeReceipt {
        /// Its first day.
        from: NaiveDate,
    },
    /// The clock had run out by then.
    #[error("the pause from {from} begins after {due}, when the clock had already run out")]
    AfterDue {
        /// Its first day.
        from: NaiveDate,
        /// When the clock had run out.
        due: NaiveDate,
    },
}

impl FromStr for Pause {
    type Err = PauseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, to) = text.split_once('/').ok_or(PauseError::Form)?;
        let day = |text: &str| text.parse::<NaiveDate>().map_err(|_| PauseError::Form);
        let (from, to) = (day(from)?, day(to)?);
        if to < from { Err(PauseError::Backwards { from, to }) } else { Ok(Self { from, to }) }
    }
}

/// Adds every pause, in order; a day that is in two of them is counted once. `last_day` tells when a period that
/// ends on a given date really runs out: a pause that begins later comes too late.
pub(super) fn apply(
    count: &mut Count,
    received: NaiveDate,
    pauses: &[Pause],
    last_day: impl Fn(NaiveDate) -> Result<NaiveDate, DeadlineError>,
) -> Result<(), DeadlineError> {
    for pause in merged(pauses)? {
        let Pause { from, to } = pause;
        if from < received {
            return Err(PauseError::BeforeReceipt { from }.into());
        }
        let due = last_day(count.date)?;
        if from > due {
            return Err(PauseError::AfterDue { from, due }.into());
        }
        count.add_pause(from, to)?;
    }
    Ok(())
}

fn merged(pauses: &[Pause]) -> Result<Vec<Pause>, PauseError> {
    let mut sorted = pauses.to_vec();
    sorted.sort_unstable();
    let mut merged: Vec<Pause> = Vec::new();
    for pause in sorted {
        let Pause { from, to } = pause;
        if to < from {
            return Err(PauseError::Backwards { from, to });
        }
        match merged.last_mut() {
            Some(last) if from <= last.to => last.to = last.to.max(to),
            _ => merged.push(pause),
        }
    }
    Ok(merged)
}
