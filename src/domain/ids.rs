//! Identifiers as types of their own, so that one kind never passes for another.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(s).map(Self)
            }
        }
    )+};
}

macro_rules! name_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The name as configured.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(s: &str) -> Self {
                Self(s.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

uuid_id! {
    /// One right, exercised by one person against one controller.
    RequestId,
    /// The requests that one submission sent together; they share one token and one verification.
    BundleId,
    /// A member of staff.
    StaffId,
    /// One sign-in of a member of staff: the `jti` of its token.
    SessionId,
    /// A durable piece of work.
    JobId,
    /// One message between the requester and staff.
    MessageId,
}

name_id! {
    /// A controller as the configuration names it.
    ControllerId,
    /// A law as the file in `regimes/` names it.
    RegimeId,
    /// A system of the company's as the configuration names it.
    SystemId,
}

impl RequestId {
    /// When the id was made, to the millisecond: the moment of submission, also for what was received before it.
    pub fn made_at(self) -> Option<DateTime<Utc>> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }

    /// The number a person can read out over the telephone: `DSR-` and eight characters of the id's random part.
    pub fn reference(self) -> String {
        let bytes = self.0.as_bytes();
        let tail = u64::from_be_bytes([0, 0, 0, bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]]);
        let letters = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's alphabet: no I, L, O, U
        let code: String = (0..8).rev().map(|i| char::from(letters[((tail >> (5 * i)) & 31) as usize])).collect();
        format!("DSR-{}-{}", &code[..4], &code[4..])
    }
}
