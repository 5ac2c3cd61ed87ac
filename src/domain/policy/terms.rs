//! Law and policy together: for each right the stricter of the two, for the benefit of the person.

use chrono::NaiveDate;

use super::Policy;
use crate::domain::deadline::Promise;
use crate::domain::regime::Regime;
use crate::domain::right::Right;
use crate::domain::verification::Level;

/// The terms on which one controller owes one right to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Whether the law gives the right, or only the policy's promise.
    pub by_law: bool,
    /// The article, or the policy.
    pub citation: String,
    /// The evidence of identity without which nothing is given effect.
    pub verification: Level,
    /// Whether the response may be extended.
    pub extends: bool,
    /// How many requests in twelve months are free; none where all are.
    pub free_per_year: Option<u32>,
    /// The policy's own days, for [`crate::domain::deadline::Options`].
    pub promised: Option<Promise>,
}

impl Terms {
    /// The terms of `right` for a request received `on` that day; none where neither law nor policy gives it.
    ///
    /// A policy cannot take away what the law gives, so a right missing from its list is owed all the same. What it
    /// lists beyond the law is owed as a promise. It can ask for more evidence than the law does, never for less,
    /// except that an opt-out stays free of evidence where the law makes it so. Where no law applies there is nothing
    /// but the promise: a policy with a list owes what stands in it.
    pub fn of(policy: &Policy, regime: &Regime, right: Right, on: NaiveDate) -> Option<Terms> {
        let promised = policy.promises.get(&right).copied();
        let asked = policy.verification.get(&right).copied();
        if regime.is_promise() && !policy.offers(right) {
            return None;
        }
        if let Some(law) = regime.entitlement(right, on) {
            let barred = law.verification == Level::None;
            let verification = asked.filter(|_| !barred).map_or(law.verification, |asked| asked.max(law.verification));
            return Some(Terms {
                by_law: !regime.is_promise(),
                citation: law.citation.clone(),
                verification,
                extends: law.extends,
                free_per_year: law.free_per_year,
                promised,
            });
        }
        let listed = policy.rights.as_ref().is_some_and(|rights| rights.contains(&right));
        listed.then(|| Terms {
            by_law: false,
            citation: "the controller's privacy policy".to_owned(),
            verification: asked.unwrap_or(usual(right)),
            extends: true,
            free_per_year: None,
            promised,
        })
    }
}

/// The evidence asked for a promise beyond the law, where the policy does not say.
fn usual(right: Right) -> Level {
    match right {
        Right::OptOut | Right::LimitSensitive => Level::None,
        _ => Level::Email,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::regime::tests;

    fn terms(more: &str, regime: &str, right: Right) -> Option<Terms> {
        let policy = Policy::parse("p.toml", &format!("{}{more}", super::super::tests::SMALL)).unwrap();
        Terms::of(&policy, &tests::regime(regime), right, NaiveDate::from_ymd_opt(2026, 11, 22).unwrap())
    }

    #[rstest]
    #[case::law_alone("", "ccpa", Right::Access, Level::High)]
    #[case::policy_asks_more("[verification]\naccess = \"reasonable\"", "gdpr", Right::Access, Level::Reasonable)]
    #[case::policy_asks_less("[verification]\naccess = \"email\"", "ccpa", Right::Access, Level::High)]
    #[case::opt_out_stays_free("[verification]\nopt_out = \"high\"", "ccpa", Right::OptOut, Level::None)]
    fn the_stricter_evidence_counts(
        #[case] policy: &str,
        #[case] regime: &str,
        #[case] right: Right,
        #[case] expected: Level,
    ) {
        assert_eq!(terms(policy, regime, right).unwrap().verification, expected);
    }

    #[rstest]
    #[case::given_by_law("", "ccpa", Right::Deletion, Some(true))]
    #[case::not_taken_away("rights = [\"access\"]", "ccpa", Right::Deletion, Some(true))]
    #[case::promised_beyond_the_law("rights = [\"restriction\"]", "ccpa", Right::Restriction, Some(false))]
    #[case::given_by_nobody("", "ccpa", Right::Restriction, None)]
    #[case::no_law_and_no_promise("rights = [\"opt_out\"]", "voluntary", Right::Access, None)]
    #[case::no_law_but_a_promise("rights = [\"opt_out\"]", "voluntary", Right::OptOut, Some(false))]
    #[case::not_promised_in_iowa("", "us-ia", Right::Correction, None)]
    fn a_right_is_owed_by_law_or_by_promise(
        #[case] policy: &str,
        #[case] regime: &str,
        #[case] right: Right,
        #[case] by_law: Option<bool>,
    ) {
        assert_eq!(terms(policy, regime, right).map(|terms| terms.by_law), by_law);
    }
}
