//! `lamplighter standalone`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use etcetera::BaseStrategy as _;
use tokio::sync::{oneshot, watch};

use crate::standalone::{self, Ended};

/// Texts that wait for the terminal.
const MOST_TEXTS: usize = 10_000;
/// How long the last of them may take.
const LAST_TEXTS: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub struct Options {
    /// Directory of manifests (*.yaml, *.yml, *.json); changes in it take effect at once.
    dir: PathBuf,
    /// Address and port for HTTP. Callers on other machines are served by dial plans that name them in notifier.http.clients.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// Address for SIP; the ports are those of the dial plans. 0.0.0.0 or :: to reach PBXs in the network.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDR")]
    sip_listen: IpAddr,
    /// Folder of the stores, one file a dial plan [default: lamplighter in the user's state directory].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder with the values of Secrets and ConfigMaps, in files NAME/KEY.
    #[arg(long, value_name = "DIR")]
    secrets: Option<PathBuf>,
    /// Evaluate, print findings and status, and end: with 1 if there were errors.
    #[arg(long)]
    once: bool,
}

pub async fn run(options: Options, stop: watch::Receiver<bool>) -> anyhow::Result<ExitCode> {
    let Options { dir, listen, sip_listen, data, secrets, once } = options;
    let data = match data {
        Some(data) => data,
        None => state_directory()?,
    };
    let options = standalone::Options { dir, listen, sip_listen, data, secrets, once };
    if options.once {
        return Ok(code(standalone::run(options, Arc::new(super::say), stop).await?));
    }
    let (console, printed) = console();
    let ended = standalone::run(options, console, stop).await;
    // A terminal that is held must not hold the end of the program either.
    let _ = tokio::time::timeout(LAST_TEXTS, printed).await;
    Ok(code(ended?))
}

fn code(ended: Ended) -> ExitCode {
    match ended {
        Ended::Well => ExitCode::SUCCESS,
        Ended::WithErrors => ExitCode::from(1),
    }
}

/// A console that never waits: a terminal that is held (Ctrl-S) must not hold lamps. What does not fit is dropped.
/// The receiver ends when all is printed and nobody can add to it.
fn console() -> (standalone::Console, oneshot::Receiver<()>) {
    let (sender, texts) = sync_channel::<String>(MOST_TEXTS);
    let (done, printed) = oneshot::channel();
    std::thread::spawn(move || {
        texts.iter().for_each(|text| super::say(&text));
        // Nobody may wait for it any more.
        let _ = done.send(());
    });
    let console = move |text: &str| {
        let _ = sender.try_send(text.to_owned());
    };
    (Arc::new(console), printed)
}

fn state_directory() -> anyhow::Result<PathBuf> {
    let base = etcetera::base_strategy::choose_base_strategy()
        .context("there is no home directory; say with --data where the stores are")?;
    Ok(base.state_dir().unwrap_or_else(|| base.data_dir()).join("lamplighter"))
}
