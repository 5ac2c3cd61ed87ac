//! The statutory figures: the same over HTTP and on the command line, on both stores, before and after the purge.

use chrono::TimeDelta;
use habeas::domain::staff::Role;
use habeas::worker::schedule;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::server::{Server, habeas};
use crate::support::world::{Kind, World};

const PATH: &str = "/v1/staff/reports/metrics";

/// Nothing expires while the clock moves by weeks.
const POLICY: &str = r#"
name = "Example Shop GmbH"
postal_address = "Lindenweg 1, 10115 Berlin"
privacy_email = "privacy@shop.example"
country = "DE"
time_zone = "Europe/Berlin"
verification_days = 365
"#;

#[rstest]
fn a_year_under_a_law_is_counted(#[values(Kind::Sqlite, Kind::Postgres)] store: Kind) {
    let world = World::new(store, Kind::Sqlite);
    world.write("policy.toml", POLICY);
    let server = Server::start(&world);
    let api = &server.api;
    let californian =
        || json!({ "person": { "name": "Ada Example", "email": "ada@example.com", "residence": "US-CA" } });
    let (denied_token, denied) = api.submit(&["access"], californian());
    api.confirm(&world, &denied[0], &denied_token);
    for _ in 0..2 {
        api.submit(&["opt_out"], californian());
    }
    let (taken_back, ids) = api.submit(&["access"], californian());
    assert_eq!(api.post(&format!("/v1/requests/{}/withdrawal", ids[0]), &taken_back, Value::Null).0, 200);
    let (open_token, open) = api.submit(&["deletion"], californian());
    api.submit(&["access"], json!({})); // under another law
    server.clock().advance(TimeDelta::days(10));
    let denial = json!({ "ground": "manifestly_excessive", "explanation": "Asked daily." });
    let reviewer = api.sign_in(Role::Reviewer);
    assert_eq!(api.post(&format!("/v1/staff/requests/{}/denial", denied[0]), &reviewer, denial).0, 200);

    server.clock().advance(TimeDelta::days(50));
    let auditor = api.sign_in(Role::Auditor);
    let csv = |query: &str, token: &str| {
        api.send(Method::GET, &format!("{PATH}?{query}&format=csv"), Some(token), None).text().unwrap()
    };
    let figures = csv("regime=ccpa&year=2026", &auditor);
    insta::allow_duplicates! {
        insta::assert_snapshot!(figures.replace('\r', ""), @"
    regime,year,right,duty,received,complied_in_whole,nothing_found,complied_in_part,denied,denied_by_ground,referred,withdrawn,expired,open,overdue,in_time,late,median_days,mean_days
    ccpa,2026,access,response,2,0,0,0,1,manifestly_excessive=1,0,1,0,0,0,1,0,10,10
    ccpa,2026,categories,response,0,0,0,0,0,,0,0,0,0,0,0,0,,
    ccpa,2026,portability,response,0,0,0,0,0,,0,0,0,0,0,0,0,,
    ccpa,2026,deletion,response,1,0,0,0,0,,0,0,0,1,1,0,0,,
    ccpa,2026,correction,response,0,0,0,0,0,,0,0,0,0,0,0,0,,
    ccpa,2026,opt_out,opt_out,2,2,0,0,0,,0,0,0,0,0,2,0,0,0
    ccpa,2026,limit_sensitive,opt_out,0,0,0,0,0,,0,0,0,0,0,0,0,,
    ccpa,2026,total,,5,2,0,0,1,manifestly_excessive=1,0,1,0,1,1,3,0,0,3.33
    ");
    }
    let (status, answer) = api.get(&format!("{PATH}?regime=ccpa&year=2026&controller=shop"), &auditor);
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["total"]["received"], &answer["total"]["overdue"]), (&json!(5), &json!(1)), "{answer}");
    assert_eq!(answer["total"]["denied_by_ground"], json!({ "manifestly_excessive": 1 }), "{answer}");
    assert!(answer["citation"].as_str().unwrap().contains("7102"), "{answer}");
    for wrong in ["regime=nowhere&year=2026", "regime=ccpa&year=1", "regime=ccpa&year=2026&controller=nobody"] {
        assert_eq!(api.get(&format!("{PATH}?{wrong}"), &auditor).0, 422, "{wrong}");
    }
    assert_eq!(api.get(&format!("{PATH}?regime=ccpa"), &auditor).0, 400);
    let empty = csv("regime=ccpa&year=2025", &auditor);
    let zeros = |line: &str| line.split(',').skip(4).all(|field| field == "0" || field.is_empty());
    assert!(empty.lines().count() > 5 && empty.lines().skip(1).all(zeros), "{empty}");

    // The command line has another clock, so nothing may be left open.
    assert_eq!(api.post(&format!("/v1/requests/{}/withdrawal", open[0]), &open_token, Value::Null).0, 200);
    let figures = csv("regime=ccpa&year=2026", &auditor);
    let report = ["report", "metrics", "--regime", "ccpa", "--year", "2026"];
    let (code, printed, error) = habeas(&world, &report, "");
    assert_eq!((code, &printed), (0, &figures), "{error}");
    let (code, printed, _) = habeas(&world, &[report.as_slice(), &["--format", "json"]].concat(), "");
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((code, &printed["rights"][0]["median_days"]), (0, &json!(10.0)), "{printed}");

    server.clock().advance(TimeDelta::days(1000));
    tokio::runtime::Runtime::new().unwrap().block_on(schedule::once(&server.office)).unwrap();
    let auditor = api.sign_in(Role::Auditor);
    assert_eq!(api.get(&format!("/v1/requests/{}", denied[0]), &denied_token).0, 404, "purged");
    assert_eq!(csv("regime=ccpa&year=2026", &auditor), figures, "the figures outlive the purge");
}
