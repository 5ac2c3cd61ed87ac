//! Work by hand is watched as dates are: whoever is to do it hears of it before its day, and officers after.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::super::{Error, Office};
use super::addressees;
use crate::domain::ids::{RequestId, StaffId};
use crate::domain::job::{Job, NewJob};
use crate::domain::watch::Notice;
use crate::store::{TaskFilter, Tx};

/// How many tasks are looked at in one transaction.
const BATCH: u32 = 100;

/// A notice about a task that nobody was sent yet.
#[derive(Clone, Copy)]
struct Due {
    request: RequestId,
    /// Who is to do the task, if it is somebody's in particular.
    assignee: Option<StaffId>,
    notice: Notice,
    escalates: bool,
}

/// Looks at every open task whose day is near or over; gives how many mails are on their way because of that. Open tasks are
/// few and found by their day, so nothing says when to look next.
pub(super) async fn remind(office: &Office, now: DateTime<Utc>, latest: NaiveDate) -> Result<usize, Error> {
    let ahead = office.controllers().flat_map(|c| &c.policy.reminders.days_before).max();
    let days = Days::new(u64::from(ahead.copied().unwrap_or_default()) + 1);
    let filter = TaskFilter { open: true, assignee: None, due_before: latest.checked_add_days(days) };
    let (mut cursor, mut mails) = (None, 0);
    loop {
        let (inner, filter, from) = (office.clone(), filter.clone(), cursor.take());
        let look = office.store.read(move |tx| look(tx, &inner, &filter, from.as_deref(), now));
        let (due, next) = look.await?;
        if !due.is_empty() {
            mails += office.store.write(move |tx| tell(tx, &due, now)).await?;
        }
        cursor = next;
        if cursor.is_none() {
            return Ok(mails);
        }
    }
}

/// What is to be said about a page of tasks, and where the next page begins.
fn look(
    tx: &mut Tx<'_>,
    office: &Office,
    filter: &TaskFilter,
    cursor: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(Vec<Due>, Option<String>), Error> {
    let page = tx.task_list(filter, BATCH, cursor)?;
    let mut due = Vec::new();
    for line in page.items {
        let Some(controller) = office.controller(&line.controller) else { continue };
        let policy = &controller.policy;
        let Some(notice) = Notice::of_task(policy, &line.task, policy.day_of(now)) else { continue };
        let (request, assignee) = (line.task.request, line.task.assignee);
        if !tx.noted_before(request, &notice.name(), notice.due)? {
            due.push(Due { request, assignee, notice, escalates: policy.reminders.escalate_to.is_some() });
        }
    }
    Ok((due, page.next))
}

/// Notes each and has it mailed, once whichever process looks.
fn tell(tx: &mut Tx<'_>, due: &[Due], now: DateTime<Utc>) -> Result<usize, Error> {
    let staff = tx.staff_list()?;
    let mut mails = 0;
    for Due { request, assignee, notice, escalates } in due.iter().copied() {
        let Some(whole) = tx.request_for_update(request)? else { continue };
        if !tx.note(request, &notice.name(), notice.due, now)? {
            continue;
        }
        for to in addressees(assignee.or(whole.assignee), notice, &staff, escalates) {
            tx.enqueue(&NewJob { job: Job::MailStaff { request, notice, to }, run_at: now })?;
            mails += 1;
        }
    }
    Ok(mails)
}
