//! What the company's databases hold about people, as the operator describes it in fideslang: read, joined into one
//! graph, and held against the live schema, with every complaint on its line.

pub mod category;
pub mod check;
pub mod dataset;
pub mod document;
mod draft;
pub mod graph;
mod guess;
mod load;
mod meta;
mod pointers;
mod reach;
mod reading;
mod words;

pub use category::Category;
pub use check::check;
pub use dataset::{Collection, Dataset, Direction, Field, Masking, PhoneWriting, Reference};
pub use draft::{UNSURE, draft};
pub use graph::{Graph, Node, NodeId, Pointer, PointerId};
pub use load::load;
