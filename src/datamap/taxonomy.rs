//! fideslang's data categories: the names of former taxonomies in today's words, and which names it does not have.

use super::Category;

/// What stood before the kind of data until fideslang 1.4: by whom it was given, and whether it names anybody.
const FORMER_STEMS: &[&str] = &[
    "user.provided.identifiable",
    "user.provided.nonidentifiable",
    "user.derived.identifiable",
    "user.derived.nonidentifiable",
    "user.provided",
    "user.derived",
];

/// Categories that have another name today (fideslang 1.4, 2.0 and 3.0); what is below them goes along.
const RENAMED: &[(&str, &str)] = &[
    ("account.contact", "user.contact"),
    ("account.payment.financial_account_number", "user.financial.account_number"),
    ("account.payment", "user.payment"),
    ("user.browsing_history", "user.behavior.browsing_history"),
    ("user.media_consumption", "user.behavior.media_consumption"),
    ("user.search_history", "user.behavior.search_history"),
    ("user.observed", "user.behavior"),
    ("user.organization", "user.contact.organization"),
    ("user.date_of_birth", "user.demographic.date_of_birth"),
    ("user.gender", "user.demographic.gender"),
    ("user.genetic", "user.health_and_medical.genetic"),
    ("user.non_specific_age", "user.demographic.age_range"),
    ("user.political_opinion", "user.demographic.political_opinion"),
    ("user.profiling", "user.demographic.profile"),
    ("user.race", "user.demographic.race_ethnicity"),
    ("user.religious_belief", "user.demographic.religious_belief"),
    ("user.sexual_orientation", "user.demographic.sexual_orientation"),
];

/// What stands right below `user`, in any taxonomy of fideslang's and in ours.
const KINDS: &[&str] = &[
    "account",
    "authorization",
    "behavior",
    "biometric",
    "biometric_health",
    "childrens",
    "contact",
    "content",
    "correspondence",
    "credentials",
    "criminal_history",
    "demographic",
    "device",
    "education",
    "employment",
    "financial",
    "government_id",
    "health_and_medical",
    "job_title",
    "location",
    "name",
    "nonidentifiable",
    "payment",
    "privacy_preferences",
    "sensitive",
    "sensor",
    "social",
    "telemetry",
    "unique_id",
    "user_sensor",
    "workplace",
];

/// Where some kinds are never disclosed and others are: the names that mean something there.
const BESIDE_SECRETS: &[(&str, &[&str])] = &[
    ("user.account", &["password", "preferences", "security_answer", "security_question", "settings", "username"]),
    ("user.financial", &["account_number", "bank_account", "credit_card"]),
    ("user.health_and_medical", &["genetic", "insurance_beneficiary_id", "record_id"]),
];

impl Category {
    /// The category by the name that it has today.
    pub(super) fn named(name: &str) -> Self {
        let name = name.trim();
        let below = |of: &str| name.strip_prefix(of).filter(|rest| rest.is_empty() || rest.starts_with('.'));
        let stemless = FORMER_STEMS.iter().find_map(|stem| below(stem)).map(|rest| format!("user{rest}"));
        let name = stemless.unwrap_or_else(|| name.to_owned());
        let below = |of: &str| name.strip_prefix(of).filter(|rest| rest.is_empty() || rest.starts_with('.'));
        let renamed = RENAMED.iter().find_map(|(former, today)| below(former).map(|rest| format!("{today}{rest}")));
        Self(renamed.unwrap_or(name))
    }

    /// Whether a misspelt name may hide here something that is treated in a way of its own: it is not fideslang's where
    /// that has a say.
    pub(super) fn is_doubtful(&self) -> bool {
        let mut parts = self.as_str().split('.');
        let (first, second) = (parts.next(), parts.next());
        match (first, second) {
            (Some("system"), _) | (Some("user"), None) => false,
            (Some("user"), Some(kind)) if KINDS.contains(&kind) => BESIDE_SECRETS.iter().any(|(stem, known)| {
                let below = self.as_str().strip_prefix(stem).and_then(|rest| rest.strip_prefix('.'));
                below.is_some_and(|rest| !known.contains(&rest.split('.').next().unwrap_or_default()))
            }),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("user.contact.email", "user.contact.email")]
    #[case("user.provided.identifiable.contact.email", "user.contact.email")]
    #[case("user.provided.identifiable.credentials.password", "user.credentials.password")]
    #[case("user.provided.identifiable.financial.account_number", "user.financial.account_number")]
    #[case("user.provided.identifiable.government_id.passport_number", "user.government_id.passport_number")]
    #[case("user.derived.identifiable.unique_id", "user.unique_id")]
    #[case("user.derived.identifiable.browsing_history", "user.behavior.browsing_history")]
    #[case("user.derived.nonidentifiable", "user")]
    #[case("user.provided.identifiable.race", "user.demographic.race_ethnicity")]
    #[case("account.contact.address.city", "user.contact.address.city")]
    #[case("account.payment.financial_account_number", "user.financial.account_number")]
    #[case("user.observed", "user.behavior")]
    #[case("user.health_and_medical.insurance_beneficiary_id", "user.health_and_medical.insurance_beneficiary_id")]
    #[case("user.providedness", "user.providedness")]
    #[case("system.operations", "system.operations")]
    fn former_names_mean_what_they_meant(#[case] former: &str, #[case] today: &str) {
        assert_eq!(Category::named(former).as_str(), today);
    }

    #[rstest::rstest]
    #[case("user.financial.creditcard", true)]
    #[case("user.financial.credit_card", false)]
    #[case("user.financial.credit_card.number", false)]
    #[case("user.financial", false)]
    #[case("user.contact.address.building", false)]
    #[case("user.adress", true)]
    #[case("users.contact", true)]
    #[case("user", false)]
    #[case("system.operations.logs", false)]
    fn a_name_is_doubted_where_it_could_hide_a_secret(#[case] name: &str, #[case] doubtful: bool) {
        assert_eq!(Category::named(name).is_doubtful(), doubtful);
    }
}
