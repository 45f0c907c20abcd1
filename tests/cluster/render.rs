//! The objects of notifiers on an API server: taken without a word, read back as they were meant, and with no more rights than they need.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lamplighter::domain::{self, Snapshot};
use lamplighter::render::{self, API_SERVER_PORTS, Child, ChildKind, Owner, Settings};
use serde_json::{Value, json};

use crate::harness;
use crate::namespace::Namespace;

/// The manifests of a golden case about objects.
fn manifests(case: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(case.join("in/all.yaml")).unwrap();
    serde_saphyr::from_multiple(&text).unwrap()
}

fn snapshot(manifests: &[Value]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for manifest in manifests.iter().cloned() {
        match manifest["kind"].as_str().unwrap() {
            "UMDialPlan" => snapshot.dial_plans.push(Arc::new(serde_json::from_value(manifest).unwrap())),
            "UMIPGateway" => snapshot.gateways.push(Arc::new(serde_json::from_value(manifest).unwrap())),
            "UMMailbox" => snapshot.mailboxes.push(Arc::new(serde_json::from_value(manifest).unwrap())),
            "UMMailboxPolicy" => {
                snapshot.mailbox_policies.push(Arc::new(serde_json::from_value(manifest).unwrap()));
            }
            other => panic!("unknown kind {other}"),
        }
    }
    snapshot
}

/// The objects of all notifiers, owned by dial plans that are there, since an owner that is not takes its objects with it. These are
/// suspended, so that an operator in this cluster leaves the objects to the test.
fn children(namespace: &Namespace<'_>, manifests: &[Value]) -> Vec<Child> {
    let settings = Settings {
        namespace: namespace.name.clone(),
        image: "registry.invalid/lamplighter:0".into(),
        image_pull_policy: None,
        image_pull_secrets: Vec::new(),
        version: "0.0.0+test".into(),
        api_server_ports: API_SERVER_PORTS.into(),
    };
    let outcome = domain::evaluate(&snapshot(manifests));
    let mut all = Vec::new();
    for (at, node) in outcome.linked.dial_plans.iter().enumerate() {
        let plan =
            manifests.iter().find(|m| m["kind"] == "UMDialPlan" && m["metadata"]["name"] == *node.name);
        let Some(_) = render::children(&outcome, at, &Owner { uid: "none".into() }, &settings) else {
            continue;
        };
        let mut owner = plan.unwrap().clone();
        owner["spec"]["suspend"] = json!(true);
        namespace.apply(&owner.to_string());
        let stored = namespace.kubectl(&["get", "umdp", &node.name, "-o", "json"]).json();
        let owner = Owner { uid: stored["metadata"]["uid"].as_str().unwrap().to_owned() };
        all.extend(render::children(&outcome, at, &owner, &settings).unwrap());
    }
    all
}

/// Applies objects as the operator does; a warning is an error.
fn apply(namespace: &Namespace<'_>, children: &[Child]) {
    let text: String = children.iter().map(|child| format!("---\n{}\n", child.object)).collect();
    let arguments =
        ["apply", "--server-side", "--field-manager=lamplighter-operator", "--warnings-as-errors", "-f", "-"];
    let applied = namespace.kubectl_with(&text, &arguments);
    assert!(applied.is_success && applied.stderr.is_empty(), "{applied:?}");
}

fn live(namespace: &Namespace<'_>, child: &Child) -> Value {
    namespace
        .kubectl(&["get", child.kind.plural(), &child.name, "-o", "json", "--show-managed-fields"])
        .json()
}

fn all_live(namespace: &Namespace<'_>) -> Vec<Value> {
    let kinds: Vec<String> = ChildKind::ALL
        .iter()
        .map(|kind| format!("{}.{}.{}", kind.plural(), kind.version(), kind.group()))
        .collect();
    let list = namespace.kubectl(&["get", &kinds.join(","), "-o", "json", "--show-managed-fields"]).json();
    list["items"].as_array().unwrap().clone()
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/evaluate/objects");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 10);
    cases
}

fn case(name: &str) -> Vec<Value> {
    manifests(&cases().into_iter().find(|case| case.ends_with(name)).unwrap())
}

fn of(kind: ChildKind, children: &[Child]) -> &Child {
    children.iter().find(|child| child.kind == kind).unwrap()
}

/// With warnings about Pod Security as well as its refusals.
fn warned(namespace: &Namespace<'_>) {
    let label = "pod-security.kubernetes.io/warn=restricted";
    namespace.kubectl(&["label", "namespace", &namespace.name, label]).text();
}

#[test]
fn every_object_is_taken_without_a_warning_and_is_then_no_difference() {
    let cluster = harness::shared();
    for path in cases() {
        // A pod in the network of its node is what Pod Security warns of.
        if path.ends_with("host-network") {
            continue;
        }
        let namespace = Namespace::new(&cluster, "objects");
        warned(&namespace);
        let children = children(&namespace, &manifests(&path));
        if children.is_empty() {
            continue;
        }
        apply(&namespace, &children);
        let live = all_live(&namespace);
        for child in &children {
            let is_it = |item: &&Value| {
                item["kind"] == child.kind.as_str() && item["metadata"]["name"] == *child.name
            };
            let live = live.iter().find(is_it).unwrap();
            assert!(!render::differs(live, &child.object), "{}:\n{live}\n{}", path.display(), child.object);
        }
        for child in children.iter().filter(|child| child.kind == ChildKind::StatefulSet) {
            assert_pod_is_admitted(&namespace, child);
        }
    }
}

