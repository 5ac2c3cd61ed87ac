//! Durable work: what is left to do after a transition, kept in the same database and done at least once.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{BundleId, JobId, RequestId};

/// Which text the person is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// A question from staff.
    Clarification,
    /// The deadline was extended, and why.
    Extended,
    /// The answer is there: package, result, or that nothing was found.
    Completed,
    /// Refused, on which ground, and what can be done about it.
    Denied,
    /// Somebody else is responsible.
    Referred,
    /// Taken back by the person.
    Withdrawn,
    /// Never verified, so closed.
    Expired,
    /// A message from staff.
    Message,
}

/// A piece of work. It names what it is about and holds nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Mail the current verification code of a bundle.
    MailCode {
        /// The bundle.
        bundle: BundleId,
        /// Which code: a job for a code that was replaced since is dropped.
        serial: u64,
    },
    /// Mail that the requests of a bundle are being worked on, with their dates.
    MailAcknowledgement {
        /// The bundle.
        bundle: BundleId,
    },
    /// Mail a letter about one request.
    MailLetter {
        /// The request.
        request: RequestId,
        /// The text.
        letter: Letter,
    },
    /// Do what was approved: search, erase, correct, suppress.
    Fulfil {
        /// The request.
        request: RequestId,
    },
}

impl Job {
    /// The job's kind, as metrics and the API name it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Job::MailCode { .. } => "mail_code",
            Job::MailAcknowledgement { .. } => "mail_acknowledgement",
            Job::MailLetter { .. } => "mail_letter",
            Job::Fulfil { .. } => "fulfil",
        }
    }

    /// Whether what the job's letter says may be kept with the request. A mail with a code or a token in it is on
    /// record as sent, and no more: whoever reads the record must not be able to use it.
    pub const fn keeps_text(&self) -> bool {
        !matches!(self, Job::MailCode { .. })
    }

    /// The request the job is about, if it is about a single one.
    pub const fn request(&self) -> Option<RequestId> {
        match self {
            Job::MailLetter { request, .. } | Job::Fulfil { request } => Some(*request),
            Job::MailCode { .. } | Job::MailAcknowledgement { .. } => None,
        }
    }
}

/// Which of a worker's two hands takes a job: neither waits for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Mails: many, small, and settled together.
    Mail,
    /// Searches and changes in the company's systems.
    Fulfilment,
}

/// A job to be done from `run_at` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// The work.
    pub job: Job,
    /// Not before.
    pub run_at: DateTime<Utc>,
}

/// A job that this process has leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedJob {
    /// Which.
    pub id: JobId,
    /// The work.
    pub job: Job,
    /// How often it was begun, this time included.
    pub attempts: i32,
}

/// What became of a run of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Done: the job goes.
    Done,
    /// It waits for something else and is looked at again; this does not count as an attempt.
    Postponed {
        /// When.
        until: DateTime<Utc>,
        /// What it waits for, in words for staff.
        reason: String,
    },
    /// It failed and will be tried again.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// What went wrong, in words for staff; never personal data.
        error: String,
    },
    /// It failed too often, or can never succeed; it stays, visible, until staff retry it.
    GivenUp {
        /// What went wrong.
        error: String,
    },
}

/// How long a lease runs without a heartbeat before another process may take the job over.
pub const LEASE: TimeDelta = TimeDelta::seconds(30);

/// How often a job is tried before it is given up and waits for staff.
pub const MOST_ATTEMPTS: i32 = 12;

/// The wait after the given attempt: two seconds, doubled each time, at most half an hour.
pub fn back_off(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(1 << attempts.clamp(1, 11)).min(TimeDelta::minutes(30))
}

impl Settlement {
    /// After a failure that may pass: again after a back-off, or given up after the last attempt.
    pub fn failed(attempts: i32, now: DateTime<Utc>, error: String) -> Self {
        if attempts >= MOST_ATTEMPTS {
            Settlement::GivenUp { error }
        } else {
            Settlement::Retry { at: now + back_off(attempts), error }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_an_hour() {
        let waits: Vec<i64> = (1..=12).map(|n| back_off(n).num_seconds()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1800, 1800]);
    }

    #[test]
    fn the_last_attempt_is_given_up_visibly() {
        let now = DateTime::from_timestamp(0, 0).unwrap();
        assert!(matches!(Settlement::failed(11, now, String::new()), Settlement::Retry { .. }));
        assert!(matches!(Settlement::failed(12, now, String::new()), Settlement::GivenUp { .. }));
    }
}
