//! Work by hand, as staff see and do it.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::ids::{RequestId, StaffId};
use crate::domain::right::Right;
use crate::domain::task::{Task, TaskResult};
use crate::store::{TaskFilter, TaskLine};
use crate::usecases::Office;
use crate::usecases::tasks::upload;
use crate::usecases::tasks::{self, Report};
use crate::web::error::{self, Problem, ProblemBody};
use crate::web::extract::{Body, Enter, Read, RowsFile, Staff};
use crate::web::responses::{JsonBody, StaffOnly};
use crate::web::wire::{List, moment, text};

/// One piece of work by hand.
#[derive(Serialize, ToSchema)]
pub struct TaskView {
    /// The request that it belongs to.
    pub request: Uuid,
    /// Its number among the request's.
    pub number: i32,
    /// Where to look, as the person is told.
    pub name: String,
    /// What to do.
    pub instruction: String,
    /// By when it should be done.
    pub due: NaiveDate,
    /// Who is to do it; null while it is nobody's in particular.
    #[schema(required)]
    pub assignee: Option<Uuid>,
    /// How long the file with rows was that somebody handed in, in bytes; left out in lists, and where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_in: Option<u64>,
    /// What came of it; null while it is open.
    #[schema(required)]
    pub done: Option<TaskDoneView>,
}

/// What came of a task.
#[derive(Serialize, ToSchema)]
pub struct TaskDoneView {
    /// How it ended.
    pub result: TaskResult,
    /// With how many records.
    pub rows: u64,
    /// The ground on which something is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// What colleagues should know; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who did it.
    pub by: Uuid,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<&Task> for TaskView {
    fn from(task: &Task) -> Self {
        let done = task.done.as_ref().map(|done| TaskDoneView {
            result: done.result,
            rows: done.rows,
            ground: done.ground.clone(),
            note: done.note.as_ref().map(|note| note.expose().clone()),
            by: done.by.0,
            at: moment(done.at),
        });
        let (name, instruction) = (task.name.clone(), task.instruction.clone());
        Self {
            request: task.request.0,
            number: task.ordinal,
            name,
            instruction,
            due: task.due,
            assignee: task.assignee.map(|who| who.0),
            handed_in: task.upload.as_ref().map(|upload| upload.bytes),
            done,
        }
    }
}

/// A task in the list of all.
#[derive(Serialize, ToSchema)]
pub struct TaskItem {
    /// The task.
    #[serde(flatten)]
    pub task: TaskView,
    /// The request's number.
    pub reference: String,
    /// Who answers.
    pub controller: String,
    /// What was asked.
    pub right: Right,
}

impl From<&TaskLine> for TaskItem {
    fn from(line: &TaskLine) -> Self {
        Self {
            task: TaskView::from(&line.task),
            reference: line.reference.clone(),
            controller: line.controller.to_string(),
            right: line.right,
        }
    }
}

/// Which tasks.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// Only those that are left to do.
    pub open: Option<bool>,
    /// Only those of one member of staff.
    pub assignee: Option<Uuid>,
    /// Only those due before that day.
    pub due_before: Option<NaiveDate>,
    /// How many on a page.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// Where the last page ended.
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// Work by hand for all requests, what is due first comes first.
#[utoipa::path(
    get, path = "/v1/staff/tasks", tag = "staff", operation_id = "list_tasks", security(("staff" = [])), params(TaskQuery),
    responses(
        (status = 200, description = "A page of the tasks.", body = List<TaskItem>),
        (status = 400, description = "A parameter is wrong.", body = ProblemBody, content_type = "application/problem+json"),
        StaffOnly,
    )
)]
pub async fn list(office: Data<Office>, _: Staff<Read>, query: Query<TaskQuery>) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) || query.cursor.as_ref().is_some_and(|c| c.chars().count() > 500) {
        let detail = "limit is a number from 1 to 200, a cursor has at most 500 characters";
        return Err(Problem::new(error::INVALID_QUERY, detail));
    }
    let (open, due_before) = (query.open.unwrap_or(false), query.due_before);
    let filter = TaskFilter { open, assignee: query.assignee.map(StaffId), due_before };
    let page = tasks::list(&office, filter, limit, query.cursor).await?;
    Ok(HttpResponse::Ok().json(List { items: page.items.iter().map(TaskItem::from).collect(), next: page.next }))
}

