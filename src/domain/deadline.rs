//! stub
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    Response,
    Acknowledgement,
    OptOut,
    Appeal,
}
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Deadline {
    pub duty: Duty,
    pub due: NaiveDate,
    pub rule: String,
    pub steps: Vec<String>,
    pub citation: String,
}
