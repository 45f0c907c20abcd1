//! What only several objects show together: things that two claim, gateways that don't fit their dial plan, and
//! objects that have no effect. Each rule is one small function; the list below is the order in which they run.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::finding::{Code, Kind, Notes};
use super::link::{Linked, Node};
use super::object::Security;
use super::route;
use super::snapshot::{Facts, KeyName};
use crate::sip::text::Host;

/// Most gateways of a dial plan; beyond that Exchange's service did not start.
const MOST_GATEWAYS: usize = 200;

/// Runs every rule.
pub fn all(linked: &mut Linked, facts: &Facts) {
    display_names_are_unique(linked);
    extensions_belong_to_the_oldest_mailbox(linked);
    resources_belong_to_the_oldest_mailbox(linked);
    gateways_fit_their_dial_plans(linked);
    identities_fit_their_dial_plans(linked);
    gateway_addresses_differ(linked);
    keys_are_there(linked, facts);
    certificates_can_be_used(linked, facts);
    dial_plans_have_policies_and_gateways(linked);
    gateways_serve_a_dial_plan(linked);
    errors_reach_what_hangs_on_them(linked);
}

fn display_names_are_unique(linked: &mut Linked) {
    unique_names(Kind::DialPlan, &mut linked.dial_plans, |value| &value.display_name);
    unique_names(Kind::MailboxPolicy, &mut linked.policies, |value| &value.0.display_name);
    unique_names(Kind::Gateway, &mut linked.gateways, |value| &value.0.display_name);
}

fn unique_names<T>(kind: Kind, nodes: &mut [Node<T>], shown: impl Fn(&T) -> &str) {
    let claims = nodes.iter().enumerate().map(|(at, node)| (shown(&node.value).to_lowercase(), at));
    for (loser, winner, _) in losers(nodes, claims.collect()) {
        let Some(node) = nodes.get_mut(loser) else { continue };
        let message = format!("`{}` is already the display name of {kind}/{winner}", shown(&node.value));
        node.notes.add(
            Code::DuplicateDisplayName,
            "spec.displayName",
            message,
            "choose a display name that no other has; the older keeps it",
        );
    }
}

fn extensions_belong_to_the_oldest_mailbox(linked: &mut Linked) {
    let mut claims = Vec::with_capacity(linked.mailboxes.len());
    for (at, node) in linked.mailboxes.iter().enumerate() {
        if let Some(plan) = node.value.dial_plan {
            claims
                .extend(node.value.own.extensions.iter().flatten().map(|extension| ((plan, *extension), at)));
        }
    }
    for (loser, winner, (_, extension)) in losers(&linked.mailboxes, claims) {
        let Some(node) = linked.mailboxes.get_mut(loser) else { continue };
        let mut entries = node.value.own.extensions.iter_mut().enumerate();
        let Some((nth, lost)) = entries.find(|(_, entry)| **entry == Some(extension)) else { continue };
        *lost = None;
        let message = format!("extension {} already belongs to UMMailbox/{winner}", extension.as_str());
        let advice = "choose an extension that is free in the dial plan; the older mailbox keeps it";
        node.notes.add(Code::DuplicateExtension, format!("spec.extensions[{nth}]"), message, advice);
    }
}

fn resources_belong_to_the_oldest_mailbox(linked: &mut Linked) {
    let claim = |(at, node): (usize, &Node<super::link::LinkedMailbox>)| {
        let resource = node.value.own.resource.as_ref()?;
        Some(((node.value.dial_plan?, resource.as_str().to_lowercase()), at))
    };
    let claims = linked.mailboxes.iter().enumerate().filter_map(claim).collect();
    for (loser, winner, (_, resource)) in losers(&linked.mailboxes, claims) {
        let Some(node) = linked.mailboxes.get_mut(loser) else { continue };
        node.value.own.resource = None;
        let message = format!("{resource} already belongs to UMMailbox/{winner}");
        let advice = "choose an address that is free in the dial plan; the older mailbox keeps it";
        node.notes.add(Code::DuplicateSipResourceIdentifier, "spec.sipResourceIdentifier", message, advice);
    }
}

