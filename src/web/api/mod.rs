//! The REST API: each handler extracts, calls one use case, renders.

pub mod accounts;
pub mod decisions;
pub mod operations;
pub mod queue;
pub mod receipts;
pub mod requests;
pub mod sessions;
pub mod suppressions;
