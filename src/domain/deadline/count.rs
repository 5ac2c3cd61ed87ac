//! Counting one clock to its last day, and telling each step of it.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::DeadlineError;
use crate::domain::calendar::{Calendar, day_off, is_weekend};

/// A date on its way to becoming a deadline, with the steps that led to it.
#[derive(Debug)]
pub(super) struct Count {
    pub date: NaiveDate,
    pub steps: Vec<String>,
}

impl Count {
    pub fn from(date: NaiveDate) -> Self {
        Self { date, steps: Vec::new() }
    }

    pub fn say(&mut self, step: impl Into<String>) {
        self.steps.push(step.into());
    }

    /// To the corresponding day of a later month, or the month's last day (Reg. 1182/71 Art. 3(2)(c)).
    pub fn add_months(&mut self, months: u32) -> Result<(), DeadlineError> {
        let start = self.date;
        self.date = start.checked_add_months(Months::new(months)).ok_or(DeadlineError::OutOfRange)?;
        let clamped = if self.date.day() == start.day() {
            String::new()
        } else {
            format!(" (the month has no {})", ordinal(start.day()))
        };
        self.say(format!("{} after {start} is {}{clamped}", amount(months, "month"), self.date));
        Ok(())
    }

    /// So many days later; no day is skipped and the last one is not moved.
    pub fn add_days(&mut self, days: u32) -> Result<(), DeadlineError> {
        let start = self.date;
        self.date = later(start, u64::from(days))?;
        self.say(format!("{} after {start} is {}", amount(days, "day"), self.date));
        Ok(())
    }

    /// The day of receipt is day 1 (11 CCR 7021(b)).
    pub fn add_california_days(&mut self, days: u32) -> Result<(), DeadlineError> {
        let start = self.date;
        self.date = later(start, u64::from(days.saturating_sub(1)))?;
        self.say(format!("counting {start} as day 1, day {days} is {}", self.date));
        Ok(())
    }

    /// So many days that are neither weekend nor holiday, from the day after receipt.
    pub fn add_business_days(&mut self, days: u32, calendar: &Calendar) -> Result<(), DeadlineError> {
        let start = self.date;
        let mut skipped = Vec::new();
        let mut left = days;
        while left > 0 {
            self.date = later(self.date, 1)?;
            match day_off(Some(calendar), self.date) {
                None => left -= 1,
                Some(_) if is_weekend(self.date) => {}
                Some(holiday) => skipped.push(format!("{} {holiday}", self.date)),
            }
        }
        let skipped = match skipped.as_slice() {
            [] => "weekends are not counted; there is no holiday between".to_owned(),
            some => format!("weekends are not counted, nor {}", some.join(", ")),
        };
        self.say(format!("{} after {start}: {} ({skipped})", amount(days, "business day"), self.date));
        Ok(())
    }

    /// Days on which the clock stood still are added at its end.
    pub fn add_pause(&mut self, from: NaiveDate, to: NaiveDate) -> Result<(), DeadlineError> {
        let start = self.date;
        let days = (to - from).num_days().unsigned_abs() + 1;
        self.date = later(start, days)?;
        let days = u32::try_from(days).map_err(|_| DeadlineError::OutOfRange)?;
        let stopped = amount(days, "day");
        self.say(format!(
            "the clock stood still from {from} to {to}, both counted: {stopped} more, from {start} to {}",
            self.date
        ));
        Ok(())
    }

    /// On to the next working day, if this one is none (Reg. 1182/71 Art. 3(4)).
    pub fn roll(&mut self, calendar: Option<&Calendar>) -> Result<(), DeadlineError> {
        let mut reasons = Vec::new();
        while let Some(reason) = day_off(calendar, self.date) {
            reasons.push(format!("{} is {reason}", self.date));
            self.date = later(self.date, 1)?;
        }
        if !reasons.is_empty() {
            self.say(format!("{} → {}", reasons.join(", "), self.date.format("%A %Y-%m-%d")));
        }
        Ok(())
    }
}

fn later(date: NaiveDate, days: u64) -> Result<NaiveDate, DeadlineError> {
    date.checked_add_days(Days::new(days)).ok_or(DeadlineError::OutOfRange)
}

/// `one month`, `45 days`.
pub(super) fn amount(number: u32, unit: &str) -> String {
    match number {
        1 => format!("one {unit}"),
        number => format!("{number} {unit}s"),
    }
}

fn ordinal(day: u32) -> String {
    let ending = match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}
