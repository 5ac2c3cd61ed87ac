//! Recipients: those to whom data was disclosed are told of what was done with it, each once.

use chrono::{DateTime, Utc};

use super::services::opt_out;
use super::{Error, Office};
use crate::domain::ids::RequestId;
use crate::domain::job::{Job, NewJob};
use crate::domain::policy::{Policy, Recipient};
use crate::domain::request::{Outcome, Request};
use crate::domain::right::Right;
use crate::store::Tx;

/// Who has to be told, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// By mail.
    pub by_mail: Vec<String>,
    /// By staff: no address of theirs is known.
    pub by_staff: Vec<String>,
}

/// Who has to be told when this right was exercised (GDPR Art. 19; Cal. Civ. Code 1798.105(c), 11 CCR 7022(b)-(c)).
pub fn of(policy: &Policy, right: Right) -> Recipients {
    let told = policy.recipients.iter().filter(|recipient| recipient.notify.contains(&right));
    let (by_mail, by_staff): (Vec<&Recipient>, Vec<&Recipient>) = told.partition(|r| r.address().is_some());
    let names = |recipients: Vec<&Recipient>| recipients.into_iter().map(|r| r.name.clone()).collect();
    Recipients { by_mail: names(by_mail), by_staff: names(by_staff) }
}

/// Records who is told of a request's result, and has the mails sent.
///
/// # Errors
/// When the store fails, or the controller is no longer configured.
pub async fn tell(office: &Office, id: RequestId) -> Result<(), Error> {
    let now = office.clock.now();
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            // Purged meanwhile, or reopened: whatever ends it then has a job of its own.
            let Some(request) = tx.request_for_update(id)? else { return Ok(()) };
            match told(&inner, tx, request, now)? {
                Some(outcome) => Ok(tx.save(&outcome)?),
                None => Ok(()),
            }
        })
        .await
}

/// The same in the transaction that commits the answer, so that no job has to follow it.
///
/// # Errors
/// As [`tell`].
pub fn with_answer(
    office: &Office,
    tx: &mut Tx<'_>,
    mut outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let later = |job: &NewJob| matches!(job.job, Job::TellRecipients { .. });
    if !outcome.jobs.iter().any(later) {
        return Ok(outcome);
    }
    outcome.jobs.retain(|job| !later(job));
    with_change(office, tx, outcome, now)
}

/// The same for a change that has no such job.
///
/// # Errors
/// As [`tell`].
pub fn with_change(
    office: &Office,
    tx: &mut Tx<'_>,
    mut outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<Outcome, Error> {
    if let Some(told) = told(office, tx, outcome.request.clone(), now)? {
        outcome.request = told.request;
        outcome.entries.extend(told.entries);
        outcome.jobs.extend(told.jobs);
    }
    Ok(outcome)
}

/// The request with who is told; none where there is nobody, or nothing that they have to know.
fn told(office: &Office, tx: &mut Tx<'_>, request: Request, now: DateTime<Utc>) -> Result<Option<Outcome>, Error> {
    let controller = office.controller(&request.controller).ok_or(Error::UnknownController)?;
    opt_out::arrange(office, tx, &request)?;
    let Recipients { by_mail, by_staff } = of(&controller.policy, request.right);
    if by_mail.is_empty() && by_staff.is_empty() {
        return Ok(None);
    }
    Ok(request.recipients_told(now, by_mail, by_staff).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
name = "Acme"
postal_address = "1 Main Street"
privacy_email = "privacy@acme.example"
country = "US"
time_zone = "America/Denver"

[[recipients]]
name = "Parcels"
role = "carrier"
contact = "privacy@parcels.example"
notify = ["deletion"]

[[recipients]]
name = "Letters"
role = "mailing service"
contact = "https://letters.example/privacy"

[[recipients]]
name = "Friends"
role = "affiliate"
"#;

    #[rstest::rstest]
    #[case(Right::Deletion, &["Parcels"], &["Letters", "Friends"])]
    #[case(Right::OptOut, &[], &["Letters", "Friends"])]
    #[case(Right::Objection, &[], &[])]
    fn who_is_told_is_the_policys_to_say(#[case] right: Right, #[case] by_mail: &[&str], #[case] by_staff: &[&str]) {
        let policy = Policy::parse("p.toml", POLICY).unwrap();
        let told = of(&policy, right);
        assert_eq!((told.by_mail, told.by_staff), (names(by_mail), names(by_staff)));
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }
}
