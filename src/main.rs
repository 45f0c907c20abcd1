//! Parse and run.

use std::process::ExitCode;

use lamplighter::cli::Cli;

fn main() -> ExitCode {
    Cli::read().run()
}
