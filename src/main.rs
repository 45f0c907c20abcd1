//! Parse and run.

use std::process::ExitCode;

use lamplighter::cli::Cli;
use mimalloc::MiMalloc;

/// An evaluation makes and drops some hundred thousand small values. The allocator of the system takes half of that time and more, and keeps
/// what is dropped.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::read().run()
}
