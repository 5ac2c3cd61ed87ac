//! Staff's second factor: begun, confirmed with a first code, asked for at each sign-in after that, and taken away by
//! an admin when somebody's telephone is gone.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::one_time_code::{self, SECRET_BYTES};
use super::suppression::SERVER;
use super::{Error, Office};
use crate::clock;
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::identity::Email;
use crate::domain::ids::StaffId;
use crate::domain::staff::Staff;
use crate::store::{SecondFactor, Tx};

/// A second factor that was begun: shown this once.
pub struct Enrolment {
    /// What the app keeps, to be typed.
    pub secret: SecretString,
    /// The same, for a QR code.
    pub uri: SecretString,
}

/// Begins: gives the secret. It counts once a first code has shown that an app has it; one that was begun before and
/// never confirmed is void.
///
/// # Errors
/// [`Error::SecondFactorExists`].
pub async fn begin(office: &Office, staff: &Staff) -> Result<Enrolment, Error> {
    let now = office.clock.now();
    let secret = Zeroizing::new(clock::random::<SECRET_BYTES>().to_vec());
    let issuer = office.public_url.split("://").last().unwrap_or_default().to_owned();
    let uri = one_time_code::uri(&issuer, staff.email.expose(), &secret);
    let enrolment = Enrolment { secret: one_time_code::base32(&secret).into(), uri: uri.into() };
    let id = staff.id;
    office
        .store
        .write(move |tx| {
            if tx.second_factor_for_update(id)?.is_some_and(|f| f.confirmed_at.is_some()) {
                return Err(Error::SecondFactorExists);
            }
            let secret = secret.clone();
            tx.put_second_factor(&SecondFactor {
                staff: id,
                secret,
                created_at: now,
                confirmed_at: None,
                last_step: 0,
            })?;
            Ok(())
        })
        .await?;
    Ok(enrolment)
}

/// Confirms with a first code; from now on every sign-in asks for one.
///
/// # Errors
/// [`Error::WrongOneTimeCode`], [`Error::SecondFactorExists`] when it is confirmed already, [`Error::NotFound`] when
/// none was begun.
pub async fn confirm(office: &Office, staff: StaffId, code: SecretString) -> Result<(), Error> {
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            let mut factor = tx.second_factor_for_update(staff)?.ok_or(Error::NotFound("second factor"))?;
            if factor.confirmed_at.is_some() {
                return Err(Error::SecondFactorExists);
            }
            let step = one_time_code::step_of(&factor.secret, &code, now, factor.last_step);
            factor.last_step = step.ok_or(Error::WrongOneTimeCode)?;
            factor.confirmed_at = Some(now);
            tx.put_second_factor(&factor)?;
            tx.append(&NewEntry::new(&SERVER.into(), None, now, Actor::Staff(staff), "staff.second_factor_added"))?;
            Ok(())
        })
        .await
}

/// Takes somebody's second factor away, so that they can begin another: an admin's for a colleague, or the operator's at
/// the machine (`by` is none).
///
/// # Errors
/// [`Error::Forbidden`] for one's own: whoever took over a session could drop the lock behind them.
/// [`Error::NotFound`] when there is none.
pub async fn reset(office: &Office, by: Option<StaffId>, of: StaffId) -> Result<(), Error> {
    if by == Some(of) {
        return Err(Error::Forbidden);
    }
    let now = office.clock.now();
    office
        .store
        .write(move |tx| {
            if !tx.remove_second_factor(of)? {
                return Err(Error::NotFound("second factor"));
            }
            let actor = by.map_or(Actor::System, Actor::Staff);
            let entry = NewEntry::new(&SERVER.into(), None, now, actor, "staff.second_factor_removed");
            tx.append(&entry.with(serde_json::json!({ "staff": of })))?;
            Ok(())
        })
        .await
}

/// The same by address, for the operator.
///
/// # Errors
/// As [`reset`].
pub async fn reset_of(office: &Office, email: Email) -> Result<(), Error> {
    let found = office.store.read(move |tx| Ok::<_, Error>(tx.staff_by_email(&email)?)).await?;
    let (staff, ..) = found.ok_or(Error::NotFound("account"))?;
    reset(office, None, staff.id).await
}

/// How a sign-in with the right password stands.
pub(super) enum Asked {
    /// No code is asked for.
    Nothing,
    /// The code is right, and taken.
    Taken,
    /// There is none.
    Missing,
    /// It is wrong, too old, or was taken before.
    Wrong,
}

/// Looks at the code of a sign-in, and takes it if it is right.
pub(super) fn take(
    tx: &mut Tx<'_>,
    staff: StaffId,
    code: Option<&SecretString>,
    now: DateTime<Utc>,
) -> Result<Asked, Error> {
    let factor = tx.second_factor_for_update(staff)?.filter(|f| f.confirmed_at.is_some());
    let Some(mut factor) = factor else { return Ok(Asked::Nothing) };
    let Some(code) = code else { return Ok(Asked::Missing) };
    let Some(step) = one_time_code::step_of(&factor.secret, code, now, factor.last_step) else {
        return Ok(Asked::Wrong);
    };
    factor.last_step = step;
    tx.put_second_factor(&factor)?;
    Ok(Asked::Taken)
}
