//! Values are replaced by what the person says is right, each beside what stood there.

pub mod correct;
pub(super) mod preview;
