//! A message to a company's service: sent until it is answered, always under the same id, at once or by call-back.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::{RequestId, SystemId};
use super::personal::Personal;

/// What a service is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Give the person's rows; also to prove that nothing is left.
    Find,
    /// Delete or mask them.
    Erase,
    /// Write other values.
    Correct,
    /// Note an opt-out.
    OptOut,
}

impl Operation {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::Find => "find",
            Operation::Erase => "erase",
            Operation::Correct => "correct",
            Operation::OptOut => "opt_out",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a message is for. There is one message for each occasion, however often the work is begun.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occasion {
    /// The request.
    pub request: RequestId,
    /// The service.
    pub system: SystemId,
    /// What it is asked to do.
    pub operation: Operation,
    /// The approval under which it is asked, by its moment.
    pub at: DateTime<Utc>,
    /// Counted from 1 where one approval asks for the same several times; 0 for what is put aside under a hold.
    pub round: i32,
}

/// A message, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, by which the service knows a repeat.
    pub id: Uuid,
    /// What it is for.
    pub occasion: Occasion,
    /// Its data as JSON, the same at each attempt; sealed at rest.
    pub body: Personal<String>,
    /// How it stands.
    pub standing: Standing,
    /// Whether an attempt was made after which the service may have it.
    pub left: bool,
}

/// How a message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// To be sent, for the first time or again.
    Open,
    /// Put aside under a legal hold, with the keys by which the rows are found; not sent before it is lifted.
    Held,
    /// The service took it and will call back.
    Awaiting {
        /// After this moment it is sent again.
        until: DateTime<Utc>,
    },
    /// The answer is there.
    Answered(Answer),
}

/// What a service answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The file with the rows it found, on the shelf of what was handed over.
    pub file: Option<Uuid>,
    /// What it said, as JSON; sealed at rest.
    pub said: Personal<String>,
}

impl Delivery {
    /// The answer, once it is there.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.standing {
            Standing::Answered(answer) => Some(answer),
            _ => None,
        }
    }

    /// Until when the service may call back, while it is waited for at `now`.
    pub fn awaited(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.standing {
            Standing::Awaiting { until } if now < until => Some(until),
            _ => None,
        }
    }
}
