//! What keeps a dial plan from being put in force in a cluster.

use crate::domain::finding::Code;
use crate::domain::link::Linked;
use crate::domain::snapshot::{ChildTrouble, Facts};

/// A finding on the dial plan for each object of its notifier that can't be made.
pub fn children_can_be_made(linked: &mut Linked, facts: &Facts) {
    for node in &mut linked.dial_plans {
        for ChildTrouble { object, refused } in facts.children.get(&*node.name).into_iter().flatten() {
            match refused {
                None => node.notes.add(
                    Code::ChildNameTaken,
                    "metadata.name",
                    format!("{object} exists and belongs to somebody else"),
                    "remove or rename that object, or give the dial plan another name",
                ),
                Some(why) => node.notes.add(
                    Code::ChildRefused,
                    "spec.notifier",
                    format!("the API server refuses {object}: {why}"),
                    "give the operator the permission that it names, or mend the setting that it names",
                ),
            }
        }
    }
}

/// A finding on every dial plan for each kind that can't be listed.
pub fn kinds_can_be_listed(linked: &mut Linked, facts: &Facts) {
    for (kind, why) in &facts.unlisted {
        for node in &mut linked.dial_plans {
            let message = format!("{kind} objects can't be listed: {why}");
            let advice = "install the definition of the kind, or give the operator the verbs get, list and watch on it; until then all stays as it is";
            node.notes.add(Code::ListRefused, "", message, advice);
        }
    }
}
