//! References in both directions: each object is read, then finds what it points at and what points at it.
//!
//! Everything is sorted by name and pointed at by index, so that order of arrival never shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::Resource;

use super::finding::{Aspect, Code, Kind, Notes};
use super::object::{DialPlan, Gateway, Mailbox, MailboxPolicy};
use super::snapshot::Snapshot;

/// One object: what it is called, what it says, and what validation has to say about it.
#[derive(Clone, Debug)]
pub struct Node<T> {
    /// `metadata.name`.
    pub name: Arc<str>,
    /// `metadata.generation`, 0 where there is none.
    pub generation: i64,
    /// `metadata.creationTimestamp` in seconds, 0 where there is none.
    pub created: i64,
    /// The object, read.
    pub value: T,
    /// Its findings.
    pub notes: Notes,
}

impl<T> Node<T> {
    /// Whether the object itself has no error that keeps lamps as they are.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.notes.first_stop().is_none_or(|finding| finding.code.aspect() != Aspect::Accepted)
    }

    /// Who comes first when two claim one thing: the older, then by name.
    pub fn seniority(&self) -> (i64, &str) {
        (self.created, &self.name)
    }
}

/// A mailbox with the indices that it leads to.
#[derive(Clone, Debug)]
pub struct LinkedMailbox {
    /// The mailbox itself.
    pub own: Mailbox,
    /// Index of its policy, where that exists.
    pub policy: Option<u32>,
    /// Index of its dial plan, where policy and dial plan exist.
    pub dial_plan: Option<u32>,
}

/// All objects of a namespace, linked. Each list is sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Linked {
    /// Dial plans.
    pub dial_plans: Vec<Node<DialPlan>>,
    /// Policies, each with the index of its dial plan, where that exists.
    pub policies: Vec<Node<(MailboxPolicy, Option<u32>)>>,
    /// Gateways, each with the indices of the dial plans that it serves, sorted, each once.
    pub gateways: Vec<Node<(Gateway, Vec<u32>)>>,
    /// Mailboxes.
    pub mailboxes: Vec<Node<LinkedMailbox>>,
}

impl Linked {
    /// The dial plan with that index.
    #[must_use]
    pub fn dial_plan(&self, index: u32) -> Option<&Node<DialPlan>> {
        self.dial_plans.get(index as usize)
    }

    /// The policy with that index.
    #[must_use]
    pub fn policy(&self, index: u32) -> Option<&Node<(MailboxPolicy, Option<u32>)>> {
        self.policies.get(index as usize)
    }
}

/// Reads all objects and finds what each points at.
#[must_use]
pub fn link(snapshot: &Snapshot) -> Linked {
    let unread = &snapshot.facts.unread;
    let dial_plans = nodes(&snapshot.dial_plans, DialPlan::read);
    let plan_names = names(&dial_plans);

    let policies = nodes(&snapshot.mailbox_policies, |object, notes| {
        let policy = MailboxPolicy::read(object, notes);
        let plan = find(&plan_names, &policy.dial_plan);
        exists(notes, unread, Kind::DialPlan, "spec.dialPlanRef.name", &policy.dial_plan, plan, FROZEN);
        (policy, plan)
    });
    let policy_names = names(&policies);

    let gateways = nodes(&snapshot.gateways, |object, notes| {
        let gateway = Gateway::read(object, notes);
        let mut plans = Vec::new();
        for group in &gateway.groups {
            let plan = find(&plan_names, &group.dial_plan);
            exists(
                notes,
                unread,
                Kind::DialPlan,
                &group.path,
                &group.dial_plan,
                plan,
                "create it, or name one that exists",
            );
            plans.extend(plan);
        }
        plans.sort_unstable();
        plans.dedup();
        (gateway, plans)
    });

    let mailboxes = nodes(&snapshot.mailboxes, |object, notes| {
        let policy_name = &object.spec.mailbox_policy_ref.name;
        let policy = find(&policy_names, policy_name);
        exists(notes, unread, Kind::MailboxPolicy, "spec.mailboxPolicyRef.name", policy_name, policy, FROZEN);
        let plan = policy.and_then(|at| policies.get(at as usize)).and_then(|node| node.value.1);
        let own =
            Mailbox::read(object, plan.and_then(|at| dial_plans.get(at as usize)).and_then(measure), notes);
        LinkedMailbox { own, policy, dial_plan: plan }
    });
    Linked { dial_plans, policies, gateways, mailboxes }
}

/// Reads a list of objects in the order of their names. Of two with one name, which no API server has, the first stands.
fn nodes<K, T>(objects: &[Arc<K>], mut read: impl FnMut(&K, &mut Notes) -> T) -> Vec<Node<T>>
where
    K: Resource<DynamicType = ()>,
{
    let mut sorted: Vec<&K> = objects.iter().map(AsRef::as_ref).collect();
    sorted.sort_by_key(|object| object.meta().name.as_deref());
    sorted.dedup_by_key(|object| object.meta().name.as_deref());
    let node = |object: &K| {
        let mut notes = Notes::default();
        let value = read(object, &mut notes);
        let meta = object.meta();
        Node {
            name: meta.name.as_deref().unwrap_or_default().into(),
            generation: meta.generation.unwrap_or_default(),
            created: meta.creation_timestamp.as_ref().map(|time| time.0.as_second()).unwrap_or_default(),
            value,
            notes,
        }
    };
    sorted.into_iter().map(node).collect()
}

/// What mailboxes are measured by, unless it is wrong itself: then each of them would be wrong with it.
fn measure(plan: &Node<DialPlan>) -> Option<&DialPlan> {
    let wrong = |path: &str| ["spec.numberOfDigitsInExtension", "spec.uriType"].contains(&path);
    let sound = !plan.notes.all().iter().any(|finding| wrong(&finding.path));
    sound.then_some(&plan.value)
}

fn names<T>(nodes: &[Node<T>]) -> BTreeMap<Arc<str>, u32> {
    nodes.iter().zip(0..).map(|(node, at)| (Arc::clone(&node.name), at)).collect()
}

fn find(names: &BTreeMap<Arc<str>, u32>, name: &str) -> Option<u32> {
    names.get(name).copied()
}

const FROZEN: &str =
    "create it, or name one that exists; until then the lamps that hang on it stay as they are";

/// A finding where the object that is named does not exist, or exists and can't be read.
fn exists(
    notes: &mut Notes,
    unread: &BTreeSet<(Kind, String)>,
    kind: Kind,
    path: &str,
    name: &str,
    found: Option<u32>,
    advice: &str,
) {
    if found.is_some() {
        return;
    }
    let is_policy = kind == Kind::MailboxPolicy;
    if !unread.is_empty() && unread.contains(&(kind, name.to_owned())) {
        let code = if is_policy { Code::MailboxPolicyInvalid } else { Code::DialPlanInvalid };
        let advice = format!("mend {kind}/{name}; until then the lamps that hang on it stay as they are");
        notes.add(code, path, format!("{kind}/{name} exists and can't be read"), advice);
        return;
    }
    let code = if is_policy { Code::MailboxPolicyNotFound } else { Code::DialPlanNotFound };
    notes.add(code, path, format!("{kind}/{name} does not exist in this namespace"), advice);
}

impl Linked {
    /// Puts the findings of every object into their final order.
    pub fn sort_notes(&mut self) {
        self.dial_plans.iter_mut().for_each(|node| node.notes.sort());
        self.policies.iter_mut().for_each(|node| node.notes.sort());
        self.gateways.iter_mut().for_each(|node| node.notes.sort());
        self.mailboxes.iter_mut().for_each(|node| node.notes.sort());
    }
}
