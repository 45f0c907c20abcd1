//! Logs: to stderr, for people or as JSON, by `RUST_LOG`; at another level while that is wanted.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::reload;

/// Puts another filter in the place of the one that counts.
type Reload = Box<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>;

static RELOAD: OnceLock<Reload> = OnceLock::new();

/// From which level on this program logs; libraries stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As `RUST_LOG` says.
    Default,
    /// From this one on, whatever it says.
    From(tracing::Level),
}

/// It is no level.
#[derive(Debug, thiserror::Error)]
#[error("choose one of error, warn, info, debug, trace and default")]
pub struct NoLevel;

/// The level stays as it is.
#[derive(Debug, thiserror::Error)]
#[error("logging was not started here")]
pub struct NotStarted;

impl FromStr for Level {
    type Err = NoLevel;

    fn from_str(text: &str) -> Result<Self, NoLevel> {
        let level = match text {
            "default" => return Ok(Self::Default),
            "error" => tracing::Level::ERROR,
            "warn" => tracing::Level::WARN,
            "info" => tracing::Level::INFO,
            "debug" => tracing::Level::DEBUG,
            "trace" => tracing::Level::TRACE,
            _ => return Err(NoLevel),
        };
        Ok(Self::From(level))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::From(level) => f.write_str(&level.as_str().to_ascii_lowercase()),
        }
    }
}

/// Starts logging. A second call changes nothing.
pub fn start(json: bool) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(Level::Default))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false);
    // Logging may have been started by a test in this process.
    let reload: Option<Reload> = if json {
        let builder = builder.json().flatten_event(true).with_filter_reloading();
        let handle = builder.reload_handle();
        builder.try_init().is_ok().then(|| Box::new(move |filter| handle.reload(filter)) as Reload)
    } else {
        let builder = builder.with_filter_reloading();
        let handle = builder.reload_handle();
        builder.try_init().is_ok().then(|| Box::new(move |filter| handle.reload(filter)) as Reload)
    };
    reload.into_iter().for_each(|reload| drop(RELOAD.set(reload)));
}

/// Logs from this level on, until the program ends or another is set. Returns the filter that counts from now on.
///
/// # Errors
/// Nothing is logged by this program.
pub fn set(level: Level) -> Result<String, NotStarted> {
    let reload = RELOAD.get().ok_or(NotStarted)?;
    let filter = filter(level);
    let shown = filter.to_string();
    reload(filter).map_err(|_| NotStarted)?;
    Ok(shown)
}

fn filter(level: Level) -> EnvFilter {
    // hickory warns of hosts files and servers at length; what matters comes back as an error of the look-up.
    let usual = || EnvFilter::new("info,hickory_resolver=error,hickory_net=error,notify=warn");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| usual());
    match level {
        Level::Default => filter,
        Level::From(level) => EnvFilter::new(format!("{filter},{}={level}", env!("CARGO_PKG_NAME"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn each_word_is_a_level_and_is_written_as_it_is_read() {
        for word in ["error", "warn", "info", "debug", "trace", "default"] {
            assert_eq!(word.parse::<Level>().unwrap().to_string(), word);
        }
        assert!("DEBUG".parse::<Level>().is_err() && "lamplighter=debug".parse::<Level>().is_err());
    }
}
