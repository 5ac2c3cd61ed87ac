//! A query ends with its run on every engine: in the connector at once, in the server a moment later.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use habeas::connectors::{Cancellation, Limits, Why};
use rstest::rstest;

use super::*;

const PEOPLE: &str = "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO people VALUES (1, 'ada@example.com'), (2, 'bob@example.com');";

/// A view that takes a minute, or all eternity.
fn slow(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "CREATE VIEW slow AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n;"
        }
        Engine::Postgres => "CREATE VIEW slow AS SELECT id FROM people WHERE pg_sleep(60)::text IS NOT NULL;",
        Engine::Mysql => "CREATE VIEW slow AS SELECT id FROM people WHERE sleep(60) = 0;",
    }
}

/// Statements that run in the database, but this one.
fn statements(company: &Company) -> String {
    match company.engine {
        Engine::Sqlite => "0".to_owned(),
        Engine::Postgres => server::query(
            &company.url,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
             AND pid <> pg_backend_pid()",
        )
        .trim()
        .to_owned(),
        Engine::Mysql => mysql_server::query(
            &company.url,
            "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND command <> 'Sleep' \
             AND id <> connection_id()",
        ),
    }
}

fn until_statements(company: &Company, expected: &str) {
    let begun = Instant::now();
    while statements(company) != expected {
        assert!(begun.elapsed() < Duration::from_secs(10), "{} run", statements(company));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[rstest]
fn a_query_ends_with_its_run(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, &format!("{PEOPLE}{}", slow(engine)));
    let run = Cancellation::new();
    let connector = company.connector.until(&run);
    let (begins, begun) = mpsc::channel();
    let reading = std::thread::spawn(move || {
        let (table, columns) = (name("slow"), texts(&["id"]));
        let mut reader = connector.reader().unwrap();
        let any_of = [exact("id", &["1"])];
        let result = reader.select(&Select { table: &table, columns: &columns, any_of: &any_of }, &mut |_| {
            let _ = begins.send(());
            Ok(())
        });
        result.map(drop)
    });
    match engine {
        // The one row comes first; what follows is a search without an end.
        Engine::Sqlite => begun.recv().unwrap(),
        Engine::Postgres | Engine::Mysql => until_statements(&company, "1"),
    }
    let told = Instant::now();
    run.cancel(Why::Unwanted);
    let ended = reading.join().unwrap();
    assert!(matches!(ended, Err(ConnectorError::Cancelled)), "{ended:?}");
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
    until_statements(&company, "0");
    assert!(company.connector.until(&run).reader().is_err(), "nothing more is begun");
    assert_eq!(company.column("people", "email"), ["ada@example.com", "bob@example.com"], "others go on");
}

#[rstest]
fn waiting_for_a_lock_ends_with_the_run(#[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    let mut other = company.connector.writer().unwrap();
    let lock = |writer: &mut dyn habeas::connectors::Writer| {
        writer.lock(&name("people"), &texts(&["id"]), &[key(&["1"])], &texts(&["id"]), &mut |_| Ok(()))
    };
    lock(&mut *other).unwrap();
    let run = Cancellation::new();
    let connector = company.connector.until(&run);
    let (begins, begun) = mpsc::channel();
    let writing = std::thread::spawn(move || {
        begins.send(()).unwrap();
        let mut writer = connector.writer()?;
        lock(&mut *writer)?;
        writer.commit()
    });
    begun.recv().unwrap();
    if engine != Engine::Sqlite {
        until_statements(&company, "1");
    }
    let told = Instant::now();
    run.cancel(Why::Stopping);
    let ended = writing.join().unwrap();
    assert!(matches!(ended, Err(ConnectorError::Cancelled)), "{ended:?}");
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
    until_statements(&company, "0");
    other.delete(&name("people"), &texts(&["id"]), &[key(&["1"])]).unwrap();
    other.commit().unwrap();
    assert_eq!(company.column("people", "email"), ["bob@example.com"]);
}

#[rstest]
fn what_is_not_committed_when_the_run_ends_is_not_there(
    #[values(Engine::Sqlite, Engine::Postgres, Engine::Mysql)] engine: Engine,
) {
    let company = Company::new(engine, PEOPLE);
    // The job turns out to be somebody else's when everything is done but the commit.
    let run = Cancellation::with_gate(|| false);
    let connector = company.connector.until(&run);
    let mut writer = connector.writer().unwrap();
    writer.delete(&name("people"), &texts(&["id"]), &[key(&["1"]), key(&["2"])]).unwrap();
    assert!(matches!(writer.commit(), Err(ConnectorError::Cancelled)));
    assert_eq!(run.why(), Some(Why::LeaseLost));
    until_statements(&company, "0");
    assert_eq!(company.column("people", "email"), ["ada@example.com", "bob@example.com"]);
}

#[rstest]
fn waiting_for_a_connection_ends_with_the_run(#[values(Engine::Postgres, Engine::Mysql)] engine: Engine) {
    let company = Company::new(engine, PEOPLE);
    let one = Limits { connections: 1, ..Limits::default() };
    let connector = connectors::open_within(&company.url.clone().into(), company.folder.path(), one).unwrap();
    let run = Cancellation::new();
    let waiting = connector.until(&run);
    let taken = connector.reader().unwrap();
    let (begins, begun) = mpsc::channel();
    let ended = std::thread::spawn(move || {
        begins.send(()).unwrap();
        waiting.reader().map(drop)
    });
    begun.recv().unwrap();
    run.cancel(Why::Stopping);
    assert!(matches!(ended.join().unwrap(), Err(ConnectorError::Cancelled)));
    drop(taken);
    assert!(connector.reader().is_ok(), "the place is free for others");
}
