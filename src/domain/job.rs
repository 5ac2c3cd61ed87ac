//! Durable work: what is left to do after a transition, kept in the same database and done at least once.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{BundleId, JobId, RequestId, StaffId};
use super::request::StateName;
use super::watch::Notice;

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
    /// The appeal arrived, and by when it is answered.
    AppealReceived,
    /// The answer to the appeal takes longer, and why.
    AppealExtended,
    /// The appeal was settled: the decision stays, or falls.
    AppealSettled,
    /// The appeal was taken back, and until when there can be another.
    AppealWithdrawn,
    /// What was kept for a time after a deletion is deleted now.
    ErasedLater,
    /// To the person, at the end: what an agent asked in their name was answered.
    AnsweredForYou,
}

/// Which text goes out about the authority of an agent; one for all the requests sent together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgencyLetter {
    /// To the person: somebody asked in their name; with the link to confirm where that may be asked.
    AskedInYourName,
    /// To the agent: what was handed in does not show their authority.
    ProofRefused,
    /// To the agent: the person says that they do not act for them.
    Disowned,
    /// To the person: what they said was put into effect.
    DisownedNoted,
}

/// Who on the controller's side is written to. No address stands in a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressee {
    /// A member of staff.
    Staff(StaffId),
    /// The address that the policy names for missed dates.
    Escalation,
    /// The controller's privacy address, where nobody else is there to be told.
    PrivacyOffice,
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
    /// Mail about the authority of the agent who sent a bundle.
    MailAgency {
        /// The bundle.
        bundle: BundleId,
        /// The text.
        letter: AgencyLetter,
    },
    /// Mail the person that the requests of a bundle still wait for their confirmation.
    MailVerificationReminder {
        /// The bundle.
        bundle: BundleId,
    },
    /// Mail staff that a date comes near or has passed.
    MailStaff {
        /// The request.
        request: RequestId,
        /// What is said.
        notice: Notice,
        /// To whom.
        to: Addressee,
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
    /// Erase what was kept for a time after a deletion and need not be kept any longer.
    EraseRetained {
        /// The request for deletion.
        request: RequestId,
    },
    /// Tell those to whom the data was disclosed what was done with it (GDPR Art. 19).
    TellRecipients {
        /// The request.
        request: RequestId,
    },
    /// Mail one recipient.
    MailNotice {
        /// The request.
        request: RequestId,
        /// The recipient, by its name in the policy.
        recipient: String,
    },
    /// Tell the person that a mark will be lifted, then lift it (GDPR Art. 18(3)).
    LiftMark {
        /// The request that had set it.
        request: RequestId,
    },
    /// Tell the company's own services of an opt-out.
    TellService {
        /// The request.
        request: RequestId,
    },
    /// Hold the name or the answers that a requester gave against the company's systems.
    MatchEvidence {
        /// The request through which they were given.
        request: RequestId,
    },
}

impl Job {
    /// The job's kind, as metrics and the API name it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Job::MailCode { .. } => "mail_code",
            Job::MailAcknowledgement { .. } => "mail_acknowledgement",
            Job::MailAgency { .. } => "mail_agency",
            Job::MailVerificationReminder { .. } => "mail_verification_reminder",
            Job::MailStaff { .. } => "mail_staff",
            Job::MailLetter { .. } => "mail_letter",
            Job::Fulfil { .. } => "fulfil",
            Job::EraseRetained { .. } => "erase_retained",
            Job::TellRecipients { .. } => "tell_recipients",
            Job::MailNotice { .. } => "mail_notice",
            Job::LiftMark { .. } => "lift_mark",
            Job::TellService { .. } => "tell_service",
            Job::MatchEvidence { .. } => "match_evidence",
        }
    }

    /// Whether what the job's letter says may be kept with the request. A mail with a code or a token in it is on
    /// record as sent, and no more: whoever reads the record must not be able to use it.
    pub const fn keeps_text(&self) -> bool {
        // The person's own link is in what they are told of their agent, and the agent reads the record.
        let for_person = matches!(self, Job::MailLetter { letter: Letter::AnsweredForYou, .. });
        !matches!(self, Job::MailCode { .. } | Job::MailAgency { .. }) && !for_person
    }

    /// Whether a run of the job is still wanted, by where its request stands meanwhile; none where it was purged. A run that
    /// is not wanted is told to end, and the next one sees for itself what is to be done.
    pub fn is_wanted(&self, state: Option<StateName>) -> bool {
        match (self, state) {
            (_, None) => self.request().is_none(),
            (Job::Fulfil { .. }, Some(state)) => state == StateName::Fulfilling,
            // Decided anew on appeal: what is kept is looked at when that is done.
            (Job::EraseRetained { .. }, Some(state)) => state.is_final(),
            // A comparison is the whole bundle's, and takes what was answered off the record.
            _ => true,
        }
    }

    /// The request the job is about, if it is about a single one.
    pub const fn request(&self) -> Option<RequestId> {
        match self {
            Job::MailLetter { request, .. }
            | Job::MailStaff { request, .. }
            | Job::Fulfil { request }
            | Job::EraseRetained { request }
            | Job::TellRecipients { request }
            | Job::MailNotice { request, .. }
            | Job::LiftMark { request }
            | Job::TellService { request }
            | Job::MatchEvidence { request } => Some(*request),
            Job::MailCode { .. }
            | Job::MailAcknowledgement { .. }
            | Job::MailAgency { .. }
            | Job::MailVerificationReminder { .. } => None,
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
    /// It was told to end before it was through, as if it had not been begun: whoever is free takes it up, at once.
    GivenBack,
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
    fn a_run_is_wanted_while_its_request_waits_for_it() {
        let request = RequestId(uuid::Uuid::nil());
        let wanted = |job: &Job| {
            let states = StateName::ALL.iter().filter(|state| job.is_wanted(Some(**state)));
            states.map(|state| state.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(wanted(&Job::Fulfil { request }), ["fulfilling"]);
        assert_eq!(wanted(&Job::EraseRetained { request }).len(), 6, "the states at which a request is at its end");
        assert_eq!(wanted(&Job::MatchEvidence { request }).len(), StateName::ALL.len(), "the bundle's");
        assert_eq!(wanted(&Job::TellService { request }).len(), StateName::ALL.len());
        assert!(!Job::TellService { request }.is_wanted(None), "purged");
        assert!(Job::MailCode { bundle: BundleId(uuid::Uuid::nil()), serial: 1 }.is_wanted(None));
    }

    #[test]
    fn the_last_attempt_is_given_up_visibly() {
        let now = DateTime::from_timestamp(0, 0).unwrap();
        assert!(matches!(Settlement::failed(11, now, String::new()), Settlement::Retry { .. }));
        assert!(matches!(Settlement::failed(12, now, String::new()), Settlement::GivenUp { .. }));
    }
}
