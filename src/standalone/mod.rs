//! The same program without a cluster: a directory of manifests is what the API server is elsewhere, and the notifiers of
//! all dial plans run in this process. Reading order: `in_force` (what is in force when files break), `fleet` (the notifiers),
//! `report` (what people read).

mod in_force;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use tokio::sync::watch;

use crate::api::schema::crds;
use crate::clock::{Clock, wall_ms};
use crate::domain::{self, Facts, Kind, Notifiers, Outcome};
use crate::notifier::directory::{Directory, InNamespace};
use crate::notifier::facts;
use crate::notifier::fleet::{Common, Fleet, FleetError};
use crate::notifier::http::{Api, router};
use crate::notifier::metrics::Metrics;
use crate::notifier::simulator::Seen;
use crate::serve::{BindError, Server};
use crate::source::manifest::{ObjectKey, Schemas, Watcher, load};
use crate::source::secrets::Values;
use in_force::InForce;
use report::{Report, Table, ToTry, changes, one_to_try, tables};

/// How often new values of Secrets in files are looked for, and what could not be had is tried again.
const TICK: Duration = Duration::from_secs(5);

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of manifests.
    pub dir: PathBuf,
    /// Address and port of HTTP.
    pub listen: SocketAddr,
    /// Address of SIP.
    pub sip_listen: IpAddr,
    /// Folder of the stores.
    pub data: PathBuf,
    /// Folder with files NAME/KEY.
    pub secrets: Option<PathBuf>,
    /// Evaluate, print and end.
    pub once: bool,
}

/// Where texts for people go, a line or several at a time.
pub type Console = Arc<dyn Fn(&str) + Send + Sync>;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it should.
    Well,
    /// `--once` found errors.
    WithErrors,
}

