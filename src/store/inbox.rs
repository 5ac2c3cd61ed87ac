//! Closures on their way to the store's threads, and their answers on the way back.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::{StoreError, Tx};

/// What comes back: the closure's own result, or its panic, which goes on in the caller.
pub(super) type Reply<T, E> = thread::Result<Result<T, E>>;

/// A closure that waits to be run.
pub(super) trait Call: Send {
    /// Runs it, perhaps for a second time; `false` when it gave an error.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Gives its last result to the caller.
    fn answer(self: Box<Self>);
    /// Gives the caller this error instead.
    fn refuse(self: Box<Self>, error: StoreError);
}

struct Waiting<F, T, E> {
    run: F,
    result: Option<Reply<T, E>>,
    caller: oneshot::Sender<Reply<T, E>>,
}

impl<F, T, E> Call for Waiting<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let mut result = catch_unwind(AssertUnwindSafe(|| (self.run)(tx)));
        if result.is_err() {
            tx.failed = true;
        } else if tx.failed && matches!(result, Ok(Ok(_))) {
            // PostgreSQL has given the transaction up by now; both databases answer alike.
            result =
                Ok(Err(StoreError::Database("a statement failed and what it failed for went on".to_owned()).into()));
        }
        let good = matches!(result, Ok(Ok(_)));
        self.result = Some(result);
        good
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // Nobody may be waiting any more; what was committed stays.
            let _ = self.caller.send(result);
        }
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        let _ = self.caller.send(Ok(Err(error.into())));
    }
}

/// A line of closures for one or several threads.
#[derive(Default)]
pub(super) struct Inbox {
    line: Mutex<Line>,
    filled: Condvar,
}

#[derive(Default)]
struct Line {
    calls: VecDeque<Box<dyn Call>>,
    closed: bool,
}

impl Inbox {
    /// Puts a closure at the end of the line; its result comes through what is returned.
    pub(super) fn hand_in<T, E>(
        &self,
        run: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> oneshot::Receiver<Reply<T, E>>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (caller, result) = oneshot::channel();
        let call: Box<dyn Call> = Box::new(Waiting { run, result: None, caller });
        let mut line = self.lock();
        if line.closed {
            drop(line);
            call.refuse(closed());
        } else {
            line.calls.push_back(call);
            drop(line);
            self.filled.notify_one();
        }
        result
    }

    /// The next `most` closures or fewer, at least one; `None` when the line is closed and empty.
    pub(super) fn take(&self, most: usize) -> Option<Vec<Box<dyn Call>>> {
        let mut line = self
            .filled
            .wait_while(self.lock(), |line| line.calls.is_empty() && !line.closed)
            .unwrap_or_else(PoisonError::into_inner);
        if line.calls.is_empty() {
            return None;
        }
        let count = line.calls.len().min(most);
        Some(line.calls.drain(..count).collect())
    }

    /// Tells everyone in the line that it is in vain, so that nobody waits for one attempt to connect after another.
    pub(super) fn refuse_all(&self, error: &StoreError) {
        let calls = std::mem::take(&mut self.lock().calls);
        calls.into_iter().for_each(|call| call.refuse(error.clone()));
    }

    /// Takes no more in; what is in the line is still run.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        // Nothing panics while it is held.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of a closure that comes too late.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}
