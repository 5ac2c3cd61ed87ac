//! The token a requester is given at submission: it opens their own requests and nothing else.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::domain::ids::BundleId;

/// A requester's token: the bundle's id, by which it is found, and 256 secret bits, of which only the SHA-256 is kept.
pub struct Token {
    /// The bundle it opens, if the secret is right.
    pub bundle: BundleId,
    secret: [u8; 32],
}

impl Token {
    /// A token for a bundle from fresh random bytes.
    pub fn new(bundle: BundleId, secret: [u8; 32]) -> Self {
        Self { bundle, secret }
    }

    /// Reads a token; `None` when it has not the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, secret) = bytes.split_at_checked(16)?;
        Some(Self { bundle: BundleId(Uuid::from_slice(id).ok()?), secret: secret.try_into().ok()? })
    }

    /// The token as the requester keeps it.
    pub fn reveal(&self) -> SecretString {
        let mut bytes = [0; 48];
        bytes[..16].copy_from_slice(self.bundle.0.as_bytes());
        bytes[16..].copy_from_slice(&self.secret);
        URL_SAFE_NO_PAD.encode(bytes).into()
    }

    /// What the store keeps of it.
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.secret)
    }

    /// Whether this is the token whose hash was kept; in constant time.
    pub fn opens(&self, kept: &[u8; 32]) -> bool {
        verify_slices_are_equal(&self.hash(), kept).is_ok()
    }
}

/// A key with which one of the company's tools asks for suppressions: `hbk_` and 256 secret bits.
pub struct ApiSecret(SecretString);

impl ApiSecret {
    /// A new key.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(format!("hbk_{}", URL_SAFE_NO_PAD.encode(bytes)).into())
    }

    /// The key as the tool keeps it.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// What the store keeps of it, and finds it by.
    pub fn hash(&self) -> [u8; 32] {
        hash(self.0.expose_secret().as_bytes())
    }
}

impl From<&str> for ApiSecret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_what_it_was_made_for() {
        let token = Token::new(BundleId(Uuid::from_u128(9)), [3; 32]);
        let again = Token::parse(token.reveal().expose_secret()).unwrap();
        assert_eq!(again.bundle, token.bundle);
        assert!(again.opens(&token.hash()));
        assert!(!Token::new(token.bundle, [4; 32]).opens(&token.hash()));
    }

    #[rstest::rstest]
    #[case("")]
    #[case("abc")]
    #[case("%%%%")]
    #[case("AAAAAAAAAAAAAAAAAAAAAA")]
    fn what_is_no_token_is_none(#[case] text: &str) {
        assert!(Token::parse(text).is_none());
    }
}
