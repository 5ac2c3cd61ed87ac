//! stub
use serde::Deserialize;
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    pub transport: String,
    pub directory: std::path::PathBuf,
    pub url: Option<String>,
    pub from: String,
}
