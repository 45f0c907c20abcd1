//! Things of which there is one, and which several objects claim: the oldest keeps it.

use serde_json::json;

use super::losers;
use crate::domain::finding::{Code, Kind};
use crate::domain::link::{Linked, LinkedMailbox, Node};
use crate::domain::object::{MailboxPolicy, spoken};
use crate::domain::shown::short;

pub fn display_names_are_unique(linked: &mut Linked) {
    unique_names(Kind::DialPlan, &mut linked.dial_plans, |value| Some(&value.display_name));
    // The operator may make a default policy in the moment before somebody's own policy of its display name comes; neither is at fault.
    let claimed = |policy: &MailboxPolicy| !policy.is_generated;
    unique_names(Kind::MailboxPolicy, &mut linked.policies, |value| {
        claimed(&value.0).then_some(&*value.0.display_name)
    });
    unique_names(Kind::Gateway, &mut linked.gateways, |value| Some(&value.0.display_name));
}

fn unique_names<T>(kind: Kind, nodes: &mut [Node<T>], shown: impl Fn(&T) -> Option<&str>) {
    let claims = nodes.iter().enumerate();
    let claims = claims.filter_map(|(at, node)| Some((shown(&node.value)?.to_lowercase(), at)));
    for (loser, winner, _) in losers(nodes, claims.collect()) {
        let Some(node) = nodes.get_mut(loser) else { continue };
        let name = short(shown(&node.value).unwrap_or_default());
        let message = format!("`{name}` is already the display name of {kind}/{winner}");
        node.notes.add(
            Code::DuplicateDisplayName,
            "spec.displayName",
            message,
            "choose a display name that no other has; the older keeps it",
        );
    }
}

/// Exchange `AccessTelephoneNumbers`: a number leads to one dial plan.
pub fn access_numbers_belong_to_the_oldest_dial_plan(linked: &mut Linked) {
    let mut claims = Vec::new();
    for (at, node) in linked.dial_plans.iter().enumerate() {
        claims.extend(node.value.access_numbers.iter().flatten().map(|number| (spoken(number), at)));
    }
    for (loser, winner, number) in losers(&linked.dial_plans, claims) {
        let Some(node) = linked.dial_plans.get_mut(loser) else { continue };
        let mut entries = node.value.access_numbers.iter_mut().enumerate();
        let of_number =
            |entry: &Option<Box<str>>| entry.as_deref().is_some_and(|text| spoken(text) == number);
        let Some((nth, lost)) = entries.find(|(_, entry)| of_number(entry)) else { continue };
        let text = lost.take().unwrap_or_default();
        let kept = json!(node.value.access_numbers.iter().flatten().collect::<Vec<_>>());
        let mut served = node.value.served.iter_mut();
        if let Some((_, value)) = served.find(|(key, _)| *key == "accessTelephoneNumbers") {
            *value = kept;
        }
        let message = format!("access number {text} already belongs to UMDialPlan/{winner}");
        let advice = "an access number leads to one dial plan: remove it from one of the two";
        node.notes.add(
            Code::DuplicateAccessNumber,
            format!("spec.accessTelephoneNumbers[{nth}]"),
            message,
            advice,
        );
    }
}

pub fn extensions_belong_to_the_oldest_mailbox(linked: &mut Linked) {
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

pub fn resources_belong_to_the_oldest_mailbox(linked: &mut Linked) {
    let claim = |(at, node): (usize, &Node<LinkedMailbox>)| {
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
