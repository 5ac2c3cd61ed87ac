use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::actor::Actor;
use crate::domain::ids::{BundleId, RequestId, StaffId};
use crate::domain::lifecycle;
use crate::domain::personal::Personal;
use crate::domain::request::{
    Approval, Completed, Correction, Fulfilment, Line, Outcome, Package, Particulars, Person, StateName,
};
use crate::domain::verification::{Level, Verification};

const HERE: &str = "https://privacy.shop.example";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_341_600, 0).unwrap()
}

/// A request with something personal in every field that takes it.
fn request(right: Right) -> Request {
    let personal = || Personal::new("MARKER".to_owned());
    Request {
        id: RequestId("01a202b2-c500-7000-8000-0123456789ab".parse().unwrap()),
        bundle: BundleId(Uuid::from_u128(2)),
        controller: "shop".into(),
        right,
        regime: "gdpr".into(),
        regime_reason: "MARKER lives in Germany".into(),
        channel: Channel::Web,
        entered_by: None,
        received_at: now(),
        deadlines: vec![
            serde_json::from_value(json!({
                "duty": "response", "due": "2026-12-22", "rule": "one month", "steps": [],
                "citation": "GDPR Art. 12(3)", "confidence": "high"
            }))
            .unwrap(),
        ],
        told: Vec::new(),
        extension: None,
        clocks: crate::domain::clocks::Clocks::default(),
        verification: Verification::required(Level::None),
        assignee: None,
        state: State::InReview { since: now() },
        remedies: None,
        appeals: Vec::new(),
        particulars: Particulars {
            person: Person {
                name: "MARKER".parse().unwrap(),
                email: "MARKER@example.com".parse().unwrap(),
                phone: None,
                account_id: Some("MARKER".parse().unwrap()),
                residence: None,
            },
            details: Some(personal()),
            corrections: vec![Correction {
                dataset: "MARKER".into(),
                collection: "MARKER".into(),
                field: "MARKER".into(),
                current: Some(personal()),
                requested: personal(),
            }],
            opt_out_of: Vec::new(),
            range: None,
            transmit_to: Some(personal()),
            agent: None,
            language: None,
        },
    }
}

fn line(system: &str, collection: &str, action: Action, rows: u64) -> Line {
    let (system, collection) = (system.to_owned(), collection.to_owned());
    let note = Some("MARKER".to_owned());
    Line { system, dataset: "crm".into(), collection, field: None, action, rows, note }
}

fn closed(request: Request, result: Fulfilment) -> Request {
    let approval = Approval::new(now(), Actor::Staff(StaffId(Uuid::from_u128(3))));
    let done = Completed { at: now(), approval, released_by: None, result };
    Request { state: State::Fulfilled(done), ..request }
}

fn submitted(right: Right) -> Request {
    let Outcome { request, .. } = lifecycle::submit(request(right), now());
    request
}

