//! What is personal is sealed at rest and gone after the purge; what must outlive it does.

use std::fs;

use habeas::domain::actor::Actor;
use habeas::domain::ids::MessageId;
use habeas::domain::mark::Suppressed;
use habeas::domain::personal::Personal;
use habeas::domain::request::{OptOut, State, StateName};
use habeas::domain::right::Right;
use habeas::domain::verification::{Challenge, Level, Verification};
use habeas::store::{Message, Queue, StoreError};
use rstest::rstest;
use uuid::Uuid;

use super::{Db, Home, at, bare, bundle, bundle_id, id, open, request, seed, submitted};

fn message(n: u128) -> Message {
    Message {
        id: MessageId(Uuid::from_u128(n)),
        request: id(1),
        at: at(n as i64),
        author: Actor::Requester,
        text: Personal::new(format!("call Byron, number {n}")),
    }
}

#[rstest]
fn a_request_comes_back_as_it_was_kept(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let kept = seed(&home.store, 1);
    let read = home.store.read_blocking(|tx| tx.request(id(1))).unwrap().unwrap();
    assert_eq!(format!("{read:?}"), format!("{kept:?}"));
    assert_eq!(read.particulars, kept.particulars, "Debug hides what is personal");
    let denied = State::Denied {
        at: at(9),
        by: habeas::domain::ids::StaffId(Uuid::from_u128(1)),
        ground: "manifestly_unfounded".to_owned(),
        explanation: Personal::new("because".to_owned()),
        instead: None,
    };
    let changed = bare(habeas::domain::request::Request { state: denied.clone(), ..read });
    let locked = home.store.write_blocking(move |tx| {
        tx.save(&changed)?;
        Ok::<_, StoreError>((tx.request_for_update(id(1))?, tx.requests_of_for_update(bundle_id(1))?))
    });
    let (one, all) = locked.unwrap();
    assert_eq!(one.unwrap().state, denied);
    assert_eq!(all.len(), 1);
    assert_eq!(home.sql("SELECT state, ground, version FROM requests"), "denied|manifestly_unfounded|2");
}

#[rstest]
fn a_bundle_comes_back_with_its_challenge(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let challenge = Challenge::first(u64::MAX, at(3));
    let set = challenge.clone();
    home.store
        .write_blocking(move |tx| {
            tx.insert_bundle(&bundle(1))?;
            tx.set_challenge(bundle_id(1), &set)
        })
        .unwrap();
    let read = home.store.write_blocking(|tx| tx.bundle_for_update(bundle_id(1))).unwrap().unwrap();
    assert_eq!(read, habeas::store::Bundle { challenge: Some(challenge), ..bundle(1) });
}

#[rstest]
fn nothing_personal_stands_in_the_database_in_clear(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    seed(&home.store, 1);
    home.store
        .write_blocking(|tx| {
            tx.insert_message(&message(1))?;
            tx.put_manifest(id(1), 1, &"crm".into(), b"customer 4711")
        })
        .unwrap();
    let dump = raw(&home, db);
    assert!(contains(&dump, b"awaiting_verification"), "the search itself works");
    // No bare short number: the dump is largely hexadecimal digits, among which four occur by chance.
    for secret in
        ["ada@example.com", "Ada@Example.com", "Lovelace", "4155552671", "since 1843", "Byron", "customer 4711"]
    {
        assert!(!contains(&dump, secret.as_bytes()), "{secret} stands there in clear");
    }
}

/// Everything the database keeps: SQLite's files, or every column of every table in PostgreSQL.
fn raw(home: &Home, db: Db) -> Vec<u8> {
    if db == Db::Sqlite {
        let files = fs::read_dir(&home.dir).unwrap().map(|f| fs::read(f.unwrap().path()).unwrap());
        return files.flatten().collect();
    }
    let tables = home.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    let rows = tables.lines().map(|table| {
        // As text, and the bytes of `bytea` columns as text too, where they are.
        home.sql(&format!("SELECT t::text, encode(convert_to(t::text, 'UTF8'), 'escape') FROM {table} t"))
    });
    let text: String = rows.collect();
    let blobs = text.split("\\\\x").skip(1).map(|hex| {
        let digits: String = hex.chars().take_while(char::is_ascii_hexdigit).collect();
        (0..digits.len() / 2).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap()).collect()
    });
    let blobs: Vec<Vec<u8>> = blobs.collect();
    assert!(blobs.len() > 3, "there are sealed columns");
    [text.clone().into_bytes(), blobs.concat()].concat()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[rstest]
