//! The one thread that the sockets of asynchronous drivers live on.

use std::io;
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
