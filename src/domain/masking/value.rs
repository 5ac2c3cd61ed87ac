//! A mask's value: drawn from a key, so that the same question has the same answer while the key exists, and none
//! after.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, SHA512, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::slot::{LEAST_DISTINCT, fitted};
use super::{Algorithm, Holds, Masking, Slot, date, member};

/// What one request's masks are drawn from. It is sealed with the request and destroyed with it; then nobody can tell
/// any more which value became which mask.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct MaskingKey([u8; 32]);

impl MaskingKey {
    /// A key of 32 random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().try_into().expect("HMAC-SHA256 has 32 bytes")
    }
}

impl fmt::Debug for MaskingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskingKey")
    }
}

/// What a mask is drawn from: two masks with the same seed and the same old value are the same.
#[derive(Debug, Clone, Copy)]
pub struct Seed<'a> {
    /// The request's key.
    pub key: &'a MaskingKey,
    /// The column, or the columns that refer to each other.
    pub class: &'a str,
    /// The row; the same for all where the mask must be the same wherever the old value stands.
    pub row: &'a str,
    /// Counted up where a mask turned out to be taken.
    pub attempt: u32,
}

/// How often a mask is drawn again that repeats the old value, which short columns make likely.
const DRAWS: u32 = 32;

impl Masking {
    /// What `old` becomes; `None` is NULL.
    ///
    /// # Errors
    /// Why there is no such mask, in words without any value.
    pub fn mask(&self, old: &str, slot: &Slot, seed: Seed<'_>) -> Result<Option<String>, String> {
        match self {
            Masking::NullRewrite => return Ok(None),
            Masking::Preserve => return Ok(Some(old.to_owned())),
            Masking::StringRewrite { text, suffix } if !slot.distinct => {
                return Ok(Some(fitted(text, suffix.as_deref(), slot.most)));
            }
            Masking::Members(masks) => return member::masked(old, masks, slot.most).map(Some),
            Masking::DateTruncate { to } => {
                return date::truncated(old, *to).map(Some).ok_or_else(|| "a value in it is no date".to_owned());
            }
            _ => {}
        }
        for draw in 0..DRAWS {
            let masked = self.drawn(old, slot, &Stream { seed, old, draw })?;
            if !tells(&masked, old, self) {
                return Ok(Some(masked));
            }
        }
        Err("no mask differs from what it masks".to_owned())
    }

    fn drawn(&self, old: &str, slot: &Slot, stream: &Stream<'_>) -> Result<String, String> {
        match slot.holds {
            Holds::Uuid => return Ok(uuid(stream)),
            Holds::Integer { most, signed } => return Ok(integer(stream, most, signed)),
            _ => {}
        }
        let suffix = self.suffix();
        let shortened = |body: &str| within(body, suffix, slot.most);
        match self {
            Masking::StringRewrite { text, .. } => Ok(told_apart(text, suffix, slot.most, stream)),
            Masking::RandomStringRewrite { length, .. } => Ok(shortened(&stream.letters(*length))),
            Masking::Hash { algorithm, .. } => Ok(shortened(&stream.hash(*algorithm))),
            Masking::Hmac { algorithm, .. } => Ok(shortened(&stream.hmac(*algorithm))),
            Masking::AesEncrypt { .. } => {
                let whole = format!("{}{}", stream.encrypted(), suffix.unwrap_or_default());
                match slot.most.filter(|most| whole.chars().count() > *most) {
                    Some(most) => Err(format!("a ciphertext in it would be longer than {most} characters")),
                    None => Ok(whole),
                }
            }
            Masking::KeepDomain => keep_domain(old, slot, stream),
            Masking::NullRewrite | Masking::Preserve | Masking::DateTruncate { .. } | Masking::Members(_) => {
                Err("nothing is drawn".to_owned())
            }
        }
    }
}

/// Whether a mask still says what it masks. A text of one or two letters is in every mask by chance.
fn tells(masked: &str, old: &str, masking: &Masking) -> bool {
    let body = match masking {
        Masking::KeepDomain => masked.rsplit_once('@').map_or(masked, |(local, _)| local),
        // The suffix and a fixed text are the operator's, not the person's.
        _ => masking.suffix().and_then(|suffix| masked.strip_suffix(suffix)).unwrap_or(masked),
    };
    masked == old
        || (old.chars().count() >= 4 && !matches!(masking, Masking::StringRewrite { .. }) && body.contains(old))
}

