//! What Habeas does, one verb a function: the API, the pages, the worker and the command line all call these.

pub mod account;
pub mod appeal;
pub mod authorize;
pub mod correspondence;
pub mod decide;
pub mod dispatch;
pub mod error;
pub mod evidence;
pub mod follow;
pub mod fulfil;
pub mod history;
pub mod idempotency;
pub mod letters;
pub mod limits;
pub mod look;
pub mod marks;
pub mod office;
pub mod one_time_code;
pub mod receipt;
pub mod recipients;
mod remedies;
pub mod remind;
pub mod report;
pub mod retention;
pub mod second_factor;
pub mod signal;
pub mod staff;
pub mod statutory;
pub mod submit;
pub mod suppression;
pub mod tasks;
pub mod token;
pub mod unsubscribe;
pub mod verify;

pub use error::Error;
pub use office::Office;
