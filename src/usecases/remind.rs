//! Dates watched: staff are reminded and a missed date is escalated, each once; the person hears of what waits for them.

mod tasks;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Error, Office};
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::ids::{RequestId, StaffId};
use crate::domain::job::{Addressee, Job, NewJob};
use crate::domain::request::Request;
use crate::domain::staff::{Role, Staff};
use crate::domain::watch::{Notice, Occasion, Watch};
use crate::store::{Look, Tx};

/// How many requests are looked at in one transaction.
const BATCH: u32 = 100;

/// The notice under which the reminder to confirm is written down.
const TO_CONFIRM: &str = "verification.half_way";

/// Looks at every request that the day asks to look at, and at the work by hand that is due; gives how many mails are on their way because of that.
///
/// # Errors
/// When the store fails; what was looked at before stays done.
pub async fn remind(office: &Office) -> Result<usize, Error> {
    let now = office.clock.now();
    // The day is each controller's own; nowhere has it begun more than fourteen hours before Greenwich.
    let latest = (now + TimeDelta::hours(14)).date_naive();
    let (mut after, mut mails) = (None, 0);
    loop {
        let looks = office.store.read(move |tx| Ok::<_, Error>(tx.to_look_at(latest, after, BATCH)?)).await?;
        let Some(last) = looks.last().copied() else { break };
        let inner = office.clone();
        mails += office.store.write(move |tx| look_at(tx, &inner, &looks, now)).await?;
        after = Some(last);
    }
    Ok(mails + tasks::remind(office, now, latest).await?)
}

fn look_at(tx: &mut Tx<'_>, office: &Office, looks: &[Look], now: DateTime<Utc>) -> Result<usize, Error> {
    let staff = tx.staff_list()?;
    let mut mails = 0;
    for (_, id) in looks {
        let Some(request) = tx.request_for_update(*id)? else {
            tx.look_next(*id, None)?;
            continue;
        };
        let Some(reckoning) = office.reckoning(&request) else { continue };
        let today = reckoning.policy.day_of(now);
        // Somebody else may have looked meanwhile, and the day may not have begun where the controller is.
        if request.clocks.look_at.is_none_or(|day| day > today) {
            continue;
        }
        let watch = reckoning.watch(&request, now);
        let escalates = reckoning.policy.reminders.escalate_to.is_some();
        mails += act(tx, &request, &watch, &staff, escalates, now)?;
        tx.look_next(*id, watch.next)?;
    }
    Ok(mails)
}

/// Does what the watch says, with everything that says so in the same transaction.
fn act(
    tx: &mut Tx<'_>,
    request: &Request,
    watch: &Watch,
    staff: &[Staff],
    escalates: bool,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let mut jobs = Vec::new();
    for notice in &watch.notices {
        if !tx.note(request.id, &notice.name(), notice.due, now)? {
            continue;
        }
        if notice.occasion == Occasion::Missed {
            let facts = serde_json::json!({ "duty": notice.duty, "due": notice.due });
            tx.append(&told(request, now, "request.date_missed").with(facts))?;
        }
        let to = addressees(request.assignee, *notice, staff, escalates);
        jobs.extend(to.into_iter().map(|to| Job::MailStaff { request: request.id, notice: *notice, to }));
    }
    if watch.acknowledge && acknowledge(tx, request, now)? {
        jobs.push(Job::MailAcknowledgement { bundle: request.bundle });
    }
    if let Some(until) = watch.remind_person {
        // One mail speaks of the whole bundle, whichever of its requests is looked at first.
        let whole: Vec<RequestId> = tx.requests_of(request.bundle)?.iter().map(|r| r.id).collect();
        if tx.note(whole.first().copied().unwrap_or(request.id), TO_CONFIRM, until, now)? {
            tx.append(&told(request, now, "request.confirmation_reminded"))?;
            jobs.push(Job::MailVerificationReminder { bundle: request.bundle });
        }
    }
    jobs.iter().try_for_each(|job| tx.enqueue(&NewJob { job: job.clone(), run_at: now }))?;
    Ok(jobs.len())
}

fn told(request: &Request, now: DateTime<Utc>, event: &str) -> NewEntry {
    NewEntry::new(&request.controller, Some(request.id), now, Actor::System, event)
}

/// Marks every request of the bundle that still waits for proof as acknowledged; `false` when all were.
fn acknowledge(tx: &mut Tx<'_>, request: &Request, now: DateTime<Utc>) -> Result<bool, Error> {
    let mut any = false;
    for waiting in tx.requests_of_for_update(request.bundle)? {
        if let Ok(outcome) = waiting.acknowledge(now) {
            tx.save(&outcome)?;
            any = true;
        }
    }
    Ok(any)
}

/// Whom a notice goes to. Somebody always hears of it: the controller's own privacy address, where nobody else does.
fn addressees(assignee: Option<StaffId>, notice: Notice, staff: &[Staff], escalates: bool) -> Vec<Addressee> {
    let missed = notice.occasion == Occasion::Missed;
    let assignee = assignee.filter(|id| !missed && staff.iter().any(|s| s.id == *id));
    let mut to: Vec<Addressee> = match assignee {
        Some(id) => vec![Addressee::Staff(id)],
        None => staff.iter().filter(|s| s.role == Role::Officer).map(|s| Addressee::Staff(s.id)).collect(),
    };
    if missed && escalates {
        to.push(Addressee::Escalation);
    }
    if to.is_empty() {
        to.push(Addressee::PrivacyOffice);
    }
    to
}
