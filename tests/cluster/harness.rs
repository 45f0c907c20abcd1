//! The cluster that the tests share: started by the first that asks for it, and ended when the test program has ended, however it ends.
//!
//! `LAMPLIGHTER_TEST_KUBECONFIG` names a cluster that exists, to be used instead; images come into it by the command in
//! `LAMPLIGHTER_TEST_LOAD`, which gets the path of a tar. Knows nothing of what is tested.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::Value;

use crate::proxy::Proxy;

/// A running cluster.
pub struct Cluster {
    /// The program.
    pub kubectl: PathBuf,
    kubeconfig: PathBuf,
    /// Its folder, if it was started here.
    pub folder: Option<PathBuf>,
    proxy: OnceLock<Proxy>,
    /// Whether the API server has been away since its clients were started.
    was_away: AtomicBool,
}

/// The cluster, while a test has it together with others.
pub struct Shared {
    cluster: &'static Cluster,
    _guard: RwLockReadGuard<'static, ()>,
}

/// The cluster, while one test has it.
pub struct Alone {
    cluster: &'static Cluster,
    _guard: RwLockWriteGuard<'static, ()>,
}

static HELD: RwLock<()> = RwLock::new(());

/// The cluster, for a test that leaves alone what others see; the first call starts it. Once in a test: a second call might wait for itself.
pub fn shared() -> Shared {
    let guard = HELD.read().unwrap_or_else(PoisonError::into_inner);
    Shared { cluster: cluster(), _guard: guard }
}

/// The cluster, for a test that stops parts of it: no other test runs meanwhile, and the parts are started again at its end.
pub fn alone() -> Alone {
    let guard = HELD.write().unwrap_or_else(PoisonError::into_inner);
    Alone { cluster: cluster(), _guard: guard }
}

impl Deref for Shared {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        self.cluster
    }
}

impl Deref for Alone {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        self.cluster
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let Some(folder) = &self.cluster.folder else { return };
        // Nothing here may fail: the test may be failing already.
        let components = run(script("component").arg(folder)).unwrap_or_default();
        for component in components.lines() {
            for action in ["start", "CONT"] {
                let _ = run(script("component").arg(folder).args([component, action]));
            }
        }
        // Those who asked meanwhile may pause for a minute before they ask again; the next test is not to wait for that.
        if self.cluster.was_away.swap(false, Ordering::Relaxed) {
            for component in ["kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"] {
                let _ = run(script("component").arg(folder).args([component, "restart"]));
            }
        }
    }
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    match CLUSTER.get_or_init(start) {
        Ok(cluster) => cluster,
        Err(error) => panic!("there is no cluster: {error}"),
    }
}

fn start() -> Result<Cluster, String> {
    let definitions = root().join("crds");
    if let Some(kubeconfig) = std::env::var_os("LAMPLIGHTER_TEST_KUBECONFIG") {
        let cluster = Cluster::new(kubeconfig.into(), None);
        cluster.kubectl(&["apply", "--server-side", "-f", definitions.to_str().unwrap()]).text();
        return Ok(cluster);
    }
    let clusters = Path::new(env!("CARGO_TARGET_TMPDIR"));
    sweep(clusters);
    let (own, folder) = (std::process::id().to_string(), clusters.join(name(std::process::id())));
    run(script("up").arg(&folder).args(["--until", &own, "--apply"]).arg(definitions))?;
    Ok(Cluster::new(folder.join("kubeconfig"), Some(folder)))
}

/// The folder of the programs that were built for the tests.
pub fn programs() -> PathBuf {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    let find = || PathBuf::from(run(script("build").arg("--where")).unwrap().trim_end());
    PROGRAMS.get_or_init(find).clone()
}

/// A control plane for one test alone, without a node, so that whatever is made there runs nothing. It ends when this is dropped.
pub fn control_plane(about: &str) -> ControlPlane {
    let own = std::process::id();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.{about}", name(own)));
    let mut up = script("up");
    up.arg(&folder).args(["--control-plane-only", "--until", &own.to_string(), "--apply"]);
    run(up.arg(root().join("crds"))).unwrap();
    ControlPlane(Cluster::new(folder.join("kubeconfig"), Some(folder)))
}

/// A control plane that one test has.
pub struct ControlPlane(Cluster);

impl Deref for ControlPlane {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.0
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        // Nothing here may fail: the test may be failing already.
        let _ = run(script("down").arg(self.own_folder()));
    }
}

fn name(process: u32) -> String {
    format!("cluster-{process}")
}

