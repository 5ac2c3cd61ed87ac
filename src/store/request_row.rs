//! A request as a row: what is sorted and filtered by stands in columns, everything else in one seal.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::codec::{NO_DUE, from_json, to_json, word};
use super::schema::requests;
use super::sealing::RequestKey;
use super::sql_types::{At, On, Uid};
use super::{Keys, StoreError};
use crate::domain::deadline::Deadline;
use crate::domain::identity::IdentityKind;
use crate::domain::ids::{BundleId, ControllerId, RegimeId, RequestId, StaffId};
use crate::domain::receipt::Told;
use crate::domain::request::{Extension, Particulars, Request, State};
use crate::domain::verification::Verification;

const KIND: &[u8] = b"request";

/// What is written.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = requests, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct Columns<'a> {
    id: Uid,
    bundle_id: Uid,
    controller: &'a str,
    right_name: &'a str,
    regime: &'a str,
    channel: &'a str,
    entered_by: Option<Uid>,
    received_at: At,
    due: On,
    state: &'a str,
    assignee: Option<Uid>,
    closed_at: Option<At>,
    ground: Option<&'a str>,
    reference: String,
    email_index: Option<Vec<u8>>,
    phone_index: Option<Vec<u8>>,
    sealed: Vec<u8>,
}

/// What is sealed; borrowed to write it.
#[derive(Serialize)]
struct ToSeal<'a> {
    regime_reason: &'a str,
    deadlines: &'a [Deadline],
    told: &'a [Told],
    extension: &'a Option<Extension>,
    verification: &'a Verification,
    state: &'a State,
    particulars: &'a Particulars,
}

/// The same, read.
#[derive(Deserialize)]
struct Unsealed {
    regime_reason: String,
    deadlines: Vec<Deadline>,
    #[serde(default)]
    told: Vec<Told>,
    extension: Option<Extension>,
    verification: Verification,
    state: State,
    particulars: Particulars,
}

impl<'a> Columns<'a> {
    pub(super) fn of(request: &'a Request, key: &RequestKey, keys: &Keys) -> Result<Self, StoreError> {
        let identities = request.particulars.person.identities();
        let index = |kind| identities.normalised(kind).map(|value| keys.blind_index(kind, &value).to_vec());
        let ground = match &request.state {
            State::Denied { ground, .. } => Some(ground.as_str()),
            _ => None,
        };
        let content = zeroize::Zeroizing::new(to_json(&ToSeal {
            regime_reason: &request.regime_reason,
            deadlines: &request.deadlines,
            told: &request.told,
            extension: &request.extension,
            verification: &request.verification,
            state: &request.state,
            particulars: &request.particulars,
        })?);
        Ok(Columns {
            id: Uid(request.id.0),
            bundle_id: Uid(request.bundle.0),
            controller: request.controller.as_str(),
            right_name: request.right.as_str(),
            regime: request.regime.as_str(),
            channel: request.channel.as_str(),
            entered_by: request.entered_by.map(|id| Uid(id.0)),
            received_at: At(request.received_at),
            due: On(request.due().unwrap_or(NO_DUE)),
            state: request.state.name().as_str(),
            assignee: request.assignee.map(|id| Uid(id.0)),
            closed_at: request.state.closed_at().map(At),
            ground,
            reference: request.id.reference(),
            email_index: index(IdentityKind::Email),
            phone_index: index(IdentityKind::Phone),
            sealed: key.seal(KIND, b"", content.as_bytes()),
        })
    }
}

/// What is read: the rest of the columns is in the seal as well.
#[derive(Queryable)]
pub(super) struct Row {
    id: Uid,
    bundle_id: Uid,
    controller: String,
    right_name: String,
    regime: String,
    channel: String,
    entered_by: Option<Uid>,
    received_at: At,
    assignee: Option<Uid>,
    wrapped_key: Option<Vec<u8>>,
    sealed: Vec<u8>,
}

type ColumnsRead = (
    requests::id,
    requests::bundle_id,
    requests::controller,
    requests::right_name,
    requests::regime,
    requests::channel,
    requests::entered_by,
    requests::received_at,
    requests::assignee,
    requests::wrapped_key,
    requests::sealed,
);

/// The columns of a [`Row`].
pub(super) const COLUMNS: ColumnsRead = (
    requests::id,
    requests::bundle_id,
    requests::controller,
    requests::right_name,
    requests::regime,
    requests::channel,
    requests::entered_by,
    requests::received_at,
    requests::assignee,
    requests::wrapped_key,
    requests::sealed,
);

impl Row {
    pub(super) fn id(&self) -> RequestId {
        RequestId(self.id.0)
    }

    pub(super) fn wrapped_key(&self) -> Option<&[u8]> {
        self.wrapped_key.as_deref()
    }

    pub(super) fn open(self, key: &RequestKey) -> Result<Request, StoreError> {
        let content: Unsealed = from_json(&key.open(KIND, b"", &self.sealed)?, "requests.sealed")?;
        Ok(Request {
            id: self.id(),
            bundle: BundleId(self.bundle_id.0),
            controller: ControllerId(self.controller),
            right: word(&self.right_name, "requests.right_name")?,
            regime: RegimeId(self.regime),
            regime_reason: content.regime_reason,
            channel: word(&self.channel, "requests.channel")?,
            entered_by: self.entered_by.map(|id| StaffId(id.0)),
            received_at: self.received_at.0,
            deadlines: content.deadlines,
            told: content.told,
            extension: content.extension,
            verification: content.verification,
            assignee: self.assignee.map(|id| StaffId(id.0)),
            state: content.state,
            particulars: content.particulars,
        })
    }
}
