//! Whether gateways fit the dial plans that they serve, and each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::finding::Code;
use crate::domain::link::Linked;
use crate::domain::object::{Security, Status, UriType};
use crate::domain::route;
use crate::sip::text::Host;

pub fn gateways_fit_their_dial_plans(linked: &mut Linked) {
    for node in &mut linked.gateways {
        let secured = node
            .value
            .1
            .iter()
            .filter_map(|at| linked.dial_plans.get(*at as usize))
            .find(|plan| plan.value.security.is_tls());
        let Some(plan) = secured else { continue };
        let (gateway, notes) = (&node.value.0, &mut node.notes);
        let because = format!("UMDialPlan/{} is secured", plan.name);
        if gateway.simulator {
            notes.add(
                Code::SimulatorNotSecured,
                "spec.simulator",
                format!("{because}, and a simulator speaks plain SIP"),
                "link the simulator to a dial plan with `voipSecurity: Unsecured`",
            );
            continue;
        }
        if matches!(gateway.address, Some(Host::V4(_) | Host::V6(_))) {
            notes.add(
                Code::HostNameRequired,
                "spec.address",
                format!("{because}, and a certificate is checked against a host name"),
                "write the host name that stands in the gateway's certificate",
            );
        }
        if gateway.tls.is_none() {
            notes.add(
                Code::TlsMissing,
                "spec.tls",
                format!("{because}, and the gateway has no certificates to check and to show"),
                "add `tls` with caRef and certificateSecretRef",
            );
        }
        if let Some(port) = gateway.port.filter(|port| *port != 5061) {
            notes.add(
                Code::UnusualPort,
                "spec.port",
                format!("{because}, and port {port} is not 5061"),
                "leave port out, or make sure that the gateway takes TLS there",
            );
        }
    }
}

pub fn identities_fit_their_dial_plans(linked: &mut Linked) {
    for node in &mut linked.gateways {
        let without = node
            .value
            .1
            .iter()
            .filter_map(|at| linked.dial_plans.get(*at as usize))
            .find(|plan| plan.value.uri_type != UriType::SipName);
        let Some(plan) = without else { continue };
        let identity = &node.value.0.identity;
        for (field, template) in
            [("requestURI", &identity.request_uri), ("from", &identity.from), ("to", &identity.to)]
        {
            if template.as_ref().is_some_and(|template| template.names("sipResourceIdentifier")) {
                let message = format!(
                    "{{sipResourceIdentifier}} is no SIP address on UMDialPlan/{}, which is not of uriType SipName",
                    plan.name
                );
                node.notes.add(
                    Code::IdentityInvalid,
                    format!("spec.identity.{field}"),
                    message,
                    "write {number} or {extension}, as in sip:{number}@{gateway}",
                );
            }
        }
    }
}

pub fn gateway_addresses_differ(linked: &mut Linked) {
    let mut seen: BTreeMap<(String, u16), Arc<str>> = BTreeMap::new();
    for node in &mut linked.gateways {
        let gateway = &node.value.0;
        let Some(address) = gateway.address.as_ref().filter(|_| !gateway.simulator) else { continue };
        let mut plans = node.value.1.iter().filter_map(|at| linked.dial_plans.get(*at as usize));
        let security = if plans.any(|plan| plan.value.security.is_tls()) {
            Security::Secured
        } else {
            Security::Unsecured
        };
        let place = (
            address.to_string(),
            gateway.port.unwrap_or_else(|| route::default_port(route::way(security, gateway))),
        );
        match seen.get(&place) {
            Some(first) => node.notes.add(
                Code::DuplicateGatewayAddress,
                "spec.address",
                format!("UMIPGateway/{first} has the same address and port"),
                "keep one of the two, with huntGroups for all dial plans: failing over from one to the other leads nowhere",
            ),
            None => drop(seen.insert(place, Arc::clone(&node.name))),
        }
    }
}

/// With Lync, a dial plan has one gateway for outgoing calls (Exchange `OutcallsAllowed`); Lync's dial plans are of uriType SipName.
pub fn one_gateway_calls_out(linked: &mut Linked) {
    let routes = route::gateways_of(linked);
    for (plan, gateways) in linked.dial_plans.iter_mut().zip(&routes) {
        if plan.value.uri_type != UriType::SipName {
            continue;
        }
        let calls_out = |at: &&u32| {
            let gateway = linked.gateways.get(**at as usize).map(|node| &node.value.0);
            gateway.is_some_and(|gateway| {
                gateway.outcalls_allowed && gateway.status == Status::Enabled && !gateway.simulator
            })
        };
        let count = gateways.iter().filter(calls_out).count();
        if count > 1 {
            let message = format!("{count} gateways of this SipName dial plan allow outgoing calls");
            let advice = "where Lync uses this dial plan, set `outcallsAllowed: false` on all but one";
            plan.notes.add(Code::SeveralOutcallGateways, "", message, advice);
        }
    }
}
