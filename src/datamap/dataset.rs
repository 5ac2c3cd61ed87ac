//! One dataset: the tables of one system and what each column says about a person.

use std::fmt;

use super::Category;
use crate::connectors::TableName;
use crate::domain::finding::Finding;
use crate::domain::identity::IdentityKind;
use crate::domain::keeping::Rule;
use crate::domain::masking::Masking;

/// A fideslang dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Its `fides_key`: the name other datasets refer to it by, and its folder in a package.
    pub key: String,
    /// The file it was read from, as the operator named it.
    pub file: String,
    /// The line on which it begins.
    pub line: usize,
    /// Its tables, in the order written.
    pub collections: Vec<Collection>,
    /// What is odd in it without making it unusable.
    pub warnings: Vec<Finding>,
}

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// Its name in the dataset.
    pub name: String,
    /// What it holds, in the operator's words.
    pub description: Option<String>,
    /// The line on which it begins.
    pub line: usize,
    /// The table in the database.
    pub table: TableName,
    /// Its columns, in the order written.
    pub fields: Vec<Field>,
    /// How erasure masks its rows; `None`, with no field masked either, means that rows are deleted.
    pub masking: Option<Masking>,
    /// Whether erasure deletes its rows although fields have masks; these are then for rows of somebody else's.
    pub deletes: bool,
    /// Collections that Fides searches before it. Here every order finds the same, so they only have to be there.
    pub after: Vec<CollectionName>,
    /// Collections whose rows are erased before its own.
    pub erase_after: Vec<CollectionName>,
    /// Whether it is left out of every search.
    pub skip_processing: bool,
    /// Whether nothing in it may be changed.
    pub read_only: bool,
    /// A duty to keep its rows for a time although their person asked for deletion.
    pub retain: Option<Rule>,
}

impl Collection {
    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The columns of its primary key.
    pub fn primary_key(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|f| f.primary_key).map(|f| f.name.as_str())
    }

    /// Whether erasure masks its rows instead of deleting them.
    pub fn is_masked(&self) -> bool {
        !self.deletes && (self.masking.is_some() || self.fields.iter().any(|f| f.masking.is_some()))
    }

    /// Whether any of its fields is about a person.
    pub fn is_personal(&self) -> bool {
        self.fields.iter().any(Field::is_personal)
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The column's name.
    pub name: String,
    /// What it holds, in the operator's words.
    pub description: Option<String>,
    /// The line on which it begins.
    pub line: usize,
    /// Its own data categories and those of its collection and dataset.
    pub categories: Vec<Category>,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// The kind of identifier it holds, if it holds one.
    pub identity: Option<IdentityKind>,
    /// The name by which the dataset calls its account number; fields that call theirs otherwise may count otherwise.
    pub numbering: Option<String>,
    /// The fields it refers to or is referred to by.
    pub references: Vec<Reference>,
    /// The most characters it may hold.
    pub length: Option<usize>,
    /// Whether it may not be changed.
    pub read_only: bool,
    /// Whether a package describes it without showing it.
    pub redact: bool,
    /// Whether a package shows it under another name than the company's.
    pub redact_name: bool,
    /// How telephone numbers are written in it, where it holds them.
    pub phone: PhoneWriting,
    /// Whether people write into it what may tell of others, so that staff look before it is shown.
    pub free_text: bool,
    /// Whether it says when the row was collected, so that a range of days applies to it.
    pub collected_at: bool,
    /// How erasure masks it.
    pub masking: Option<Masking>,
    /// What the dataset says of the members of the JSON in it.
    pub members: Vec<Member>,
}

impl Field {
    /// Whether it is about a person.
    pub fn is_personal(&self) -> bool {
        self.identity.is_some() || self.all_categories().any(Category::is_personal)
    }

    /// Its categories and those of its members.
    pub fn all_categories(&self) -> impl Iterator<Item = &Category> {
        self.categories.iter().chain(self.members.iter().flat_map(|member| &member.categories))
    }
}

/// A member of the JSON in a column, as the nested `fields` of a dataset describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The names that lead to it from the column's value; the elements of lists on the way are all meant.
    pub path: Vec<String>,
    /// The line on which it begins.
    pub line: usize,
    /// Its own data categories and those of the members around it.
    pub categories: Vec<Category>,
    /// Whether a package describes it without showing it.
    pub redact: bool,
}

/// How telephone numbers are written in a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PhoneWriting {
    /// In any way; those without a country code are of the controller's country.
    #[default]
    Any,
    /// In any way; those without a country code are of this country (ISO 3166-1 alpha-2).
    Country(String),
    /// All in E.164 with the plus, so that an index on the column serves.
    E164,
}

/// Which way data flows along a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the field referred to, to the field that declares the reference.
    From,
    /// From the field that declares the reference, to the field referred to.
    To,
}

/// A reference from one field to another, perhaps in another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The dataset referred to.
    pub dataset: String,
    /// The collection referred to.
    pub collection: String,
    /// The field referred to.
    pub field: String,
    /// Which way data flows; `None` is both ways.
    pub direction: Option<Direction>,
    /// The line on which the reference begins.
    pub line: usize,
}

/// A collection by its dataset and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionName {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The line on which it is named.
    pub line: usize,
}

impl fmt::Display for CollectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dataset, self.collection)
    }
}
