//! The review queue and the log: every filter, and paging that meets every row exactly once.

use chrono::{NaiveDate, TimeDelta};
use habeas::domain::ids::{RequestId, StaffId};
use habeas::domain::request::{State, StateName};
use habeas::domain::right::Right;
use habeas::store::{LogFilter, Queue, Sort, Store, StoreError};
use rstest::rstest;
use uuid::Uuid;

use super::{Db, Home, at, bare, bundle, deadline, id, request};

/// Which numbers a filter finds.
type Matches = Box<dyn Fn(u128) -> bool>;

const COUNT: u128 = 60;

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 3, 1).unwrap() + chrono::Days::new(n)
}

fn staff() -> StaffId {
    StaffId(Uuid::from_u128(77))
}

/// Sixty requests in which every filter has something to find and something to leave out.
fn fill(store: &Store) {
    let outcomes: Vec<_> = (0..COUNT)
        .map(|n| {
            let mut r = request(n);
            r.right = if n % 2 == 0 { Right::Access } else { Right::Deletion };
            r.controller = if n % 3 == 0 { "bank".into() } else { "shop".into() };
            r.assignee = (n % 4 == 0).then(staff);
            r.received_at = at(0) - TimeDelta::seconds((n % 10) as i64);
            r.deadlines = vec![deadline(day((n % 7) as u64))];
            if n % 5 == 0 {
                r.state = State::InReview { since: at(0) };
            }
            if n % 6 == 1 {
                r.particulars.person.email = "grace@example.com".parse().unwrap();
                r.particulars.person.phone = None;
            }
            bare(r)
        })
        .collect();
    store
        .write_blocking(move |tx| {
            tx.insert_bundle(&bundle(1))?;
            outcomes.iter().try_for_each(|o| tx.insert(o))
        })
        .unwrap();
}

/// Walks all pages of `limit` and gives the numbers of the requests.
fn walk(store: &Store, queue: Queue, limit: u32) -> Vec<u128> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let query = Queue { limit, cursor, ..queue.clone() };
        let page = store.read_blocking(move |tx| tx.queue(&query)).unwrap();
        assert!(page.items.len() <= limit as usize);
        all.extend(page.items.iter().map(|r| number(r.id)));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return all,
        }
    }
}

fn number(request: RequestId) -> u128 {
    request.0.as_u128() - id(0).0.as_u128()
}

fn sorted<K: Ord>(filter: impl Fn(u128) -> bool, key: impl Fn(u128) -> K) -> Vec<u128> {
    let mut numbers: Vec<u128> = (0..COUNT).filter(|n| filter(*n)).collect();
    numbers.sort_by_key(|n| (key(*n), *n));
    numbers
}

#[rstest]
fn every_filter_and_page_size_meets_every_row_once(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    fill(&home.store);
    let all = Queue::default;
    let cases: Vec<(Queue, Matches)> = vec![
        (all(), Box::new(|_| true)),
        (Queue { state: Some(StateName::InReview), ..all() }, Box::new(|n| n % 5 == 0)),
        (Queue { right: Some(Right::Deletion), ..all() }, Box::new(|n| n % 2 == 1)),
        (Queue { controller: Some("bank".into()), ..all() }, Box::new(|n| n % 3 == 0)),
        (Queue { assignee: Some(staff()), ..all() }, Box::new(|n| n % 4 == 0)),
        (Queue { due_before: Some(day(3)), ..all() }, Box::new(|n| n % 7 < 3)),
        (Queue { q: Some(" GRACE@example.com ".to_owned()), ..all() }, Box::new(|n| n % 6 == 1)),
        (Queue { q: Some("+1 415 555 2671".to_owned()), ..all() }, Box::new(|n| n % 6 != 1)),
        (Queue { q: Some("nobody@example.com".to_owned()), ..all() }, Box::new(|_| false)),
        (Queue { q: Some("dsr".to_owned()), ..all() }, Box::new(|_| true)),
        (
            Queue { state: Some(StateName::InReview), controller: Some("bank".into()), ..all() },
            Box::new(|n| n % 15 == 0),
        ),
    ];
    for (queue, matches) in cases {
        for limit in [1, 7, 100] {
            let due = Queue { sort: Sort::Due, ..queue.clone() };
            assert_eq!(walk(&home.store, due, limit), sorted(&matches, |n| n % 7), "{queue:?}");
            let received = Queue { sort: Sort::Received, ..queue.clone() };
            assert_eq!(walk(&home.store, received, limit), sorted(&matches, |n| 10 - n % 10), "{queue:?}");
        }
    }
}

#[rstest]
fn a_request_is_found_by_the_beginning_of_its_reference(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    fill(&home.store);
    let reference = id(33).reference();
    for q in [reference.clone(), reference.to_lowercase(), reference[4..].to_owned(), reference[..8].to_owned()] {
        let found = walk(&home.store, Queue { q: Some(q.clone()), ..Queue::default() }, 100);
        assert!(found.contains(&33), "{q}");
    }
    assert_eq!(walk(&home.store, Queue { q: Some(reference), ..Queue::default() }, 100), [33]);
}

