//! Looks and notices: what a day asks for is found by its index, and nothing is said twice.

use chrono::{Days, NaiveDate};
use habeas::domain::clocks::Clocks;
use habeas::store::StoreError;
use rstest::rstest;

use super::{Db, Home, at, bare, bundle, id, request};

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 3, 1).unwrap() + Days::new(n)
}

#[rstest]
fn every_look_that_is_due_is_found_once(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let looks = |n: u128| (!n.is_multiple_of(4)).then(|| day((n % 5) as u64));
    let outcomes: Vec<_> = (0..20)
        .map(|n| {
            let mut r = request(n);
            r.clocks = Clocks { look_at: looks(n), ..Clocks::default() };
            bare(r)
        })
        .collect();
    home.store
        .write_blocking(move |tx| {
            tx.insert_bundle(&bundle(1))?;
            outcomes.iter().try_for_each(|o| tx.insert(o))
        })
        .unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = home.store.read_blocking(move |tx| tx.to_look_at(day(2), after, 3)).unwrap();
        let Some(last) = page.last().copied() else { break };
        found.extend(page);
        after = Some(last);
    }
    let mut expected: Vec<_> = (0..20).filter_map(|n| Some((looks(n)?, id(n)))).filter(|(d, _)| *d <= day(2)).collect();
    expected.sort();
    assert_eq!(found, expected);
    let kept = home.store.read_blocking(|tx| tx.request(id(1))).unwrap().unwrap();
    assert_eq!(kept.clocks.look_at, looks(1));
    home.store.write_blocking(|tx| tx.look_next(id(1), None)).unwrap();
    assert_eq!(home.store.read_blocking(|tx| tx.request(id(1))).unwrap().unwrap().clocks.look_at, None);
}

#[rstest]
fn a_notice_is_written_down_once_for_a_date(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    super::seed(&home.store, 1);
    let other = home.another();
    let said = |store: &habeas::store::Store, notice: &'static str, due: NaiveDate| {
        store.write_blocking(move |tx| tx.note(id(1), notice, due, at(0))).unwrap()
    };
    assert!(said(&home.store, "response.missed", day(1)));
    assert!(!said(&other, "response.missed", day(1)), "another process sees it");
    assert!(said(&other, "response.missed", day(2)), "another date is another matter");
    assert!(said(&home.store, "response.ahead.3", day(1)));
    let undone = home.store.write_blocking(|tx| {
        tx.note(id(1), "response.ahead.10", day(1), at(0))?;
        Err::<(), _>(StoreError::BadCursor)
    });
    assert_eq!(undone, Err(StoreError::BadCursor));
    assert!(said(&home.store, "response.ahead.10", day(1)), "what was not committed was not said");
}

/// SQLite says how it would read: never the whole table.
#[test]
fn what_the_clock_asks_for_is_read_from_indexes() {
    let home = Home::new(Db::Sqlite);
    for (query, index) in [
        (
            "look_at, id FROM requests WHERE look_at IS NOT NULL AND look_at <= '2027-03-01' ORDER BY look_at, id",
            "requests_look",
        ),
        (
            "count(*) FROM requests WHERE closed_at IS NULL AND clock_stopped_at IS NULL AND controller = 'shop' AND due < '2027-03-01'",
            "requests_running",
        ),
        ("count(*) FROM requests WHERE clock_stopped_at IS NOT NULL", "requests_stopped"),
        ("received_at FROM requests WHERE closed_at IS NULL ORDER BY received_at LIMIT 1", "requests_open_received"),
    ] {
        let conn = rusqlite::Connection::open(home.dir.join("habeas.db")).unwrap();
        let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN SELECT {query}")).unwrap();
        let lines = plan.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let lines = lines.collect::<Result<Vec<_>, _>>().unwrap().join("\n");
        assert!(lines.contains(index), "{query}: {lines}");
    }
}
