//! Logs: to stderr, for people or as JSON, by `RUST_LOG`.

use tracing_subscriber::EnvFilter;

/// Starts logging. A second call changes nothing.
pub fn start(json: bool) {
    // hickory warns of hosts files and servers at length; what matters comes back as an error of the look-up.
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,hickory_resolver=error,hickory_net=error,notify=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false);
    // Logging may have been started by a test in this process.
    let _ = if json { builder.json().flatten_event(true).try_init() } else { builder.try_init() };
}
