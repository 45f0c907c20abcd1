//! Children of a test, and what they print.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::{LIMIT, wait};

/// The program under test.
pub const LAMPLIGHTER: &str = env!("CARGO_BIN_EXE_lamplighter");

/// Lines that somebody prints.
#[derive(Clone, Default)]
pub struct Lines(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Lines {
    fn read(source: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let filled = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                filled.0.0.lock().unwrap().push(line);
                filled.0.1.notify_all();
            }
        });
        lines
    }

    /// How many there are, to be given to those below.
    pub fn mark(&self) -> usize {
        self.0.0.lock().unwrap().len()
    }

    /// All from a mark on.
    pub fn since(&self, mark: usize) -> Vec<String> {
        self.0.0.lock().unwrap().iter().skip(mark).cloned().collect()
    }

    /// All, as one text.
    pub fn text(&self) -> String {
        self.since(0).join("\n")
    }

    /// Waits until the lines from a mark on say what is asked, and returns what was made of them.
    pub fn wait<T>(&self, mark: usize, limit: Duration, ask: impl Fn(&[String]) -> Option<T>) -> Option<T> {
        let end = Instant::now() + limit;
        let mut lines = self.0.0.lock().unwrap();
        loop {
            if let Some(answer) = ask(lines.get(mark..).unwrap_or_default()) {
                return Some(answer);
            }
            let left = end.checked_duration_since(Instant::now())?;
            lines = self.0.1.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Waits for a line with this text, from a mark on.
    pub fn wait_for(&self, mark: usize, text: &str) -> String {
        let line = self.wait(mark, LIMIT, |lines| lines.iter().find(|line| line.contains(text)).cloned());
        line.unwrap_or_else(|| {
            panic!("no line with `{text}` came; there are:\n{}", self.since(mark).join("\n"))
        })
    }
}

/// A child; it is killed when this is dropped.
pub struct Process {
    child: Child,
    pub stdout: Lines,
    pub stderr: Lines,
}

impl Process {
    /// Starts a command and collects what it prints.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let stdout = Lines::read(child.stdout.take().unwrap());
        let stderr = Lines::read(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().unwrap();
        assert!(sent.success(), "SIG{name} was not sent");
    }

    /// How it ended by itself.
    pub fn exit(&mut self) -> ExitStatus {
        wait("the end of a child", || self.child.try_wait().unwrap())
    }

    /// As `kill -9`: nothing more is written.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!(
                "--- stdout of {}\n{}\n--- stderr\n{}",
                self.id(),
                self.stdout.text(),
                self.stderr.text()
            );
        }
    }
}
