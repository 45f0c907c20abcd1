//! The notifier of one dial plan in a pod of its own: it watches the resources of its namespace, evaluates them as the operator does, puts
//! what concerns its dial plan in force, and says so. When the API server does not answer, it starts and goes on with what it kept.
//!
//! Reading order: this file, `kept` (what it starts with), `refresh` (what is to be sent again), `publish` (what it says of itself), `statuses` and `report` (what it says of delivery).

mod kept;
mod publish;
mod refresh;
mod report;
mod statuses;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kube::Client;
use tokio::sync::{Notify, watch};

use super::directory::{Directory, InNamespace};
use super::facts;
use super::fleet::{Common, Fleet};
use super::http::{Api, router};
use super::local::{self, Explain, Local};
use super::metrics::Metrics;
use crate::clock::Clock;
use crate::cluster::client::{ConnectError, connect};
use crate::cluster::published::Values as ValueFacts;
use crate::domain::{self, KeyName, Kind, Linked, Notifiers, Outcome, Snapshot};
use crate::serve::{self, BindError, Server};
use crate::source::secrets::Values;
use crate::source::watch::{Progress, Resources, Scope, Touched, Wake};

use kept::Kept;
use publish::{InForce, Publisher};
use refresh::{Handled, Refreshes};
use report::Reporter;

/// Shortest time in which events are gathered.
const DEBOUNCE: Duration = Duration::from_millis(10);
/// How often mounted values are looked at, and what failed is tried again.
const TICK: Duration = Duration::from_secs(1);

/// What the notifier is told when it starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its namespace.
    pub namespace: String,
    /// Its dial plan.
    pub dial_plan: String,
    /// Name of its pod.
    pub pod: String,
    /// `metadata.uid` of its pod.
    pub pod_uid: String,
    /// Folder of the store.
    pub data: PathBuf,
    /// Folder with the values of Secrets and ConfigMaps, in files `secrets/NAME/KEY` and `configmaps/NAME/KEY`.
    pub values: PathBuf,
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// Address for SIP.
    pub sip_listen: IpAddr,
    /// Where programs in the pod ask.
    pub socket: PathBuf,
    /// Answers them about features.
    pub explain: Explain,
}

