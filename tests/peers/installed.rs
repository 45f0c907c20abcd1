//! Programs that are installed and not ours, as children that end with the test, also when it is killed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::process::Process;

/// How long a peer may take to end when it is asked to.
const END: Duration = Duration::from_secs(5);

/// Where programs are; Kamailio's folder is not in everybody's path.
fn path() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin");
    path
}

/// Fails with advice where a program is not installed.
fn require(program: &str) {
    let is_there = std::env::split_paths(&path()).any(|folder| folder.join(program).is_file());
    assert!(is_there, "{program} is not installed, and these tests talk to it; `make test` installs it");
}

/// A file of tests/peers.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// A running peer. It gets SIGTERM when this is dropped.
pub struct Installed {
    process: Option<Process>,
}

impl Installed {
    /// Starts a program in a folder.
    pub fn start(program: &str, folder: &Path, arguments: &[&str]) -> Self {
        require(program);
        let mut command = Command::new("setpriv");
        command.env("PATH", path()).current_dir(folder);
        command.args(["--pdeathsig", "TERM", program]).args(arguments);
        Self { process: Some(Process::start(&mut command)) }
    }

    pub fn process(&self) -> &Process {
        self.process.as_ref().expect("the peer runs")
    }

    /// Waits until `is_ready`; fails with what the peer said if it ends before.
    pub fn wait_until(&self, is_ready: impl Fn() -> bool) {
        let end = Instant::now() + crate::common::LIMIT;
        while !is_ready() {
            let process = self.process();
            let runs = Path::new(&format!("/proc/{}/exe", process.id())).exists();
            assert!(
                runs && Instant::now() < end,
                "a peer did not start; `make test` installs all that it needs"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it; gives its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut process = self.process.take()?;
        process.signal("TERM");
        process.exit().code()
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        let Some(process) = self.process.take() else { return };
        // Nothing here may fail: the test may be failing already. What does not end in time is killed by the next line.
        let id = process.id().to_string();
        let _ = Command::new("kill").args(["-s", "TERM", &id]).status();
        let (exe, end) = (format!("/proc/{id}/exe"), Instant::now() + END);
        while std::fs::read_link(&exe).is_ok() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether somebody listens on this port of 127.0.0.1, over `udp` or `tcp`.
pub fn listens(protocol: &str, port: u16) -> bool {
    let wanted = format!("0100007F:{port:04X} 00000000:0000");
    std::fs::read_to_string(format!("/proc/net/{protocol}")).unwrap().contains(&wanted)
}

/// TCP connections of 127.0.0.1 that have this port on the side of who accepted, ended ones that the system remembers too.
pub fn connections(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let ports: std::collections::BTreeSet<String> = table
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (local, remote) = (words.next()?, words.next()?);
            let own = format!("0100007F:{port:04X}");
            match (local == own, remote == own) {
                (true, false) if !remote.ends_with(":0000") => Some(remote.to_owned()),
                (false, true) => Some(local.to_owned()),
                _ => None,
            }
        })
        .collect();
    ports.len()
}
