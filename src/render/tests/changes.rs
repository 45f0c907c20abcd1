//! What is a difference between the cluster and what is wanted, and what is none.

use serde_json::{Value, json};

use super::{of, rendered};
use crate::render::{ChildKind, RENDERED, differs};

/// A notifier whose objects have every kind of list, table and quantity.
fn full() -> Value {
    json!({
        "replicas": 1,
        "store": {"type": "SQLite", "size": "1024Mi", "storageClassName": "fast"},
        "sip": {
            "tls": {"certificateSecretRef": {"name": "tls"}, "clientCARef": {"kind": "ConfigMap", "name": "ca", "key": "ca.crt"}},
            "allowedPeers": ["192.0.2.0/24"]
        },
        "pod": {
            "resources": {"requests": {"cpu": "0.5", "memory": "64Mi"}, "limits": {"memory": "1024Mi"}},
            "nodeSelector": {"zone": "a", "bare": ""},
            "tolerations": [{"key": "", "operator": "Exists"}],
            "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
            "imagePullSecrets": [{"name": "registry"}],
            "annotations": {"note": "lamps"}
        },
        "service": {"type": "LoadBalancer", "annotations": {"pool": "voice"}}
    })
}

fn gateways() -> [Value; 2] {
    [json!({"address": "192.0.2.10"}), json!({"address": "192.0.2.11", "transport": "UDP"})]
}

/// `value` with what stands in `more`; entries of lists by their place.
fn with(mut value: Value, more: &Value) -> Value {
    match (&mut value, more) {
        (Value::Object(fields), Value::Object(more)) => {
            for (key, more) in more {
                let before = fields.remove(key).unwrap_or(Value::Null);
                fields.insert(key.clone(), with(before, more));
            }
        }
        (Value::Array(list), Value::Array(more)) => {
            for (entry, more) in list.iter_mut().zip(more) {
                *entry = with(entry.take(), more);
            }
        }
        _ => value = more.clone(),
    }
    value
}

/// What an API server adds to every object.
fn stored(object: Value) -> Value {
    with(
        object,
        &json!({
            "metadata": {
                "uid": "1", "resourceVersion": "7", "generation": 1, "creationTimestamp": "2026-11-22T10:00:00Z",
                "managedFields": [{"manager": "lamplighter-operator", "operation": "Apply"}]
            },
            "status": {"observedGeneration": 1}
        }),
    )
}

/// A StatefulSet as an API server gives it back: with defaults, quantities in their canonical form, and without what is empty.
fn live_set(desired: &Value) -> Value {
    let volume = json!({"persistentVolumeClaim": {}});
    let probe = json!({"successThreshold": 1});
    let mut set = with(
        stored(desired.clone()),
        &json!({"spec": {
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "template": {
                "metadata": {"creationTimestamp": null},
                "spec": {
                    "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                    "serviceAccount": "hq-notifier",
                    "containers": [{
                        "imagePullPolicy": "IfNotPresent",
                        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                        "livenessProbe": probe, "readinessProbe": probe, "startupProbe": probe,
                        "resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}}
                    }],
                    "volumes": [volume]
                }
            }
        }}),
    );
    let pod = &mut set["spec"]["template"]["spec"];
    pod["tolerations"][0].as_object_mut().unwrap().remove("key");
    pod["affinity"]["nodeAffinity"] = json!({});
    set
}

fn live_service(desired: &Value) -> Value {
    let port = json!({"nodePort": 30_000});
    with(
        stored(desired.clone()),
        &json!({"spec": {
            "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": true, "sessionAffinity": "None",
            "healthCheckNodePort": 30_001, "ports": [port, port, port, port]
        }}),
    )
}

#[test]
fn what_an_api_server_adds_is_no_difference() {
    let children = rendered(full(), &gateways());
    for child in &children {
        let live = match child.kind {
            ChildKind::StatefulSet => live_set(&child.object),
            ChildKind::Service => live_service(&child.object),
            ChildKind::PersistentVolumeClaim => {
                let spec = json!({"volumeMode": "Filesystem", "volumeName": "pv-1", "resources": {"requests": {"storage": "1Gi"}}});
                with(stored(child.object.clone()), &json!({"spec": spec}))
            }
            _ => stored(child.object.clone()),
        };
        assert_ne!(live, child.object);
        assert!(!differs(&live, &child.object), "{}", child.kind);
    }
}

