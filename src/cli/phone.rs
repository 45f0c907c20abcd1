//! `lamplighter phone`.
use std::process::ExitCode;
use clap::Args;
use tokio::sync::watch;

#[derive(Debug, Args)]
pub struct Options {}

pub async fn run(_: Options, _: watch::Receiver<bool>) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
