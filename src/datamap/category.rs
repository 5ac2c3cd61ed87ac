//! Data categories by their dotted names, and which of them may never leave the company, even towards the person.

use serde::{Deserialize, Serialize};

/// A data category of fideslang's taxonomy, as `user.contact.email`. Names outside the taxonomy are taken as they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Category(pub String);

/// What a package describes and never shows: 11 CCR 7024(d) lists it for California, and a stolen package must not
/// open an account anywhere else either.
const NEVER_DISCLOSED: &[&str] = &[
    "user.credentials",
    "user.authorization",
    "user.password",
    "user.security_question",
    "user.security_answer",
    "user.account.password",
    "user.account.security_question",
    "user.account.security_answer",
    "user.financial.account_number",
    "user.financial.bank_account",
    "user.financial.credit_card",
    "user.government_id",
    "user.biometric",
    "user.biometric_health",
    "user.health_and_medical.insurance_beneficiary_id",
    "user.health_and_medical.record_id",
];

impl Category {
    /// The dotted name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `of` or a kind of it: `user.contact.email` is `user.contact`, `username` is not `user`.
    pub fn is(&self, of: &str) -> bool {
        self.0.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Whether data of this category is about a person.
    pub fn is_personal(&self) -> bool {
        self.is("user")
    }

    /// Whether a package describes data of this category without showing it.
    pub fn is_never_disclosed(&self) -> bool {
        NEVER_DISCLOSED.iter().any(|of| self.is(of))
    }
}

impl From<&str> for Category {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("user.contact.email", true, false)]
    #[case("user", true, false)]
    #[case("username", false, false)]
    #[case("system.operations", false, false)]
    #[case("user.financial", true, false)]
    #[case("user.financial.credit_card", true, true)]
    #[case("user.financial.account_number", true, true)]
    #[case("user.government_id.passport_number", true, true)]
    #[case("user.authorization.credentials", true, true)]
    #[case("user.biometric.fingerprint", true, true)]
    #[case("user.biometrics_club", true, false)]
    fn categories_nest_by_their_dots(#[case] name: &str, #[case] personal: bool, #[case] never: bool) {
        let category = Category::from(name);
        assert_eq!((category.is_personal(), category.is_never_disclosed()), (personal, never));
    }
}
