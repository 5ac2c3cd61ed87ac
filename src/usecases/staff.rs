//! Staff: accounts, sign-in, sessions that can be revoked.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::second_factor::{self, Asked};
use super::suppression::SERVER;
use super::{Error, Office};
use crate::clock;
use crate::domain::actor::Actor;
use crate::domain::audit::NewEntry;
use crate::domain::identity::{Email, Name};
use crate::domain::ids::{SessionId, StaffId};
use crate::domain::staff::{Role, Staff};
use crate::store::{StoreError, Tx};

/// How long a session lasts.
pub const SESSION: TimeDelta = TimeDelta::hours(8);

/// The shortest password taken (NIST SP 800-63B section 5.1.1.2 asks for 8 at least).
pub const SHORTEST_PASSWORD: usize = 10;

/// What a session's token says (RFC 7519 section 4.1).
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: StaffId,
    jti: SessionId,
    iat: i64,
    exp: i64,
}

const ISSUER: &str = "habeas";

/// A sign-in.
pub struct Session {
    /// The token to send with each call.
    pub token: SecretString,
    /// Until when it is taken.
    pub expires_at: DateTime<Utc>,
    /// Who signed in.
    pub staff: Staff,
}

/// A session as a call shows it.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub staff: Staff,
    /// By which sign-in.
    pub session: SessionId,
    /// A second factor has to be added before anything else is done.
    pub may_only_enrol: bool,
}

/// Adds a member of staff.
///
/// # Errors
/// [`Error::Invalid`] when the password is too short, [`Error::AccountExists`].
pub async fn add(
    office: &Office,
    by: Option<StaffId>,
    email: Email,
    name: Name,
    role: Role,
    password: SecretString,
) -> Result<Staff, Error> {
    let length = password.expose_secret().chars().count();
    if !(SHORTEST_PASSWORD..=200).contains(&length) {
        return Err(Error::invalid("/password", format!("a password has {SHORTEST_PASSWORD} to 200 characters")));
    }
    let now = office.clock.now();
    let staff = Staff { id: StaffId(clock::new_id(now)), email, name, role };
    let hash = blocking(move || hash_password(&password)).await?;
    let kept = staff.clone();
    let actor = by.map_or(Actor::System, Actor::Staff);
    let added = office
        .store
        .write(move |tx| {
            tx.insert_staff(&kept, &hash, now)?;
            let facts = serde_json::json!({ "staff": kept.id, "role": kept.role });
            tx.append(&NewEntry::new(&SERVER.into(), None, now, actor, "staff.added").with(facts))?;
            Ok::<_, Error>(())
        })
        .await;
    match added {
        Ok(()) => Ok(staff),
        Err(Error::Store(StoreError::Conflict(_))) => Err(Error::AccountExists),
        Err(error) => Err(error),
    }
}

/// Signs in. An unknown address costs as much time as a known one.
///
/// # Errors
/// [`Error::BadCredentials`], [`Error::AccountLocked`]; after the right password [`Error::OneTimeCodeRequired`] and
/// [`Error::WrongOneTimeCode`], which counts as a wrong password does.
pub async fn sign_in(
    office: &Office,
    email: Email,
    password: SecretString,
    code: Option<SecretString>,
) -> Result<Session, Error> {
    let now = office.clock.now();
    let sought = email.clone();
    let found = office.store.read(move |tx| Ok::<_, Error>(tx.staff_by_email(&sought)?)).await?;
    let (account, kept) = match found {
        Some((staff, hash, guessing)) => {
            if let Some(until) = guessing.locked_until.filter(|_| guessing.locked(now)) {
                return Err(Error::AccountLocked { retry_after: until - now });
            }
            (Some((staff, guessing)), hash)
        }
        None => (None, SecretString::from(NOBODY)),
    };
    let right = blocking(move || Ok(password_matches(&password, &kept))).await?;
    let Some((staff, _)) = account else { return Err(Error::BadCredentials) };
    let id = staff.id;
    if !right {
        office.store.write(move |tx| count_failure(tx, id, &email, now)).await?;
        return Err(Error::BadCredentials);
    }
    // The wrong code is counted in the transaction that looked at it, so the refusal travels as a value.
    let asked = office
        .store
        .write(move |tx| {
            let asked = second_factor::take(tx, id, code.as_ref(), now)?;
            if matches!(asked, Asked::Wrong) {
                count_failure(tx, id, &email, now)?;
            }
            Ok::<_, Error>(asked)
        })
        .await?;
    match asked {
        Asked::Missing => return Err(Error::OneTimeCodeRequired),
        Asked::Wrong => return Err(Error::WrongOneTimeCode),
        Asked::Nothing | Asked::Taken => {}
    }
    open_session(office, staff, now).await
}