#[test]
fn every_field_of_ours_that_is_changed_or_taken_away_is_a_difference() {
    for child in rendered(full(), &gateways()) {
        let mut pointers = Vec::new();
        leaves(&child.object, String::new(), &mut pointers);
        assert!(pointers.len() > 10);
        for pointer in pointers {
            let mut changed = child.object.clone();
            let value = changed.pointer_mut(&pointer).unwrap();
            if value.as_str() == Some("") {
                continue;
            }
            *value = match value {
                Value::Bool(on) => json!(!*on),
                Value::Number(number) => json!(number.as_i64().unwrap() + 1),
                _ => json!("another"),
            };
            assert!(differs(&changed, &child.object), "{}: {pointer} changed", child.kind);
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            match changed.pointer_mut(parent).unwrap() {
                Value::Object(fields) => drop(fields.remove(&field.replace("~1", "/"))),
                Value::Array(list) => drop(list.remove(field.parse().unwrap())),
                other => panic!("{other} holds nothing"),
            }
            assert!(differs(&changed, &child.object), "{}: {pointer} taken away", child.kind);
        }
    }
}

/// JSON pointers to all that holds nothing.
fn leaves(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                leaves(value, format!("{at}/{}", key.replace('/', "~1")), all);
            }
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(nth, value)| leaves(value, format!("{at}/{nth}"), all));
        }
        _ => all.push(at),
    }
}

#[test]
fn what_somebody_else_adds_to_tables_and_keyed_lists_is_theirs() {
    let desired = of(ChildKind::StatefulSet, &rendered(full(), &gateways()));
    let mut live = live_set(&desired);
    live["metadata"]["labels"]["team"] = json!("voice");
    live["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = json!("2026-11-22T10:00:00Z");
    let pod = &mut live["spec"]["template"]["spec"];
    let mut first =
        |list: &str, entry: Value| pod.pointer_mut(list).unwrap().as_array_mut().unwrap().insert(0, entry);
    first("/containers/0/env", json!({"name": "TZ", "value": "UTC"}));
    first("/containers/0/volumeMounts", json!({"name": "extra", "mountPath": "/extra"}));
    first("/volumes", json!({"name": "extra", "emptyDir": {}}));
    first("/containers", json!({"name": "mesh", "image": "mesh"}));
    assert!(!differs(&live, &desired));
    let tolerations = live.pointer_mut("/spec/template/spec/tolerations").unwrap();
    tolerations.as_array_mut().unwrap().push(json!({"operator": "Exists"}));
    assert!(differs(&live, &desired), "tolerations are one value, which is ours");
}

#[test]
fn a_port_that_somebody_opens_in_the_network_policy_is_a_difference() {
    let desired = of(ChildKind::NetworkPolicy, &rendered(full(), &gateways()));
    for list in [
        "/spec/ingress",
        "/spec/ingress/0/ports",
        "/spec/egress",
        "/spec/egress/0/ports",
        "/spec/egress/2/to",
    ] {
        let mut live = stored(desired.clone());
        let open = live.pointer_mut(list).unwrap().as_array_mut().unwrap();
        open.push(open[0].clone());
        assert!(differs(&live, &desired), "{list}");
    }
}

#[test]
fn what_is_no_longer_wanted_is_a_difference() {
    let before = of(ChildKind::StatefulSet, &rendered(full(), &gateways()));
    for pointer in ["/pod/nodeSelector", "/pod/affinity", "/pod/tolerations", "/pod/annotations", "/sip"] {
        let mut less = full();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        less.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field);
        let now = of(ChildKind::StatefulSet, &rendered(less, &gateways()));
        assert!(differs(&live_set(&before), &now), "{pointer}");
    }
    let digest = |object: &Value| object["metadata"]["annotations"][RENDERED].clone();
    let again = of(ChildKind::StatefulSet, &rendered(full(), &gateways()));
    assert_eq!(digest(&again), digest(&before));
    assert_eq!(digest(&again).as_str().unwrap().len(), 16);
}

#[test]
fn what_is_not_there_at_all_is_a_difference() {
    let desired = of(ChildKind::Role, &rendered(json!({}), &[]));
    for live in [json!(null), json!({}), json!([]), json!("Role"), json!({"metadata": []})] {
        assert!(differs(&live, &desired), "{live}");
    }
}

#[test]
fn quantities_are_compared_by_value_where_quantities_stand() {
    let resources = |requests: &str| json!({"resources": {"requests": {"memory": requests}}});
    assert!(!differs(&resources("1Gi"), &resources("1024Mi")));
    assert!(differs(&resources("1Gi"), &resources("1G")));
    assert!(differs(&resources("much"), &resources("more")));
    let label = |value: &str| json!({"labels": {"size": value}});
    assert!(differs(&label("1Gi"), &label("1024Mi")), "a label is a text");
}
