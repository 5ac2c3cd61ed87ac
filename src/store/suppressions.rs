//! Suppressions: whom not to subject to what any more, by keyed index alone, so that they outlive a purge.

use chrono::{DateTime, Utc};
use diesel::insert_into;
use diesel::prelude::*;

use super::codec::word;
use super::dialect::{ask, change};
use super::schema::suppressions;
use super::sql_types::{At, Uid};
use super::{StoreError, Tx};
use crate::domain::identity::{Email, IdentityKind};
use crate::domain::ids::{ControllerId, RequestId};
use crate::domain::request::{OptOut, Outcome};

/// What one address is opted out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// At whom.
    pub controller: ControllerId,
    /// Of what.
    pub what: OptOut,
    /// Since when.
    pub since: DateTime<Utc>,
    /// By which request.
    pub request: Option<RequestId>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = suppressions, treat_none_as_default_value = false)]
struct Row {
    email_index: Vec<u8>,
    controller: String,
    what: String,
    since: At,
    request_id: Option<Uid>,
}

impl Row {
    fn decode(self) -> Result<Suppression, StoreError> {
        Ok(Suppression {
            controller: ControllerId(self.controller),
            what: word(&self.what, "suppressions.what")?,
            since: self.since.0,
            request: self.request_id.map(|id| RequestId(id.0)),
        })
    }
}

impl Tx<'_> {
    /// What the person of an outcome is no longer to be subjected to. Who opted out before stays opted out since then.
    /// Gives how much of it is new: of two that opt out of the same at once, one is told 0.
    pub fn suppress(&mut self, outcome: &Outcome) -> Result<usize, StoreError> {
        let mut new = 0;
        let request = &outcome.request;
        let email = request.particulars.person.email.normalised();
        let since = request.state.closed_at().unwrap_or(request.received_at);
        for what in &outcome.opt_outs {
            let row = Row {
                email_index: self.keys.blind_index(IdentityKind::Email, &email).to_vec(),
                controller: request.controller.to_string(),
                what: what.as_str().to_owned(),
                since: At(since),
                request_id: Some(Uid(request.id.0)),
            };
            new +=
                change!(self, c => insert_into(suppressions::table).values(&row).on_conflict_do_nothing().execute(c))?;
        }
        Ok(new)
    }

    /// What an address is opted out of, at one controller or at all.
    pub fn suppressions(
        &mut self,
        controller: Option<&ControllerId>,
        email: &Email,
    ) -> Result<Vec<Suppression>, StoreError> {
        let index = self.keys.blind_index(IdentityKind::Email, &email.normalised()).to_vec();
        let rows: Vec<Row> = ask!(self, c => {
            let mut query = suppressions::table.filter(suppressions::email_index.eq(&index)).into_boxed::<Db>();
            if let Some(controller) = controller {
                query = query.filter(suppressions::controller.eq(controller.as_str()));
            }
            query.order((suppressions::controller, suppressions::what)).load(c)
        })?;
        rows.into_iter().map(Row::decode).collect()
    }
}
