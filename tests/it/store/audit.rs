//! The trail: one unbroken chain a controller, whoever writes at once, and every change to it is found.

use habeas::domain::audit::Broken;
use habeas::store::{ChainReport, Store, StoreError};
use rstest::rstest;

use super::{Db, Home, entry, id, seed};

fn verify(store: &Store) -> Vec<ChainReport> {
    store.read_blocking(|tx| tx.verify_chains()).unwrap()
}

fn append(store: &Store, controller: &'static str, count: usize) {
    store.write_blocking(move |tx| (0..count).try_for_each(|n| tx.append(&entry(controller, n)))).unwrap();
}

#[rstest]
fn writers_at_once_make_unbroken_chains(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let stores = [home.store.clone(), home.another()];
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = &stores[thread % 2];
            scope.spawn(move || {
                for n in 0..25 {
                    store
                        .write_blocking(move |tx| {
                            // Each in another order: no two may wait for each other.
                            let order = if (thread + n) % 2 == 0 { ["shop", "bank"] } else { ["bank", "shop"] };
                            order.iter().try_for_each(|c| tx.append(&entry(c, n)))
                        })
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(verify(&home.store), [("bank".into(), Ok(200)), ("shop".into(), Ok(200))]);
}

#[rstest]
fn a_long_chain_is_verified_page_by_page(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    append(&home.store, "shop", 2500);
    assert_eq!(verify(&home.store), [("shop".into(), Ok(2500))]);
}

#[rstest]
#[case::a_fact("UPDATE entries SET facts = '{}' WHERE seq = 5", Broken::Changed { seq: 5 })]
#[case::nonsense("UPDATE entries SET actor = 'nobody' WHERE seq = 5", Broken::Changed { seq: 5 })]
#[case::one_missing("DELETE FROM entries WHERE seq = 5", Broken::Missing { expected: 5, found: 6 })]
#[case::the_end_missing("DELETE FROM entries WHERE seq > 7", Broken::Truncated { expected: 10, found: 7 })]
fn a_change_past_the_store_is_found(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
    #[case] change: &str,
    #[case] expected: Broken,
) {
    let home = Home::new(db);
    append(&home.store, "shop", 10);
    append(&home.store, "bank", 3);
    let unlock = match db {
        Db::Sqlite => "DROP TRIGGER entries_unchanged; DROP TRIGGER entries_undeleted; ",
        Db::Postgres => "DROP TRIGGER entries_unchanged ON entries; ",
    };
    home.sql(&format!("{unlock}{}", change.replace("seq ", "controller = 'shop' AND seq ")));
    assert_eq!(verify(&home.store), [("bank".into(), Ok(3)), ("shop".into(), Err(expected))]);
}

#[rstest]
fn a_requests_entries_come_back_as_they_were_written(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let mut mine = entry("shop", 3);
    mine.request = Some(id(1));
    seed(&home.store, 1);
    seed(&home.store, 2);
    let written = mine.clone();
    home.store.write_blocking(move |tx| tx.append(&written)).unwrap();
    let entries = home.store.read_blocking(|tx| tx.entries(id(1))).unwrap();
    assert_eq!(
        entries.iter().map(|e| (e.seq, e.entry.event.as_str())).collect::<Vec<_>>(),
        [(1, "request.submitted"), (3, "test.event")]
    );
    assert_eq!(entries[1].entry, mine);
}

#[test]
fn the_database_itself_refuses_to_change_the_trail() {
    for db in [Db::Sqlite, Db::Postgres] {
        let home = Home::new(db);
        append(&home.store, "shop", 1);
        let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            home.sql("DELETE FROM entries");
        }));
        assert!(changed.is_err(), "{db:?}");
        assert_eq!(verify(&home.store), [("shop".into(), Ok(1))]);
    }
}

#[rstest]
fn an_entry_of_a_failed_write_is_never_chained(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let failed = home.store.write_blocking(|tx| {
        tx.append(&entry("shop", 1))?;
        Err::<(), _>(StoreError::Conflict("something"))
    });
    assert!(failed.is_err());
    append(&home.store, "shop", 1);
    assert_eq!(verify(&home.store), [("shop".into(), Ok(1))]);
}
