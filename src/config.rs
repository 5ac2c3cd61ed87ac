//! `habeas.toml`: where to listen, what to keep where, for whom to answer and which systems to search.

mod system;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;

use crate::domain::finding::{Finding, Severity};
use crate::domain::ids::{ControllerId, SystemId};
use crate::mail::{MailConfig, TransportKind};

pub use system::System;

/// The whole configuration. Every key can also be given as an environment variable: `HABEAS_DATABASE__URL`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen.
    pub server: Server,
    /// Where requests are kept.
    pub database: Database,
    /// The key everything personal is sealed under.
    pub secrets: Secrets,
    /// How mail leaves.
    pub mail: MailConfig,
    /// Where packages lie.
    pub storage: Storage,
    /// How much one address may send.
    pub limits: Limits,
    /// How staff sign in.
    pub staff: Staff,
    /// How packages go to other companies.
    pub transmit: Transmit,
    /// A folder of regime files that add to or replace the built-in ones.
    pub regimes: Option<PathBuf>,
    /// For whom the server answers.
    pub controllers: Vec<Controller>,
    /// The company's systems.
    pub systems: Vec<System>,
    /// The folder that relative paths start from: that of the file.
    #[serde(skip)]
    pub base_dir: PathBuf,
    /// The file, for messages.
    #[serde(skip)]
    pub file: String,
    /// Where its tables stand, for messages.
    #[serde(skip)]
    headers: Vec<(String, usize)>,
}

/// `[server]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub listen: String,
    /// How people reach it, as it stands in mails.
    pub public_url: String,
    /// Threads that serve HTTP; 0 is one for each core.
    pub workers: usize,
    /// How long jobs may go on after SIGTERM, in seconds; then their queries are stopped and others take them up.
    pub grace_seconds: u64,
}

/// `[database]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://habeas.db` or `postgres://user@host/db`.
    pub url: SecretString,
}

/// `[secrets]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Made at first start when absent, readable by its owner alone.
    pub key_file: PathBuf,
    /// Public keys of former times as a JWK set (RFC 7517): they stay published, so that old receipts can be checked.
    #[serde(default)]
    pub retired_keys: Option<PathBuf>,
}

/// `[storage]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The folder of the packages.
    pub directory: PathBuf,
}

/// `[limits]`. Where a key is absent, so many submissions are taken as keep a mailbox from being flooded; where mails are
/// files and flood nobody, any number.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Submissions for one address at one controller in an hour; 0 is any number.
    pub submissions_per_hour: Option<u32>,
    /// The same in a day.
    pub submissions_per_day: Option<u32>,
}

/// `[staff]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Staff {
    /// Whether every member of staff has to have a second factor; without one they can only add it.
    pub require_second_factor: bool,
}

/// `[transmit]`: packages go to other companies over the public internet, and nowhere inside, unless it is said here.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transmit {
    /// Networks beside the public internet to which packages may go, at any port: `["10.20.0.0/16"]`.
    pub allow: Vec<IpNet>,
    /// A file of PEM certificates of authorities that are trusted beside the system's own.
    pub ca_file: Option<PathBuf>,
}

/// `[[controllers]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// Its id in the API.
    pub id: ControllerId,
    /// The policy it keeps.
    pub policy: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: Server::default(),
            database: Database { url: "sqlite://habeas.db".into() },
            secrets: Secrets { key_file: "habeas.key".into(), retired_keys: None },
            mail: MailConfig {
                transport: TransportKind::File,
                directory: Some("mail".into()),
                url: None,
                from: "privacy@localhost".into(),
            },
            storage: Storage { directory: "packages".into() },
            limits: Limits::default(),
            staff: Staff::default(),
            transmit: Transmit::default(),
            regimes: None,
            controllers: Vec::new(),
            systems: Vec::new(),
            base_dir: PathBuf::new(),
            file: String::new(),
            headers: Vec::new(),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            public_url: "http://127.0.0.1:8080".into(),
            workers: 0,
            grace_seconds: 5,
        }
    }
}

/// The prefix of environment variables that stand for keys.
const PREFIX: &str = "HABEAS_";

/// The part of a variable's name that says which key it stands for: one with a section (`SERVER__LISTEN`), or the one
/// key that has none. Others with the prefix are somebody else's: Kubernetes makes `HABEAS_PORT` for a service so named.
fn key_of(variable: &str) -> Option<&str> {
    variable.strip_prefix(PREFIX).filter(|key| key.contains("__") || *key == "REGIMES")
}