/// Why the program does not run.
#[derive(Debug, thiserror::Error)]
pub enum StandaloneError {
    /// DIR is no directory.
    #[error("{} can't be read as a directory of manifests", dir.display())]
    Dir {
        /// The directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// HTTP can't listen.
    #[error("choose another address with --listen")]
    Http(#[from] BindError),
    /// A notifier can't start.
    #[error("the notifier of UMDialPlan {namespace}/{plan} can't start")]
    Fleet {
        /// Namespace of the dial plan.
        namespace: String,
        /// Its name.
        plan: String,
        /// Why.
        #[source]
        source: FleetError,
    },
    /// The built-in schemas are broken.
    #[error("the built-in schemas can't be read")]
    Schemas(#[from] serde_json::Error),
    /// The system does not say where HTTP listens.
    #[error("the HTTP address is not known")]
    Address(#[source] io::Error),
}

/// Runs until `stop` is true, or once.
///
/// # Errors
/// What keeps it from starting. Later it reports what goes wrong and goes on.
pub async fn run(
    options: Options,
    console: Console,
    stop: watch::Receiver<bool>,
) -> Result<Ended, StandaloneError> {
    let dir = options.dir.clone();
    std::fs::read_dir(&dir).map_err(|source| StandaloneError::Dir { dir, source })?;
    let schemas = Schemas::of_definitions(&crds()?);
    if options.once {
        return Ok(once(&options, &console, &schemas));
    }
    let metrics = Arc::new(Metrics::default());
    let directory = Directory::default();
    let server = Server::bind(options.listen).await?;
    let server = server.secured(directory.https()).counted(metrics.http_counters());
    let address = server.address().map_err(StandaloneError::Address)?;
    let ready = Arc::new(AtomicBool::new(false));
    let is_ready = Arc::clone(&ready);
    let api = Api::new(directory.clone(), Arc::clone(&metrics), move || is_ready.load(Ordering::Relaxed));
    let common = Common {
        sip_listen: options.sip_listen,
        data: options.data.clone(),
        clock: Clock::start(),
        metrics,
        directory,
        watcher: lamp_watcher(Arc::clone(&console)),
    };
    let http = tokio::spawn(server.run(router(api), stop.clone()));
    let mut watcher = Watcher::new(&options.dir).await;
    let mut program = Program {
        options,
        console,
        schemas,
        in_force: InForce::default(),
        fleet: Fleet::new(common),
        shown: None,
        tables: Vec::new(),
        values: 0,
        stopped: BTreeSet::new(),
    };
    program.load();
    if let Some((namespace, plan, source)) = program.apply().await.pop() {
        program.fleet.stop_all().await;
        return Err(StandaloneError::Fleet { namespace, plan, source });
    }
    program.show(true);
    ready.store(true, Ordering::Relaxed);
    program.invite(address);
    program.watch(&mut watcher, stop).await;
    program.fleet.stop_all().await;
    if let Err(error) = http.await {
        tracing::error!(%error, "the HTTP server ended badly");
    }
    Ok(Ended::Well)
}

fn once(options: &Options, console: &Console, schemas: &Schemas) -> Ended {
    let mut in_force = InForce::default();
    in_force.update(load(&options.dir, schemas), &now());
    let outcomes = outcomes(evaluate(&in_force, options, false, &BTreeSet::new()));
    let report = Report::new(&options.dir, &in_force, &outcomes);
    for text in &report.texts {
        console(&format!("{text}\n"));
    }
    console(&changes(&tables(&outcomes), &[]));
    if report.errors == 0 { Ended::Well } else { Ended::WithErrors }
}

/// Evaluates every namespace. `stopped` are the dial plans whose notifier does not run.
fn evaluate(
    in_force: &InForce,
    options: &Options,
    programmed: bool,
    stopped: &BTreeSet<(String, String)>,
) -> BTreeMap<String, (Outcome, Values)> {
    let of = |namespace: String| {
        let mut snapshot = in_force.snapshot(&namespace);
        let values = Values::new(in_force.secrets(&namespace), options.secrets.as_deref());
        let stopped = stopped.iter().filter(|(ns, _)| *ns == namespace).map(|(_, plan)| plan.clone());
        snapshot.facts = Facts {
            notifiers: if programmed { Notifiers::Acting } else { Notifiers::Unknown },
            stopped: stopped.collect(),
            unread: Kind::ALL
                .into_iter()
                .flat_map(|kind| in_force.unread(kind, &namespace).into_iter().map(move |name| (kind, name)))
                .collect(),
            ..Facts::default()
        };
        let named = snapshot.named_keys();
        facts::look(&mut snapshot, named, &values);
        (namespace, (domain::evaluate(&snapshot), values))
    };
    in_force.namespaces().into_iter().map(of).collect()
}

fn outcomes(evaluated: BTreeMap<String, (Outcome, Values)>) -> BTreeMap<String, Outcome> {
    evaluated.into_iter().map(|(namespace, (outcome, _))| (namespace, outcome)).collect()
}

struct Program {
    options: Options,
    console: Console,
    schemas: Schemas,
    in_force: InForce,
    fleet: Fleet,
    shown: Option<Report>,
    tables: Vec<Table>,
    /// Digest of the Secret values in force.
    values: u64,
    /// Namespaces and names of dial plans whose notifier does not run.
    stopped: BTreeSet<(String, String)>,
}

impl Program {
    async fn watch(&mut self, watcher: &mut Watcher, mut stop: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                () = watcher.changed() => {
                    let refresh = self.load();
                    self.put_in_force().await;
                    for key in refresh {
                        self.fleet.refresh(&key.namespace, &key.kind, &key.name);
                    }
                }
                _ = tick.tick() => {
                    if !self.stopped.is_empty() || !self.fleet.is_settled() || self.digest() != self.values {
                        self.put_in_force().await;
                    }
                }
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Reads the directory. Returns the objects whose lamps are to be sent again.
    fn load(&mut self) -> Vec<ObjectKey> {
        let loaded = load(&self.options.dir, &self.schemas);
        self.in_force.update(loaded, &now())
    }

    /// Makes the notifiers act by what the directory says, and shows what came of it. What does not start is tried again.
    async fn put_in_force(&mut self) {
        for (namespace, plan, error) in self.apply().await {
            if self.stopped.insert((namespace.clone(), plan.clone())) {
                tracing::error!(%namespace, name = %plan, error = &error as &dyn std::error::Error, "the notifier can't start; it is tried again, and the others go on");
            }
        }
        self.show(false);
    }

    /// Returns the dial plans whose notifier can't start.
    async fn apply(&mut self) -> Vec<(String, String, FleetError)> {
        // Values that change from here on are new the next time.
        self.values = self.digest();
        let mut failed = Vec::new();
        let evaluated = evaluate(&self.in_force, &self.options, true, &BTreeSet::new());
        let has_gone = |namespace: &String| !evaluated.contains_key(namespace);
        let gone: Vec<String> = self.fleet.namespaces().into_iter().filter(has_gone).collect();
        for (namespace, (outcome, values)) in evaluated {
            for (plan, error) in self.apply_to(&namespace, Some(outcome), &values).await {
                failed.push((namespace.clone(), plan, error));
            }
        }
        for namespace in gone {
            self.apply_to(&namespace, None, &Values::default()).await;
        }
        let fails = |(namespace, plan): &(String, String)| {
            failed.iter().any(|(ns, name, _)| ns == namespace && name == plan)
        };
        self.stopped.retain(fails);
        failed
    }

    /// Puts one namespace in force; without an outcome, nothing is left of it.
    async fn apply_to(
        &mut self,
        namespace: &str,
        outcome: Option<Outcome>,
        values: &Values,
    ) -> Vec<(String, FleetError)> {
        let mut configs = outcome.as_ref().map(Outcome::notifiers).unwrap_or_default();
        let unread = self.in_force.unread(Kind::Mailbox, namespace);
        configs.iter_mut().for_each(|config| config.hold(&unread));
        let nodes = outcome.iter().flat_map(|outcome| &outcome.linked.mailboxes);
        let readable = nodes.map(|node| Arc::clone(&node.name));
        let existing = readable.chain(unread.into_iter().map(Arc::from)).collect();
        let now = InNamespace {
            configs: &configs,
            existing: &existing,
            unread_plans: self.in_force.unread(Kind::DialPlan, namespace).into_iter().collect(),
            complete: self.in_force.complete,
            outcome: outcome.map(Arc::new),
        };
        self.fleet.apply(namespace, &now, values).await
    }

    /// Prints findings and tables where they are new.
    fn show(&mut self, first: bool) {
        let outcomes = outcomes(evaluate(&self.in_force, &self.options, true, &self.stopped));
        let report = Report::new(&self.options.dir, &self.in_force, &outcomes);
        if self.shown.as_ref() != Some(&report) {
            for text in &report.texts {
                (self.console)(&format!("{text}\n"));
            }
            if report.texts.is_empty() && !first {
                (self.console)("no findings\n");
            }
            self.shown = Some(report);
        }
        let tables = tables(&outcomes);
        (self.console)(&changes(&tables, &self.tables));
        self.tables = tables;
        if first && self.in_force.is_empty() {
            (self.console)(&format!(
                "there is no resource in {} yet; what appears there takes effect at once\n",
                self.options.dir.display()
            ));
        }
    }

    /// The command that lights a lamp.
    fn invite(&self, address: SocketAddr) {
        let outcomes = outcomes(evaluate(&self.in_force, &self.options, true, &self.stopped));
        let mut text = format!(
            "\nLamplighter listens on http://{address} and watches {}.\n",
            self.options.dir.display()
        );
        if let Some(ToTry { namespace, name, http }) = one_to_try(&self.in_force, &outcomes) {
            let scheme = if http.tls.is_some() { "https" } else { "http" };
            let token = if http.clients.is_some() { "-H \"Authorization: Bearer $TOKEN\" " } else { "" };
            text.push_str(&format!(
                "Light a lamp:\n\n  curl -X PUT {token}-H 'Content-Type: application/json' -d '{{\"new\":1,\"old\":0}}' \\\n    {scheme}://{address}/v1/namespaces/{namespace}/mailboxes/{name}/messages\n\n"
            ));
        }
        (self.console)(&text);
    }

    fn digest(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        for namespace in self.in_force.namespaces() {
            let values = Values::new(self.in_force.secrets(&namespace), self.options.secrets.as_deref());
            for key in self.in_force.snapshot(&namespace).named_keys() {
                (&namespace, &key, values.get(&key)).hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

fn now() -> Time {
    Time(Timestamp::from_millisecond(wall_ms()).unwrap_or_default())
}

/// Prints each change of a simulated lamp.
fn lamp_watcher(console: Console) -> Arc<dyn Fn(Seen) + Send + Sync> {
    Arc::new(move |seen: Seen| {
        let Seen { gateway, extension, on, counts, changed } = seen;
        if changed {
            let (light, word) = if on { ("●", "on ") } else { ("○", "off") };
            let urgent =
                if counts.urgent_new > 0 { format!(", {} urgent", counts.urgent_new) } else { String::new() };
            console(&format!(
                "{light} lamp {extension} {word}  {} new{urgent}, {} old  (NOTIFY answered by gateway {gateway})\n",
                counts.new, counts.old
            ));
        }
    })
}
