//! (to come)

pub mod deadline;
pub mod demo;
