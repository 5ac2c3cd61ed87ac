//! What a column can hold, and which strategies can therefore not mask it: known before any value is read.

use super::Masking;

/// What a mask must fit into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What kind of value.
    pub holds: Holds,
    /// The most characters, where there is a limit.
    pub most: Option<usize>,
    /// Whether no two rows may hold the same value.
    pub distinct: bool,
}

/// A kind of value, as far as masks are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// Any text.
    Text,
    /// A UUID.
    Uuid,
    /// A whole number.
    Integer {
        /// The largest magnitude that fits.
        most: i64,
        /// Whether negative ones fit.
        signed: bool,
    },
    /// A date, or a moment.
    Date,
    /// Something else, by the name of its type.
    Other(String),
}

/// Fewer characters than this do not keep masks apart: 40 bits.
pub(super) const LEAST_DISTINCT: usize = 8;

impl Slot {
    /// Why a strategy can never mask what the column holds, in words that say what would; `None` when it can.
    /// Whether the column takes the very text of a `string_rewrite` is not asked here.
    pub fn refuses(&self, masking: &Masking) -> Option<String> {
        let takes = match (masking, &self.holds) {
            // Whether it holds JSON is seen in its values.
            (Masking::Members(_), _) if !self.distinct => return None,
            (Masking::Members(_), _) => false,
            (Masking::NullRewrite | Masking::Preserve, _) | (_, Holds::Text) => {
                !matches!(masking, Masking::DateTruncate { .. })
            }
            (Masking::DateTruncate { .. }, holds) => *holds == Holds::Date && !self.distinct,
            (Masking::StringRewrite { .. }, _) if !self.distinct => true,
            (Masking::RandomStringRewrite { .. } | Masking::Hash { .. } | Masking::Hmac { .. }, holds) => {
                matches!(holds, Holds::Uuid | Holds::Integer { .. })
            }
            _ => false,
        };
        if !takes {
            let (holds, name, instead) = (self.words(), masking.name(), self.instead());
            return Some(format!("it holds {holds}, which {name} does not make; use {instead}"));
        }
        self.too_short(masking)
    }

    fn too_short(&self, masking: &Masking) -> Option<String> {
        if self.holds != Holds::Text || !masking.replaces() {
            return None;
        }
        let most = self.most.unwrap_or(usize::MAX);
        let suffix = masking.suffix().map_or(0, |suffix| suffix.chars().count());
        let body = match masking {
            Masking::StringRewrite { suffix: None, .. } if !self.distinct => return None,
            Masking::RandomStringRewrite { length, .. } => *length,
            _ => usize::MAX,
        };
        let least = if self.distinct { LEAST_DISTINCT } else { 1 };
        let room = most.saturating_sub(suffix);
        if room < least || body < least {
            let for_what = if self.distinct { " to be distinct" } else { "" };
            let tail = if suffix > 0 { " and the suffix" } else { "" };
            let need = least + suffix;
            let have = most.min(body.saturating_add(suffix));
            return Some(format!(
                "a mask needs {need} characters{for_what}{tail}, and there is room for {have}; use null_rewrite, or make room"
            ));
        }
        None
    }

    fn words(&self) -> String {
        let distinct = if self.distinct { "distinct " } else { "" };
        match &self.holds {
            Holds::Text => format!("{distinct}texts"),
            Holds::Uuid => format!("{distinct}UUIDs"),
            Holds::Integer { .. } => format!("{distinct}whole numbers"),
            Holds::Date => format!("{distinct}dates"),
            Holds::Other(name) => format!("{distinct}values of the type {name}"),
        }
    }

    fn instead(&self) -> &'static str {
        match (&self.holds, self.distinct) {
            (Holds::Text, _) => "random_string_rewrite, hash, hmac or null_rewrite",
            (Holds::Uuid | Holds::Integer { .. }, _) => "random_string_rewrite, hash or null_rewrite",
            (Holds::Date, false) => "date_truncate or null_rewrite",
            (Holds::Date | Holds::Other(_), true) => "null_rewrite",
            (Holds::Other(_), false) => "null_rewrite, or string_rewrite with a value of that type",
        }
    }
}

/// Body and suffix within `most` characters: the suffix whole, the body shortened. A text without a suffix is the
/// operator's own and is not cut.
pub(super) fn fitted(body: &str, suffix: Option<&str>, most: Option<usize>) -> String {
    let Some(suffix) = suffix else { return body.to_owned() };
    let room = most.map_or(usize::MAX, |most| most.saturating_sub(suffix.chars().count()));
    body.chars().take(room).chain(suffix.chars()).collect()
}
