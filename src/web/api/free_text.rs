//! Free text that may tell of other people, as staff read it and decide about it.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::free_text::{FreeTextAction, FreeTextLine};
use crate::domain::ids::RequestId;
use crate::usecases::free_text::{self, Verdicts};
use crate::usecases::{Error, Office};
use crate::web::error::{self, Problem, ProblemBody};
use crate::web::extract::{Body, Decide, Staff};
use crate::web::responses::{JsonBody, NoRequest, StaffOnly};
use crate::web::wire::{List, moment, text};

/// The most cells that one call decides about one by one.
const MOST_CELLS: usize = 500;

/// One cell of free text.
#[derive(Serialize, ToSchema)]
pub struct FreeTextView {
    /// What it is called in a decision. The same place with another text is another cell.
    pub cell: Uuid,
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The primary key of its row, by column; empty where the table has none.
    pub row: BTreeMap<String, Option<String>>,
    /// The field.
    pub field: String,
    /// What stands there; card numbers and the like are described already.
    pub text: String,
    /// What was decided; null while nobody looked.
    #[schema(required)]
    pub decision: Option<FreeTextDecisionView>,
}

/// What was decided about a cell.
#[derive(Serialize, ToSchema)]
pub struct FreeTextDecisionView {
    /// What is done with it.
    pub action: FreeTextAction,
    /// What is shown in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who decided.
    pub by: Uuid,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<FreeTextLine> for FreeTextView {
    fn from(line: FreeTextLine) -> Self {
        let decision = line.decision.map(|d| FreeTextDecisionView {
            action: d.action,
            text: d.text.map(|text| text.expose().clone()),
            by: d.by.0,
            at: moment(d.at),
        });
        Self {
            cell: line.cell,
            dataset: line.what.dataset,
            collection: line.what.collection,
            row: line.what.row.expose().iter().cloned().collect(),
            field: line.what.field,
            text: line.what.text.expose().clone(),
            decision,
        }
    }
}

/// Which cells.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FreeTextQuery {
    /// Only those that nobody decided about.
    pub open: Option<bool>,
    /// How many on a page.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// Where the last page ended.
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// The free text of an answer that waits for release.
#[utoipa::path(
    get, path = "/v1/staff/requests/{id}/free-text", tag = "staff", operation_id = "list_free_text", security(("staff" = [])),
    params(("id" = Uuid, Path, description = "The request."), FreeTextQuery),
    responses(
        (status = 200, description = "A page of the cells; empty unless the answer waits for release.", body = List<FreeTextView>),
        (status = 400, description = "A parameter is wrong.", body = ProblemBody, content_type = "application/problem+json"),
        StaffOnly,
        NoRequest,
    )
)]
pub async fn list(
    office: Data<Office>,
    _: Staff<Decide>,
    id: Path<Uuid>,
    query: Query<FreeTextQuery>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) || query.cursor.as_ref().is_some_and(|c| c.chars().count() > 500) {
        let detail = "limit is a number from 1 to 200, a cursor has at most 500 characters";
        return Err(Problem::new(error::INVALID_QUERY, detail));
    }
    let id = RequestId(id.into_inner());
    let page = free_text::list(&office, id, query.open.unwrap_or(false), limit, query.cursor).await?;
    Ok(HttpResponse::Ok()
        .json(List { items: page.items.into_iter().map(FreeTextView::from).collect(), next: page.next }))
}

/// What staff decide: about cells one by one, about all others that are open, or both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreeTextBody {
    /// Cells one by one.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub cells: Vec<FreeTextCellBody>,
    /// What is done with every other open cell.
    #[serde(default)]
    pub others: Option<FreeTextOthers>,
}

/// What is done with one cell.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreeTextCellBody {
    /// The cell, as listed.
    pub cell: Uuid,
    /// What is done with it.
    pub action: FreeTextAction,
    /// What is shown in its place, with `replace` alone.
    #[serde(default)]
    #[schema(max_length = 100_000)]
    pub text: Option<String>,
}

/// What is done with many cells at once.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FreeTextOthers {
    /// They are shown.
    Show,
    /// They stay out.
    Withhold,
}

/// What is left to do.
#[derive(Serialize, ToSchema)]
pub struct FreeTextLeft {
    /// How many cells nobody decided about.
    pub open: u64,
}

/// Decides about free text; can be changed until the release, which makes the package with it.
#[utoipa::path(
    post, path = "/v1/staff/requests/{id}/free-text", tag = "staff", operation_id = "decide_free_text", security(("staff" = [])), request_body = FreeTextBody,
    params(("id" = Uuid, Path, description = "The request.")),
    responses(
        (status = 200, description = "Taken down.", body = FreeTextLeft),
        JsonBody,
        StaffOnly,
        NoRequest,
        (status = 409, description = "No free text waits to be looked at.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn decide(
    office: Data<Office>,
    caller: Staff<Decide>,
    id: Path<Uuid>,
    body: Body<FreeTextBody>,
) -> Result<HttpResponse, Problem> {
    let verdicts = verdicts(body.read().await?)?;
    let open = free_text::decide(&office, caller.member().id, RequestId(id.into_inner()), verdicts).await?;
    Ok(HttpResponse::Ok().json(FreeTextLeft { open }))
}

fn verdicts(body: FreeTextBody) -> Result<Verdicts, Error> {
    if body.cells.len() > MOST_CELLS {
        return Err(Error::invalid("/cells", format!("at most {MOST_CELLS} cells in one call")));
    }
    if body.cells.is_empty() && body.others.is_none() {
        return Err(Error::invalid("/cells", "decide about a cell, or say in `others` what is done with all of them"));
    }
    let cell = |(at, cell): (usize, FreeTextCellBody)| {
        let pointer = format!("/cells/{at}/text");
        let text = text(cell.text, &pointer, 100_000)?;
        if text.is_some() != (cell.action == FreeTextAction::Replace) {
            return Err(Error::invalid(pointer, "a text belongs to `replace`, and to nothing else"));
        }
        Ok((cell.cell, cell.action, text))
    };
    let others = body.others.map(|others| match others {
        FreeTextOthers::Show => FreeTextAction::Show,
        FreeTextOthers::Withhold => FreeTextAction::Withhold,
    });
    Ok(Verdicts { cells: body.cells.into_iter().enumerate().map(cell).collect::<Result<_, _>>()?, others })
}
