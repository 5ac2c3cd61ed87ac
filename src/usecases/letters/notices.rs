//! Reminders: to the person whose confirmation is waited for, and to staff about dates, without a word about the person.

use super::{Dispatch, LetterError, controller, deliver, send};
use crate::domain::communication::Party;
use crate::domain::deadline::Duty;
use crate::domain::identity::Email;
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::job::Addressee;
use crate::domain::request::{Request, State, StateName};
use crate::domain::right::Right;
use crate::domain::task::Task;
use crate::domain::watch::{Notice, Occasion};
use crate::mail::letters::{Asked, StaffNotice, TaskNotice, VerificationReminder};
use crate::usecases::{Error, Office};

/// Mails the person which requests of a bundle still wait for their confirmation. If none does any more, nothing.
///
/// # Errors
/// When the mail does not leave.
pub async fn mail_verification_reminder(office: &Office, job: &Dispatch, bundle: BundleId) -> Result<(), LetterError> {
    let requests = office.store.read(move |tx| Ok::<_, Error>(tx.requests_of(bundle)?)).await?;
    let since = |r: &Request| match r.state {
        State::AwaitingVerification { since } => Some(since),
        _ => None,
    };
    let waiting: Vec<&Request> = requests.iter().filter(|r| since(r).is_some()).collect();
    let Some((first, since)) = waiting.first().and_then(|r| Some((*r, since(r)?))) else { return Ok(()) };
    let policy = &controller(office, first)?.policy;
    let asked: Vec<(String, Right)> = waiting.iter().map(|r| (r.id.reference(), r.right)).collect();
    let asked: Vec<Asked<'_>> = asked.iter().map(|(reference, right)| Asked { reference, right: *right }).collect();
    let letter = VerificationReminder {
        name: Some(first.particulars.person.name.expose()),
        controller: &policy.name,
        asked: &asked,
        received: policy.day_of(first.received_at),
        until: policy.day_of(since + chrono::TimeDelta::days(i64::from(policy.verification_days))),
        url: &format!("{}/verification", office.address_of(first.id)),
        contact: &policy.privacy_email,
    };
    send(office, job, first, &letter).await
}

/// Mails staff that a date comes near or has passed. A notice that the request has outlived is not sent: what it speaks
/// of is done, or due on another day by now.
///
/// # Errors
/// When the mail does not leave.
pub async fn mail_notice(
    office: &Office,
    job: &Dispatch,
    id: RequestId,
    notice: Notice,
    to: Addressee,
) -> Result<(), LetterError> {
    let member = move |tx: &mut crate::store::Tx<'_>| match to {
        Addressee::Staff(id) => tx.staff(id),
        Addressee::Escalation | Addressee::PrivacyOffice => Ok(None),
    };
    let (request, member) = office.store.read(move |tx| Ok::<_, Error>((tx.request(id)?, member(tx)?))).await?;
    let Some(request) = request else { return Ok(()) };
    let task = match notice.task {
        Some(number) => {
            let tasks = office.store.read(move |tx| Ok::<_, Error>(tx.tasks(id)?)).await?;
            let waited_for = [StateName::Fulfilling, StateName::AwaitingRelease].contains(&request.state.name());
            let open = |t: &Task| waited_for && t.ordinal == number && t.due == notice.due && t.done.is_none();
            let Some(task) = tasks.into_iter().find(open) else { return Ok(()) };
            Some(task)
        }
        None if !request.open_deadlines().any(|d| d.duty == notice.duty && d.due == notice.due) => return Ok(()),
        None => None,
    };
    let policy = &controller(office, &request)?.policy;
    let email: Option<Email> = match to {
        Addressee::Staff(_) => member.as_ref().map(|m| m.email.clone()),
        Addressee::Escalation => policy.reminders.escalate_to.clone(),
        Addressee::PrivacyOffice => policy.privacy_email.parse().ok(),
    };
    let Some(email) = email else { return Ok(()) };
    let reference = request.id.reference();
    let (about, to) = ((request.id, Party::Other), (email, member.map(|m| m.name)));
    let missed = notice.occasion == Occasion::Missed;
    if let Some(task) = &task {
        let letter = TaskNotice {
            controller: &policy.name,
            reference: &reference,
            right: request.right,
            number: task.ordinal,
            task: &task.name,
            due: task.due,
            missed,
        };
        return deliver(office, job, about, to, &letter).await;
    }
    let letter = StaffNotice {
        controller: &policy.name,
        reference: &reference,
        right: request.right,
        owed: owed(notice.duty),
        due: notice.due,
        missed,
    };
    deliver(office, job, about, to, &letter).await
}

const fn owed(duty: Duty) -> &'static str {
    match duty {
        Duty::Response => "the answer",
        Duty::Acknowledgement => "the acknowledgement",
        Duty::OptOut => "the effect",
        Duty::Appeal => "the answer to the appeal",
    }
}
