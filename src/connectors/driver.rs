//! What moves the sockets of asynchronous drivers: one thread for all of them, or whoever waits for a connection.

use std::io;
use std::ops::Deref;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

use super::ConnectorError;

/// Never shut down: a connector may be dropped anywhere.
static DRIVER: LazyLock<io::Result<Runtime>> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).thread_name("driver").enable_all().build());

/// The drivers' runtime. Callers wait for it, so they must be on blocking threads, never inside asynchronous code.
pub(super) fn driver() -> Result<&'static Runtime, ConnectorError> {
    DRIVER.as_ref().map_err(|e| ConnectorError::Unreachable(format!("the driver's thread cannot start: {e}")))
}

/// What moves one connection and nothing else: the thread that waits for an answer, while it waits. Between a short
/// statement and its answer there is then no other thread to be woken, which costs more than sending it does. What the
/// server says while nobody waits is read at the next statement.
pub(super) struct OwnDriver(Option<Runtime>);

impl OwnDriver {
    /// A driver for a connection that is yet to be made. Callers wait for it, as for [`driver`].
    pub(super) fn new() -> Result<Self, ConnectorError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let failed = |e| ConnectorError::Unreachable(format!("a driver cannot start: {e}"));
        runtime.map(|runtime| Self(Some(runtime))).map_err(failed)
    }
}

impl Deref for OwnDriver {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("a driver is there until it is dropped")
    }
}

impl Drop for OwnDriver {
    fn drop(&mut self) {
        // A connector may be dropped anywhere, also where blocking is not allowed.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
