//! The command line: what was typed becomes options, and one short file a command does the rest.

mod cluster;
mod crds;
mod here;
mod lamps;
mod log_level;
mod notifier;
mod operator;
mod phone;
mod ready;
mod standalone;
#[cfg(feature = "validate")]
pub mod validate;
mod why;

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use tokio::sync::watch;

/// Voice-mail configuration as Kubernetes resources, with the names of Exchange Unified Messaging.
#[derive(Debug, Parser)]
#[command(name = "lamplighter", version, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    log: Log,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Log {
    /// How logs on stderr look; RUST_LOG says what is logged (default: info).
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

/// How logs look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the notifiers of all dial plans in a directory of manifests, without a cluster.
    Standalone(standalone::Options),
    /// Run in a cluster: check the four kinds, report on them, and run a notifier for each dial plan.
    Operator(operator::Options),
    /// Run in a pod of a cluster: light the lamps of one dial plan. The operator starts it.
    Notifier(notifier::Options),
    /// Print the CustomResourceDefinitions of the four kinds.
    Crds(crds::Options),
    /// A phone in the terminal that shows its lamp: answers NOTIFY over UDP, TCP or TLS.
    Phone(phone::Options),
    /// Ask a Lamplighter that runs whether it is ready; ends with 0 if it is, else with 1.
    Ready(ready::Options),
    /// Say what is wrong with manifests, without a cluster: for an editor, a hook before the commit, or CI.
    #[cfg(feature = "validate")]
    Validate(validate::Options),
    /// Explain why somebody has a feature or does not: the switches that decide, one by one, with file and line.
    Why(why::Options),
    /// Show lamps as the notifiers of a cluster see them: what they show, by what counts, and which gateway confirmed it.
    Lamps(lamps::Options),
    /// Set what a program that runs logs, until it ends or `default` is set.
    LogLevel(log_level::Options),
}

impl Cli {
    /// Reads the command line. kubectl calls the program by the name of the link, `kubectl-um`, and help says so then.
    #[must_use]
    pub fn read() -> Self {
        let called = std::env::args_os().next().unwrap_or_default();
        let is_plugin = Path::new(&called).file_stem().is_some_and(|name| name == "kubectl-um");
        let command = Self::command();
        let command = if is_plugin { command.bin_name("kubectl um") } else { command };
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }

    /// Runs the command. 0: fine; 1: errors were found; 2: wrong use or unreadable input.
    #[must_use]
    pub fn run(self) -> ExitCode {
        crate::telemetry::start(matches!(self.log.log_format, LogFormat::Json));
        let result = match self.command {
            Command::Crds(options) => crds::run(&options),
            #[cfg(feature = "validate")]
            Command::Validate(options) => validate::run(&options),
            Command::Why(options) => why::run(options),
            Command::Lamps(options) => block_on(|stop| until(stop, lamps::run(options))),
            Command::LogLevel(options) => block_on(|stop| until(stop, log_level::run(options))),
            Command::Standalone(options) => block_on(|stop| standalone::run(options, stop)),
            Command::Operator(options) => block_on(|stop| operator::run(options, stop)),
            Command::Notifier(options) => block_on(|stop| notifier::run(options, stop)),
            Command::Phone(options) => block_on(|stop| phone::run(options, stop)),
            Command::Ready(options) => block_on(|stop| ready::run(options, stop)),
        };
        result.unwrap_or_else(|error| {
            tell(format!("error: {error:#}\n"));
            ExitCode::from(2)
        })
    }
}

/// Runs a program that ends when SIGTERM or SIGINT makes `stop` true.
fn block_on<F>(program: impl FnOnce(watch::Receiver<bool>) -> F) -> anyhow::Result<ExitCode>
where
    F: Future<Output = anyhow::Result<ExitCode>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (sender, stop) = watch::channel(false);
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::spawn(async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            // The program may have ended by itself.
            let _ = sender.send(true);
        });
        program(stop).await
    })
}

/// Runs what asks others, which a signal breaks off.
async fn until(
    mut stop: watch::Receiver<bool>,
    asking: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    tokio::select! {
        ended = asking => ended,
        _ = stop.wait_for(|stop| *stop) => Ok(ExitCode::from(1)),
    }
}

/// Writes for people to stdout; a reader who went away is no error.
fn say(text: &str) {
    pour(text.as_bytes());
}

/// The same of a piece of a text, which may begin and end in the middle of a letter.
fn pour(piece: &[u8]) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(piece).and_then(|()| out.flush());
}

/// Writes to stderr.
fn tell(text: impl AsRef<[u8]>) {
    use std::io::Write as _;
    let _ = std::io::stderr().lock().write_all(text.as_ref());
}

/// What stands before the name of a file, so that places are paths as the user wrote them.
fn prefix(path: &Path) -> String {
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    let folder = folder.map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
    match folder.as_str() {
        "" | "." => String::new(),
        "/" => folder,
        _ => format!("{}/", folder.trim_end_matches('/').trim_start_matches("./")),
    }
}
