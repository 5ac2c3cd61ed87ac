//! Fills a store with requests as they lie there after years: most of them closed, some with staff, some unproved.
//!
//! `cargo bench --bench fill -- --url sqlite://habeas.db --directory DIR --key-file DIR/habeas.key --requests 1000000`
//!
//! The requests go through the store, sealed as any other; the audit trail and the letters of their lives are left out.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clap::Parser;
use habeas::clock;
use habeas::domain::clocks::Clocks;
use habeas::domain::deadline::{Confidence, Deadline, Duty};
use habeas::domain::ids::{BundleId, RequestId, StaffId};
use habeas::domain::personal::Personal;
use habeas::domain::request::{Channel, Outcome, Particulars, Person, Request, State};
use habeas::domain::right::Right;
use habeas::domain::verification::{Level, Verification};
use habeas::store::{Bundle, Keys, Options, Store, StoreError};
use uuid::Uuid;

#[derive(Parser)]
struct Args {
    /// The store's address.
    #[arg(long)]
    url: String,
    /// The folder that paths are relative to.
    #[arg(long)]
    directory: PathBuf,
    /// The store's key file.
    #[arg(long)]
    key_file: PathBuf,
    /// How many requests.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// `cargo bench` says it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How many requests one transaction takes.
const BATCH: u64 = 2_000;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let keys = Keys::load_or_create(&args.key_file, clock::random)?;
    let store = Store::open(&Options { url: args.url.into(), base_dir: args.directory }, Arc::new(keys))?;
    let mut from = 0;
    while from < args.requests {
        let to = (from + BATCH).min(args.requests);
        store.write_blocking(move |tx| {
            for n in from..to {
                let request = request(n);
                tx.insert_bundle(&bundle(&request, n))?;
                tx.insert(&Outcome { request, entries: vec![], jobs: vec![], opt_outs: vec![], marks: vec![] })?;
            }
            Ok::<_, StoreError>(())
        })?;
        from = to;
    }
    store.close();
    Ok(())
}

/// One every minute from 2100 on: what lies ahead, the server's schedule neither expires nor reminds of.
fn received(n: u64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(4_102_444_800) + TimeDelta::minutes(i64::try_from(n).unwrap_or_default())
}

fn bundle(request: &Request, n: u64) -> Bundle {
    let mut token_hash = [0; 32];
    token_hash[..8].copy_from_slice(&n.to_be_bytes());
    let (id, controller) = (request.bundle, request.controller.clone());
    Bundle { id, controller, token_hash, created_at: request.received_at, challenge: None }
}

fn request(n: u64) -> Request {
    let at = received(n);
    let state = state(n, at);
    let right = match n % 1000 {
        0 => Right::AutomatedDecision,
        1..50 => Right::Correction,
        50..100 => Right::Portability,
        100..500 => Right::Deletion,
        _ => Right::Access,
    };
    Request {
        id: RequestId(clock::new_id(at)),
        bundle: BundleId(clock::new_id(at)),
        controller: if n.is_multiple_of(50) { "other".into() } else { "shop".into() },
        right,
        regime: "gdpr".into(),
        regime_reason: "lives in Germany".to_owned(),
        channel: Channel::Web,
        entered_by: None,
        received_at: at,
        deadlines: vec![deadline((at + TimeDelta::days(30)).date_naive())],
        told: Vec::new(),
        extension: None,
        clocks: Clocks::default(),
        verification: Verification::required(Level::Email),
        assignee: (n % 20 == 3).then(|| StaffId(Uuid::from_u128(u128::from(n % 7)))),
        state,
        remedies: None,
        appeals: Vec::new(),
        particulars: Particulars {
            person: person(n),
            details: Some(Personal::new("Everything you hold about me, please.".to_owned())),
            corrections: Vec::new(),
            opt_out_of: Vec::new(),
            range: None,
            transmit_to: None,
            agent: None,
            language: None,
        },
    }
}

fn person(n: u64) -> Person {
    Person {
        name: "Ada Lovelace".parse().expect("a name"),
        email: format!("user{n}@example.com").parse().expect("an address"),
        phone: None,
        account_id: None,
        residence: Some("DE".parse().expect("a country")),
    }
}

fn state(n: u64, since: DateTime<Utc>) -> State {
    match n % 100 {
        0..4 => State::AwaitingVerification { since },
        4..9 => State::InReview { since },
        9 => State::AwaitingRequester {
            since,
            asked_by: StaffId(Uuid::nil()),
            question: Personal::new("Which account?".to_owned()),
            stops_clock: false,
        },
        _ => State::Denied {
            at: since,
            by: StaffId(Uuid::nil()),
            ground: "manifestly_unfounded".to_owned(),
            explanation: Personal::new("It was asked and answered last week.".to_owned()),
            instead: None,
        },
    }
}

fn deadline(due: NaiveDate) -> Deadline {
    Deadline {
        duty: Duty::Response,
        due,
        rule: "one month".to_owned(),
        steps: vec!["received".to_owned(), "one month later".to_owned()],
        citation: "GDPR Art. 12(3)".to_owned(),
        confidence: Confidence::High,
    }
}