fn gateways_fit_their_dial_plans(linked: &mut Linked) {
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

fn identities_fit_their_dial_plans(linked: &mut Linked) {
    for node in &mut linked.gateways {
        let without = node
            .value
            .1
            .iter()
            .filter_map(|at| linked.dial_plans.get(*at as usize))
            .find(|plan| plan.value.uri_type != super::object::UriType::SipName);
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

fn gateway_addresses_differ(linked: &mut Linked) {
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

fn keys_are_there(linked: &mut Linked, facts: &Facts) {
    if facts.missing_keys.is_empty() {
        return;
    }
    for node in &mut linked.dial_plans {
        let Some(tls) = &node.value.tls else { continue };
        key_is_there(&mut node.notes, facts, "spec.notifier.sip.tls.clientCARef", &tls.client_ca);
        certificate_is_there(
            &mut node.notes,
            facts,
            "spec.notifier.sip.tls.certificateSecretRef",
            &tls.certificate_secret,
        );
    }
    for node in &mut linked.gateways {
        if let Some(auth) = &node.value.0.auth {
            key_is_there(&mut node.notes, facts, "spec.auth.passwordSecretRef", &auth.password);
        }
        if let Some(tls) = &node.value.0.tls {
            key_is_there(&mut node.notes, facts, "spec.tls.caRef", &tls.ca);
            certificate_is_there(
                &mut node.notes,
                facts,
                "spec.tls.certificateSecretRef",
                &tls.certificate_secret,
            );
        }
    }
}

fn certificates_can_be_used(linked: &mut Linked, facts: &Facts) {
    for node in &mut linked.gateways {
        if let Some(reason) = facts.bad_certificates.get(&*node.name) {
            let message = format!("its certificates can't be used: {reason}");
            let advice = "put PEM text into the Secret: the CA's certificates under the key of caRef, and a certificate with its own key under tls.crt and tls.key";
            node.notes.add(Code::CertificateInvalid, "spec.tls", message, advice);
        }
    }
}

fn certificate_is_there(notes: &mut Notes, facts: &Facts, path: &str, secret: &str) {
    for key in ["tls.crt", "tls.key"] {
        key_is_there(notes, facts, path, &KeyName { name: secret.to_owned(), key: key.to_owned() });
    }
}

fn key_is_there(notes: &mut Notes, facts: &Facts, path: &str, key: &KeyName) {
    if facts.missing_keys.contains(key) {
        let KeyName { name, key } = key;
        let what = if path.ends_with("SecretRef") { "Secret" } else { "Secret or ConfigMap" };
        notes.add(
            Code::SecretNotFound,
            path,
            format!("there is no {what} {name} with the key {key}"),
            "create it in this namespace, or name one that is there",
        );
    }
}

fn dial_plans_have_policies_and_gateways(linked: &mut Linked) {
    let routes = route::gateways_of(linked);
    let mut with_policy = vec![false; linked.dial_plans.len()];
    for plan in linked.policies.iter().filter_map(|node| node.value.1) {
        if let Some(flag) = with_policy.get_mut(plan as usize) {
            *flag = true;
        }
    }
    for ((node, gateways), with_policy) in linked.dial_plans.iter_mut().zip(&routes).zip(with_policy) {
        if !with_policy {
            node.notes.add(
                Code::NoMailboxPolicy,
                "",
                "no mailbox policy belongs to this dial plan, so it can have no mailbox",
                "create a UMMailboxPolicy with this dialPlanRef",
            );
        }
        if gateways.len() > MOST_GATEWAYS {
            node.notes.add(
                Code::TooManyGateways,
                "",
                format!("{} gateways serve this dial plan", gateways.len()),
                format!("at most {MOST_GATEWAYS} are possible: split the dial plan"),
            );
        }
        let usable = gateways.iter().filter_map(|at| linked.gateways.get(*at as usize)).any(route::is_usable);
        if gateways.is_empty() {
            node.notes.add(
                Code::NoGateway,
                "",
                "no gateway serves this dial plan, so no lamp can be lit",
                "set dialPlanRef or huntGroups on a UMIPGateway",
            );
        } else if !usable {
            node.notes.add(
                Code::NoGatewayForMWI,
                "",
                "every gateway of this dial plan is disabled, refuses NOTIFY or has errors, so no lamp can be lit",
                "on one of them, set `status: Enabled` and `messageWaitingIndicatorAllowed: true`, and mend its errors",
            );
        }
    }
}

fn gateways_serve_a_dial_plan(linked: &mut Linked) {
    for node in &mut linked.gateways {
        if node.value.0.groups.is_empty() {
            node.notes.add(
                Code::NoDialPlan,
                "spec.dialPlanRef",
                "the gateway serves no dial plan, so it has no effect",
                "set dialPlanRef or huntGroups",
            );
        }
    }
}

/// What hangs on an object with errors is frozen, and says so. Runs last, when the errors are all known.
fn errors_reach_what_hangs_on_them(linked: &mut Linked) {
    let Linked { dial_plans, policies, gateways, mailboxes } = linked;
    let unsound = |at: u32| dial_plans.get(at as usize).filter(|plan| !plan.is_sound());
    for node in policies.iter_mut() {
        if let Some(plan) = node.value.1.and_then(unsound) {
            depends(&mut node.notes, Code::DialPlanInvalid, Kind::DialPlan, "spec.dialPlanRef.name", plan);
        }
    }
    for node in gateways.iter_mut() {
        for plan in node.value.1.iter().filter_map(|at| unsound(*at)) {
            let path = node
                .value
                .0
                .groups
                .iter()
                .find(|group| *group.dial_plan == *plan.name)
                .map_or("", |group| &group.path);
            depends(&mut node.notes, Code::DialPlanInvalid, Kind::DialPlan, path, plan);
        }
    }
    for node in mailboxes.iter_mut() {
        let policy = node.value.policy.and_then(|at| policies.get(at as usize));
        if let Some(policy) = policy.filter(|policy| policy.notes.any_error().is_some()) {
            depends(
                &mut node.notes,
                Code::MailboxPolicyInvalid,
                Kind::MailboxPolicy,
                "spec.mailboxPolicyRef.name",
                policy,
            );
        }
    }
}

fn depends<T>(notes: &mut Notes, code: Code, kind: Kind, path: &str, on: &Node<T>) {
    let Some(cause) = on.notes.any_error() else { return };
    let name = &on.name;
    let message = format!("{kind}/{name} has errors ({})", cause.code);
    notes.add(
        code,
        path,
        message,
        format!("mend {kind}/{name}; until then the lamps that hang on it stay as they are"),
    );
}

/// For each thing that several claim: who loses it, to whom, and what it is, in the order of the claims.
fn losers<T, K: Ord + Clone>(nodes: &[Node<T>], mut claims: Vec<(K, usize)>) -> Vec<(usize, Arc<str>, K)> {
    let senior = |at: &usize| nodes.get(*at).map(Node::seniority);
    claims.sort_by(|(a, a_at), (b, b_at)| a.cmp(b).then_with(|| senior(a_at).cmp(&senior(b_at))));
    let mut lost = Vec::new();
    for group in claims.chunk_by(|(a, _), (b, _)| a == b) {
        let Some(((_, first), others)) = group.split_first() else { continue };
        let Some(winner) = nodes.get(*first).map(|node| &node.name) else { continue };
        lost.extend(others.iter().map(|(key, at)| (*at, Arc::clone(winner), key.clone())));
    }
    lost
}
