//! Exactly which rows an erasure touches, written down and sealed before any of them changes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::{Deserialize, Serialize};

use super::row_parts::RowParts;
use super::standing::Standing;
use crate::connectors::{Key, SchemaMark, TableName};
use crate::domain::identity::IdentityKind;
use crate::domain::ids::SystemId;
use crate::domain::masking::MaskingKey;
use crate::domain::personal::Personal;

/// One round of an erasure. It holds keys, which are personal data: it is kept sealed, and destroyed in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Counted from 1; another round follows where the second search finds something new.
    pub round: u32,
    /// What to do in each system.
    pub systems: Vec<SystemManifest>,
    /// Keys of rows that go, by which rows that belonged to them are still found afterwards.
    pub trails: Vec<Trail>,
    /// Keys of rows that stay for now, by which they themselves are still found when nothing leads to them any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Left>,
    /// Parts that were taken out of it, and that a crash may have kept us from knowing as carried out: a mask of theirs that
    /// stands somewhere is ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<SystemManifest>,
    /// What its masks were drawn from; the same in every round, so that what refers to each other goes on doing so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masking_key: Option<MaskingKey>,
    /// Identifiers that stood beside a given one in rows of the person's. They say whose rows are that are come back to when
    /// the rows that told them are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learned: Vec<(IdentityKind, Personal<String>)>,
}

impl Manifest {
    /// Whether it touches nothing.
    pub fn is_empty(&self) -> bool {
        self.systems.iter().all(|s| s.steps.is_empty())
    }

    /// The systems it touches.
    pub fn system_ids(&self) -> impl Iterator<Item = &SystemId> {
        self.systems.iter().map(|s| &s.system)
    }

    /// How many rows it deletes or masks in one of them.
    pub fn rows_of(&self, system: &SystemId) -> u64 {
        let steps = self.systems.iter().filter(|s| s.system == *system).flat_map(|s| &s.steps);
        let steps = steps.filter(|step| !matches!(step.action, StepAction::Detach { .. }));
        steps.map(Step::count).sum()
    }

    /// The rows of a trail that are in parts of their own, those of parts that were dropped among them.
    pub(super) fn parts_of<'m>(&'m self, trail: &'m Trail) -> impl Iterator<Item = &'m RowParts> {
        let steps = self.systems.iter().chain(&self.dropped).flat_map(|part| &part.steps);
        let theirs = move |step: &&Step| {
            let stand = matches!(step.action, StepAction::Mask { .. });
            step.dataset == trail.dataset && step.collection == trail.collection && stand == trail.stands
        };
        steps.filter(theirs).filter_map(|step| step.parts.as_ref())
    }

    /// The steps whose rows are in parts of their own, those of parts that were dropped among them.
    pub fn steps_in_parts(&mut self) -> impl Iterator<Item = &mut RowParts> {
        let systems = self.systems.iter_mut().chain(&mut self.dropped);
        systems.flat_map(|part| &mut part.steps).filter_map(|step| step.parts.as_mut())
    }
}

/// What to do in one system, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemManifest {
    /// The system.
    pub system: SystemId,
    /// In this order.
    pub steps: Vec<Step>,
    /// References at rows that are deleted or get another key: what refers must be among the steps.
    pub guards: Vec<Guard>,
    /// Whether keys change that others refer to, so that the database is to look at references when all is done.
    #[serde(default)]
    pub defer: bool,
    /// What the schema was recognised by that this was made for, where the engine has such marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<SchemaMark>,
    /// Its rows that somebody changed before it was carried out, so that it passed them over. Known once it was.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub changed: BTreeSet<(TableRef, Key)>,
}

