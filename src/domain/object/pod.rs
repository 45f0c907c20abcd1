//! What the block `notifier` of a dial plan says about pods and the Service: what Kubernetes takes there, nothing else.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Affinity, ResourceRequirements, Toleration, TopologySpreadConstraint};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::reader::{too_many, word};
use crate::api::notifier::{NotifierPod, NotifierService};
use crate::domain::finding::{Code, Notes};
use crate::domain::shown::short;

/// Most entries of a table.
const MOST_TEXTS: usize = 64;
/// Most characters of an annotation.
const LONGEST_TEXT: usize = 4096;
/// Characters of a label's value and of the part of its key after the `/`, at most.
const LONGEST_LABEL: usize = 63;

pub fn read_pod(notes: &mut Notes, pod: &NotifierPod) {
    let NotifierPod {
        resources,
        node_selector,
        tolerations,
        affinity,
        topology_spread_constraints,
        priority_class_name: _,
        image_pull_secrets,
        labels,
        annotations,
        host_network: _,
    } = pod;
    const PATH: &str = "spec.notifier.pod";
    texts(notes, "spec.notifier.pod.nodeSelector", node_selector, |key, value| {
        key_of(key).or_else(|| value_of(value))
    });
    texts(notes, "spec.notifier.pod.labels", labels, |key, value| {
        ours(key).or_else(|| key_of(key)).or_else(|| value_of(value))
    });
    texts(notes, "spec.notifier.pod.annotations", annotations, |key, value| {
        key_of(&key.to_lowercase()).or_else(|| long(value))
    });
    if let Some(resources) = resources {
        decodes::<ResourceRequirements>(notes, &format!("{PATH}.resources"), resources);
    }
    if let Some(affinity) = affinity {
        decodes::<Affinity>(notes, &format!("{PATH}.affinity"), affinity);
    }
    too_many(notes, "spec.notifier.pod.tolerations", tolerations.len(), 64);
    for (at, toleration) in tolerations.iter().enumerate().take(64) {
        decodes::<Toleration>(notes, &format!("{PATH}.tolerations[{at}]"), toleration);
    }
    too_many(notes, "spec.notifier.pod.topologySpreadConstraints", topology_spread_constraints.len(), 64);
    for (at, spread) in topology_spread_constraints.iter().enumerate().take(64) {
        let path = format!("{PATH}.topologySpreadConstraints[{at}]");
        decodes::<TopologySpreadConstraint>(notes, &path, spread);
    }
    too_many(notes, "spec.notifier.pod.imagePullSecrets", image_pull_secrets.len(), 16);
}

/// A finding where the block is not what a Pod wants there.
fn decodes<T: DeserializeOwned + Serialize>(notes: &mut Notes, path: &str, block: &Map<String, Value>) {
    const ADVICE: &str = "write it as in the template of a Pod";
    let given = Value::Object(block.clone());
    match serde_json::from_value::<T>(given.clone()) {
        Err(error) => {
            let error = error.to_string().replace('"', "`");
            notes.add(Code::PodInvalid, path, format!("the block can't be read: {}", short(&error)), ADVICE);
        }
        Ok(read) => {
            let read = serde_json::to_value(read).unwrap_or_default();
            if let Some((place, field)) = unread(&given, &read, path.to_owned()) {
                notes.add(Code::PodInvalid, place, format!("a Pod has no field `{field}` there"), ADVICE);
            }
        }
    }
}

/// The first field that was given and is not in what was read from it: its place and its name.
fn unread(given: &Value, read: &Value, place: String) -> Option<(String, String)> {
    match (given, read) {
        (Value::Object(given), Value::Object(read)) => {
            let mut fields = given.iter().filter(|(_, value)| !value.is_null());
            fields.find_map(|(key, value)| {
                let place = format!("{place}.{}", short(key));
                match read.get(key) {
                    None => Some((place, short(key))),
                    Some(read) => unread(value, read, place),
                }
            })
        }
        (Value::Array(given), Value::Array(read)) => {
            let mut entries = given.iter().zip(read).enumerate();
            entries.find_map(|(at, (given, read))| unread(given, read, format!("{place}[{at}]")))
        }
        _ => None,
    }
}

pub fn read_service(notes: &mut Notes, service: &NotifierService) {
    let NotifierService { type_, annotations, load_balancer_class, external_traffic_policy } = service;
    texts(notes, "spec.notifier.service.annotations", annotations, |key, value| {
        key_of(&key.to_lowercase()).or_else(|| long(value))
    });
    let type_ = word(notes, "spec.notifier.service.type", type_, &["ClusterIP", "NodePort", "LoadBalancer"]);
    if let Some(policy) = external_traffic_policy {
        word(notes, "spec.notifier.service.externalTrafficPolicy", policy, &["Local", "Cluster"]);
    }
    let mut ignored = |field: &str, wants: &str| {
        let message = format!("{field} has no effect with type {type_}");
        notes.add(
            Code::ServiceSettingIgnored,
            format!("spec.notifier.service.{field}"),
            message,
            format!("remove it, or set type: {wants}"),
        );
    };
    if !load_balancer_class.is_empty() && type_ != "LoadBalancer" {
        ignored("loadBalancerClass", "LoadBalancer");
    }
    if external_traffic_policy.is_some() && type_ == "ClusterIP" {
        ignored("externalTrafficPolicy", "LoadBalancer");
    }
}

/// A finding for each entry of a table with which something is wrong.
fn texts(
    notes: &mut Notes,
    path: &str,
    table: &BTreeMap<String, String>,
    wrong: impl Fn(&str, &str) -> Option<&'static str>,
) {
    too_many(notes, path, table.len(), MOST_TEXTS);
    for (key, value) in table.iter().take(MOST_TEXTS) {
        if let Some(expected) = wrong(key, value) {
            let message = format!("`{}: {}` is not possible here", short(key), short(value));
            notes.add(Code::PodInvalid, format!("{path}[{}]", short(key)), message, expected);
        }
    }
}

/// Labels by which the notifier's children are found.
fn ours(key: &str) -> Option<&'static str> {
    let reserved = ["app.kubernetes.io/", "um.lamplighter.dev/"];
    let is_ours = reserved.iter().any(|prefix| key.starts_with(prefix));
    is_ours.then_some(
        "choose another key: the program sets those of app.kubernetes.io/ and um.lamplighter.dev/ itself",
    )
}

/// Keys of labels and annotations: a name, perhaps after a DNS subdomain and `/`.
fn key_of(key: &str) -> Option<&'static str> {
    let sound = match key.split_once('/') {
        Some((domain, name)) => is_subdomain(domain) && is_label(name),
        None => is_label(key),
    };
    (!sound).then_some("write a key of at most 63 letters, digits, `-`, `_` and `.`, perhaps after a domain and `/`, as in example.com/team")
}

fn value_of(value: &str) -> Option<&'static str> {
    let sound = value.is_empty() || is_label(value);
    (!sound).then_some("write a value of at most 63 letters, digits and inner `-`, `_` and `.`")
}

fn long(value: &str) -> Option<&'static str> {
    (value.chars().count() > LONGEST_TEXT).then_some("at most 4096 characters are possible")
}

/// RFC 1123: dot-separated parts of small letters, digits and inner `-`.
fn is_subdomain(text: &str) -> bool {
    let is_small = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_part = |part: &str| {
        let bytes = part.as_bytes();
        bytes.iter().all(|b| is_small(b) || *b == b'-')
            && bytes.first().is_some_and(is_small)
            && bytes.last().is_some_and(is_small)
    };
    text.len() <= 253 && text.split('.').all(is_part)
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= LONGEST_LABEL
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}
