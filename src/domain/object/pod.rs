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

/// What the pods of a notifier take over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    /// Requests and limits of the container.
    pub resources: Option<ResourceRequirements>,
    /// Labels of the nodes on which it may run.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that it tolerates.
    pub tolerations: Vec<Toleration>,
    /// Affinity to nodes and pods.
    pub affinity: Option<Affinity>,
    /// How replicas are spread; none: as it is done by default.
    pub topology_spread: Vec<TopologySpreadConstraint>,
    /// Its PriorityClass.
    pub priority_class: Option<String>,
    /// Secrets with which images are pulled.
    pub image_pull_secrets: Vec<String>,
    /// More labels.
    pub labels: BTreeMap<String, String>,
    /// More annotations.
    pub annotations: BTreeMap<String, String>,
    /// It shares the node's network.
    pub host_network: bool,
}

impl Pod {
    /// Reads the block; a part that a Pod does not take is left out, with a finding.
    pub fn read(notes: &mut Notes, pod: &NotifierPod) -> Self {
        let NotifierPod {
            resources,
            node_selector,
            tolerations,
            affinity,
            topology_spread_constraints,
            priority_class_name,
            image_pull_secrets,
            labels,
            annotations,
            host_network,
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
        let resources =
            resources.as_ref().and_then(|block| decoded(notes, &format!("{PATH}.resources"), block));
        let affinity = affinity.as_ref().and_then(|block| decoded(notes, &format!("{PATH}.affinity"), block));
        too_many(notes, "spec.notifier.pod.imagePullSecrets", image_pull_secrets.len(), 16);
        Self {
            resources,
            affinity,
            tolerations: all_decoded(notes, "spec.notifier.pod.tolerations", tolerations),
            topology_spread: all_decoded(
                notes,
                "spec.notifier.pod.topologySpreadConstraints",
                topology_spread_constraints,
            ),
            priority_class: Some(priority_class_name.clone()).filter(|name| !name.is_empty()),
            image_pull_secrets: image_pull_secrets
                .iter()
                .take(16)
                .map(|secret| secret.name.clone())
                .collect(),
            node_selector: node_selector.clone(),
            labels: labels.clone(),
            annotations: annotations.clone(),
            host_network: *host_network,
        }
    }
}

/// The blocks of a list that a Pod takes; each other one is a finding.
fn all_decoded<T: DeserializeOwned + Serialize>(
    notes: &mut Notes,
    path: &str,
    blocks: &[Map<String, Value>],
) -> Vec<T> {
    too_many(notes, path, blocks.len(), MOST_TEXTS);
    let blocks = blocks.iter().take(MOST_TEXTS).enumerate();
    blocks.filter_map(|(at, block)| decoded(notes, &format!("{path}[{at}]"), block)).collect()
}

/// The block as a Pod has it there, else a finding.
fn decoded<T: DeserializeOwned + Serialize>(
    notes: &mut Notes,
    path: &str,
    block: &Map<String, Value>,
) -> Option<T> {
    const ADVICE: &str = "write it as in the template of a Pod";
    let given = Value::Object(block.clone());
    let read: T = match serde_json::from_value(given.clone()) {
        Ok(read) => read,
        Err(error) => {
            let error = error.to_string().replace('"', "`");
            notes.add(Code::PodInvalid, path, format!("the block can't be read: {}", short(&error)), ADVICE);
            return None;
        }
    };
    let again = serde_json::to_value(&read).unwrap_or_default();
    if let Some((place, field)) = unread(&given, &again, path.to_owned()) {
        notes.add(Code::PodInvalid, place, format!("a Pod has no field `{field}` there"), ADVICE);
    }
    Some(read)
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

/// What the Service of a notifier takes over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Who can reach it.
    pub exposure: Exposure,
}

/// Who can reach a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Exposure {
    /// Whoever is in the cluster.
    #[default]
    Cluster,
    /// Whoever reaches a port of the nodes.
    Nodes(Senders),
    /// Whoever reaches a load balancer: the cluster's own, or one of a class.
    LoadBalancer(Senders, Option<String>),
}

/// What a notifier sees of who sends to it from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders {
    /// Their addresses: `externalTrafficPolicy: Local`.
    Seen,
    /// Addresses of nodes: `Cluster`.
    Hidden,
}

impl Service {
    /// Reads the block; what is wrong becomes findings, and a nearby value stands in.
    pub fn read(notes: &mut Notes, service: &NotifierService) -> Self {
        let NotifierService { type_, annotations, load_balancer_class, external_traffic_policy } = service;
        const PATH: &str = "spec.notifier.service";
        texts(notes, "spec.notifier.service.annotations", annotations, |key, value| {
            key_of(&key.to_lowercase()).or_else(|| long(value))
        });
        let type_ = word(notes, &format!("{PATH}.type"), type_, &["ClusterIP", "NodePort", "LoadBalancer"]);
        let policy = external_traffic_policy.as_deref().unwrap_or("Local");
        let policy = word(notes, &format!("{PATH}.externalTrafficPolicy"), policy, &["Local", "Cluster"]);
        let senders = if policy == "Cluster" { Senders::Hidden } else { Senders::Seen };
        let class = Some(load_balancer_class.clone()).filter(|class| !class.is_empty());
        let mut ignored = |field: &str, wants: &str| {
            let message = format!("{field} has no effect with type {type_}");
            notes.add(
                Code::ServiceSettingIgnored,
                format!("{PATH}.{field}"),
                message,
                format!("remove it, or set type: {wants}"),
            );
        };
        if class.is_some() && type_ != "LoadBalancer" {
            ignored("loadBalancerClass", "LoadBalancer");
        }
        if external_traffic_policy.is_some() && type_ == "ClusterIP" {
            ignored("externalTrafficPolicy", "LoadBalancer");
        }
        let exposure = match type_ {
            "NodePort" => Exposure::Nodes(senders),
            "LoadBalancer" => Exposure::LoadBalancer(senders, class),
            _ => Exposure::Cluster,
        };
        Self { annotations: annotations.clone(), exposure }
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

/// RFC 1123: dot-separated parts of small letters, digits and inner `-`, as names of objects are.
#[must_use]
pub fn is_subdomain(text: &str) -> bool {
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
