//! The objects that a question about one mailbox, policy or dial plan goes along.

use crate::domain::Outcome;
use crate::domain::finding::Kind;
use crate::domain::link::{LinkedMailbox, Node};
use crate::domain::object::{DialPlan, Gateway, MailboxPolicy};

/// A mailbox with its policy, dial plan and gateways, or as much of that as there is.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// All of the namespace.
    pub outcome: &'a Outcome,
    /// The mailbox.
    pub mailbox: Option<&'a Node<LinkedMailbox>>,
    /// Its policy.
    pub policy: Option<&'a Node<(MailboxPolicy, Option<u32>)>>,
    /// Its dial plan.
    pub plan: Option<&'a Node<DialPlan>>,
    /// Index of its dial plan.
    pub plan_at: Option<u32>,
}

impl Outcome {
    /// The view from an object: from a mailbox over its policy to its dial plan; from a policy to its dial plan. A gateway has none.
    #[must_use]
    pub fn view(&self, kind: Kind, name: &str) -> Option<View<'_>> {
        let linked = &self.linked;
        let (mailbox, policy, plan_at) = match kind {
            Kind::Mailbox => {
                let node = linked.mailbox(name)?;
                (Some(node), node.value.policy.and_then(|at| linked.policy(at)), node.value.dial_plan)
            }
            Kind::MailboxPolicy => {
                let node = find(&linked.policies, name)?;
                (None, Some(node), node.value.1)
            }
            Kind::DialPlan => {
                let at = linked.dial_plans.binary_search_by(|node| (*node.name).cmp(name)).ok()?;
                (None, None, u32::try_from(at).ok())
            }
            Kind::Gateway => return None,
        };
        Some(View {
            outcome: self,
            mailbox,
            policy,
            plan: plan_at.and_then(|at| linked.dial_plan(at)),
            plan_at,
        })
    }
}

impl crate::domain::Linked {
    /// The mailbox of that name.
    #[must_use]
    pub fn mailbox(&self, name: &str) -> Option<&Node<LinkedMailbox>> {
        find(&self.mailboxes, name)
    }

    /// The gateway of that name.
    #[must_use]
    pub fn gateway(&self, name: &str) -> Option<&Node<(Gateway, Vec<u32>)>> {
        find(&self.gateways, name)
    }
}

fn find<'a, T>(nodes: &'a [Node<T>], name: &str) -> Option<&'a Node<T>> {
    let at = nodes.binary_search_by(|node| (*node.name).cmp(name)).ok()?;
    nodes.get(at)
}

impl<'a> View<'a> {
    /// Gateways of the dial plan in the order in which they are tried, usable or not.
    pub fn gateways(&self) -> impl Iterator<Item = &'a Node<(Gateway, Vec<u32>)>> + use<'a> {
        let outcome = self.outcome;
        let all = self.plan_at.and_then(|at| outcome.gateways.get(at as usize)).into_iter().flatten();
        all.filter_map(|at| outcome.linked.gateways.get(*at as usize))
    }
}
