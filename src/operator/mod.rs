//! The operator: from the four kinds of a namespace to the objects of notifiers, statuses and Events. It watches, evaluates and writes
//! what follows; it decides nothing.
//!
//! ```text
//! watch (resources, children, pods, leases) ──► bell ──► one loop a namespace
//!        collect ──► evaluate ──► default policies, children, statuses ──► API server
//! ```

mod bell;
mod children;
mod defaults;
mod definitions;
mod gathered;
mod line;
mod metrics;
mod namespace;
mod report;
mod serve;
mod waiting;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use kube::Client;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::cluster::client::{ConnectError, connect};
use crate::cluster::events::Events;
use crate::cluster::lease::Election;
use crate::cluster::pace::Pace;
use crate::serve::{BindError, Server, local};
use crate::source::watch::Scope;

use bell::Bell;
use gathered::Gathered;
use metrics::Metrics;

/// Name under which the operator writes.
pub const MANAGER: &str = "lamplighter-operator";
/// Statuses a second that are written at most; the API server has other clients.
const STATUSES_PER_SECOND: u32 = 250;

/// What the operator is told when it starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Namespaces that it looks after; none: all.
    pub namespaces: Vec<String>,
    /// Where health and metrics are served.
    pub listen: SocketAddr,
    /// Where programs in the pod ask.
    pub socket: PathBuf,
    /// Name of its pod: with it, it stands for the Lease.
    pub pod: String,
    /// Namespace of its pod, where the Lease is.
    pub pod_namespace: String,
    /// Name of the Lease.
    pub lease: String,
    /// How notifiers are run.
    pub notifier: Image,
}

/// The image of notifiers.
#[derive(Clone, Debug)]
pub struct Image {
    /// Repository with tag or digest.
    pub name: String,
    /// `imagePullPolicy`; none: as the API server has it by default.
    pub pull_policy: Option<String>,
    /// Secrets with which it is pulled.
    pub pull_secrets: Vec<String>,
    /// Ports of the API server's addresses.
    pub api_server_ports: Vec<u16>,
}

/// Why the operator can't start.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// No cluster.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No port.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// What all loops have in common.
pub struct Shared {
    /// Client of the API server.
    pub client: Client,
    /// The clock of the process.
    pub clock: Clock,
    /// What is in the cluster, one for each scope.
    pub gathered: Vec<Gathered>,
    /// Wakes the loops.
    pub bell: Arc<Bell>,
    /// Events.
    pub events: Events,
    /// Statuses go at this pace.
    pub pace: Pace,
    /// Whether this replica leads.
    pub leads: watch::Receiver<bool>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// How notifiers are run.
    pub image: Image,
}

/// Runs until `stop` is true.
///
/// # Errors
/// What keeps it from starting. Later it reports what goes wrong and goes on.
pub async fn run(options: Options, stop: watch::Receiver<bool>) -> Result<(), OperatorError> {
    let server = Server::bind(options.listen).await?;
    let metrics = Arc::new(Metrics::default());
    let client = connect(metrics.requests()).await?;
    let clock = Clock::start();
    let bell = Arc::new(Bell::default());
    let (leading, leads) = watch::channel(false);
    let shared = Arc::new(Shared {
        events: Events::new(client.clone(), MANAGER, &options.pod, clock),
        gathered: scopes(&options.namespaces).into_iter().map(Gathered::new).collect(),
        pace: Pace::new(clock, STATUSES_PER_SECOND, STATUSES_PER_SECOND / 4),
        client: client.clone(),
        clock,
        bell,
        leads,
        metrics: Arc::clone(&metrics),
        image: options.notifier,
    });
    let mut tasks = JoinSet::new();
    tasks.spawn(server.run(serve::router(Arc::clone(&shared)), stop.clone()));
    let (socket, stopped) = (options.socket, stop.clone());
    tasks.spawn(async move { local::serve(&socket, Router::new(), stopped).await });
    for at in 0..shared.gathered.len() {
        let shared = Arc::clone(&shared);
        tasks.spawn(async move {
            if let Some(gathered) = shared.gathered.get(at) {
                gathered.keep(&shared.client, &shared.bell).await;
            }
        });
    }
    tasks.spawn(definitions::check(client.clone()));
    let election = Election::new(client, &options.pod_namespace, &options.lease, &options.pod, clock);
    let elected = tokio::spawn(election.run(leading, stop.clone()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), namespaces = ?options.namespaces, "the operator runs");
    bell::run_loops(&shared, stop).await;
    if let Err(error) = elected.await {
        tracing::error!(%error, "the election ended badly");
    }
    tasks.shutdown().await;
    Ok(())
}

fn scopes(namespaces: &[String]) -> Vec<Scope> {
    if namespaces.is_empty() {
        return vec![Scope::All];
    }
    let mut all: Vec<Scope> = namespaces.iter().cloned().map(Scope::Namespace).collect();
    all.sort();
    all.dedup();
    all
}

impl Shared {
    /// What is known of a namespace.
    #[must_use]
    pub fn of(&self, namespace: &str) -> Option<&Gathered> {
        self.gathered.iter().find(|gathered| match &gathered.scope {
            Scope::All => true,
            Scope::Namespace(name) => name == namespace,
        })
    }

    /// Whether this replica leads.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        *self.leads.borrow()
    }
}