impl SystemManifest {
    /// Hands on the key of each row of a step that was not passed over.
    ///
    /// # Errors
    /// Those of `each`, and of where the rows are.
    pub fn taken<E: From<io::Error>>(&self, step: &Step, mut each: impl FnMut(&Key) -> Result<(), E>) -> Result<(), E> {
        let changed = |row: &ManifestRow| self.changed.contains(&(step.table.clone(), row.key.clone()));
        let mut taken = |row: &ManifestRow| match self.changed.is_empty() || !changed(row) {
            true => each(&row.key),
            false => Ok(()),
        };
        step.rows.iter().try_for_each(&mut taken)?;
        for rows in step.parts.iter().flat_map(RowParts::each) {
            rows?.iter().try_for_each(&mut taken)?;
        }
        Ok(())
    }
}

/// A table as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableRef {
    /// Its schema, where the engine has schemas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its name.
    pub table: String,
}

impl From<&TableName> for TableRef {
    fn from(name: &TableName) -> Self {
        Self { schema: name.schema.clone(), table: name.name.clone() }
    }
}

impl From<&TableRef> for TableName {
    fn from(name: &TableRef) -> Self {
        Self { schema: name.schema.clone(), name: name.table.clone() }
    }
}

/// Rows of one table that are treated alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The dataset and collection, for the answer.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The table.
    #[serde(flatten)]
    pub table: TableRef,
    /// The columns of its primary key.
    pub key_columns: Vec<String>,
    /// The columns that a fingerprint covers.
    pub columns: Vec<String>,
    /// What is done.
    pub action: StepAction,
    /// Whether the rows are kept for now, and only what their duty does not need is masked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
    /// To which rows.
    pub rows: Vec<ManifestRow>,
    /// And to which others, where there are so many that they are in parts of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<RowParts>,
}

impl Step {
    /// To how many rows.
    pub fn count(&self) -> u64 {
        self.rows.len() as u64 + self.parts.as_ref().map_or(0, |parts| parts.rows)
    }
}

/// What is done with the rows of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum StepAction {
    /// They are deleted.
    Delete,
    /// Columns are set; `null` is NULL.
    Mask {
        /// The columns and their new values, as far as these are the same in every row.
        set: BTreeMap<String, Option<String>>,
    },
    /// Columns are set to NULL in rows that a later step deletes, to cut a cycle of references.
    Detach {
        /// The columns.
        columns: Vec<String>,
    },
}

/// One row, and how it looked when the manifest was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestRow {
    /// Its primary key.
    pub key: Key,
    /// SHA-256 of its values in lower-case hexadecimal; personal, because a guess at the row can be tried against it.
    pub fingerprint: Personal<String>,
    /// The new values that are this row's alone. Written down before any row changes, so that whoever goes on after a
    /// crash writes the same ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub masks: BTreeMap<String, Personal<String>>,
}

impl ManifestRow {
    /// Its primary key once it is masked.
    pub(super) fn key_after(&self, key_columns: &[String]) -> Key {
        let parts = key_columns.iter().zip(self.key.0.expose());
        let after = parts.map(|(column, old)| self.masks.get(column).map_or(old, |mask| mask.expose()).clone());
        Key(Personal::new(after.collect()))
    }
}

/// A foreign key at rows that are deleted, or whose key is masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// The table that refers.
    pub from: TableRef,
    /// Its referring columns.
    pub columns: Vec<String>,
    /// The table referred to.
    pub to: TableRef,
    /// The columns referred to.
    pub to_columns: Vec<String>,
}

/// Keys of a collection's rows that go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The columns that others refer to.
    pub columns: Vec<String>,
    /// Their values.
    pub keys: Vec<Personal<Vec<String>>>,
    /// Whether they are the keys of the rows that the collection's steps have in parts as well, which are not listed here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_parts: bool,
    /// Whether the rows stand, masked, so that nobody else can have been given their keys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stands: bool,
    /// Whether the keys are of rows that those rows pointed to as their context. Written down where a system could not
    /// be searched, so that its context is still found afterwards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub context: bool,
}

/// The primary keys of a collection's rows that an erasure has to come back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The columns of its primary key.
    pub columns: Vec<String>,
    /// What the rows were to the person when they were found; so they are judged again.
    pub standing: Standing,
    /// Whether this round takes them: they are come back to only where its part in their system was dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub goes: bool,
    /// The keys.
    pub keys: Vec<Key>,
}
