//! A namespace of the test cluster, for one test.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::harness::{Cluster, Output};

/// How long Kubernetes may take for what it does by itself, in kubectl's words.
const PATIENCE: &str = "--timeout=120s";

/// A namespace for one test, with Pod Security "restricted" enforced. It is deleted when this is dropped; nobody waits for that.
pub struct Namespace<'c> {
    cluster: &'c Cluster,
    pub name: String,
}

impl<'c> Namespace<'c> {
    /// Makes one; `about` is part of its name.
    pub fn new(cluster: &'c Cluster, about: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("{about}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let manifest = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels:\n    pod-security.kubernetes.io/enforce: restricted\n"
        );
        cluster.kubectl_with(&manifest, &["create", "-f", "-"]).text();
        let namespace = Self { cluster, name };
        // Without it no pod is admitted, and a controller that was just started makes it late.
        namespace.wait_for("create", "serviceaccount/default");
        namespace
    }

    /// Runs kubectl in this namespace.
    pub fn kubectl(&self, arguments: &[&str]) -> Output {
        self.kubectl_with("", arguments)
    }

    /// Runs kubectl in this namespace with this on its standard input.
    pub fn kubectl_with(&self, input: &str, arguments: &[&str]) -> Output {
        self.cluster.kubectl_with(input, &[&["--namespace", &self.name], arguments].concat())
    }

    /// Applies manifests as a user does.
    pub fn apply(&self, manifests: &str) -> String {
        self.kubectl_with(manifests, &["apply", "-f", "-"]).text()
    }

    /// Waits for a condition of an object, such as `condition=Ready` of `pod/x`.
    pub fn wait_for(&self, what: &str, of: &str) {
        self.kubectl(&["wait", &format!("--for={what}"), of, PATIENCE]).text();
    }

    /// Sends a signal, such as `STOP`, to the first process of a pod's first container, from the node.
    pub fn signal(&self, pod: &str, signal: &str) {
        let container = "jsonpath={.status.containerStatuses[0].containerID}";
        let container = self.kubectl(&["get", "pod", pod, "-o", container]).text();
        let id = container
            .strip_prefix("containerd://")
            .unwrap_or_else(|| panic!("{pod} has no container: {container}"));
        self.cluster.inside(&[
            "ctr",
            "-n",
            "k8s.io",
            "tasks",
            "kill",
            "--signal",
            &format!("SIG{signal}"),
            id,
        ]);
    }

    /// Makes a volume on the node that was started here, for a claim of this namespace, since no provisioner runs. Everybody may write to it: an `fsGroup` has no
    /// effect there.
    pub fn volume(&self, claim: &str) {
        let name = format!("{}-{claim}", self.name);
        // A cluster that was not started here has its own ways.
        let Some(folder) = &self.cluster.folder else { return };
        let path = folder.join("volumes").join(&name);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        let volume = serde_json::json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Ti"}, "hostPath": {"path": path},
                "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "",
                "claimRef": {"namespace": self.name, "name": claim},
            },
        });
        self.cluster.kubectl_with(&volume.to_string(), &["create", "-f", "-"]).text();
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        // Nothing here may fail: the test may be failing already.
        if std::thread::panicking() {
            let left = self.kubectl(&["get", "um,pods,events", "-o", "wide"]);
            eprintln!("--- in namespace {}\n{}{}", self.name, left.stdout, left.stderr);
        }
        self.cluster.kubectl(&["delete", "namespace", &self.name, "--wait=false"]);
    }
}
