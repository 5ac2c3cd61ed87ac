//! Threads that read, each with a connection of its own that cannot write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::connect::Place;
use super::dialect::Conn;
use super::inbox::Inbox;
use super::{Keys, StoreError, Tx};

/// One thread that reads.
pub(super) struct Reader {
    pub(super) inbox: Arc<Inbox>,
    pub(super) place: Place,
    pub(super) keys: Arc<Keys>,
    /// Goes up when a connection was found broken: the others of its age are then made anew before they are used,
    /// instead of failing one caller each.
    pub(super) losses: Arc<AtomicU64>,
}

impl Reader {
    /// Works until the inbox is closed and empty.
    pub(super) fn run(self) {
        let mut kept: Option<(Conn, u64)> = None;
        while let Some(calls) = self.inbox.take(1) {
            for mut call in calls {
                let mut conn = match self.connected(kept.take()) {
                    Ok(conn) => conn,
                    Err(error) => {
                        call.refuse(error.clone());
                        self.inbox.refuse_all(&error);
                        continue;
                    }
                };
                let mut tx = Tx::new(&mut conn.0, &self.keys);
                call.run(&mut tx);
                if !tx.failed || conn.0.is_alive() {
                    kept = Some(conn);
                } else {
                    self.losses.fetch_add(1, Ordering::Relaxed);
                }
                call.answer();
            }
        }
    }

    fn connected(&self, kept: Option<(Conn, u64)>) -> Result<(Conn, u64), StoreError> {
        let losses = self.losses.load(Ordering::Relaxed);
        match kept {
            Some(kept) if kept.1 == losses => Ok(kept),
            _ => Ok((self.place.connect_to_read()?, losses)),
        }
    }
}
