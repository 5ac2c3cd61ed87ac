//! How appeals, exceptions and what is given in place of an answer look on the wire.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::moment;
use crate::domain::appeal::{Appeal, AppealState, AppealStateName};
use crate::domain::ids::RequestId;
use crate::domain::regime::AppealKind;
use crate::domain::request::Exception;

/// An appeal. The names speak of the decision: `upheld` means that the decision stays.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppealView {
    /// Where it stands.
    pub state: AppealStateName,
    /// What the law calls it.
    pub kind: AppealKind,
    /// When it arrived.
    #[schema(format = DateTime)]
    pub filed_at: String,
    /// Why, in the person's words.
    pub grounds: String,
    /// The last day for its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// Why the answer takes longer, where it was extended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_because: Option<String>,
    /// When it was settled or taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub settled_at: Option<String>,
    /// The written reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

impl From<&Appeal> for AppealView {
    fn from(appeal: &Appeal) -> Self {
        let withdrawn = match appeal.state {
            AppealState::Withdrawn { at } => Some(at),
            _ => None,
        };
        let settlement = appeal.settlement();
        Self {
            state: appeal.state_name(),
            kind: appeal.kind,
            filed_at: moment(appeal.filed_at),
            grounds: appeal.grounds.expose().clone(),
            due: appeal.due(),
            extended_because: appeal.extension.as_ref().map(|e| e.reason.expose().clone()),
            settled_at: settlement.map(|s| s.at).or(withdrawn).map(moment),
            explanation: settlement.map(|s| s.explanation.expose().clone()),
        }
    }
}

/// A collection that an approval left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExceptionView {
    /// The dataset.
    pub dataset: String,
    /// The collection in it.
    pub collection: String,
    /// On which ground, by its code in the regime.
    pub ground: String,
    /// Why, in words for the person.
    pub explanation: String,
}

impl From<&Exception> for ExceptionView {
    fn from(e: &Exception) -> Self {
        Self {
            dataset: e.dataset.clone(),
            collection: e.collection.clone(),
            ground: e.ground.clone(),
            explanation: e.explanation.expose().clone(),
        }
    }
}

/// Another request.
#[derive(Debug, Serialize, ToSchema)]
pub struct OtherRequest {
    /// Its id.
    pub id: Uuid,
    /// The number to read out over the telephone.
    pub reference: String,
}

impl From<RequestId> for OtherRequest {
    fn from(id: RequestId) -> Self {
        Self { id: id.0, reference: id.reference() }
    }
}
