//! InfoTech: the rights of residents of the United States' states.

use rstest::rstest;
use serde_json::json;

use super::Promised;
use crate::journeys::unzip;
use crate::support::world::Kind;

#[rstest]
fn a_copy_comes_as_csv(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let (token, id) = company.proved("portability", Some("US-UT"), json!({}));
    let done = company.carried_out(&id);
    assert_eq!(done["state"], "fulfilled", "{done}");
    let files = unzip(company.server.api.package(&id, &token));
    assert!(files["data/shop/customers.csv"].contains("Ada@Example.com"));
}

#[rstest]
fn by_telephone_from_the_moment_of_the_call(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let company = Promised::by("infotech", store);
    let body = company.body(&["deletion"], Some("US-CO"), json!({}));
    let (_, requests) = company.enter("phone", "2026-11-10T17:30:00Z", body);
    assert_eq!(Promised::due(&requests[0], "response"), "2026-12-25", "{}", requests[0]);
}
