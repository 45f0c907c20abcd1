//! One pod of a notifier. It passes Pod Security "restricted", unless the dial plan asks for the node's network.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, EnvVarSource, HTTPGetAction,
    LocalObjectReference, ObjectFieldSelector, PersistentVolumeClaimVolumeSource, PodSecurityContext,
    PodSpec, Probe, ResourceRequirements, SeccompProfile, SecurityContext, Sysctl, TopologySpreadConstraint,
    Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{About, mount, some, some_of};
use crate::domain::mounts::Mount;
use crate::domain::network::Protocol;
use crate::domain::object::Store;

/// Port for message state, settings, health and metrics.
pub const HTTP_PORT: u16 = 8080;
/// User and group of the program; the image has the same.
const USER: i64 = 65_532;
/// Seconds to end in: a NOTIFY in flight may take 32 (Timer F of RFC 3261), then the store is closed.
const GRACE: i64 = 45;
/// The first port that needs no privilege.
const FIRST_FREE_PORT: u16 = 1024;

pub fn pod_spec(about: &About<'_>, mounts: &[Mount]) -> PodSpec {
    let pod = &about.plan().notifier.pod;
    PodSpec {
        service_account_name: Some(about.name.clone()),
        automount_service_account_token: Some(true),
        // The addresses of all Services of the namespace, as environment, are of no use to it.
        enable_service_links: Some(false),
        termination_grace_period_seconds: Some(GRACE),
        security_context: Some(pod_security(about)),
        containers: vec![container(about, mounts)],
        volumes: some(volumes(about, mounts)),
        image_pull_secrets: some(image_pull_secrets(about)),
        node_selector: some_of(&pod.node_selector),
        tolerations: some(pod.tolerations.clone()),
        affinity: pod.affinity.clone(),
        topology_spread_constraints: some(topology_spread(about)),
        priority_class_name: pod.priority_class.clone(),
        host_network: pod.host_network.then_some(true),
        // Without it, a pod in the node's network asks the node's DNS, which knows no Service.
        dns_policy: pod.host_network.then(|| "ClusterFirstWithHostNet".to_owned()),
        ..PodSpec::default()
    }
}

fn container(about: &About<'_>, mounts: &[Mount]) -> Container {
    let settings = about.settings;
    Container {
        name: "notifier".to_owned(),
        image: Some(settings.image.clone()),
        image_pull_policy: settings.image_pull_policy.clone(),
        args: Some(["notifier", "--dial-plan", &*about.node.name].map(str::to_owned).into()),
        env: Some(vec![
            from_pod("POD_NAME", "metadata.name"),
            from_pod("POD_NAMESPACE", "metadata.namespace"),
            from_pod("POD_UID", "metadata.uid"),
            from_pod("POD_IP", "status.podIP"),
        ]),
        ports: Some(ports(about)),
        // The store is checked at the start, which takes its time when it is large.
        startup_probe: Some(probe("/healthz", 2, 150)),
        liveness_probe: Some(probe("/healthz", 10, 6)),
        readiness_probe: Some(probe("/readyz", 5, 3)),
        resources: Some(about.plan().notifier.pod.resources.clone().unwrap_or_else(usual_resources)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..SecurityContext::default()
        }),
        volume_mounts: some(volume_mounts(about, mounts)),
        ..Container::default()
    }
}

fn from_pod(name: &str, field: &str) -> EnvVar {
    let field = ObjectFieldSelector { api_version: Some("v1".to_owned()), field_path: field.to_owned() };
    EnvVar {
        name: name.to_owned(),
        value_from: Some(EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() }),
        ..EnvVar::default()
    }
}

/// The ports that it listens on. Of two that are one, the first stands, since an API server takes no pod with both; the notifier says which it
/// could not open.
fn ports(about: &About<'_>) -> Vec<ContainerPort> {
    let notifier = &about.plan().notifier;
    let mut seen = BTreeSet::new();
    let all = [
        ("http", Protocol::Tcp, Some(HTTP_PORT)),
        ("sip", Protocol::Udp, Some(notifier.sip_port)),
        ("sip-tcp", Protocol::Tcp, Some(notifier.sip_port)),
        ("sips", Protocol::Tcp, notifier.tls.as_ref().map(|tls| tls.port)),
    ];
    let port = |(name, of, number): (&str, Protocol, Option<u16>)| {
        let number = number.filter(|number| seen.insert((of, *number)))?;
        Some(ContainerPort {
            name: Some(name.to_owned()),
            container_port: number.into(),
            protocol: Some(protocol(of)),
            ..ContainerPort::default()
        })
    };
    all.into_iter().filter_map(port).collect()
}

