//! Verifying: the six digits that were mailed come back, and the whole bundle goes on.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::{Error, Office, evidence};
use crate::clock;
use crate::domain::ids::{BundleId, RequestId};
use crate::domain::job::{Job, NewJob};
use crate::domain::lifecycle::Step;
use crate::domain::request::{Request, StateName};
use crate::domain::verification::{Challenge, ChallengeError, Level, Method};
use crate::store::Tx;

/// Sends another code; the one before is void.
///
/// # Errors
/// [`Error::Challenge`] when the address is confirmed or too many codes were sent; [`Error::NotFound`].
pub async fn send_code(office: &Office, bundle: BundleId) -> Result<Challenge, Error> {
    let now = office.clock.now();
    let serial = u64::from_be_bytes(clock::random());
    office
        .store
        .write(move |tx| {
            let challenge = challenge(tx, bundle)?.again(serial, now)?;
            tx.set_challenge(bundle, &challenge)?;
            tx.enqueue(&NewJob { job: Job::MailCode { bundle, serial }, run_at: now })?;
            Ok(challenge)
        })
        .await
}

/// Takes the code for the whole bundle; gives the request it was confirmed through.
///
/// # Errors
/// [`Error::Challenge`] when the code is wrong, old or tried too often: the try is counted all the same.
pub async fn confirm_code(
    office: &Office,
    bundle: BundleId,
    request: RequestId,
    code: String,
) -> Result<Request, Error> {
    let now = office.clock.now();
    let keys = office.store.keys().clone();
    let inner = office.clone();
    // The try has to be committed even when the code is wrong, so the refusal travels as a value.
    let answer = office
        .store
        .write(move |tx| {
            let challenge = challenge(tx, bundle)?;
            let expected = keys.code(bundle, challenge.serial);
            let right = verify_slices_are_equal(expected.expose_secret().as_bytes(), code.trim().as_bytes()).is_ok();
            let (challenge, answer) = challenge.answer(right, now);
            tx.set_challenge(bundle, &challenge)?;
            if let Err(refusal) = answer {
                return Ok::<_, Error>(Err(refusal));
            }
            let requests = tx.requests_of_for_update(bundle)?;
            let agent = requests.iter().find_map(|r| r.particulars.agent.as_ref()).map(|a| a.email.clone());
            let listing = agent.map_or(Ok(None), |email| tx.trusted_agent(&email))?.map(|agent| agent.listing);
            let mut acknowledge = false;
            for request in requests {
                let clocks = request.clocks.clone();
                let step = Step { now, by: request.holder() };
                let outcome = match request.state.name() {
                    StateName::AwaitingVerification => request.verified(step, Method::EmailCode, Level::Email)?,
                    StateName::AwaitingAuthorization => {
                        let trusted = listing.as_ref().is_some_and(|l| l.covers(request.right));
                        request.agent_confirmed(step, trusted)?
                    }
                    _ => continue,
                };
                let outcome = inner.dated(&clocks, outcome, now);
                // Unless its date made the letter go out before.
                acknowledge |= clocks.acknowledged_at != outcome.request.clocks.acknowledged_at;
                tx.save(&outcome)?;
            }
            evidence::look_for_name(tx, bundle, now)?;
            if acknowledge {
                self::acknowledge(tx, bundle, now)?;
            }
            Ok(Ok(tx.request(request)?))
        })
        .await?;
    answer?.ok_or(Error::NotFound("request"))
}

/// The address was proved by other means: the code that was sent is void, and none is sent any more.
pub(super) fn supersede(tx: &mut Tx<'_>, bundle: BundleId, now: DateTime<Utc>) -> Result<(), Error> {
    let kept = tx.bundle_for_update(bundle)?.ok_or(Error::NotFound("request"))?;
    if let Some(challenge) = kept.challenge {
        tx.set_challenge(bundle, &challenge.superseded(now))?;
    }
    Ok(())
}

/// Has the person told that their requests are being worked on.
pub(super) fn acknowledge(tx: &mut Tx<'_>, bundle: BundleId, now: DateTime<Utc>) -> Result<(), Error> {
    Ok(tx.enqueue(&NewJob { job: Job::MailAcknowledgement { bundle }, run_at: now })?)
}

fn challenge(tx: &mut Tx<'_>, bundle: BundleId) -> Result<Challenge, Error> {
    let bundle = tx.bundle_for_update(bundle)?.ok_or(Error::NotFound("request"))?;
    // Nothing was ever asked of this bundle: to the caller that is as good as confirmed.
    bundle.challenge.ok_or(Error::Challenge(ChallengeError::AlreadyConfirmed))
}
