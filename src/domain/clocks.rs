//! What happened to a request's clocks since its receipt; dates are counted anew from it, never corrected by hand.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What the dates of one request depend on beside its receipt, and what was done about them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clocks {
    /// Proof of identity was asked for, and the law starts the response clock with its arrival (UK GDPR Art. 12A).
    pub starts_with_proof: bool,
    /// When the proof came that was asked for; only kept where it moves the start.
    pub proved_at: Option<DateTime<Utc>>,
    /// When the response clock stood still, oldest first.
    pub stops: Vec<Stop>,
    /// When the letter went out that says that the request arrived and how it is handled (11 CCR 7021(a)).
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// The next day on which somebody may have to be reminded of something; a column of its own in the store.
    #[serde(skip)]
    pub look_at: Option<NaiveDate>,
}

/// A time during which the response clock stood still: from the question to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// When the requester was asked.
    pub from: DateTime<Utc>,
    /// When they answered, or the request ended without an answer.
    pub to: DateTime<Utc>,
}

impl Clocks {
    /// The person showed who they are: where the law waits for that, the response clock starts now.
    pub fn proof_came(&mut self, at: DateTime<Utc>) {
        if self.starts_with_proof {
            self.proved_at.get_or_insert(at);
        }
    }

    /// Whether dates counted by `self` are those counted by `other`.
    pub fn counts_as(&self, other: &Clocks) -> bool {
        self.proved_at == other.proved_at && self.stops == other.stops
    }
}
