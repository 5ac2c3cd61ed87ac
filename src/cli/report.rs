//! `habeas report`: the figures that laws ask for, from the command line.

use std::process::ExitCode;

use clap::ValueEnum;

use super::{Failure, assemble};
use crate::clock::Clock;
use crate::config::Config;
use crate::usecases::statutory;

/// Which figures, and how they are written.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The law, as the file in `regimes/` names it: ccpa, us-co, …
    #[arg(long)]
    regime: String,
    /// The year in which the requests were received.
    #[arg(long)]
    year: i32,
    /// Only one controller's.
    #[arg(long)]
    controller: Option<String>,
    /// csv or json.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// CSV (RFC 4180).
    Csv,
    /// JSON.
    Json,
}

/// Prints the figures of a year under a law.
pub fn metrics(config: Config, args: &Args) -> Result<ExitCode, Failure> {
    let office = assemble::office(&config, Clock::system())?;
    let controller = args.controller.as_deref().map(Into::into);
    let metrics =
        super::keeping::block_on(statutory::metrics(&office, args.regime.as_str().into(), args.year, controller))?;
    match args.format {
        Format::Csv => print!("{}", metrics.to_csv()),
        Format::Json => println!("{}", serde_json::to_string_pretty(&metrics).map_err(Failure::of)?),
    }
    Ok(ExitCode::SUCCESS)
}
