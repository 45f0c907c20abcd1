//! The pods of a notifier as a set, what it stores on, and how many may be missing.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, PodTemplateSpec, VolumeResourceRequirements,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{About, pod, some_of};
use crate::domain::mounts::Mount;

/// The pods. `Parallel`: none waits for the health of another, so that a template that can't run is replaced by one that can.
pub fn stateful_set(about: &About<'_>, mounts: &[Mount]) -> StatefulSet {
    let notifier = &about.plan().notifier;
    StatefulSet {
        metadata: about.metadata(),
        spec: Some(StatefulSetSpec {
            replicas: Some(notifier.replicas.into()),
            pod_management_policy: Some("Parallel".to_owned()),
            selector: about.selector(),
            service_name: Some(about.name.clone()),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(about.pod_labels()),
                    annotations: some_of(&notifier.pod.annotations),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod::pod_spec(about, mounts)),
            },
            ..StatefulSetSpec::default()
        }),
        ..StatefulSet::default()
    }
}

/// The volume of SQLite. It has no owner: a dial plan that is deleted and made again finds its lamps.
pub fn volume_claim(about: &About<'_>, size: &str, class: Option<&String>) -> PersistentVolumeClaim {
    let storage = BTreeMap::from([("storage".to_owned(), Quantity(size.to_owned()))]);
    PersistentVolumeClaim {
        metadata: about.orphan_metadata(),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(VolumeResourceRequirements {
                requests: Some(storage),
                ..VolumeResourceRequirements::default()
            }),
            storage_class_name: class.cloned(),
            ..PersistentVolumeClaimSpec::default()
        }),
        ..PersistentVolumeClaim::default()
    }
}

/// Nodes are drained one notifier at a time; never is it forbidden altogether, and a pod that is not ready holds nobody up.
pub fn disruption_budget(about: &About<'_>) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: about.metadata(),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(about.selector()),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..PodDisruptionBudgetSpec::default()
        }),
        ..PodDisruptionBudget::default()
    }
}
