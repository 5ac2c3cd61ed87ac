//! What staff should know of a request beside itself: what the person asked before, and to whom it can be referred.

use serde::Serialize;
use utoipa::ToSchema;

use super::{OtherRequest, moment};
use crate::domain::policy::Referral;
use crate::usecases::history::History;

/// What the person asked of the same controller under the same right in the twelve months before.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryView {
    /// From when on.
    #[schema(format = DateTime)]
    pub since: String,
    /// How many requests were received.
    pub received: usize,
    /// How many of them were answered with what was asked, whole or in part.
    pub answered: usize,
    /// How many the law gives free of charge in twelve months; null where all are.
    #[schema(required)]
    pub free_per_year: Option<u32>,
    /// The earlier request that is the same and is being worked on.
    #[schema(required)]
    pub duplicate_of: Option<OtherRequest>,
}

impl From<&History> for HistoryView {
    fn from(history: &History) -> Self {
        Self {
            since: moment(history.since),
            received: history.received,
            answered: history.answered,
            free_per_year: history.free_per_year,
            duplicate_of: history.duplicate_of.map(OtherRequest::from),
        }
    }
}

/// Somebody else to whom requests are referred, as the policy names them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralView {
    /// What a referral names as its `preset`.
    pub id: String,
    /// To whom the person should turn.
    pub to: String,
    /// Why.
    pub explanation: String,
}

impl From<&Referral> for ReferralView {
    fn from(referral: &Referral) -> Self {
        Self { id: referral.id.clone(), to: referral.to(), explanation: referral.text.clone() }
    }
}
