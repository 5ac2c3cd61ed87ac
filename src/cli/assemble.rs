//! From the configuration to the office: reads every file it names, opens the store, joins systems and datasets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;

use crate::clock::{self, Clock};
use crate::config::{self, Config};
use crate::connectors::http::{Service, Settings};
use crate::connectors::{self, Cancellation, Connector};
use crate::datamap::{self, Dataset, Graph};
use crate::domain::finding::{Finding, Severity};
use crate::domain::ids::{ControllerId, SystemId};
use crate::domain::policy::Policy;
use crate::fulfilment::Systems;
use crate::mail::{MailConfig, Mailer, TransportKind};
use crate::packaging::shelf::Shelf;
use crate::regimes::Regimes;
use crate::sending::{Authorities, Sender};
use crate::sign_in::{Source, Verifier};
use crate::signing::{KeySet, Signer};
use crate::store::{Keys, Options, Store};
use crate::usecases::Office;
use crate::usecases::board::Board;
use crate::usecases::limits::Limits;
use crate::usecases::office::Controller;

use super::{Failure, evidence};

/// The built-in regimes, with those of the configured folder.
///
/// # Errors
/// What is wrong in the files.
pub fn regimes(config: &Config) -> Result<Regimes, Vec<Finding>> {
    match &config.regimes {
        Some(folder) => Regimes::with_folder(&config.path(folder)),
        None => Regimes::embedded(),
    }
}

/// Every controller with its policy and its systems; nothing is connected to yet.
///
/// # Errors
/// Everything that is wrong in the files, at once.
pub fn controllers(config: &Config, regimes: &Regimes) -> Result<BTreeMap<ControllerId, Controller>, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut controllers = BTreeMap::new();
    for (index, entry) in config.controllers.iter().enumerate() {
        let policy = policy(config, regimes, &entry.policy, &mut findings);
        let country = policy.as_ref().map_or("", |policy| policy.country.as_str());
        let systems = systems(config, &entry.id, country, &mut findings);
        if let (Some(policy), Some(systems)) = (policy, systems) {
            findings.extend(evidence::check(config, &entry.policy, &policy, systems.graph()));
            let sign_in = sign_in(config, &entry.policy, &policy, &mut findings);
            let id = entry.id.clone();
            if controllers.insert(id.clone(), Controller { id, policy: Arc::new(policy), systems, sign_in }).is_some() {
                findings.push(Finding::error(
                    &config.file,
                    config.line_of("controllers", index),
                    format!("the controller {} stands there twice", entry.id),
                ));
            }
        }
    }
    for system in &config.systems {
        if !config.controllers.iter().any(|c| c.id == system.controller) {
            let message = format!("the system {} belongs to {}, which is no controller", system.id, system.controller);
            findings.push(Finding::error(&config.file, config.line_of_system(&system.id), message));
        }
    }
    if findings.iter().any(|f| f.severity == Severity::Error) { Err(findings) } else { Ok(controllers) }
}

fn policy(config: &Config, regimes: &Regimes, file: &Path, findings: &mut Vec<Finding>) -> Option<Policy> {
    let text = read(config, file, findings)?;
    let name = config.path(file).display().to_string();
    match Policy::parse(&name, &text) {
        Ok(policy) => {
            findings.extend(regimes.check(&name, &text, &policy));
            Some(policy)
        }
        Err(finding) => {
            findings.push(finding);
            None
        }
    }
}

/// What checks the tokens of the controller's identity provider, where it has one.
fn sign_in(config: &Config, file: &Path, policy: &Policy, findings: &mut Vec<Finding>) -> Option<Verifier> {
    let settings = policy.sign_in.clone()?;
    let source = match (&settings.jwks_url, &settings.jwks_file) {
        (Some(url), _) => Source::Url(url.clone()),
        (None, file) => Source::File(config.path(file.as_deref()?)),
    };
    Verifier::new(settings, source)
        .map_err(|error| findings.push(Finding::error(&config.path(file).display().to_string(), 1, error.to_string())))
        .ok()
}