/// Why a notifier can't start.
#[derive(Debug, thiserror::Error)]
pub enum PodError {
    /// No cluster.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No port.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// Runs until `stop` is true.
///
/// # Errors
/// What keeps it from starting. Later it reports what goes wrong and goes on.
pub async fn run(options: Options, mut stop: watch::Receiver<bool>) -> Result<(), PodError> {
    let metrics = Arc::new(Metrics::default());
    let directory = Directory::default();
    let server = Server::bind(options.listen).await?;
    let server = server.secured(directory.https()).counted(metrics.http_counters());
    let client = connect(metrics.requests()).await?;
    let clock = Clock::start();
    let ready = Arc::new(AtomicBool::new(false));
    let asked = tokio::spawn(answer_locally(&options, &directory, &ready, stop.clone()));
    let is_ready = Arc::clone(&ready);
    let api = Api::new(directory.clone(), Arc::clone(&metrics), move || is_ready.load(Ordering::Relaxed));
    let http = tokio::spawn(server.run(router(api), stop.clone()));

    let resources = Resources::default();
    let woken = Arc::new(Notify::new());
    let watching = tokio::spawn(watch_all(
        client.clone(),
        resources.clone(),
        options.namespace.clone(),
        Arc::clone(&woken),
    ));
    let handled = Handled::default();
    let shared = (resources.clone(), directory.clone(), handled.clone());
    let reporter = Reporter::new(client.clone(), &options, clock, shared);
    let reporting = tokio::spawn(reporter.run());
    let publisher = Publisher::new(client, &options, resources.clone());
    let (in_force, told) = watch::channel(None);
    let publishing = tokio::spawn(publisher.run(told));
    let mut pod = Pod {
        kept: Kept::new(&options.data, &options.namespace, &options.dial_plan),
        in_force,
        fleet: Fleet::new(Common {
            sip_listen: options.sip_listen,
            data: options.data.clone(),
            clock,
            metrics,
            directory: directory.clone(),
            watcher: Arc::new(|_| {}),
        }),
        values: Values::mounted(&options.values),
        resources,
        options,
        clock,
        ready,
        directory,
        refreshes: Refreshes::default(),
        handled,
        acting: None,
        digest: 0,
        failed: false,
    };
    pod.start_with_kept().await;
    pod.go_on(&woken, &mut stop).await;
    publishing.abort();
    reporting.abort();
    watching.abort();
    pod.fleet.stop_all().await;
    for ended in [http.await, asked.await] {
        if let Err(error) = ended {
            tracing::error!(%error, "a server ended badly");
        }
    }
    Ok(())
}

/// Answers programs in the pod. Without it, lamps are lit all the same.
fn answer_locally(
    options: &Options,
    directory: &Directory,
    ready: &Arc<AtomicBool>,
    stop: watch::Receiver<bool>,
) -> impl Future<Output = ()> + use<> {
    let router = local::router(Local {
        namespace: options.namespace.as_str().into(),
        dial_plan: options.dial_plan.as_str().into(),
        directory: directory.clone(),
        ready: Arc::clone(ready),
        explain: options.explain,
    });
    let socket = options.socket.clone();
    async move { serve::local::serve(&socket, router, stop).await }
}

async fn watch_all(client: Client, resources: Resources, namespace: String, woken: Arc<Notify>) {
    let wake: Wake = Arc::new(move |touched| {
        // What notifiers say of gateways, this one among them, is nothing to act by.
        if !matches!(touched, Touched::Nothing | Touched::Said(_)) {
            woken.notify_one();
        }
    });
    resources.keep(&client, &Scope::Namespace(namespace), &wake).await;
}

struct Pod {
    options: Options,
    clock: Clock,
    resources: Resources,
    values: Values,
    fleet: Fleet,
    kept: Kept,
    /// What the publisher is told.
    in_force: watch::Sender<Option<InForce>>,
    ready: Arc<AtomicBool>,
    directory: Directory,
    refreshes: Refreshes,
    handled: Handled,
    /// What is in force, or was tried.
    acting: Option<Acting>,
    /// Digest of the values in force.
    digest: u64,
    /// The notifier could not start, or not all of it.
    failed: bool,
}

/// A configuration.
#[derive(Clone)]
struct Acting {
    /// Without facts about values.
    snapshot: Snapshot,
    /// What is not in it is gone.
    complete: bool,
    /// How far the watches had come with it; none for one that was kept.
    progress: Option<Progress>,
}

impl Pod {
    async fn go_on(&mut self, woken: &Notify, stop: &mut watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Many changes take a third of the time at most; one that comes alone hardly waits.
        let mut earliest = Duration::ZERO;
        loop {
            tokio::select! {
                () = woken.notified() => {
                    let from = earliest.max(self.clock.now() + DEBOUNCE);
                    tokio::time::sleep_until(self.clock.instant(from)).await;
                    let took = self.look().await;
                    earliest = self.clock.now() + 2 * took;
                }
                _ = tick.tick() => {
                    self.mend().await;
                    self.kept.write_if_due(self.clock.now());
                }
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        self.kept.write().await;
    }

    /// What was in force before the last end is in force until the API server says something else. Nothing is removed by it.
    async fn start_with_kept(&mut self) {
        let Some(snapshot) = self.kept.read().await else { return };
        tracing::info!(namespace = %self.options.namespace, name = %self.options.dial_plan, "starts with the configuration that it kept");
        self.refreshes.start_with(&snapshot);
        self.put_in_force(Acting { snapshot, complete: false, progress: None }).await;
    }

    /// Tries again what failed, and takes in values that changed, also while the API server does not answer or the dial plan is suspended.
    async fn mend(&mut self) {
        let Some(acting) = &self.acting else { return };
        if self.failed || !self.fleet.is_settled() || self.digest != self.digest_of(&acting.snapshot) {
            self.put_in_force(acting.clone()).await;
        }
    }

    /// Puts in force what is known. Returns how long evaluation took.
    async fn look(&mut self) -> Duration {
        if !self.resources.is_complete() {
            // What was kept is in force; each list rings when it is whole.
            return Duration::ZERO;
        }
        let (snapshot, progress) = self.resources.snapshot(&self.options.namespace);
        let plan = |plan: &&Arc<crate::api::UMDialPlan>| {
            plan.metadata.name.as_deref() == Some(&self.options.dial_plan)
        };
        let own = snapshot.dial_plans.iter().find(plan);
        if own.is_none() && !snapshot.facts.unread.contains(&(Kind::DialPlan, self.options.dial_plan.clone()))
        {
            // The dial plan is gone, and this pod will be. Lamps stay as they are.
            return Duration::ZERO;
        }
        if own.is_some_and(|plan| plan.spec.suspend) && self.ready.load(Ordering::Relaxed) {
            return Duration::ZERO;
        }
        self.kept.remember(&snapshot, self.clock.now());
        let asked = self.refreshes.asked(&snapshot);
        // A list that is refused now was whole once; but what is missing in it may be there.
        let complete = snapshot.facts.unlisted.is_empty();
        let took = self.put_in_force(Acting { snapshot, complete, progress: Some(progress) }).await;
        self.refresh(asked);
        took
    }

    /// Returns how long evaluation took.
    async fn put_in_force(&mut self, acting: Acting) -> Duration {
        let began = self.clock.now();
        // Values that change from here on are new the next time.
        self.digest = self.digest_of(&acting.snapshot);
        self.acting = Some(acting.clone());
        let Acting { mut snapshot, complete, progress } = acting;
        snapshot.facts.notifiers = Notifiers::Acting;
        let linked = domain::link::link(&snapshot);
        facts::look(&mut snapshot, self.own_keys(&linked), &self.values);
        let values = ValueFacts::of(&snapshot.facts);
        let outcome = domain::evaluate_linked(linked, &snapshot.facts);
        let took = self.clock.now().saturating_sub(began);
        let failed = self.apply(outcome, &snapshot, complete).await;
        if !failed {
            self.ready.store(true, Ordering::Relaxed);
        }
        self.failed = failed;
        if let Some(progress) = progress.filter(|_| !failed) {
            self.in_force.send_replace(Some(InForce { progress, values }));
        }
        took
    }

    /// Makes the notifier act by an outcome. Returns true if it does not.
    async fn apply(&mut self, outcome: Outcome, snapshot: &Snapshot, complete: bool) -> bool {
        let unread = |kind: Kind| {
            let of = move |(of, name): &(Kind, String)| (*of == kind).then(|| name.clone());
            snapshot.facts.unread.iter().filter_map(of).collect::<Vec<_>>()
        };
        let unread_mailboxes = unread(Kind::Mailbox);
        let mut configs = outcome.notifiers();
        configs.retain(|config| config.dial_plan == self.options.dial_plan);
        configs.iter_mut().for_each(|config| config.hold(&unread_mailboxes));
        let readable = outcome.linked.mailboxes.iter().map(|node| Arc::clone(&node.name));
        let existing = readable.chain(unread_mailboxes.into_iter().map(Arc::from));
        let now = InNamespace {
            configs: &configs,
            existing: &existing.collect(),
            unread_plans: unread(Kind::DialPlan).into_iter().collect(),
            complete,
            outcome: Some(Arc::new(outcome)),
        };
        let failed = self.fleet.apply(&self.options.namespace, &now, &self.values).await;
        for (plan, error) in &failed {
            if !self.failed {
                tracing::error!(namespace = %self.options.namespace, name = %plan, error = error as &dyn std::error::Error, "the notifier can't start; it is tried again");
            }
        }
        !failed.is_empty()
    }

    /// Keys that the dial plan, its gateways and its mailboxes name: those that are mounted here.
    fn own_keys(&self, linked: &Linked) -> BTreeSet<KeyName> {
        let at = linked.dial_plans.iter().position(|node| *node.name == *self.options.dial_plan);
        at.map(|at| linked.keys(at)).unwrap_or_default()
    }

    fn digest_of(&self, snapshot: &Snapshot) -> u64 {
        let mut hasher = DefaultHasher::new();
        for key in snapshot.named_keys() {
            (&key, self.values.get(&key)).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Sends the lamps of objects again.
    fn refresh(&mut self, asked: refresh::Requests) {
        self.refreshes.seen().into_iter().for_each(|seen| self.handled.keep(seen));
        for (object, value) in asked {
            let (kind, name) = &object;
            if !self.is_own(*kind, name) {
                continue;
            }
            if self.fleet.refresh(&self.options.namespace, kind.as_str(), name) {
                self.handled.add(object, value);
            } else {
                self.refreshes.again(&object);
            }
        }
    }

    /// Whether an object has to do with the lamps of the dial plan.
    fn is_own(&self, kind: Kind, name: &str) -> bool {
        let (entries, namespace) = (self.directory.now(), &self.options.namespace);
        let own = self.options.dial_plan.as_str();
        let serves = |outcome: &Outcome| {
            let at = outcome.linked.gateways.iter().position(|gateway| *gateway.name == *name);
            at.is_some_and(|at| outcome.plans_of_gateway(at).any(|plan| plan == own))
        };
        match kind {
            Kind::DialPlan => name == own,
            Kind::MailboxPolicy => false,
            Kind::Gateway => entries.outcome(namespace).is_some_and(serves),
            Kind::Mailbox => entries.plan_of(namespace, name) == Some(own),
        }
    }
}
