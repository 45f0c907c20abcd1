//! `lamplighter log-level`: what a program that runs logs from now on, without a restart.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::cluster::{self, Cluster};
use super::why::object;
use super::{here, pour};
use crate::domain::Kind;
use crate::telemetry::Level;

#[derive(Debug, Args)]
pub struct Options {
    /// error, warn, info, debug or trace; default: as RUST_LOG says.
    level: Level,
    /// The dial plan whose notifiers are told, as in umdp/head-office. Absent: the program in this very pod, as the operator's.
    #[arg(value_name = "KIND/NAME", value_parser = object)]
    object: Option<(Kind, String)>,
    #[command(flatten)]
    access: cluster::Access,
    #[command(flatten)]
    socket: here::Socket,
}

/// 0: the level is set; else as the command in the pod ended.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let Options { level, object, access, socket } = options;
    let plan = match object {
        None => {
            here::put(&socket.path, "/log", level.to_string(), pour).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Some((Kind::DialPlan, plan)) => plan,
        Some((kind, _)) => {
            bail!("a {kind} has no notifier of its own; name a dial plan, as in umdp/head-office")
        }
    };
    let cluster = Cluster::connect(&access).await?;
    let pods = cluster.notifiers().await?;
    let running = cluster::running(&pods, &plan);
    if running.is_empty() {
        bail!(
            "no pod of UMDialPlan/{plan} runs in namespace {0}; `kubectl get pods -n {0}` says more",
            cluster.namespace
        );
    }
    let command = ["lamplighter".to_owned(), "log-level".to_owned(), level.to_string()];
    let mut worst = 0;
    for pod in running {
        worst = worst.max(cluster.run(pod, &command, pour).await?);
    }
    Ok(ExitCode::from(worst))
}
