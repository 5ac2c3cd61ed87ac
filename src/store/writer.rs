//! The grouping writer: what has queued up is committed together, and every closure still as if it were alone.

use std::sync::Arc;

use diesel::result::Error;
use tokio::sync::Notify;

use super::connect::Place;
use super::dialect::Conn;
use super::inbox::{Call, Inbox};
use super::tx::{Pending, is_collision};
use super::{Keys, StoreError, Tx, audit};

/// How often a closure that collided with another transaction is run again.
const COLLISIONS: usize = 5;

/// One thread that writes.
pub(super) struct Writer {
    pub(super) inbox: Arc<Inbox>,
    pub(super) place: Place,
    pub(super) keys: Arc<Keys>,
    pub(super) jobs_ready: Arc<Notify>,
    /// How many closures make a group at most.
    pub(super) most: usize,
    pub(super) conn: Option<Conn>,
}

type Group = [Box<dyn Call>];

/// Why a group was not committed.
enum Fault {
    /// The only closure gave an error: it was rolled back, and its caller is told.
    Own,
    /// One of several gave an error and the transaction cannot go on without it: each is run alone.
    Spoiled,
    /// Two transactions stood in each other's way.
    Collided,
    /// The database cannot be reached.
    Unreachable(StoreError),
    /// The connection was lost before the commit: nothing was written.
    Lost(StoreError),
    /// The connection was lost during the commit: nobody knows whether it happened, so it is not run again.
    Unknown,
    /// The database refused the transaction as such.
    Refused(StoreError),
}

impl Writer {
    /// Works until the inbox is closed and empty.
    pub(super) fn run(mut self) {
        while let Some(group) = self.inbox.take(self.most) {
            if let Err(error) = self.settle(group) {
                self.inbox.refuse_all(&error);
            }
        }
    }

    /// Commits a group, as a whole or one by one, and answers every caller. `Err`: the database is out of reach.
    fn settle(&mut self, mut group: Vec<Box<dyn Call>>) -> Result<(), StoreError> {
        let (mut reconnects, mut collisions) = (0, 0);
        loop {
            match self.attempt(&mut group) {
                Ok(()) | Err(Fault::Own) => {
                    group.into_iter().for_each(Call::answer);
                    return Ok(());
                }
                Err(Fault::Lost(_)) if reconnects == 0 => reconnects += 1,
                Err(Fault::Spoiled | Fault::Collided | Fault::Refused(_)) if group.len() > 1 => {
                    return self.settle_singly(group);
                }
                Err(Fault::Collided) if collisions < COLLISIONS => collisions += 1,
                Err(fault) => return refuse(group, fault),
            }
        }
    }

    fn settle_singly(&mut self, group: Vec<Box<dyn Call>>) -> Result<(), StoreError> {
        let mut reach = Ok(());
        for call in group {
            match &reach {
                Ok(()) => reach = self.settle(vec![call]),
                Err(error) => call.refuse(error.clone()),
            }
        }
        reach
    }

    /// Runs the group in one transaction and commits it.
    fn attempt(&mut self, group: &mut Group) -> Result<(), Fault> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.place.connect().map_err(Fault::Unreachable)?,
        };
        let result = in_transaction(&mut conn, &self.keys, group);
        if let Ok(pending) = &result {
            if pending.purged {
                conn.forget_old_pages();
            }
            if pending.jobs {
                // Whoever is looking has asked to be told before it looked, so nothing is slept through.
                self.jobs_ready.notify_waiters();
            }
        }
        if !matches!(result, Err(Fault::Lost(_) | Fault::Unknown)) {
            self.conn = Some(conn);
        }
        result.map(drop)
    }
}

fn in_transaction(conn: &mut Conn, keys: &Keys, group: &mut Group) -> Result<Pending, Fault> {
    conn.begin().map_err(|error| Fault::Lost(error.into()))?;
    let pending = run_all(conn, keys, group).and_then(|mut pending| {
        let entries = std::mem::take(&mut pending.entries);
        audit::append_all(conn, entries).map_err(refused)?;
        Ok(pending)
    });
    match pending {
        Ok(pending) => match conn.commit() {
            Ok(()) => Ok(pending),
            Err(error) if conn.is_alive() => Err(refused(error)),
            Err(_) => Err(Fault::Unknown),
        },
        Err(fault) => match conn.roll_back() {
            Ok(()) => Err(fault),
            Err(error) => Err(Fault::Lost(error.into())),
        },
    }
}

/// Runs every closure; those that give an error leave nothing behind.
fn run_all(conn: &mut Conn, keys: &Keys, group: &mut Group) -> Result<Pending, Fault> {
    let alone = group.len() == 1;
    // What a single call wrote goes with the whole transaction.
    let savepoints = conn.has_savepoints() && !alone;
    let mut pending = Pending::default();
    for call in group {
        if savepoints {
            conn.save_point().map_err(refused)?;
        }
        let mut tx = Tx::new(conn, keys);
        let good = call.run(&mut tx);
        let Tx { pending: left, touched, failed, collided, .. } = tx;
        match (good, savepoints) {
            (true, true) => conn.commit().map_err(refused)?,
            (false, true) => conn.roll_back().map_err(refused)?,
            (true, false) => {}
            // It gave an error before it wrote anything: there is nothing to undo.
            (false, false) if !touched && !failed => {}
            (false, false) if collided => return Err(Fault::Collided),
            (false, false) => return Err(if alone { Fault::Own } else { Fault::Spoiled }),
        }
        if good {
            pending.add(left);
        }
    }
    Ok(pending)
}

fn refused(error: Error) -> Fault {
    if is_collision(&error) { Fault::Collided } else { Fault::Refused(error.into()) }
}

/// Tells every caller of a group why it was not committed.
fn refuse(group: Vec<Box<dyn Call>>, fault: Fault) -> Result<(), StoreError> {
    let (error, in_reach) = match fault {
        Fault::Unreachable(error) | Fault::Lost(error) => (error, false),
        Fault::Unknown => (
            StoreError::Unavailable("it was lost during a commit, which may or may not have happened".to_owned()),
            false,
        ),
        Fault::Refused(error) => (error, true),
        Fault::Own | Fault::Spoiled | Fault::Collided => {
            (StoreError::Database("others kept changing the same rows".to_owned()), true)
        }
    };
    tracing::error!(%error, "a write was not committed");
    group.into_iter().for_each(|call| call.refuse(error.clone()));
    if in_reach { Ok(()) } else { Err(error) }
}
