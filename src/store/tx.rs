//! What a closure given to the store reads and writes with.

use std::collections::HashMap;

use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use super::dialect::Conn;
use super::request_row::Filed;
use super::sealing::RequestKey;
use super::{Keys, StoreError};
use crate::domain::audit::NewEntry;
use crate::domain::ids::{JobId, RequestId};

/// One transaction; its methods are in the modules of their subjects. Whatever it wrote is committed when its closure
/// gives `Ok`, and gone when it gives an error.
pub struct Tx<'a> {
    pub(super) conn: &'a mut Conn,
    pub(super) keys: &'a Keys,
    /// What is left to do when the closure is through.
    pub(super) pending: Pending,
    /// The keys of the requests that were read, so that saving them need not ask again.
    pub(super) opened: HashMap<RequestId, RequestKey>,
    /// What stands in the columns of requests that were read and locked.
    pub(super) filed: HashMap<RequestId, Filed>,
    /// The job whose lease ended with this transaction, after it was looked at.
    pub(super) settled: Option<JobId>,
    /// Something was written.
    pub(super) touched: bool,
    /// A statement failed: PostgreSQL takes no more in this transaction.
    pub(super) failed: bool,
    /// Two transactions stood in each other's way: running this one again will do.
    pub(super) collided: bool,
}

/// What a closure leaves for the end of its group.
#[derive(Default)]
pub(super) struct Pending {
    /// To be chained.
    pub(super) entries: Vec<NewEntry>,
    /// Whether there are jobs to wake somebody for.
    pub(super) jobs: bool,
    /// Whether keys were destroyed.
    pub(super) purged: bool,
}

impl Pending {
    pub(super) fn add(&mut self, other: Pending) {
        self.entries.extend(other.entries);
        self.jobs |= other.jobs;
        self.purged |= other.purged;
    }
}

impl<'a> Tx<'a> {
    pub(super) fn new(conn: &'a mut Conn, keys: &'a Keys) -> Self {
        Self {
            conn,
            keys,
            pending: Pending::default(),
            opened: HashMap::new(),
            filed: HashMap::new(),
            settled: None,
            touched: false,
            failed: false,
            collided: false,
        }
    }

    pub(super) fn touch(&mut self) {
        self.touched = true;
    }

    /// Takes down that a statement failed.
    pub(super) fn noted<T>(&mut self, result: QueryResult<T>) -> Result<T, StoreError> {
        result.map_err(|error| {
            self.failed = true;
            self.collided |= is_collision(&error);
            error.into()
        })
    }
}

/// A deadlock (40P01) has no kind of its own in Diesel.
pub(super) fn is_collision(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(_, info) => info.message() == "deadlock detected",
        _ => false,
    }
}
