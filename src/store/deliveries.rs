//! Messages to a company's services: one for each occasion, sealed under the request's key, and gone with it.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::{delete, insert_into, update};
use uuid::Uuid;

use super::codec::word;
use super::dialect::{ask, change};
use super::requests::purged;
use super::schema::{deliveries, jobs, requests, tasks};
use super::sealing::RequestKey;
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::delivery::{Answer, Delivery, Occasion, Operation, Standing};
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::personal::Personal;

const BODY: &[u8] = b"delivery";
const ANSWER: &[u8] = b"delivery answer";

#[derive(Queryable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    request_id: Uid,
    system: String,
    operation: String,
    occasion: At,
    round: i32,
    state: String,
    wait_until: Option<At>,
    file: Option<Uid>,
    sealed: Vec<u8>,
    sealed_answer: Option<Vec<u8>>,
    has_left: bool,
}

impl Row {
    fn of(delivery: &Delivery, key: &RequestKey) -> Self {
        let Occasion { request, system, operation, at, round } = &delivery.occasion;
        let (state, wait_until, answer) = match &delivery.standing {
            Standing::Open => ("open", None, None),
            Standing::Held => ("held", None, None),
            Standing::Awaiting { until } => ("awaiting", Some(At(*until)), None),
            Standing::Answered(answer) => ("answered", None, Some(answer)),
        };
        let place = delivery.id.as_bytes();
        Row {
            id: Uid(delivery.id),
            request_id: Uid(request.0),
            system: system.to_string(),
            operation: operation.as_str().to_owned(),
            occasion: At(*at),
            round: *round,
            state: state.to_owned(),
            wait_until,
            file: answer.and_then(|a| a.file).map(Uid),
            sealed: key.seal(BODY, place, delivery.body.expose().as_bytes()),
            sealed_answer: answer.map(|a| key.seal(ANSWER, place, a.said.expose().as_bytes())),
            has_left: delivery.left,
        }
    }

    fn decode(self, key: &RequestKey) -> Result<Delivery, StoreError> {
        let open = |kind: &[u8], sealed: &[u8]| {
            let text = String::from_utf8(key.open(kind, self.id.0.as_bytes(), sealed)?.to_vec());
            text.map(Personal::new).map_err(|_| StoreError::Corrupt("deliveries holds no text".to_owned()))
        };
        let body = open(BODY, &self.sealed)?;
        let standing = match (self.state.as_str(), self.wait_until, &self.sealed_answer) {
            ("open", ..) => Standing::Open,
            ("held", ..) => Standing::Held,
            ("awaiting", Some(until), _) => Standing::Awaiting { until: until.0 },
            ("answered", _, Some(said)) => {
                Standing::Answered(Answer { file: self.file.map(|f| f.0), said: open(ANSWER, said)? })
            }
            _ => return Err(StoreError::Corrupt("deliveries.state is unknown".to_owned())),
        };
        let occasion = Occasion {
            request: RequestId(self.request_id.0),
            system: SystemId(self.system),
            operation: word(&self.operation, "deliveries.operation")?,
            at: self.occasion.0,
            round: self.round,
        };
        Ok(Delivery { id: self.id.0, occasion, body, standing, left: self.has_left })
    }
}

