//! `lamplighter phone` as the telephone system of a test.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::process::{LAMPLIGHTER, Process};
use super::{LIMIT, free_port};

/// A phone that answers for all extensions.
pub struct Phone {
    pub process: Process,
    pub port: u16,
}

impl Phone {
    /// Starts one that takes UDP and TCP.
    pub fn start() -> Self {
        Self::start_at(free_port())
    }

    /// The same on a port that is known.
    pub fn start_at(port: u16) -> Self {
        Self::listen(&format!("127.0.0.1:{port}"))
    }

    /// Starts one with this value of `--listen`, which ends with a port.
    pub fn listen(listen: &str) -> Self {
        let process = Process::start(Command::new(LAMPLIGHTER).args(["phone", "--json", "--listen", listen]));
        process.stderr.wait_for(0, "the phone listens on");
        let port = listen.rsplit(':').next().and_then(|port| port.parse().ok());
        Self { process, port: port.expect("a port stands last") }
    }

    /// Every NOTIFY so far.
    pub fn notified(&self) -> Vec<Value> {
        self.process.stdout.since(0).iter().map(|line| parse(line)).collect()
    }

    /// Every state of a lamp so far, as in `on 1/0 (0/0)`.
    pub fn history(&self, extension: &str) -> Vec<String> {
        let lines = self.notified();
        lines.iter().filter(|line| line["extension"] == extension).map(state).collect()
    }

    /// Waits until the last that was told about a lamp is this state.
    pub fn shows(&self, extension: &str, wanted: &str) {
        self.shows_within(LIMIT, extension, wanted);
    }

    /// The same within a time.
    pub fn shows_within(&self, limit: Duration, extension: &str, wanted: &str) {
        let shown = self.process.stdout.wait(0, limit, |lines| {
            let last =
                lines.iter().rev().map(|line| parse(line)).find(|line| line["extension"] == extension)?;
            (state(&last) == wanted).then_some(())
        });
        let history = self.history(extension);
        assert!(shown.is_some(), "lamp {extension} does not show `{wanted}`; it was told {history:?}");
    }
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn state(line: &Value) -> String {
    let lamp = line["lamp"].as_str().unwrap();
    format!("{lamp} {}/{} ({}/{})", line["new"], line["old"], line["urgentNew"], line["urgentOld"])
}
