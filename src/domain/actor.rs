//! Who did something: the person, an agent, a member of staff, or the server itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::StaffId;

/// The author of an audit entry or a message. Never a name or an address: those are personal and would outlive a purge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Actor {
    /// Whoever holds the token given out at submission.
    Requester,
    /// An agent who acts for the person and holds that token.
    Agent,
    /// The person for whom an agent acts, by the link that was mailed to them.
    Person,
    /// A member of staff, signed in.
    Staff(StaffId),
    /// The server: its schedule and its worker.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Requester => f.write_str("requester"),
            Actor::Agent => f.write_str("agent"),
            Actor::Person => f.write_str("person"),
            Actor::Staff(id) => write!(f, "staff:{id}"),
            Actor::System => f.write_str("system"),
        }
    }
}

/// The text is not an actor as [`Actor`] prints it.
#[derive(Debug, thiserror::Error)]
#[error("not an actor: expected requester, agent, person, system or staff:<uuid>")]
pub struct NotAnActor;

impl FromStr for Actor {
    type Err = NotAnActor;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "requester" => Ok(Actor::Requester),
            "agent" => Ok(Actor::Agent),
            "person" => Ok(Actor::Person),
            "system" => Ok(Actor::System),
            _ => s.strip_prefix("staff:").and_then(|id| id.parse().ok()).map(Actor::Staff).ok_or(NotAnActor),
        }
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> String {
        actor.to_string()
    }
}

impl TryFrom<String> for Actor {
    type Error = NotAnActor;

    fn try_from(s: String) -> Result<Self, Self::Error> {
        s.parse()
    }
}
