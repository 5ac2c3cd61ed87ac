//! A made-up company to try Habeas on: its database, the description of its tables, and its privacy policy.

pub mod company;
mod show;

pub use show::{Args, run};

/// The fideslang dataset that describes the database of [`company::create`]; its `fides_key` is `shop`.
pub const DATASET: &str = include_str!("shop.yml");

/// The shop's privacy policy.
pub const POLICY: &str = include_str!("policy.toml");
