//! A small office: a dial plan `hq`, a policy `sales`, Lina (4201 and 4299) and Omar (4202), each in a file of its own.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::http::{self, Response};
use super::manifests::{Folder, gateway, mailbox, plan, policy};
use super::process::{LAMPLIGHTER, Process};
use super::{LIMIT, free_port, wait};

/// The folder of the office; files are `plan.yaml`, `policy.yaml`, `lina.yaml`, `omar.yaml`, and one for each gateway.
pub struct Office {
    pub folder: Folder,
    pub sip_port: u16,
}

impl Deref for Office {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Office {
    /// The office without a gateway.
    pub fn new() -> Self {
        let (folder, sip_port) = (Folder::new(), free_port());
        folder.write("plan.yaml", &plan("hq", "TelExtn", sip_port));
        folder.write("policy.yaml", &policy("sales", "hq"));
        folder.write("lina.yaml", &mailbox("lina", "sales", &["4201", "4299"], ""));
        folder.write("omar.yaml", &mailbox("omar", "sales", &["4202"], ""));
        Self { folder, sip_port }
    }

    /// The office with a gateway `pbx` at this port of 127.0.0.1, over TCP.
    pub fn with(port: u16) -> Self {
        let office = Self::new();
        office.gateway("pbx", port, "");
        office
    }

    /// Writes a gateway to a file of its name.
    pub fn gateway(&self, name: &str, port: u16, more: &str) {
        self.write(&format!("{name}.yaml"), &gateway(name, "hq", port, more));
    }

    /// Starts the program and waits until it is ready.
    pub fn start(&self) -> Program {
        Program::start(&self.manifests(), &self.data(), &[])
    }

    /// Runs `--once`.
    pub fn once(&self) -> Output {
        once(&self.manifests())
    }
}

/// Runs `standalone DIR --once`.
pub fn once(dir: &Path) -> Output {
    Command::new(LAMPLIGHTER).arg("standalone").arg(dir).arg("--once").output().unwrap()
}

/// A running `lamplighter standalone`.
pub struct Program {
    pub process: Process,
    pub address: SocketAddr,
}

impl Program {
    /// Starts it on any HTTP port, with more arguments, and waits until it is ready.
    pub fn start(dir: &Path, data: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(LAMPLIGHTER);
        command.arg("standalone").arg(dir).args(["--listen", "127.0.0.1:0", "--data"]).arg(data).args(more);
        Self::of(Process::start(&mut command))
    }

    /// The program that a process is, as soon as it is ready.
    pub fn of(process: Process) -> Self {
        let line = process.stdout.wait_for(0, "Lamplighter listens on http://");
        let address =
            line.split(' ').find_map(|word| word.strip_prefix("http://")).and_then(|at| at.parse().ok());
        Self { process, address: address.expect("an address is printed") }
    }

    pub fn request(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Response {
        http::request(self.address, method, path, headers, body)
    }

    pub fn read(&self, path: &str) -> Response {
        self.request("GET", path, &[], b"")
    }

    pub fn write(&self, path: &str, body: &Value) -> Response {
        self.request("PUT", path, &["Content-Type: application/json"], body.to_string().as_bytes())
    }

    /// Message state of a mailbox, once it is known: its lamp may be told a moment before, and a file that is just being written may be read half.
    pub fn get(&self, mailbox: &str) -> Value {
        let known = || Some(self.read(&messages(mailbox))).filter(|answer| answer.status == 200);
        wait(&format!("{mailbox} to be known"), known).json()
    }

    /// Waits until a mailbox is known.
    pub fn knows(&self, mailbox: &str) {
        self.get(mailbox);
    }

    /// Sets counts of new and old messages.
    pub fn put(&self, mailbox: &str, new: u32, old: u32) -> Value {
        let response = self.write(&messages(mailbox), &json!({"new": new, "old": old}));
        assert_eq!(response.status, 200, "{response:?}");
        response.json()
    }

    /// Waits until the lamp of a mailbox is `on`, `off`, `pending` or `unknown`.
    pub fn lamp_is(&self, mailbox: &str, wanted: &str) -> Value {
        wait(&format!("the lamp of {mailbox} to be {wanted}"), || {
            let state = self.get(mailbox);
            (state["lamp"] == wanted).then_some(state)
        })
    }

    /// A place in what it printed, for [`Program::says`].
    pub fn mark(&self) -> usize {
        self.process.stdout.mark()
    }

    /// Waits for a line on stdout with this text, from a mark on.
    pub fn says(&self, mark: usize, text: &str) -> String {
        self.process.stdout.wait_for(mark, text)
    }

    /// Waits for a line on stderr with this text.
    pub fn logs(&self, text: &str) -> String {
        self.process.stderr.wait_for(0, text)
    }

    /// Waits until stdout from a mark on has all these texts.
    pub fn says_all(&self, mark: usize, texts: &[&str]) {
        let has_all = |lines: &[String]| {
            let text = lines.join("\n");
            texts.iter().all(|wanted| text.contains(wanted)).then_some(())
        };
        let said = self.process.stdout.wait(mark, LIMIT, has_all);
        let text = self.process.stdout.since(mark).join("\n");
        let missing: Vec<_> = texts.iter().filter(|wanted| !text.contains(*wanted)).collect();
        assert!(said.is_some(), "{missing:?} is not in\n{text}");
    }

    /// Ends it as a service manager does.
    pub fn stop(mut self) {
        self.process.signal("TERM");
        let status = self.process.exit();
        assert_eq!(status.code(), Some(0), "{status}");
    }
}

/// The address of the message state of a mailbox in the namespace `voice`.
pub fn messages(mailbox: &str) -> String {
    format!("/v1/namespaces/voice/mailboxes/{mailbox}/messages")
}

/// The same by an extension of a dial plan.
pub fn messages_of(plan: &str, extension: &str) -> String {
    format!("/v1/namespaces/voice/dial-plans/{plan}/extensions/{extension}/messages")
}
