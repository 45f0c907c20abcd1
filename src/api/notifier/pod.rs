//! What a notifier's pods and Service take over from the dial plan.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::reference::LocalRef;

/// Settings of a notifier's pods, in the form that a Pod has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierPod {
    /// Requests and limits of the container. Absent: 50m of a processor and 64Mi of memory requested, 512Mi of memory at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "free_object")]
    pub resources: Option<Map<String, Value>>,
    /// Labels of the nodes on which it may run, at most 64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "node_labels")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that it tolerates, at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "free_objects")]
    pub tolerations: Vec<Map<String, Value>>,
    /// Affinity to nodes and pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "free_object")]
    pub affinity: Option<Map<String, Value>>,
    /// How replicas are spread, at most 64 entries. None: several replicas go to different nodes and zones as far as possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "free_objects")]
    pub topology_spread_constraints: Vec<Map<String, Value>>,
    /// Its PriorityClass; empty (the default): none.
    #[serde(default)]
    #[schemars(length(max = 253))]
    pub priority_class_name: String,
    /// Secrets with which images are pulled, at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub image_pull_secrets: Vec<LocalRef>,
    /// More labels, at most 64, none of `app.kubernetes.io/` and `um.lamplighter.dev/`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "pod_labels")]
    pub labels: BTreeMap<String, String>,
    /// More annotations, at most 64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "texts")]
    pub annotations: BTreeMap<String, String>,
    /// Whether it shares the node's network, so that PBXs see the node's address; default `false`. Pod Security `baseline` and `restricted`
    /// refuse such a pod, and a NetworkPolicy does not hold it.
    #[serde(default)]
    pub host_network: bool,
}

/// Settings of a notifier's Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierService {
    /// `ClusterIP` (the default), `NodePort` or `LoadBalancer`.
    #[serde(rename = "type", default = "cluster_ip")]
    #[schemars(extend("enum" = ["ClusterIP", "NodePort", "LoadBalancer"]))]
    pub type_: String,
    /// Annotations, at most 64, as load balancers ask for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "texts")]
    pub annotations: BTreeMap<String, String>,
    /// Which load balancer serves it; only with `LoadBalancer`. Empty (the default): the cluster's own.
    #[serde(default)]
    #[schemars(length(max = 253))]
    pub load_balancer_class: String,
    /// `Local` keeps the sender's address, `Cluster` spreads calls over all nodes; only with `NodePort` and `LoadBalancer`. Absent: `Local`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Local", "Cluster"]))]
    pub external_traffic_policy: Option<String>,
}

impl Default for NotifierService {
    fn default() -> Self {
        Self {
            type_: cluster_ip(),
            annotations: BTreeMap::new(),
            load_balancer_class: String::new(),
            external_traffic_policy: None,
        }
    }
}

fn cluster_ip() -> String {
    "ClusterIP".into()
}

/// An object that an API server checks when a Pod is made of it.
fn free_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

fn free_objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 64, "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}})
}

/// Keys of labels and annotations: a name, perhaps after a DNS subdomain and `/`. Lengths are left to the domain.
macro_rules! keys {
    ($key:literal) => {
        concat!(
            "self.all(key, ",
            $key,
            ".matches('^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$'))"
        )
    };
}
const KEYS: &str = keys!("key");
const ANNOTATIONS: &str = keys!("key.lowerAscii()");

fn node_labels(_: &mut SchemaGenerator) -> Schema {
    labels(&[json!({"rule": KEYS, "message": "a key is no key of a label"})])
}

fn pod_labels(_: &mut SchemaGenerator) -> Schema {
    let rule =
        "self.all(key, !key.startsWith('app.kubernetes.io/') && !key.startsWith('um.lamplighter.dev/'))";
    let message = "labels of app.kubernetes.io/ and um.lamplighter.dev/ are set by the program";
    labels(&[
        json!({"rule": KEYS, "message": "a key is no key of a label"}),
        json!({"rule": rule, "message": message}),
    ])
}

fn labels(rules: &[Value]) -> Schema {
    let value = json!({"type": "string", "maxLength": 63, "pattern": "^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$"});
    json_schema!({"type": "object", "maxProperties": 64, "additionalProperties": value, "x-kubernetes-validations": rules})
}

fn texts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 64, "additionalProperties": {"type": "string", "maxLength": 4096},
        "x-kubernetes-validations": [{"rule": ANNOTATIONS, "message": "a key is no key of an annotation"}]})
}
