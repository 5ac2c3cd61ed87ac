//! Every row that a person's identities lead to, and whose each is. Knows nothing of what is done with them.

pub(super) mod done;
mod findings;
pub(super) mod fingerprint;
pub(super) mod judge;
pub(super) mod key_set;
pub mod known;
pub(super) mod left_rows;
pub(super) mod place;
pub(super) mod range;
pub(super) mod row_name;
pub(super) mod scratch;
pub(super) mod snapshot;
pub(super) mod sorted_file;
mod sweep;
pub(super) mod trace;
mod trails;
pub(super) mod value_log;
pub(super) mod values;
pub(super) mod wanted;
