//! Lamplighter as its chart installs it, in the namespace `lamplighter-system`, and offices whose notifiers it runs.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::http::{self, Response};
use crate::common::phone::Phone;
use crate::common::wait_within;
use crate::harness::{Cluster, programs};
use crate::namespace::Namespace;

/// Where it is installed, as which release.
pub const SYSTEM: &str = "lamplighter-system";
pub const RELEASE: &str = "lamplighter";
/// All objects of an office.
pub const ALL: [&str; 5] = ["umdp/hq", "ummbp/staff", "umgw/pbx", "ummb/lina", "ummb/omar"];
/// How long pods may take to start here.
const START: Duration = Duration::from_secs(120);
/// The token with which a test tells messages.
const TOKEN: &str = "a-token-of-forty-characters-for-the-tests";

/// Makes sure that it is installed and runs, whatever a test before left.
pub fn install(cluster: &Cluster) {
    static LOADED: Mutex<bool> = Mutex::new(false);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*loaded {
        cluster.load(&image());
        let restricted = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: lamplighter-system\n  labels: {pod-security.kubernetes.io/enforce: restricted}\n";
        cluster.kubectl_with(restricted, &["apply", "-f", "-"]).text();
        *loaded = true;
    }
    let present = cluster.kubectl(&["get", "deployment", "-n", SYSTEM, "lamplighter-operator"]).is_success;
    if !present {
        // The tests start the cluster with the definitions of the source tree, which the release is to own.
        helm(
            cluster,
            "helm4",
            &["install", RELEASE, "charts/lamplighter", "--take-ownership", "--force-conflicts"],
        );
    }
    let rolled = ["rollout", "status", "deployment/lamplighter-operator", "-n", SYSTEM, "--timeout=120s"];
    cluster.kubectl(&rolled).text();
    // Readiness is not leadership, and the Lease of one that was killed runs on for a while.
    wait("a leader", || {
        let pod = format!("pod/{}", leader(cluster));
        cluster.kubectl(&["get", &pod, "-n", SYSTEM]).is_success.then_some(())
    });
}

/// The cluster with Lamplighter in it. False where no pod can run, which is said.
pub fn with_pods(cluster: &Cluster) -> bool {
    if !cluster.has_own_node() {
        return false;
    }
    install(cluster);
    true
}

/// Asks until there is an answer, longer than a pod takes to start and a Lease to change hands.
pub fn wait<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    wait_within(START, what, ask)
}

/// The operator's pod that leads; empty where none does.
pub fn leader(cluster: &Cluster) -> String {
    let holder = "jsonpath={.spec.holderIdentity}";
    cluster.kubectl(&["get", "lease", "lamplighter-operator", "-n", SYSTEM, "-o", holder]).stdout
}

/// Runs a version of Helm in the namespace of the release; it has to succeed.
pub fn helm(cluster: &Cluster, version: &str, arguments: &[&str]) -> String {
    let said = helm_in(cluster, SYSTEM, version, arguments);
    said.unwrap_or_else(|said| panic!("{version} {arguments:?}:\n{said}"))
}

/// Runs a version of Helm: what it said, as an error if it failed.
pub fn helm_in(
    cluster: &Cluster,
    namespace: &str,
    version: &str,
    arguments: &[&str],
) -> Result<String, String> {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(programs().join(version))
        .args(arguments)
        .args(["--namespace", namespace])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("HOME", home.path())
        .env("KUBECONFIG", cluster.kubeconfig())
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// The image of `make image`, built here if it is not there, with the profile for tests unless `IMAGE_PROFILE` names another.
fn image() -> std::path::PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let profile = std::env::var("IMAGE_PROFILE").unwrap_or_else(|_| "dev".into());
    let made = Command::new(root.join("tests/tools/image")).env("IMAGE_PROFILE", profile).status().unwrap();
    assert!(made.success(), "the image could not be built");
    root.join("target/lamplighter.oci.tar")
}

/// The telephone system of a test: a dial plan with a policy, two mailboxes and a gateway that is a phone on this machine.
pub struct Office<'c> {
    pub namespace: Namespace<'c>,
    pub phone: Phone,
}

impl<'c> Office<'c> {
    /// Makes one and waits until it is in force.
    pub fn open(cluster: &'c Cluster, about: &str) -> Self {
        let (office, manifests) = Self::prepare(cluster, about);
        office.namespace.apply(&manifests);
        office.ready(&ALL);
        office
    }

