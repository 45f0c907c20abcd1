//! Objects and settings that have no effect, or one that was hardly meant.

use crate::domain::finding::Code;
use crate::domain::link::Linked;
use crate::domain::object::UriType;
use crate::domain::route;
use crate::domain::snapshot::default_policy_name;

/// Most gateways of a dial plan; beyond that Exchange's service did not start.
const MOST_GATEWAYS: usize = 200;
/// More mailboxes than that deserve a policy of their own.
const FEW: u32 = 100;

pub fn dial_plans_have_policies_and_gateways(linked: &mut Linked) {
    let routes = route::gateways_of(linked);
    // Whether it has a policy, and whether any of them allows MWI.
    let mut policies = vec![(false, false); linked.dial_plans.len()];
    for (policy, plan) in linked.policies.iter().map(|node| &node.value) {
        if let Some(seen) = plan.and_then(|plan| policies.get_mut(plan as usize)) {
            *seen = (true, seen.1 || policy.allow_mwi);
        }
    }
    for ((node, gateways), (has_policy, wants_lamps)) in
        linked.dial_plans.iter_mut().zip(&routes).zip(policies)
    {
        if !has_policy {
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
        } else if !usable && (wants_lamps || !has_policy) {
            node.notes.add(
                Code::NoGatewayForMWI,
                "",
                "every gateway of this dial plan is disabled, refuses NOTIFY or has errors, so no lamp can be lit",
                "on one of them, set `status: Enabled` and `messageWaitingIndicatorAllowed: true`, and mend its errors",
            );
        }
    }
}

pub fn gateways_serve_a_dial_plan(linked: &mut Linked) {
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

/// Fax that is allowed needs a dial plan that carries it and a server that fits.
pub fn fax_has_a_way(linked: &mut Linked) {
    for node in linked.policies.iter_mut().filter(|node| node.value.0.fax) {
        let Some(plan) = node.value.1.and_then(|at| linked.dial_plans.get(at as usize)) else { continue };
        if plan.value.uri_type == UriType::SipName {
            let message =
                format!("fax does not work on UMDialPlan/{}, which is of uriType SipName", plan.name);
            node.notes.add(Code::FaxOnSipNamePlan, "spec.allowFax", message, "set allowFax: false");
        }
        let (servers, tls) = (&node.value.0.fax_servers, plan.value.security.is_tls());
        if !servers.is_empty() && servers.iter().all(|server| server.tls != tls) {
            let wanted = if tls { "tls" } else { "tcp" };
            let message = format!(
                "UMDialPlan/{} is {}, and no fax server is reached that way",
                plan.name, plan.value.security
            );
            let advice = format!(
                "add an address with transport={wanted}, as in sip:fax.example.com;transport={wanted}"
            );
            node.notes.add(Code::FaxServerUnfit, "spec.faxServerURI", message, advice);
        }
    }
}

/// The default policy of a dial plan is for the first days.
pub fn default_policies_are_for_few(linked: &mut Linked) {
    let mut mailboxes = vec![0_u32; linked.policies.len()];
    for policy in linked.mailboxes.iter().filter_map(|node| node.value.policy) {
        if let Some(count) = mailboxes.get_mut(policy as usize) {
            *count = count.saturating_add(1);
        }
    }
    for (node, count) in linked.policies.iter_mut().zip(mailboxes) {
        if count > FEW && *node.name == *default_policy_name(&node.value.0.dial_plan) {
            let message =
                format!("{count} mailboxes use the default policy of UMDialPlan/{}", node.value.0.dial_plan);
            let advice = "make policies for the groups that they belong to, so that a change reaches those whom it is meant for";
            node.notes.add(Code::DefaultPolicyUsedByMany, "", message, advice);
        }
    }
}
