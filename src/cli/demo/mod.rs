//! A made-up company to try Habeas on: its database, the description of its tables, and its privacy policy.

pub mod company;
mod show;

pub use show::{Args, run};

/// The fideslang dataset that describes the database of [`company::create`]; its `fides_key` is `shop`.
pub const DATASET: &str = include_str!("shop.yml");

/// What the company promises, in the format of [`crate::domain::policy::Policy`].
pub const POLICY: &str = include_str!("policy.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Policy;
    use crate::domain::right::Right;

    #[test]
    fn the_policy_is_one_and_promises_the_main_rights() {
        let policy = Policy::parse("policy.toml", POLICY).unwrap();
        assert_eq!((policy.name.as_str(), policy.country.as_str()), ("Example Shop GmbH", "DE"));
        for right in [Right::Access, Right::Deletion, Right::Correction, Right::Portability, Right::OptOut] {
            assert!(policy.offers(right), "{right}");
        }
    }
}
