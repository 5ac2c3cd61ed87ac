//! What a mail job leaves behind: its letter, kept with its requests once, in the transaction that ends the job.

use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::communication::{Communication, Content, Delivery, Direction, Medium, Party};
use crate::domain::ids::{JobId, RequestId};
use crate::domain::job::{Job, LeasedJob, Settlement};
use crate::domain::personal::Personal;
use crate::store::{StoreError, Tx};

/// One run of a mail job. It takes down what was written before the mail server is asked, so that a letter that
/// cannot be sent is on record as well.
pub struct Dispatch {
    id: JobId,
    kind: String,
    keeps_text: bool,
    about: OnceLock<Vec<RequestId>>,
    written: OnceLock<Written>,
}

struct Written {
    request: RequestId,
    at: DateTime<Utc>,
    content: Content,
}

impl Dispatch {
    /// A run of that job.
    pub fn of(job: &LeasedJob) -> Self {
        Self {
            id: job.id,
            kind: kind(&job.job),
            keeps_text: job.job.keeps_text(),
            about: OnceLock::new(),
            written: OnceLock::new(),
        }
    }

    /// The letter's id: a repeat after a crash is the same message.
    pub fn id(&self) -> Uuid {
        self.id.0
    }

    /// The letter is about all of these, and not only about the request whose person receives it.
    pub fn concerns(&self, requests: impl Iterator<Item = RequestId>) {
        // Told once a run; a second word changes nothing.
        let _ = self.about.set(requests.collect());
    }

    /// Takes down the letter that is about to leave.
    pub fn wrote(&self, request: RequestId, party: Party, at: DateTime<Utc>, subject: &str, body: &str) {
        let kept = |text: &str| self.keeps_text.then(|| Personal::new(text.to_owned()));
        let content = Content { party, subject: kept(subject), text: kept(body) };
        let _ = self.written.set(Written { request, at, content });
    }

    /// Keeps what was taken down, with each request it is about that is not purged. A letter that will be tried again
    /// is not on record yet; one that was given up is, and becomes a sent one when a retry succeeds.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep(&self, tx: &mut Tx<'_>, settlement: &Settlement) -> Result<(), StoreError> {
        let delivery = match settlement {
            Settlement::Done => Delivery::Sent,
            Settlement::GivenUp { .. } => Delivery::Failed,
            Settlement::Postponed { .. } | Settlement::GivenBack | Settlement::Retry { .. } => return Ok(()),
        };
        let Some(written) = self.written.get() else { return Ok(()) };
        let only = [written.request];
        for request in self.about.get().map_or(only.as_slice(), Vec::as_slice) {
            tx.keep_communication(&Communication {
                id: self.id.0,
                request: *request,
                at: written.at,
                medium: Medium::Email,
                direction: Direction::Out,
                kind: self.kind.clone(),
                delivery,
                recorded_by: None,
                content: written.content.clone(),
            })?;
        }
        Ok(())
    }
}

/// The letter's kind, in the words of the API.
fn kind(job: &Job) -> String {
    match job {
        Job::MailLetter { letter, .. } => {
            serde_json::to_value(letter).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
        }
        other => other.kind().trim_start_matches("mail_").to_owned(),
    }
}
