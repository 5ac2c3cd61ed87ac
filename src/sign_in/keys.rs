//! An identity provider's public keys: fetched once, kept for an hour, and asked for anew when a token names one that
//! is not among them, though not more often than once a minute.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use tokio::sync::Mutex;

/// How long keys are used without looking whether they changed: so long a key that was withdrawn is still taken.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// How often keys are asked for at most, whatever tokens name.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

/// The longest answer read, in bytes.
const LONGEST: usize = 256 * 1024;

/// Where the keys are.
#[derive(Clone, Debug)]
pub enum Source {
    /// Over HTTPS, or from this machine; the policy has checked that.
    Url(String),
    /// In a file.
    File(PathBuf),
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// The provider does not give them.
    #[error("the identity provider's keys cannot be fetched; try again in a minute")]
    Unavailable,
    /// What it gives are none.
    #[error("what the identity provider gives is no key set (RFC 7517)")]
    Malformed,
}

pub(super) struct Keys {
    source: Source,
    client: reqwest::Client,
    /// Held while keys are fetched, so that many tokens at once fetch them once.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    set: Option<JwkSet>,
    fetched: Option<DateTime<Utc>>,
    tried: Option<DateTime<Utc>>,
}

impl Keys {
    pub(super) fn new(source: Source) -> Result<Self, JwksError> {
        // No redirects: they could lead anywhere, also to plain HTTP.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(5))
            .build()
            .map_err(|_| JwksError::Unavailable)?;
        Ok(Self { source, client, known: Mutex::default() })
    }

    /// The signature key of that name; `None` when the provider publishes none.
    pub(super) async fn find(&self, kid: &str, now: DateTime<Utc>) -> Result<Option<Jwk>, JwksError> {
        let mut known = self.known.lock().await;
        let fresh = known.fetched.is_some_and(|at| now - at < FRESH);
        let there = known.set.as_ref().is_some_and(|set| set.find(kid).is_some());
        let may_ask = known.tried.is_none_or(|at| now - at >= PATIENCE);
        if may_ask && !(fresh && there) {
            known.tried = Some(now);
            match self.fetch().await {
                Ok(set) => *known = Known { set: Some(set), fetched: Some(now), tried: Some(now) },
                // A provider that is down for a moment does not lock out those whose keys are known and fresh.
                Err(error) if !fresh => return Err(error),
                Err(error) => tracing::warn!(%error, "an identity provider's keys could not be looked at again"),
            }
        } else if !fresh {
            return Err(JwksError::Unavailable);
        }
        let found = known.set.as_ref().and_then(|set| set.find(kid));
        let signs = |key: &&Jwk| matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
        Ok(found.filter(signs).cloned())
    }

    async fn fetch(&self) -> Result<JwkSet, JwksError> {
        let bytes = match &self.source {
            Source::Url(url) => self.get(url).await?,
            Source::File(path) => tokio::fs::read(path).await.map_err(|_| JwksError::Unavailable)?,
        };
        serde_json::from_slice(&bytes).map_err(|_| JwksError::Malformed)
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, JwksError> {
        let unavailable = |_| JwksError::Unavailable;
        let mut response = self.client.get(url).send().await.map_err(unavailable)?;
        if !response.status().is_success() {
            return Err(JwksError::Unavailable);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
            if body.len() + chunk.len() > LONGEST {
                return Err(JwksError::Malformed);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
