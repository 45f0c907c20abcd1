//! What the configuration of a dial plan becomes: the engine's view of it, and a prepared way to each gateway.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::domain::object::{Auth, Family, Identity, Mode, UriType};
use crate::domain::route::{Way, default_port};
use crate::domain::workload::{GatewayRoute, MailboxClaim, NotifierConfig};
use crate::domain::{Claim, Code, KeyName};
use crate::engine::mwi;
use crate::net::resolve::{self, Target};
use crate::net::tls::{TlsError, TlsTarget, client_config};
use crate::sip::text::{Host, HostPort};
use crate::sip::transport::Transport;
use crate::source::secrets::Values;

/// Values of Secrets and ConfigMaps of a namespace. They go to TLS, digest and the comparing of tokens only.
pub trait Keys: Send + Sync {
    /// The value of a key, if it is there.
    fn get(&self, key: &KeyName) -> Option<Vec<u8>>;
}

impl Keys for Values {
    fn get(&self, key: &KeyName) -> Option<Vec<u8>> {
        Values::get(self, key)
    }
}

/// Why a gateway can't be used, though its object has no error.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A key went away since evaluation.
    #[error("there is no {} {} with the key {}", .0.source.as_str(), .0.name, .0.key)]
    Key(KeyName),
    /// Certificates can't be used.
    #[error("the certificates can't be used")]
    Tls(#[from] TlsError),
    /// A secured gateway has no certificates.
    #[error("there are no certificates")]
    NoTls,
    /// The simulator did not start.
    #[error("the simulator is not there")]
    Simulator,
}

/// A prepared way to one gateway.
#[derive(Debug)]
pub struct Peer {
    /// Name of the gateway.
    pub name: String,
    /// Where requests go.
    pub target: Target,
    /// `{gateway}` in URIs.
    pub address: HostPort,
    /// URIs of NOTIFY.
    pub identity: Identity,
    /// User name and password.
    pub credentials: Option<Credentials>,
    /// What it was made of, to see whether it changed.
    made_of: Made,
}

/// Digest credentials. The password shows nowhere.
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}, …)", self.username)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Made {
    route: GatewayRoute,
    simulator: Option<SocketAddr>,
    keys: u64,
}

/// Everything that a notifier's task goes by.
#[derive(Debug)]
pub struct Setup {
    /// For the engine.
    pub engine: mwi::Config,
    /// Form of the lamps' addresses.
    pub uri_type: UriType,
    /// Ways to the gateways, by name.
    pub peers: BTreeMap<String, Arc<Peer>>,
    /// For each mailbox, why it may or may not have a lamp.
    pub reasons: BTreeMap<Arc<str>, Code>,
    /// For each lamp, the primary extension of the first mailbox that names it.
    pub extensions: BTreeMap<String, String>,
}

impl Setup {
    /// Prepares a configuration. Ways that did not change are taken from `before`, so that their connections stay.
    /// `simulators` has the address of each gateway that is simulated. Gateways that can't be used are left out and returned.
    #[must_use]
    pub fn new(
        config: &NotifierConfig,
        complete: bool,
        keys: &dyn Keys,
        simulators: &BTreeMap<String, SocketAddr>,
        before: &BTreeMap<String, Arc<Peer>>,
    ) -> (Self, Vec<(String, SetupError)>) {
        let mut peers = BTreeMap::new();
        let mut refused = Vec::new();
        let mut gateways = Vec::new();
        for route in &config.gateways {
            match Peer::prepare(route, keys, simulators, before.get(&route.name)) {
                Ok(peer) => {
                    gateways.push(mwi::Gateway {
                        name: route.name.clone(),
                        max_per_second: route.max_notify_per_second,
                        route: peer.made_of.digest(),
                    });
                    peers.insert(route.name.clone(), peer);
                }
                Err(error) => refused.push((route.name.clone(), error)),
            }
        }
        let engine = mwi::Config {
            mode: match config.mode {
                Mode::Active => mwi::Mode::Active,
                Mode::Observe => mwi::Mode::Observe,
                Mode::Dark => mwi::Mode::Dark,
            },
            // A dial plan with errors keeps its lamps as they are.
            complete: complete && config.sound,
            refresh_interval: config.refresh_interval,
            gateways,
            mailboxes: config.mailboxes.iter().map(|mailbox| claim(mailbox, config.sound)).collect(),
        };
        let reasons = config
            .mailboxes
            .iter()
            .filter_map(|mailbox| Some((Arc::clone(&mailbox.name), mailbox.reason?)))
            .collect();
        let mut extensions = BTreeMap::new();
        for mailbox in &config.mailboxes {
            let Some(extension) = &mailbox.extension else { continue };
            for lamp in &mailbox.lamps {
                extensions.entry(lamp.to_string()).or_insert_with(|| extension.clone());
            }
        }
        (Self { engine, uri_type: config.uri_type, peers, reasons, extensions }, refused)
    }
}