/// Counts a wrong password or code. The account is read again: guesses made at the same time count each.
fn count_failure(tx: &mut Tx<'_>, id: StaffId, email: &Email, now: DateTime<Utc>) -> Result<(), Error> {
    let guessing = tx.staff_by_email(email)?.map(|(_, _, g)| g).unwrap_or_default().after_failure(now);
    tx.set_guessing(id, guessing)?;
    let entry = NewEntry::new(&SERVER.into(), None, now, Actor::System, "staff.sign_in_failed");
    tx.append(&entry.with(serde_json::json!({ "staff": id, "failures": guessing.failures })))?;
    Ok(())
}

async fn open_session(office: &Office, staff: Staff, now: DateTime<Utc>) -> Result<Session, Error> {
    let (id, session, expires_at) = (staff.id, SessionId(clock::new_id(now)), now + SESSION);
    let claims =
        Claims { iss: ISSUER.into(), sub: id, jti: session, iat: now.timestamp(), exp: expires_at.timestamp() };
    let key = EncodingKey::from_secret(office.store.keys().session_secret());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .map_err(|_| Error::Files("sign a session".into()))?;
    office
        .store
        .write(move |tx| {
            tx.set_guessing(id, Default::default())?;
            tx.insert_session(session, id, now, expires_at)?;
            tx.append(&NewEntry::new(&SERVER.into(), None, now, Actor::Staff(id), "staff.signed_in"))?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(Session { token: token.into(), expires_at, staff })
}

/// Who makes a call with this token.
///
/// # Errors
/// [`Error::Unauthorized`] when the token is not ours, has expired, or its session was revoked.
pub async fn authenticate(office: &Office, token: &str) -> Result<SignedIn, Error> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    // Expiry is checked below against the server's own clock, which a test can move.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(office.store.keys().session_secret());
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| Error::Unauthorized)?.claims;
    let now = office.clock.now();
    if claims.exp <= now.timestamp() {
        return Err(Error::Unauthorized);
    }
    let session = claims.jti;
    let staff = office.store.read(move |tx| Ok::<_, Error>(tx.session(session, now)?)).await?;
    let staff = staff.filter(|s| s.id == claims.sub).ok_or(Error::Unauthorized)?;
    let may_only_enrol = office.require_second_factor && !has_second_factor(office, staff.id).await?;
    Ok(SignedIn { staff, session, may_only_enrol })
}

async fn has_second_factor(office: &Office, id: StaffId) -> Result<bool, Error> {
    let factor = office.store.read(move |tx| Ok::<_, Error>(tx.second_factor(id)?)).await?;
    Ok(factor.is_some_and(|f| f.confirmed_at.is_some()))
}

/// Every member of staff.
///
/// # Errors
/// When the store fails.
pub async fn list(office: &Office) -> Result<Vec<Staff>, Error> {
    office.store.read(|tx| Ok(tx.staff_list()?)).await
}

/// Ends a session; its token is refused from now on.
///
/// # Errors
/// When the store fails.
pub async fn sign_out(office: &Office, session: SessionId) -> Result<(), Error> {
    let now = office.clock.now();
    office.store.write(move |tx| Ok(tx.revoke_session(session, now)?)).await
}

/// The hash that an unknown address is checked against: of no password at all, at the same cost.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$aGFiZWFzLW5vYm9keQ$6SCFRkIQ4sHNVGqBqGHDKUGhVCyTUeQjW3N0pIa0Bzg";

fn hash_password(password: &SecretString) -> Result<String, Error> {
    let salt: [u8; 16] = clock::random();
    Argon2::default()
        .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| Error::Files("hash a password".into()))
}

fn password_matches(password: &SecretString, kept: &SecretString) -> bool {
    PasswordHash::new(kept.expose_secret())
        .is_ok_and(|hash| Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
}

/// Argon2 takes tens of milliseconds on purpose: never on a thread that serves others.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Files("finish a computation".into()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let hash = hash_password(&"correct horse battery".into()).unwrap().into();
        assert!(password_matches(&"correct horse battery".into(), &hash));
        assert!(!password_matches(&"correct horse batterz".into(), &hash));
        assert!(hash.expose_secret().starts_with("$argon2id$"));
    }

    #[test]
    fn nobody_has_no_password_but_costs_the_same() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = hash_password(&"whatever it may be".into()).unwrap();
        assert_eq!(nobody.params.to_string(), PasswordHash::new(&real).unwrap().params.to_string());
        assert!(!password_matches(&"whatever it may be".into(), &NOBODY.into()));
    }
}
