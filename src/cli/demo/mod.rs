//! A made-up company to try Habeas on: its database, the description of its tables, and its privacy policy.

pub mod company;

/// The fideslang dataset that describes the database of [`company::create`]; its `fides_key` is `shop`.
pub const DATASET: &str = include_str!("shop.yml");
