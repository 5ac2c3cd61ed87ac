//! Habeas from outside: real databases, real HTTP, one test binary.

mod store;
mod support;
