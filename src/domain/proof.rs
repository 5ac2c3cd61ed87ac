//! The proof of an erasure: per system what was done, by which manifest, when, and what the second search found. It
//! holds counts, names of places, times and sums; never a value of anybody's.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::request::Line;

/// Rows that are kept on one ground.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeptRows {
    /// How many; 0 where a service keeps them, which nobody counted.
    pub rows: u64,
    /// Why, in words.
    pub ground: String,
    /// Where that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
    /// The last day on which the first of them is kept; erased from the next day on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NaiveDate>,
    /// The last day on which the last of them is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl KeptRows {
    /// The ground on one line, as a letter gives it.
    pub fn words(&self) -> String {
        let citation = self.citation.as_ref().map(|c| format!(" ({c})")).unwrap_or_default();
        let until = match (self.next, self.until) {
            (Some(next), Some(until)) if next < until => {
                format!(", the first of them until {next}, the last until {until}")
            }
            (_, Some(until)) => format!(", until {until}"),
            _ => String::new(),
        };
        format!("{}{citation}{until}", self.ground)
    }
}

/// Rows of one collection that are kept for a time and erased when it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RetainedRows {
    /// The company's system.
    pub system: String,
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// How many, why and until when.
    #[serde(flatten)]
    pub kept: KeptRows,
}

/// What an erasure did in one system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SystemProof {
    /// The company's system.
    pub system: String,
    /// When the first manifest for it was sealed; none where there was nothing to erase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When the last of its manifests had been carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// SHA-256 of each sealed manifest for it, in hexadecimal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<String>,
    /// Collection by collection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<CollectionProof>,
    /// What was found when everything was searched once more.
    pub second_search: SecondSearch,
}

/// What an erasure did in one collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CollectionProof {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// Rows deleted.
    #[serde(default)]
    pub deleted: u64,
    /// Rows masked.
    #[serde(default)]
    pub masked: u64,
    /// Rows kept, by ground.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptRows>,
}

/// The search after an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SecondSearch {
    /// When.
    pub at: DateTime<Utc>,
    /// What it found.
    pub found: Found,
}

/// What a second search found; anything else and the erasure is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Nothing of the person's.
    Nothing,
    /// Nothing but the rows that are kept on a ground.
    NothingButKept,
}

/// What was erased after the answer, because the time for which it was kept is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErasedLater {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done where.
    pub lines: Vec<Line>,
    /// What is still kept for a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retained: Vec<RetainedRows>,
    /// Per system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<SystemProof>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(None, None, None, "Books are kept")]
    #[case(Some("§ 147 AO"), Some("2034-12-31"), Some("2034-12-31"), "Books are kept (§ 147 AO), until 2034-12-31")]
    #[case(
        None,
        Some("2031-12-31"),
        Some("2034-12-31"),
        "Books are kept, the first of them until 2031-12-31, the last until 2034-12-31"
    )]
    fn a_ground_is_told_on_one_line(
        #[case] citation: Option<&str>,
        #[case] next: Option<&str>,
        #[case] until: Option<&str>,
        #[case] expected: &str,
    ) {
        let day = |text: &str| text.parse().unwrap();
        let (citation, next, until) = (citation.map(str::to_owned), next.map(day), until.map(day));
        let kept = KeptRows { rows: 2, ground: "Books are kept".to_owned(), citation, next, until };
        assert_eq!(kept.words(), expected);
    }
}
