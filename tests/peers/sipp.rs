//! sipp as the telephone system.

use std::collections::BTreeMap;
use std::fs;

use tempfile::TempDir;

use super::installed::{Installed, file, listens};
use crate::common::{free_port, wait};

/// A running sipp.
pub struct Sipp {
    installed: Installed,
    folder: TempDir,
    pub port: u16,
}

impl Sipp {
    /// Starts a scenario of tests/peers over `udp` or `tcp`.
    pub fn start(scenario: &str, protocol: &str) -> Self {
        Self::start_at(free_port(), scenario, protocol)
    }

    /// The same on a port that is known.
    pub fn start_at(port: u16, scenario: &str, protocol: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scenario = file(scenario);
        let transport = match protocol {
            "udp" => "u1",
            "tcp" => "t1",
            other => panic!("sipp has no {other}"),
        };
        let port_text = port.to_string();
        let arguments =
            ["-sf", scenario.to_str().unwrap(), "-i", "127.0.0.1", "-p", &port_text, "-t", transport];
        let traces =
            ["-nostdin", "-deadcall_wait", "0", "-trace_msg", "-message_file", "messages", "-trace_counts"];
        let statistics =
            ["-trace_stat", "-stf", "statistics", "-fd", "1", "-trace_err", "-error_file", "errors"];
        let all = [&arguments[..], &traces, &statistics].concat();
        let installed = Installed::start("sipp", folder.path(), &all);
        installed.wait_until(|| listens(protocol, port));
        Self { installed, folder, port }
    }

    /// Every NOTIFY so far, as it came, retransmissions too.
    pub fn notifies(&self) -> Vec<String> {
        self.received().into_iter().filter(|message| message.starts_with("NOTIFY ")).collect()
    }

    /// Waits until so many NOTIFYs have come.
    pub fn wait_for(&self, count: usize) -> Vec<String> {
        wait(&format!("{count} NOTIFYs at sipp"), || Some(self.notifies()).filter(|all| all.len() >= count))
    }

    /// The last NOTIFY for each extension: its `Voice-Message` line.
    pub fn lamps(&self) -> BTreeMap<String, String> {
        let told = self.notifies().into_iter().filter_map(|notify| {
            let user = notify.strip_prefix("NOTIFY sip:")?.split('@').next()?.to_owned();
            let line = notify.lines().find_map(|line| line.strip_prefix("Voice-Message: "))?;
            Some((user, line.trim_end().to_owned()))
        });
        told.collect()
    }

    fn received(&self) -> Vec<String> {
        let log = fs::read(self.folder.path().join("messages")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let entries = log.split("----------------------------------------------- ");
        let received = entries.filter_map(|entry| {
            let (head, message) = entry.split_once(":\n\n")?;
            head.contains("message received").then(|| message.to_owned())
        });
        received.collect()
    }

    /// What sipp wrote about calls that failed.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.folder.path().join("errors")).unwrap_or_default()
    }

    /// Ends it; gives its own counts, by the names of sipp: `FailedCall(C)`, `1_NOTIFY_Recv`.
    pub fn stop(mut self) -> BTreeMap<String, u64> {
        self.installed.stop();
        let mut counts = BTreeMap::new();
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name == "statistics" || name.ends_with("_counts.csv") {
                let text = fs::read_to_string(&path).unwrap();
                let (head, last) = (text.lines().next().unwrap(), text.lines().last().unwrap());
                let pairs = head.split(';').zip(last.split(';'));
                counts.extend(pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))));
            }
        }
        counts
    }
}
