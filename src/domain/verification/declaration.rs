//! The declaration a person signs: its text as law or policy has it, and what is kept once it is signed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::identity::Name;

/// A text to sign, with a version by which the signature says which text it is under.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// Which text; another text has another version.
    pub version: String,
    /// What the person declares.
    pub text: String,
}

impl Declaration {
    /// What is signed where neither law nor policy has words of its own.
    pub fn plain() -> Self {
        Self {
            version: "plain-1".to_owned(),
            text: "I declare that I am the person whose data this request is about. I know that a false declaration \
                   can be punished."
                .to_owned(),
        }
    }
}

/// A declaration that was signed by typing one's name; kept whole, because the business has to be able to show it
/// (11 CCR 7062(c)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedDeclaration {
    /// When.
    pub at: DateTime<Utc>,
    /// The name typed.
    pub name: Name,
    /// The version of the text.
    pub version: String,
    /// The text.
    pub text: String,
}
