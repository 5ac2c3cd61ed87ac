//! Closures that are committed together keep to themselves: whole or not at all, each for its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use habeas::store::{Store, StoreError};
use rstest::rstest;

use super::{Db, Home, at, bare, bundle, bundle_id, entry, id, request, seed, submitted};

#[derive(Debug, PartialEq)]
enum Refused {
    Mine(u128),
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Refused::Store(error)
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_closure_that_fails_leaves_nothing_and_its_neighbours_commit(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let store = home.store.clone();
    store.write(|tx| tx.insert_bundle(&bundle(1))).await.unwrap();
    let writes = (0..200u128).map(|n| {
        let outcome = submitted(request(n));
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(move |tx| {
                    tx.insert(&outcome)?;
                    if n % 7 == 3 { Err(Refused::Mine(n)) } else { Ok(n) }
                })
                .await
        })
    });
    for (n, write) in writes.collect::<Vec<_>>().into_iter().enumerate() {
        let n = n as u128;
        assert_eq!(write.await.unwrap(), if n % 7 == 3 { Err(Refused::Mine(n)) } else { Ok(n) });
    }
    let (kept, chains) =
        store.read(|tx| Ok::<_, StoreError>((tx.requests_of(bundle_id(1))?, tx.verify_chains()?))).await.unwrap();
    let ids: Vec<_> = kept.iter().map(|r| r.id).collect();
    let expected: Vec<_> = (0..200u128).filter(|n| n % 7 != 3).map(id).collect();
    assert_eq!(ids, expected);
    assert_eq!(chains, [("shop".into(), Ok(expected.len() as i64))]);
}

#[rstest]
fn an_error_before_anything_was_written_reaches_its_caller(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let result: Result<(), Refused> = home.store.write_blocking(|tx| match tx.request(id(1))? {
        Some(_) => Ok(()),
        None => Err(Refused::Mine(1)),
    });
    assert_eq!(result, Err(Refused::Mine(1)));
}

#[rstest]
fn a_failed_statement_fails_its_write_even_when_it_is_ignored(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    seed(&home.store, 1);
    let again = bare(request(1));
    let result = home.store.write_blocking(move |tx| {
        tx.append(&entry("shop", 9))?;
        let _ = tx.insert(&again);
        Ok::<_, StoreError>(())
    });
    assert!(matches!(result, Err(StoreError::Database(_))), "{result:?}");
    assert_eq!(home.sql("SELECT count(*) FROM entries"), "1");
}

#[rstest]
fn a_panic_is_its_callers_alone(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let store = home.store.clone();
    let panicking = std::thread::spawn(move || {
        store.write_blocking::<(), StoreError>(|tx| {
            tx.insert_bundle(&bundle(2))?;
            panic!("on purpose")
        })
    });
    assert!(panicking.join().is_err());
    seed(&home.store, 1);
    let gone = home.store.read_blocking(|tx| tx.bundle(bundle_id(2))).unwrap();
    assert_eq!(gone, None);
}

#[rstest]
fn a_reader_cannot_write(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let result = home.store.read_blocking(|tx| tx.insert_bundle(&bundle(1)));
    assert!(matches!(result, Err(StoreError::Database(_))), "{result:?}");
}

#[rstest]
fn what_was_handed_in_is_committed_before_the_store_closes(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let store: Store = home.another();
    let ran = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..20u128)
        .map(|n| {
            let (store, ran) = (store.clone(), Arc::clone(&ran));
            std::thread::spawn(move || {
                let done = store.write_blocking(move |tx| tx.insert_bundle(&bundle(n + 1)));
                ran.fetch_add(usize::from(done.is_ok()), Ordering::SeqCst);
            })
        })
        .collect();
    store.clone().close();
    threads.into_iter().for_each(|t| t.join().unwrap());
    assert_eq!(home.sql("SELECT count(*) FROM bundles"), ran.load(Ordering::SeqCst).to_string());
    let late = store.write_blocking(|tx| tx.insert_bundle(&bundle(99)));
    assert!(matches!(late, Err(StoreError::Unavailable(_))));
}

#[rstest]
#[tokio::test]
async fn jobs_are_announced_once_they_are_committed(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let ready = home.store.jobs_ready();
    home.store.write(|tx| tx.insert_bundle(&bundle(1))).await.unwrap();
    let mut outcome = bare(request(1));
    let job = habeas::domain::job::Job::Fulfil { request: id(1) };
    outcome.jobs.push(habeas::domain::job::NewJob { job, run_at: at(0) });
    let announced = ready.notified();
    home.store.write(move |tx| tx.insert(&outcome)).await.unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(10), announced).await.expect("somebody is woken");
    home.store.ping().await.unwrap();
}
