//! What a data-subject request is and what may happen to it: pure rules, no I/O, no clock, no randomness.

pub mod actor;
pub mod audit;
pub mod calendar;
pub mod deadline;
pub mod finding;
pub mod identity;
pub mod ids;
pub mod job;
pub mod lifecycle;
pub mod personal;
pub mod policy;
pub mod receipt;
pub mod regime;
pub mod request;
pub mod right;
pub mod staff;
pub mod verification;
