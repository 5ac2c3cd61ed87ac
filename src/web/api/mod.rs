//! The REST API: each handler extracts, calls one use case, renders.

pub mod accounts;
pub mod agents;
pub mod appeals;
pub mod authorizations;
pub mod decisions;
pub mod free_text;
pub mod holds;
pub mod operations;
pub mod progress;
pub mod queue;
pub mod receipts;
pub mod records;
pub mod reports;
pub mod requests;
pub mod services;
pub mod sessions;
pub mod signals;
pub mod suppressions;
pub mod tasks;
pub mod unsubscribe_links;
pub mod verification;
