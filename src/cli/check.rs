//! `habeas check`: says what is wrong before a request finds out.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::{Failure, assemble};
use crate::config::{self, Config};
use crate::connectors::{self, LiveSchema};
use crate::datamap;
use crate::domain::finding::{Finding, Severity};
use crate::domain::ids::SystemId;
use crate::fulfilment::{Systems, services};
use crate::usecases::office::Controller;

/// Reads everything, connects to every system, and prints what is wrong as `file:line: message`: all of it on standard
/// output, whichever file it is about. Exit 1 if anything is wrong; warnings alone are exit 0.
///
/// # Errors
/// What keeps it from looking at all.
pub fn check(config: Result<Config, Failure>) -> Result<ExitCode, Failure> {
    match config.and_then(|config| look(&config)) {
        Err(Failure::Findings(findings)) => {
            findings.iter().for_each(|f| println!("{f}"));
            Ok(ExitCode::FAILURE)
        }
        looked => looked,
    }
}

fn look(config: &Config) -> Result<ExitCode, Failure> {
    let regimes = assemble::regimes(config)?;
    let controllers = assemble::controllers(config, &regimes)?;
    let mut findings: Vec<Finding> = assemble::retired_keys(config).err().into_iter().collect();
    findings.extend(assemble::authorities(config).err());
    for controller in controllers.values() {
        findings.extend(of_controller(config, controller));
    }
    if let Err(failure) = assemble::store(config) {
        let Failure::Message(message) = failure else { return Err(failure) };
        findings.push(Finding::error(&config.file, config.line_of("database", 0), message));
    }
    findings.iter().for_each(|f| println!("{f}"));
    let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
    if errors > 0 {
        return Ok(ExitCode::FAILURE);
    }
    println!(
        "{}: {} controllers, {} systems, {} regimes: nothing is wrong",
        config.file,
        controllers.len(),
        config.systems.len(),
        regimes.iter().count()
    );
    Ok(ExitCode::SUCCESS)
}

fn of_controller(config: &Config, controller: &Controller) -> Vec<Finding> {
    let systems = &controller.systems;
    let mut findings = systems.graph().warnings().to_vec();
    let mut schemas: BTreeMap<SystemId, LiveSchema> = BTreeMap::new();
    for id in systems.ids() {
        match systems.schema(id) {
            Ok(schema) => drop(schemas.insert(id.clone(), (*schema).clone())),
            Err(error) => findings.push(Finding::error(&config.file, config.line_of_system(id), error.to_string())),
        }
    }
    findings.extend(systems.disabled().map(|id| {
        let message = format!("system {id} is switched off: answers without it are partial");
        Finding { severity: Severity::Warning, ..Finding::error(&config.file, config.line_of_system(id), message) }
    }));
    findings.extend(unchecked_servers(config, systems));
    findings.extend(services::check(systems));
    findings.extend(datamap::check(systems.graph(), &schemas));
    findings
}

/// Databases over a network whose server could be anybody.
fn unchecked_servers(config: &Config, systems: &Systems) -> Vec<Finding> {
    let mine = config.systems.iter().filter(|system| systems.ids().any(|id| *id == system.id));
    let unchecked = mine.filter(|system| connectors::takes_any_server(&system.url));
    let finding = |system: &config::System| {
        let (line, message) = (
            config.line_of_system(&system.id),
            format!(
                "system {}: whoever answers at its address is taken for the server; add `sslmode=verify-full`",
                system.id
            ),
        );
        Finding { severity: Severity::Warning, ..Finding::error(&config.file, line, message) }
    };
    unchecked.map(finding).collect()
}
