//! Kamailio as a telephone system behind mutual TLS.

use std::fs;

use tempfile::TempDir;

use super::installed::{Installed, file, listens};
use crate::common::authority::{Authority, Leaf};
use crate::common::free_port;

/// A running Kamailio.
pub struct Kamailio {
    installed: Installed,
    pub port: u16,
    _folder: TempDir,
}

impl Kamailio {
    /// Starts one that shows `leaf` and lets in who has a certificate of `clients`.
    pub fn start(leaf: &Leaf, clients: &Authority) -> Self {
        Self::start_at(free_port(), leaf, clients)
    }

    /// The same on a port that is known.
    pub fn start_at(port: u16, leaf: &Leaf, clients: &Authority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        for (name, text) in [("server.pem", &leaf.chain), ("server.key", &leaf.key), ("ca.pem", &clients.pem)]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let config = file("kamailio_tls.cfg");
        let listen = format!("LISTEN=tls:127.0.0.1:{port}");
        let place = |name: &str, file: &str| format!("{name}=\"{path}/{file}\"");
        let [key, certificate, ca] = [
            place("KEY_FILE", "server.key"),
            place("CERTIFICATE_FILE", "server.pem"),
            place("CA_FILE", "ca.pem"),
        ];
        let run =
            ["-f", config.to_str().unwrap(), "-DD", "-E", "-m", "32", "-M", "4", "-w", path, "-Y", path];
        let set = ["-A", &listen, "-A", &key, "-A", &certificate, "-A", &ca];
        let installed = Installed::start("kamailio", folder.path(), &[&run[..], &set].concat());
        installed.wait_until(|| listens("tcp", port));
        Self { installed, port, _folder: folder }
    }

    /// Waits for the line that it writes for a lamp.
    pub fn lamp(&self, extension: &str, counts: &str) -> String {
        let stderr = &self.installed.process().stderr;
        stderr.wait_for(
            0,
            &format!(
                "lamp to={extension} Message-Account: sip:{extension}@127.0.0.1 Voice-Message: {counts} "
            ),
        )
    }

    /// Ends it as a service manager does.
    pub fn stop(mut self) {
        self.installed.stop();
    }

    /// Everything that it said.
    pub fn log(&self) -> String {
        self.installed.process().stderr.text()
    }

    /// Whether a NOTIFY ever reached it.
    pub fn has_lamps(&self) -> bool {
        self.log().contains("lamp to=")
    }
}
