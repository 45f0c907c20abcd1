//! The notifiers of all dial plans in one process, with the SIP endpoints and simulators that they share.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::domain::workload::NotifierConfig;
use crate::engine::mwi::Refresh;
use crate::net::endpoint::{BindError, Endpoint, EndpointConfig, TlsListen};
use crate::net::serve::{Handler, Peer as Caller, Reply};
use crate::net::tls::server_config;
use crate::notifier::directory::Directory;
use crate::notifier::metrics::{Metrics, PlanLabels};
use crate::notifier::setup::{Keys, Peer, Setup};
use crate::notifier::simulator::{Simulator, Watcher};
use crate::notifier::{Notifier, Parts};
use crate::sip::message::Request;
use crate::sip::text::Host;
use crate::sip::uas;
use crate::store::StoreError;

/// For so long after the start, the store of a process that is just ending is waited for.
const STORE_PATIENCE: Duration = Duration::from_secs(3);
/// How often it is asked.
const STORE_PAUSE: Duration = Duration::from_millis(50);

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

struct Running {
    notifier: Notifier,
    task: JoinHandle<()>,
    endpoint: Arc<Endpoint>,
    wanted: EndpointKey,
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

    /// Makes the notifiers of a namespace act by these configurations; returns when they do.
    ///
    /// # Errors
    /// A store can't be opened, or no SIP port can be had. The other notifiers run all the same.
    pub async fn apply(
        &mut self,
        namespace: &str,
        configs: &[NotifierConfig],
        complete: bool,
        keys: &dyn Keys,
    ) -> Result<(), FleetError> {
        let mut entries = (*self.common.directory.now()).clone();
        let mut result = Ok(());
        self.start_simulators(namespace, configs);
        for config in configs {
            let name = (namespace.to_owned(), config.dial_plan.clone());
            if !self.running.contains_key(&name) {
                if !config.sound {
                    continue;
                }
                match self.start(&name, config, keys).await {
                    Ok(stored) => {
                        if let Some(running) = self.running.get(&name) {
                            entries.add_notifier(
                                namespace,
                                &config.dial_plan,
                                running.notifier.clone(),
                                stored,
                            );
                        }
                    }
                    Err(error) => {
                        result = Err(error);
                        continue;
                    }
                }
            }
            self.configure(&name, config, complete, keys).await;
        }
        let wanted: BTreeSet<&str> = configs.iter().map(|config| config.dial_plan.as_str()).collect();
        let gone: Vec<Name> = self
            .running
            .keys()
            .filter(|(ns, plan)| ns == namespace && !wanted.contains(plan.as_str()))
            .cloned()
            .collect();
        for name in gone {
            entries.remove_notifier(namespace, &name.1);
            self.stop(&name).await;
        }
        entries.set_mailboxes(namespace, configs, complete);
        self.common.directory.replace(entries);
        self.stop_simulators(namespace, configs);
        result
    }

    /// Namespaces with a notifier.
    #[must_use]
    pub fn namespaces(&self) -> BTreeSet<String> {
        self.running.keys().map(|(namespace, _)| namespace.clone()).collect()
    }

    /// Sends lamps again: of a mailbox, of a gateway, or all of a dial plan.
    pub fn refresh(&self, namespace: &str, kind: &str, name: &str) {
        for ((ns, plan), running) in &self.running {
            let which = match kind {
                "UMMailbox" => Refresh::Mailbox(name.to_owned()),
                "UMIPGateway" => Refresh::Gateway(name.to_owned()),
                "UMDialPlan" if plan == name => Refresh::All,
                _ => continue,
            };
            if ns == namespace && running.notifier.refresh(which).is_err() {
                tracing::warn!(%namespace, name = %plan, "the refresh was not taken; set another value");
            }
        }
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
    ) -> Result<BTreeSet<String>, FleetError> {
        let wanted = EndpointKey::of(config, keys);
        let endpoint = self.endpoint(&wanted, name)?;
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
                    tokio::time::sleep(STORE_PAUSE).await
                }
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Err(StoreError::Stopped.into()),
            }
        };
        self.running
            .insert(name.clone(), Running { notifier, task, endpoint, wanted, peers: BTreeMap::new() });
        Ok(stored.into_iter().collect())
    }

    async fn configure(&mut self, name: &Name, config: &NotifierConfig, complete: bool, keys: &dyn Keys) {
        let addresses = self.simulator_addresses(&name.0);
        let wanted = EndpointKey::of(config, keys);
        let moved = self.running.get(name).is_some_and(|running| running.wanted != wanted);
        let moved_to = moved.then(|| self.endpoint(&wanted, name)).transpose();
        let Some(running) = self.running.get_mut(name) else { return };
        match moved_to {
            Ok(None) => {}
            Ok(Some(endpoint)) => {
                running.endpoint = endpoint;
                running.wanted = wanted;
            }
            Err(error) => {
                tracing::error!(namespace = %name.0, name = %name.1, error = &error as &dyn std::error::Error, "NOTIFY goes on leaving from the port before")
            }
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

    /// The endpoint that another dial plan has with the same settings, or a new one; on another port where that one is taken.
    fn endpoint(&self, wanted: &EndpointKey, name: &Name) -> Result<Arc<Endpoint>, BindError> {
        if let Some(running) = self.running.values().find(|running| running.wanted == *wanted) {
            return Ok(Arc::clone(&running.endpoint));
        }
        let tls = wanted.tls.as_ref().and_then(|(port, material)| self.listener(*port, material, name));
        let listen = SocketAddr::new(self.common.sip_listen, wanted.port);
        let config = EndpointConfig { listen, tls, advertised: wanted.advertised.clone() };
        let bound = Endpoint::bind(config, Arc::new(Nobody)).or_else(|error| {
            tracing::warn!(namespace = %name.0, name = %name.1, error = &error as &dyn std::error::Error, "NOTIFY leaves from another port");
            let listen = SocketAddr::new(self.common.sip_listen, 0);
            Endpoint::bind(EndpointConfig { listen, tls: None, advertised: wanted.advertised.clone() }, Arc::new(Nobody))
        });
        bound.map(Arc::new)
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
            let listen = if self.common.sip_listen.is_loopback() {
                self.common.sip_listen
            } else {
                IpAddr::V4(Ipv4Addr::LOCALHOST)
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
            let chain = keys.get(&tls.certificate_secret, "tls.crt")?;
            let key = keys.get(&tls.certificate_secret, "tls.key")?;
            let ca = keys.get(&tls.client_ca.name, &tls.client_ca.key)?;
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
