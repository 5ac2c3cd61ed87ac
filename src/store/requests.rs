//! Requests: columns to sort and filter by, everything else sealed under a key of the request's own.

use std::collections::hash_map::Entry;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::{insert_into, update};
use zeroize::Zeroizing;

use super::codec::word;
use super::dialect::{ask, change, lock};
use super::prepared::prepared;
use super::request_row::{Asked, COLUMNS, Filed, Row, sealed};
use super::schema::requests;
use super::sealing::RequestKey;
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::identity::{Email, IdentityKind};
use crate::domain::ids::{BundleId, ControllerId, RequestId};
use crate::domain::request::{Channel, Outcome, Request, StateName};
use crate::domain::right::Right;

impl Tx<'_> {
    /// Keeps a new request with everything its outcome brings: entries, jobs, opt-outs.
    pub fn insert(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        let request = &outcome.request;
        let key = RequestKey::fresh(request.id);
        let (asked, filed) = (Asked::of(request, self.keys), Filed::of(request));
        let (content, wrapped) = (requests::sealed.eq(sealed(request, &key)?), key.wrapped(self.keys));
        let row = (&asked, &filed, content, requests::wrapped_key.eq(wrapped), requests::version.eq(1_i64));
        change!(self, c => insert_into(requests::table).values(row).execute(c))?;
        self.opened.insert(request.id, key);
        self.keep_rest(outcome)
    }

    /// Keeps a request as it is after a transition, with everything its outcome brings.
    pub fn save(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        let request = &outcome.request;
        let key = self.key_of(request.id)?.ok_or_else(purged)?;
        let content = sealed(request, key)?;
        let (filed, before) = (Filed::of(request), self.filed.remove(&request.id));
        let set =
            (filed.since(before.as_ref()), requests::sealed.eq(content), requests::version.eq(requests::version + 1));
        let this = requests::table.find(Uid(request.id.0)).filter(requests::wrapped_key.is_not_null());
        if change!(self, c => prepared(update(this).set(set).returning(requests::id)).changed::<Uid, _>(c))? != 1 {
            return Err(purged());
        }
        self.keep_rest(outcome)
    }

    /// A request; none when there is none or it was purged.
    pub fn request(&mut self, id: RequestId) -> Result<Option<Request>, StoreError> {
        let row = ask!(self, c => requests::table.find(Uid(id.0)).select(COLUMNS).get_result::<Row>(c).optional())?;
        row.map_or(Ok(None), |row| self.decode(row))
    }

    /// A request that nobody else changes until this write ends.
    pub fn request_for_update(&mut self, id: RequestId) -> Result<Option<Request>, StoreError> {
        let rows = lock!(&mut *self.conn, requests::table.find(Uid(id.0)).select(COLUMNS) => Row);
        let row = self.noted(rows)?.pop();
        row.map_or(Ok(None), |row| self.decode_locked(row))
    }

    /// The requests of a bundle, oldest id first.
    pub fn requests_of(&mut self, bundle: BundleId) -> Result<Vec<Request>, StoreError> {
        let rows = ask!(self, c => {
            requests::table
                .filter(requests::bundle_id.eq(Uid(bundle.0)))
                .order(requests::id)
                .select(COLUMNS)
                .load::<Row>(c)
        })?;
        self.decode_all(rows)
    }

    /// Where the requests of a bundle stand that are not purged, without opening them.
    pub fn standings_of(&mut self, bundle: BundleId) -> Result<Vec<(Right, StateName)>, StoreError> {
        let theirs = requests::bundle_id.eq(Uid(bundle.0)).and(requests::wrapped_key.is_not_null());
        let rows: Vec<(String, String)> = ask!(self, c => {
            requests::table.filter(theirs).select((requests::right_name, requests::state)).load(c)
        })?;
        let standing = |(right, state): (String, String)| {
            Ok((word(&right, "requests.right_name")?, word(&state, "requests.state")?))
        };
        rows.into_iter().map(standing).collect()
    }

    /// Those of a bundle's other requests that stand in a state, without opening them.
    pub fn siblings_in(
        &mut self,
        bundle: BundleId,
        id: RequestId,
        state: StateName,
    ) -> Result<Vec<RequestId>, StoreError> {
        let others = requests::bundle_id.eq(Uid(bundle.0)).and(requests::id.ne(Uid(id.0)));
        let there = requests::state.eq(state.as_str()).and(requests::wrapped_key.is_not_null());
        let ids: Vec<Uid> = ask!(self, c => {
            requests::table.filter(others.and(there)).order(requests::id).select(requests::id).load(c)
        })?;
        Ok(ids.into_iter().map(|id| RequestId(id.0)).collect())
    }

    /// The requests of a bundle, and nobody else changes them until this write ends.
    pub fn requests_of_for_update(&mut self, bundle: BundleId) -> Result<Vec<Request>, StoreError> {
        let query = requests::table.filter(requests::bundle_id.eq(Uid(bundle.0))).order(requests::id).select(COLUMNS);
        let rows = lock!(&mut *self.conn, query => Row);
        let rows = self.noted(rows)?;
        rows.into_iter().filter_map(|row| self.decode_locked(row).transpose()).collect()
    }

    /// Requests received before a moment that still wait for a proof of who the person or the agent is.
    pub fn expired_candidates(&mut self, before: DateTime<Utc>, limit: u32) -> Result<Vec<RequestId>, StoreError> {
        // Word for word the condition of the index, which a bound value would hide.
        let unproved = sql::<Bool>("state IN ('awaiting_verification', 'awaiting_authorization')");
        let ids: Vec<Uid> = ask!(self, c => {
            requests::table
                .filter(unproved.and(requests::received_at.lt(At(before))))
                .order((requests::received_at, requests::id))
                .limit(limit.into())
                .select(requests::id)
                .load(c)
        })?;
        Ok(ids.into_iter().map(|id| RequestId(id.0)).collect())
    }

    /// When an address sent submissions to a controller over the web after a moment: the newest first, at most `limit`.
    pub fn submissions_since(
        &mut self,
        controller: &ControllerId,
        email: &Email,
        after: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<DateTime<Utc>>, StoreError> {
        let index = self.keys.blind_index(IdentityKind::Email, &email.normalised()).to_vec();
        let sent: Vec<(Uid, At)> = ask!(self, c => {
            requests::table
                .filter(requests::email_index.eq(&index))
                .filter(requests::controller.eq(controller.as_str()))
                .filter(requests::channel.eq(Channel::Web.as_str()))
                .filter(requests::received_at.gt(At(after)))
                .select((requests::bundle_id, requests::received_at))
                .distinct()
                .order(requests::received_at.desc())
                .limit(limit.into())
                .load(c)
        })?;
        Ok(sent.into_iter().map(|(_, at)| at.0).collect())
    }

    /// How many requests stand where, purged ones included; states without requests are left out.
    pub fn count_by_state(&mut self, controller: Option<&ControllerId>) -> Result<Vec<(StateName, i64)>, StoreError> {
        let rows: Vec<(String, i64)> = ask!(self, c => {
            let mut query = requests::table
                .group_by(requests::state)
                .select((requests::state, count_star()))
                .order(requests::state)
                .into_boxed::<Db>();
            if let Some(controller) = controller {
                query = query.filter(requests::controller.eq(controller.as_str()));
            }
            query.load(c)
        })?;
        rows.into_iter().map(|(state, count)| Ok((word(&state, "requests.state")?, count))).collect()
    }

    /// The key for the request's files, derived from its own key; none once it is purged.
    pub fn file_key(&mut self, id: RequestId) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
        Ok(self.key_of(id)?.map(|key| key.derive("package")))
    }

    /// The key of a request; none when there is no such request or its key is destroyed.
    pub(super) fn key_of(&mut self, id: RequestId) -> Result<Option<&RequestKey>, StoreError> {
        if !self.opened.contains_key(&id) {
            let wrapped = ask!(self, c => {
                requests::table.find(Uid(id.0)).select(requests::wrapped_key).get_result::<Option<Vec<u8>>>(c).optional()
            })?;
            let Some(wrapped) = wrapped.flatten() else { return Ok(None) };
            self.opened.insert(id, RequestKey::unwrap(self.keys, id, &wrapped)?);
        }
        Ok(self.opened.get(&id))
    }

    /// The rows that are not purged.
    pub(super) fn decode_all(&mut self, rows: Vec<Row>) -> Result<Vec<Request>, StoreError> {
        rows.into_iter().filter_map(|row| self.decode(row).transpose()).collect()
    }

    fn decode(&mut self, row: Row) -> Result<Option<Request>, StoreError> {
        Ok(self.open(row)?.map(|(request, _)| request))
    }

    /// A row that nobody else changes until this write ends: what is saved over it is held against it.
    fn decode_locked(&mut self, row: Row) -> Result<Option<Request>, StoreError> {
        let Some((request, filed)) = self.open(row)? else { return Ok(None) };
        self.filed.insert(request.id, filed);
        Ok(Some(request))
    }

    fn open(&mut self, row: Row) -> Result<Option<(Request, Filed)>, StoreError> {
        let id = row.id();
        let Some(wrapped) = row.wrapped_key() else { return Ok(None) };
        let key = match self.opened.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(RequestKey::unwrap(self.keys, id, wrapped)?),
        };
        row.open(key).map(Some)
    }

    /// What an outcome brings besides the request.
    fn keep_rest(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        self.suppress(outcome)?;
        outcome.jobs.iter().try_for_each(|job| self.enqueue(job))?;
        outcome.entries.iter().try_for_each(|entry| self.append(entry))
    }
}

/// What comes too late: nothing personal is written about a request again whose key is destroyed.
pub(super) fn purged() -> StoreError {
    StoreError::Database("there is no such request, or it was purged".to_owned())
}
