//! The command line: each command is one use case with its arguments.

pub mod assemble;
mod check;
mod datamap;
pub mod deadline;
pub mod demo;
mod evidence;
mod keeping;
mod receipt;
mod report;
pub mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::domain::finding::Finding;
use crate::regimes::Regimes;

/// Self-hosted data-subject request server.
#[derive(Parser)]
#[command(name = "habeas", version, about)]
struct Habeas {
    /// The configuration; the default file may be absent, then embedded defaults hold under ./habeas-data/.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// API, web pages and worker in one process.
    Serve,
    /// The same on a made-up company with data, policy and staff, ready to click through.
    Demo(demo::Args),
    /// Reads config, policies, regimes and datasets, connects to every system, and says what is wrong.
    Check,
    /// Computes a date and explains it, as JSON.
    Deadline(deadline::Args),
    /// Staff accounts.
    Staff {
        #[command(subcommand)]
        command: StaffCommand,
    },
    /// Keys with which the company's tools ask for suppressions.
    ApiKey {
        #[command(subcommand)]
        command: ApiKeyCommand,
    },
    /// Descriptions of the company's databases.
    Datamap {
        #[command(subcommand)]
        command: DatamapCommand,
    },
    /// Receipts that the server signed.
    Receipt {
        #[command(subcommand)]
        command: ReceiptCommand,
    },
    /// The audit trail.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// The figures that laws ask for.
    Report {
        #[command(subcommand)]
        command: ReportCommand,
    },
}

#[derive(Subcommand)]
enum StaffCommand {
    /// Adds a member of staff.
    Add(StaffAdd),
    /// Takes somebody's second factor away, so that they can add another: when the only admin lost theirs.
    ResetSecondFactor {
        /// The address they sign in with.
        #[arg(long)]
        email: String,
    },
}

/// A member of staff to add.
#[derive(Args)]
struct StaffAdd {
    /// The address to sign in with.
    #[arg(long)]
    email: String,
    /// The name shown to colleagues.
    #[arg(long)]
    name: String,
    /// clerk, reviewer, officer, auditor or admin.
    #[arg(long)]
    role: String,
    /// Read the password from the first line of standard input, so that it stands in no list of processes.
    #[arg(long, required = true)]
    password_stdin: bool,
}

#[derive(Subcommand)]
enum ApiKeyCommand {
    /// Makes a key and prints it, this once.
    Add {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// Limits it to one controller.
        #[arg(long)]
        controller: Option<String>,
    },
}

#[derive(Subcommand)]
enum DatamapCommand {
    /// Looks at a live schema and prints a fideslang dataset draft; what is a guess is marked.
    Draft(datamap::Draft),
}

#[derive(Subcommand)]
enum ReceiptCommand {
    /// Checks a receipt and says what it says; exit 1 when it was forged or changed, or signed with another key.
    Verify(receipt::Args),
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Recomputes every chain; exit 1 and the first broken entry if one is broken.
    Verify,
}

#[derive(Subcommand)]
enum ReportCommand {
    /// Requests of a year under a law: received, complied with, denied, and how long the answers took.
    Metrics(report::Args),
}

/// Why a command ended badly: what to print.
#[derive(Debug)]
pub enum Failure {
    /// Something is wrong in the operator's files.
    Findings(Vec<Finding>),
    /// Anything else, in a sentence.
    Message(String),
}

impl From<Vec<Finding>> for Failure {
    fn from(findings: Vec<Finding>) -> Self {
        Failure::Findings(findings)
    }
}

impl From<Finding> for Failure {
    fn from(finding: Finding) -> Self {
        Failure::Findings(vec![finding])
    }
}

impl Failure {
    /// A failure from anything that can say what it is.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Failure::Message(error.to_string())
    }
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let arguments = Habeas::parse();
    // The one TLS and crypto provider of the process; a second call changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match execute(arguments) {
        Ok(code) => code,
        Err(Failure::Findings(findings)) => {
            findings.iter().for_each(|f| eprintln!("{f}"));
            ExitCode::FAILURE
        }
        Err(Failure::Message(message)) => {
            eprintln!("habeas: {message}");
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: Habeas) -> Result<ExitCode, Failure> {
    let config = || load(arguments.config.as_ref());
    match arguments.command {
        Command::Serve => serve::serve(config()?),
        Command::Demo(args) => demo::run(&args),
        Command::Check => check::check(config()),
        Command::Deadline(args) => {
            // A date needs no configuration; a folder of one's own regimes counts where one is configured.
            let regimes = match config() {
                Ok(config) => assemble::regimes(&config)?,
                Err(_) if arguments.config.is_none() => Regimes::embedded()?,
                Err(failure) => return Err(failure),
            };
            println!("{}", deadline::run(&args, &regimes).map_err(Failure::of)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Staff { command: StaffCommand::Add(add) } => keeping::add_staff(config()?, &add),
        Command::Staff { command: StaffCommand::ResetSecondFactor { email } } => {
            keeping::reset_second_factor(config()?, &email)
        }
        Command::ApiKey { command: ApiKeyCommand::Add { name, controller } } => {
            keeping::add_api_key(config()?, name, controller)
        }
        Command::Datamap { command: DatamapCommand::Draft(draft) } => datamap::draft(&draft),
        Command::Receipt { command: ReceiptCommand::Verify(args) } => receipt::verify(&args, config),
        Command::Report { command: ReportCommand::Metrics(args) } => report::metrics(config()?, &args),
        Command::Audit { command: AuditCommand::Verify } => keeping::verify_audit(config()?),
    }
}

fn load(file: Option<&PathBuf>) -> Result<Config, Failure> {
    let default = PathBuf::from("habeas.toml");
    let environment = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    Config::load(file.unwrap_or(&default), file.is_some(), environment).map_err(|f| Failure::Findings(vec![f]))
}
