//! Dialing rules that policies name on their dial plan.

use crate::domain::link::Linked;
use crate::domain::object::groups_exist;

/// Exchange `AllowedInCountryOrRegionGroups`, `AllowedInternationalGroups` of a policy: the groups are those of its dial plan.
pub fn allowed_groups_exist(linked: &mut Linked) {
    for node in &mut linked.policies {
        let Some(plan) = node.value.1.and_then(|at| linked.dial_plans.get(at as usize)) else { continue };
        let whose = format!("of UMDialPlan/{}", plan.name);
        groups_exist(&mut node.notes, &node.value.0.permissions, &plan.value.dial.groups, &whose);
    }
}
