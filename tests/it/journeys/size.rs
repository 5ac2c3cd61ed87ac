//! Persons with more rows than memory should hold: every row comes once, progress is seen, a broken download goes on.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use habeas::domain::staff::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::crashes::staff;
use super::unzip;
use crate::support::line::Line;
use crate::support::server::{Process, Server};
use crate::support::world::{Kind, World};

/// More than one question takes and than a set of keys keeps in memory.
const VISITS: usize = 40_000;

/// How much of an answer comes at a time where a run is looked at; all of it is some twenty times as much.
const SOME: usize = 250_000;

/// How far a run is, is written down once a second: after this long there is nothing new without more of the answer.
const NOTED: Duration = Duration::from_millis(1500);

const DATASET: &str = "
dataset:
  - fides_key: log
    collections:
      - name: visits
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [system.operations]}
          - {name: email, fides_meta: {identity: email}, data_categories: [user.contact.email]}
          - {name: note, data_categories: [user.behavior]}
      - name: clicks
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [system.operations]}
          - name: visit_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: log, field: visits.id, direction: from}]}
          - {name: target, data_categories: [user.behavior]}
";

/// Every other visit is Ada's, and every visit has one click.
fn world(store: Kind, company: Kind) -> World {
    let both = 2 * VISITS;
    let sql = format!(
        "CREATE TABLE visits (id integer PRIMARY KEY, email text, note text);
         CREATE TABLE clicks (id integer PRIMARY KEY, visit_id integer NOT NULL REFERENCES visits (id), target text);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {both})
         INSERT INTO visits SELECT i, CASE WHEN i % 2 = 0 THEN 'Ada@Example.com' ELSE 'bob@example.com' END, 'visit ' || i FROM n;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {both})
         INSERT INTO clicks SELECT i + 1000000, i, 'target ' || i * 7919 FROM n;
         CREATE INDEX clicks_visit ON clicks (visit_id);"
    );
    World::new(store, company).with_system("shop", "log", &sql, DATASET)
}

#[rstest]
#[case(Kind::Sqlite, Kind::Postgres)]
#[case(Kind::Postgres, Kind::Sqlite)]
fn every_row_of_very_many_comes_once(#[case] store: Kind, #[case] company: Kind) {
    let world = world(store, company);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["portability"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let staff = api.sign_in(Role::Officer);
    let done = api.approve(&ids[0], &staff);
    assert_eq!(done["state"], "awaiting_release", "Eve's name is withheld: {done}");
    let step = |name: &str| done["steps"].as_array().unwrap().iter().find(|s| s["collection"] == name).unwrap().clone();
    assert_eq!((&step("visits")["rows"], &step("clicks")["rows"]), (&json!(VISITS), &json!(VISITS)));
    api.post(&format!("/v1/staff/requests/{}/release", ids[0]), &staff, Value::Null);
    let files = unzip(api.package(&ids[0], &token));
    for (file, first) in [("data/log/visits.csv", 0), ("data/log/clicks.csv", 1_000_000)] {
        let lines = files[file].lines().skip(1).map(|l| l.split(',').next().unwrap().parse::<usize>().unwrap());
        let found: Vec<usize> = lines.collect();
        assert_eq!(found.len(), VISITS, "{file}");
        let expected: BTreeSet<usize> = (1..=VISITS).map(|i| first + 2 * i).collect();
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "{file}");
        assert_eq!(files[&file.replace(".csv", ".jsonl")].lines().count(), VISITS);
    }
    let all: String = files.values().map(String::as_str).collect();
    assert!(!all.contains("bob@example.com"), "somebody else's row is in the package");
}

/// The peer takes ten seconds to start and 1.2 GB to stand idle; this is far below both, even unoptimised.
#[test]
fn it_starts_at_once_and_idles_small() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    staff(&world);
    let began = Instant::now();
    let process = Process::start(&world, None);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let idle = process.memory("VmRSS:");
    assert!(idle < 200 * 1024, "{} MB", idle / 1024);
}

/// More than the process may take on for it.
const LONG: (usize, usize) = (24_000, 4_000);

