//! How far a run is, for staff to see: said without I/O by the thread that works, and written down about once a second by
//! whoever watches it, so that what is over sooner costs nothing and what hangs is seen to hang.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::fulfil::while_fulfilling;
use super::{Error, Office};
use crate::domain::ids::RequestId;
use crate::store::{StepRow, StepState};

/// The steps of one run. Clones are one.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<Shown>>);

#[derive(Default)]
struct Shown {
    request: Option<RequestId>,
    steps: Vec<StepRow>,
    changed: bool,
    closed: bool,
}

impl Board {
    /// Shows these steps in place of all before.
    pub fn show(&self, request: RequestId, steps: Vec<StepRow>) {
        let mut shown = self.shown();
        (shown.request, shown.steps, shown.changed) = (Some(request), steps, true);
    }

    /// Changes steps that are shown.
    pub fn change(&self, change: impl FnOnce(&mut [StepRow])) {
        let mut shown = self.shown();
        change(&mut shown.steps);
        shown.changed = true;
    }

    /// Nothing of it is written down any more: how the run ended is.
    pub fn close(&self) {
        self.shown().closed = true;
    }

    /// Writes down what changed since the last time, in the office of the run. Systems that failed before stay on record:
    /// they say since when.
    ///
    /// # Errors
    /// When the store fails, or the run's lease is lost.
    pub async fn note(&self, run: &Office) -> Result<(), Error> {
        let Some((request, mut steps)) = self.take() else { return Ok(()) };
        let now = run.clock.now();
        steps.iter_mut().filter(|step| step.state == StepState::Running).for_each(|step| step.updated_at = now);
        let board = self.clone();
        let write = run.store.write(move |tx| {
            while_fulfilling(tx, request, |tx| {
                // Looked at under the request's lock: whoever wrote down how the run ended closed it before.
                if board.shown().closed {
                    return Ok(());
                }
                let failed = |step: &StepRow| step.state == StepState::Failed;
                let before: Vec<StepRow> = tx.steps(request)?.into_iter().filter(failed).collect();
                tx.clear_steps(request)?;
                tx.put_steps(request, &before)?;
                Ok(tx.put_steps(request, &steps)?)
            })
        });
        write.await
    }

    fn take(&self) -> Option<(RequestId, Vec<StepRow>)> {
        let mut shown = self.shown();
        let changed = std::mem::take(&mut shown.changed) && !shown.closed;
        shown.request.filter(|_| changed).map(|request| (request, shown.steps.clone()))
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        // Counts and words: whichever thread panicked, they are whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
