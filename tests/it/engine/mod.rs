//! Search, export, erasure and correction on real databases, each test on every engine.

mod access;
mod across;
mod collations;
mod correction;
mod erasure;
mod exact;
mod failing;
mod fides;
mod identities;
mod masking;
mod members;
mod obstacles;
mod others;
mod retention;
mod row_names;
pub mod shop;
mod unproved;
pub mod very_many;
pub mod very_many_masked;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use habeas::connectors::http::{Service, Settings};
use habeas::connectors::{
    self, Cancellation, Connector, ConnectorError, EachRow, Limits, LiveSchema, Reader, SchemaMark, Select, Writer,
};
use habeas::datamap::{self, Graph};
use habeas::domain::identity::Identities;
use habeas::domain::ids::SystemId;
use habeas::fulfilment::{
    self, Cell, CollectionHeader, Counts, ExportOptions, Exported, Manifest, Plan, Sink, Standing, Systems,
};

use crate::support::{mysql, postgres};

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

/// A company: several systems, each a database of its own, described by datasets.
pub struct Company {
    engines: BTreeMap<String, Engine>,
    folder: tempfile::TempDir,
    urls: BTreeMap<String, String>,
    pub systems: Systems,
    /// How many queries searches and exports made.
    pub queries: Arc<AtomicUsize>,
    /// How often a schema was looked at.
    pub probes: Arc<AtomicUsize>,
    /// How many rows its readers read.
    pub rows_read: Arc<AtomicUsize>,
}

impl Company {
    /// A company whose systems are given by name, SQL and dataset.
    pub fn new(engine: Engine, systems: &[(&str, &str, &str)]) -> Self {
        let systems: Vec<_> = systems.iter().map(|(name, sql, yaml)| (engine, *name, *sql, *yaml)).collect();
        Self::across(&systems)
    }

    /// The same with systems of different engines.
    pub fn across(systems: &[(Engine, &str, &str, &str)]) -> Self {
        Self::beside(systems, &[])
    }

    /// The same with services of its own, each with its dataset; nobody answers there.
    pub fn beside(systems: &[(Engine, &str, &str, &str)], services: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (queries, probes, rows_read) = (Arc::default(), Arc::default(), Arc::default());
        let (mut urls, mut connectors, mut datasets) =
            (BTreeMap::new(), BTreeMap::<SystemId, Box<dyn Connector>>::new(), Vec::new());
        let engines = systems.iter().map(|(engine, name, ..)| ((*name).to_owned(), *engine)).collect();
        for &(engine, name, sql, yaml) in systems {
            let url = match engine {
                Engine::Sqlite => format!("sqlite://{name}.db"),
                Engine::Postgres => postgres::fresh_database(),
                Engine::Mysql => mysql::fresh_database(),
            };
            urls.insert(name.to_owned(), url.clone());
            run(engine, &url, &folder.path().join(format!("{name}.db")), sql);
            let id = SystemId::from(name);
            // One connection is enough for everything: whoever needed two would wait for others who hold one each.
            let limits = Limits { connections: 1, ..Limits::default() };
            let connector = connectors::open_within(&url.into(), folder.path(), limits).unwrap();
            let counted = Counted {
                connector,
                queries: Arc::clone(&queries),
                probes: Arc::clone(&probes),
                rows: Arc::clone(&rows_read),
            };
            connectors.insert(id.clone(), Box::new(counted));
            let dataset = datamap::load(yaml, &format!("{name}.yml")).unwrap_or_else(|f| panic!("{}", lines(&f)));
            datasets.push((id, dataset));
        }
        let mut reached = BTreeMap::new();
        for (name, yaml) in services {
            let dataset = datamap::load(yaml, &format!("{name}.yml")).unwrap_or_else(|f| panic!("{}", lines(&f)));
            datasets.push((SystemId::from(*name), dataset));
            reached.insert(SystemId::from(*name), nobody());
        }
        let graph = Graph::build(&datasets).unwrap_or_else(|f| panic!("{}", lines(&f)));
        Self {
            engines,
            folder,
            urls,
            systems: Systems::new(connectors, graph).with_services(reached),
            queries,
            probes,
            rows_read,
        }
    }

