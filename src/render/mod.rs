//! What the notifier of a dial plan consists of in a cluster: an outcome goes in, Kubernetes objects come out, the same bytes for the
//! same input. What an object is comes from the types of `k8s-openapi`.
//!
//! It must not know a client, a clock or what is in the cluster; [`differs`] is told what is there. It decides nothing about lamps, and
//! nothing here depends on how pods fare: what is broken is replaced by what is right, whatever its health.

mod access;
mod child;
mod differs;
mod isolation;
mod mount;
mod notifier;
mod pod;
mod quantity;
mod service;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use kube::Resource as _;

use crate::api::UMDialPlan;
use crate::domain::object::{DialPlan, Store};
use crate::domain::{Node, Outcome};

pub use crate::api::MANAGED_BY;
pub use child::{Child, ChildKind, RENDERED};
pub use differs::differs;

/// Label with the name of the dial plan that an object belongs to.
pub const DIAL_PLAN: &str = "um.lamplighter.dev/dial-plan";
/// Ports of the API server that are usual: of managed clusters, and of kubeadm.
pub const API_SERVER_PORTS: [u16; 2] = [443, 6443];

/// The dial plan as owner of its notifier's objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `metadata.uid` of the dial plan.
    pub uid: String,
}

/// What the operator adds to what the dial plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The namespace of the dial plan.
    pub namespace: String,
    /// The image of the notifier.
    pub image: String,
    /// `imagePullPolicy` of the image; none: as the API server has it by default.
    pub image_pull_policy: Option<String>,
    /// Secrets with which every image is pulled.
    pub image_pull_secrets: Vec<String>,
    /// Version of the program, for people.
    pub version: String,
    /// Ports of the API server's addresses, to which pods may connect.
    pub api_server_ports: Vec<u16>,
}

/// The objects of the notifier of the dial plan with that index, each after those that it needs. None: those that are there stay as they
/// are ([`Outcome::objects_stay`]), and none is deleted.
///
/// The pod template has no hash of the configuration: a notifier watches the resources itself, and whatever needs another pod (image, ports,
/// volumes) stands in the template as it is.
#[must_use]
pub fn children(outcome: &Outcome, at: usize, owner: &Owner, settings: &Settings) -> Option<Vec<Child>> {
    let node = outcome.linked.dial_plans.get(at).filter(|_| !outcome.objects_stay(at))?;
    let reach = outcome.reach(at)?;
    let notifier = About { node, owner, settings, name: notifier_name(&node.name) };
    let mut children = vec![
        Child::new(ChildKind::ServiceAccount, access::service_account(&notifier)),
        Child::new(ChildKind::Role, access::role(&notifier)),
        Child::new(ChildKind::RoleBinding, access::role_binding(&notifier)),
        Child::new(ChildKind::NetworkPolicy, isolation::network_policy(&notifier, &reach)),
    ];
    if let Store::Sqlite { size, class } = &node.value.notifier.store {
        let claim = notifier::volume_claim(&notifier, size, class.as_ref());
        children.push(Child::new(ChildKind::PersistentVolumeClaim, claim));
    }
    children.extend([
        Child::new(ChildKind::Service, service::service(&notifier)),
        Child::new(ChildKind::PodDisruptionBudget, notifier::disruption_budget(&notifier)),
        Child::new(ChildKind::StatefulSet, notifier::stateful_set(&notifier, &outcome.mounts(at))),
    ]);
    Some(children)
}

/// The name that all objects of a dial plan's notifier have.
#[must_use]
pub fn notifier_name(dial_plan: &str) -> String {
    format!("{dial_plan}-notifier")
}

/// The notifier that objects are made for.
struct About<'a> {
    node: &'a Node<DialPlan>,
    owner: &'a Owner,
    settings: &'a Settings,
    /// The name of each of its objects.
    name: String,
}

impl About<'_> {
    fn plan(&self) -> &DialPlan {
        &self.node.value
    }

    /// Labels that pods are selected by; a StatefulSet can't change them.
    fn selected(&self) -> BTreeMap<String, String> {
        labels([
            ("app.kubernetes.io/name", "lamplighter-notifier"),
            ("app.kubernetes.io/instance", &self.name),
            ("app.kubernetes.io/component", "notifier"),
            (DIAL_PLAN, &self.node.name),
        ])
    }

    fn selector(&self) -> LabelSelector {
        LabelSelector { match_labels: Some(self.selected()), ..LabelSelector::default() }
    }

    /// Labels of pods: without the version, which alone is no reason for another pod.
    fn pod_labels(&self) -> BTreeMap<String, String> {
        let mut all = self.plan().notifier.pod.labels.clone();
        all.extend(self.selected());
        all.extend(labels([("app.kubernetes.io/part-of", "lamplighter"), MANAGED_BY]));
        all
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let mut all = self.selected();
        all.extend(labels([("app.kubernetes.io/part-of", "lamplighter"), MANAGED_BY]));
        let version = label_value(&self.settings.version);
        all.extend((!version.is_empty()).then(|| ("app.kubernetes.io/version".to_owned(), version)));
        all
    }

    /// Metadata of an object that lives on without its dial plan.
    fn orphan_metadata(&self) -> ObjectMeta {
        ObjectMeta {
            name: Some(self.name.clone()),
            namespace: Some(self.settings.namespace.clone()),
            labels: Some(self.labels()),
            ..ObjectMeta::default()
        }
    }

    /// Metadata of an object that goes with its dial plan.
    fn metadata(&self) -> ObjectMeta {
        let owner = OwnerReference {
            api_version: UMDialPlan::api_version(&()).into_owned(),
            kind: UMDialPlan::kind(&()).into_owned(),
            name: self.node.name.to_string(),
            uid: self.owner.uid.clone(),
            controller: Some(true),
            // Blocking needs a right on finalizers of dial plans where that is checked, as in OpenShift, and serves nobody.
            block_owner_deletion: None,
        };
        ObjectMeta { owner_references: Some(vec![owner]), ..self.orphan_metadata() }
    }
}

fn labels<const N: usize>(of: [(&str, &str); N]) -> BTreeMap<String, String> {
    of.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// A text as the value of a label can have it: `1.2.0+build` becomes `1.2.0-build`.
fn label_value(text: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let text: String = text.chars().take(63).map(fit).collect();
    text.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

/// A list, or nothing where it is empty: an empty list is not applied.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

/// A table, or nothing where it is empty.
fn some_of(table: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    Some(table.clone()).filter(|table| !table.is_empty())
}
