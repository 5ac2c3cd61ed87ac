//! Jobs: run outside of any transaction, then settled.

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use uuid::Uuid;

use super::watch::Watch;
use crate::connectors::{Cancellation, Why};
use crate::domain::job::{Job, LeasedJob, Settlement};
use crate::fulfilment::FulfilmentError;
use crate::store::{Lease, StoreError};
use crate::usecases::dispatch::Dispatch;
use crate::usecases::letters::{self, LetterError, notices};
use crate::usecases::services::opt_out;
use crate::usecases::{Error, Office, evidence, fulfil, marks, recipients};

/// How many mails of a batch are on their way at a time.
const MAILS_AT_ONCE: usize = 4;

/// Runs leased work in the company's systems and settles it. One whose lease was lost meanwhile is left to whoever has it
/// now; one that was told to end is given back as if it had not been begun, whatever came of it.
pub async fn fulfilment(office: &Office, owner: Uuid, job: LeasedJob, claimed_at: DateTime<Utc>, watch: &Watch) {
    let run = watch.begin(office, owner, &job, claimed_at);
    let done = of_kind(&run.office, owner, &job).await;
    let lost = matches!(done, Err(Error::Store(StoreError::LeaseLost))).then_some(Why::LeaseLost);
    let why = run.office.cancellation.why().or(lost);
    run.office.board.close();
    drop(run);
    let settlement = match (done, why) {
        // Settled in the same transaction as its result.
        (Ok(None), _) => return count(&Settlement::Done, job.job.kind()),
        (Ok(Some(settlement)), _) => settlement,
        (Err(_), Some(why)) => {
            tracing::info!(job = %job.id, kind = job.job.kind(), %why, "a job was told to end");
            Settlement::GivenBack
        }
        (Err(error), None) => failed(office, &job, &error),
    };
    settle(office, owner, vec![(job, None, settlement)]).await;
}

async fn of_kind(office: &Office, owner: Uuid, job: &LeasedJob) -> Result<Option<Settlement>, Error> {
    match job.job {
        Job::Fulfil { request } => fulfil::fulfil(office, owner, job, request).await,
        Job::EraseRetained { request } => fulfil::erase_retained(office, owner, job, request).await,
        Job::TellService { request } => opt_out::tell(office, owner, job, request).await,
        Job::MatchEvidence { request } => evidence::match_evidence(office, owner, job, request).await,
        // The other hand's.
        _ => Ok(Some(Settlement::GivenBack)),
    }
}

/// Sends a batch of mails and settles them together.
pub async fn mails(office: &Office, owner: Uuid, jobs: Vec<LeasedJob>, watch: &Watch) {
    let _held = watch.hold(jobs.iter().map(|job| Lease::of(job, owner)).collect());
    let sent = futures_util::stream::iter(jobs).map(async |job| {
        let dispatch = Dispatch::of(&job);
        // Too short to be watched; but what is written beside a mail is the lease's, too.
        let run = office.for_run(Lease::of(&job, owner), Cancellation::default());
        let settlement = mail(&run, &job, &dispatch).await;
        (job, Some(dispatch), settlement)
    });
    let mut settlements: Vec<_> = sent.buffer_unordered(MAILS_AT_ONCE).collect().await;
    if let Err(error) = office.mailer.keep_sent().await {
        tracing::warn!(%error, mails = settlements.len(), "mails that left may not be kept; they are sent again");
        for (job, _, settlement) in settlements.iter_mut().filter(|(.., settlement)| *settlement == Settlement::Done) {
            *settlement = Settlement::failed(job.attempts, office.clock.now(), error.to_string());
        }
    }
    settle(office, owner, settlements).await;
}

async fn mail(office: &Office, job: &LeasedJob, dispatch: &Dispatch) -> Settlement {
    let sent = match &job.job {
        Job::MailCode { bundle, serial } => letters::mail_code(office, dispatch, *bundle, *serial).await,
        Job::MailAcknowledgement { bundle } => letters::mail_acknowledgement(office, dispatch, *bundle).await,
        Job::MailAgency { bundle, letter } => letters::mail_agency(office, dispatch, *bundle, *letter).await,
        Job::MailVerificationReminder { bundle } => {
            notices::mail_verification_reminder(office, dispatch, *bundle).await
        }
        Job::MailStaff { request, notice, to } => notices::mail_notice(office, dispatch, *request, *notice, *to).await,
        Job::MailLetter { request, letter } => letters::mail_letter(office, dispatch, *request, *letter).await,
        Job::TellRecipients { request } => recipients::tell(office, *request).await.map_err(LetterError::from),
        Job::MailNotice { request, recipient } => letters::mail_notice(office, dispatch, *request, recipient).await,
        Job::LiftMark { request } => marks::tell_and_lift(office, dispatch, *request).await,
        Job::Fulfil { .. } | Job::EraseRetained { .. } | Job::TellService { .. } | Job::MatchEvidence { .. } => Ok(()),
    };
    let Err(error) = sent else { return Settlement::Done };
    tracing::warn!(job = %job.id, kind = job.job.kind(), attempts = job.attempts, %error, "a mail did not leave");
    match &error {
        LetterError::Mail(mail) if mail.is_permanent() => Settlement::GivenUp { error: error.to_string() },
        _ => Settlement::failed(job.attempts, office.clock.now(), error.to_string()),
    }
}

fn failed(office: &Office, job: &LeasedJob, error: &Error) -> Settlement {
    tracing::warn!(job = %job.id, kind = job.job.kind(), attempts = job.attempts, %error, "a job failed");
    let settlement = match error {
        // Trying again cannot help before somebody changes something.
        Error::Obstacles(_) | Error::Fulfilment(FulfilmentError::Misfit(_)) | Error::UnknownController => {
            Settlement::GivenUp { error: error.to_string() }
        }
        _ => Settlement::failed(job.attempts, office.clock.now(), error.to_string()),
    };
    match (settlement, &job.job) {
        // The request is long closed, and the person was told the day: it is tried every day until it is done (GDPR Art.
        // 5(1)(e)).
        (Settlement::GivenUp { error }, Job::EraseRetained { .. }) => {
            Settlement::Postponed { until: office.clock.now() + fulfil::LOOKED_AT_AGAIN, reason: error }
        }
        (settlement, _) => settlement,
    }
}

async fn settle(office: &Office, owner: Uuid, settlements: Vec<(LeasedJob, Option<Dispatch>, Settlement)>) {
    settlements.iter().for_each(|(job, _, settlement)| count(settlement, job.job.kind()));
    let now = office.clock.now();
    let jobs = settlements.len();
    let settled = office
        .store
        .write(move |tx| {
            for (job, dispatch, settlement) in &settlements {
                // Whoever has the lease now sends the same letter, and keeps it.
                if tx.settle(job, owner, settlement, now)?
                    && let Some(dispatch) = dispatch
                {
                    dispatch.keep(tx, settlement)?;
                }
            }
            Ok::<_, Error>(())
        })
        .await;
    if let Err(error) = settled {
        tracing::warn!(jobs, %error, "jobs could not be settled; they run again when their leases are over");
    }
}

fn count(settlement: &Settlement, kind: &'static str) {
    let name = match settlement {
        Settlement::Done => "habeas_jobs_done_total",
        Settlement::Postponed { .. } | Settlement::GivenBack => "habeas_jobs_postponed_total",
        Settlement::Retry { .. } | Settlement::GivenUp { .. } => "habeas_jobs_failed_total",
    };
    metrics::counter!(name, "kind" => kind).increment(1);
}