#[test]
fn a_submission_reads_as_follows() {
    let receipt = Receipt::submitted(HERE, &submitted(Right::Access));
    insta::assert_snapshot!(serde_json::to_string_pretty(&receipt).unwrap(), @r#"
    {
      "iss": "https://privacy.shop.example",
      "iat": 1795341600,
      "event": "submitted",
      "request": "01a202b2-c500-7000-8000-0123456789ab",
      "reference": "DSR-4D2P-F2DB",
      "controller": "shop",
      "right": "access",
      "regime": "gdpr",
      "channel": "web",
      "received_at": "2026-11-22T10:00:00Z",
      "deadlines": [
        {
          "duty": "response",
          "due": "2026-12-22"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(receipt.words(), @r#"
    https://privacy.shop.example confirms that this request came in, as of 2026-11-22T10:00:00Z.

      request       DSR-4D2P-F2DB (01a202b2-c500-7000-8000-0123456789ab)
      asked         access
      of            shop, under gdpr
      received      2026-11-22T10:00:00Z by web
      due           response: 2026-12-22
    "#);
}

#[test]
fn an_erasure_says_what_became_of_the_rows_in_each_system() {
    let lines = vec![
        line("crm-db", "orders", Action::Deleted, 12),
        line("crm-db", "tickets", Action::Masked, 1),
        line("books", "invoices", Action::Kept, 3),
    ];
    let request = closed(submitted(Right::Deletion), Fulfilment { lines, ..Fulfilment::default() });
    let receipt = Receipt::closed(HERE, &request).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&receipt).unwrap(), @r#"
    {
      "iss": "https://privacy.shop.example",
      "iat": 1795341600,
      "event": "closed",
      "request": "01a202b2-c500-7000-8000-0123456789ab",
      "reference": "DSR-4D2P-F2DB",
      "controller": "shop",
      "right": "deletion",
      "regime": "gdpr",
      "channel": "web",
      "received_at": "2026-11-22T10:00:00Z",
      "outcome": {
        "kind": "fulfilled",
        "closed_at": "2026-11-22T10:00:00Z",
        "done": [
          {
            "system": "crm-db",
            "dataset": "crm",
            "collection": "orders",
            "action": "deleted",
            "rows": 12
          },
          {
            "system": "crm-db",
            "dataset": "crm",
            "collection": "tickets",
            "action": "masked",
            "rows": 1
          },
          {
            "system": "books",
            "dataset": "crm",
            "collection": "invoices",
            "action": "kept",
            "rows": 3
          }
        ],
        "second_search": "nothing_left_to_erase"
      }
    }
    "#);
    insta::assert_snapshot!(receipt.words(), @r#"
    https://privacy.shop.example confirms how this request ended, as of 2026-11-22T10:00:00Z.

      request       DSR-4D2P-F2DB (01a202b2-c500-7000-8000-0123456789ab)
      asked         deletion
      of            shop, under gdpr
      received      2026-11-22T10:00:00Z by web
      ended         2026-11-22T10:00:00Z: fulfilled
      deleted       12 rows in crm-db (crm.orders)
      masked        1 row in crm-db (crm.tickets)
      kept          3 rows in books (crm.invoices)
      searched      once more afterwards: nothing was left to erase
    "#);
}

#[test]
fn the_proof_of_an_erasure_is_told_per_system() {
    use crate::domain::proof::{CollectionProof, KeptRows, SecondSearch};
    let collection = |deleted, kept: Vec<KeptRows>| CollectionProof {
        dataset: "crm".into(),
        collection: "orders".into(),
        deleted,
        masked: 0,
        kept,
    };
    let proof = |found, collections| SystemProof {
        system: "crm-db".into(),
        started_at: Some(now()),
        finished_at: Some(now() + chrono::TimeDelta::seconds(2)),
        manifests: vec!["9f86".into()],
        collections,
        second_search: SecondSearch { at: now() + chrono::TimeDelta::seconds(3), found },
    };
    let (ground, citation) = ("we must keep our books".to_owned(), Some("AO section 147".to_owned()));
    let until = NaiveDate::from_ymd_opt(2032, 12, 31);
    let kept = KeptRows { rows: 3, ground, citation, next: until, until };
    let later = ErasedLater {
        at: now() + chrono::TimeDelta::days(2231),
        lines: vec![line("crm-db", "orders", Action::Deleted, 3)],
        retained: Vec::new(),
        proof: vec![proof(Found::Nothing, vec![collection(3, Vec::new())])],
    };
    let result = Fulfilment {
        lines: vec![line("crm-db", "orders", Action::Deleted, 12), line("crm-db", "orders", Action::Kept, 3)],
        proof: vec![proof(Found::NothingButKept, vec![collection(12, vec![kept])])],
        erased_later: vec![later],
        ..Fulfilment::default()
    };
    let receipt = Receipt::closed(HERE, &closed(submitted(Right::Deletion), result)).unwrap();
    let written = serde_json::to_value(&receipt).unwrap();
    let first = &receipt.outcome.as_ref().unwrap().proof[0];
    insta::assert_snapshot!(serde_json::to_string(first).unwrap(), @r#"{"system":"crm-db","started_at":"2026-11-22T10:00:00Z","finished_at":"2026-11-22T10:00:02Z","manifests":["9f86"],"collections":[{"dataset":"crm","collection":"orders","deleted":12,"masked":0,"kept":[{"rows":3,"ground":"we must keep our books","citation":"AO section 147","next":"2032-12-31","until":"2032-12-31"}]}],"second_search":{"at":"2026-11-22T10:00:03Z","found":"nothing_but_kept"}}"#);
    insta::assert_snapshot!(receipt.words(), @"
    https://privacy.shop.example confirms how this request ended, as of 2026-11-22T10:00:00Z.

      request       DSR-4D2P-F2DB (01a202b2-c500-7000-8000-0123456789ab)
      asked         deletion
      of            shop, under gdpr
      received      2026-11-22T10:00:00Z by web
      ended         2026-11-22T10:00:00Z: fulfilled
      deleted       12 rows in crm-db (crm.orders)
      kept          3 rows in crm-db (crm.orders)
      searched      once more afterwards: nothing was left to erase
      why kept      3 in crm-db (crm.orders): we must keep our books (AO section 147), until 2032-12-31
      manifest      9f86  crm-db
      erased        in crm-db from 2026-11-22T10:00:00Z to 2026-11-22T10:00:02Z
      searched      crm-db again at 2026-11-22T10:00:03Z: nothing was found but what is kept
      later         2032-12-31T10:00:00Z: what had been kept for a time was erased
      deleted       3 rows in crm-db (crm.orders)
      manifest      9f86  crm-db
      erased        in crm-db from 2026-11-22T10:00:00Z to 2026-11-22T10:00:02Z
      searched      crm-db again at 2026-11-22T10:00:03Z: nothing was found
    ");
    assert!(!written.to_string().contains("MARKER"));
    assert_eq!(serde_json::from_value::<Receipt>(written).unwrap(), receipt);
}

#[test]
fn a_package_is_named_by_its_sum_and_its_files() {
    let package = Package { id: Uuid::nil(), bytes: 9, sha256: "5e88".into(), expires_at: now() };
    let lines = vec![line("crm-db", "orders", Action::Disclosed, 1)];
    let result = Fulfilment { lines, package: Some(package), withheld: 2, ..Fulfilment::default() };
    let request = closed(submitted(Right::Access), result);
    insta::assert_snapshot!(Receipt::closed(HERE, &request).unwrap().words(), @r#"
    https://privacy.shop.example confirms how this request ended, as of 2026-11-22T10:00:00Z.

      request       DSR-4D2P-F2DB (01a202b2-c500-7000-8000-0123456789ab)
      asked         access
      of            shop, under gdpr
      received      2026-11-22T10:00:00Z by web
      ended         2026-11-22T10:00:00Z: fulfilled
      disclosed     1 row in crm-db (crm.orders)
      withheld      2 values that name somebody else
      package       SHA-256 5e88
    "#);
    let files = vec![File { path: "data/crm/orders.csv".into(), sha256: "9f86".into() }];
    insta::assert_snapshot!(Receipt::packed(HERE, &request, now(), files).words(), @r#"
    https://privacy.shop.example confirms what is in the package made for this request, as of 2026-11-22T10:00:00Z.

      request       DSR-4D2P-F2DB (01a202b2-c500-7000-8000-0123456789ab)
      asked         access
      of            shop, under gdpr
      received      2026-11-22T10:00:00Z by web
      package       made 2026-11-22T10:00:00Z
      file          9f86  data/crm/orders.csv
    "#);
}

#[test]
fn a_correction_where_there_is_no_such_place_repeats_nothing() {
    let place = Line {
        system: String::new(),
        dataset: "MARKER".into(),
        field: Some("MARKER".into()),
        ..line("", "MARKER", Action::NotCorrected, 0)
    };
    let lines = vec![Line { field: Some("email".into()), ..line("crm-db", "people", Action::Corrected, 1) }, place];
    let request = closed(submitted(Right::Correction), Fulfilment { lines, ..Fulfilment::default() });
    insta::assert_snapshot!(Receipt::closed(HERE, &request).unwrap().words(), @r#"
    https://privacy.shop.example confirms how this request ended, as of 2026-11-22T10:00:00Z.

      request       DSR-4D2P-F2DB (01a202b2-c500-7000-8000-0123456789ab)
      asked         correction
      of            shop, under gdpr
      received      2026-11-22T10:00:00Z by web
      ended         2026-11-22T10:00:00Z: fulfilled
      corrected     1 row in crm-db (crm.people.email)
      not corrected 0 rows in a place that does not exist
    "#);
}

#[test]
fn an_extension_does_not_change_the_receipt_of_the_submission() {
    let mut request = submitted(Right::Access);
    let before = Receipt::submitted(HERE, &request);
    request.deadlines[0].due = "2027-02-22".parse().unwrap();
    assert_eq!(Receipt::submitted(HERE, &request), before);
}

#[test]
fn every_end_has_a_receipt_and_nothing_else_has_and_none_names_anybody() {
    let (at, by) = (now(), StaffId(Uuid::from_u128(3)));
    let text = || Personal::new("MARKER".to_owned());
    let ends = [
        State::Denied { at, by, ground: "excessive".into(), explanation: text(), instead: None },
        State::Referred { at, by, to: text(), explanation: text() },
        State::Withdrawn { at },
        State::Expired { at },
    ];
    for state in ends {
        let name = state.name();
        let request = Request { state, ..submitted(Right::Access) };
        let receipt = Receipt::closed(HERE, &request).unwrap();
        assert_eq!(receipt.outcome.as_ref().unwrap().kind, name.as_str());
        let said = serde_json::to_string(&receipt).unwrap() + &receipt.words();
        assert!(!said.contains("MARKER") && !said.contains(&by.to_string()), "{said}");
    }
    let open = State::AwaitingRequester { since: at, asked_by: by, question: text(), stops_clock: false };
    assert_eq!(Receipt::closed(HERE, &Request { state: open, ..submitted(Right::Access) }), None);
    let request = submitted(Right::Correction);
    assert!(!serde_json::to_string(&Receipt::submitted(HERE, &request)).unwrap().contains("MARKER"));
    assert_eq!(request.state.name(), StateName::InReview);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(rows in any::<u64>(), withheld in any::<u64>(), by_hand in any::<bool>()) {
        let lines = vec![line("crm-db", "orders", Action::Disclosed, rows)];
        let result = Fulfilment { lines, withheld, by_hand, ..Fulfilment::default() };
        let receipt = Receipt::closed(HERE, &closed(submitted(Right::Access), result)).unwrap();
        let read: Receipt = serde_json::from_str(&serde_json::to_string(&receipt).unwrap()).unwrap();
        prop_assert_eq!(read, receipt);
    }
}
