//! The rights a person can exercise, by the names the API uses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! rights {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// One right of a person over their data. Which of them exist is the regime's and the policy's to say.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Right {
            $($(#[$doc])* $variant),+
        }

        impl Right {
            /// Every right, in the order in which they are shown.
            pub const ALL: &'static [Right] = &[$(Right::$variant),+];

            /// The name used in the API, in regime files and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Right::$variant => $name),+
                }
            }
        }
    };
}

rights! {
    /// A copy of the person's data (GDPR Art. 15; Cal. Civ. Code 1798.110, "specific pieces").
    Access = "access",
    /// Which categories are held, why, and with whom they were shared (Cal. Civ. Code 1798.110(a)).
    Categories = "categories",
    /// The data in a machine-readable form (GDPR Art. 20; Cal. Civ. Code 1798.130(a)(3)(B)(iii)).
    Portability = "portability",
    /// Erasure (GDPR Art. 17; Cal. Civ. Code 1798.105).
    Deletion = "deletion",
    /// Rectification (GDPR Art. 16; Cal. Civ. Code 1798.106).
    Correction = "correction",
    /// Restriction of processing (GDPR Art. 18).
    Restriction = "restriction",
    /// Objection to processing (GDPR Art. 21).
    Objection = "objection",
    /// Opt-out of sale, sharing, targeted advertising, profiling, marketing (Cal. Civ. Code 1798.120).
    OptOut = "opt_out",
    /// Limit the use of sensitive data (Cal. Civ. Code 1798.121).
    LimitSensitive = "limit_sensitive",
    /// Withdrawal of consent (GDPR Art. 7(3)).
    WithdrawConsent = "withdraw_consent",
    /// Human review of a solely automated decision (GDPR Art. 22).
    AutomatedDecision = "automated_decision",
}

impl Right {
    /// Whether it asks what is held and changes nothing, so that its answer can be made again.
    pub const fn reads(self) -> bool {
        matches!(self, Right::Access | Right::Portability | Right::Categories)
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name is not one of [`Right::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown right; known are access, categories, portability, deletion, correction, restriction, objection, opt_out, limit_sensitive, withdraw_consent, automated_decision"
)]
pub struct UnknownRight;

impl FromStr for Right {
    type Err = UnknownRight;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Right::ALL.iter().copied().find(|r| r.as_str() == s).ok_or(UnknownRight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_on_the_wire_is_the_name_in_the_table() {
        for right in Right::ALL {
            assert_eq!(serde_json::to_value(right).unwrap(), right.as_str());
            assert_eq!(right.as_str().parse(), Ok(*right));
        }
    }
}
