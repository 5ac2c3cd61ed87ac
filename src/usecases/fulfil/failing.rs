//! One system that fails never holds up the others: what can be done without it is done, and it is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::office::Controller;
use super::super::{Error, Office};
use super::progress::while_fulfilling;
use super::steps;
use crate::connectors::ConnectorError;
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::request::{Fulfilment, Line};
use crate::domain::right::Right;
use crate::fulfilment::FulfilmentError;
use crate::store::{StepRow, StepState};

/// When a system fails this often in a row, about four minutes after the first time, an answer about data is made without
/// it, as far as it goes, for staff to look at. A restart of a database is over by then, and the person is not kept
/// waiting for one that is gone for good (GDPR Art. 12(3): without undue delay).
const WITHOUT_FROM: i32 = 8;

/// A system that was first met when another had failed so often is tried more seldom by then: it is done without once it has
/// failed three times and for so long.
const WITHOUT_AFTER: TimeDelta = TimeDelta::minutes(20);

/// The systems that failed so often, or for so long, that their next failure is not waited for any more.
///
/// # Errors
/// When the store fails.
pub(super) fn worn(office: &Office, id: RequestId) -> Result<BTreeSet<SystemId>, Error> {
    let steps = office.store.read_blocking(move |tx| Ok::<_, Error>(tx.steps(id)?))?;
    let long_ago = office.clock.now() - WITHOUT_AFTER;
    let for_long = |s: &StepRow| s.attempts >= 2 && s.since.is_some_and(|since| since <= long_ago);
    let often = |s: &StepRow| s.attempts >= WITHOUT_FROM - 1 || for_long(s);
    Ok(steps.into_iter().filter(|s| s.state == StepState::Failed && often(s)).map(|step| step.system).collect())
}

/// The place of the first failed system among the steps, behind those of everything else.
pub(in super::super) const FIRST: i32 = 1_000_000;

/// The systems that failed in a run, and what was done without them. Holds names and counts, nothing personal.
#[derive(Debug, Default)]
pub struct Failing {
    errors: BTreeMap<SystemId, FulfilmentError>,
    /// What was done in the others.
    done: Vec<Line>,
}

impl Failing {
    /// Which.
    pub(super) fn systems(&self) -> BTreeSet<&str> {
        self.errors.keys().map(SystemId::as_str).collect()
    }

    /// The same, with what was done in the others.
    pub(super) fn beside(self, done: Vec<Line>) -> Self {
        Self { done, ..self }
    }

    /// Takes note of a system that fails for now.
    ///
    /// # Errors
    /// Any other error, or where there was one failure already, that: what stands in the way of doing without a system
    /// may be that it is missing.
    fn note(mut self, error: Error) -> Result<Self, Error> {
        match error {
            error if is_cancelled(&error) => Err(error),
            Error::Fulfilment(FulfilmentError::System { system, source })
                if source.is_outage() && !self.errors.contains_key(&system) =>
            {
                self.errors.insert(system.clone(), FulfilmentError::System { system, source });
                Ok(self)
            }
            Error::Fulfilment(_) | Error::Obstacles(_) if !self.errors.is_empty() => Err(self.into()),
            other => Err(other),
        }
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors: Vec<String> = self.errors.values().map(ToString::to_string).collect();
        f.write_str(&errors.join("; "))
    }
}

impl From<Failing> for Error {
    fn from(failing: Failing) -> Self {
        Error::Failing(Box::new(failing))
    }
}

/// The system that fails for now, if that is the error.
pub(in super::super) fn outage_of(error: &Error) -> Option<&SystemId> {
    match error {
        Error::Fulfilment(FulfilmentError::System { system, source }) if source.is_outage() => Some(system),
        _ => None,
    }
}

/// Whether the error is a system's that fails for now.
pub(in super::super) fn is_outage(error: &Error) -> bool {
    outage_of(error).is_some()
}

/// Whether the run was told to end: no system failed.
fn is_cancelled(error: &Error) -> bool {
    matches!(error, Error::Fulfilment(FulfilmentError::System { source: ConnectorError::Cancelled, .. }))
}

