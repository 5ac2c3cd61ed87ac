//! Work by hand: the tasks of a request, and everybody's open ones by date.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::{insert_into, update};
use uuid::Uuid;

use super::codec::{from_json, to_json, word};
use super::cursor::Cursor;
use super::dialect::{ask, change};
use super::requests::purged;
use super::schema::{requests, tasks};
use super::sealing::RequestKey;
use super::sql_types::{At, On, Uid};
use super::{Page, StoreError, Tx};
use crate::domain::ids::{ControllerId, RequestId, StaffId};
use crate::domain::personal::Personal;
use crate::domain::right::Right;
use crate::domain::task::{Done, Task};

const KIND: &[u8] = b"task";
const UPLOAD: &[u8] = b"task upload";

/// The longest page.
const MOST: u32 = 500;

/// A task in a list, with what tells the request apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskLine {
    /// The task, without its note.
    pub task: Task,
    /// The number people read out.
    pub reference: String,
    /// Who answers.
    pub controller: ControllerId,
    /// What was asked.
    pub right: Right,
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = tasks, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: Uid,
    request_id: Uid,
    ordinal: i32,
    name: String,
    instruction: String,
    arose_at: At,
    due: On,
    result: Option<String>,
    row_count: i64,
    ground: Option<String>,
    done_at: Option<At>,
    done_by: Option<Uid>,
    sealed_note: Option<Vec<u8>>,
    assignee: Option<Uid>,
    file: Option<Uid>,
    sealed_upload: Option<Vec<u8>>,
}

/// Which tasks a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only those that are left to do.
    pub open: bool,
    /// Only those of one member of staff.
    pub assignee: Option<StaffId>,
    /// Only those due before that day.
    pub due_before: Option<NaiveDate>,
}

impl Row {
    fn of(task: &Task, key: &RequestKey) -> Result<Self, StoreError> {
        let done = task.done.as_ref();
        let too_many = |_| StoreError::Database("a task counts more records than a database can hold".to_owned());
        let note = done.and_then(|d| d.note.as_ref());
        Ok(Row {
            id: Uid(task.id),
            request_id: Uid(task.request.0),
            ordinal: task.ordinal,
            name: task.name.clone(),
            instruction: task.instruction.clone(),
            arose_at: At(task.arose_at),
            due: On(task.due),
            result: done.map(|d| d.result.as_str().to_owned()),
            row_count: done.map_or(0, |d| d.rows).try_into().map_err(too_many)?,
            ground: done.and_then(|d| d.ground.clone()),
            done_at: done.map(|d| At(d.at)),
            done_by: done.map(|d| Uid(d.by.0)),
            sealed_note: note.map(|note| key.seal(KIND, task.id.as_bytes(), note.expose().as_bytes())),
            assignee: task.assignee.map(|who| Uid(who.0)),
            file: task.upload.as_ref().map(|upload| Uid(upload.file)),
            sealed_upload: match &task.upload {
                Some(upload) => Some(key.seal(UPLOAD, task.id.as_bytes(), to_json(upload)?.as_bytes())),
                None => None,
            },
        })
    }

    /// The task; its note only with the key.
    fn decode(self, key: Option<&RequestKey>) -> Result<Task, StoreError> {
        let note = match (key, &self.sealed_note) {
            (Some(key), Some(sealed)) => {
                let text = String::from_utf8(key.open(KIND, self.id.0.as_bytes(), sealed)?.to_vec());
                Some(text.map_err(|_| StoreError::Corrupt("tasks.sealed_note does not hold text".to_owned()))?)
            }
            _ => None,
        };
        let upload = match (key, &self.sealed_upload) {
            (Some(key), Some(sealed)) => {
                Some(from_json(&key.open(UPLOAD, self.id.0.as_bytes(), sealed)?, "tasks.sealed_upload")?)
            }
            _ => None,
        };
        let result = self.result.map(|text| word(&text, "tasks.result")).transpose()?;
        let (rows, ground) = (self.row_count.try_into().unwrap_or_default(), self.ground);
        let done = match (result, self.done_at, self.done_by) {
            (Some(result), Some(at), Some(by)) => {
                Some(Done { at: at.0, by: StaffId(by.0), result, rows, ground, note: note.map(Personal::new) })
            }
            _ => None,
        };
        Ok(Task {
            id: self.id.0,
            request: RequestId(self.request_id.0),
            ordinal: self.ordinal,
            name: self.name,
            instruction: self.instruction,
            arose_at: self.arose_at.0,
            due: self.due.0,
            assignee: self.assignee.map(|who| StaffId(who.0)),
            done,
            upload,
        })
    }
}