    /// A namespace and a phone for one, and its manifests, which are not applied.
    pub fn prepare(cluster: &'c Cluster, about: &str) -> (Self, String) {
        let namespace = Namespace::new(cluster, about);
        let host: IpAddr = cluster.facts()["HOST_ADDRESS"].parse().unwrap();
        let phone = Phone::listen(&format!("{}", SocketAddr::new(host, crate::common::free_port())));
        namespace.volume("hq-notifier");
        let manifests = manifests(host, phone.port);
        (Self { namespace, phone }, manifests)
    }

    /// Waits until these are in force.
    pub fn ready(&self, objects: &[&str]) {
        let wait = ["wait", "--for=condition=Ready", "--timeout=120s"];
        self.namespace.kubectl(&[&wait, objects].concat()).text();
    }

    /// Tells the notifier's Service how many messages a mailbox has; it may be restarting.
    pub fn put(&self, mailbox: &str, new: u32) -> Response {
        let end = Instant::now() + START;
        loop {
            let answer = self.try_put(mailbox, new);
            match answer {
                Some(answer) if answer.status == 200 => return answer,
                answer => assert!(Instant::now() < end, "the notifier does not take it: {answer:?}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The same at a Service whose address is known.
    pub fn put_at(&self, service: SocketAddr, mailbox: &str, new: u32) {
        let answer = self.ask(service, mailbox, new);
        assert!(answer.as_ref().is_some_and(|answer| answer.status == 200), "{answer:?}");
    }

    /// Once; none while nobody answers.
    pub fn try_put(&self, mailbox: &str, new: u32) -> Option<Response> {
        self.ask(self.service(), mailbox, new)
    }

    fn ask(&self, service: SocketAddr, mailbox: &str, new: u32) -> Option<Response> {
        let path = format!("/v1/namespaces/{}/mailboxes/{mailbox}/messages", self.namespace.name);
        let body = format!("{{\"new\":{new},\"old\":0}}");
        let token = format!("Authorization: Bearer {TOKEN}");
        http::try_request(service, "PUT", &path, &["Content-Type: application/json", &token], body.as_bytes())
            .ok()
    }

    /// What the notifier knows of the messages and the lamp of a mailbox.
    pub fn messages(&self, mailbox: &str) -> Value {
        let path = format!("/v1/namespaces/{}/mailboxes/{mailbox}/messages", self.namespace.name);
        let token = format!("Authorization: Bearer {TOKEN}");
        let service = self.service();
        wait("an answer of the notifier", || {
            let answer = http::try_request(service, "GET", &path, &[&token], b"").ok()?;
            (answer.status == 200).then(|| answer.json())
        })
    }

    /// Where the notifier's Service takes HTTP.
    pub fn service(&self) -> SocketAddr {
        let address =
            self.namespace.kubectl(&["get", "service", "hq-notifier", "-o", "jsonpath={.spec.clusterIP}"]);
        SocketAddr::new(address.text().parse().unwrap(), 8080)
    }

    /// Waits for a lamp, longer than a pod takes to start.
    pub fn lamp(&self, extension: &str, wanted: &str) {
        self.phone.shows_within(START, extension, wanted);
    }

    /// An object as it is now.
    pub fn get(&self, object: &str) -> Value {
        self.namespace.kubectl(&["get", object, "-o", "json"]).json()
    }

    /// Changes an object by a merge patch.
    pub fn patch(&self, object: &str, patch: &str) {
        self.namespace.kubectl(&["patch", object, "--type=merge", "-p", patch]).text();
    }
}

fn manifests(host: IpAddr, port: u16) -> String {
    format!(
        "apiVersion: v1
kind: Secret
metadata: {{name: voicemail}}
stringData: {{token: {TOKEN}}}
---
apiVersion: um.lamplighter.dev/v1alpha1
kind: UMDialPlan
metadata: {{name: hq}}
spec:
  numberOfDigitsInExtension: 4
  notifier:
    http: {{clients: [{{name: voicemail, tokenSecretRef: {{name: voicemail, key: token}}, scopes: [messages, settings]}}]}}
---
apiVersion: um.lamplighter.dev/v1alpha1
kind: UMMailboxPolicy
metadata: {{name: staff}}
spec: {{dialPlanRef: {{name: hq}}}}
---
apiVersion: um.lamplighter.dev/v1alpha1
kind: UMIPGateway
metadata: {{name: pbx}}
spec: {{address: {host}, port: {port}, transport: UDP, dialPlanRef: {{name: hq}}}}
---
{}---
{}",
        mailbox("lina", "4201"),
        mailbox("omar", "4202")
    )
}

/// A mailbox of the staff.
pub fn mailbox(name: &str, extension: &str) -> String {
    format!(
        "apiVersion: um.lamplighter.dev/v1alpha1
kind: UMMailbox
metadata: {{name: {name}}}
spec: {{mailboxPolicyRef: {{name: staff}}, extensions: [\"{extension}\"]}}
"
    )
}