/// Does something in the systems, and where one of them fails that `may` be done without, does it again without that one.
/// Gives what came of it in those that can be reached, and the others.
///
/// # Errors
/// What was wrong beside; one that fails and may not be done without, with those that fail as well; and when no database
/// can be reached.
pub(super) fn around<T>(
    controller: &Controller,
    may: impl Fn(&SystemId) -> bool,
    mut attempt: impl FnMut(&Controller) -> Result<T, Error>,
) -> Result<(T, Option<Failing>), Error> {
    let mut failing = Failing::default();
    let mut error = match attempt(controller) {
        Ok(done) => return Ok((done, None)),
        Err(error) => error,
    };
    loop {
        if matches!(&error, Error::Fulfilment(FulfilmentError::System { system, .. }) if !may(system)) {
            let alone = failing.errors.is_empty() || !is_outage(&error);
            return if alone { Err(error) } else { Err(failing.note(error)?.into()) };
        }
        failing = failing.note(error)?;
        let reached = controller.without(&failing.errors.keys().cloned().collect());
        if reached.systems.ids().next().is_none() {
            return Err(failing.into());
        }
        match attempt(&reached) {
            Ok(done) => return Ok((done, Some(failing))),
            Err(next) => error = next,
        }
    }
}

/// Leaves failed systems where staff see them, each since when and how often, beside what was done in the others.
pub(super) async fn told(office: &Office, id: RequestId, right: Right, error: Error) -> Error {
    // A run that was told to end says nothing of the systems, whatever the error looks like.
    if office.cancellation.is_cancelled() {
        return error;
    }
    let (failed, lines) = match &error {
        Error::Failing(failing) => {
            let named = failing.errors.iter().map(|(system, error)| (system.clone(), error.to_string()));
            (named.collect::<Vec<_>>(), failing.done.clone())
        }
        Error::Fulfilment(FulfilmentError::System { system, .. }) => {
            (vec![(system.clone(), error.to_string())], Vec::new())
        }
        _ => return error,
    };
    let now = office.clock.now();
    office.board.close();
    let done = steps(right, &Fulfilment { lines, ..Fulfilment::default() }, now);
    let written = office
        .store
        .write(move |tx| {
            while_fulfilling(tx, id, |tx| {
                let before = tx.steps(id)?;
                // What it waited for is told no more.
                tx.clear_steps(id)?;
                tx.put_steps(id, &done)?;
                let mut now_failed: Vec<StepRow> =
                    failed.iter().map(|(system, error)| step(right, system, error, &before, now)).collect();
                if !matches!(right, Right::Deletion | Right::Correction) {
                    // An answer about data ends at the first system that fails: how the others are is as it was.
                    let others = |s: &&StepRow| failed.iter().all(|(system, _)| s.system != *system);
                    now_failed.extend(failed_steps(&before).filter(others).cloned());
                }
                for (at, step) in now_failed.iter_mut().enumerate() {
                    step.ordinal = FIRST.saturating_add(i32::try_from(at).unwrap_or_default());
                }
                Ok(tx.put_steps(id, &now_failed)?)
            })
        })
        .await;
    if let Err(second) = written {
        tracing::warn!(request = %id, error = %second, "a failed step could not be noted");
    }
    error
}

/// Those of the steps that say which system fails, since when and how often.
pub(in super::super) fn failed_steps(steps: &[StepRow]) -> impl Iterator<Item = &StepRow> {
    steps.iter().filter(|step| step.state == StepState::Failed)
}

/// A failed system; `before` are the steps of the run before.
fn step(right: Right, system: &SystemId, error: &str, before: &[StepRow], now: DateTime<Utc>) -> StepRow {
    let known = failed_steps(before).find(|s| s.system == *system);
    StepRow {
        ordinal: FIRST,
        name: right.as_str().to_owned(),
        system: system.clone(),
        dataset: String::new(),
        collection: String::new(),
        state: StepState::Failed,
        rows: 0,
        bytes: 0,
        error: Some(error.to_owned()),
        updated_at: now,
        since: Some(known.and_then(|s| s.since).unwrap_or(now)),
        attempts: known.map_or(0, |s| s.attempts).saturating_add(1),
    }
}
