//! What was said to a requester and by them, outside of messages: every letter that left, and what staff took down.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::{RequestId, StaffId};
use super::personal::Personal;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// The name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

words! {
    /// By what means.
    Medium {
        /// An e-mail.
        Email = "email",
        /// A letter on paper.
        Post = "post",
        /// A telephone call.
        Phone = "phone",
        /// A conversation face to face.
        InPerson = "in_person",
    }

    /// Which way it went.
    Direction {
        /// From the person or somebody who speaks for them.
        In = "in",
        /// To them.
        Out = "out",
    }

    /// What became of it.
    Delivery {
        /// Handed over to the mail server, or put into the mail folder.
        Sent = "sent",
        /// It could not be sent.
        Failed = "failed",
        /// It happened elsewhere; staff took it down.
        Recorded = "recorded",
    }

    /// The other side, by its part in the request: never a name or an address.
    Party {
        /// Whoever holds the token.
        Requester = "requester",
        /// The person the request is about, where an agent filed it.
        Person = "person",
        /// The agent.
        Agent = "agent",
        /// Somebody else, such as a recipient of the data who is told of a deletion.
        Other = "other",
    }

    /// What staff take down.
    Recorded {
        /// A conversation or letter about the request.
        Conversation = "conversation",
        /// The person was told that their data was disclosed in a legal process.
        LegalProcessNotice = "legal_process_notice",
    }
}

/// One communication, kept with its request until the purge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Communication {
    /// Its id; a letter's is that of the job which sent it.
    pub id: Uuid,
    /// What it is about.
    pub request: RequestId,
    /// When it was sent or happened.
    pub at: DateTime<Utc>,
    /// By what means.
    pub medium: Medium,
    /// Which way.
    pub direction: Direction,
    /// What it was: a letter's kind, or one of [`Recorded`].
    pub kind: String,
    /// What became of it.
    pub delivery: Delivery,
    /// Who took it down, where somebody did.
    pub recorded_by: Option<StaffId>,
    /// What was said; sealed at rest.
    pub content: Content,
}

/// What a communication said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// To or from whom.
    pub party: Party,
    /// The subject of a letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Personal<String>>,
    /// A letter as it was sent, or staff's summary; nothing where a code or another secret stood in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Personal<String>>,
}
