//! Habeas from outside: real databases, real HTTP, one test binary.

mod arrows;
mod connectors;
mod engine;
mod journeys;
mod mail;
mod store;
mod support;
