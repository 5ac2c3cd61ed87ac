//! Somebody who acts for the person, and what shows that they may: no request of theirs goes on before it is shown.

mod terms;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroize;

pub use terms::AgentTerms;

use super::actor::Actor;
use super::identity::{Email, Name};
use super::personal::Personal;

/// Somebody who acts for the person: an authorized agent, a lawyer, a parent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Their name or firm.
    pub name: Name,
    /// Where to reach them.
    pub email: Email,
    /// What shows that they may act.
    #[serde(default)]
    pub authorization: Authorization,
}

/// Which paper shows an agent's authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A permission that the person signed (11 CCR 7063(a)).
    SignedPermission,
    /// A power of attorney (Cal. Prob. Code 4121-4130; elsewhere the national law of mandate).
    PowerOfAttorney,
    /// Proof of being parent or guardian of a minor, or guardian of an adult.
    Guardian,
}

/// What showed an agent's authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A permission that the person signed.
    SignedPermission,
    /// A power of attorney.
    PowerOfAttorney,
    /// Parental or guardian's authority.
    Guardian,
    /// The person said so, by a link mailed to them.
    PersonConfirmation,
    /// The agent proved to be one whom staff have listed as trusted.
    Registry,
}

impl From<DocumentKind> for Proof {
    fn from(kind: DocumentKind) -> Self {
        match kind {
            DocumentKind::SignedPermission => Proof::SignedPermission,
            DocumentKind::PowerOfAttorney => Proof::PowerOfAttorney,
            DocumentKind::Guardian => Proof::Guardian,
        }
    }
}

/// What kind of file a document is; told by its first bytes and not by what its sender says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum MediaType {
    /// PDF (ISO 32000).
    #[serde(rename = "application/pdf")]
    Pdf,
    /// PNG (ISO/IEC 15948).
    #[serde(rename = "image/png")]
    Png,
    /// JPEG (ISO/IEC 10918).
    #[serde(rename = "image/jpeg")]
    Jpeg,
}

impl MediaType {
    /// Every kind that is taken.
    pub const ALL: [MediaType; 3] = [MediaType::Pdf, MediaType::Png, MediaType::Jpeg];

    /// As a `Content-Type` names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            MediaType::Pdf => "application/pdf",
            MediaType::Png => "image/png",
            MediaType::Jpeg => "image/jpeg",
        }
    }

    /// The usual ending of a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            MediaType::Pdf => "pdf",
            MediaType::Png => "png",
            MediaType::Jpeg => "jpg",
        }
    }

    /// What the bytes begin as, if it is one of these.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(MediaType::Pdf),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(MediaType::Png),
            [0xff, 0xd8, 0xff, ..] => Some(MediaType::Jpeg),
            _ => None,
        }
    }

    /// Whether the bytes also end as such a file does: one that was cut off on the way is of no use to anybody.
    pub fn is_whole(self, bytes: &[u8]) -> bool {
        // Readers allow for a little after the end mark, and so do we.
        let end = &bytes[bytes.len().saturating_sub(1024)..];
        let mark: &[u8] = match self {
            MediaType::Pdf => b"%%EOF",
            MediaType::Png => b"IEND",
            MediaType::Jpeg => &[0xff, 0xd9],
        };
        end.windows(mark.len()).any(|window| window == mark)
    }
}

/// The key of one document. Sealed with the requests it serves, so that it is gone when the last of them is purged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentKey([u8; 32]);

impl DocumentKey {
    /// A key from fresh random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one place that opens the file.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for DocumentKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A document that an agent handed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The name under which it lies on the shelf.
    pub id: Uuid,
    /// What it is meant to show.
    pub kind: DocumentKind,
    /// What kind of file it is.
    pub media_type: MediaType,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it came.
    pub uploaded_at: DateTime<Utc>,
    /// What opens it.
    pub key: DocumentKey,
}

/// Where an authorization stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// Nothing was shown.
    #[default]
    Missing,
    /// A document is there, and nobody has looked at it yet.
    Submitted,
    /// It is shown.
    Accepted {
        /// When.
        at: DateTime<Utc>,
        /// Who accepted it: staff, the person, or the agent by being listed as trusted.
        by: Actor,
        /// By what.
        proof: Proof,
    },
    /// What was handed in does not show it; something else may.
    Refused {
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Actor,
        /// Why, in words for the agent.
        reason: Personal<String>,
    },
    /// The person says that the agent does not act for them.
    Disowned {
        /// When.
        at: DateTime<Utc>,
    },
}

/// A [`Standing`] without its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum StandingName {
    Missing,
    Submitted,
    Accepted,
    Refused,
    Disowned,
}

/// One thing that helps an authorization on; any one of them is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A document, uploaded by the agent.
    Document,
    /// Staff look at the document that is there.
    Review,
    /// The person confirms by the link that was mailed to them.
    PersonConfirmation,
    /// The code mailed to the agent comes back; enough for agents whom the company has listed as trusted.
    AgentCode,
}

/// An agent's authority to act for the person in one request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Authorization {
    /// On what terms the agent may act, as law and promise were at submission.
    pub terms: AgentTerms,
    /// The proof the agent announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<DocumentKind>,
    /// What was handed in last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// When the agent's control of their mailbox was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_confirmed_at: Option<DateTime<Utc>>,
    /// Where it stands.
    pub standing: Standing,
}

impl Authorization {
    /// Nothing shown yet, but the proof announced.
    pub fn announcing(announced: Option<DocumentKind>) -> Self {
        Self { announced, ..Self::default() }
    }

    /// The proof at hand, else the one announced.
    pub fn kind(&self) -> Option<DocumentKind> {
        self.document.as_ref().map(|d| d.kind).or(self.announced)
    }

    /// Whether the person may be asked to confirm. Not where the law forbids the question (opt-outs in California, and
    /// whoever brings a power of attorney: 11 CCR 7063(b)), and not about a guardian, whose word stands for the
    /// person's. What was announced at submission decides: a link that was mailed stays good whatever is uploaded
    /// later, so that no agent can take the person's answer away.
    pub fn asks_person(&self) -> bool {
        let spares = match self.announced {
            Some(DocumentKind::PowerOfAttorney) => self.terms.power_of_attorney_suffices,
            Some(DocumentKind::Guardian) => true,
            Some(DocumentKind::SignedPermission) | None => false,
        };
        self.terms.may_confirm_with_person && !spares
    }

    /// What would help it on, in the order of likelihood. Says the same for agents who are trusted and those who are
    /// not, until they proved who they are.
    pub fn needs(&self) -> Vec<Need> {
        let first = match self.standing {
            Standing::Accepted { .. } | Standing::Disowned { .. } => return Vec::new(),
            Standing::Submitted => Need::Review,
            Standing::Missing | Standing::Refused { .. } => Need::Document,
        };
        let person = self.asks_person().then_some(Need::PersonConfirmation);
        let code = self.address_confirmed_at.is_none().then_some(Need::AgentCode);
        [Some(first), person, code].into_iter().flatten().collect()
    }
}

impl Standing {
    /// Its name.
    pub const fn name(&self) -> StandingName {
        match self {
            Standing::Missing => StandingName::Missing,
            Standing::Submitted => StandingName::Submitted,
            Standing::Accepted { .. } => StandingName::Accepted,
            Standing::Refused { .. } => StandingName::Refused,
            Standing::Disowned { .. } => StandingName::Disowned,
        }
    }
}

#[cfg(test)]
mod tests;
