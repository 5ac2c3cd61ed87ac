//! MindLinkSoft: suppression, paper files, every communication on record, applicants for a job.

use rstest::rstest;
use serde_json::json;

use super::Promised;
use crate::support::world::Kind;

#[rstest]
fn access_and_correction_come_within_the_law_s_month(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("mindlinksoft", store);
    let (_, requests) = company.submit(&["access", "deletion", "restriction"], Some("GB"), json!({}));
    for request in &requests {
        assert_eq!(Promised::due(request, "response"), "2026-12-22", "{request}");
    }
}