    /// Runs SQL as the company itself does.
    pub fn execute(&self, system: &str, sql: &str) {
        run(self.engines[system], &self.urls[system], &self.file(system), sql);
    }

    /// What a query prints: values apart by `|`, rows on lines.
    pub fn query(&self, system: &str, sql: &str) -> String {
        match self.engines[system] {
            Engine::Postgres => return postgres::query(&self.urls[system], sql),
            Engine::Mysql => return mysql::query(&self.urls[system], sql),
            Engine::Sqlite => {}
        }
        let database = rusqlite::Connection::open(self.file(system)).unwrap();
        let mut statement = database.prepare(sql).unwrap();
        let width = statement.column_count();
        let text = |value: rusqlite::types::Value| match value {
            rusqlite::types::Value::Null => String::new(),
            rusqlite::types::Value::Integer(n) => n.to_string(),
            rusqlite::types::Value::Real(n) => n.to_string(),
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Blob(_) => "blob".to_owned(),
        };
        let rows = statement.query_map([], |row| {
            (0..width).map(|i| Ok(text(row.get(i)?))).collect::<Result<Vec<_>, rusqlite::Error>>()
        });
        rows.unwrap().map(|row| row.unwrap().join("|")).collect::<Vec<_>>().join("\n")
    }

    fn file(&self, system: &str) -> PathBuf {
        self.folder.path().join(format!("{system}.db"))
    }

    /// Everything an export shows, by collection.
    pub fn export(&self, who: &Identities, disclose: bool) -> (Seen, Exported) {
        let mut seen = Seen::default();
        let exported =
            fulfilment::export(&self.systems, who, ExportOptions { disclose, ..ExportOptions::default() }, &mut seen)
                .unwrap();
        assert!(seen.open.is_none(), "the last collection was ended");
        (seen, exported)
    }

    /// Prepares a first round; there must be no obstacle.
    pub fn prepare(&self, who: &Identities) -> (Manifest, Plan) {
        let (manifest, plan) = fulfilment::prepare(&self.systems, who, &[]).unwrap();
        assert_eq!(plan.obstacles, Vec::<String>::new());
        (manifest, plan)
    }

    /// Carries a manifest out in every system.
    pub fn execute_manifest(&self, manifest: &Manifest) {
        // Once over JSON, as the store keeps it.
        let manifest: Manifest = serde_json::from_str(&serde_json::to_string(manifest).unwrap()).unwrap();
        for system in manifest.system_ids() {
            fulfilment::execute(&self.systems, system, &manifest).unwrap();
        }
    }

    /// Erases the person in one round and shows that nothing is left to be done.
    pub fn erase(&self, who: &Identities) -> Plan {
        let (manifest, plan) = self.prepare(who);
        self.execute_manifest(&manifest);
        let remaining = fulfilment::verify(&self.systems, who, &[manifest]).unwrap();
        assert_eq!(remaining.rows, []);
        plan
    }

    /// The obstacles that stand in the way of erasing the person.
    pub fn obstacles(&self, who: &Identities) -> Vec<String> {
        fulfilment::prepare(&self.systems, who, &[]).unwrap().1.obstacles
    }
}

/// A service that is never reached.
fn nobody() -> Service {
    let settings = Settings {
        url: "http://127.0.0.1:9/".to_owned().into(),
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into(),
        timeout: Duration::from_secs(1),
        call_back_within: TimeDelta::hours(1),
        longest: 1,
        allow_plain: false,
    };
    Service::new(settings).unwrap()
}

fn run(engine: Engine, url: &str, file: &std::path::Path, sql: &str) {
    match engine {
        Engine::Sqlite => {
            let database = rusqlite::Connection::open(file).unwrap();
            database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON").unwrap();
            database.execute_batch(sql).unwrap();
        }
        Engine::Postgres => postgres::execute(url, sql),
        Engine::Mysql => mysql::execute(url, &mysql::dialect(sql)),
    }
}

