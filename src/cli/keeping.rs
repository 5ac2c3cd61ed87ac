//! What an operator does beside serving: accounts, keys, the audit trail.

use std::io::BufRead;
use std::process::ExitCode;

use secrecy::SecretString;

use super::{Failure, StaffAdd, assemble};
use crate::clock::Clock;
use crate::config::Config;
use crate::usecases::{second_factor, staff, suppression};

/// Adds a member of staff; the password is the first line of standard input.
pub fn add_staff(config: Config, add: &StaffAdd) -> Result<ExitCode, Failure> {
    let email = add.email.parse().map_err(|e| Failure::Message(format!("--email: {e}")))?;
    let name = add.name.parse().map_err(|e| Failure::Message(format!("--name: {e}")))?;
    let role = add.role.parse().map_err(|e| Failure::Message(format!("--role: {e}")))?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|e| Failure::Message(format!("standard input: {e}")))?;
    let password = SecretString::from(line.trim_end_matches(['\r', '\n']));
    let office = assemble::office(&config, Clock::system())?;
    let added = block_on(staff::add(&office, None, email, name, role, password))?;
    println!("{} {} {}", added.id, added.role, added.email.expose());
    Ok(ExitCode::SUCCESS)
}

/// Takes a member of staff's second factor away.
pub fn reset_second_factor(config: Config, email: &str) -> Result<ExitCode, Failure> {
    let email = email.parse().map_err(|e| Failure::Message(format!("--email: {e}")))?;
    let office = assemble::office(&config, Clock::system())?;
    block_on(second_factor::reset_of(&office, email))?;
    println!("removed");
    Ok(ExitCode::SUCCESS)
}

/// Makes an API key and prints it.
pub fn add_api_key(config: Config, name: String, controller: Option<String>) -> Result<ExitCode, Failure> {
    let office = assemble::office(&config, Clock::system())?;
    let controller = controller.as_deref().map(Into::into);
    let (_, secret) = block_on(suppression::add_key(&office, None, name, controller))?;
    println!("{}", secret.reveal());
    Ok(ExitCode::SUCCESS)
}

/// Recomputes every chain.
pub fn verify_audit(config: Config) -> Result<ExitCode, Failure> {
    let store = assemble::store(&config)?;
    let chains = store.read_blocking(|tx| tx.verify_chains()).map_err(Failure::of)?;
    let mut code = ExitCode::SUCCESS;
    for (controller, chain) in chains {
        match chain {
            Ok(entries) => println!("{controller}: {entries} entries, unbroken"),
            Err(broken) => {
                println!("{controller}: broken: {broken}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

pub(super) fn block_on<T>(work: impl Future<Output = Result<T, crate::usecases::Error>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::of)?;
    runtime.block_on(work).map_err(Failure::of)
}
