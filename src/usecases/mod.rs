//! What Habeas does, one verb a function: the API, the pages, the worker and the command line all call these.

pub mod decide;
pub mod error;
pub mod follow;
pub mod fulfil;
pub mod idempotency;
pub mod letters;
pub mod look;
pub mod office;
pub mod receipt;
pub mod report;
pub mod staff;
pub mod submit;
pub mod suppression;
pub mod token;
pub mod verify;

pub use error::Error;
pub use office::Office;