fn systems(config: &Config, controller: &ControllerId, country: &str, findings: &mut Vec<Finding>) -> Option<Systems> {
    let mut connectors: BTreeMap<SystemId, Box<dyn Connector>> = BTreeMap::new();
    let mut datasets: Vec<(SystemId, Dataset)> = Vec::new();
    let (mut services, mut disabled) = (BTreeMap::new(), BTreeSet::new());
    let before = findings.iter().filter(|f| f.severity == Severity::Error).count();
    for (index, system) in config.systems.iter().enumerate().filter(|(_, s)| s.controller == *controller) {
        let line = config.line_of("systems", index);
        if config.systems[..index].iter().any(|before| before.id == system.id) {
            findings.push(Finding::error(&config.file, line, format!("system {} stands there twice", system.id)));
        }
        let (file, key) = dataset(config, &system.dataset);
        if let Some(text) = read(config, &file, findings) {
            match datamap::load_one(&text, &config.path(&file).display().to_string(), key.as_deref()) {
                Ok(dataset) => datasets.push((system.id.clone(), dataset)),
                Err(more) => findings.extend(more),
            }
        }
        if !system.enabled {
            disabled.insert(system.id.clone());
            continue;
        }
        if is_service(system) {
            match service(config, system) {
                Ok(service) => drop(services.insert(system.id.clone(), service)),
                Err(message) => {
                    findings.push(Finding::error(&config.file, line, format!("system {}: {message}", system.id)))
                }
            }
            continue;
        }
        match connectors::open_within(&system.url, &config.base_dir, system.limits()) {
            Ok(connector) => drop(connectors.insert(system.id.clone(), connector)),
            Err(error) => findings.push(Finding::error(&config.file, line, format!("system {}: {error}", system.id))),
        }
    }
    if findings.iter().filter(|f| f.severity == Severity::Error).count() > before {
        return None;
    }
    match Graph::build(&datasets) {
        Ok(graph) => {
            let systems = Systems::new(connectors, graph).with_services(services).with_disabled(disabled);
            Some(systems.in_country(country).spilling_into(&config.path(&config.storage.directory)))
        }
        Err(more) => {
            findings.extend(more);
            None
        }
    }
}

/// Whether the system is a service of the company's own and no database.
fn is_service(system: &config::System) -> bool {
    let url = system.url.expose_secret();
    url.starts_with("http://") || url.starts_with("https://")
}

