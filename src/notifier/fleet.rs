//! The notifiers of all dial plans in one process, with the SIP endpoints and simulators that they share.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::directory::{Directory, InNamespace};
use super::metrics::{Metrics, PlanLabels};
use super::setup::{Keys, Peer, Setup};
use super::simulator::{Simulator, Watcher};
use super::{Notifier, Parts};
use crate::clock::Clock;
use crate::domain::KeyName;
use crate::domain::workload::NotifierConfig;
use crate::engine::mwi::Refresh;
use crate::net::endpoint::{BindError, Endpoint, EndpointConfig, TlsListen};
use crate::net::serve::{Handler, Peer as Caller, Reply};
use crate::net::tls::server_config;
use crate::sip::message::Request;
use crate::sip::text::Host;
use crate::sip::uas;
use crate::store::StoreError;

/// For so long after the start, the store of a process that is just ending is waited for.
const STORE_PATIENCE: Duration = Duration::from_secs(3);
/// How long is waited before a store or a port is asked for once more.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a port is asked for that this process has just given up.
const RETAKES: usize = 10;

/// Why a notifier does not run.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// Its store can't be opened.
    #[error("the store of a dial plan can't be opened")]
    Store(#[from] StoreError),
    /// No SIP port can be had.
    #[error("no SIP port can be had; is --sip-listen an address of this machine?")]
    Bind(#[from] BindError),
}

/// What all notifiers of the process have in common.
pub struct Common {
    /// Address on which SIP listens.
    pub sip_listen: IpAddr,
    /// Folder of the stores.
    pub data: PathBuf,
    /// The clock of the process.
    pub clock: Clock,
    /// The metrics of the process.
    pub metrics: Arc<Metrics>,
    /// Who has which mailbox.
    pub directory: Directory,
    /// Is told what simulators see.
    pub watcher: Watcher,
}

/// A namespace and a name in it.
type Name = (String, String);

/// What makes an endpoint the same for two dial plans.
#[derive(Clone, PartialEq, Eq)]
struct EndpointKey {
    port: u16,
    advertised: Option<Host>,
    tls: Option<(u16, Vec<Vec<u8>>)>,
}

/// An endpoint, and what it was made for; none where it had to take another port.
type Made = (Arc<Endpoint>, Option<EndpointKey>);

struct Running {
    notifier: Notifier,
    task: JoinHandle<()>,
    endpoint: Arc<Endpoint>,
    /// What the endpoint was made for; none where it had to take another port.
    made_for: Option<EndpointKey>,
    peers: BTreeMap<String, Arc<Peer>>,
}

/// All notifiers of the process.
pub struct Fleet {
    common: Common,
    running: BTreeMap<Name, Running>,
    simulators: BTreeMap<Name, (Option<u16>, Simulator)>,
}

impl Fleet {
    /// A fleet without notifiers.
    #[must_use]
    pub fn new(common: Common) -> Self {
        Self { common, running: BTreeMap::new(), simulators: BTreeMap::new() }
    }

    /// Makes the notifiers of a namespace act by these configurations; returns when they do, with the dial plans whose
    /// notifier could not be started. The others run all the same.
    pub async fn apply(
        &mut self,
        namespace: &str,
        now: &InNamespace<'_>,
        keys: &dyn Keys,
    ) -> Vec<(String, FleetError)> {
        let (configs, complete) = (now.configs, now.complete);
        let mut entries = (*self.common.directory.now()).clone();
        let mut failed = Vec::new();
        self.start_simulators(namespace, configs);
        for config in configs {
            let name = (namespace.to_owned(), config.dial_plan.clone());
            if !self.running.contains_key(&name) {
                match self.start(&name, config, keys).await {
                    Ok((notifier, stored)) => {
                        entries.add_notifier(namespace, &config.dial_plan, notifier, stored);
                    }
                    Err(error) => {
                        failed.push((config.dial_plan.clone(), error));
                        continue;
                    }
                }
            }
            self.configure(&name, config, complete, keys).await;
        }
        let wanted: BTreeSet<&str> = configs.iter().map(|config| config.dial_plan.as_str()).collect();
        let is_gone = |(ns, plan): &&Name| ns == namespace && !wanted.contains(plan.as_str());
        let gone: Vec<Name> = self.running.keys().filter(is_gone).cloned().collect();
        for name in gone {
            entries.remove_notifier(namespace, &name.1);
            self.stop(&name).await;
        }
        entries.set_namespace(namespace, now, keys);
        self.common.directory.replace(entries);
        self.stop_simulators(namespace, configs);
        failed
    }

    /// Whether every notifier has the port that its dial plan wants.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.running.values().all(|running| running.made_for.is_some())
    }

    /// Namespaces of which anything is known.
    #[must_use]
    pub fn namespaces(&self) -> BTreeSet<String> {
        self.common.directory.now().namespaces()
    }

    /// Sends lamps again: of a mailbox, of a gateway, or all of a dial plan. False: not all notifiers took that, or none runs.
    pub fn refresh(&self, namespace: &str, kind: &str, name: &str) -> bool {
        let mut all_taken = true;
        for ((ns, plan), running) in &self.running {
            let which = match kind {
                "UMMailbox" => Refresh::Mailbox(name.to_owned()),
                "UMIPGateway" => Refresh::Gateway(name.to_owned()),
                "UMDialPlan" if plan == name => Refresh::All,
                _ => continue,
            };
            if ns == namespace && running.notifier.refresh(which).is_err() {
                tracing::warn!(%namespace, name = %plan, "the refresh was not taken; set another value");
                all_taken = false;
            }
        }
        all_taken && !self.running.is_empty()
    }

    /// Stops all notifiers: what is in flight may end, then all is written.
    pub async fn stop_all(&mut self) {
        for running in self.running.values() {
            running.notifier.stop().await;
        }
        for (_, running) in std::mem::take(&mut self.running) {
            if let Err(error) = running.task.await {
                tracing::error!(%error, "a notifier ended badly");
            }
        }
    }

    async fn start(
        &mut self,
        name: &Name,
        config: &NotifierConfig,
        keys: &dyn Keys,
    ) -> Result<(Notifier, BTreeSet<String>), FleetError> {
        let wanted = EndpointKey::of(config, keys);
        let (endpoint, made_for) = self.endpoint(&wanted, name)?;
        let path = self.common.data.join(format!("{}.{}.sqlite", name.0, name.1));
        let (notifier, stored, task) = loop {
            let parts = Parts {
                plan: PlanLabels { namespace: name.0.clone(), name: name.1.clone() },
                endpoint: Arc::clone(&endpoint),
                clock: self.common.clock,
                metrics: Arc::clone(&self.common.metrics),
            };
            let path = path.clone();
            let opened = tokio::task::spawn_blocking(move || Notifier::start(parts, &path)).await;
            match opened {
                Ok(Ok(started)) => break started,
                // A process that was killed holds its files until the system has cleared it away.
                Ok(Err(StoreError::InUse { .. })) if self.common.clock.now() < STORE_PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Err(StoreError::Stopped.into()),
            }
        };
        let running =
            Running { notifier: notifier.clone(), task, endpoint, made_for, peers: BTreeMap::new() };
        self.running.insert(name.clone(), running);
        Ok((notifier, stored.into_iter().collect()))
    }

    async fn configure(&mut self, name: &Name, config: &NotifierConfig, complete: bool, keys: &dyn Keys) {
        let wanted = EndpointKey::of(config, keys);
        let made_for = self.running.get(name).and_then(|running| running.made_for.clone());
        if made_for.as_ref() == Some(&wanted) {
            return self.act_by(name, config, complete, keys, None).await;
        }
        let moved = match self.exact(&wanted, name) {
            Ok(endpoint) => Some((endpoint, Some(wanted.clone()))),
            // It has another port already, and the one that it wants is still taken.
            Err(_) if made_for.is_none() => None,
            Err(_) => self.endpoint(&wanted, name).ok(),
        };
        let is_fallback = moved.as_ref().is_some_and(|(_, made_for)| made_for.is_none());
        self.act_by(name, config, complete, keys, moved).await;
        if is_fallback {
            // Often it was the notifier's own endpoint, with other settings, that had the port; now that is gone.
            self.retake(name, config, complete, keys, &wanted).await;
        }
    }

    async fn retake(
        &mut self,
        name: &Name,
        config: &NotifierConfig,
        complete: bool,
        keys: &dyn Keys,
        wanted: &EndpointKey,
    ) {
        for _ in 0..RETAKES {
            tokio::time::sleep(PAUSE).await;
            if let Ok(endpoint) = self.exact(wanted, name) {
                let moved = Some((endpoint, Some(wanted.clone())));
                return self.act_by(name, config, complete, keys, moved).await;
            }
        }
    }

    /// Hands a notifier its configuration, with another endpoint if it moves.
    async fn act_by(
        &mut self,
        name: &Name,
        config: &NotifierConfig,
        complete: bool,
        keys: &dyn Keys,
        moved: Option<Made>,
    ) {
        let addresses = self.simulator_addresses(&name.0);
        let Some(running) = self.running.get_mut(name) else { return };
        if let Some((endpoint, made_for)) = moved {
            running.endpoint = endpoint;
            running.made_for = made_for;
        }
        let (setup, refused) = Setup::new(config, complete, keys, &addresses, &running.peers);
        for (gateway, error) in refused {
            tracing::error!(namespace = %name.0, name = %name.1, %gateway, error = &error as &dyn std::error::Error, "the gateway can't be used");
        }
        running.peers = setup.peers.clone();
        if let Err(error) = running.notifier.configure(setup, Arc::clone(&running.endpoint)).await {
            tracing::error!(namespace = %name.0, name = %name.1, %error, "the notifier does not take its configuration");
        }
    }

    async fn stop(&mut self, name: &Name) {
        let Some(running) = self.running.remove(name) else { return };
        running.notifier.stop().await;
        if let Err(error) = running.task.await {
            tracing::error!(namespace = %name.0, name = %name.1, %error, "a notifier ended badly");
        }
    }

    /// The endpoint as it is wanted, or one on another port where that is taken.
    fn endpoint(&self, wanted: &EndpointKey, name: &Name) -> Result<Made, BindError> {
        match self.exact(wanted, name) {
            Ok(endpoint) => Ok((endpoint, Some(wanted.clone()))),
            Err(error) => {
                tracing::warn!(namespace = %name.0, name = %name.1, error = &error as &dyn std::error::Error, "NOTIFY leaves from another port, until this one is free");
                let listen = SocketAddr::new(self.common.sip_listen, 0);
                let config = EndpointConfig { listen, tls: None, advertised: wanted.advertised.clone() };
                Ok((self.bind(config)?, None))
            }
        }
    }

    /// The endpoint that another dial plan has with the same settings, or a new one.
    fn exact(&self, wanted: &EndpointKey, name: &Name) -> Result<Arc<Endpoint>, BindError> {
        if let Some(running) = self.running.values().find(|running| running.made_for.as_ref() == Some(wanted))
        {
            return Ok(Arc::clone(&running.endpoint));
        }
        let tls = wanted.tls.as_ref().and_then(|(port, material)| self.listener(*port, material, name));
        let listen = SocketAddr::new(self.common.sip_listen, wanted.port);
        let config = EndpointConfig { listen, tls, advertised: wanted.advertised.clone() };
        self.bind(config)
    }

    fn bind(&self, config: EndpointConfig) -> Result<Arc<Endpoint>, BindError> {
        let counters = self.common.metrics.sip_counters();
        Endpoint::bind_counted(config, Arc::new(Nobody), counters).map(Arc::new)
    }

    fn listener(&self, port: u16, material: &[Vec<u8>], name: &Name) -> Option<TlsListen> {
        let [chain, key, ca] = material else { return None };
        match server_config(chain, key, Some(ca)) {
            Ok(config) => Some(TlsListen { listen: SocketAddr::new(self.common.sip_listen, port), config }),
            Err(error) => {
                tracing::error!(namespace = %name.0, name = %name.1, error = &error as &dyn std::error::Error, "SIP over TLS is not taken");
                None
            }
        }
    }

    fn start_simulators(&mut self, namespace: &str, configs: &[NotifierConfig]) {
        for gateway in
            configs.iter().flat_map(|config| &config.gateways).filter(|gateway| gateway.address.is_none())
        {
            let name = (namespace.to_owned(), gateway.name.clone());
            if self.simulators.get(&name).is_some_and(|(port, _)| *port == gateway.port) {
                continue;
            }
            let listen = match self.common.sip_listen {
                own if own.is_loopback() => own,
                IpAddr::V6(own) if !own.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
                _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
            };
            let start =
                |port| Simulator::start(&gateway.name, listen, port, Arc::clone(&self.common.watcher));
            let started = start(gateway.port.unwrap_or(0)).or_else(|error| {
                tracing::warn!(%namespace, gateway = %gateway.name, error = &error as &dyn std::error::Error, "the simulator takes another port");
                start(0)
            });
            match started {
                Ok(simulator) => drop(self.simulators.insert(name, (gateway.port, simulator))),
                Err(error) => {
                    tracing::error!(%namespace, gateway = %gateway.name, error = &error as &dyn std::error::Error, "the simulator did not start")
                }
            }
        }
    }

    fn stop_simulators(&mut self, namespace: &str, configs: &[NotifierConfig]) {
        let wanted: BTreeSet<&str> = configs
            .iter()
            .flat_map(|config| &config.gateways)
            .filter(|gateway| gateway.address.is_none())
            .map(|gateway| gateway.name.as_str())
            .collect();
        self.simulators.retain(|(ns, name), _| ns != namespace || wanted.contains(name.as_str()));
    }

    fn simulator_addresses(&self, namespace: &str) -> BTreeMap<String, SocketAddr> {
        self.simulators
            .iter()
            .filter(|((ns, _), _)| ns == namespace)
            .map(|((_, name), (_, simulator))| (name.clone(), simulator.address()))
            .collect()
    }
}

impl EndpointKey {
    fn of(config: &NotifierConfig, keys: &dyn Keys) -> Self {
        let tls = config.tls.as_ref().and_then(|tls| {
            let chain = keys.get(&KeyName::secret(&tls.certificate_secret, "tls.crt"))?;
            let key = keys.get(&KeyName::secret(&tls.certificate_secret, "tls.key"))?;
            let ca = keys.get(&tls.client_ca)?;
            Some((tls.port, vec![chain, key, ca]))
        });
        Self { port: config.sip_port, advertised: config.advertised_address.clone(), tls }
    }
}

/// What a notifier answers to those who call it: it is there, and takes no subscriptions.
struct Nobody;

impl Handler for Nobody {
    fn handle(&self, request: &Request, _: Caller) -> Option<Reply> {
        let allow = vec![("Allow", "OPTIONS".to_owned())];
        match uas::lamp_reply(request) {
            uas::Reply::Ignore => None,
            uas::Reply::Status(status @ (200 | 481 | 501), reason, _) => {
                Some(Reply { status, reason, headers: allow })
            }
            uas::Reply::Status(..) | uas::Reply::Notified(_) => {
                Some(Reply { status: 405, reason: "Method Not Allowed", headers: allow })
            }
        }
    }
}