/// Removes what earlier test programs left: logs, and clusters that nobody could end.
fn sweep(clusters: &Path) {
    let Ok(entries) = std::fs::read_dir(clusters) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_str().and_then(|name| name.strip_prefix("cluster-"));
        let process = name.and_then(|name| name.split('.').next()?.parse::<u32>().ok());
        let Some(process) = process else { continue };
        if !Path::new(&format!("/proc/{process}")).exists() {
            // It may be ending at this moment; then the next sweep finds it.
            let _ = run(script("down").arg(entry.path()).arg("--remove"));
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program of tests/cluster.
fn script(name: &str) -> Command {
    Command::new(root().join("tests/cluster").join(name))
}

/// Whether a condition of a test holds; says so if not.
fn left_out(holds: bool, otherwise: &str) -> bool {
    if !holds {
        // Past what the test runner keeps to itself.
        let _ = writeln!(std::io::stderr(), "!!! LEFT OUT: a test, since {otherwise}.");
    }
    holds
}

/// Runs a command that has to succeed; what it says on stderr is for people and goes there.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{command:?} failed"))
    }
}

impl Cluster {
    fn new(kubeconfig: PathBuf, folder: Option<PathBuf>) -> Self {
        Self {
            kubectl: programs().join("kubectl"),
            kubeconfig,
            folder,
            proxy: OnceLock::new(),
            was_away: AtomicBool::new(false),
        }
    }

    /// Runs kubectl as the cluster's administrator.
    pub fn kubectl(&self, arguments: &[&str]) -> Output {
        self.kubectl_with("", arguments)
    }

    /// Runs kubectl with this on its standard input.
    pub fn kubectl_with(&self, input: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(&self.kubeconfig);
        self.run_kubectl(command, input, arguments)
    }

    /// Runs a plugin of kubectl that is in this folder. No option of kubectl's own may come before its name.
    pub fn kubectl_plugin(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.kubectl);
        command.env("KUBECONFIG", &self.kubeconfig).env("PATH", folder);
        self.run_kubectl(command, "", arguments)
    }

    fn run_kubectl(&self, mut command: Command, input: &str, arguments: &[&str]) -> Output {
        command.args(arguments);
        // Neither caches nor preferences of whoever runs the tests.
        command
            .env("KUBECACHEDIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("kubectl"))
            .env("KUBERC", "off");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // In a thread, since kubectl may say more than a pipe holds before it has read everything; it may also end before.
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(input.as_bytes());
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Output {
            command: arguments.join(" "),
            is_success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The administrator's configuration.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The API over plain HTTP.
    pub fn proxy(&self) -> &Proxy {
        self.proxy.get_or_init(|| Proxy::start(&self.kubectl, &self.kubeconfig))
    }

    /// Whether pods can run. Where not, a test that needs it says so and ends.
    pub fn has_node(&self) -> bool {
        let nodes = self.kubectl(&["get", "nodes", "-o", "name"]).text();
        left_out(!nodes.is_empty(), "this cluster has no node")
    }

    /// Whether there is a node that was started here. Where not, a test that stops parts of it, or looks into it, says so and ends.
    pub fn has_own_node(&self) -> bool {
        left_out(self.folder.is_some(), "this cluster was not started by the tests") && self.has_node()
    }

    /// Facts about the node that was started here, such as `NODE_ADDRESS` and, for what pods are to reach, `HOST_ADDRESS`.
    pub fn facts(&self) -> BTreeMap<String, String> {
        let facts = std::fs::read_to_string(self.own_folder().join("node")).unwrap_or_default();
        let facts = facts.lines().filter_map(|line| line.split_once('='));
        facts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Brings an image, a tar, to the node.
    pub fn load(&self, image: &Path) {
        let mut command = match &self.folder {
            Some(folder) => {
                let mut command = script("load");
                command.arg(folder);
                command
            }
            None => {
                let load = std::env::var("LAMPLIGHTER_TEST_LOAD");
                let load = load.expect("LAMPLIGHTER_TEST_LOAD says how an image comes into the cluster");
                let mut command = Command::new("sh");
                command.args(["-c", &format!("{load} \"$@\""), "load"]);
                command
            }
        };
        run(command.arg(image)).unwrap();
    }

    /// Does something with a component, such as `kube-apiserver` or `kubelet`: `start`, `stop`, `restart`, or a signal.
    pub fn component(&self, name: &str, action: &str) {
        if name == "kube-apiserver" {
            self.was_away.store(true, Ordering::Relaxed);
        }
        run(script("component").arg(self.own_folder()).args([name, action])).unwrap();
    }

    /// Runs a command on the node.
    pub fn inside(&self, arguments: &[&str]) -> String {
        run(script("inside").arg(self.own_folder()).args(arguments)).unwrap()
    }

    /// The lines of the audit log so far, each an event.
    pub fn audit(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.own_folder().join("audit.log")).unwrap();
        // The last line may be half written.
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn own_folder(&self) -> &Path {
        self.folder
            .as_deref()
            .expect("this needs a cluster that the tests started: unset LAMPLIGHTER_TEST_KUBECONFIG")
    }
}

/// How a run of kubectl ended.
#[derive(Debug)]
pub struct Output {
    command: String,
    pub is_success: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// What it printed, if it succeeded.
    pub fn text(self) -> String {
        assert!(self.is_success, "kubectl {} failed:\n{}{}", self.command, self.stdout, self.stderr);
        self.stdout
    }

    /// The same as JSON.
    pub fn json(self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}