#[rstest]
#[case("nonsense", Sort::Due)]
#[case("", Sort::Received)]
fn a_cursor_from_elsewhere_is_refused(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
    #[case] cursor: &str,
    #[case] sort: Sort,
) {
    let home = Home::new(db);
    let queue = Queue { cursor: Some(cursor.to_owned()), sort, limit: 5, ..Queue::default() };
    let error = home.store.read_blocking(move |tx| tx.queue(&queue)).unwrap_err();
    assert_eq!(error, StoreError::BadCursor);
}

#[rstest]
fn the_log_has_every_request_and_outlives_the_purge(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    fill(&home.store);
    home.store.write_blocking(|tx| tx.purge(id(3))).unwrap();
    let log = |filter: LogFilter| {
        let (mut lines, mut after) = (Vec::new(), None);
        loop {
            let (filter, from) = (filter.clone(), after.take());
            let page = home.store.read_blocking(move |tx| tx.log(&filter, from.as_deref(), 7)).unwrap();
            lines.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => return lines,
            }
        }
    };
    let numbers = |filter| log(filter).iter().map(|line| number(line.id)).collect::<Vec<_>>();
    assert_eq!(numbers(LogFilter::default()), (0..COUNT).collect::<Vec<_>>());
    let bank = LogFilter { controller: Some("bank".into()), ..LogFilter::default() };
    assert_eq!(numbers(bank), sorted(|n| n % 3 == 0, |_| 0));
    let some = LogFilter { from: Some(at(-4)), to: Some(at(-2)), ..LogFilter::default() };
    assert_eq!(numbers(some), sorted(|n| (3..=4).contains(&(n % 10)), |_| 0));
    let purged = &log(LogFilter::default())[3];
    assert_eq!((purged.right, purged.due, purged.received_at), (Right::Deletion, Some(day(3)), at(-3)));
    assert_eq!(purged.reference, id(3).reference());
}

#[rstest]
fn requests_are_counted_by_state_and_found_when_nobody_proves_to_be_the_person(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
) {
    let home = Home::new(db);
    fill(&home.store);
    let bank = "bank".into();
    let (all, banks, old) = home
        .store
        .read_blocking(move |tx| {
            Ok::<_, StoreError>((
                tx.count_by_state(None)?,
                tx.count_by_state(Some(&bank))?,
                tx.expired_candidates(at(-7), 3)?,
            ))
        })
        .unwrap();
    assert_eq!(all, [(StateName::AwaitingVerification, 48), (StateName::InReview, 12)]);
    assert_eq!(banks, [(StateName::AwaitingVerification, 16), (StateName::InReview, 4)]);
    assert_eq!(old.into_iter().map(number).collect::<Vec<_>>(), [9, 19, 29]);
}

/// A save writes those columns alone that changed, where it knows what stood there.
#[rstest]
#[case(Db::Sqlite)]
#[case(Db::Postgres)]
fn a_request_is_filed_as_it_is_saved_whether_it_was_read_before_or_not(#[case] db: Db) {
    let home = Home::new(db);
    fill(&home.store);
    for n in 0..COUNT {
        let mut r = home.store.read_blocking(move |tx| tx.request(id(n))).unwrap().unwrap();
        let due = day(((n * 5) % 9) as u64);
        r.deadlines = vec![deadline(due)];
        r.assignee = (n % 3 == 1).then(staff);
        r.clocks.look_at = (n % 2 == 1).then_some(due);
        if n % 4 < 2 {
            r.state = State::InReview { since: at(1) };
        }
        home.store
            .write_blocking(move |tx| {
                if n % 5 > 1 {
                    tx.request_for_update(r.id)?;
                }
                tx.save(&bare(r.clone()))?;
                // Once more, from what the first save left.
                if n % 7 == 0 { tx.save(&bare(r.clone())) } else { Ok(()) }
            })
            .unwrap();
    }
    let filed = |queue: Queue, holds: fn(u128) -> bool| {
        let mut expected: Vec<u128> = (0..COUNT).filter(|n| holds(*n)).collect();
        expected.sort_by_key(|n| ((n * 5) % 9, *n));
        assert_eq!(walk(&home.store, queue, 7), expected);
    };
    filed(Queue::default(), |_| true);
    filed(Queue { assignee: Some(staff()), ..Queue::default() }, |n| n % 3 == 1);
    filed(Queue { state: Some(StateName::InReview), ..Queue::default() }, |n| n % 4 < 2 || n % 5 == 0);
    filed(Queue { due_before: Some(day(4)), ..Queue::default() }, |n| (n * 5) % 9 < 4);
    let watched = home.store.read_blocking(|tx| tx.request(id(1))).unwrap().unwrap();
    assert_eq!(watched.clocks.look_at, Some(day(5)));
}
