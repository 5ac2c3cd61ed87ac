//! What a company's service is asked and what it answers, as `docs/services.openapi.yaml` describes both.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::identity::{Identities, IdentityKind};
use crate::domain::personal::Personal;
use crate::domain::request::{DateRange, OptOut};

/// What a service is asked to do. The one-word name is the end of the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Question {
    /// Give the person's rows.
    Find(Find),
    /// Delete or mask the person's rows.
    Erase(Find),
    /// Write other values.
    Correct(Correct),
    /// The person opted out.
    OptOut(OptOuts),
}

/// Whose rows, in which collections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Find {
    /// The dataset that describes the service.
    pub dataset: String,
    /// The person.
    pub person: Person,
    /// Keys of the person's rows in other systems, which rows of the service refer to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Keys>,
    /// The collections, each with the fields that the dataset describes.
    pub collections: BTreeMap<String, Vec<String>>,
    /// Only rows collected on these days, where a collection says when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<DateRange>,
}

/// The person, by the identifiers that the dataset declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The address, proved and in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<String>>,
    /// The telephone number in E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal<String>>,
    /// The company's own number for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Personal<String>>,
}

impl Person {
    /// The identifiers of those kinds.
    pub fn of(identities: &Identities, kinds: &[IdentityKind]) -> Self {
        let given = |kind| kinds.contains(&kind).then(|| identities.normalised(kind)).flatten().map(Personal::new);
        Self {
            email: given(IdentityKind::Email),
            phone: given(IdentityKind::Phone),
            account_id: given(IdentityKind::AccountId),
        }
    }
}

/// Keys that rows of one collection refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The collection of the service.
    pub collection: String,
    /// Its referring fields; several are one key together.
    pub fields: Vec<String>,
    /// The keys, each with one value a field.
    pub values: Personal<Vec<Vec<String>>>,
}

/// Values to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correct {
    /// The dataset.
    pub dataset: String,
    /// The person.
    pub person: Person,
    /// One a field.
    pub corrections: Vec<FieldCorrection>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldCorrection {
    /// The collection.
    pub collection: String,
    /// The field.
    pub field: String,
    /// What stands there now, where the person said so: only rows with it are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Personal<String>>,
    /// What should stand there.
    pub requested: Personal<String>,
}

/// What a person opted out of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOuts {
    /// The dataset.
    pub dataset: String,
    /// The person.
    pub person: Person,
    /// Of what.
    pub opt_out_of: Vec<OptOut>,
}

impl Question {
    /// Its name: the end of the address, and the step's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Question::Find(_) => "find",
            Question::Erase(_) => "erase",
            Question::Correct(_) => "correct",
            Question::OptOut(_) => "opt_out",
        }
    }
}

/// What came of an erasure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// By collection; every one that was asked for has to be there.
    pub collections: BTreeMap<String, ErasedRows>,
}

/// What came of an erasure in one collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedRows {
    /// Rows deleted.
    #[serde(default)]
    pub deleted: u64,
    /// Rows in which the person's fields were overwritten.
    #[serde(default)]
    pub masked: u64,
    /// Rows kept.
    #[serde(default)]
    pub kept: Vec<KeptRows>,
}

impl ErasedRows {
    /// How many rows are still the person's.
    pub fn still_there(&self) -> u64 {
        self.kept.iter().map(|kept| kept.rows).sum()
    }
}

/// Rows kept for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptRows {
    /// How many.
    pub rows: u64,
    /// Why, as the person is told.
    pub reason: String,
}

/// What came of corrections, in the order asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// One a field.
    pub corrections: Vec<CorrectedField>,
}

/// What came of one correction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectedField {
    /// How many rows hold the requested value now.
    #[serde(default)]
    pub rows: u64,
    /// Why it was not made, as the person is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}
