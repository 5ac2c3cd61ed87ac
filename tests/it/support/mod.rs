//! What the tests stand on: databases that start by themselves and are gone afterwards.

pub mod postgres;