/// The peer loads results whole into memory.
#[test]
fn memory_does_not_grow_with_the_rows() {
    let (rows, length) = LONG;
    let sql = format!(
        "CREATE TABLE visits (id integer PRIMARY KEY, email text, note text);
         CREATE TABLE clicks (id integer PRIMARY KEY, visit_id integer NOT NULL, target text);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO visits SELECT i, 'ada@example.com', printf('%.*c', {length}, 'x') FROM n;"
    );
    let world = World::new(Kind::Sqlite, Kind::Sqlite).with_system("shop", "log", &sql, DATASET);
    staff(&world);
    let process = Process::start(&world, None);
    let api = &process.api;
    let (token, ids) = api.submit(&["portability"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let officer = api.sign_in(Role::Officer);
    process.forget_peak();
    let idle = process.memory("VmRSS:");
    let done = api.approve(&ids[0], &officer);
    let most = process.memory("VmHWM:");
    let line = done["result"]["lines"].as_array().unwrap().iter().find(|line| line["collection"] == "visits");
    assert_eq!(line.unwrap()["rows"], rows, "{done}");
    assert!(most - idle < 64 * 1024, "{} MB for {} MB of values", (most - idle) / 1024, (rows * length) >> 20);
}

#[test]
fn progress_is_seen_while_an_export_runs() {
    let world = world(Kind::Sqlite, Kind::Postgres);
    let line = Line::new(&world.system_url("log"));
    world.configure(&world.system_url("log"), &line.url);
    let server = Server::start(&world);
    let api = &server.api;
    let (token, ids) = api.submit(&["access"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let staff = api.sign_in(Role::Officer);
    let path = format!("/v1/staff/requests/{}/progress", ids[0]);
    assert_eq!(api.get(&path, &staff).1, json!({ "state": "in_review", "steps": [] }));
    line.let_through(SOME);
    api.post(&format!("/v1/staff/requests/{}/approval", ids[0]), &staff, Value::Null);
    let (mut seen, mut since) = (BTreeSet::new(), Instant::now());
    loop {
        let (status, progress) = api.get(&path, &staff);
        assert_eq!(status, 200, "{progress}");
        let steps = progress["steps"].as_array().unwrap();
        if progress["state"] != "fulfilling" {
            // It may have ended between the look at its steps and the look at its state.
            let (_, ended) = api.get(&path, &staff);
            assert!(ended["steps"].as_array().unwrap().iter().all(|step| step["state"] == "done"), "{ended}");
            break;
        }
        let running = steps.iter().find(|step| step["state"] == "running");
        let moved = running.is_some_and(|step| seen.insert((step["collection"].to_string(), step["rows"].as_u64())));
        if let Some(running) = running {
            assert_eq!(running["bytes"].as_u64() > Some(0), running["rows"].as_u64() > Some(0), "{progress}");
        }
        if seen.len() > 2 {
            line.open();
        } else if moved || since.elapsed() > NOTED {
            line.let_through(SOME);
            since = Instant::now();
        }
    }
    assert!(seen.len() > 2, "it moves while it runs: {seen:?}");
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let world = world(Kind::Sqlite, Kind::Sqlite);
    let Server { api, .. } = &Server::start(&world);
    let (token, ids) = api.submit(&["portability"], json!({}));
    api.confirm(&world, &ids[0], &token);
    let staff = api.sign_in(Role::Officer);
    api.approve(&ids[0], &staff);
    api.post(&format!("/v1/staff/requests/{}/release", ids[0]), &staff, Value::Null);
    let whole = api.package(&ids[0], &token);
    let path = format!("/v1/requests/{}/package", ids[0]);

    let host = api.url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(host).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
    let mut got = vec![0; whole.len() / 2];
    connection.read_exact(&mut got).unwrap();
    drop(connection);
    let head = got.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let headers = String::from_utf8_lossy(&got[..head]).to_lowercase();
    let tag = headers.lines().find_map(|l| l.strip_prefix("etag: ")).unwrap().to_owned();
    let mut package = got.split_off(head);

    let client = reqwest::blocking::Client::new();
    let url = format!("{}{path}", api.url);
    let ask = |range: &str, tag: &str| {
        client.get(&url).bearer_auth(&token).header("range", range).header("if-range", tag).send().unwrap()
    };
    let head = client.head(&url).bearer_auth(&token).header("range", "bytes=0-9").send().unwrap();
    let told = |name: &str| head.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let length = whole.len().to_string();
    assert_eq!(head.status(), 200, "a range is for GET alone");
    for (name, value) in [("content-length", length.as_str()), ("etag", &tag), ("accept-ranges", "bytes")] {
        assert_eq!(told(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(told("content-range"), None);
    assert!(head.bytes().unwrap().is_empty());

    let rest = ask(&format!("bytes={}-", package.len()), &tag);
    assert_eq!(rest.status(), 206);
    package.extend_from_slice(&rest.bytes().unwrap());
    assert!(package == whole, "the two parts are the package");
    assert_eq!(ask("bytes=10-20", "\"another\"").status(), 200, "another package: all of it");
    for ignored in ["bytes=0-1,5-6", "rows=0-1", "bytes=9-3"] {
        let answer = ask(ignored, &tag);
        assert_eq!((answer.status().as_u16(), answer.content_length()), (200, Some(whole.len() as u64)), "{ignored}");
    }
}