fn within(body: &str, suffix: Option<&str>, most: Option<usize>) -> String {
    let cut: String = body.chars().take(most.unwrap_or(usize::MAX)).collect();
    fitted(&cut, suffix, most)
}

/// `erased-k3v9…`, or `erased-k3v9…@example.com` for `erased@example.com`.
fn told_apart(text: &str, suffix: Option<&str>, most: Option<usize>, stream: &Stream<'_>) -> String {
    let (text, end) = match (suffix, text.split_once('@')) {
        (None, Some((local, domain))) => (local, format!("@{domain}")),
        (suffix, _) => (text, suffix.unwrap_or_default().to_owned()),
    };
    let room = most.map_or(usize::MAX, |most| most.saturating_sub(end.chars().count()));
    let token = stream.letters(room.min(2 * LEAST_DISTINCT));
    let text: String = text.chars().take(room.saturating_sub(token.len() + 1)).collect();
    if text.is_empty() { format!("{token}{end}") } else { format!("{text}-{token}{end}") }
}

fn keep_domain(old: &str, slot: &Slot, stream: &Stream<'_>) -> Result<String, String> {
    let domain = old.rsplit_once('@').map(|(_, domain)| format!("@{domain}")).unwrap_or_default();
    let room = slot.most.map_or(usize::MAX, |most| most.saturating_sub(domain.chars().count()));
    let least = if slot.distinct { LEAST_DISTINCT } else { 1 };
    if room < least {
        return Err(format!("a domain in it leaves no room for {least} characters before it"));
    }
    Ok(format!("{}{domain}", stream.letters(room.min(2 * LEAST_DISTINCT))))
}

fn uuid(stream: &Stream<'_>) -> String {
    let bytes: [u8; 16] = stream.block(b"uuid", 0)[..16].try_into().expect("a block has 32 bytes");
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A number that a sequence does not come to: a negative one where these fit, else one of the upper half.
fn integer(stream: &Stream<'_>, most: i64, signed: bool) -> String {
    let block: [u8; 8] = stream.block(b"integer", 0)[..8].try_into().expect("a block has 32 bytes");
    // Beyond 2^53 a number is no longer exact in JSON (RFC 8259 section 6).
    let most = most.clamp(2, (1 << 53) - 1).unsigned_abs();
    let half = most / 2;
    let drawn = u64::from_be_bytes(block) % half;
    if signed { format!("-{}", drawn + 1) } else { (most - drawn).to_string() }
}

/// Everything that is drawn for one mask.
struct Stream<'a> {
    seed: Seed<'a>,
    old: &'a str,
    draw: u32,
}

impl Stream<'_> {
    fn block(&self, purpose: &[u8], number: u32) -> [u8; 32] {
        let Seed { key, class, row, attempt } = self.seed;
        let counters = [attempt.to_be_bytes(), self.draw.to_be_bytes(), number.to_be_bytes()].concat();
        key.tag(&[purpose, class.as_bytes(), row.as_bytes(), self.old.as_bytes(), &counters])
    }

    /// Letters and digits of which none looks like another, five bits each.
    fn letters(&self, count: usize) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let blocks = (0..).flat_map(|number| self.block(b"letters", number));
        blocks.take(count).map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
    }

    fn hash(&self, algorithm: Algorithm) -> String {
        let salt = self.block(b"salt", 0);
        let salted = [&salt, self.old.as_bytes()].concat();
        hex(digest(if algorithm == Algorithm::Sha256 { &SHA256 } else { &SHA512 }, &salted).as_ref())
    }

    fn hmac(&self, algorithm: Algorithm) -> String {
        let function = if algorithm == Algorithm::Sha256 { hmac::HMAC_SHA256 } else { hmac::HMAC_SHA512 };
        let key = hmac::Key::new(function, &self.block(b"hmac", 0));
        hex(hmac::sign(&key, self.old.as_bytes()).as_ref())
    }

    /// Nonce, ciphertext and tag. The nonce is an HMAC of the text and its place, so that one never serves two texts.
    fn encrypted(&self) -> String {
        let key = UnboundKey::new(&AES_256_GCM, &self.seed.key.tag(&[b"aes"])).expect("AES-256 takes 32 bytes");
        let nonce: [u8; 12] = self.block(b"nonce", 0)[..12].try_into().expect("a block has 32 bytes");
        let mut sealed = self.old.as_bytes().to_vec();
        LessSafeKey::new(key)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .expect("what is encrypted is far shorter than 64 GiB");
        BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
