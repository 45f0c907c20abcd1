//! Parse and run.

use std::process::ExitCode;

use lamplighter::cli::Cli;
use mimalloc::MiMalloc;

/// An evaluation makes and drops some hundred thousand small values. The allocator of the system took half of that time, and kept
/// what was dropped.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::read().run()
}
