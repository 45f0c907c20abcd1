//! How errors reach what hangs on the object that has them.

use crate::domain::finding::{Aspect, Code, Kind, Notes};
use crate::domain::link::{Linked, Node};

/// What hangs on an object with errors is frozen, and says so. Runs last, when the errors are all known.
pub fn errors_reach_what_hangs_on_them(linked: &mut Linked) {
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
        if let Some(policy) = policy.filter(|policy| policy.notes.first_stop().is_some()) {
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
    let Some(cause) = on.notes.first_stop() else { return };
    let name = &on.name;
    // What hangs on another in turn is not to be mended itself: the object that is to be mended is named.
    if cause.code.aspect() == Aspect::ResolvedRefs {
        let message = format!("{kind}/{name} can't be used: {}", cause.message);
        notes.add(code, path, message, cause.advice.clone());
        return;
    }
    let message = format!("{kind}/{name} has errors ({})", cause.code);
    let advice = format!("mend {kind}/{name}; until then the lamps that hang on it stay as they are");
    notes.add(code, path, message, advice);
}
