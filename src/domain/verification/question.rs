//! A question whose answer stands in the company's systems.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Normalise;

/// A question the policy asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name in the API.
    pub id: String,
    /// Its words.
    pub text: String,
    /// Where the answer stands.
    pub field: FieldPath,
    /// In which form both are compared.
    #[serde(default)]
    pub normalise: Normalise,
}

/// A field by its dataset and collection, as `shop.customers.birthdate`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath {
    /// The dataset's `fides_key`.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// The field.
    pub field: String,
}

/// The text does not name a field.
#[derive(Debug, Clone, thiserror::Error)]
#[error("name a field as `dataset.collection.field`")]
pub struct NotAField;

impl FromStr for FieldPath {
    type Err = NotAField;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.').map(str::to_owned);
        let (dataset, collection, field, rest) = (parts.next(), parts.next(), parts.next(), parts.next());
        match (dataset, collection, field, rest) {
            (Some(dataset), Some(collection), Some(field), None)
                if ![&dataset, &collection, &field].iter().any(|part| part.is_empty()) =>
            {
                Ok(Self { dataset, collection, field })
            }
            _ => Err(NotAField),
        }
    }
}

impl TryFrom<String> for FieldPath {
    type Error = NotAField;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> String {
        path.to_string()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.dataset, self.collection, self.field)
    }
}
