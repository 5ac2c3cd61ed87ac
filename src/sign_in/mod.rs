//! Tokens of a company's own identity provider: who signed in there, if everything about the token is as it must be.
//!
//! Signature by a key the provider publishes, an algorithm the policy names, issuer, audience, times (OpenID Connect
//! Core 1.0 section 3.1.3.7; RFC 8725). Anything else is refused, and why is said: it is the caller's own token.

mod keys;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::KeyAlgorithm;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::domain::identity::{AccountId, Email};
use crate::domain::policy::SignIn;
use crate::domain::policy::evidence::Algorithm;
use crate::domain::verification::Claim;

pub use keys::{JwksError, Source};

/// How far the provider's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;

/// The longest token taken, in bytes.
const LONGEST: usize = 16 * 1024;

/// Whom a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An address that the provider has verified.
    Email(Email),
    /// An account.
    Account(AccountId),
}

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// It is no JWT, or says something about itself that nobody here understands.
    #[error("it is no token that can be read: send the ID token as the identity provider gave it")]
    Malformed,
    /// It is signed in a way the policy does not name.
    #[error("it is signed with an algorithm that is not taken")]
    Algorithm,
    /// The provider publishes no such key.
    #[error("it is signed with a key that the identity provider does not publish")]
    UnknownKey,
    /// The signature is not that key's.
    #[error("its signature is wrong")]
    Signature,
    /// Somebody else issued it.
    #[error("it comes from another issuer")]
    Issuer,
    /// It is meant for somebody else.
    #[error("it is meant for another audience")]
    Audience,
    /// It is over.
    #[error("it has expired: sign in again")]
    Expired,
    /// It does not hold yet.
    #[error("it is not valid yet")]
    NotYet,
    /// The sign-in was too long ago.
    #[error("the sign-in was too long ago: sign in again")]
    Stale,
    /// The provider has not verified the address.
    #[error("the identity provider has not verified the address")]
    EmailUnverified,
    /// It does not name anybody.
    #[error("it does not name an account")]
    Nobody,
    /// The provider's keys cannot be had.
    #[error(transparent)]
    Keys(#[from] JwksError),
}

/// Checks the tokens of one identity provider.
pub struct Verifier {
    settings: SignIn,
    keys: keys::Keys,
}

impl Verifier {
    /// A verifier with these settings; nothing is fetched before the first token.
    ///
    /// # Errors
    /// When no client for fetching keys can be made.
    pub fn new(settings: SignIn, source: Source) -> Result<Self, JwksError> {
        Ok(Self { settings, keys: keys::Keys::new(source)? })
    }

    /// What of a token names the person.
    pub fn names(&self) -> Claim {
        self.settings.names()
    }

    /// Whom the token names.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn subject(&self, token: &SecretString, now: DateTime<Utc>) -> Result<Subject, SignInError> {
        let token = token.expose_secret();
        if token.len() > LONGEST || has_critical(token) {
            return Err(SignInError::Malformed);
        }
        // "none" is no algorithm of the library's, so such a header cannot be read at all.
        let header = decode_header(token).map_err(|_| SignInError::Malformed)?;
        if !self.settings.algorithms.iter().any(|allowed| of(*allowed) == header.alg) {
            return Err(SignInError::Algorithm);
        }
        let kid = header.kid.ok_or(SignInError::UnknownKey)?;
        let jwk = self.keys.find(&kid, now).await?.ok_or(SignInError::UnknownKey)?;
        // A key that says what it is for is used for nothing else (RFC 7517 sections 4.2 and 4.4).
        if jwk.common.key_algorithm.is_some_and(|a| a != KeyAlgorithm::from(header.alg)) {
            return Err(SignInError::Algorithm);
        }
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| SignInError::UnknownKey)?;
        if key.family() != header.alg.family() {
            return Err(SignInError::Algorithm);
        }
        let mut validation = Validation::new(header.alg);
        // Times, issuer and audience are checked below: against our own clock, and each with its own reason.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = decode::<Map<String, Value>>(token, &key, &validation).map_err(|_| SignInError::Signature)?.claims;
        self.check(&claims, now.timestamp())?;
        self.named(&claims)
    }

    fn check(&self, claims: &Map<String, Value>, now: i64) -> Result<(), SignInError> {
        if claims.get("iss").and_then(Value::as_str) != Some(&self.settings.issuer) {
            return Err(SignInError::Issuer);
        }
        let ours = |value: &Value| value.as_str() == Some(&self.settings.audience);
        let meant = match claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(ours),
            Some(one) => ours(one),
            None => false,
        };
        if !meant {
            return Err(SignInError::Audience);
        }
        if moment(claims, "exp")?.is_none_or(|exp| exp + LEEWAY <= now) {
            return Err(SignInError::Expired);
        }
        let issued = moment(claims, "iat")?.ok_or(SignInError::Stale)?;
        if moment(claims, "nbf")?.is_some_and(|nbf| nbf > now + LEEWAY) || issued > now + LEEWAY {
            return Err(SignInError::NotYet);
        }
        // A fresh token of an old session is no fresh sign-in, where the provider says when that was.
        let signed_in = moment(claims, "auth_time")?.unwrap_or(issued).min(issued);
        if now - signed_in > i64::from(self.settings.max_age) + LEEWAY {
            return Err(SignInError::Stale);
        }
        Ok(())
    }

    fn named(&self, claims: &Map<String, Value>) -> Result<Subject, SignInError> {
        let text = match claims.get(&self.settings.claim) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err(SignInError::Nobody),
        };
        if self.names() == Claim::Account {
            return text.parse().map(Subject::Account).map_err(|_| SignInError::Nobody);
        }
        // Some providers write the flag as a text.
        let verified = matches!(claims.get("email_verified"), Some(Value::Bool(true)))
            || claims.get("email_verified").and_then(Value::as_str) == Some("true");
        if !verified {
            return Err(SignInError::EmailUnverified);
        }
        text.parse().map(Subject::Email).map_err(|_| SignInError::Nobody)
    }
}

/// A NumericDate (RFC 7519 section 2), in whole seconds; one that is there but is none is malformed.
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, SignInError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|s| s.is_finite() && s.abs() < 1e12).ok_or(SignInError::Malformed)?;
    Ok(Some(seconds as i64))
}

/// Whether the header names extensions that must be understood (RFC 7515 section 4.1.11): none is.
fn has_critical(token: &str) -> bool {
    let first = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(first).ok();
    let header = header.and_then(|json| serde_json::from_slice::<Map<String, Value>>(&json).ok());
    header.is_none_or(|header| header.contains_key("crit"))
}

fn of(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    use jsonwebtoken::Algorithm as J;
    match algorithm {
        Algorithm::RS256 => J::RS256,
        Algorithm::RS384 => J::RS384,
        Algorithm::RS512 => J::RS512,
        Algorithm::PS256 => J::PS256,
        Algorithm::PS384 => J::PS384,
        Algorithm::PS512 => J::PS512,
        Algorithm::ES256 => J::ES256,
        Algorithm::ES384 => J::ES384,
        Algorithm::EdDSA => J::EdDSA,
    }
}
