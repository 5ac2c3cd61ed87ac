//! What a denial needs before it is taken, and what the person is given or offered in its place.

use chrono::{DateTime, Utc};

use crate::clock;
use crate::domain::ids::RequestId;
use crate::domain::lifecycle::Step;
use crate::domain::policy::Terms;
use crate::domain::reckoning::Reckoning;
use crate::domain::regime::{Ground, LetterPart, OnlyWhen, Regime};
use crate::domain::request::{Instead, Outcome, Request, StateName};
use crate::domain::right::Right;
use crate::domain::verification::Verification;
use crate::store::Tx;
use crate::usecases::history::history;
use crate::usecases::{Error, Office};

/// What stands in the place of what was asked.
#[derive(Default)]
pub(super) struct InPlace {
    /// What the denial says of it.
    pub(super) answer: Option<Instead>,
    /// A request that is opened for it.
    pub(super) opened: Option<Outcome>,
}

/// Sees that the regime knows the ground and that what it needs is there; gives what the person gets in place of what
/// they asked.
///
/// # Errors
/// [`Error::UnknownGround`], [`Error::GroundNotGiven`].
pub(super) fn instead(
    office: &Office,
    tx: &mut Tx<'_>,
    request: &Request,
    step: Step,
    code: &str,
) -> Result<InPlace, Error> {
    let regime = office.regimes.get(&request.regime).ok_or(Error::UnknownRegime)?;
    let ground = known(regime, request.right, code, "/ground")?;
    if ground.only_when.is_some() {
        let history = history(office, tx, request)?;
        history.bears(ground)?;
        let earlier = history.duplicate_of.filter(|_| ground.only_when == Some(OnlyWhen::EarlierRequestOpen));
        return Ok(InPlace { answer: earlier.map(|request| Instead::Earlier { request }), opened: None });
    }
    if code != Ground::IDENTITY_NOT_VERIFIED {
        return Ok(InPlace::default());
    }
    let demands = |part| regime.denial_letter.contains(&part);
    match request.right {
        Right::Access | Right::Portability if demands(LetterPart::AnsweredAsCategories) => {
            categories(office, tx, request, step)
        }
        Right::Deletion if demands(LetterPart::OptOutOffered) && regime.rights.contains_key(&Right::OptOut) => {
            Ok(InPlace { answer: Some(Instead::OptOut), opened: None })
        }
        _ => Ok(InPlace::default()),
    }
}

/// The regime's ground of that code.
pub(super) fn known<'r>(regime: &'r Regime, right: Right, code: &str, pointer: &str) -> Result<&'r Ground, Error> {
    regime.grounds_against(right).find(|ground| ground.code == code).ok_or_else(|| Error::UnknownGround {
        pointer: pointer.to_owned(),
        known: regime.grounds_against(right).map(|ground| ground.code.clone()).collect(),
    })
}

/// Whoever cannot be told the pieces is told the categories (11 CCR 7024(a)): under the request for them in the same
/// bundle, or under one that is opened with the same receipt.
fn categories(office: &Office, tx: &mut Tx<'_>, request: &Request, step: Step) -> Result<InPlace, Error> {
    use StateName as S;
    let gone = |state| matches!(state, S::Denied | S::Referred | S::Withdrawn | S::Expired);
    let siblings = tx.requests_of(request.bundle)?;
    let asked = siblings.iter().find(|s| s.right == Right::Categories && !gone(s.state.name()));
    if let Some(asked) = asked {
        return Ok(InPlace { answer: Some(Instead::Categories { request: asked.id }), opened: None });
    }
    let Some(opened) = opened(office, request, step.now) else { return Ok(InPlace::default()) };
    let answer = Some(Instead::Categories { request: opened.id });
    Ok(InPlace { answer, opened: Some(opened.opened_instead_of(step, request.id)) })
}

fn opened(office: &Office, request: &Request, now: DateTime<Utc>) -> Option<Request> {
    let controller = office.controller(&request.controller)?;
    let regime = office.regimes.get(&request.regime)?;
    let received = controller.policy.day_of(request.received_at);
    let terms = Terms::of(&controller.policy, regime, Right::Categories, received)?;
    let verification = Verification { required: terms.verification, ..request.verification.clone() };
    let mut opened = Request {
        id: RequestId(clock::new_id(now)),
        right: Right::Categories,
        verification,
        remedies: None,
        appeals: Vec::new(),
        ..request.clone()
    };
    opened.deadlines = Reckoning { policy: &controller.policy, regime }.deadlines(&opened);
    Some(opened)
}