fn lines(findings: &[habeas::domain::finding::Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A person known by an e-mail address.
pub fn person(email: &str) -> Identities {
    Identities { email: email.parse().unwrap(), phone: None, account_id: None, shown: BTreeSet::new() }
}

/// Writes an export down as text: `collection: standing: column=value …`.
#[derive(Default)]
pub struct Seen {
    open: Option<(String, Vec<String>)>,
    rows: Vec<String>,
}

impl Seen {
    /// The rows of one collection, sorted.
    pub fn of(&self, collection: &str) -> Vec<&str> {
        let prefix = format!("{collection}: ");
        let mut rows: Vec<&str> = self.rows.iter().filter_map(|row| row.strip_prefix(&prefix)).collect();
        rows.sort_unstable();
        rows
    }

    /// All rows, sorted.
    pub fn all(&self) -> Vec<String> {
        let mut rows = self.rows.clone();
        rows.sort();
        rows
    }
}

impl Sink for Seen {
    fn collection(&mut self, header: &CollectionHeader) -> io::Result<()> {
        assert!(self.open.is_none(), "collections come one after the other");
        self.open = Some((header.collection.clone(), header.columns.iter().map(|c| c.shown_as.clone()).collect()));
        Ok(())
    }

    fn row(&mut self, standing: Standing, cells: &[Cell<'_>]) -> io::Result<()> {
        let (collection, columns) = self.open.as_ref().expect("a collection began");
        assert_eq!(columns.len(), cells.len());
        let text = |cell: &Cell<'_>| match cell {
            Cell::Null => "NULL".to_owned(),
            Cell::Text(text) | Cell::Edited(text) => (*text).to_owned(),
            Cell::Withheld => "[withheld]".to_owned(),
            Cell::NotDisclosed => "[not disclosed]".to_owned(),
        };
        let cells: Vec<String> = columns.iter().zip(cells).map(|(c, cell)| format!("{c}={}", text(cell))).collect();
        self.rows.push(format!("{collection}: {standing:?}: {}", cells.join(" ")));
        Ok(())
    }

    fn end(&mut self, _: Counts) -> io::Result<()> {
        assert!(self.open.take().is_some(), "a collection that ends has begun");
        Ok(())
    }
}

/// A connector that counts its readers' queries, and looks at its schema.
struct Counted {
    connector: Box<dyn Connector>,
    queries: Arc<AtomicUsize>,
    probes: Arc<AtomicUsize>,
    rows: Arc<AtomicUsize>,
}

impl Connector for Counted {
    fn probe(&self) -> Result<LiveSchema, ConnectorError> {
        self.probes.fetch_add(1, Ordering::Relaxed);
        self.connector.probe()
    }

    fn schema_mark(&self) -> Result<Option<SchemaMark>, ConnectorError> {
        self.connector.schema_mark()
    }

    fn until(&self, cancellation: &Cancellation) -> Arc<dyn Connector> {
        self.connector.until(cancellation)
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, ConnectorError> {
        Ok(Box::new(CountedReader { reader: self.connector.reader()?, queries: &self.queries, rows: &self.rows }))
    }

    fn writer(&self) -> Result<Box<dyn Writer + '_>, ConnectorError> {
        self.connector.writer()
    }

    fn reader_under_mark(&self) -> Result<Box<dyn Reader + '_>, ConnectorError> {
        Ok(Box::new(CountedReader {
            reader: self.connector.reader_under_mark()?,
            queries: &self.queries,
            rows: &self.rows,
        }))
    }

    fn writer_under_mark(&self) -> Result<Box<dyn Writer + '_>, ConnectorError> {
        self.connector.writer_under_mark()
    }
}

struct CountedReader<'c> {
    reader: Box<dyn Reader + 'c>,
    queries: &'c AtomicUsize,
    rows: &'c AtomicUsize,
}

impl Reader for CountedReader<'_> {
    fn select(&mut self, select: &Select<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let rows = self.reader.select(select, each)?;
        self.rows.fetch_add(rows.try_into().unwrap(), Ordering::Relaxed);
        Ok(rows)
    }

    fn announce(&mut self, selects: &[Select<'_>]) -> Result<(), ConnectorError> {
        self.reader.announce(selects)
    }
}
