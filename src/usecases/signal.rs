//! Signals: an opt-out that a browser or a mail program sends is honoured at once, counted once, and mails nobody.

use chrono::{DateTime, Utc};

use super::token::Token;
use super::{Error, Office};
use crate::clock;
use crate::domain::clocks::Clocks;
use crate::domain::identity::{AccountId, Email, Name, Residence};
use crate::domain::ids::{BundleId, ControllerId, RequestId};
use crate::domain::lifecycle;
use crate::domain::mark::Suppressed;
use crate::domain::policy::Honour;
use crate::domain::reckoning::Reckoning;
use crate::domain::regime::Regime;
use crate::domain::request::{Channel, OptOut, Outcome, Particulars, Person, Request, State};
use crate::domain::right::Right;
use crate::domain::verification::{Level, Verification};
use crate::store::{ApiKey, Bundle};

/// What Global Privacy Control opts out of: sale and sharing (Cal. Civ. Code 1798.135(e); 11 CCR 7025), and targeted
/// advertising (C.R.S. 6-1-1306(1)(a)(IV) and the laws like it). It says nothing of mails or of profiling.
pub const GPC: [OptOut; 3] = [OptOut::Sale, OptOut::Sharing, OptOut::TargetedAdvertising];

/// A browser's signal, as the company's site passes it on.
#[derive(Clone, Debug)]
pub struct Signal {
    /// To whom it was sent.
    pub controller: ControllerId,
    /// Whose browser it is, where the site knows.
    pub person: Option<Known>,
    /// Where they live, where the site knows.
    pub residence: Option<Residence>,
}

/// A person whom the site knows, because they are signed in there.
#[derive(Clone, Debug)]
pub struct Known {
    /// What their opt-outs are looked up by.
    pub email: Email,
    /// The company's number for them.
    pub account_id: Option<AccountId>,
}

/// What became of a signal.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whether it is honoured.
    pub honoured: bool,
    /// Since when for the person; none for a browser alone, which says so itself with every call.
    pub since: Option<DateTime<Utc>>,
    /// The statute that makes it binding, where one does.
    pub binding: Option<String>,
}

/// Honours a browser's signal. For a known person it becomes a request, once, and suppressions; for a browser alone
/// nothing is kept.
///
/// # Errors
/// [`Error::Unauthorized`] when a person is named without a key: what somebody opted out of when is theirs to know.
/// [`Error::UnknownController`], [`Error::UnknownRegime`].
pub async fn browser(office: &Office, key: Option<&ApiKey>, signal: Signal) -> Result<Answer, Error> {
    if signal.person.is_some() {
        let key = key.ok_or(Error::Unauthorized)?;
        answers_for(key, &signal.controller)?;
    }
    let controller = office.controller(&signal.controller).ok_or(Error::UnknownController)?;
    let regime = regime(office, &signal.controller, signal.residence.as_ref())?.0;
    let binding = regime.binds_signals(controller.policy.day_of(office.clock.now())).map(str::to_owned);
    if controller.policy.gpc.honour == Honour::WhereBinding && binding.is_none() {
        return Ok(Answer { honoured: false, since: None, binding });
    }
    let Some(Known { email, account_id }) = signal.person else {
        return Ok(Answer { honoured: true, since: None, binding });
    };
    let person = Person { name: Name::not_given(), email, phone: None, account_id, residence: signal.residence };
    let since = honour(office, &signal.controller, person, &GPC, Channel::Gpc).await?;
    Ok(Answer { honoured: true, since: Some(since), binding })
}

/// That a key may be used for a controller. To a key of somebody else's the controller is not there.
pub(super) fn answers_for(key: &ApiKey, controller: &ControllerId) -> Result<(), Error> {
    if key.controller.as_ref().is_none_or(|own| own == controller) { Ok(()) } else { Err(Error::UnknownController) }
}

/// Records an opt-out for good; gives since when all of it holds. What held before makes no second request.
pub(super) async fn honour(
    office: &Office,
    controller: &ControllerId,
    person: Person,
    of: &[OptOut],
    channel: Channel,
) -> Result<DateTime<Utc>, Error> {
    let now = office.clock.now();
    let email = person.email.clone();
    let (bundle, outcome) = prepare(office, controller, person, of, channel, now)?;
    let (controller, of) = (controller.clone(), of.to_vec());
    let (new, since) = office
        .store
        .write(move |tx| {
            let new = tx.suppress(&outcome)? > 0;
            if new {
                tx.insert_bundle(&bundle)?;
                tx.insert(&outcome)?;
            }
            let held = tx.suppressions(Some(&controller), &email)?;
            let since = held
                .iter()
                .filter(|held| of.iter().any(|one| held.what == Suppressed::OptOut(*one)))
                .map(|held| held.since)
                .max();
            Ok::<_, Error>((new, since.unwrap_or(now)))
        })
        .await?;
    if new {
        metrics::counter!("habeas_requests_submitted_total").increment(1);
    }
    Ok(since)
}

fn prepare(
    office: &Office,
    id: &ControllerId,
    person: Person,
    of: &[OptOut],
    channel: Channel,
    now: DateTime<Utc>,
) -> Result<(Bundle, Outcome), Error> {
    let controller = office.controller(id).ok_or(Error::UnknownController)?;
    let (regime, why) = regime(office, id, person.residence.as_ref())?;
    let bundle = BundleId(clock::new_id(now));
    let particulars = Particulars {
        person,
        details: None,
        corrections: Vec::new(),
        opt_out_of: of.to_vec(),
        range: None,
        transmit_to: None,
        agent: None,
        language: None,
    };
    let mut request = Request {
        id: RequestId(clock::new_id(now)),
        bundle,
        controller: id.clone(),
        right: Right::OptOut,
        regime: regime.id.clone(),
        regime_reason: why,
        channel,
        entered_by: None,
        received_at: now,
        deadlines: Vec::new(),
        told: Vec::new(),
        remedies: None,
        appeals: Vec::new(),
        clocks: Clocks::default(),
        extension: None,
        // An opt-out need not be a verifiable request (11 CCR 7026(d), 7060(b)); what a signal asks for harms nobody.
        verification: Verification::required(Level::None),
        assignee: None,
        state: State::InReview { since: now },
        particulars,
    };
    request.deadlines = Reckoning { policy: &controller.policy, regime }.deadlines(&request);
    // Nobody is given this token: a signal is answered where it was sent.
    let token_hash = Token::new(bundle, clock::random()).hash();
    let bundle = Bundle { id: bundle, controller: id.clone(), token_hash, created_at: now, challenge: None };
    Ok((bundle, lifecycle::submit(request, now)))
}

/// The law of a signal, and why that one.
fn regime<'a>(
    office: &'a Office,
    controller: &ControllerId,
    residence: Option<&Residence>,
) -> Result<(&'a Regime, String), Error> {
    let policy = &office.controller(controller).ok_or(Error::UnknownController)?.policy;
    let today = policy.day_of(office.clock.now());
    let choice = office.regimes.choose(policy, None, residence, today).map_err(|_| Error::UnknownRegime)?;
    Ok((choice.regime, choice.why))
}
