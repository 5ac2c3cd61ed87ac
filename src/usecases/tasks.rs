//! Work by hand: what an approval brings for staff to do, and that they did it.

mod table;
pub mod upload;

use chrono::{DateTime, Utc};

use super::{Error, Office};
use crate::clock;
use crate::domain::ids::{RequestId, StaffId};
use crate::domain::personal::Personal;
use crate::domain::request::Request;
use crate::domain::staff::Permission;
use crate::domain::task::{Done, Task, TaskResult};
use crate::store::{Page, TaskFilter, TaskLine, Tx};

/// What a member of staff says about a task.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub result: TaskResult,
    /// With how many records.
    pub rows: u64,
    /// On which ground something is kept.
    pub ground: Option<String>,
    /// What colleagues should know.
    pub note: Option<Personal<String>>,
}

/// Keeps the tasks that a request's approval brings, in the approval's transaction.
///
/// # Errors
/// When the store fails.
pub(super) fn arise(office: &Office, tx: &mut Tx<'_>, request: &Request, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(controller) = office.controller(&request.controller) else { return Ok(()) };
    if controller.policy.by_hand.is_empty() {
        return Ok(());
    }
    let before = tx.tasks(request.id)?.len();
    let tasks = Task::arise(&controller.policy, request, now, before, || clock::new_id(now));
    Ok(tx.insert_tasks(&tasks)?)
}

/// The request with the work by hand in its result, for the release.
///
/// # Errors
/// [`Error::Refused`] while a task is open.
pub(super) fn join(office: &Office, tx: &mut Tx<'_>, request: Request) -> Result<Request, Error> {
    let tasks = tx.tasks(request.id)?;
    let regime = office.regimes.get(&request.regime);
    let title = |code: &str| regime.and_then(|r| r.ground(code)).map_or(code, |g| g.title.as_str()).to_owned();
    Ok(request.with_work_by_hand(&tasks, title)?)
}

/// A page of the tasks of all requests, what is due first comes first.
///
/// # Errors
/// When the cursor is none of ours.
pub async fn list(
    office: &Office,
    filter: TaskFilter,
    limit: u32,
    cursor: Option<String>,
) -> Result<Page<TaskLine>, Error> {
    office.store.read(move |tx| Ok(tx.task_list(&filter, limit, cursor.as_deref())?)).await
}

/// A task is somebody's to do, or nobody's in particular.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Refused`], [`Error::Invalid`] when nobody of that id works on requests.
pub async fn assign(
    office: &Office,
    by: StaffId,
    id: RequestId,
    ordinal: i32,
    to: Option<StaffId>,
) -> Result<Task, Error> {
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            if let Some(to) = to
                && !tx.staff(to)?.is_some_and(|s| s.role.may(Permission::Enter))
            {
                return Err(Error::invalid("/to", "nobody of that id works on requests"));
            }
            let (task, entry) = request.assign_task(one(tx, id, ordinal)?, now, by, to)?;
            tx.save_task(&task)?;
            tx.append(&entry)?;
            Ok(task)
        })
        .await
}

fn one(tx: &mut Tx<'_>, id: RequestId, ordinal: i32) -> Result<Task, Error> {
    tx.tasks(id)?.into_iter().find(|task| task.ordinal == ordinal).ok_or(Error::NotFound("task"))
}

/// Somebody did a task.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Refused`] when its request is not being carried out any more, [`Error::UnknownGround`],
/// [`Error::Invalid`] when result, records and ground contradict each other.
pub async fn did(office: &Office, by: StaffId, id: RequestId, ordinal: i32, report: Report) -> Result<Task, Error> {
    check(&report)?;
    let now = office.clock.now();
    let inner = office.clone();
    office
        .store
        .write(move |tx| {
            let request = tx.request_for_update(id)?.ok_or(Error::NotFound("request"))?;
            let task = one(tx, id, ordinal)?;
            let had_rows = task.upload.is_some();
            if let Some(ground) = &report.ground {
                let regime = inner.regimes.get(&request.regime).ok_or(Error::UnknownRegime)?;
                let known: Vec<String> = regime.grounds_against(request.right).map(|g| g.code.clone()).collect();
                if !known.contains(ground) {
                    return Err(Error::UnknownGround { pointer: "/ground".to_owned(), known });
                }
            }
            let Report { result, rows, ground, note } = report.clone();
            let (task, entry) = request.did_task(task, Done { at: now, by, result, rows, ground, note })?;
            tx.save_task(&task)?;
            tx.append(&entry)?;
            if had_rows {
                upload::made_again(tx, request, by, now)?;
            }
            Ok(task)
        })
        .await
}

fn check(report: &Report) -> Result<(), Error> {
    match (report.result, report.rows, &report.ground) {
        (TaskResult::NothingHeld, 1.., _) => Err(Error::invalid("/rows", "where nothing is held there are no records")),
        (TaskResult::Done, 0, _) => {
            Err(Error::invalid("/rows", "say with how many records; where there were none, the result is nothing_held"))
        }
        (TaskResult::Kept, 0, _) => Err(Error::invalid("/rows", "say how many records are kept")),
        (TaskResult::Kept, _, None) => Err(Error::invalid("/ground", "name the ground on which they are kept")),
        (TaskResult::Done | TaskResult::NothingHeld, _, Some(_)) => {
            Err(Error::invalid("/ground", "a ground belongs to what is kept"))
        }
        _ if report.rows > MOST_ROWS => Err(Error::invalid("/rows", "at most a thousand million records")),
        _ => Ok(()),
    }
}

/// Nobody looks through more by hand.
const MOST_ROWS: u64 = 1_000_000_000;
