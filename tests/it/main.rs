//! Habeas from outside: real databases, real HTTP, one test binary.

mod connectors;
mod mail;
mod store;
mod engine;
mod support;
