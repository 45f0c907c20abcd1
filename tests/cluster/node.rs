//! The node of the test cluster itself: that what tests with pods rest upon is so.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use crate::common::http;
use crate::harness;
use crate::installed::wait;
use crate::namespace::Namespace;

/// A pod as strict as Pod Security "restricted" wants it, of the one image that is on each node that is started here.
const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: one
      image: localhost/pause:1
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: '', resources: {requests: {storage: 1Gi}}}
";

/// A server that a restricted pod can be made of: kubectl itself, as a proxy of the API server, and the Service in front of it.
const PROXY: &str = "
apiVersion: v1
kind: Pod
metadata: {name: proxy, labels: {app: proxy}}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: proxy
      image: localhost/kubectl:1
      args: [proxy, --address=0.0.0.0, --port=8001, '--accept-hosts=.*', --disable-filter]
      env: [{name: KUBERC, value: 'off'}]
      readinessProbe: {httpGet: {path: /version, port: 8001}, periodSeconds: 1, failureThreshold: 1}
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {name: proxy}
spec: {selector: {app: proxy}, ports: [{port: 80, targetPort: 8001}]}
";

#[test]
fn a_restricted_pod_runs_on_the_node_and_survives_restarts_of_what_runs_it() {
    let cluster = harness::alone();
    if !cluster.has_own_node() {
        return;
    }
    let namespace = Namespace::new(&cluster, "node");
    namespace.volume("data");
    namespace.apply(POD);
    namespace.wait_for("condition=Ready", "pod/one");
    let said = namespace.kubectl(&["exec", "one", "--", "/pause", "-v"]).text();
    assert!(said.starts_with("pause.c"), "{said}");

    for component in ["kubelet", "containerd", "kube-apiserver"] {
        cluster.component(component, "restart");
    }
    namespace.wait_for("condition=Ready", "pod/one");
    let pod = namespace.kubectl(&["get", "pod", "one", "-o", "json"]).json();
    assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0, "{pod}");

    let is_ours = |event: &serde_json::Value| {
        event["objectRef"]["namespace"] == *namespace.name
            && event["verb"] == "create"
            && event["user"]["username"] == "admin"
    };
    let created: Vec<String> = cluster
        .audit()
        .iter()
        .filter(|event| is_ours(event))
        .map(|event| event["objectRef"]["resource"].to_string())
        .collect();
    assert!(created.contains(&"\"pods\"".to_owned()), "the audit log has only {created:?}");
}

#[test]
fn the_node_runs_no_pod_that_is_not_restricted() {
    let cluster = harness::shared();
    let namespace = Namespace::new(&cluster, "unrestricted");
    let pod = POD.replace("runAsNonRoot: true", "runAsNonRoot: false");
    let refused = namespace.kubectl_with(&pod, &["apply", "-f", "-"]);
    assert!(
        !refused.is_success && refused.stderr.contains("violates PodSecurity \"restricted"),
        "{refused:?}"
    );
}

#[test]
fn pods_services_and_this_machine_reach_each_other_and_a_pod_can_be_frozen() {
    let cluster = harness::shared();
    if !cluster.has_own_node() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("kubectl.tar");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/image");
    let made =
        Command::new(script).arg("localhost/kubectl:1").arg(&cluster.kubectl).arg(&image).status().unwrap();
    assert!(made.success());
    cluster.load(&image);

    let namespace = Namespace::new(&cluster, "network");
    namespace.apply(PROXY);
    namespace.wait_for("condition=Ready", "pod/proxy");
    // From here through the Service to the pod, and from the pod through a Service to the API server.
    let address = namespace.kubectl(&["get", "service", "proxy", "-o", "jsonpath={.spec.clusterIP}"]).text();
    let service = SocketAddr::new(address.parse().unwrap(), 80);
    // The API server was away a moment ago, and its clients pause for many seconds before they ask again.
    let version = wait("the Service", || {
        let answer = http::try_request(service, "GET", "/version", &[], b"").ok()?;
        (answer.status == 200).then_some(answer)
    });
    assert!(version.json()["gitVersion"].as_str().unwrap().starts_with("v1."), "{version:?}");

    // From the pod to here; the pod's address is to be seen.
    let host: IpAddr = cluster.facts()["HOST_ADDRESS"].parse().unwrap();
    let listener = TcpListener::bind((host, 0)).unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let caller = std::thread::spawn(move || {
        let (mut stream, caller) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi").unwrap();
        caller.ip()
    });
    let said = namespace
        .kubectl(&["exec", "proxy", "--", "/kubectl", "--server", &server, "get", "--raw", "/"])
        .text();
    let address = namespace.kubectl(&["get", "pod", "proxy", "-o", "jsonpath={.status.podIP}"]).text();
    assert_eq!((said.as_str(), caller.join().unwrap().to_string()), ("hi", address));

    let ready = |is: &str| namespace.wait_for(&format!("condition=Ready={is}"), "pod/proxy");
    namespace.signal("proxy", "STOP");
    ready("False");
    namespace.signal("proxy", "CONT");
    ready("True");
}
