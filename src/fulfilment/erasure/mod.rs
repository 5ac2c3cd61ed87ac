//! Rows are deleted and masked by a manifest that was made before, and a second search proves that nothing is left.

pub(super) mod afar;
pub(super) mod candidates;
pub(super) mod drawn;
pub mod execute;
mod guards;
pub(super) mod joined;
pub(super) mod keeping;
pub(super) mod masks;
pub(super) mod order;
pub(super) mod preflight;
pub(super) mod prepare;
pub(super) mod references;
pub(super) mod rekeyed;
pub(super) mod settled;
pub(super) mod settling;
pub(super) mod steps;
mod unchanged;
pub(super) mod verify;
