//! The API server over plain HTTP: `kubectl proxy`, for tests that ask more of it than a process for each question allows, or that look at
//! the answers themselves. Ends with the test program.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use crate::common::http::{self, Response};

/// A running proxy.
pub struct Proxy {
    address: SocketAddr,
}

impl Proxy {
    pub fn start(kubectl: &Path, kubeconfig: &Path) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(kubectl).arg("--kubeconfig").arg(kubeconfig);
        // Requests of the tests have a host's name that is none of this machine.
        command.args(["proxy", "--port=0", "--accept-hosts=.*"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let (found, ask) = mpsc::channel();
        // It gets its signal when the thread that started it ends, so that one goes on to the end.
        std::thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let address = lines.find_map(|line| line.ok()?.rsplit_once(' ')?.1.parse().ok());
            let _ = found.send(address.expect("kubectl proxy says where it listens"));
            let _ = child.wait();
        });
        Self { address: ask.recv().expect("kubectl proxy starts") }
    }

    /// One request; a body is JSON.
    pub fn request(&self, method: &str, path: &str, body: &str) -> Response {
        http::request(self.address, method, path, &["Content-Type: application/json"], body.as_bytes())
    }
}
