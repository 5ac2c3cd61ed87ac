//! A run in a company's systems can be told to end: the statement it waits for is stopped over there, nothing more of it
//! is begun, and what it has not committed is as if it had never been.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::ConnectorError;
use super::driver::driver;

/// Why a run is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// What it works for is no longer wanted: the request was decided anew, taken back or purged.
    Unwanted,
    /// Its lease is somebody else's by now, or nobody can say that it is not.
    LeaseLost,
    /// The process stops.
    Stopping,
}

/// Asked right before a company's database is told to commit: whether it may be.
type Gate = dyn Fn() -> bool + Send + Sync;

/// Whether a run is still wanted. Clones are one; the default is a run that nobody ends.
#[derive(Clone, Default)]
pub struct Cancellation(Option<Arc<Inner>>);

struct Inner {
    why: watch::Sender<Option<Why>>,
    may_commit: Option<Box<Gate>>,
}

impl Cancellation {
    /// For a run that can be told to end.
    pub fn new() -> Self {
        Self(Some(Arc::new(Inner { why: watch::Sender::new(None), may_commit: None })))
    }

    /// The same for a run that owns its work only for a time: `may_commit` says whether it still does. It is asked by the
    /// thread that is about to commit, and may block.
    pub fn with_gate(may_commit: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let may_commit: Option<Box<Gate>> = Some(Box::new(may_commit));
        Self(Some(Arc::new(Inner { why: watch::Sender::new(None), may_commit })))
    }

    /// Tells the run to end. The first reason stays.
    pub fn cancel(&self, why: Why) {
        if let Some(inner) = &self.0 {
            inner.why.send_if_modified(|told| told.is_none() && told.replace(why).is_none());
        }
    }

    /// Why the run was told to end, if it was.
    pub fn why(&self) -> Option<Why> {
        self.0.as_ref().and_then(|inner| *inner.why.borrow())
    }

    /// Whether the run was told to end.
    pub fn is_cancelled(&self) -> bool {
        self.why().is_some()
    }

    /// To be asked between one piece of work and the next.
    ///
    /// # Errors
    /// [`ConnectorError::Cancelled`] when the run was told to end.
    pub fn check(&self) -> Result<(), ConnectorError> {
        if self.is_cancelled() { Err(ConnectorError::Cancelled) } else { Ok(()) }
    }

    /// To be asked before a COMMIT is sent; from then on nothing may be cancelled until its answer is there, because what
    /// may be committed has to be read back, as after a lost connection.
    ///
    /// # Errors
    /// [`ConnectorError::Cancelled`] when the run was told to end, or is told now because its work is no longer its own.
    pub fn before_commit(&self) -> Result<(), ConnectorError> {
        self.check()?;
        let may = self.0.as_ref().and_then(|inner| inner.may_commit.as_ref()).is_none_or(|may| may());
        if !may {
            self.cancel(Why::LeaseLost);
        }
        self.check()
    }

    /// Waits for a driver, on a blocking thread, for as long as the run is wanted. What the driver was doing is dropped
    /// otherwise: the caller has to tell the server.
    pub(super) fn during<F: Future>(&self, work: F) -> Result<F::Output, ConnectorError> {
        self.during_on(driver()?, work)
    }

    /// The same for a driver other than the common one.
    pub(super) fn during_on<F: Future>(&self, driver: &Runtime, work: F) -> Result<F::Output, ConnectorError> {
        let Some(inner) = &self.0 else { return Ok(driver.block_on(work)) };
        let mut told = inner.why.subscribe();
        driver.block_on(async {
            tokio::select! {
                // First, so that a stream that never pauses ends, too.
                biased;
                _ = told.wait_for(Option::is_some) => Err(ConnectorError::Cancelled),
                done = work => Ok(done),
            }
        })
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cancellation({:?})", self.why())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Unwanted => "nobody wants it any longer",
            Why::LeaseLost => "another process has it",
            Why::Stopping => "this process stops",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn the_first_reason_stays_and_is_every_clones() {
        let run = Cancellation::new();
        let other = run.clone();
        assert!(run.check().is_ok());
        other.cancel(Why::Unwanted);
        other.cancel(Why::Stopping);
        assert_eq!(run.why(), Some(Why::Unwanted));
        assert!(matches!(run.check(), Err(ConnectorError::Cancelled)));
    }

    #[test]
    fn waiting_ends_with_the_run() {
        let run = Cancellation::new();
        let teller = run.clone();
        assert_eq!(run.during(async { 7 }).unwrap(), 7);
        let telling = std::thread::spawn(move || teller.cancel(Why::Stopping));
        let ended = run.during(std::future::pending::<()>());
        telling.join().unwrap();
        assert!(matches!(ended, Err(ConnectorError::Cancelled)));
        assert!(matches!(run.during(async { 7 }), Err(ConnectorError::Cancelled)), "nothing more is begun");
    }

    #[test]
    fn a_commit_asks_whose_the_work_is() {
        let ours = Arc::new(AtomicBool::new(true));
        let asked = ours.clone();
        let run = Cancellation::with_gate(move || asked.load(Ordering::SeqCst));
        assert!(run.before_commit().is_ok());
        ours.store(false, Ordering::SeqCst);
        assert!(run.before_commit().is_err());
        assert_eq!(run.why(), Some(Why::LeaseLost));
    }

    #[test]
    fn a_run_that_nobody_ends_goes_on() {
        let run = Cancellation::default();
        run.cancel(Why::Stopping);
        assert!(run.before_commit().is_ok());
        assert_eq!(run.during(async { 7 }).unwrap(), 7);
    }
}
