//! What the server signs, anybody can check: Ed25519 in compact JWS (RFC 7515, RFC 8037), with published keys.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not an Ed25519 public key.
    #[error("not an Ed25519 public key as a JWK: kty OKP, crv Ed25519, and 32 bytes of base64url in x (RFC 8037)")]
    NotEd25519,
    /// A `kid` that is not the key's own thumbprint would let one key pass for another.
    #[error("the kid is not the key's thumbprint (RFC 7638)")]
    WrongKid,
    /// The private part stands where only public keys belong.
    #[error("this is a private key; only its public part may be published")]
    Private,
}

/// Why something signed is not believed. Nothing of its content is told, since nothing of it is known to be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// Not of the form of a compact JWS.
    #[error("this is no signed receipt: it is not three parts of base64url, apart by dots")]
    Malformed,
    /// Another algorithm, another type, or an extension that is not known here.
    #[error("this is not signed as a receipt is (EdDSA, and of the type expected)")]
    Header,
    /// None of the keys at hand made it.
    #[error("this was signed with a key that is none of those at hand")]
    UnknownKey,
    /// Content and signature do not belong together.
    #[error("the signature does not fit: what it says was changed, or was never signed")]
    Signature,
}

/// A public key as it is published (RFC 7517, RFC 8037 section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicKey {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The key, in base64url.
    pub x: String,
    /// Its thumbprint (RFC 7638).
    #[serde(default)]
    pub kid: String,
    /// `EdDSA`.
    #[serde(default = "eddsa")]
    pub alg: String,
    /// `sig`.
    #[serde(default = "sig", rename = "use")]
    #[schema(rename = "use")]
    pub usage: String,
    /// Never there: read only to refuse it.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    d: Option<Private>,
}

/// That a private part was given; its value is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Private;

impl<'de> Deserialize<'de> for Private {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(from).map(|_| Private)
    }
}

fn eddsa() -> String {
    "EdDSA".to_owned()
}

fn sig() -> String {
    "sig".to_owned()
}

/// Public keys as they are published (RFC 7517 section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeySet {
    /// The key in use first, then those of former times.
    pub keys: Vec<PublicKey>,
}

impl PublicKey {
    fn of(bytes: &[u8]) -> Self {
        let x = URL_SAFE_NO_PAD.encode(bytes);
        let kid = thumbprint(&x);
        Self { kty: "OKP".to_owned(), crv: "Ed25519".to_owned(), x, kid, alg: eddsa(), usage: sig(), d: None }
    }

    fn bytes(&self) -> Result<Vec<u8>, KeyError> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).map_err(|_| KeyError::NotEd25519)?;
        let fits = self.kty == "OKP" && self.crv == "Ed25519" && bytes.len() == 32;
        if fits { Ok(bytes) } else { Err(KeyError::NotEd25519) }
    }
}

impl KeySet {
    /// Reads a key set, or one key alone.
    ///
    /// # Errors
    /// When it is no JSON, or a key in it cannot be used.
    pub fn parse(text: &str) -> Result<Self, String> {
        let set = serde_json::from_str::<KeySet>(text)
            .or_else(|_| serde_json::from_str::<PublicKey>(text).map(|key| KeySet { keys: vec![key] }))
            .map_err(|_| "not a set of keys: {\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": …}]}")?;
        set.checked().map_err(|error| error.to_string())
    }

    /// The same with every key held to be what it says; a missing `kid` is computed.
    fn checked(mut self) -> Result<Self, KeyError> {
        for key in &mut self.keys {
            if key.d.is_some() {
                return Err(KeyError::Private);
            }
            let own = PublicKey::of(&key.bytes()?);
            if !key.kid.is_empty() && key.kid != own.kid {
                return Err(KeyError::WrongKid);
            }
            *key = own;
        }
        Ok(self)
    }

    /// The content of a compact JWS, once its signature is found to be by one of these keys.
    ///
    /// # Errors
    /// [`Forged`]: then nothing it says is to be believed.
    pub fn open(&self, kind: &str, jws: &str) -> Result<Vec<u8>, Forged> {
        let (signed, signature) = jws.rsplit_once('.').ok_or(Forged::Malformed)?;
        let (header, content) = signed.split_once('.').ok_or(Forged::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Forged::Malformed);
        let (header, content, signature) = (decode(header)?, decode(content)?, decode(signature)?);
        // The algorithm is ours and not the sender's choice; an unknown member (`crit`, `b64`) could change the meaning.
        let header: Header = serde_json::from_slice(&header).map_err(|_| Forged::Header)?;
        if header.alg != "EdDSA" || header.typ != kind {
            return Err(Forged::Header);
        }
        let key = self.keys.iter().find(|key| key.kid == header.kid).ok_or(Forged::UnknownKey)?;
        let key = key.bytes().map_err(|_| Forged::UnknownKey)?;
        UnparsedPublicKey::new(&ED25519, key).verify(signed.as_bytes(), &signature).map_err(|_| Forged::Signature)?;
        Ok(content)
    }
}

/// A JWS header as this server writes it, and the only kind it reads.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// The JWK thumbprint of an Ed25519 key (RFC 7638; RFC 8037 appendix A.3).
fn thumbprint(x: &str) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}

/// The server's signing key, and the public keys it answers for.
pub struct Signer {
    pair: Ed25519KeyPair,
    published: KeySet,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.key().kid)
    }
}

impl Signer {
    /// The signer of a seed. `retired` are the public keys of former times, which stay published.
    ///
    /// # Panics
    /// Never: any 32 bytes are the seed of an Ed25519 key (RFC 8032 section 5.1.5).
    pub fn new(seed: &[u8; 32], retired: KeySet) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are the seed of an Ed25519 key");
        let own = PublicKey::of(pair.public_key().as_ref());
        let retired = retired.keys.into_iter().filter(|key| key.kid != own.kid);
        let published = KeySet { keys: std::iter::once(own.clone()).chain(retired).collect() };
        Self { pair, published }
    }

    /// The public keys: the one in use and the retired ones.
    pub fn published(&self) -> &KeySet {
        &self.published
    }

    /// The public key in use.
    pub fn key(&self) -> &PublicKey {
        &self.published.keys[0]
    }

    /// A compact JWS over `content`, of the type `kind`. The same content always gives the same text (RFC 8032 is
    /// deterministic).
    pub fn sign(&self, kind: &str, content: &[u8]) -> String {
        let header = format!(r#"{{"alg":"EdDSA","typ":"{kind}","kid":"{}"}}"#, self.key().kid);
        let mut jws = String::with_capacity((header.len() + content.len()) * 4 / 3 + 100);
        URL_SAFE_NO_PAD.encode_string(header, &mut jws);
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(content, &mut jws);
        let signature = self.pair.sign(jws.as_bytes());
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
        jws
    }

    /// The bare signature of a message in a form other than JWS (RFC 8032). It must be one that no JWS can have.
    pub fn sign_message(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests;
