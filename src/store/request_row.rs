//! A request as a row: what is sorted and filtered by stands in columns, everything else in one seal.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::codec::{NO_DUE, from_json, to_json, word};
use super::schema::requests;
use super::sealing::RequestKey;
use super::sql_types::{At, On, Uid};
use super::{Keys, StoreError};
use crate::domain::appeal::{Appeal, Remedies};
use crate::domain::clocks::Clocks;
use crate::domain::deadline::Deadline;
use crate::domain::identity::IdentityKind;
use crate::domain::ids::{BundleId, ControllerId, RegimeId, RequestId, StaffId};
use crate::domain::receipt::Told;
use crate::domain::request::{Extension, Particulars, Request, State};
use crate::domain::verification::Verification;

const KIND: &[u8] = b"request";

/// What is written once and stays: no transition says who asked, when, for what or under which law.
#[derive(Insertable)]
#[diesel(table_name = requests, treat_none_as_default_value = false)]
pub(super) struct Asked<'a> {
    id: Uid,
    bundle_id: Uid,
    controller: &'a str,
    right_name: &'a str,
    regime: &'a str,
    channel: &'a str,
    entered_by: Option<Uid>,
    received_at: At,
    reference: String,
    email_index: Option<Vec<u8>>,
    phone_index: Option<Vec<u8>>,
}

/// What a transition may change, as it is sorted and filtered by.
#[derive(Insertable, Queryable)]
#[diesel(table_name = requests, treat_none_as_default_value = false)]
pub(super) struct Filed {
    due: On,
    answer_due: Option<On>,
    state: String,
    assignee: Option<Uid>,
    closed_at: Option<At>,
    ground: Option<String>,
    appeal_state: Option<String>,
    appeal_filed_at: Option<At>,
    appeal_due: Option<On>,
    appeal_settled_at: Option<At>,
    outcome: Option<String>,
    look_at: Option<On>,
    clock_stopped_at: Option<At>,
}

/// What of it a transition did change. The table has many indexes, and SQLite writes each of them anew that has a column
/// which is set, whether to another value or not.
#[derive(AsChangeset)]
#[diesel(table_name = requests)]
pub(super) struct Refiled<'a> {
    due: Option<On>,
    answer_due: Option<Option<On>>,
    state: Option<&'a str>,
    assignee: Option<Option<Uid>>,
    closed_at: Option<Option<At>>,
    ground: Option<Option<&'a str>>,
    appeal_state: Option<Option<&'a str>>,
    appeal_filed_at: Option<Option<At>>,
    appeal_due: Option<Option<On>>,
    appeal_settled_at: Option<Option<At>>,
    outcome: Option<Option<&'a str>>,
    look_at: Option<Option<On>>,
    clock_stopped_at: Option<Option<At>>,
}

/// What is sealed; borrowed to write it.
#[derive(Serialize)]
struct ToSeal<'a> {
    regime_reason: &'a str,
    deadlines: &'a [Deadline],
    told: &'a [Told],
    extension: &'a Option<Extension>,
    clocks: &'a Clocks,
    verification: &'a Verification,
    state: &'a State,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedies: &'a Option<Remedies>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    appeals: &'a [Appeal],
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
    #[serde(default)]
    clocks: Clocks,
    verification: Verification,
    state: State,
    #[serde(default)]
    remedies: Option<Remedies>,
    #[serde(default)]
    appeals: Vec<Appeal>,
    particulars: Particulars,
}

impl<'a> Asked<'a> {
    pub(super) fn of(request: &'a Request, keys: &Keys) -> Self {
        let identities = request.particulars.person.identities();
        let index = |kind| identities.normalised(kind).map(|value| keys.blind_index(kind, &value).to_vec());
        Asked {
            id: Uid(request.id.0),
            bundle_id: Uid(request.bundle.0),
            controller: request.controller.as_str(),
            right_name: request.right.as_str(),
            regime: request.regime.as_str(),
            channel: request.channel.as_str(),
            entered_by: request.entered_by.map(|id| Uid(id.0)),
            received_at: At(request.received_at),
            reference: request.id.reference(),
            email_index: index(IdentityKind::Email),
            phone_index: index(IdentityKind::Phone),
        }
    }
}

impl Filed {
    pub(super) fn of(request: &Request) -> Self {
        let appeal = request.appeal();
        let ground = match &request.state {
            State::Denied { ground, .. } => Some(ground.clone()),
            _ => None,
        };
        Filed {
            due: On(request.next_due().unwrap_or(NO_DUE)),
            answer_due: request.due().map(On),
            state: request.state.name().as_str().to_owned(),
            assignee: request.assignee.map(|id| Uid(id.0)),
            closed_at: request.state.closed_at().map(At),
            ground,
            appeal_state: appeal.map(|a| a.state_name().as_str().to_owned()),
            appeal_filed_at: appeal.map(|a| At(a.filed_at)),
            appeal_due: appeal.and_then(Appeal::due).map(On),
            appeal_settled_at: appeal.and_then(Appeal::settlement).map(|s| At(s.at)),
            outcome: request.state.outcome().map(str::to_owned),
            look_at: request.clocks.look_at.map(On),
            clock_stopped_at: request.stopped_since().map(At),
        }
    }

