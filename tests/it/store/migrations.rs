//! The tables: the same steps for both databases, and any number of processes may take them at once.

use std::collections::BTreeSet;
use std::fs;

use rstest::rstest;

use super::{Db, Home, open};
use crate::support::postgres;

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let names = |store: &str| -> BTreeSet<String> {
        let folder = format!("{}/migrations/{store}", env!("CARGO_MANIFEST_DIR"));
        fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

#[rstest]
fn many_processes_may_start_at_once(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let folder = tempfile::tempdir().unwrap();
    let url = match db {
        Db::Sqlite => "sqlite://deep/down/habeas.db".to_owned(),
        Db::Postgres => postgres::fresh_database(),
    };
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..6).map(|_| scope.spawn(|| open(&url, folder.path()).map(drop))).collect();
        for start in starts {
            start.join().unwrap().unwrap();
        }
    });
}

#[rstest]
fn both_databases_have_the_same_columns() {
    let (lite, pg) = (Home::new(Db::Sqlite), Home::new(Db::Postgres));
    let lite = lite.sql(
        "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1",
    );
    let pg = pg.sql(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' \
         ORDER BY (table_name || '.' || column_name) COLLATE \"C\"",
    );
    assert_eq!(lite, pg);
    assert!(lite.lines().count() > 50);
}

#[test]
fn only_its_owner_reads_the_database_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new(Db::Sqlite);
    for file in fs::read_dir(&home.dir).unwrap().map(Result::unwrap) {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}
