//! What fulfilling a request will do, per collection, before it does it: names and counts, never a value.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Counts, LeftOut};
use crate::domain::identity::IdentityKind;
use crate::domain::ids::SystemId;
use crate::domain::request::is_zero;

/// The plan of one access or deletion request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Every collection of the datasets, in their order.
    pub collections: Vec<PlannedCollection>,
    /// Erasure: the tables in the order in which rows are deleted, as `system: table`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Why it cannot be done as it stands: one sentence each, naming the column or constraint.
    #[serde(default)]
    pub obstacles: Vec<String>,
    /// The identifiers that were given, and that nothing shows to be the person's: neither a check, nor a row of theirs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unproved_identifiers: BTreeSet<IdentityKind>,
}

impl Plan {
    /// Whether nothing was found about the person.
    pub fn is_empty(&self) -> bool {
        self.collections.iter().all(|c| c.counts.total() == 0)
    }

    /// Takes out of an access what a decision leaves out of it.
    pub fn leave_out(&mut self, left_out: &LeftOut) {
        for collection in &mut self.collections {
            if left_out.contains(&collection.dataset, &collection.collection) {
                collection.left_out = true;
                collection.access = None;
            }
        }
    }
}

/// What the plan does with one collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCollection {
    /// The system.
    pub system: SystemId,
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// Its table.
    pub table: String,
    /// By which keys its rows are found, in words.
    pub reached_by: Vec<String>,
    /// Whether it was left out of the search because the dataset says `skip_processing`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
    /// Whether the decision leaves it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
    /// The rows found.
    pub counts: Counts,
    /// An access: the rows that are left out until staff have looked, because only an identifier leads to them that may be
    /// another person's.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unproved: u64,
    /// What a range of days leaves out; none where none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeStep>,
    /// What an export shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessStep>,
    /// What an erasure does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<DeletionStep>,
}

/// What a range of days leaves out of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeStep {
    /// The field that says when a row was collected; without one the collection is delivered whole.
    pub by: Option<String>,
    /// How many rows lie outside.
    pub outside: u64,
}

/// What an export shows of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessStep {
    /// The fields shown.
    pub exported: Vec<String>,
    /// The fields withheld in rows that also name somebody else.
    pub withheld: Vec<FieldReason>,
    /// The fields that are described and never shown.
    pub not_disclosed: Vec<FieldReason>,
}

/// A field and why it is treated so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldReason {
    /// The field.
    pub field: String,
    /// Why.
    pub reason: String,
}

/// What an erasure does to a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionStep {
    /// How many rows it deletes.
    pub delete: u64,
    /// Which rows it masks, and how.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mask: Vec<MaskStep>,
    /// Which rows it keeps, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<KeepStep>,
}

/// Rows masked alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskStep {
    /// How many rows.
    pub rows: u64,
    /// What they are to the person, in words.
    pub reason: String,
    /// The fields, each with its strategy.
    pub fields: Vec<MaskedField>,
}

/// One masked field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MaskedField {
    /// The field.
    pub field: String,
    /// The strategy, by its name in a dataset file: `null_rewrite`, `hash` and so on.
    pub strategy: String,
}

/// Rows kept for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepStep {
    /// How many rows.
    pub rows: u64,
    /// Why they are kept.
    pub reason: String,
    /// Whether they are not the person's own: theirs only point to them, and others may, too.
    #[serde(default)]
    pub shared: bool,
    /// Where the duty to keep them stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
    /// The last day on which the first of them is kept; erased from the next day on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NaiveDate>,
    /// The last day on which the last of them is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The legal hold that keeps them until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Uuid>,
}

impl KeepStep {
    /// Whether they are kept for a time only, and erased when it is over.
    pub fn for_now(&self) -> bool {
        self.until.is_some() || self.hold.is_some()
    }
}
