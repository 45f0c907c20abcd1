//! No drift: after a sync nothing that compares what is in git with what is in the cluster finds a difference.

use serde_json::Value;

use crate::harness;
use crate::installed::{ALL, Office, with_pods};

#[test]
fn nothing_that_compares_finds_a_difference_after_a_sync() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let (office, manifests) = Office::prepare(&cluster, "drift");
    let namespace = &office.namespace;
    // What a Secret is written as is not what is kept of it.
    let (secret, manifests) = manifests.split_once("---\n").unwrap();
    namespace.apply(secret);
    namespace.apply(manifests);
    office.ready(&ALL);
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    // What is said of delivery comes after it.
    namespace.wait_for("condition=Delivered", "umdp/hq");
    namespace.wait_for("condition=Delivered", "umgw/pbx");

    // What `kubectl diff` and Argo CD's own comparison go by: the last that was applied, what is wanted, what is there.
    let difference = namespace.kubectl_with(manifests, &["diff", "-f", "-"]);
    assert!(difference.is_success && difference.stdout.is_empty(), "{difference:?}");
    let before = all(&office);
    let again = namespace.kubectl_with(manifests, &["apply", "-f", "-"]).text();
    assert!(again.lines().all(|line| line.ends_with(" unchanged")), "{again}");

    // What Flux and Argo CD's server-side comparison go by: a dry run of the same, beside what is there.
    let server_side =
        ["apply", "--server-side", "--force-conflicts", "--field-manager=argocd-controller", "-f", "-"];
    namespace.kubectl_with(manifests, &server_side).text();
    office.ready(&ALL);
    let dry_run = [&server_side[..], &["--dry-run=server", "-o", "json"]].concat();
    let predicted = namespace.kubectl_with(manifests, &dry_run).json();
    for predicted in predicted["items"].as_array().unwrap() {
        let kind = predicted["kind"].as_str().unwrap();
        let name = predicted["metadata"]["name"].as_str().unwrap();
        let live = office.get(&format!("{kind}/{name}"));
        assert_eq!(comparable(predicted), comparable(&live), "{kind}/{name}");
    }
    for (before, after) in before.iter().zip(all(&office)) {
        assert_eq!(before["metadata"]["generation"], after["metadata"]["generation"]);
        assert_eq!(before["spec"], after["spec"]);
    }
}

fn all(office: &Office<'_>) -> Vec<Value> {
    ALL.iter().map(|object| office.get(object)).collect()
}

/// Without what changes at every write.
fn comparable(object: &Value) -> Value {
    let mut object = object.clone();
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.remove("managedFields");
    metadata.remove("resourceVersion");
    object
}
