//! On what terms somebody may act for the person: by the law, by the policy's wider promise, or as a guardian.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::DocumentKind;
use crate::domain::policy::Policy;
use crate::domain::regime::Regime;
use crate::domain::right::Right;

/// The terms on which an agent may exercise one right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentTerms {
    /// Whether the law allows it, or only the policy's promise does.
    pub by_law: bool,
    /// Only a parent or guardian may, and nobody else.
    pub guardian_only: bool,
    /// The proof that is asked for, in words.
    pub proof: String,
    /// Whether the person may be asked to confirm.
    pub may_confirm_with_person: bool,
    /// Whether a power of attorney forbids asking the person as well.
    pub power_of_attorney_suffices: bool,
    /// The statute, or the policy.
    pub citation: String,
}

impl AgentTerms {
    /// The terms on which an agent who announces that proof exercises `right`, received `on` that day; none where
    /// neither law nor policy lets an agent.
    ///
    /// A parent or guardian exercises whatever right there is: that is no agency by the person's permission, which a
    /// law may leave out (Va. Code 59.1-577(A) names a child's parent and knows no agents), but the person's own voice.
    pub fn of(
        policy: &Policy,
        regime: &Regime,
        right: Right,
        on: NaiveDate,
        announced: Option<DocumentKind>,
    ) -> Option<Self> {
        let by_law = regime.agents.as_ref().filter(|a| regime.is_in_force(on) && a.rights.contains(&right));
        if let Some(law) = by_law {
            return Some(Self {
                by_law: true,
                guardian_only: false,
                proof: law.proof.clone(),
                may_confirm_with_person: law.may_confirm_with_person.contains(&right),
                power_of_attorney_suffices: law.power_of_attorney_suffices,
                citation: law.citation.clone(),
            });
        }
        if policy.agents.promises(right, &regime.id) {
            return Some(Self {
                by_law: false,
                guardian_only: false,
                proof: policy.agents.proof.clone(),
                // What is only promised, no law asks more for; who can show a power of attorney is spared the question.
                may_confirm_with_person: policy.agents.confirms_with_person(),
                power_of_attorney_suffices: true,
                citation: "the controller's privacy policy".to_owned(),
            });
        }
        (announced == Some(DocumentKind::Guardian)).then(|| Self {
            by_law: true,
            guardian_only: true,
            proof: "proof of parental or guardian's authority".to_owned(),
            may_confirm_with_person: false,
            power_of_attorney_suffices: false,
            citation: "the law of parental responsibility and guardianship".to_owned(),
        })
    }

    /// The rights that an agent may exercise there, without a guardian's authority.
    pub fn rights(policy: &Policy, regime: &Regime, on: NaiveDate) -> Vec<Right> {
        Right::ALL.iter().copied().filter(|right| Self::of(policy, regime, *right, on, None).is_some()).collect()
    }
}
