//! What a controller promises of its own accord: a period of its own, beside the law's.

use serde::Deserialize;

/// A period that the controller promises, in calendar days after receipt. It shortens what a law sets and stands in
/// for the number where a law, or no law, sets none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PromiseText")]
pub struct Promise {
    /// The days within which it answers.
    pub days: u32,
    /// The days, from receipt, with the extension it reserves; a promise that reserves none is not extended.
    pub extended_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PromiseText {
    days: u32,
    extended_days: Option<u32>,
}

/// A promise that cannot be kept or means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum PromiseError {
    #[error("promise 1 to 3650 days")]
    Days,
    #[error("`extended_days` counts from receipt as `days` does, so it must be the longer one")]
    ExtensionNotLonger,
}

impl TryFrom<PromiseText> for Promise {
    type Error = PromiseError;

    fn try_from(PromiseText { days, extended_days }: PromiseText) -> Result<Self, Self::Error> {
        if !(1..=3650).contains(&days) || extended_days.is_some_and(|days| days > 3650) {
            return Err(PromiseError::Days);
        }
        if extended_days.is_some_and(|extended| extended <= days) {
            return Err(PromiseError::ExtensionNotLonger);
        }
        Ok(Promise { days, extended_days })
    }
}