impl Tx<'_> {
    /// Keeps new tasks.
    pub fn insert_tasks(&mut self, new: &[Task]) -> Result<(), StoreError> {
        for task in new {
            let key = self.key_of(task.request)?.ok_or_else(purged)?;
            let row = Row::of(task, key)?;
            change!(self, c => insert_into(tasks::table).values(&row).execute(c))?;
        }
        Ok(())
    }

    /// Keeps a task as it is now.
    pub fn save_task(&mut self, task: &Task) -> Result<(), StoreError> {
        let key = self.key_of(task.request)?.ok_or_else(purged)?;
        let row = Row::of(task, key)?;
        change!(self, c => update(tasks::table.find(Uid(task.id))).set(&row).execute(c)).map(drop)
    }

    /// A request's tasks in order; none once it is purged.
    pub fn tasks(&mut self, request: RequestId) -> Result<Vec<Task>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => {
            tasks::table.filter(tasks::request_id.eq(Uid(request.0))).order(tasks::ordinal).load(c)
        })?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let Some(key) = self.key_of(request)? else { return Ok(Vec::new()) };
        rows.into_iter().map(|row| row.decode(Some(key))).collect()
    }

    /// A page of everybody's tasks, what is due first comes first; open ones only while their request is being carried
    /// out, because an answer that was denied or withdrawn meanwhile waits for nothing.
    pub fn task_list(
        &mut self,
        filter: &TaskFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page<TaskLine>, StoreError> {
        let after = cursor.map(|text| Cursor::decode(text, "tasks")).transpose()?;
        let after = after
            .map(|c| Ok::<(NaiveDate, Uuid), StoreError>((c.key.parse().map_err(|_| StoreError::BadCursor)?, c.id)));
        let after = after.transpose()?;
        let limit = limit.clamp(1, MOST) as usize;
        let mut rows: Vec<(Row, (String, String, String))> = ask!(self, c => {
            let mut query = tasks::table
                .inner_join(requests::table)
                .select((tasks::all_columns, (requests::reference, requests::controller, requests::right_name)))
                .order((tasks::due, tasks::id))
                .limit(limit as i64 + 1)
                .into_boxed::<Db>();
            if filter.open {
                let carried_out = requests::state.eq_any(["fulfilling", "awaiting_release"]);
                query = query.filter(tasks::done_at.is_null().and(carried_out));
            }
            if let Some(who) = filter.assignee {
                query = query.filter(tasks::assignee.eq(Uid(who.0)));
            }
            if let Some(day) = filter.due_before {
                query = query.filter(tasks::due.lt(On(day)));
            }
            if let Some((day, id)) = after {
                query = query.filter(tasks::due.ge(On(day))).filter(tasks::due.gt(On(day)).or(tasks::id.gt(Uid(id))));
            }
            query.load(c)
        })?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let items = rows.into_iter().map(|(row, (reference, controller, right))| {
            let right = word(&right, "requests.right_name")?;
            Ok(TaskLine { task: row.decode(None)?, reference, controller: ControllerId(controller), right })
        });
        let items = items.collect::<Result<Vec<_>, StoreError>>()?;
        let last = items.last().filter(|_| more).map(|line| &line.task);
        let next = last.map(|task| Cursor { list: "tasks", key: task.due.to_string(), id: task.id }.encode());
        Ok(Page { items, next })
    }
}
