//! From the configuration to the office: reads every file it names, opens the store, joins systems and datasets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::clock::{self, Clock};
use crate::config::Config;
use crate::connectors::{self, Connector};
use crate::datamap::{self, Dataset, Graph};
use crate::domain::finding::{Finding, Severity};
use crate::domain::ids::{ControllerId, SystemId};
use crate::domain::policy::Policy;
use crate::fulfilment::Systems;
use crate::mail::{MailConfig, Mailer, TransportKind};
use crate::packaging::shelf::Shelf;
use crate::regimes::Regimes;
use crate::sign_in::{Source, Verifier};
use crate::signing::{KeySet, Signer};
use crate::store::{Keys, Options, Store};
use crate::usecases::Office;
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
    for entry in &config.controllers {
        let policy = policy(config, regimes, &entry.policy, &mut findings);
        let systems = systems(config, &entry.id, &mut findings);
        if let (Some(policy), Some(systems)) = (policy, systems) {
            findings.extend(evidence::check(config, &entry.policy, &policy, systems.graph()));
            let sign_in = sign_in(config, &entry.policy, &policy, &mut findings);
            let id = entry.id.clone();
            if controllers.insert(id.clone(), Controller { id, policy, systems, sign_in }).is_some() {
                findings.push(Finding::error(
                    &config.file,
                    1,
                    format!("the controller {} stands there twice", entry.id),
                ));
            }
        }
    }
    for system in &config.systems {
        if !config.controllers.iter().any(|c| c.id == system.controller) {
            let message = format!("the system {} belongs to {}, which is no controller", system.id, system.controller);
            findings.push(Finding::error(&config.file, 1, message));
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

fn systems(config: &Config, controller: &ControllerId, findings: &mut Vec<Finding>) -> Option<Systems> {
    let mut connectors: BTreeMap<SystemId, Box<dyn Connector>> = BTreeMap::new();
    let mut datasets: Vec<(SystemId, Dataset)> = Vec::new();
    let before = findings.iter().filter(|f| f.severity == Severity::Error).count();
    for system in config.systems.iter().filter(|s| s.controller == *controller) {
        if let Some(text) = read(config, &system.dataset, findings) {
            match datamap::load(&text, &config.path(&system.dataset).display().to_string()) {
                Ok(dataset) => datasets.push((system.id.clone(), dataset)),
                Err(more) => findings.extend(more),
            }
        }
        match connectors::open(&system.url, &config.base_dir) {
            Ok(connector) => drop(connectors.insert(system.id.clone(), connector)),
            Err(error) => findings.push(Finding::error(&config.file, 1, format!("system {}: {error}", system.id))),
        }
    }
    if findings.iter().filter(|f| f.severity == Severity::Error).count() > before {
        return None;
    }
    match Graph::build(&datasets) {
        Ok(graph) => Some(Systems::new(connectors, graph).spilling_into(&config.path(&config.storage.directory))),
        Err(more) => {
            findings.extend(more);
            None
        }
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
    let store = store(config)?;
    let signer = Signer::new(store.keys().signing_seed(), retired_keys(config)?);
    Ok(Office {
        store,
        clock,
        signer: Arc::new(signer),
        limits: limits(config),
        regimes: Arc::new(regimes),
        mailer: Arc::new(mailer),
        shelf: Arc::new(shelf),
        documents: Arc::new(documents),
        public_url: config.server.public_url.trim_end_matches('/').into(),
        require_second_factor: config.staff.require_second_factor,
        by_id: Arc::new(by_id),
    })
}
