//! How sure Habeas is that the requester is the person: a level, never a guess.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How strongly a requester's identity has been, or has to be, shown; each level includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing has to be shown: an opt-out is honoured for whoever asks (11 CCR 7026(d), 7060(b)).
    None,
    /// Control of the e-mail address the request names, shown by a code sent to it.
    Email,
    /// A reasonable degree of certainty, such as two matching data points (11 CCR 7062(b)).
    Reasonable,
    /// A reasonably high degree of certainty, such as three matching data points and a signed declaration (11 CCR 7062(c)).
    High,
}