impl Config {
    /// Reads the file, then lets variables of the environment override it. When `file` is the default name and is
    /// absent, the embedded defaults hold, with everything under `./habeas-data/`.
    ///
    /// # Errors
    /// What is wrong, with file and line.
    pub fn load(
        file: &Path,
        explicit: bool,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Finding> {
        let name = file.display().to_string();
        let (text, base_dir) = match std::fs::read_to_string(file) {
            Ok(text) => (text, file.parent().unwrap_or(Path::new("")).to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !explicit => {
                (String::new(), PathBuf::from("habeas-data"))
            }
            Err(error) => return Err(finding(&name, 1, format!("cannot read the configuration: {error}"))),
        };
        // Parsed once as it stands, so that an error names its line, and once more with the environment's values.
        let _: Config = toml::from_str(&text).map_err(|e| toml_finding(&name, &text, &e))?;
        let mut table: toml::Table = toml::from_str(&text).map_err(|e| toml_finding(&name, &text, &e))?;
        let environment: BTreeMap<String, String> = environment.collect();
        for (variable, value) in &environment {
            if let Some(path) = key_of(variable) {
                set(&mut table, path, value)
                    .map_err(|message| finding(&format!("environment {variable}"), 1, message))?;
            }
        }
        let mut config: Config =
            table.try_into().map_err(|e: toml::de::Error| finding("environment", 1, without_value(e.message())))?;
        config.headers = headers(&text);
        for index in 0..config.systems.len() {
            let resolved = config.systems[index].resolve(&base_dir, &|name| environment.get(name).cloned());
            resolved.map_err(|message| finding(&name, config.line_of("systems", index), message))?;
        }
        config.base_dir = base_dir;
        config.file = name;
        Ok(config)
    }

    /// The line on which the table of that name begins, or the one at `index` of a list of tables; 1 where the file does not
    /// have it, since the environment or a default does.
    pub fn line_of(&self, table: &str, index: usize) -> usize {
        self.headers.iter().filter(|(name, _)| name == table).nth(index).map_or(1, |(_, line)| *line)
    }

    /// The line on which a system begins.
    pub fn line_of_system(&self, id: &SystemId) -> usize {
        self.systems.iter().position(|system| system.id == *id).map_or(1, |index| self.line_of("systems", index))
    }

    /// A path of the configuration, from the folder of the file.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.base_dir.join(path)
    }
}

/// The headers of a file's tables, each with its line.
fn headers(text: &str) -> Vec<(String, usize)> {
    let header = |line: &str| {
        let name = line.trim().strip_prefix('[')?.split(']').next()?;
        Some(name.trim_start_matches('[').trim().to_owned())
    };
    text.lines().enumerate().filter_map(|(at, line)| Some((header(line)?, at + 1))).collect()
}

/// Sets `A__B` to the value: a TOML value where it is one (`8`, `true`), else a string.
fn set(table: &mut toml::Table, path: &str, value: &str) -> Result<(), String> {
    let mut keys: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
    let last = keys.pop().filter(|k| !k.is_empty()).ok_or("names no key")?;
    let mut at = table;
    for key in keys {
        let next = at.entry(key).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        at = next.as_table_mut().ok_or("names a key that is no table")?;
    }
    let parsed = match value.parse::<toml::Value>() {
        Ok(number @ (toml::Value::Integer(_) | toml::Value::Boolean(_))) => number,
        _ => toml::Value::String(value.to_owned()),
    };
    at.insert(last, parsed);
    Ok(())
}

fn toml_finding(file: &str, text: &str, error: &toml::de::Error) -> Finding {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start].iter().filter(|b| **b == b'\n').count() + 1;
    finding(file, line, error.message().replace('\n', "; "))
}

/// A message says what was expected and not what was found: that may be a password.
fn without_value(message: &str) -> String {
    match message.find("expected ") {
        Some(at) => format!("a HABEAS_ variable does not fit its key: {}", &message[at..]),
        None => message.to_owned(),
    }
}

fn finding(file: &str, line: usize, message: impl Into<String>) -> Finding {
    Finding { file: file.to_owned(), line, severity: Severity::Error, message: message.into() }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("habeas.toml");
        std::fs::write(&file, text).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::load(&file, true, environment).map_err(|f| format!("{}: {}", f.line, f.message))
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let text = "[server]\nlisten = \"127.0.0.1:1\"\n";
        let config =
            load(text, &[("HABEAS_DATABASE__URL", "postgres://h/db"), ("HABEAS_SERVER__WORKERS", "3")]).unwrap();
        assert_eq!(config.database.url.expose_secret(), "postgres://h/db");
        assert_eq!((config.server.workers, config.server.listen.as_str()), (3, "127.0.0.1:1"));
    }

    #[rstest::rstest]
    #[case("[server]\nlisten = 3\n", "2: ")]
    #[case("[server]\n\nlistn = \"x\"\n", "3: unknown field `listn`")]
    #[case("[[controllers]]\nid = \"a\"\n", "1: missing field `policy`")]
    fn an_error_names_its_line(#[case] text: &str, #[case] expected: &str) {
        let error = load(text, &[]).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn a_system_that_contradicts_itself_is_named_with_its_line() {
        let system = |more: &str| format!("[[systems]]\nid = \"a\"\ncontroller = \"c\"\ndataset = \"d.yml\"\n{more}\n");
        let text = format!("[server]\n\n{}# the other\n{}", system("url = \"sqlite://a.db\""), system(""));
        let error = load(&text, &[]).unwrap_err();
        assert!(error.starts_with("9: system a: give its address once"), "{error}");
    }

    #[test]
    fn a_wrong_variable_is_named_without_its_value() {
        let error = load("", &[("HABEAS_SERVER__WORKERS", "many")]).unwrap_err();
        assert!(error.contains("expected usize") && !error.contains("many"), "{error}");
        assert!(load("", &[("HABEAS_PORT", "tcp://10.0.0.1:80")]).is_ok(), "not a key of ours");
    }

    #[test]
    fn without_a_file_everything_lies_under_habeas_data() {
        let config = Config::load(Path::new("no-such-habeas.toml"), false, std::iter::empty()).unwrap();
        assert_eq!(config.path(&config.storage.directory), Path::new("habeas-data/packages"));
        assert!(Config::load(Path::new("no-such-habeas.toml"), true, std::iter::empty()).is_err());
    }
}
