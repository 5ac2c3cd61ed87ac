//! The audit trail: entries of a whole commit are chained at its end, one chain a controller.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::{insert_into, update};

use super::codec::{from_json, parsed, sum};
use super::dialect::{Conn, ask, lock, on};
use super::prepared::prepared;
use super::schema::{chain_heads, entries};
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::audit::{Broken, Entry, Hash, NewEntry, Verifier, chain};
use crate::domain::ids::{ControllerId, RequestId};

/// A controller and the number of entries in its chain, or where it is broken.
pub type ChainReport = (ControllerId, Result<i64, Broken>);

/// How many entries are read, or written in one statement, at a time.
const PAGE: usize = 1000;

#[derive(Queryable, Insertable)]
#[diesel(table_name = entries, treat_none_as_default_value = false)]
struct Row {
    controller: String,
    seq: i64,
    request_id: Option<Uid>,
    at: At,
    actor: String,
    event: String,
    facts: String,
    hash: Vec<u8>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = chain_heads)]
struct Head {
    controller: String,
    seq: i64,
    hash: Vec<u8>,
}

impl Tx<'_> {
    /// Appends an entry. It gets its place and its hash when the write is committed, and cannot be read before.
    pub fn append(&mut self, entry: &NewEntry) -> Result<(), StoreError> {
        self.pending.entries.push(entry.clone());
        Ok(())
    }

    /// The entries about a request, in order.
    pub fn entries(&mut self, request: RequestId) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => {
            entries::table.filter(entries::request_id.eq(Uid(request.0))).order(entries::seq).load(c)
        })?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// Recomputes every chain up to its head as it stands now: the number of entries, or where it is broken.
    pub fn verify_chains(&mut self) -> Result<Vec<ChainReport>, StoreError> {
        let heads: Vec<Head> = ask!(self, c => chain_heads::table.order(chain_heads::controller).load(c))?;
        heads
            .into_iter()
            .map(|head| {
                let controller = ControllerId(head.controller.clone());
                Ok((controller, self.verify_chain(&head)?))
            })
            .collect()
    }

    fn verify_chain(&mut self, head: &Head) -> Result<Result<i64, Broken>, StoreError> {
        let mut verifier = Verifier::default();
        let mut after = 0;
        loop {
            let rows: Vec<Row> = ask!(self, c => {
                entries::table
                    .filter(entries::controller.eq(&head.controller))
                    // What was appended since the head was read is not looked at.
                    .filter(entries::seq.gt(after).and(entries::seq.le(head.seq)))
                    .order(entries::seq)
                    .limit(PAGE as i64)
                    .load(c)
            })?;
            let Some(last) = rows.last().map(|row| row.seq) else { break };
            after = last;
            for row in rows {
                let seq = row.seq;
                // A row that cannot be read any more was changed.
                let verdict = match row.decode() {
                    Ok(entry) => verifier.next(&entry),
                    Err(_) => Err(Broken::Changed { seq }),
                };
                if let Err(broken) = verdict {
                    return Ok(Err(broken));
                }
            }
        }
        match sum(&head.hash, "chain_heads.hash") {
            Ok(hash) => Ok(verifier.finish(head.seq, Hash(hash))),
            Err(_) => Ok(Err(Broken::Changed { seq: head.seq })),
        }
    }
}

/// Chains entries to the ends of their controllers' chains, in the order given. Heads are locked in the order of
/// controllers, so that two groups never wait for each other.
pub(super) fn append_all(conn: &mut Conn, new: Vec<NewEntry>) -> QueryResult<()> {
    let mut chains: BTreeMap<String, Vec<NewEntry>> = BTreeMap::new();
    for entry in new {
        chains.entry(entry.controller.0.clone()).or_default().push(entry);
    }
    let mut rows = Vec::new();
    for (controller, entries) in chains {
        let head = locked_head(conn, &controller)?;
        let mut seq = head.seq;
        // A head that does not hold a sum was changed from outside: the chain goes on, and verification finds it.
        let mut hash = Hash(head.hash.try_into().unwrap_or_default());
        for entry in entries {
            seq += 1;
            hash = chain(hash, seq, &entry);
            rows.push(Row::of(seq, entry, hash));
        }
        let end = (chain_heads::seq.eq(seq), chain_heads::hash.eq(hash.0.to_vec()));
        on!(&mut *conn, c => {
            let moved = update(chain_heads::table.find(&controller)).set(end).returning(chain_heads::seq);
            prepared(moved).changed::<i64, _>(c)
        })?;
    }
    match conn {
        Conn::Pg(c) => {
            for page in rows.chunks(PAGE) {
                insert_into(entries::table).values(page).execute(c)?;
            }
        }
        // No round trips to save, and a statement of one row is parsed once only.
        Conn::Lite(c) => {
            for row in &rows {
                insert_into(entries::table).values(row).execute(c)?;
            }
        }
    }
    Ok(())
}

fn locked_head(conn: &mut Conn, controller: &str) -> QueryResult<Head> {
    if let Some(head) = lock!(&mut *conn, chain_heads::table.find(controller) => Head)?.pop() {
        return Ok(head);
    }
    let first = Head { controller: controller.to_owned(), seq: 0, hash: Hash::ZERO.0.to_vec() };
    on!(&mut *conn, c => insert_into(chain_heads::table).values(&first).on_conflict_do_nothing().execute(c))?;
    // Ours, or that of somebody who was faster.
    lock!(&mut *conn, chain_heads::table.find(controller) => Head)?.pop().ok_or(diesel::NotFound)
}

impl Row {
    fn of(seq: i64, entry: NewEntry, hash: Hash) -> Self {
        Row {
            controller: entry.controller.0,
            seq,
            request_id: entry.request.map(|id| Uid(id.0)),
            at: At(entry.at),
            actor: entry.actor.to_string(),
            event: entry.event,
            facts: entry.facts.to_string(),
            hash: hash.0.to_vec(),
        }
    }

    fn decode(self) -> Result<Entry, StoreError> {
        let entry = NewEntry {
            controller: ControllerId(self.controller),
            request: self.request_id.map(|id| RequestId(id.0)),
            at: self.at.0,
            actor: parsed(&self.actor, "entries.actor")?,
            event: self.event,
            facts: from_json(self.facts.as_bytes(), "entries.facts")?,
        };
        Ok(Entry { seq: self.seq, entry, hash: Hash(sum(&self.hash, "entries.hash")?) })
    }
}
