//! `lamplighter phone`: a phone in the terminal that shows its lamp.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use crate::clock::wall_ms;
use crate::net::endpoint::{Endpoint, EndpointConfig, TlsListen};
use crate::net::serve::{Handler, Peer, Reply};
use crate::net::tls::server_config;
use crate::sip::message::Request;
use crate::sip::summary::Counts;
use crate::sip::transport::Transport;
use crate::sip::uas::{self, Received};

/// Lamps that a phone remembers.
const MOST_LAMPS: usize = 100_000;

#[derive(Debug, Args)]
pub struct Options {
    /// Where to listen: udp:, tcp: or tls: before address and port; without one, both UDP and TCP. Port 0 is any free port.
    #[arg(long, value_name = "[TRANSPORT:]ADDR:PORT")]
    listen: Listen,
    /// One JSON object a line for each NOTIFY.
    #[arg(long)]
    json: bool,
    /// With tls: certificate chain in PEM.
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// With tls: key of the certificate in PEM.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// With tls: certificates of the CA that callers must be certified by.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug)]
struct Listen {
    transport: Option<Transport>,
    address: SocketAddr,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let prefixed =
            text.split_once(':').and_then(|(word, rest)| Some((word.parse::<Transport>().ok()?, rest)));
        let (transport, address) = match prefixed {
            Some((transport, address)) => (Some(transport), address),
            None => (None, text),
        };
        let address = address.parse().map_err(|_| {
            "expected, for example, 127.0.0.1:5080, udp:127.0.0.1:5080 or tls:[::1]:5061".to_owned()
        })?;
        Ok(Self { transport, address })
    }
}

pub async fn run(options: Options, mut stop: watch::Receiver<bool>) -> anyhow::Result<ExitCode> {
    let Options { listen, json, cert, key, ca } = options;
    let handler = Arc::new(Phone { json, only: listen.transport, lamps: Mutex::default() });
    let (config, shown) = match listen.transport {
        Some(Transport::Tls) => {
            let read = |path: &Option<PathBuf>, what: &str| read_file(path.as_deref(), what);
            let (cert, key) = (read(&cert, "--cert")?, read(&key, "--key")?);
            let ca = ca.as_ref().map(|ca| read_file(Some(ca), "--ca")).transpose()?;
            let tls =
                TlsListen { listen: listen.address, config: server_config(&cert, &key, ca.as_deref())? };
            // The plain ports of the endpoint are not used.
            let plain = SocketAddr::new(listen.address.ip(), 0);
            (EndpointConfig { listen: plain, tls: Some(tls), advertised: None }, "TLS")
        }
        Some(Transport::Udp) => {
            (EndpointConfig { listen: listen.address, tls: None, advertised: None }, "UDP")
        }
        Some(Transport::Tcp) => {
            (EndpointConfig { listen: listen.address, tls: None, advertised: None }, "TCP")
        }
        None => (EndpointConfig { listen: listen.address, tls: None, advertised: None }, "UDP and TCP"),
    };
    let endpoint = Endpoint::bind(config, handler)?;
    let address = endpoint.tls_addr().unwrap_or(endpoint.local_addr());
    let text = format!("the phone listens on {shown} {address}\n");
    // Programs that read JSON want nothing else on stdout.
    if json {
        super::tell(&text)
    } else {
        super::say(&text)
    }
    // Nobody ends the phone but the user.
    let _ = stop.wait_for(|stop| *stop).await;
    Ok(ExitCode::SUCCESS)
}

fn read_file(path: Option<&Path>, option: &str) -> anyhow::Result<Vec<u8>> {
    let path = path.with_context(|| format!("TLS needs {option}"))?;
    std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))
}

struct Phone {
    json: bool,
    only: Option<Transport>,
    lamps: Mutex<BTreeMap<String, (bool, Counts)>>,
}

impl Handler for Phone {
    fn handle(&self, request: &Request, peer: Peer) -> Option<Reply> {
        if self.only.is_some_and(|only| only != peer.transport) {
            return Some(Reply::new(503, "Service Unavailable", Vec::new()));
        }
        match uas::lamp_reply(request) {
            uas::Reply::Ignore => None,
            uas::Reply::Status(status, reason, headers) => Some(Reply::new(status, reason, headers)),
            uas::Reply::Notified(received) => {
                self.show(&received, peer);
                Some(Reply::new(200, "OK", Vec::new()))
            }
        }
    }
}

impl Phone {
    fn show(&self, received: &Received, peer: Peer) {
        let time = Timestamp::from_millisecond(wall_ms()).unwrap_or_default();
        let Received { account, extension, counts, waiting } = received;
        let line = if self.json {
            let line = json!({
                "time": time.to_string(), "from": peer.addr.to_string(), "transport": peer.transport.uri_param(), "account": account,
                "extension": extension, "lamp": if *waiting { "on" } else { "off" },
                "new": counts.new, "old": counts.old, "urgentNew": counts.urgent_new, "urgentOld": counts.urgent_old,
            });
            format!("{line}\n")
        } else {
            let before = self.remember(extension, (*waiting, *counts));
            let (light, word) = if *waiting { ("●", "on ") } else { ("○", "off") };
            let news = if before == Some((*waiting, *counts)) { "  (as before)" } else { "" };
            let Counts { new, old, urgent_new, urgent_old } = counts;
            format!(
                "{time:.0}  {light} lamp {extension} {word}  {new} new ({urgent_new} urgent), {old} old ({urgent_old} urgent)  from {} over {}{news}\n",
                peer.addr, peer.transport
            )
        };
        super::say(&line);
    }

    fn remember(&self, extension: &str, state: (bool, Counts)) -> Option<(bool, Counts)> {
        let mut lamps = self.lamps.lock().unwrap_or_else(PoisonError::into_inner);
        if lamps.len() >= MOST_LAMPS && !lamps.contains_key(extension) {
            return None;
        }
        lamps.insert(extension.to_owned(), state)
    }
}
