//! A company and its Habeas on disk: databases, datasets, policy, configuration.

use std::path::{Path, PathBuf};

use crate::engine::shop::{DESK, DESK_SQL, SHOP, SHOP_SQL};

use super::{mysql, postgres};

/// A kind of database, for the store (the first two) or for the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
    Mysql,
}

/// The tables of the two databases of the company.
pub const TABLES: [(&str, &[&str]); 2] = [
    ("shop", &["addresses", "products", "customers", "orders", "order_items", "employees", "newsletter", "page_views"]),
    ("desk", &["tickets", "messages"]),
];

/// What the company promises.
const POLICY: &str = r#"
name = "Example Shop GmbH"
postal_address = "Lindenweg 1, 10115 Berlin"
privacy_email = "privacy@shop.example"
country = "DE"
time_zone = "Europe/Berlin"
"#;

/// Habeas keeps its own memory in SQLite or PostgreSQL.
const NO_STORE: &str = "no store on MySQL";

/// One company with its own folder and databases.
pub struct World {
    dir: tempfile::TempDir,
    company: Kind,
    store: String,
    urls: Vec<(&'static str, String)>,
}

impl World {
    /// Makes the company's databases and everything that Habeas reads.
    pub fn new(store: Kind, company: Kind) -> Self {
        Self::promising(store, company, "shop", POLICY)
    }

    /// The same for a controller of another name and promise.
    pub fn promising(store: Kind, company: Kind, controller: &str, policy: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = match store {
            Kind::Sqlite => "sqlite://habeas.db".to_owned(),
            Kind::Postgres => postgres::fresh_database(),
            Kind::Mysql => unreachable!("{NO_STORE}"),
        };
        let mut world = Self { dir, company, store: store.clone(), urls: Vec::new() };
        let mut config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://privacy.shop.example\"\nworkers = 1\n\
             [database]\nurl = \"{store}\"\n[mail]\ntransport = \"file\"\ndirectory = \"mail\"\nfrom = \"privacy@shop.example\"\n\
             [[controllers]]\nid = \"{controller}\"\npolicy = \"policy.toml\"\n"
        );
        for (name, sql, dataset) in [("shop", SHOP_SQL, SHOP), ("desk", DESK_SQL, DESK)] {
            let url = match company {
                Kind::Sqlite => format!("sqlite://{name}.db"),
                Kind::Postgres => postgres::fresh_database(),
                Kind::Mysql => mysql::fresh_database(),
            };
            config.push_str(&format!(
                "[[systems]]\nid = \"{name}-db\"\ncontroller = \"{controller}\"\nurl = \"{url}\"\ndataset = \"{name}.yml\"\n"
            ));
            world.urls.push((name, url));
            world.execute(name, sql);
            world.write(&format!("{name}.yml"), dataset);
        }
        world.write("policy.toml", policy);
        world.write("habeas.toml", &config);
        world
    }

