//! `habeas datamap draft`: a first description of a database, for somebody who knows it to go through.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use secrecy::SecretString;

use super::Failure;
use crate::{connectors, datamap};

/// What to describe.
#[derive(Args)]
pub(super) struct Draft {
    /// `postgres://…` or `sqlite://FILE`; `-` reads it from standard input, so that a password stands in no list of
    /// processes.
    url: String,
    /// The dataset's name: what other datasets refer to it by, and its folder in a package.
    #[arg(long, default_value = "main")]
    key: String,
}

/// Prints the draft.
pub(super) fn draft(arguments: &Draft) -> Result<ExitCode, Failure> {
    let url = match arguments.url.as_str() {
        "-" => std::io::stdin().lock().lines().next().transpose().map_err(Failure::of)?.unwrap_or_default(),
        url => url.to_owned(),
    };
    let system = connectors::open(&SecretString::from(url.trim()), Path::new(".")).map_err(Failure::of)?;
    let schema = system.probe().map_err(Failure::of)?;
    print!("{}", datamap::draft(&arguments.key, &schema));
    Ok(ExitCode::SUCCESS)
}
