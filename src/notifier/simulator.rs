//! The SIP peer that answers for a gateway with `simulator: true`: a real endpoint on a loopback address that keeps a lamp
//! for each phone and tells a watcher what changes.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use crate::net::endpoint::{BindError, Endpoint, EndpointConfig};
use crate::net::serve::{Handler, Peer, Reply};
use crate::sip::message::Request;
use crate::sip::summary::Counts;
use crate::sip::uas;

/// Lamps that a simulator remembers; those beyond are answered and not watched.
const MOST_LAMPS: usize = 100_000;

/// What a simulator saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Name of the gateway.
    pub gateway: String,
    /// The phone.
    pub extension: String,
    /// Whether its lamp is on.
    pub on: bool,
    /// Its messages.
    pub counts: Counts,
    /// Whether anything changed for the phone; a refresh changes nothing.
    pub changed: bool,
}

/// Is called for each NOTIFY; must return at once.
pub type Watcher = Arc<dyn Fn(Seen) + Send + Sync>;

/// A running simulator. It ends when it is dropped.
pub struct Simulator {
    endpoint: Endpoint,
}

impl Simulator {
    /// Starts one; port 0 is any free port.
    ///
    /// # Errors
    /// The address can't be had.
    pub fn start(gateway: &str, listen: IpAddr, port: u16, watcher: Watcher) -> Result<Self, BindError> {
        let handler = Arc::new(Phones { gateway: gateway.to_owned(), lamps: Mutex::default(), watcher });
        let config = EndpointConfig { listen: SocketAddr::new(listen, port), tls: None, advertised: None };
        Ok(Self { endpoint: Endpoint::bind(config, handler)? })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.endpoint.local_addr()
    }
}

struct Phones {
    gateway: String,
    lamps: Mutex<BTreeMap<String, (bool, Counts)>>,
    watcher: Watcher,
}

impl Handler for Phones {
    fn handle(&self, request: &Request, _: Peer) -> Option<Reply> {
        match uas::lamp_reply(request) {
            uas::Reply::Ignore => None,
            uas::Reply::Status(status, reason, headers) => Some(Reply::new(status, reason, headers)),
            uas::Reply::Notified(received) => {
                let state = (received.waiting, received.counts);
                let mut lamps = self.lamps.lock().unwrap_or_else(PoisonError::into_inner);
                let known = lamps.contains_key(&received.extension);
                let changed = lamps.get(&received.extension).copied().unwrap_or_default() != state;
                if known || lamps.len() < MOST_LAMPS {
                    lamps.insert(received.extension.clone(), state);
                }
                drop(lamps);
                (self.watcher)(Seen {
                    gateway: self.gateway.clone(),
                    extension: received.extension,
                    on: received.waiting,
                    counts: received.counts,
                    changed,
                });
                Some(Reply::new(200, "OK", Vec::new()))
            }
        }
    }
}
