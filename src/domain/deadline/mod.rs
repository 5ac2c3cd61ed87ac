//! A deadline is a date that explains itself: the rule, each step of the computation, the citation, how sure we are.

mod count;
mod pause;
mod promise;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use super::regime::{Confidence, Duty};
pub use pause::{Pause, PauseError};
pub use promise::Promise;

use super::calendar::Calendar;
use super::regime::{Clock, Counting, Regime};
use count::{Count, amount};

/// When something is due, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deadline {
    /// What is due.
    pub duty: Duty,
    /// The last day on which it is done in time, in the controller's time zone.
    pub due: NaiveDate,
    /// The rule in one line.
    pub rule: String,
    /// The computation, step by step, in plain English.
    pub steps: Vec<String>,
    /// The statute, or the policy where its promise is the stricter.
    pub citation: String,
    /// How sure we are that this is the law.
    pub confidence: Confidence,
}

/// What beside the day of receipt a deadline depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether the one extension was taken (and told to the requester in time).
    pub extended: bool,
    /// The controller's country (ISO 3166-1 alpha-2), whose public holidays count.
    pub country: Option<String>,
    /// When the proof of identity came that was asked for, where the law starts the clock with it.
    pub proof: Option<NaiveDate>,
    /// When the clock stood still, where the law lets it.
    pub paused: Vec<Pause>,
    /// What the policy promises, for a response or for the answer to an appeal; the earlier date wins.
    pub promised: Option<Promise>,
}

/// Why there is no such deadline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// The law sets no period for the duty.
    #[error("{regime} sets no period for `{duty}` to what is received on {received}")]
    NoClock {
        /// The regime.
        regime: String,
        /// The duty.
        duty: Duty,
        /// The day of receipt.
        received: NaiveDate,
    },
    /// The law allows no extension of it.
    #[error("{regime} allows no extension of `{duty}`")]
    NoExtension {
        /// The regime.
        regime: String,
        /// The duty.
        duty: Duty,
    },
    /// The law does not let the clock stand still.
    #[error("{regime} does not let the clock of `{duty}` stand still")]
    NoPausing {
        /// The regime.
        regime: String,
        /// The duty.
        duty: Duty,
    },
    /// The law counts from receipt whenever the proof comes.
    #[error("{regime} counts `{duty}` from receipt, whenever the proof of identity arrives")]
    NoLaterStart {
        /// The regime.
        regime: String,
        /// The duty.
        duty: Duty,
    },
    /// A pause is impossible.
    #[error(transparent)]
    Pause(#[from] PauseError),
    /// The clock counts with holidays that are not known.
    #[error("holidays.toml has no calendar `{0}`")]
    NoCalendar(String),
    /// Not a date that can be counted from.
    #[error("the date is outside of the years 1900 to 9000")]
    OutOfRange,
}

/// When `duty` is due for what was received on `received` (a date in the controller's time zone).
///
/// # Errors
/// Where the regime has no such clock, extension or pause, or the dates are impossible.
pub fn deadline(
    regime: &Regime,
    duty: Duty,
    received: NaiveDate,
    options: &Options,
) -> Result<Deadline, DeadlineError> {
    if !(1900..=9000).contains(&received.year()) {
        return Err(DeadlineError::OutOfRange);
    }
    let name = || regime.id.to_string();
    let clock =
        regime.clock(duty, received).ok_or_else(|| DeadlineError::NoClock { regime: name(), duty, received })?;
    if !options.paused.is_empty() && (regime.pausing.is_none() || duty != Duty::Response) {
        return Err(DeadlineError::NoPausing { regime: name(), duty });
    }
    let promise = options.promised.filter(|_| matches!(duty, Duty::Response | Duty::Appeal));
    let length =
        length(clock, options.extended, promise).ok_or_else(|| DeadlineError::NoExtension { regime: name(), duty })?;

    let mut count = Count::from(received);
    if let Some(proof) = options.proof {
        start(&mut count, regime, duty, proof)?;
    }
    let started = count.date;
    run(&mut count, regime, clock, length, options)?;
    if let Some(promptness) = &clock.promptness {
        count.say(format!("the law asks for it {promptness}: the date is the last day, not the aim"));
    }
    let law = Deadline {
        duty,
        due: count.date,
        rule: rule(clock, length),
        steps: count.steps,
        citation: citation(clock, options.extended),
        confidence: clock.confidence,
    };
    match promise {
        Some(promise) if !follows_promise(clock) => stricter(law, started, promise, options),
        _ => Ok(law),
    }
}

/// When `duty` is due where no law sets a period and the policy promises one.
///
/// # Errors
/// When the dates are impossible.
pub fn promised(duty: Duty, received: NaiveDate, days: u32) -> Result<Deadline, DeadlineError> {
    let mut count = Count::from(received);
    count.add_days(days)?;
    Ok(Deadline {
        duty,
        due: count.date,
        rule: format!("{} after receipt, as the policy promises", amount(days, "day")),
        steps: count.steps,
        citation: "the controller's privacy policy".to_owned(),
        confidence: Confidence::High,
    })
}