impl Tx<'_> {
    /// Keeps new messages; one whose occasion has its message already is passed over.
    pub fn insert_deliveries(&mut self, new: &[Delivery]) -> Result<(), StoreError> {
        for delivery in new {
            let key = self.key_of(delivery.occasion.request)?.ok_or_else(purged)?;
            let row = Row::of(delivery, key);
            change!(self, c => insert_into(deliveries::table).values(&row).on_conflict_do_nothing().execute(c))?;
        }
        Ok(())
    }

    /// A request's messages; none once it is purged.
    pub fn deliveries(&mut self, request: RequestId) -> Result<Vec<Delivery>, StoreError> {
        let rows: Vec<Row> = ask!(self, c => {
            deliveries::table.filter(deliveries::request_id.eq(Uid(request.0))).order(deliveries::id).load(c)
        })?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let Some(key) = self.key_of(request)? else { return Ok(Vec::new()) };
        rows.into_iter().map(|row| row.decode(key)).collect()
    }

    /// One message.
    pub fn delivery(&mut self, id: Uuid) -> Result<Option<Delivery>, StoreError> {
        let row = ask!(self, c => deliveries::table.find(Uid(id)).get_result::<Row>(c).optional())?;
        let Some(row) = row else { return Ok(None) };
        let Some(key) = self.key_of(RequestId(row.request_id.0))? else { return Ok(None) };
        row.decode(key).map(Some)
    }

    /// Keeps how a message stands; an answer that is there stays. Gives whether it was kept.
    pub fn save_standing(&mut self, delivery: &Delivery) -> Result<bool, StoreError> {
        let key = self.key_of(delivery.occasion.request)?.ok_or_else(purged)?;
        let row = Row::of(delivery, key);
        let this = deliveries::table.find(row.id).filter(deliveries::state.ne("answered"));
        let set = (
            deliveries::state.eq(row.state),
            deliveries::wait_until.eq(row.wait_until),
            deliveries::file.eq(row.file),
            deliveries::sealed_answer.eq(row.sealed_answer),
        );
        Ok(change!(self, c => update(this).set(set).execute(c))? == 1)
    }

    /// Rewrites a message that never left; `false` where it did meanwhile.
    pub fn rewrite_delivery(&mut self, delivery: &Delivery) -> Result<bool, StoreError> {
        let key = self.key_of(delivery.occasion.request)?.ok_or_else(purged)?;
        let row = Row::of(delivery, key);
        let this = deliveries::table.find(row.id).filter(deliveries::has_left.eq(false));
        Ok(change!(self, c => update(this).set(deliveries::sealed.eq(row.sealed)).execute(c))? == 1)
    }

    /// Takes back a message that never left; one that did stays.
    pub fn withdraw_delivery(&mut self, id: Uuid) -> Result<(), StoreError> {
        let this = deliveries::table.find(Uid(id)).filter(deliveries::has_left.eq(false));
        change!(self, c => delete(this).execute(c)).map(drop)
    }

    /// Forgets what services were asked to find under an approval, and what they said: it is to be asked anew.
    pub fn forget_finds(&mut self, request: RequestId, approved_at: DateTime<Utc>) -> Result<(), StoreError> {
        let under = deliveries::request_id.eq(Uid(request.0)).and(deliveries::occasion.eq(At(approved_at)));
        let these = deliveries::table.filter(under).filter(deliveries::operation.eq(Operation::Find.as_str()));
        change!(self, c => delete(these).execute(c)).map(drop)
    }

    /// Notes whether the service may have a message.
    pub fn note_leaving(&mut self, id: Uuid, has_left: bool) -> Result<(), StoreError> {
        let this = deliveries::table.find(Uid(id));
        change!(self, c => update(this).set(deliveries::has_left.eq(has_left)).execute(c)).map(drop)
    }

    /// Makes a request's jobs that wait for something due now: what they waited for is there.
    pub fn wake(&mut self, request: RequestId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let waiting = jobs::table.filter(
            jobs::request_id
                .eq(Uid(request.0))
                .assume_not_null()
                .and(jobs::run_at.gt(At(now)))
                .and(jobs::kind.eq_any(["fulfil", "tell_service", "erase_retained"])),
        );
        change!(self, c => update(waiting).set(jobs::run_at.eq(At(now))).execute(c))?;
        self.pending.jobs = true;
        Ok(())
    }

    /// Which of these files are still somebody's: of a request that is not at its end.
    pub fn handed_among(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let ids: Vec<Uid> = ids.iter().copied().map(Uid).collect();
        let mut kept: Vec<Option<Uid>> = ask!(self, c => {
            deliveries::table
                .filter(deliveries::file.eq_any(&ids))
                .filter(not(exists(
                    requests::table
                        .filter(requests::id.eq(deliveries::request_id).and(requests::closed_at.is_not_null())),
                )))
                .select(deliveries::file)
                .load(c)
        })?;
        let of_tasks: Vec<Option<Uid>> = ask!(self, c => {
            tasks::table
                .filter(tasks::file.eq_any(&ids))
                .filter(not(exists(
                    requests::table.filter(requests::id.eq(tasks::request_id).and(requests::closed_at.is_not_null())),
                )))
                .select(tasks::file)
                .load(c)
        })?;
        kept.extend(of_tasks);
        Ok(kept.into_iter().flatten().map(|id| id.0).collect())
    }
}
