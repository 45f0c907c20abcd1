//! How others reach a notifier.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{About, some_of};
use crate::domain::object::{Exposure, Senders};

/// Ports are those that everybody expects, whichever the pods have.
pub fn service(about: &About<'_>) -> Service {
    let notifier = &about.plan().notifier;
    let mut metadata = about.metadata();
    metadata.annotations = some_of(&notifier.service.annotations);
    let mut ports = vec![port("http", 8080, "TCP"), port("sip", 5060, "UDP"), port("sip-tcp", 5060, "TCP")];
    if notifier.tls.is_some() {
        ports.push(port("sips", 5061, "TCP"));
    }
    let (type_, senders, class) = match &notifier.service.exposure {
        Exposure::Cluster => ("ClusterIP", None, None),
        Exposure::Nodes(senders) => ("NodePort", Some(senders), None),
        Exposure::LoadBalancer(senders, class) => ("LoadBalancer", Some(senders), class.clone()),
    };
    let policy = |senders: &Senders| match senders {
        Senders::Seen => "Local".to_owned(),
        Senders::Hidden => "Cluster".to_owned(),
    };
    Service {
        metadata,
        spec: Some(ServiceSpec {
            type_: Some(type_.to_owned()),
            external_traffic_policy: senders.map(policy),
            load_balancer_class: class,
            ports: Some(ports),
            selector: Some(about.selected()),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

fn port(name: &str, number: i32, protocol: &str) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port: number,
        protocol: Some(protocol.to_owned()),
        target_port: Some(IntOrString::String(name.to_owned())),
        ..ServicePort::default()
    }
}
