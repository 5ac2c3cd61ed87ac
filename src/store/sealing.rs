//! Encryption at rest: AES-256-GCM, each request under a random key of its own that is destroyed by the purge.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::keys::Keys;
use super::{StoreError, keys};
use crate::clock;
use crate::domain::ids::RequestId;

/// The key for AES-256-GCM.
pub(super) fn aead_key(bytes: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("AES-256 takes 32 bytes"))
}

/// Nonce, ciphertext, tag. The nonce is random: under one key far fewer than 2^32 things are sealed (NIST SP 800-38D
/// section 8.3).
pub(super) fn seal(key: &LessSafeKey, aad: &[u8], plain: &[u8]) -> Vec<u8> {
    seal_with(key, clock::random(), aad, plain)
}

/// The same with a nonce that the caller answers for: never one nonce for two texts.
pub(super) fn seal_with(key: &LessSafeKey, nonce: [u8; NONCE_LEN], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed[NONCE_LEN..])
        .expect("what is sealed is far shorter than 64 GiB");
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

/// What [`seal`] sealed for the same `aad`, if key and bytes are what they were.
pub(super) fn open(key: &LessSafeKey, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut plain = Zeroizing::new(body.to_vec());
    let length = key.open_in_place(nonce, Aad::from(aad), &mut plain).ok()?.len();
    plain.truncate(length);
    Some(plain)
}

/// 32 bytes derived from `secret` for one use (HKDF-SHA256, RFC 5869).
pub(super) fn derive(secret: &[u8; 32], label: &str) -> Zeroizing<[u8; 32]> {
    let mut derived = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, b"habeas")
        .extract(secret)
        .expand(&[label.as_bytes()], HKDF_SHA256)
        .and_then(|okm| okm.fill(derived.as_mut_slice()))
        .expect("HKDF-SHA256 gives 32 bytes");
    derived
}

/// The key of one request.
pub(super) struct RequestKey {
    request: RequestId,
    bytes: Zeroizing<[u8; 32]>,
    aead: LessSafeKey,
}

impl RequestKey {
    pub(super) fn fresh(request: RequestId) -> Self {
        Self::new(request, Zeroizing::new(clock::random()))
    }

    fn new(request: RequestId, bytes: Zeroizing<[u8; 32]>) -> Self {
        let aead = aead_key(&bytes);
        Self { request, bytes, aead }
    }

    /// The key under the master key: what is stored, and destroyed by the purge.
    pub(super) fn wrapped(&self, keys: &Keys) -> Vec<u8> {
        keys.seal(&place(b"request key", self.request.0, b""), self.bytes.as_slice())
    }

    pub(super) fn unwrap(keys: &Keys, request: RequestId, wrapped: &[u8]) -> Result<Self, StoreError> {
        let opened = keys.open(&place(b"request key", request.0, b""), wrapped).map_err(|e| unreadable(request, &e))?;
        let bytes =
            <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| unreadable(request, &keys::KeyError::NotOurs))?;
        Ok(Self::new(request, Zeroizing::new(bytes)))
    }

    /// Seals the part of the request that `kind` and `part` name; no other part can take its place.
    pub(super) fn seal(&self, kind: &[u8], part: &[u8], plain: &[u8]) -> Vec<u8> {
        seal(&self.aead, &place(kind, self.request.0, part), plain)
    }

    pub(super) fn open(&self, kind: &[u8], part: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        open(&self.aead, &place(kind, self.request.0, part), sealed)
            .ok_or_else(|| unreadable(self.request, &keys::KeyError::NotOurs))
    }

    pub(super) fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        derive(&self.bytes, label)
    }
}

/// The associated data: the request's id, then the kind and the part.
fn place(kind: &[u8], request: Uuid, part: &[u8]) -> Vec<u8> {
    [request.as_bytes().as_slice(), kind, b"\0", part].concat()
}

fn unreadable(request: RequestId, why: &keys::KeyError) -> StoreError {
    StoreError::Corrupt(format!("request {request}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_only_and_whole_only() {
        let key = RequestKey::fresh(RequestId(Uuid::from_u128(7)));
        let sealed = key.seal(b"message", b"1", b"hello");
        assert_eq!(key.open(b"message", b"1", &sealed).unwrap().as_slice(), b"hello");
        assert!(key.open(b"message", b"2", &sealed).is_err());
        assert!(key.open(b"manifest", b"1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(b"message", b"1", &changed).is_err(), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(b"message", b"1", &sealed[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn a_wrapped_key_belongs_to_its_request_and_its_master() {
        let (ours, theirs) = (Keys::from_master([1; 32]), Keys::from_master([2; 32]));
        let id = RequestId(Uuid::from_u128(7));
        let key = RequestKey::fresh(id);
        let wrapped = key.wrapped(&ours);
        assert_eq!(RequestKey::unwrap(&ours, id, &wrapped).unwrap().bytes, key.bytes);
        assert!(RequestKey::unwrap(&ours, RequestId(Uuid::from_u128(8)), &wrapped).is_err());
        assert!(RequestKey::unwrap(&theirs, id, &wrapped).is_err());
    }
}