/// A pod of the set passes Pod Security where it is enforced, which it is for pods alone.
fn assert_pod_is_admitted(namespace: &Namespace<'_>, set: &Child) {
    let template = &set.object["spec"]["template"];
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]});
    pod["metadata"]["name"] = json!("try");
    // The class of the case is not in this cluster.
    pod["spec"].as_object_mut().unwrap().remove("priorityClassName");
    namespace.kubectl_with(&pod.to_string(), &["create", "--dry-run=server", "-f", "-"]).text();
}

#[test]
fn what_people_change_of_ours_is_a_difference_and_what_they_add_is_none() {
    let cluster = harness::shared();
    let namespace = Namespace::new(&cluster, "edited");
    let children = children(&namespace, &case("a-plan-of-the-least"));
    apply(&namespace, &children);
    let set = of(ChildKind::StatefulSet, &children);
    let patch = |patch: &str| {
        namespace.kubectl(&["patch", "statefulset", &set.name, "--type=strategic", "-p", patch]).text();
        render::differs(&live(&namespace, set), &set.object)
    };
    let added = r#"{"metadata": {"labels": {"team": "voice"}}, "spec": {"template": {"spec": {"containers": [{"name": "notifier", "env": [{"name": "TZ", "value": "UTC"}]}]}}}}"#;
    assert!(!patch(added), "what somebody else added");
    assert!(patch(r#"{"spec": {"replicas": 2}}"#), "another number of replicas");
    apply_forced(&namespace, set);
    assert!(!render::differs(&live(&namespace, set), &set.object), "put right");
    assert!(patch(r#"{"metadata": {"annotations": {"um.lamplighter.dev/rendered": null}}}"#), "no digest");
    apply_forced(&namespace, set);
    let unready =
        r#"{"spec": {"template": {"spec": {"containers": [{"name": "notifier", "readinessProbe": null}]}}}}"#;
    assert!(patch(unready), "no probe");
}

#[test]
fn what_is_not_wanted_any_more_is_gone_after_the_next_write() {
    let cluster = harness::shared();
    let namespace = Namespace::new(&cluster, "less");
    for (name, block, gone) in [
        ("everything-set", "pod", "/spec/template/spec/nodeSelector"),
        ("everything-set", "sip", "/spec/template/spec/securityContext/sysctls"),
        ("everything-set", "service", "/spec/externalTrafficPolicy"),
        ("load-balancer-of-a-class", "service", "/spec/loadBalancerClass"),
    ] {
        let mut manifests = case(name);
        let before = children(&namespace, &manifests);
        // A claim can hardly be changed.
        for child in before.iter().filter(|child| child.kind != ChildKind::PersistentVolumeClaim) {
            apply_forced(&namespace, child);
        }
        let plan = manifests.iter_mut().find(|manifest| manifest["kind"] == "UMDialPlan").unwrap();
        plan["spec"]["notifier"].as_object_mut().unwrap().remove(block).unwrap();
        let now = children(&namespace, &manifests);
        let mut was_there = false;
        for child in now.iter().filter(|child| child.kind != ChildKind::PersistentVolumeClaim) {
            let unwanted = live(&namespace, child);
            if unwanted.pointer(gone).is_some() {
                was_there = true;
                assert!(render::differs(&unwanted, &child.object), "{name} without {block}: {}", child.kind);
            }
            apply_forced(&namespace, child);
            let live = live(&namespace, child);
            assert!(live.pointer(gone).is_none(), "{name} without {block}: {gone} stays");
            assert!(!render::differs(&live, &child.object), "{name} without {block}: {}", child.kind);
        }
        assert!(was_there, "{name}: {gone}");
    }
}

fn apply_forced(namespace: &Namespace<'_>, child: &Child) {
    let arguments =
        ["apply", "--server-side", "--field-manager=lamplighter-operator", "--force-conflicts", "-f", "-"];
    namespace.kubectl_with(&child.object.to_string(), &arguments).text();
}

#[test]
fn a_notifier_may_do_what_its_role_says_and_nothing_about_secrets() {
    let cluster = harness::shared();
    let namespace = Namespace::new(&cluster, "rights");
    let children = children(&namespace, &case("a-plan-of-the-least"));
    apply(&namespace, &children);
    let account = &of(ChildKind::ServiceAccount, &children).name;
    let user = format!("--as=system:serviceaccount:{}:{account}", namespace.name);
    let may = |verb: &str, what: &str| {
        let (resource, sub) = what.split_once('/').unwrap_or((what, ""));
        let sub = format!("--subresource={sub}");
        namespace.kubectl(&["auth", "can-i", verb, resource, &sub, &user]).stdout.trim() == "yes"
    };
    // The API server reads roles from a cache.
    crate::common::wait("the role to count", || may("get", "leases.coordination.k8s.io").then_some(()));
    for kind in ["umdialplans", "ummailboxpolicies", "umipgateways", "ummailboxes"] {
        let kind = format!("{kind}.um.lamplighter.dev");
        for (verb, expected) in
            [("get", true), ("list", true), ("watch", true), ("patch", false), ("delete", false)]
        {
            assert_eq!(may(verb, &kind), expected, "{verb} {kind}");
        }
        // What is delivered is said of all but policies.
        let status = format!("{kind}/status");
        let is_told = !kind.starts_with("ummailboxpolicies");
        assert_eq!((may("patch", &status), may("update", &status)), (is_told, false), "{kind}");
    }
    for verb in ["get", "create", "patch"] {
        assert!(may(verb, "leases.coordination.k8s.io"), "{verb}");
    }
    assert!(may("create", "events.events.k8s.io") && may("patch", "events.events.k8s.io"));
    for verb in ["get", "list", "watch", "create", "update", "patch", "delete"] {
        assert!(!may(verb, "secrets") && !may(verb, "pods") && !may(verb, "statefulsets.apps"), "{verb}");
    }
}
