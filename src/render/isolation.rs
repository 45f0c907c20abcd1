//! Whom a notifier's pods may speak to, and who may speak to them.
//!
//! A NetworkPolicy knows addresses, not host names. So where a gateway or a server is named, its port is open to anywhere; and where a gateway
//! that may subscribe is named, SIP comes in from anywhere. NetworkPolicies add up: one of the user's with the same labels opens what is
//! missing here, such as another port of a database, whose address stands in a Secret.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::About;
use super::pod::HTTP_PORT;
use crate::domain::network::{Network, Peers, Protocol, Reach, Target};

/// Everything that is not named is closed, both ways.
pub fn network_policy(about: &About<'_>, reach: &Reach) -> NetworkPolicy {
    NetworkPolicy {
        metadata: about.metadata(),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(about.selector()),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: Some(ingress(about, &reach.peers)),
            egress: Some(egress(about, &reach.targets)),
        }),
    }
}

/// HTTP from anywhere, since callers have tokens and may be outside of the cluster; SIP from those who may subscribe.
fn ingress(about: &About<'_>, peers: &Peers) -> Vec<NetworkPolicyIngressRule> {
    let notifier = &about.plan().notifier;
    let http = NetworkPolicyIngressRule { ports: Some(vec![port(Protocol::Tcp, HTTP_PORT)]), from: None };
    let mut sip = vec![port(Protocol::Udp, notifier.sip_port), port(Protocol::Tcp, notifier.sip_port)];
    sip.extend(notifier.tls.as_ref().map(|tls| port(Protocol::Tcp, tls.port)));
    let from = match peers {
        Peers::Anybody => None,
        // No sender is none at all; a rule with an empty list of them would let everybody in.
        Peers::Of(networks) if networks.is_empty() => return vec![http],
        Peers::Of(networks) => Some(networks.iter().map(peer).collect()),
    };
    vec![http, NetworkPolicyIngressRule { ports: Some(sip), from }]
}

/// Names and the API server wherever they are, then one rule a port.
fn egress(about: &About<'_>, targets: &BTreeSet<Target>) -> Vec<NetworkPolicyEgressRule> {
    let api: BTreeSet<u16> = about.settings.api_server_ports.iter().copied().collect();
    let anywhere = |ports| NetworkPolicyEgressRule { ports: Some(ports), to: None };
    let mut rules = vec![anywhere(vec![port(Protocol::Udp, 53), port(Protocol::Tcp, 53)])];
    rules.extend(
        (!api.is_empty()).then(|| anywhere(api.iter().map(|api| port(Protocol::Tcp, *api)).collect())),
    );
    let mut ports: BTreeMap<(Protocol, u16), Vec<Option<Network>>> = BTreeMap::new();
    for target in targets {
        ports.entry((target.protocol, target.port)).or_default().push(target.network);
    }
    rules.extend(ports.into_iter().map(|((protocol, number), networks)| {
        let networks: Option<Vec<Network>> = networks.into_iter().collect();
        NetworkPolicyEgressRule {
            ports: Some(vec![port(protocol, number)]),
            to: networks.map(|networks| networks.iter().map(peer).collect()),
        }
    }));
    rules
}

fn port(protocol: Protocol, number: u16) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::Int(number.into())),
        protocol: Some(super::pod::protocol(protocol)),
        ..NetworkPolicyPort::default()
    }
}

fn peer(network: &Network) -> NetworkPolicyPeer {
    let block = IPBlock { cidr: network.to_string(), ..IPBlock::default() };
    NetworkPolicyPeer { ip_block: Some(block), ..NetworkPolicyPeer::default() }
}
