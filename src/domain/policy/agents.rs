//! What a policy promises to agents beyond the law, and to whom it hands a package that an agent asked for.

use serde::Deserialize;

use crate::domain::ids::RegimeId;
use crate::domain::right::Right;

/// Who receives a package that an agent asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageTo {
    /// The agent, with the token from submission.
    #[default]
    Agent,
    /// The person, by a link mailed to them; the agent learns only that it is there.
    Person,
}

/// The `[agents]` of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgentPromise {
    /// The rights that agents may exercise even where the law names no agents. What a law allows cannot be taken away.
    pub rights: Vec<Right>,
    /// Under which laws that is promised; under all of them when empty.
    pub regimes: Vec<RegimeId>,
    /// The proof asked for where only the promise lets an agent act, in words.
    pub proof: String,
    /// Whether the person is asked to confirm where only the promise lets an agent act.
    pub confirm_with_person: Option<bool>,
    /// Who receives a package.
    pub package_to: PackageTo,
}

impl Default for AgentPromise {
    fn default() -> Self {
        Self {
            rights: Vec::new(),
            regimes: Vec::new(),
            proof: "permission signed by the person".to_owned(),
            confirm_with_person: None,
            package_to: PackageTo::default(),
        }
    }
}

impl AgentPromise {
    /// Whether agents are promised the right under that law.
    pub fn promises(&self, right: Right, regime: &RegimeId) -> bool {
        self.rights.contains(&right) && (self.regimes.is_empty() || self.regimes.contains(regime))
    }

    /// Whether the person may be asked to confirm; yes, where the policy does not say.
    pub fn confirms_with_person(&self) -> bool {
        self.confirm_with_person.unwrap_or(true)
    }
}