/// What came of a task.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskBody {
    /// How it ended.
    pub result: TaskResult,
    /// With how many records; as the person is told.
    #[serde(default)]
    #[schema(maximum = 1_000_000_000)]
    pub rows: u64,
    /// Where something is kept: the ground, by its code in the request's regime.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub ground: Option<String>,
    /// What colleagues should know; the person is not told.
    #[serde(default)]
    #[schema(max_length = 10000)]
    pub note: Option<String>,
}

/// A task was done by hand; can be corrected until the answer is released.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/tasks/{number}", tag = "staff", operation_id = "finish_task", security(("staff" = [])), request_body = TaskBody,
    params(("id" = Uuid, Path, description = "The request."), ("number" = i32, Path, description = "The task's number.")),
    responses(
        (status = 200, description = "Taken down.", body = TaskView),
        JsonBody,
        StaffOnly,
        (status = 404, description = "No such request or task.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The request is not being carried out.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn finish(
    office: Data<Office>,
    caller: Staff<Enter>,
    place: Path<(Uuid, i32)>,
    body: Body<TaskBody>,
) -> Result<HttpResponse, Problem> {
    let (id, number) = place.into_inner();
    let body = body.read().await?;
    let note = text(body.note, "/note", 10_000)?;
    let report = Report { result: body.result, rows: body.rows, ground: body.ground, note };
    let task = tasks::did(&office, caller.member().id, RequestId(id), number, report).await?;
    Ok(HttpResponse::Ok().json(TaskView::from(&task)))
}

/// Rows that were found by hand: a CSV file with the names of its columns in the first line, or a JSON list of objects.
/// The task is done by that, and the package is made again with them; another file replaces them until it is released.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/tasks/{number}/rows", tag = "staff", operation_id = "hand_in_rows", security(("staff" = [])),
    request_body(content((String = "text/csv"), (Vec<std::collections::HashMap<String, serde_json::Value>> = "application/json"))),
    params(("id" = Uuid, Path, description = "The request."), ("number" = i32, Path, description = "The task's number.")),
    responses(
        (status = 200, description = "Taken.", body = TaskView),
        (status = 400, description = "The file broke off.", body = ProblemBody, content_type = "application/problem+json"),
        StaffOnly,
        (status = 404, description = "No such request or task.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The request is not being carried out.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Neither CSV nor JSON.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a table, or the right brings no package.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn hand_in(
    office: Data<Office>,
    caller: Staff<Enter>,
    place: Path<(Uuid, i32)>,
    file: RowsFile,
) -> Result<HttpResponse, Problem> {
    let (id, number) = place.into_inner();
    let (kind, bytes) = file.read().await?;
    let task = upload::upload(&office, caller.member().id, RequestId(id), number, kind, bytes).await?;
    Ok(HttpResponse::Ok().json(TaskView::from(&task)))
}

/// Whose task it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskAssignmentBody {
    /// A member of staff; null gives it back.
    #[schema(required)]
    pub to: Option<Uuid>,
}

/// Gives a task to somebody, or back.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/tasks/{number}/assignment", tag = "staff", operation_id = "assign_task", security(("staff" = [])), request_body = TaskAssignmentBody,
    params(("id" = Uuid, Path, description = "The request."), ("number" = i32, Path, description = "The task's number.")),
    responses(
        (status = 200, description = "Assigned.", body = TaskView),
        JsonBody,
        StaffOnly,
        (status = 404, description = "No such request or task.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The request is not being carried out.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn assign(
    office: Data<Office>,
    caller: Staff<Enter>,
    place: Path<(Uuid, i32)>,
    body: Body<TaskAssignmentBody>,
) -> Result<HttpResponse, Problem> {
    let (id, number) = place.into_inner();
    let to = body.read().await?.to.map(StaffId);
    let task = tasks::assign(&office, caller.member().id, RequestId(id), number, to).await?;
    Ok(HttpResponse::Ok().json(TaskView::from(&task)))
}
