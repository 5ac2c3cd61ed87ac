//! What a row is to the person: theirs, what theirs point to, or another's that names them.

use serde::{Deserialize, Serialize};

/// What a row is to the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It belongs to the person.
    Own,
    /// The person's rows point to it.
    Context,
    /// It is another's and names the person.
    Shared,
}

/// Rows by what they are to the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that belong to the person.
    pub own: u64,
    /// Rows that theirs point to.
    pub context: u64,
    /// Rows of others that name the person.
    pub shared: u64,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.own + self.context + self.shared
    }

    /// Counts one more row.
    pub(super) fn add(&mut self, standing: Standing) {
        match standing {
            Standing::Own => self.own += 1,
            Standing::Context => self.context += 1,
            Standing::Shared => self.shared += 1,
        }
    }
}
