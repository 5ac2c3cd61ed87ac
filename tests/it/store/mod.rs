//! One suite for both databases: what the store promises holds in SQLite and in PostgreSQL alike.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use habeas::domain::actor::Actor;
use habeas::domain::audit::NewEntry;
use habeas::domain::deadline::{Deadline, Duty};
use habeas::domain::ids::{BundleId, RequestId};
use habeas::domain::lifecycle;
use habeas::domain::personal::Personal;
use habeas::domain::request::{Channel, Outcome, Particulars, Person, Request, State};
use habeas::domain::right::Right;
use habeas::domain::verification::{Level, Verification};
use habeas::store::{Bundle, Keys, Options, Store, StoreError};
use uuid::Uuid;

use crate::support::postgres;

mod accounts;
mod audit;
mod fulfilment;
mod grouping;
mod jobs;
mod migrations;
mod outage;
mod privacy;
mod queue;

/// The database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Db {
    Sqlite,
    Postgres,
}

/// A database of a test's own.
pub struct Home {
    pub store: Store,
    pub url: String,
    pub dir: PathBuf,
    _dir: tempfile::TempDir,
}

impl Home {
    pub fn new(db: Db) -> Home {
        let folder = tempfile::tempdir().unwrap();
        let url = match db {
            Db::Sqlite => "sqlite://habeas.db".to_owned(),
            Db::Postgres => postgres::fresh_database(),
        };
        let dir = folder.path().to_owned();
        let store = open(&url, &dir).unwrap();
        Home { store, url, dir, _dir: folder }
    }

    /// The same database as another process sees it.
    pub fn another(&self) -> Store {
        open(&self.url, &self.dir).unwrap()
    }

    /// Runs SQL past the store and gives the rows on lines, columns apart by `|`.
    pub fn sql(&self, sql: &str) -> String {
        if self.url.starts_with("postgres") {
            return postgres::query(&self.url, sql);
        }
        let conn = rusqlite::Connection::open(self.dir.join("habeas.db")).unwrap();
        conn.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        if !sql.trim_start().to_uppercase().starts_with("SELECT") {
            conn.execute_batch(sql).unwrap();
            return String::new();
        }
        let mut statement = conn.prepare(sql).unwrap();
        let width = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells = (0..width).map(|i| row.get::<_, rusqlite::types::Value>(i).map(text));
            Ok(cells.collect::<Result<Vec<_>, _>>()?.join("|"))
        });
        rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap().join("\n")
    }
}

fn text(value: rusqlite::types::Value) -> String {
    use rusqlite::types::Value;
    match value {
        Value::Null => String::new(),
        Value::Integer(n) => n.to_string(),
        Value::Real(n) => n.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => bytes.iter().map(|b| format!("{b:02x}")).collect(),
    }
}

pub fn open(url: &str, dir: &std::path::Path) -> Result<Store, StoreError> {
    let options = Options { url: url.into(), base_dir: dir.to_owned() };
    Store::open(&options, Arc::new(Keys::from_master([7; 32])))
}

/// A moment `seconds` after the tests' own beginning of time.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap() + TimeDelta::seconds(seconds)
}

pub fn id(n: u128) -> RequestId {
    RequestId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n))
}

pub fn bundle_id(n: u128) -> BundleId {
    BundleId(Uuid::from_u128(n))
}

pub fn bundle(n: u128) -> Bundle {
    Bundle {
        id: bundle_id(n),
        controller: "shop".into(),
        token_hash: [n as u8; 32],
        created_at: at(0),
        challenge: None,
    }
}

/// A request of Ada's in bundle 1.
pub fn request(n: u128) -> Request {
    let person = Person {
        name: "Ada Lovelace".parse().unwrap(),
        email: "Ada@Example.com".parse().unwrap(),
        phone: Some("+14155552671".parse().unwrap()),
        account_id: None,
        residence: Some("DE".parse().unwrap()),
    };
    Request {
        id: id(n),
        bundle: bundle_id(1),
        controller: "shop".into(),
        right: Right::Access,
        regime: "gdpr".into(),
        regime_reason: "lives in Germany".to_owned(),
        channel: Channel::Web,
        entered_by: None,
        received_at: at(0),
        deadlines: vec![deadline(NaiveDate::from_ymd_opt(2027, 2, 15).unwrap())],
        told: Vec::new(),
        extension: None,
        verification: Verification::required(Level::Email),
        assignee: None,
        state: State::AwaitingVerification { since: at(0) },
        particulars: Particulars {
            person,
            details: Some(Personal::new("everything since 1843".to_owned())),
            corrections: Vec::new(),
            opt_out_of: Vec::new(),
            range: None,
            transmit_to: None,
            agent: None,
            language: None,
        },
    }
}

pub fn deadline(due: NaiveDate) -> Deadline {
    Deadline {
        duty: Duty::Response,
        due,
        rule: "one month".to_owned(),
        steps: Vec::new(),
        citation: "Art. 12(3)".to_owned(),
        confidence: habeas::domain::deadline::Confidence::High,
    }
}

/// The outcome of submitting it.
pub fn submitted(request: Request) -> Outcome {
    lifecycle::submit(request, at(0))
}

/// An outcome with nothing but the request.
pub fn bare(request: Request) -> Outcome {
    Outcome { request, entries: Vec::new(), jobs: Vec::new(), opt_outs: Vec::new() }
}

pub fn entry(controller: &str, n: usize) -> NewEntry {
    NewEntry::new(&controller.into(), None, at(n as i64), Actor::System, "test.event")
        .with(serde_json::json!({ "n": n, "b": [1, null, "x"] }))
}

/// Bundle 1 and the request number `n` in it.
pub fn seed(store: &Store, n: u128) -> Request {
    let outcome = submitted(request(n));
    let kept = outcome.clone();
    store
        .write_blocking(move |tx| {
            if tx.bundle(bundle_id(1))?.is_none() {
                tx.insert_bundle(&bundle(1))?;
            }
            tx.insert(&outcome)
        })
        .unwrap();
    kept.request
}