/// The clock starts with the proof of identity where the law says so, never before receipt (UK GDPR Art. 12A).
fn start(count: &mut Count, regime: &Regime, duty: Duty, proof: NaiveDate) -> Result<(), DeadlineError> {
    let starts = regime.starts.as_ref().filter(|_| duty == Duty::Response);
    let starts = starts.ok_or_else(|| DeadlineError::NoLaterStart { regime: regime.id.to_string(), duty })?;
    if proof > count.date {
        count.say(format!(
            "received on {}; the clock starts on {proof}, when the proof of identity arrived that was asked for ({})",
            count.date, starts.citation
        ));
        count.date = proof;
    }
    Ok(())
}

/// The period in the clock's unit; none where an extension is asked for that nothing allows.
fn length(clock: &Clock, extended: bool, promise: Option<Promise>) -> Option<u32> {
    match promise.filter(|_| follows_promise(clock)) {
        Some(promise) if extended => promise.extended_days,
        Some(promise) => Some(promise.days),
        None if extended => clock.extended_length,
        None => Some(clock.length),
    }
}

/// Whether the law leaves the number to the controller.
fn follows_promise(clock: &Clock) -> bool {
    matches!(clock.counting, Counting::WithoutDelay | Counting::Promised)
}

fn run(count: &mut Count, regime: &Regime, clock: &Clock, length: u32, options: &Options) -> Result<(), DeadlineError> {
    let received = count.date;
    match clock.counting {
        Counting::Months => count.add_months(length)?,
        Counting::CalendarDays | Counting::WithoutDelay | Counting::Promised => count.add_days(length)?,
        Counting::CaliforniaDays => count.add_california_days(length)?,
        Counting::BusinessDays => {
            let name = clock.calendar.as_deref().unwrap_or_default();
            let calendar = regime.holidays(name).ok_or_else(|| DeadlineError::NoCalendar(name.to_owned()))?;
            count.add_business_days(length, calendar)?;
        }
    }
    if clock.counting != Counting::Months {
        return pause::apply(count, received, &options.paused, Ok);
    }
    let country = options.country.as_deref().or(clock.calendar.as_deref());
    let calendar = country.and_then(|country| regime.holidays(country));
    pause::apply(count, received, &options.paused, |date| rolled(date, calendar))?;
    count.say(which_holidays(country, calendar));
    count.roll(calendar)
}

fn rolled(date: NaiveDate, calendar: Option<&Calendar>) -> Result<NaiveDate, DeadlineError> {
    let mut count = Count::from(date);
    count.roll(calendar)?;
    Ok(count.date)
}

fn which_holidays(country: Option<&str>, calendar: Option<&Calendar>) -> String {
    match (country, calendar) {
        (None, _) => "no country is given: weekends are the only days off".to_owned(),
        (Some(country), None) => {
            format!("the public holidays of {country} are not known here: weekends are the only days off")
        }
        (Some(_), Some(calendar)) => format!("public holidays are those of {}", calendar.name),
    }
}

/// The law's date or the policy's, whichever comes first. A promise without an extension of its own holds even
/// where the law would allow one: the person was told the shorter date.
fn stricter(law: Deadline, started: NaiveDate, promise: Promise, options: &Options) -> Result<Deadline, DeadlineError> {
    let days = promise.extended_days.filter(|_| options.extended).unwrap_or(promise.days);
    let mut count = Count::from(started);
    count.add_days(days)?;
    match pause::apply(&mut count, started, &options.paused, Ok) {
        // Asked after the promised date had passed: that promise can no longer be paused, the law's clock can.
        Ok(()) | Err(DeadlineError::Pause(PauseError::AfterDue { .. })) => {}
        Err(other) => return Err(other),
    }
    let mut steps = law.steps;
    if count.date >= law.due {
        steps.push(format!(
            "the policy's own {} end no earlier, on {}: the law's date stands",
            amount(days, "day"),
            count.date
        ));
        return Ok(Deadline { steps, ..law });
    }
    steps.push(format!("the law's date is {} ({})", law.due, law.citation));
    steps.append(&mut count.steps);
    steps.push("the policy promises the earlier date, and the earlier one counts".to_owned());
    Ok(Deadline {
        due: count.date,
        rule: format!("{} after receipt, as the policy promises", amount(days, "day")),
        citation: format!("the controller's privacy policy; {}", law.citation),
        steps,
        ..law
    })
}

fn rule(clock: &Clock, length: u32) -> String {
    let days = |unit| amount(length, unit);
    match clock.counting {
        Counting::Months => {
            format!("{} after receipt; a last day that is no working day moves to the next one", days("month"))
        }
        Counting::CalendarDays => format!("{} after receipt", days("calendar day")),
        Counting::CaliforniaDays => format!("{}, the day of receipt being the first", days("calendar day")),
        Counting::BusinessDays => format!("{} after receipt", days("business day")),
        Counting::WithoutDelay => format!("without delay; {} as the working limit", days("day")),
        Counting::Promised => format!("{} after receipt, by the policy", days("day")),
    }
}

fn citation(clock: &Clock, extended: bool) -> String {
    match &clock.extension_citation {
        Some(extension) if extended => format!("{}; {extension}", clock.citation),
        _ => clock.citation.clone(),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
