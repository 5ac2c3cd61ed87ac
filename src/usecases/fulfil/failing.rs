//! One system that fails never holds up the others: what can be done without it is done, and it is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};

use super::super::office::Controller;
use super::super::{Error, Office};
use super::progress::while_fulfilling;
use super::steps;
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::request::{Fulfilment, Line};
use crate::domain::right::Right;
use crate::fulfilment::FulfilmentError;
use crate::store::{StepRow, StepState};

/// From this attempt on, about four minutes after the first, an answer about data is made without a system that still
/// fails, as far as it goes, for staff to look at. A restart of a database is over by then, and the person is not kept
/// waiting for one that is gone for good (GDPR Art. 12(3): without undue delay).
pub(super) const WITHOUT_FROM: i32 = 8;

/// The place of the first failed system among the steps, behind those of everything else.
const FIRST: i32 = 1_000_000;

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

/// Whether the error is a system's that fails for now.
pub(in super::super) fn is_outage(error: &Error) -> bool {
    matches!(error, Error::Fulfilment(FulfilmentError::System { source, .. }) if source.is_outage())
}

/// Does something in the systems, and where one of them fails does it again without that one. Gives what came of it in
/// those that can be reached, and the others.
///
/// # Errors
/// What was wrong beside; and when no database can be reached.
pub(super) fn around<T>(
    controller: &Controller,
    mut attempt: impl FnMut(&Controller) -> Result<T, Error>,
) -> Result<(T, Option<Failing>), Error> {
    let mut failing = Failing::default();
    let mut error = match attempt(controller) {
        Ok(done) => return Ok((done, None)),
        Err(error) => error,
    };
    loop {
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
    let done = steps(right, &Fulfilment { lines, ..Fulfilment::default() }, now);
    let written = office
        .store
        .write(move |tx| {
            while_fulfilling(tx, id, |tx| {
                let before = tx.steps(id)?;
                // What it waited for is told no more.
                tx.clear_steps(id)?;
                tx.put_steps(id, &done)?;
                let failed = failed.iter().enumerate();
                let failed: Vec<StepRow> =
                    failed.map(|(at, (system, error))| step(at, right, system, error, &before, now)).collect();
                Ok(tx.put_steps(id, &failed)?)
            })
        })
        .await;
    if let Err(second) = written {
        tracing::warn!(request = %id, error = %second, "a failed step could not be noted");
    }
    error
}

/// A failed system; `before` are the steps of the run before.
fn step(at: usize, right: Right, system: &SystemId, error: &str, before: &[StepRow], now: DateTime<Utc>) -> StepRow {
    let known = before.iter().find(|s| s.state == StepState::Failed && s.system == *system);
    StepRow {
        ordinal: FIRST.saturating_add(i32::try_from(at).unwrap_or_default()),
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