/// The protocol as Kubernetes writes it.
pub fn protocol(protocol: Protocol) -> String {
    match protocol {
        Protocol::Tcp => "TCP".to_owned(),
        Protocol::Udp => "UDP".to_owned(),
    }
}

/// A look at the HTTP port. It tells in plain text how it is, with TLS and without: a certificate that can't be used must not restart a
/// notifier that lights lamps.
fn probe(path: &str, period: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String("http".to_owned()),
            scheme: Some("HTTP".to_owned()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period),
        timeout_seconds: Some(3),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

/// Unless the dial plan says otherwise. Memory is limited, since it grows with what others send; the processor is not, since a lamp that
/// waits for its turn is late.
fn usual_resources() -> ResourceRequirements {
    let table = |of: &[(&str, &str)]| -> BTreeMap<String, Quantity> {
        of.iter().map(|(key, value)| ((*key).to_owned(), Quantity((*value).to_owned()))).collect()
    };
    ResourceRequirements {
        requests: Some(table(&[("cpu", "50m"), ("memory", "64Mi")])),
        limits: Some(table(&[("memory", "512Mi")])),
        ..ResourceRequirements::default()
    }
}

fn pod_security(about: &About<'_>) -> PodSecurityContext {
    let notifier = &about.plan().notifier;
    let lowest = notifier.tls.iter().map(|tls| tls.port).fold(notifier.sip_port, u16::min);
    // A port below 1024 is no privilege in a network of the pod's own; the node's is not ours to change.
    let opens = lowest < FIRST_FREE_PORT && !notifier.pod.host_network;
    let open =
        || Sysctl { name: "net.ipv4.ip_unprivileged_port_start".to_owned(), value: lowest.to_string() };
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(USER),
        run_as_group: Some(USER),
        fs_group: Some(USER),
        fs_group_change_policy: Some("OnRootMismatch".to_owned()),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
        sysctls: opens.then(|| vec![open()]),
        ..PodSecurityContext::default()
    }
}

/// The store's volume, a place for what SQLite does not keep in memory and for the socket that programs in the pod ask at, and what is mounted.
fn volumes(about: &About<'_>, mounts: &[Mount]) -> Vec<Volume> {
    let mut volumes = Vec::new();
    if has_file(about) {
        let claim = PersistentVolumeClaimVolumeSource { claim_name: about.name.clone(), read_only: None };
        volumes.push(Volume {
            name: "data".to_owned(),
            persistent_volume_claim: Some(claim),
            ..Volume::default()
        });
    }
    let empty = EmptyDirVolumeSource { size_limit: Some(Quantity("64Mi".to_owned())), medium: None };
    volumes.push(Volume { name: "tmp".to_owned(), empty_dir: Some(empty), ..Volume::default() });
    volumes.extend(mounts.iter().map(mount::volume));
    volumes
}

fn volume_mounts(about: &About<'_>, mounts: &[Mount]) -> Vec<VolumeMount> {
    let at = |name: &str, path: &str| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        ..VolumeMount::default()
    };
    let mut all = Vec::new();
    if has_file(about) {
        all.push(at("data", "/var/lib/lamplighter"));
    }
    all.push(at("tmp", "/tmp"));
    all.extend(mounts.iter().map(mount::volume_mount));
    all
}

fn has_file(about: &About<'_>) -> bool {
    matches!(about.plan().notifier.store, Store::Sqlite { .. })
}

fn image_pull_secrets(about: &About<'_>) -> Vec<LocalObjectReference> {
    let of_plan = &about.plan().notifier.pod.image_pull_secrets;
    let names: BTreeSet<&String> = about.settings.image_pull_secrets.iter().chain(of_plan).collect();
    names.into_iter().map(|name| LocalObjectReference { name: name.clone() }).collect()
}

/// As the dial plan says; else several replicas go to different nodes and zones as far as that is possible.
fn topology_spread(about: &About<'_>) -> Vec<TopologySpreadConstraint> {
    let notifier = &about.plan().notifier;
    if notifier.replicas <= 1 || !notifier.pod.topology_spread.is_empty() {
        return notifier.pod.topology_spread.clone();
    }
    let over = |key: &str| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: key.to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(about.selector()),
        ..TopologySpreadConstraint::default()
    };
    vec![over("kubernetes.io/hostname"), over("topology.kubernetes.io/zone")]
}
