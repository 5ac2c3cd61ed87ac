//! One job: run it outside of any transaction, then settle it.

use uuid::Uuid;

use crate::domain::job::{Job, LeasedJob, Settlement};
use crate::fulfilment::FulfilmentError;
use crate::usecases::letters::{self, LetterError};
use crate::usecases::{Error, Office, fulfil};

/// Runs a leased job and settles it. A job whose lease was lost meanwhile is left to whoever has it now.
pub async fn run(office: &Office, owner: Uuid, job: LeasedJob) {
    let kind = job.job.kind();
    let settlement = match &job.job {
        Job::Fulfil { request } => {
            let fulfilled = fulfil::fulfil(office, owner, &job, *request).await;
            match fulfilled {
                // Settled in the same transaction as its result.
                Ok(None) => return metrics::counter!("habeas_jobs_done_total", "kind" => kind).increment(1),
                Ok(Some(settlement)) => settlement,
                Err(error) => failed(office, &job, &error),
            }
        }
        Job::MailCode { bundle, serial } => {
            mailed(office, &job, letters::mail_code(office, job.id, *bundle, *serial).await)
        }
        Job::MailAcknowledgement { bundle } => {
            mailed(office, &job, letters::mail_acknowledgement(office, job.id, *bundle).await)
        }
        Job::MailLetter { request, letter } => {
            mailed(office, &job, letters::mail_letter(office, job.id, *request, *letter).await)
        }
    };
    settle(office, owner, job, settlement, kind).await;
}

async fn settle(office: &Office, owner: Uuid, job: LeasedJob, settlement: Settlement, kind: &'static str) {
    let outcome = match &settlement {
        Settlement::Done => "habeas_jobs_done_total",
        Settlement::Postponed { .. } => "habeas_jobs_postponed_total",
        Settlement::Retry { .. } | Settlement::GivenUp { .. } => "habeas_jobs_failed_total",
    };
    metrics::counter!(outcome, "kind" => kind).increment(1);
    let now = office.clock.now();
    let id = job.id;
    let settled = office.store.write(move |tx| Ok::<_, Error>(tx.settle(&job, owner, &settlement, now)?)).await;
    if let Err(error) = settled {
        tracing::warn!(job = %id, kind, %error, "a job could not be settled; it runs again when its lease is over");
    }
}

fn failed(office: &Office, job: &LeasedJob, error: &Error) -> Settlement {
    tracing::warn!(job = %job.id, kind = job.job.kind(), attempts = job.attempts, %error, "a job failed");
    match error {
        // Trying again cannot help before somebody changes something.
        Error::Obstacles(_) | Error::Fulfilment(FulfilmentError::Misfit(_)) | Error::UnknownController => {
            Settlement::GivenUp { error: error.to_string() }
        }
        _ => Settlement::failed(job.attempts, office.clock.now(), error.to_string()),
    }
}

fn mailed(office: &Office, job: &LeasedJob, result: Result<(), LetterError>) -> Settlement {
    let Err(error) = result else { return Settlement::Done };
    tracing::warn!(job = %job.id, kind = job.job.kind(), attempts = job.attempts, %error, "a mail did not leave");
    match &error {
        LetterError::Mail(mail) if mail.is_permanent() => Settlement::GivenUp { error: error.to_string() },
        _ => Settlement::failed(job.attempts, office.clock.now(), error.to_string()),
    }
}