    /// The same with one more database, which nobody's rows in the others refer to.
    pub fn with_system(mut self, controller: &str, name: &'static str, sql: &str, dataset: &str) -> Self {
        let url = match self.company {
            Kind::Sqlite => format!("sqlite://{name}.db"),
            Kind::Postgres => postgres::fresh_database(),
            Kind::Mysql => mysql::fresh_database(),
        };
        let mut config = std::fs::read_to_string(self.config()).unwrap();
        config.push_str(&format!(
            "[[systems]]\nid = \"{name}-db\"\ncontroller = \"{controller}\"\nurl = \"{url}\"\ndataset = \"{name}.yml\"\n"
        ));
        self.urls.push((name, url));
        self.execute(name, sql);
        self.write(&format!("{name}.yml"), dataset);
        self.write("habeas.toml", &config);
        self
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.path().join("habeas.toml")
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// A database's address, wherever the caller stands.
    pub fn system_url(&self, system: &str) -> String {
        match self.company {
            Kind::Sqlite => format!("sqlite://{}", self.path().join(format!("{system}.db")).display()),
            Kind::Postgres | Kind::Mysql => self.url(system).to_owned(),
        }
    }

    /// Which kind of database the company has.
    pub fn company(&self) -> Kind {
        self.company
    }

    /// Says something else in the configuration.
    pub fn configure(&self, old: &str, new: &str) {
        let config = std::fs::read_to_string(self.config()).unwrap();
        assert!(config.contains(old), "{config}");
        self.write("habeas.toml", &config.replace(old, new));
    }

    /// Adds to what the company promises.
    pub fn promise(&self, more: &str) {
        let policy = std::fs::read_to_string(self.path().join("policy.toml")).unwrap();
        self.write("policy.toml", &format!("{policy}{more}"));
    }

    fn url(&self, system: &str) -> &str {
        &self.urls.iter().find(|(name, _)| *name == system).unwrap().1
    }

    /// Runs SQL as the company itself does.
    pub fn execute(&self, system: &str, sql: &str) {
        match self.company {
            Kind::Sqlite => {
                rusqlite::Connection::open(self.path().join(format!("{system}.db")))
                    .unwrap()
                    .execute_batch(sql)
                    .unwrap();
            }
            Kind::Postgres => postgres::execute(self.url(system), sql),
            Kind::Mysql => mysql::execute(self.url(system), &mysql::dialect(sql)),
        }
    }

    /// Runs SQL in the store, past Habeas.
    pub fn execute_in_store(&self, store: Kind, sql: &str) {
        match store {
            Kind::Sqlite => {
                rusqlite::Connection::open(self.path().join("habeas.db")).unwrap().execute_batch(sql).unwrap();
            }
            Kind::Postgres => postgres::execute(&self.store, sql),
            Kind::Mysql => unreachable!("{NO_STORE}"),
        }
    }

    /// One value out of the store, past Habeas, bytes in hexadecimal.
    pub fn query_store(&self, sql: &str) -> String {
        if self.store.starts_with("postgres") {
            return postgres::query(&self.store, sql);
        }
        let store = rusqlite::Connection::open(self.path().join("habeas.db")).unwrap();
        let value: rusqlite::types::Value = store.query_row(sql, [], |row| row.get(0)).unwrap();
        match value {
            rusqlite::types::Value::Integer(n) => n.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    /// Everything the store holds, as somebody would find it on a disk: the database's files and a backup taken now,
    /// and the packages.
    pub fn kept(&self) -> Vec<u8> {
        let mut all = Vec::new();
        if self.store.starts_with("postgres") {
            all.extend(postgres::dump(&self.store));
        } else {
            let backup = self.path().join("habeas.db.backup");
            let _ = std::fs::remove_file(&backup);
            self.execute_in_store(Kind::Sqlite, &format!("VACUUM INTO '{}'", backup.display()));
        }
        let packages = std::fs::read_dir(self.path().join("packages")).into_iter().flatten();
        let files = std::fs::read_dir(self.path()).unwrap().chain(packages).map(|f| f.unwrap().path());
        let ours = files.filter(|f| {
            let name = f.file_name().unwrap().to_str().unwrap();
            f.is_file() && (name.starts_with("habeas.db") || f.parent().unwrap().ends_with("packages"))
        });
        ours.for_each(|file| all.extend(std::fs::read(file).unwrap()));
        all
    }

    /// Every row of every table, as lines in order: the company's data as a whole.
    pub fn rows(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (system, tables) in TABLES {
            for table in tables {
                let rows = self.query(system, &format!("SELECT * FROM {table}"));
                all.extend(rows.lines().map(|row| format!("{table}: {row}")));
            }
        }
        all.sort();
        all
    }

    /// What a query prints: values apart by `|`, rows on lines.
    pub fn query(&self, system: &str, sql: &str) -> String {
        match self.company {
            Kind::Postgres => return postgres::query(self.url(system), sql),
            Kind::Mysql => return mysql::query(self.url(system), sql),
            Kind::Sqlite => {}
        }
        let database = rusqlite::Connection::open(self.path().join(format!("{system}.db"))).unwrap();
        let mut statement = database.prepare(sql).unwrap();
        let width = statement.column_count();
        let rows = statement.query_map([], |row| {
            let text = |i| {
                row.get::<_, rusqlite::types::Value>(i).map(|v| match v {
                    rusqlite::types::Value::Null => String::new(),
                    rusqlite::types::Value::Integer(n) => n.to_string(),
                    rusqlite::types::Value::Real(n) => n.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Blob(_) => "blob".to_owned(),
                })
            };
            (0..width).map(text).collect::<Result<Vec<_>, _>>()
        });
        rows.unwrap().map(|row| row.unwrap().join("|")).collect::<Vec<_>>().join("\n")
    }

    /// The newest six-digit code mailed to an address, waiting for the mail to arrive.
    pub fn code(&self, to: &str, not: &str) -> String {
        for _ in 0..600 {
            if let Some(code) = self.newest_code(to).filter(|code| code != not) {
                return code;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("no code arrived");
    }

    /// The code in the first mail with one that came after so many mails.
    pub fn code_after(&self, to: &str, mails: usize) -> String {
        for _ in 0..600 {
            let all = self.mails(to);
            let mut subjects =
                all.iter().skip(mails).filter_map(|m| m.lines().find_map(|l| l.strip_prefix("Subject: ")?.get(..6)));
            if let Some(code) = subjects.rfind(|s| s.bytes().all(|b| b.is_ascii_digit())) {
                return code.to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("no code arrived");
    }

    fn newest_code(&self, to: &str) -> Option<String> {
        let mails = self.mails(to);
        let subject = mails.iter().rev().find_map(|m| m.lines().find_map(|l| l.strip_prefix("Subject: ")?.get(..6)));
        subject.filter(|s| s.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned)
    }

    /// Waits until a mail that holds a text has come to an address, and gives it.
    pub fn letter(&self, to: &str, text: &str) -> String {
        for _ in 0..1500 {
            if let Some(letter) = self.mails(to).into_iter().find(|mail| mail.contains(text)) {
                return letter;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("no mail to {to} says: {text}");
    }

    /// The mails to an address, oldest first.
    pub fn mails(&self, to: &str) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.path().join("mail")) else { return Vec::new() };
        let mut files: Vec<_> =
            folder.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect();
        // Named by version 7 UUIDs, which sort by time.
        files.sort();
        let texts = files.iter().map(|f| std::fs::read_to_string(f).unwrap());
        texts.filter(|t| t.lines().any(|l| l.starts_with("To: ") && l.contains(to))).collect()
    }
}
