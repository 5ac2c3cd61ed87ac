//! One suite that every connector passes, and what is particular to each engine.

mod cancellation;
mod conformance;
mod failures;
mod mysql;
mod postgres;
mod read_only;
mod sqlite;
mod statements;

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use habeas::connectors::{self, Comparison, Connector, ConnectorError, Key, Match, Reader, Row, Select, TableName};
use habeas::domain::personal::Personal;

use crate::support::mysql as mysql_server;
use crate::support::postgres as server;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Sqlite,
    Postgres,
    /// MariaDB, in a database that compares texts byte by byte but for trailing spaces.
    Mysql,
}

/// A company's database, and the connector to it.
struct Company {
    engine: Engine,
    url: String,
    folder: tempfile::TempDir,
    connector: Box<dyn Connector>,
}

impl Company {
    /// A new database in which `sql` was run.
    fn new(engine: Engine, sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            Engine::Sqlite => {
                // So that somebody else can write while a reader reads.
                rusqlite::Connection::open(folder.path().join("company.db"))
                    .unwrap()
                    .execute_batch("PRAGMA journal_mode = WAL")
                    .unwrap();
                "sqlite://company.db".to_owned()
            }
            Engine::Postgres => server::fresh_database(),
            Engine::Mysql => {
                let url = mysql_server::fresh_database();
                let database = url.rsplit('/').next().unwrap();
                mysql_server::execute(&url, &format!("ALTER DATABASE {database} COLLATE utf8mb4_bin"));
                url
            }
        };
        let connector = open(&url, folder.path()).unwrap();
        let company = Self { engine, url, folder, connector };
        company.execute(sql);
        company
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("company.db")
    }

    /// Runs SQL as the company itself does, past the connector.
    fn execute(&self, sql: &str) {
        match self.engine {
            Engine::Sqlite => rusqlite::Connection::open(self.file()).unwrap().execute_batch(sql).unwrap(),
            Engine::Postgres => server::execute(&self.url, sql),
            Engine::Mysql => mysql_server::execute(&self.url, &mysql_server::dialect(sql)),
        }
    }

    fn rows(&self, table: &str, columns: &[&str], any_of: &[Match]) -> Vec<Vec<Option<String>>> {
        self.try_rows(table, columns, any_of).unwrap()
    }

    fn try_rows(&self, table: &str, columns: &[&str], any_of: &[Match]) -> Result<Rows, ConnectorError> {
        rows(&mut *self.connector.reader()?, table, columns, any_of)
    }

    /// One column of every row whose `id` is not negative, in order.
    fn column(&self, table: &str, column: &str) -> Vec<String> {
        let ids: Vec<String> = (0..100).map(|id| id.to_string()).collect();
        let mut found: Vec<_> = self
            .rows(table, &["id", column], &[Match::new("id", ids, Comparison::Exact)])
            .into_iter()
            .map(|row| (row[0].as_deref().unwrap().parse::<i64>().unwrap(), row[1].clone()))
            .collect();
        found.sort();
        found.into_iter().map(|(_, value)| value.unwrap_or_else(|| "NULL".to_owned())).collect()
    }
}

type Rows = Vec<Vec<Option<String>>>;

fn open(url: &str, base_dir: &Path) -> Result<Box<dyn Connector>, ConnectorError> {
    connectors::open(&url.to_owned().into(), base_dir)
}

/// The rows that a reader finds, sorted.
fn rows<R: Reader + ?Sized>(
    reader: &mut R,
    table: &str,
    columns: &[&str],
    any_of: &[Match],
) -> Result<Rows, ConnectorError> {
    let (table, columns) = (name(table), texts(columns));
    let mut found: Rows = Vec::new();
    let count = reader.select(&Select { table: &table, columns: &columns, any_of }, &mut |row: &Row| {
        found.push(row.iter().map(|value| value.map(str::to_owned)).collect());
        Ok(())
    })?;
    assert_eq!(count, found.len() as u64, "the count is the number of rows handed on");
    found.sort();
    Ok(found)
}

fn name(table: &str) -> TableName {
    let (schema, name) = table.split_once('.').map_or((None, table), |(schema, name)| (Some(schema.to_owned()), name));
    TableName { schema, name: name.to_owned() }
}

fn exact(column: &str, values: &[&str]) -> Match {
    Match::new(column, texts(values), Comparison::Exact)
}

fn compared(comparison: Comparison, column: &str, value: &str) -> Match {
    Match::new(column, texts(&[value]), comparison)
}

fn key(values: &[&str]) -> Key {
    Key(Personal::new(texts(values)))
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|&value| Some(value.to_owned())).collect()
}

fn error_of<T>(result: Result<T, ConnectorError>) -> String {
    result.map(|_| ()).unwrap_err().to_string()
}
