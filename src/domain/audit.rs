//! The audit trail: what happened, to which request, by whom; each entry's hash covers the one before it.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::actor::Actor;
use super::ids::{ControllerId, RequestId};

/// An entry before it has a place in its controller's chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEntry {
    /// The chain it belongs to.
    pub controller: ControllerId,
    /// The request it is about, if it is about one.
    pub request: Option<RequestId>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// What happened, as a stable word: `request.approved`.
    pub event: String,
    /// Facts that stay when the person's data is purged: counts, dates, codes. Never personal data.
    pub facts: Value,
}

impl NewEntry {
    /// An entry without facts.
    pub fn new(
        controller: &ControllerId,
        request: Option<RequestId>,
        at: DateTime<Utc>,
        actor: Actor,
        event: &str,
    ) -> Self {
        Self { controller: controller.clone(), request, at, actor, event: event.to_owned(), facts: json!({}) }
    }

    /// The same with facts.
    #[must_use]
    pub fn with(mut self, facts: Value) -> Self {
        self.facts = facts;
        self
    }
}

/// A SHA-256 sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first entry of a chain is chained to.
    pub const ZERO: Hash = Hash([0; 32]);

    /// The sum in hexadecimal.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// An entry in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// What it says.
    pub entry: NewEntry,
    /// Its own hash, over everything above and the hash of the entry before.
    pub hash: Hash,
}

/// The hash of an entry at `seq` that follows `previous`: SHA-256 over the previous hash and the entry as one line of
/// JSON with its members in a fixed order and its time in microseconds.
pub fn chain(previous: Hash, seq: i64, entry: &NewEntry) -> Hash {
    let line = json!([
        seq,
        entry.controller,
        entry.request,
        entry.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        entry.actor,
        entry.event,
        entry.facts.to_string(),
    ])
    .to_string();
    let mut bytes = Vec::with_capacity(32 + line.len());
    bytes.extend_from_slice(&previous.0);
    bytes.extend_from_slice(line.as_bytes());
    let mut hash = Hash::ZERO;
    hash.0.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    hash
}

/// Where and how a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Entries are missing or out of order.
    #[error("entry {expected} is missing: entry {found} stands in its place")]
    Missing {
        /// The place that should have come.
        expected: i64,
        /// The place that came.
        found: i64,
    },
    /// An entry was changed, or the one before it was.
    #[error("entry {seq} does not match its hash")]
    Changed {
        /// The entry's place.
        seq: i64,
    },
    /// The chain ends before the place that its head names.
    #[error("the chain ends at entry {found}, its head says {expected}")]
    Truncated {
        /// The last place according to the head.
        expected: i64,
        /// The last place found.
        found: i64,
    },
}

/// Recomputes a chain entry by entry.
#[derive(Debug)]
pub struct Verifier {
    seq: i64,
    hash: Hash,
}

impl Default for Verifier {
    fn default() -> Self {
        Self { seq: 0, hash: Hash::ZERO }
    }
}

impl Verifier {
    /// Takes the next entry.
    ///
    /// # Errors
    /// The first entry that is missing or changed.
    pub fn next(&mut self, entry: &Entry) -> Result<(), Broken> {
        let expected = self.seq + 1;
        if entry.seq != expected {
            return Err(Broken::Missing { expected, found: entry.seq });
        }
        if chain(self.hash, entry.seq, &entry.entry) != entry.hash {
            return Err(Broken::Changed { seq: entry.seq });
        }
        self.seq = entry.seq;
        self.hash = entry.hash;
        Ok(())
    }

    /// Holds the end of the chain against its head; gives the number of entries.
    ///
    /// # Errors
    /// When the chain is shorter than its head says, or ends in another hash.
    pub fn finish(self, head_seq: i64, head: Hash) -> Result<i64, Broken> {
        if self.seq != head_seq {
            return Err(Broken::Truncated { expected: head_seq, found: self.seq });
        }
        if self.hash != head {
            return Err(Broken::Changed { seq: self.seq });
        }
        Ok(self.seq)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(count: usize) -> Vec<Entry> {
        let mut previous = Hash::ZERO;
        (1..=count)
            .map(|i| {
                let at = DateTime::from_timestamp(1_800_000_000 + i as i64, 0).unwrap();
                let entry =
                    NewEntry::new(&"shop".into(), None, at, Actor::System, "test.event").with(json!({ "n": i }));
                let seq = i as i64;
                previous = chain(previous, seq, &entry);
                Entry { seq, entry, hash: previous }
            })
            .collect()
    }

    fn verify(entries: &[Entry], head: (i64, Hash)) -> Result<i64, Broken> {
        let mut verifier = Verifier::default();
        entries.iter().try_for_each(|e| verifier.next(e))?;
        verifier.finish(head.0, head.1)
    }

    proptest! {
        #[test]
        fn any_change_is_found_where_it_was_made(count in 2usize..20, at in 0usize..20, kind in 0..3) {
            let whole = entries(count);
            let head = (count as i64, whole[count - 1].hash);
            prop_assert_eq!(verify(&whole, head), Ok(count as i64));
            let at = at % count;
            let mut broken = whole.clone();
            let place = at as i64 + 1;
            let expected = match kind {
                0 => { broken[at].entry.facts = json!({ "n": "other" }); Broken::Changed { seq: place } }
                1 if at + 1 < count => { broken.remove(at); Broken::Missing { expected: place, found: place + 1 } }
                1 => { broken.remove(at); Broken::Truncated { expected: place, found: place - 1 } }
                _ => { broken[at].hash.0[7] ^= 1; Broken::Changed { seq: place } }
            };
            prop_assert_eq!(verify(&broken, head), Err(expected));
        }
    }

    #[test]
    fn the_hash_of_an_entry_never_changes_between_versions() {
        insta::assert_snapshot!(entries(1)[0].hash.to_hex(), @"4d60b56043462625a2121897631d764e5fbdaa19111866ab00e382ce1c6a94cf");
    }
}
