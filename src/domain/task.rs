//! Work by hand that an approval brings: a person looks through what no connector reaches, and the answer waits for it.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::actor::Actor;
use super::audit::NewEntry;
use super::ids::{RequestId, StaffId};
use super::lifecycle::Refusal;
use super::personal::Personal;
use super::policy::Policy;
use super::request::{Action, Line, Request, State, Transmission};
use super::right::Right;

/// One piece of work by hand, for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id, by which a list goes on.
    pub id: Uuid,
    /// The request that it belongs to.
    pub request: RequestId,
    /// Its number among the request's, from 1.
    pub ordinal: i32,
    /// Where to look, as the person is told: "Paper files".
    pub name: String,
    /// What to do, for staff.
    pub instruction: String,
    /// When the request was approved, which brought it about.
    pub arose_at: DateTime<Utc>,
    /// By when it should be done.
    pub due: NaiveDate,
    /// Who is to do it.
    pub assignee: Option<StaffId>,
    /// What came of it, once somebody did it.
    pub done: Option<Done>,
    /// The rows that were found, where somebody handed them in.
    pub upload: Option<Upload>,
}

/// Rows found by hand, as they wait for the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Their file on the shelf of what was handed over.
    pub file: Uuid,
    /// How long the file was that came, in bytes.
    pub bytes: u64,
    /// Their columns as JSON, in staff's words; sealed at rest.
    pub described: Personal<String>,
}

/// What came of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub by: StaffId,
    /// What.
    pub result: TaskResult,
    /// With how many records.
    pub rows: u64,
    /// Where something was kept: the ground, by its code in the regime.
    pub ground: Option<String>,
    /// What colleagues should know; never told to the person, sealed at rest.
    pub note: Option<Personal<String>>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskResult {
    /// What the right asks was done with what was found.
    Done,
    /// There was nothing of the person's.
    NothingHeld,
    /// Something was found, and is kept on a ground that the law knows.
    Kept,
}

impl TaskResult {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            TaskResult::Done => "done",
            TaskResult::NothingHeld => "nothing_held",
            TaskResult::Kept => "kept",
        }
    }
}

/// Under this name of a system and dataset stands in an answer what was done by hand.
pub const BY_HAND: &str = "by_hand";

impl Task {
    /// The tasks that the approval of a request brings by its controller's policy: one an entry for its right, numbered
    /// after those of an earlier approval. Each is due before the answer is, as long as there is time.
    pub fn arise(
        policy: &Policy,
        request: &Request,
        now: DateTime<Utc>,
        before: usize,
        mut new_id: impl FnMut() -> Uuid,
    ) -> Vec<Task> {
        let entries = policy.by_hand.iter().filter(|entry| entry.concerns(request.right));
        let today = policy.day_of(now);
        let last = request.due().and_then(|due| due.pred_opt()).unwrap_or(NaiveDate::MAX).max(today);
        let task = |(index, entry): (usize, &super::policy::ByHand)| Task {
            id: new_id(),
            request: request.id,
            ordinal: i32::try_from(before + index + 1).unwrap_or(i32::MAX),
            name: entry.name.clone(),
            instruction: entry.text.clone(),
            arose_at: now,
            due: last.min(today + Days::new(u64::from(entry.days))),
            assignee: None,
            done: None,
            upload: None,
        };
        entries.enumerate().map(task).collect()
    }

    /// Whether it belongs to the approval that a request is being carried out under; those of an approval before an
    /// appeal are history.
    pub fn is_of(&self, request: &Request) -> bool {
        match &request.state {
            State::Fulfilling { approval, .. } | State::AwaitingRelease { approval, .. } => {
                approval.at == self.arose_at
            }
            _ => false,
        }
    }

    /// The task's line in the answer.
    fn line(&self, done: &Done, right: Right, title: impl Fn(&str) -> String) -> Line {
        let action = match (done.result, right) {
            (TaskResult::Kept, _) => Action::Kept,
            (_, Right::Access | Right::Portability | Right::Categories) => Action::Disclosed,
            (_, Right::Deletion) => Action::Deleted,
            (_, Right::Correction) => Action::Corrected,
            _ => Action::DoneByHand,
        };
        Line {
            system: BY_HAND.to_owned(),
            dataset: BY_HAND.to_owned(),
            collection: self.name.clone(),
            field: None,
            action,
            rows: done.rows,
            note: done.ground.as_deref().map(title),
        }
    }
}

impl Request {
    /// Somebody did a task, or did it again before the answer left; gives the task and its entry for the trail.
    ///
    /// # Errors
    /// When the request is not being carried out under the approval that brought the task.
    pub fn did_task(&self, task: Task, done: Done) -> Result<(Task, NewEntry), Refusal> {
        if !task.is_of(self) || self.is_packed_for_good() {
            return Err(Refusal::IllegalState { verb: "worked on by hand", state: self.state.name() });
        }
        let facts = json!({ "task": task.ordinal, "result": done.result, "rows": done.rows, "ground": done.ground });
        let entry = NewEntry::new(&self.controller, Some(self.id), done.at, Actor::Staff(done.by), "request.task_done");
        Ok((Task { done: Some(done), upload: None, ..task }, entry.with(facts)))
    }

    /// Whether its package was released and is on its way to another company, or did not get there: what is found now
    /// would no longer be in it.
    fn is_packed_for_good(&self) -> bool {
        match &self.state {
            State::Fulfilling { prepared, .. } => prepared.is_some(),
            State::AwaitingRelease { result, .. } => matches!(result.transmission, Some(Transmission::Failed { .. })),
            _ => false,
        }
    }

    /// A task is somebody's to do, or nobody's in particular; gives the task and its entry for the trail.
    ///
    /// # Errors
    /// When the request is not being carried out under the approval that brought the task.
    pub fn assign_task(
        &self,
        task: Task,
        now: DateTime<Utc>,
        by: StaffId,
        to: Option<StaffId>,
    ) -> Result<(Task, NewEntry), Refusal> {
        if !task.is_of(self) {
            return Err(Refusal::IllegalState { verb: "worked on by hand", state: self.state.name() });
        }
        let entry = NewEntry::new(&self.controller, Some(self.id), now, Actor::Staff(by), "request.task_assigned");
        let entry = entry.with(json!({ "task": task.ordinal, "to": to }));
        Ok((Task { assignee: to, ..task }, entry))
    }

    /// The request with what was done by hand in its result, ready for release; `title` gives the words for a ground.
    ///
    /// # Errors
    /// [`Refusal::TasksOpen`] while anything is left to do.
    pub fn with_work_by_hand(mut self, tasks: &[Task], title: impl Fn(&str) -> String) -> Result<Self, Refusal> {
        let current: Vec<&Task> = tasks.iter().filter(|task| task.is_of(&self)).collect();
        let open = current.iter().filter(|task| task.done.is_none()).count();
        if open > 0 {
            return Err(Refusal::TasksOpen { open });
        }
        let right = self.right;
        let done = current.iter().filter_map(|task| Some((task, task.done.as_ref()?)));
        let lines: Vec<Line> = done.map(|(task, done)| task.line(done, right, &title)).collect();
        if let State::AwaitingRelease { result, .. } = &mut self.state {
            result.lines.extend(lines);
        }
        Ok(self)
    }
}
