//! What the person asked before: how much of what is free is used up, and which open request a new one repeats.

use chrono::{DateTime, Months, Utc};

use super::{Error, Office};
use crate::domain::ids::RequestId;
use crate::domain::policy::Terms;
use crate::domain::regime::{Ground, OnlyWhen};
use crate::domain::request::{Request, StateName};
use crate::store::Tx;

/// What the person asked of the same controller under the same right in the twelve months before a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// From when on.
    pub since: DateTime<Utc>,
    /// How many requests were received.
    pub received: usize,
    /// How many of them were answered with what was asked, whole or in part.
    pub answered: usize,
    /// How many the law gives free of charge in twelve months; none where all are.
    pub free_per_year: Option<u32>,
    /// The earliest request that is the same and is being worked on.
    pub duplicate_of: Option<RequestId>,
}

/// Looks the history of a request up, by index.
pub(super) fn history(office: &Office, tx: &mut Tx<'_>, request: &Request) -> Result<History, Error> {
    let since = request.received_at.checked_sub_months(Months::new(12)).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let earlier = tx.earlier_requests(request, since)?;
    let answered = |s| matches!(s, StateName::Fulfilled | StateName::PartiallyFulfilled);
    // One that nobody proved to be theirs may be a stranger's, and may never be answered.
    let worked_on = |s| {
        use StateName as S;
        matches!(s, S::InReview | S::AwaitingRequester | S::Fulfilling | S::AwaitingRelease)
    };
    Ok(History {
        since,
        received: earlier.len(),
        answered: earlier.iter().filter(|e| answered(e.state)).count(),
        free_per_year: free_per_year(office, request),
        duplicate_of: earlier.iter().rev().find(|e| worked_on(e.state)).map(|e| e.id),
    })
}

fn free_per_year(office: &Office, request: &Request) -> Option<u32> {
    let policy = &office.controller(&request.controller)?.policy;
    let regime = office.regimes.get(&request.regime)?;
    Terms::of(policy, regime, request.right, policy.day_of(request.received_at))?.free_per_year
}

impl History {
    /// Sees to what a ground needs beyond the judgement of staff.
    ///
    /// # Errors
    /// [`Error::GroundNotGiven`].
    pub(super) fn bears(&self, ground: &Ground) -> Result<(), Error> {
        match ground.only_when {
            None => Ok(()),
            Some(OnlyWhen::FreeRequestsUsed) => {
                let free = self.free_per_year.and_then(|free| usize::try_from(free).ok());
                let Some(free) = free else {
                    return Err(Error::GroundNotGiven("every request under this right is free".to_owned()));
                };
                let left = self.answered < free;
                let message = || {
                    let since = self.since.date_naive();
                    format!("{} of {free} free requests were answered since {since}", self.answered)
                };
                if left { Err(Error::GroundNotGiven(message())) } else { Ok(()) }
            }
            Some(OnlyWhen::EarlierRequestOpen) => match self.duplicate_of {
                Some(_) => Ok(()),
                None => Err(Error::GroundNotGiven("no earlier request that is the same is being worked on".to_owned())),
            },
        }
    }
}
