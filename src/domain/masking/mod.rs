//! How a value is made to say nothing about a person any more, while the column, its constraints and the company's
//! joins go on working: pure, with keys and randomness as arguments.

mod date;
mod member;
mod slot;
mod value;

pub use slot::{Holds, Slot};
pub use value::{MaskingKey, Seed};

/// One of the strategies of a fideslang dataset's `masking_strategy_override`. The last two are Habeas's own.
///
/// `suffix` is fideslang's `format_preservation`: it ends the masked value, so that `@masked.example` keeps an address
/// an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Masking {
    /// It becomes NULL.
    NullRewrite,
    /// It becomes this text; where values must be distinct, this text with something that tells it apart.
    StringRewrite {
        /// The text.
        text: String,
        /// What ends it.
        suffix: Option<String>,
    },
    /// It becomes random letters and digits.
    RandomStringRewrite {
        /// How many.
        length: usize,
        /// What ends them; not counted in `length`.
        suffix: Option<String>,
    },
    /// It becomes its salted hash. Without the salt, which is the request's own, anybody could hash every address there
    /// is and compare.
    Hash {
        /// The hash function.
        algorithm: Algorithm,
        /// What ends it.
        suffix: Option<String>,
    },
    /// It becomes its HMAC under the request's own key (RFC 2104).
    Hmac {
        /// The hash function inside.
        algorithm: Algorithm,
        /// What ends it.
        suffix: Option<String>,
    },
    /// It becomes its AES-256-GCM ciphertext under the request's own key, in Base64. Until that key is destroyed this is
    /// personal data (GDPR Art. 4(5)).
    AesEncrypt {
        /// What ends it.
        suffix: Option<String>,
    },
    /// It stays, although the row is masked.
    Preserve,
    /// Of an address the part before the `@` becomes random.
    KeepDomain,
    /// Of a date only the year, or the year and the month, stays.
    DateTruncate {
        /// What stays.
        to: Truncation,
    },
    /// Of a JSON text only these members change.
    Members(Vec<MemberMask>),
}

/// What becomes of a member of a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberMask {
    /// The names that lead to it.
    pub path: Vec<String>,
    /// The text that it becomes; `None` is `null`.
    pub text: Option<String>,
}

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-512 (FIPS 180-4).
    Sha512,
}

/// How much of a date stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Truncation {
    /// The year: the first of January.
    Year,
    /// The year and the month: the first of it.
    Month,
}

impl Masking {
    /// The name in a dataset file.
    pub fn name(&self) -> &'static str {
        match self {
            Masking::NullRewrite => "null_rewrite",
            Masking::StringRewrite { .. } => "string_rewrite",
            Masking::RandomStringRewrite { .. } => "random_string_rewrite",
            Masking::Hash { .. } => "hash",
            Masking::Hmac { .. } => "hmac",
            Masking::AesEncrypt { .. } => "aes_encrypt",
            Masking::Preserve => "preserve",
            Masking::KeepDomain => "keep_domain",
            Masking::DateTruncate { .. } => "date_truncate",
            Masking::Members(_) => "the rewrite of members",
        }
    }

    /// A text that replaces another.
    pub fn text(text: impl Into<String>) -> Self {
        Masking::StringRewrite { text: text.into(), suffix: None }
    }

    /// Whether the value becomes another value of its kind that can be referred to.
    pub fn replaces(&self) -> bool {
        !matches!(self, Masking::NullRewrite | Masking::Preserve)
    }

    /// The text that every row gets, within `most` characters; `None` where each gets its own.
    pub fn constant(&self, most: Option<usize>) -> Option<String> {
        match self {
            Masking::StringRewrite { text, suffix } => Some(slot::fitted(text, suffix.as_deref(), most)),
            _ => None,
        }
    }

    /// Whether a value was masked so already, as far as the value alone can tell: what is drawn or keyed cannot.
    pub fn left_its_mark_on(&self, value: Option<&str>, slot: &Slot) -> bool {
        let Some(value) = value else { return true };
        match self {
            Masking::NullRewrite => false,
            Masking::Preserve => true,
            Masking::StringRewrite { .. } if slot.distinct => false,
            Masking::StringRewrite { text, suffix } => value == slot::fitted(text, suffix.as_deref(), slot.most),
            Masking::DateTruncate { to } => date::truncated(value, *to).is_some_and(|masked| masked == value),
            Masking::Members(masks) => member::masked(value, masks, None).is_ok_and(|masked| masked == value),
            _ => false,
        }
    }

    /// Whether the same value, in a row of its own, becomes the same mask: by key and not by chance.
    pub fn is_keyed(&self) -> bool {
        matches!(self, Masking::Hash { .. } | Masking::Hmac { .. } | Masking::AesEncrypt { .. })
    }

    pub(super) fn suffix(&self) -> Option<&str> {
        match self {
            Masking::StringRewrite { suffix, .. }
            | Masking::RandomStringRewrite { suffix, .. }
            | Masking::Hash { suffix, .. }
            | Masking::Hmac { suffix, .. }
            | Masking::AesEncrypt { suffix } => suffix.as_deref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
