//! Which gateways carry the NOTIFY of a dial plan, and in which order.

use super::finding::{Code, Finding};
use super::link::{Linked, Node};
use super::object::{Gateway, Security, Status, Transport};

/// The way to one gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Plain UDP.
    Udp,
    /// Plain TCP.
    Tcp,
    /// TLS, where both sides show a certificate.
    Tls,
}

/// Port that is meant when a gateway gives none.
#[must_use]
pub const fn default_port(way: Way) -> u16 {
    match way {
        Way::Udp | Way::Tcp => 5060,
        Way::Tls => 5061,
    }
}

/// Port of a gateway on a dial plan: its own, else the default. A simulator without one takes any that is free.
#[must_use]
pub fn port(security: Security, gateway: &Gateway) -> Option<u16> {
    let by_default = (!gateway.simulator).then(|| default_port(way(security, gateway)));
    gateway.port.or(by_default)
}

/// Gateways of each dial plan in the order in which they are tried: by priority, then by name.
#[must_use]
pub fn gateways_of(linked: &Linked) -> Vec<Vec<u32>> {
    let mut of = vec![Vec::new(); linked.dial_plans.len()];
    for (node, at) in linked.gateways.iter().zip(0_u32..) {
        for plan in &node.value.1 {
            if let Some(list) = of.get_mut(*plan as usize) {
                list.push(at);
            }
        }
    }
    for list in &mut of {
        // Gateways are sorted by name, and the sort is stable.
        list.sort_by_key(|at| linked.gateways.get(*at as usize).map(|node| node.value.0.priority));
    }
    of
}

/// Whether a gateway takes NOTIFY by its own switches (Exchange `Status`, `MessageWaitingIndicatorAllowed`).
#[must_use]
pub const fn takes_notify(gateway: &Gateway) -> bool {
    !matches!(gateway.status, Status::Disabled) && gateway.mwi_allowed
}

/// Whether NOTIFY can go to a gateway: it takes NOTIFY and has no error that stands in the way.
#[must_use]
pub fn is_usable(node: &Node<(Gateway, Vec<u32>)>) -> bool {
    takes_notify(&node.value.0) && obstacle(node).is_none()
}

/// The first error of a gateway that keeps NOTIFY from it. A dial plan that is missing darkens nothing for the others that it serves.
#[must_use]
pub fn obstacle(node: &Node<(Gateway, Vec<u32>)>) -> Option<&Finding> {
    let harmless = |code| matches!(code, Code::DialPlanNotFound | Code::DialPlanInvalid);
    let unusable = |code| matches!(code, Code::SecretNotFound | Code::CertificateInvalid);
    let blocks = |finding: &Finding| finding.stops_lamps() || unusable(finding.code);
    node.notes.all().iter().find(|finding| blocks(finding) && !harmless(finding.code))
}

/// Transport to a gateway on a dial plan (Exchange `VoIPSecurity`).
#[must_use]
pub const fn way(security: Security, gateway: &Gateway) -> Way {
    match (security.is_tls(), gateway.transport) {
        (true, _) => Way::Tls,
        (false, Transport::Udp) => Way::Udp,
        (false, Transport::Tcp) => Way::Tcp,
    }
}
