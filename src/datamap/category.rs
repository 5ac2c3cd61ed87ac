//! Data categories by their dotted names, and which of them may never leave the company, even towards the person.

use std::borrow::Cow;

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
    "account.payment.financial_account_number",
];

/// How fideslang 1 parted what it knew of a user; from version 2 on the parts stand in `user` itself.
const PARTED: &[&str] = &[
    "provided.identifiable",
    "provided.nonidentifiable",
    "provided",
    "derived.identifiable",
    "derived.nonidentifiable",
    "derived",
];

/// What other versions of the taxonomy call a category that has the second name here (fideslang's own list of what
/// replaced what, 3.2; Fides' migration of 2022 from 1 to 2).
const RENAMED: &[(&str, &str)] = &[
    ("biometrics", "biometric"),
    ("children", "childrens"),
    ("health", "health_and_medical"),
    ("professional_information.job_title", "job_title"),
    ("professional_information", "workplace"),
    ("settings", "account.settings"),
    ("social_activity", "social"),
    ("browsing_history", "behavior.browsing_history"),
    ("media_consumption", "behavior.media_consumption"),
    ("search_history", "behavior.search_history"),
    ("date_of_birth", "demographic.date_of_birth"),
    ("gender", "demographic.gender"),
    ("political_opinion", "demographic.political_opinion"),
    ("race", "demographic.race_ethnicity"),
    ("religious_belief", "demographic.religious_belief"),
    ("sexual_orientation", "demographic.sexual_orientation"),
];

impl Category {
    /// The dotted name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `of` or a kind of it: `user.contact.email` is `user.contact`, `username` is not `user`. A name of
    /// an older or later taxonomy is what it is called here.
    pub fn is(&self, of: &str) -> bool {
        let named = Self::named(of);
        let wide = named.usual();
        // A former stem alone (`user.derived`) says who gave the data and not what it is: all of it would be meant.
        let means_all = wide == "user" && of != "user";
        within(&self.0, of).is_some() || (!means_all && within(&self.usual(), &wide).is_some())
    }

    /// What the category is called here, whatever version of the taxonomy its name is from.
    pub(super) fn usual(&self) -> Cow<'_, str> {
        usual(&self.0)
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

/// What follows `of` in a name that is `of` or below it.
fn within<'n>(name: &'n str, of: &str) -> Option<&'n str> {
    name.strip_prefix(of).filter(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn usual(name: &str) -> Cow<'_, str> {
    let Some(kind) = name.strip_prefix("user.") else { return Cow::Borrowed(name) };
    let parted = PARTED.iter().find_map(|part| within(kind, part));
    let kind = parted.map_or(kind, |rest| rest.trim_start_matches('.'));
    match RENAMED.iter().find_map(|(other, here)| Some((here, within(kind, other)?))) {
        Some((here, rest)) => Cow::Owned(format!("user.{here}{rest}")),
        None if parted.is_none() => Cow::Borrowed(name),
        None if kind.is_empty() => Cow::Borrowed("user"),
        None => Cow::Owned(format!("user.{kind}")),
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
    #[case("user.biometrics.retinal", true, true)]
    #[case("user.health.insurance_beneficiary_id", true, true)]
    #[case("user.health.condition", true, false)]
    #[case("user.authorization.biometrics", true, true)]
    #[case("user.provided.identifiable.credentials.password", true, true)]
    #[case("user.provided.identifiable.financial.account_number", true, true)]
    #[case("user.provided.identifiable.government_id.passport_number", true, true)]
    #[case("user.derived.identifiable.biometric_health", true, true)]
    #[case("user.provided.identifiable.contact.email", true, false)]
    #[case("user.provided.identifiable", true, false)]
    #[case("account.payment.financial_account_number", false, true)]
    fn categories_nest_by_their_dots(#[case] name: &str, #[case] personal: bool, #[case] never: bool) {
        let category = Category::from(name);
        assert_eq!((category.is_personal(), category.is_never_disclosed()), (personal, never));
    }

    #[test]
    fn every_version_of_a_name_is_the_same_category() {
        let old = Category::from("user.provided.identifiable.race");
        assert!(old.is("user.demographic") && old.is("user.provided") && old.is("user.race"));
        assert!(Category::from("user.health_and_medical.record_id").is("user.health"));
        assert!(!old.is("user.contact") && !Category::from("user.healthy").is("user.health"));
        assert_eq!(Category::from("user.derived").usual(), "user");
        assert!(!Category::from("user.contact.email").is("user.derived"));
        for name in ["account.payment", "user.genetic", "user.observed", "user.profiling", "user.non_specific_age"] {
            assert!(Category::named(name).is(name), "{name}, as a dataset and as a policy have it");
        }
        assert!(Category::from("user.health.genetic").is("user.genetic"));
    }
}
