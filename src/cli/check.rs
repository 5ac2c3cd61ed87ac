//! `habeas check`: says what is wrong before a request finds out.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::{Failure, assemble};
use crate::config::Config;
use crate::connectors::LiveSchema;
use crate::datamap;
use crate::domain::finding::{Finding, Severity};
use crate::domain::ids::SystemId;
use crate::fulfilment::services;
use crate::usecases::office::Controller;

/// Reads everything, connects to every system, and prints what is wrong as `file:line: message`.
///
/// # Errors
/// Exit 1 if anything is wrong; warnings alone are exit 0.
pub fn check(config: &Config) -> Result<ExitCode, Failure> {
    let regimes = assemble::regimes(config)?;
    let controllers = assemble::controllers(config, &regimes)?;
    let mut findings: Vec<Finding> = assemble::retired_keys(config).err().into_iter().collect();
    findings.extend(assemble::authorities(config).err());
    for controller in controllers.values() {
        findings.extend(of_controller(config, controller));
    }
    if let Err(failure) = assemble::store(config) {
        let Failure::Message(message) = failure else { return Err(failure) };
        findings.push(Finding::error(&config.file, 1, message));
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
            Err(error) => findings.push(Finding::error(&config.file, 1, error.to_string())),
        }
    }
    findings.extend(systems.disabled().map(|id| {
        let message = format!("system {id} is switched off: answers without it are partial");
        Finding { severity: Severity::Warning, ..Finding::error(&config.file, 1, message) }
    }));
    findings.extend(services::check(systems));
    findings.extend(datamap::check(systems.graph(), &schemas));
    findings
}
