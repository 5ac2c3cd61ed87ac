//! Habeas from outside: real databases, real HTTP, one test binary.

mod support;
mod mail;
