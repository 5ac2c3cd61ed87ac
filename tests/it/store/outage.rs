//! A database that goes away: errors at once, no hanging, and all is well when it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use habeas::store::StoreError;
use rstest::rstest;

use super::{Db, Home, bundle, bundle_id, open};
use crate::support::postgres;

/// Ends every other connection to the database, as a restart of the server does.
const CUT: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[test]
fn a_write_over_a_cut_connection_is_done_on_a_new_one() {
    let home = Home::new(Db::Postgres);
    home.store.write_blocking(|tx| tx.insert_bundle(&bundle(1))).unwrap();
    for n in 2..8 {
        home.sql(CUT);
        home.store.write_blocking(move |tx| tx.insert_bundle(&bundle(n))).unwrap();
    }
    assert_eq!(home.sql("SELECT count(*) FROM bundles"), "7");
}

#[test]
fn a_connection_cut_inside_a_write_runs_it_again_from_the_beginning() {
    let home = Home::new(Db::Postgres);
    let (cut, url) = (Arc::new(AtomicBool::new(false)), home.url.clone());
    let done = Arc::clone(&cut);
    home.store
        .write_blocking(move |tx| {
            tx.insert_bundle(&bundle(1))?;
            if !done.swap(true, Ordering::SeqCst) {
                postgres::execute(&url, CUT);
            }
            tx.insert_bundle(&bundle(2))
        })
        .unwrap();
    assert!(cut.load(Ordering::SeqCst));
    assert_eq!(home.sql("SELECT count(*) FROM bundles"), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_out_of_reach_is_said_so_and_comes_back() {
    let home = Home::new(Db::Postgres);
    let name = home.url.rsplit('/').next().unwrap().to_owned();
    let admin = format!("{}/postgres", home.url.strip_suffix(&format!("/{name}")).unwrap());
    home.store.write(|tx| tx.insert_bundle(&bundle(1))).await.unwrap();
    home.store.ping().await.unwrap();

    postgres::execute(&admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    postgres::execute(
        &admin,
        &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
    );
    let begun = Instant::now();
    let writes: Vec<_> = (2..40)
        .map(|n| {
            let store = home.store.clone();
            tokio::spawn(async move { store.write(move |tx| tx.insert_bundle(&bundle(n))).await })
        })
        .collect();
    for write in writes {
        let result = write.await.unwrap();
        assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    }
    assert!(matches!(home.store.ping().await, Err(StoreError::Unavailable(_))));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());

    postgres::execute(&admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    home.store.write(|tx| tx.insert_bundle(&bundle(50))).await.unwrap();
    home.store.ping().await.unwrap();
    assert!(home.store.read(|tx| tx.bundle(bundle_id(1))).await.unwrap().is_some());
}

#[rstest]
#[case("postgres://nobody@127.0.0.1:1/none")]
#[case("mysql://localhost/habeas")]
#[case("sqlite://")]
#[case("sqlite:///proc/no/such/folder/habeas.db")]
fn a_database_that_is_not_there_is_an_error_at_opening(#[case] url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let error = open(url, folder.path()).err().expect("it does not open");
    assert!(matches!(&error, StoreError::Unavailable(_)), "{error}");
}

#[test]
fn the_password_in_the_url_is_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let error = open("postgres://nobody:right-horse@127.0.0.1:1/none", folder.path()).err().expect("nobody is there");
    assert!(!error.to_string().contains("right-horse"), "{error}");
}
