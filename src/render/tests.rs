//! What the golden cases don't show: what is a difference, whom the NetworkPolicy lets in and out, names of volumes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod changes;
mod reached;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::domain::{self, ChildTrouble, Code, Snapshot};

/// The dial plan `hq` with such a `notifier` block, and gateways of such specs.
fn snapshot(notifier: Value, gateways: &[Value]) -> Snapshot {
    let object = |kind: &str, name: String, spec: Value| json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    let plan = json!({"numberOfDigitsInExtension": 4, "notifier": notifier});
    let mut snapshot = Snapshot::default();
    snapshot
        .dial_plans
        .push(Arc::new(serde_json::from_value(object("UMDialPlan", "hq".into(), plan)).unwrap()));
    for (at, spec) in gateways.iter().enumerate() {
        let mut spec = spec.clone();
        spec["dialPlanRef"] = json!({"name": "hq"});
        let gateway = object("UMIPGateway", format!("gateway-{at}"), spec);
        snapshot.gateways.push(Arc::new(serde_json::from_value(gateway).unwrap()));
    }
    snapshot
}

fn children_of(snapshot: &Snapshot) -> Option<Vec<Child>> {
    let settings = Settings {
        namespace: "voice".into(),
        image: "registry.example.com/lamplighter:1.0.0".into(),
        image_pull_policy: None,
        image_pull_secrets: Vec::new(),
        version: "1.0.0".into(),
        api_server_ports: API_SERVER_PORTS.into(),
    };
    let owner = Owner { uid: "9d6f3c1e".into() };
    children(&domain::evaluate(snapshot), 0, &owner, &settings)
}

/// The objects of that dial plan.
fn rendered(notifier: Value, gateways: &[Value]) -> Vec<Child> {
    children_of(&snapshot(notifier, gateways)).expect("the dial plan has errors")
}

fn of(kind: ChildKind, children: &[Child]) -> Value {
    children.iter().find(|child| child.kind == kind).expect("there is none of that kind").object.clone()
}

#[test]
fn volumes_have_names_of_their_own_whatever_is_mounted() {
    let (longest, too_long) = ("x".repeat(56), "x".repeat(57));
    let client = |name: &str| json!({"name": name, "tokenSecretRef": {"name": name, "key": "token"}, "scopes": ["messages"]});
    let names = ["a", "a.b", "a-b", "long-secret-a", "data", "tmp", "secret-a", &longest, &too_long];
    let clients: Vec<Value> = names.iter().map(|name| client(name)).collect();
    let set = of(ChildKind::StatefulSet, &rendered(json!({"http": {"clients": clients}}), &[]));
    let pod = &set["spec"]["template"]["spec"];
    let list = |list: &Value, field: &str| -> Vec<String> {
        list.as_array().unwrap().iter().map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
    };
    let volumes = list(&pod["volumes"], "name");
    let mounts = &pod["containers"][0]["volumeMounts"];
    assert_eq!(volumes, list(mounts, "name"), "each volume is mounted");
    assert_eq!(volumes.len(), names.len() + 2);
    assert_eq!(volumes.iter().collect::<BTreeSet<_>>().len(), volumes.len());
    assert!(volumes.iter().all(|name| name.len() <= 63 && !name.contains('.')), "{volumes:?}");
    assert_eq!(list(mounts, "mountPath").iter().collect::<BTreeSet<_>>().len(), volumes.len());
}

#[test]
fn an_object_that_was_refused_is_made_again() {
    let mut snapshot = snapshot(json!({}), &[]);
    let trouble = ChildTrouble { object: "Service/hq-notifier".into(), refused: Some("no".into()) };
    snapshot.facts.children.insert("hq".into(), vec![trouble]);
    let outcome = domain::evaluate(&snapshot);
    assert!(outcome.findings().any(|(_, _, finding)| finding.code == Code::ChildRefused));
    assert!(children_of(&snapshot).is_some());
}

#[test]
fn no_port_stands_twice_in_a_pod() {
    let tls = json!({"port": 5070, "certificateSecretRef": {"name": "tls"}, "clientCARef": {"kind": "Secret", "name": "ca", "key": "ca.crt"}});
    for (sip, names) in [(5070, &["http", "sip", "sip-tcp"][..]), (8080, &["http", "sip", "sips"])] {
        let set = of(ChildKind::StatefulSet, &rendered(json!({"sip": {"port": sip, "tls": tls}}), &[]));
        let ports = set["spec"]["template"]["spec"]["containers"][0]["ports"].as_array().unwrap();
        assert_eq!(ports.iter().map(|port| port["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    }
}

#[test]
fn a_version_becomes_a_label_that_an_api_server_takes() {
    for (version, label) in [
        ("1.2.3", "1.2.3"),
        ("1.2.3+build.7", "1.2.3-build.7"),
        ("-x-", "x"),
        ("+", ""),
        ("", ""),
        (&"é".repeat(100), ""),
    ] {
        assert_eq!(label_value(version), label);
    }
    assert_eq!(label_value(&"a".repeat(100)).len(), 63);
}
