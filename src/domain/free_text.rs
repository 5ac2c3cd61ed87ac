//! Free text of the person's rows may tell of others: staff look at each before it is shown (GDPR Art. 15(4)).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::StaffId;
use super::personal::Personal;

/// What is done with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FreeTextAction {
    /// It is shown as it is.
    Show,
    /// It stays out.
    Withhold,
    /// Another text is shown in its place, as the same one with names left out.
    Replace,
}

/// What a member of staff decided about one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeTextDecision {
    /// What is done.
    pub action: FreeTextAction,
    /// The text in its place; with [`FreeTextAction::Replace`] alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Personal<String>>,
    /// Who decided.
    pub by: StaffId,
    /// When.
    pub at: DateTime<Utc>,
}

/// One cell of free text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeTextCell {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The primary key of its row, column by column.
    pub row: Personal<Vec<(String, Option<String>)>>,
    /// The field.
    pub field: String,
    /// What stands there.
    pub text: Personal<String>,
}

/// A cell on the list of a request, and what was decided about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeTextLine {
    /// What it is called in the request: the same place with the same text has the same id.
    pub cell: Uuid,
    /// Its number in the last search.
    pub ordinal: i64,
    /// What stands where.
    pub what: FreeTextCell,
    /// What was decided; nothing yet where nobody looked.
    pub decision: Option<FreeTextDecision>,
}

/// How many cells were decided which way, for the trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FreeTextTally {
    /// Shown.
    pub shown: u64,
    /// Kept back.
    pub withheld: u64,
    /// Shown in other words.
    pub replaced: u64,
}

impl FreeTextTally {
    /// Counts one more.
    pub fn add(&mut self, action: FreeTextAction) {
        match action {
            FreeTextAction::Show => self.shown += 1,
            FreeTextAction::Withhold => self.withheld += 1,
            FreeTextAction::Replace => self.replaced += 1,
        }
    }
}