fn service(config: &Config, system: &config::System) -> Result<Service, String> {
    let secret = match (&system.secret_file, &system.secret_env) {
        (Some(file), None) => {
            let path = config.path(file);
            std::fs::read_to_string(&path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?
        }
        (None, Some(variable)) => {
            std::env::var(variable).map_err(|_| format!("the environment has no variable {variable}"))?
        }
        _ => return Err("a service needs either `secret_file` or `secret_env`".to_owned()),
    };
    let settings = Settings {
        url: system.url.clone(),
        secret: secret.into(),
        timeout: Duration::from_secs(system.timeout.unwrap_or(30)),
        call_back_within: TimeDelta::seconds(i64::from(system.call_back_within.unwrap_or(24 * 60 * 60))),
        longest: system.longest_answer.unwrap_or(64 * 1024 * 1024),
        allow_plain: system.allow_plain,
    };
    Service::new(settings).map_err(|e| e.to_string())
}

/// The file of a dataset, and its key where that stands behind the file's name: `datasets.yml#crm`.
fn dataset(config: &Config, named: &Path) -> (PathBuf, Option<String>) {
    let text = named.to_string_lossy();
    match text.rsplit_once('#') {
        Some((file, key)) if !config.path(named).is_file() => (PathBuf::from(file), Some(key.to_owned())),
        _ => (named.to_owned(), None),
    }
}

fn read(config: &Config, file: &Path, findings: &mut Vec<Finding>) -> Option<String> {
    let path = config.path(file);
    std::fs::read_to_string(&path)
        .map_err(|error| {
            findings.push(Finding::error(&path.display().to_string(), 1, format!("cannot be read: {error}")))
        })
        .ok()
}

/// The store, with its key; both are made where they are not there yet.
///
/// # Errors
/// When the key or the store cannot be used.
pub fn store(config: &Config) -> Result<Store, Failure> {
    if !config.base_dir.as_os_str().is_empty() {
        std::fs::create_dir_all(&config.base_dir)
            .map_err(|e| Failure::Message(format!("cannot make {}: {e}", config.base_dir.display())))?;
    }
    let key_file = config.path(&config.secrets.key_file);
    let keys = Keys::load_or_create(&key_file, clock::random)
        .map_err(|e| Failure::Message(format!("{}: {e}", key_file.display())))?;
    let options = Options { url: config.database.url.clone(), base_dir: config.base_dir.clone() };
    Store::open(&options, Arc::new(keys)).map_err(|e| Failure::Message(format!("the store cannot be opened: {e}")))
}

/// The public keys of former times.
///
/// # Errors
/// When the file cannot be read, or a key in it cannot be used.
pub fn retired_keys(config: &Config) -> Result<KeySet, Finding> {
    let Some(file) = &config.secrets.retired_keys else { return Ok(KeySet { keys: Vec::new() }) };
    let path = config.path(file);
    let finding = |message: String| Finding::error(&path.display().to_string(), 1, message);
    let text = std::fs::read_to_string(&path).map_err(|e| finding(format!("cannot be read: {e}")))?;
    KeySet::parse(&text).map_err(finding)
}

/// The certificate authorities that are trusted, beside the system's own, when a package goes to another company.
///
/// # Errors
/// When their file cannot be read, or holds none.
pub fn authorities(config: &Config) -> Result<Authorities, Finding> {
    let Some(file) = &config.transmit.ca_file else { return Ok(Authorities::default()) };
    let path = config.path(file);
    let finding = |message: String| Finding::error(&path.display().to_string(), 1, message);
    let text = std::fs::read(&path).map_err(|e| finding(format!("cannot be read: {e}")))?;
    Authorities::parse(&text).map_err(|e| finding(e.to_string()))
}

/// How mail leaves.
///
/// # Errors
/// What is wrong with the section.
pub fn mailer(config: &Config) -> Result<Mailer, Failure> {
    let mail = MailConfig { directory: config.mail.directory.as_ref().map(|d| config.path(d)), ..config.mail.clone() };
    Mailer::new(&mail).map_err(|e| Failure::Message(format!("{}: {e}", config.file)))
}

/// How much one address may send: as configured, else by whether mails reach a mailbox.
fn limits(config: &Config) -> Limits {
    let usual = match config.mail.transport {
        TransportKind::Smtp => Limits::MAILBOX,
        TransportKind::File => Limits::NONE,
    };
    let limits = config.limits;
    let one = |set: Option<u32>, usual| set.map_or(usual, |most| (most > 0).then_some(most));
    Limits {
        per_hour: one(limits.submissions_per_hour, usual.per_hour),
        per_day: one(limits.submissions_per_day, usual.per_day),
    }
}

/// The whole office.
///
/// # Errors
/// What is wrong in the files, or with the store.
pub fn office(config: &Config, clock: Clock) -> Result<Office, Failure> {
    let regimes = regimes(config)?;
    let by_id = controllers(config, &regimes)?;
    let mailer = mailer(config)?;
    let directory = config.path(&config.storage.directory);
    let shelf = Shelf::in_directory(&directory)
        .map_err(|e| Failure::Message(format!("packages cannot be kept in {}: {e}", directory.display())))?;
    let documents = Shelf::in_directory(directory.join("authorizations"))
        .map_err(|e| Failure::Message(format!("documents cannot be kept in {}: {e}", directory.display())))?;
    let handed = Shelf::in_directory(directory.join("handed-over"))
        .map_err(|e| Failure::Message(format!("rows cannot be kept in {}: {e}", directory.display())))?;
    let store = store(config)?;
    let signer = Arc::new(Signer::new(store.keys().signing_seed(), retired_keys(config)?));
    let sender = Sender::new(config.transmit.allow.clone(), authorities(config)?, signer.clone());
    Ok(Office {
        store,
        clock,
        signer,
        sender: Arc::new(sender),
        limits: limits(config),
        regimes: Arc::new(regimes),
        mailer: Arc::new(mailer),
        shelf: Arc::new(shelf),
        documents: Arc::new(documents),
        handed: Arc::new(handed),
        public_url: config.server.public_url.trim_end_matches('/').into(),
        require_second_factor: config.staff.require_second_factor,
        by_id: Arc::new(by_id),
        cancellation: Cancellation::new(),
        board: Board::default(),
    })
}
