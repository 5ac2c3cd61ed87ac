//! (to come)

pub mod deadline;
