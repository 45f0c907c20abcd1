//! Parse and run.

use std::process::ExitCode;

use clap::Parser as _;
use lamplighter::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
