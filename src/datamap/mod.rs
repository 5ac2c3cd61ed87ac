//! What the company's databases hold about people, as the operator describes it in fideslang: read, joined into one
//! graph, and held against the live schema, with every complaint on its line.

pub mod category;
pub mod check;
pub mod dataset;
pub mod document;
mod draft;
#[cfg(test)]
mod findings_tests;
pub mod graph;
mod guess;
mod load;
mod masking;
mod members;
mod meta;
mod pointers;
mod reach;
mod reading;
mod retain;
mod slots;
mod taxonomy;
mod words;

pub use category::Category;
pub use check::check;
pub use dataset::{Collection, Dataset, Direction, Field, Member, PhoneWriting, Reference};
pub use draft::{UNSURE, draft};
pub use graph::{Graph, Node, NodeId, Pointer, PointerId};
pub use load::{load, load_one};
pub use slots::{declared_length, may_be_null, slot};
