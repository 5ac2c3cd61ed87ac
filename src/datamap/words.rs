//! Data categories in words that people read: fideslang's names are for machines.

use super::Category;

/// The taxonomy's categories in words; of several that match, the most exact counts.
const WORDS: &[(&str, &str)] = &[
    ("user", "Personal data"),
    ("user.account", "Your account"),
    ("user.account.username", "User name"),
    ("user.account.settings", "Account settings"),
    ("user.authorization", "Sign-in details"),
    ("user.behavior", "How you use our services"),
    ("user.behavior.browsing_history", "Pages you looked at"),
    ("user.behavior.media_consumption", "What you watched, read or listened to"),
    ("user.behavior.purchase_history", "What you bought"),
    ("user.behavior.search_history", "What you searched for"),
    ("user.biometric", "Biometric data"),
    ("user.biometric_health", "Health data measured on your body"),
    ("user.childrens", "Data about children"),
    ("user.contact", "Contact details"),
    ("user.contact.address", "Address"),
    ("user.contact.address.city", "City"),
    ("user.contact.address.country", "Country"),
    ("user.contact.address.postal_code", "Postal code"),
    ("user.contact.address.state", "State"),
    ("user.contact.address.street", "Street address"),
    ("user.contact.email", "E-mail address"),
    ("user.contact.fax_number", "Fax number"),
    ("user.contact.organization", "Organization"),
    ("user.contact.phone_number", "Telephone number"),
    ("user.contact.url", "Web page"),
    ("user.content", "What you wrote or uploaded"),
    ("user.content.private", "Private messages"),
    ("user.content.public", "What you published"),
    ("user.content.self_image", "Pictures of you"),
    ("user.criminal_history", "Criminal record"),
    ("user.credentials", "Sign-in details"),
    ("user.demographic", "Demographic data"),
    ("user.demographic.age_range", "Age group"),
    ("user.demographic.citizenship_or_immigration_status", "Citizenship or immigration status"),
    ("user.demographic.date_of_birth", "Date of birth"),
    ("user.demographic.gender", "Gender"),
    ("user.demographic.language", "Language"),
    ("user.demographic.marital_status", "Marital status"),
    ("user.demographic.philosophical_belief", "Philosophical belief"),
    ("user.demographic.political_opinion", "Political opinion"),
    ("user.demographic.profile", "Profile"),
    ("user.demographic.race_ethnicity", "Race and ethnic origin"),
    ("user.demographic.religious_belief", "Religious belief"),
    ("user.demographic.sexual_orientation", "Sexual orientation"),
    ("user.demographic.union_membership", "Union membership"),
    ("user.device", "Your devices"),
    ("user.device.cookie_id", "Cookie identifiers"),
    ("user.device.device_id", "Device identifiers"),
    ("user.device.ip_address", "Internet (IP) address"),
    ("user.device.telemetry", "Measurements from your devices"),
    ("user.financial", "Financial data"),
    ("user.financial.account_number", "Account number"),
    ("user.financial.bank_account", "Bank account"),
    ("user.financial.credit_card", "Payment card"),
    ("user.health_and_medical.genetic", "Genetic data"),
    ("user.government_id", "Official identity numbers"),
    ("user.health_and_medical", "Health data"),
    ("user.job_title", "Job title"),
    ("user.location", "Location"),
    ("user.location.imprecise", "Approximate location"),
    ("user.location.precise", "Exact location"),
    ("user.name", "Name"),
    ("user.payment", "Payment data"),
    ("user.privacy_preferences", "Your privacy choices"),
    ("user.sensor", "Data from sensors"),
    ("user.social", "Social connections"),
    ("user.telemetry", "Technical measurements"),
    ("user.unique_id", "Identifiers we gave you"),
    ("user.user_sensor", "Data from sensors"),
    ("user.workplace", "Your work"),
    ("user.employment", "Your work"),
    ("user.education", "Education"),
    ("user.authentication", "Sign-in details"),
];

/// The categories whose use a person can have limited (Cal. Civ. Code 1798.140(ae); GDPR Art. 9).
const SENSITIVE: &[&str] = &[
    "user.account.password",
    "user.authorization",
    "user.biometric",
    "user.biometric_health",
    "user.content.private",
    "user.credentials",
    "user.criminal_history",
    "user.demographic.citizenship_or_immigration_status",
    "user.demographic.philosophical_belief",
    "user.demographic.political_opinion",
    "user.demographic.protected_classifications",
    "user.demographic.race_ethnicity",
    "user.demographic.religious_belief",
    "user.demographic.sexual_orientation",
    "user.demographic.union_membership",
    "user.financial.account_number",
    "user.financial.bank_account",
    "user.financial.credit_card",
    "user.genetic",
    "user.government_id",
    "user.health_and_medical",
    "user.location.precise",
    "user.sensitive",
];

impl Category {
    /// The category in words. Of one that the table does not have, the nearest above it, with its last part in brackets.
    pub fn words(&self) -> String {
        let known = WORDS.iter().filter(|(name, _)| self.is(name)).max_by_key(|(name, _)| name.len());
        let last = self.as_str().rsplit('.').next().unwrap_or_default().replace('_', " ");
        let usual = self.usual();
        match known {
            Some((name, words)) if *name == usual => (*words).to_owned(),
            Some((_, words)) => format!("{words} ({last})"),
            None => last,
        }
    }

    /// Whether data of this category is sensitive.
    pub fn is_sensitive(&self) -> bool {
        SENSITIVE.iter().any(|of| self.is(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("user.contact.email", "E-mail address", false)]
    #[case("user.contact.address.building", "Address (building)", false)]
    #[case("user.shoe_size", "Personal data (shoe size)", false)]
    #[case("system.operations", "operations", false)]
    #[case("user.health_and_medical.insurance", "Health data (insurance)", true)]
    #[case("user.location.precise", "Exact location", true)]
    #[case("user.location", "Location", false)]
    #[case("user.health.medications", "Health data (medications)", true)]
    #[case("user.provided.identifiable.religious_belief", "Religious belief", true)]
    #[case("user.provided.identifiable.contact.email", "E-mail address", false)]
    fn a_category_reads_like_words(#[case] name: &str, #[case] words: &str, #[case] sensitive: bool) {
        let category = Category::from(name);
        assert_eq!((category.words().as_str(), category.is_sensitive()), (words, sensitive));
    }
}