    /// What is to be written over `before`; everything where it is not known what stood there.
    pub(super) fn since(&self, before: Option<&Filed>) -> Refiled<'_> {
        macro_rules! changed {
            ($column:ident $(. $as:ident())?) => {
                before.is_none_or(|before| before.$column != self.$column).then(|| self.$column $(.$as())?)
            };
        }
        Refiled {
            due: changed!(due),
            answer_due: changed!(answer_due),
            state: changed!(state.as_str()),
            assignee: changed!(assignee),
            closed_at: changed!(closed_at),
            ground: changed!(ground.as_deref()),
            appeal_state: changed!(appeal_state.as_deref()),
            appeal_filed_at: changed!(appeal_filed_at),
            appeal_due: changed!(appeal_due),
            appeal_settled_at: changed!(appeal_settled_at),
            outcome: changed!(outcome.as_deref()),
            look_at: changed!(look_at),
            clock_stopped_at: changed!(clock_stopped_at),
        }
    }
}

/// Everything else, under the request's key.
pub(super) fn sealed(request: &Request, key: &RequestKey) -> Result<Vec<u8>, StoreError> {
    let content = zeroize::Zeroizing::new(to_json(&ToSeal {
        regime_reason: &request.regime_reason,
        deadlines: &request.deadlines,
        told: &request.told,
        extension: &request.extension,
        clocks: &request.clocks,
        verification: &request.verification,
        state: &request.state,
        remedies: &request.remedies,
        appeals: &request.appeals,
        particulars: &request.particulars,
    })?);
    Ok(key.seal(KIND, b"", content.as_bytes()))
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
    wrapped_key: Option<Vec<u8>>,
    sealed: Vec<u8>,
    filed: Filed,
}

type FiledRead = (
    requests::due,
    requests::answer_due,
    requests::state,
    requests::assignee,
    requests::closed_at,
    requests::ground,
    requests::appeal_state,
    requests::appeal_filed_at,
    requests::appeal_due,
    requests::appeal_settled_at,
    requests::outcome,
    requests::look_at,
    requests::clock_stopped_at,
);

const FILED: FiledRead = (
    requests::due,
    requests::answer_due,
    requests::state,
    requests::assignee,
    requests::closed_at,
    requests::ground,
    requests::appeal_state,
    requests::appeal_filed_at,
    requests::appeal_due,
    requests::appeal_settled_at,
    requests::outcome,
    requests::look_at,
    requests::clock_stopped_at,
);

type ColumnsRead = (
    requests::id,
    requests::bundle_id,
    requests::controller,
    requests::right_name,
    requests::regime,
    requests::channel,
    requests::entered_by,
    requests::received_at,
    requests::wrapped_key,
    requests::sealed,
    FiledRead,
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
    requests::wrapped_key,
    requests::sealed,
    FILED,
);

impl Row {
    pub(super) fn id(&self) -> RequestId {
        RequestId(self.id.0)
    }

    pub(super) fn wrapped_key(&self) -> Option<&[u8]> {
        self.wrapped_key.as_deref()
    }

    pub(super) fn open(self, key: &RequestKey) -> Result<(Request, Filed), StoreError> {
        let content: Unsealed = from_json(&key.open(KIND, b"", &self.sealed)?, "requests.sealed")?;
        let request = Request {
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
            clocks: Clocks { look_at: self.filed.look_at.map(|day| day.0), ..content.clocks },
            verification: content.verification,
            assignee: self.filed.assignee.map(|id| StaffId(id.0)),
            state: content.state,
            remedies: content.remedies,
            appeals: content.appeals,
            particulars: content.particulars,
        };
        Ok((request, self.filed))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeZone, Utc};

    use super::*;

    fn filed() -> Filed {
        let day = On(NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
        Filed {
            due: day,
            answer_due: Some(day),
            state: "in_review".into(),
            assignee: None,
            closed_at: None,
            ground: None,
            appeal_state: None,
            appeal_filed_at: None,
            appeal_due: None,
            appeal_settled_at: None,
            outcome: None,
            look_at: Some(day),
            clock_stopped_at: None,
        }
    }

    #[test]
    fn what_stands_there_already_is_not_written_again() {
        let closed = Some(At(Utc.timestamp_opt(1_800_000_000, 0).unwrap()));
        let now = Filed { state: "denied".into(), closed_at: closed, look_at: None, ..filed() };
        let Refiled { due, answer_due, state, assignee, closed_at, ground, look_at, .. } = now.since(Some(&filed()));
        assert_eq!((state, closed_at), (Some("denied"), Some(closed)));
        assert_eq!(look_at, Some(None), "a value that goes is written as NULL");
        assert_eq!((due, answer_due, assignee, ground), (None, None, None, None));
    }

    #[test]
    fn everything_is_written_where_nobody_knows_what_stands_there() {
        let now = filed();
        let Refiled { due, state, assignee, outcome, .. } = now.since(None);
        assert_eq!((due, state, assignee, outcome), (Some(now.due), Some("in_review"), Some(None), Some(None)));
    }
}
