//! What a data-subject request is and what may happen to it: pure rules, no I/O, no clock, no randomness.

pub mod actor;
pub mod appeal;
pub mod agent;
pub mod audit;
pub mod calendar;
pub mod clocks;
pub mod deadline;
pub mod finding;
pub mod identity;
pub mod ids;
pub mod job;
pub mod lifecycle;
pub mod mark;
pub mod personal;
pub mod policy;
pub mod receipt;
pub mod reckoning;
pub mod regime;
pub mod request;
pub mod right;
pub mod staff;
pub mod verification;
pub mod watch;
