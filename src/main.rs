//! The `habeas` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    habeas::cli::run()
}