fn a_purge_destroys_what_is_personal_and_nothing_else(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    seed(&home.store, 1);
    seed(&home.store, 2);
    home.store
        .write_blocking(|tx| {
            tx.insert_message(&message(1))?;
            tx.put_manifest(id(1), 1, &"crm".into(), b"customer 4711")
        })
        .unwrap();
    let wrapped = match db {
        Db::Sqlite => home.sql("SELECT hex(wrapped_key) FROM requests ORDER BY id LIMIT 1"),
        Db::Postgres => home.sql("SELECT encode(wrapped_key, 'hex') FROM requests ORDER BY id LIMIT 1"),
    };
    home.store.write_blocking(|tx| tx.purge(id(1))).unwrap();
    let state = home.store.read_blocking(|tx| {
        Ok::<_, StoreError>((
            tx.request(id(1))?.is_none(),
            tx.requests_of(bundle_id(1))?.len(),
            tx.queue(&Queue { limit: 10, ..Queue::default() })?.items.len(),
            tx.messages(id(1))?.len() + tx.manifests(id(1))?.len(),
            tx.file_key(id(1))?.is_none(),
            tx.entries(id(1))?.len(),
            tx.count_by_state(None)?,
        ))
    });
    assert_eq!(state.unwrap(), (true, 1, 1, 0, true, 1, vec![(StateName::AwaitingVerification, 2)]));
    let left =
        "SELECT count(*) FROM requests WHERE wrapped_key IS NULL AND email_index IS NULL AND phone_index IS NULL";
    assert_eq!(home.sql(&format!("{left} AND length(sealed) = 0")), "1");
    if db == Db::Sqlite {
        let key: Vec<u8> =
            (0..wrapped.len() / 2).map(|i| u8::from_str_radix(&wrapped[2 * i..2 * i + 2], 16).unwrap()).collect();
        assert!(!contains(&raw(&home, db), &key), "not even in free pages or the write-ahead log");
    }
}

#[rstest]
fn a_purged_request_takes_nothing_more(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let kept = bare(seed(&home.store, 1));
    home.store.write_blocking(|tx| tx.purge(id(1))).unwrap();
    assert!(home.store.write_blocking(move |tx| tx.save(&kept)).is_err());
    assert!(home.store.write_blocking(|tx| tx.insert_message(&message(1))).is_err());
    assert!(home.store.write_blocking(|tx| tx.put_manifest(id(1), 1, &"crm".into(), b"x")).is_err());
}

#[rstest]
fn a_suppression_outlives_the_purge_and_keeps_its_first_date(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    let opt_out = |n: u128, seconds: i64| {
        let mut r = request(n);
        r.right = Right::OptOut;
        r.verification = Verification::required(Level::None);
        r.particulars.opt_out_of = vec![OptOut::Sale, OptOut::Marketing];
        habeas::domain::lifecycle::submit(r, at(seconds))
    };
    let outcomes = [opt_out(1, 10), opt_out(2, 20)];
    home.store
        .write_blocking(move |tx| {
            tx.insert_bundle(&bundle(1))?;
            outcomes.iter().try_for_each(|o| tx.insert(o))?;
            tx.purge(id(1))
        })
        .unwrap();
    let shop = "shop".into();
    let found = home.store.read_blocking(move |tx| {
        let ada = "ada@EXAMPLE.com".parse().unwrap();
        let other = "grace@example.com".parse().unwrap();
        Ok::<_, StoreError>((
            tx.suppressions(Some(&shop), &ada)?,
            tx.suppressions(Some(&"bank".into()), &ada)?.len() + tx.suppressions(None, &other)?.len(),
            tx.suppressions(None, &ada)?.len(),
        ))
    });
    let (ours, others, all) = found.unwrap();
    let told: Vec<_> = ours.iter().map(|s| (s.what, s.since, s.request)).collect();
    assert_eq!(
        told,
        [(OptOut::Marketing, at(10), Some(id(1))), (OptOut::Sale, at(10), Some(id(1)))].map(|(what, since, by)| (
            Suppressed::OptOut(what),
            since,
            by
        ))
    );
    assert_eq!((others, all), (0, 2));
}

#[rstest]
fn messages_come_in_order_and_each_request_has_a_file_key_of_its_own(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    seed(&home.store, 1);
    seed(&home.store, 2);
    home.store.write_blocking(|tx| [2, 1, 3].iter().try_for_each(|n| tx.insert_message(&message(*n)))).unwrap();
    let (messages, one, again, two) = home
        .store
        .read_blocking(|tx| {
            Ok::<_, StoreError>((tx.messages(id(1))?, tx.file_key(id(1))?, tx.file_key(id(1))?, tx.file_key(id(2))?))
        })
        .unwrap();
    assert_eq!(messages, [message(1), message(2), message(3)]);
    assert!(one.is_some() && one == again && one != two);
}

#[rstest]
fn another_key_file_opens_nothing(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let home = Home::new(db);
    home.store
        .write_blocking(|tx| {
            tx.insert_bundle(&bundle(1))?;
            tx.insert(&submitted(request(1)))
        })
        .unwrap();
    let options = habeas::store::Options { url: home.url.as_str().into(), base_dir: home.dir.clone() };
    let stranger =
        habeas::store::Store::open(&options, std::sync::Arc::new(habeas::store::Keys::from_master([8; 32]))).unwrap();
    let error = stranger.read_blocking(|tx| tx.request(id(1))).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt(text) if !text.contains("Ada")), "{error}");
    assert!(open(&home.url, &home.dir).unwrap().read_blocking(|tx| tx.request(id(1))).unwrap().is_some());
}
