//! What a person can do about an answer, by the law and the policy of the day it was given.

use chrono::{DateTime, Utc};

use super::Office;
use crate::domain::appeal::{AppealOffer, Remedies};
use crate::domain::policy::{AppealTerms, Policy};
use crate::domain::regime::{LetterPart, Regime};
use crate::domain::request::Request;

/// The remedies against an answer given at that moment; none where controller or law are no longer configured.
pub(super) fn remedies(office: &Office, request: &Request, decided: DateTime<Utc>) -> Option<Remedies> {
    let policy = &office.controller(&request.controller)?.policy;
    Some(against(policy, office.regimes.get(&request.regime)?, decided))
}

/// The appeal against an answer given at that moment; none where there is none.
pub(super) fn offer(office: &Office, request: &Request, decided: DateTime<Utc>) -> Option<AppealOffer> {
    remedies(office, request, decided)?.appeal
}

/// What law and policy give against an answer given at that moment.
pub(super) fn against(policy: &Policy, regime: &Regime, decided: DateTime<Utc>) -> Remedies {
    let day = policy.day_of(decided);
    Remedies {
        appeal: AppealTerms::of(policy, regime, day).map(|terms| terms.offer(regime, day)),
        authority: policy.authority(regime).cloned(),
        court: regime.denial_letter.contains(&LetterPart::Court),
    }
}