fn claim(mailbox: &MailboxClaim, sound: bool) -> mwi::Mailbox {
    let lamps = || mailbox.lamps.iter().map(ToString::to_string).collect();
    let claim = match mailbox.claim {
        _ if !sound => mwi::Claim::Frozen,
        Claim::Allowed => mwi::Claim::Allowed(lamps()),
        Claim::Forbidden => mwi::Claim::Forbidden(lamps()),
        Claim::Frozen => mwi::Claim::Frozen,
    };
    mwi::Mailbox { name: mailbox.name.to_string(), claim }
}

impl Made {
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        // The rate is no part of the way. Keys are: a gateway that refused the ones before is told everything again.
        let route = GatewayRoute { max_notify_per_second: 0, ..self.route.clone() };
        format!("{route:?}").hash(&mut hasher);
        (self.simulator, self.keys).hash(&mut hasher);
        hasher.finish()
    }
}

impl Peer {
    fn prepare(
        route: &GatewayRoute,
        keys: &dyn Keys,
        simulators: &BTreeMap<String, SocketAddr>,
        before: Option<&Arc<Self>>,
    ) -> Result<Arc<Self>, SetupError> {
        let simulator = match route.address {
            None => Some(simulators.get(&route.name).copied().ok_or(SetupError::Simulator)?),
            Some(_) => None,
        };
        let material = Material::read(route, keys)?;
        let made_of = Made { route: route.clone(), simulator, keys: material.digest() };
        if let Some(before) = before.filter(|before| before.made_of == made_of) {
            return Ok(Arc::clone(before));
        }
        let (host, port) = match (&route.address, simulator) {
            (Some(address), _) => (address.clone(), route.port.unwrap_or(default_port(route.way))),
            (None, at) => {
                let at = at.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));
                (Host::from(at.ip()), at.port())
            }
        };
        // Where requests go: to the proxy, if there is one.
        let next = route.proxy.clone().unwrap_or(HostPort { host: host.clone(), port });
        let (transport, tls) = match route.way {
            Way::Udp => (Transport::Udp, None),
            Way::Tcp => (Transport::Tcp, None),
            Way::Tls => (Transport::Tls, Some(material.tls_target(route, &next.host)?)),
        };
        let family = match route.family {
            _ if simulator.is_some() => resolve::Family::Any,
            Family::V4 => resolve::Family::V4Only,
            Family::V6 => resolve::Family::V6Only,
            Family::Any => resolve::Family::Any,
        };
        Ok(Arc::new(Self {
            name: route.name.clone(),
            address: HostPort { host, port },
            target: Target {
                host: next.host,
                port: next.port,
                transport,
                family,
                tls,
                proxy: route.proxy.clone(),
            },
            identity: route.identity.clone(),
            credentials: material.credentials(route.auth.as_ref()),
            made_of,
        }))
    }
}

/// Values of the keys that a gateway names.
#[derive(Default)]
struct Material {
    password: Option<Vec<u8>>,
    ca: Option<Vec<u8>>,
    certificate: Option<(Vec<u8>, Vec<u8>)>,
}

impl Material {
    fn read(route: &GatewayRoute, keys: &dyn Keys) -> Result<Self, SetupError> {
        let get = |key: &KeyName| keys.get(key).ok_or_else(|| SetupError::Key(key.clone()));
        let mut material = Self::default();
        if let Some(auth) = &route.auth {
            material.password = Some(get(&auth.password)?);
        }
        if let Some(tls) = route.tls.as_ref().filter(|_| route.way == Way::Tls) {
            material.ca = Some(get(&tls.ca)?);
            let of_certificate = |key| get(&KeyName::secret(&tls.certificate_secret, key));
            material.certificate = Some((of_certificate("tls.crt")?, of_certificate("tls.key")?));
        }
        Ok(material)
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.password, &self.ca, &self.certificate).hash(&mut hasher);
        hasher.finish()
    }

    fn tls_target(&self, route: &GatewayRoute, host: &Host) -> Result<Arc<TlsTarget>, SetupError> {
        let (Some(tls), Some(ca), Some((chain, key))) = (&route.tls, &self.ca, &self.certificate) else {
            return Err(SetupError::NoTls);
        };
        let name = match &tls.server_name {
            Some(name) => name.parse().map_err(|_| TlsError::Name(name.clone()))?,
            None => host.clone(),
        };
        let config = client_config(ca, Some((chain, key)))?;
        Ok(Arc::new(TlsTarget::new(config, &name)?))
    }

    fn credentials(&self, auth: Option<&Auth>) -> Option<Credentials> {
        let password = String::from_utf8_lossy(self.password.as_ref()?);
        // A file made by an editor ends with a line break that nobody meant.
        let password = password.strip_suffix('\n').unwrap_or(&password).trim_end_matches('\r').to_owned();
        Some(Credentials { username: auth?.username.clone(), password })
    }
}
