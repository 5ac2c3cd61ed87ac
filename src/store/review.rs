//! The review queue: filters, and a cursor that walks every row once however the rows around it change.

use chrono::NaiveDate;

use super::{StoreError, Tx};
use crate::domain::ids::{ControllerId, StaffId};
use crate::domain::request::{Request, StateName};
use crate::domain::right::Right;

/// What to show of the queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Only in this state.
    pub state: Option<StateName>,
    /// Only this right.
    pub right: Option<Right>,
    /// Only this controller's.
    pub controller: Option<ControllerId>,
    /// Only what this member of staff works on.
    pub assignee: Option<StaffId>,
    /// Only what is due before this day.
    pub due_before: Option<NaiveDate>,
    /// An e-mail address, a telephone number or the beginning of a reference.
    pub q: Option<String>,
    /// In which order.
    pub sort: Sort,
    /// How many at most, 1 to 500.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// The order of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// What is due first comes first.
    #[default]
    Due,
    /// What was received first comes first.
    Received,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// The cursor of the next part, if there is one.
    pub next: Option<String>,
}

impl Tx<'_> {
    /// A page of the review queue; purged requests are left out.
    pub fn queue(&mut self, queue: &Queue) -> Result<Page<Request>, StoreError> {
        let _ = queue;
        todo!()
    }
}
