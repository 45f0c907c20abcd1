//! Who acts by what: the replicas of each notifier, and the version of the resources that each of them acts by.

use std::collections::BTreeMap;

use super::finding::Kind;
use crate::api::condition::{Condition, Conditions};

/// What is known of the notifiers of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Notifiers {
    /// Nothing yet.
    #[default]
    Unknown,
    /// All act by this very snapshot, since they are in this process.
    Acting,
    /// The replicas of each dial plan's notifier, as they were seen.
    Seen(BTreeMap<String, Vec<Replica>>),
}

/// One pod of a notifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Name of the pod.
    pub name: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Version of its program; none until it published one.
    pub program: Option<String>,
    /// What it acts by; none until it published that.
    pub in_force: Option<Versions>,
}

/// For each of the four kinds, the resourceVersion up to which changes are in force. Those of one kind can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Of dial plans.
    pub dial_plans: u64,
    /// Of mailbox policies.
    pub mailbox_policies: u64,
    /// Of gateways.
    pub gateways: u64,
    /// Of mailboxes.
    pub mailboxes: u64,
}

impl Versions {
    /// That of one kind.
    #[must_use]
    pub const fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::DialPlan => self.dial_plans,
            Kind::MailboxPolicy => self.mailbox_policies,
            Kind::Gateway => self.gateways,
            Kind::Mailbox => self.mailboxes,
        }
    }

    /// The later of each kind.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            dial_plans: self.dial_plans.max(other.dial_plans),
            mailbox_policies: self.mailbox_policies.max(other.mailbox_policies),
            gateways: self.gateways.max(other.gateways),
            mailboxes: self.mailboxes.max(other.mailboxes),
        }
    }

    /// Sets that of one kind.
    pub const fn set(&mut self, kind: Kind, version: u64) {
        let of_kind = match kind {
            Kind::DialPlan => &mut self.dial_plans,
            Kind::MailboxPolicy => &mut self.mailbox_policies,
            Kind::Gateway => &mut self.gateways,
            Kind::Mailbox => &mut self.mailboxes,
        };
        *of_kind = version;
    }
}

/// What is known of an object from before this evaluation.
#[derive(Debug)]
pub struct Earlier<'a, S> {
    /// The status that it has.
    pub status: Option<&'a S>,
    /// The resourceVersion at which its generation was first seen; 0 where there is no cluster.
    pub since: u64,
}

impl<S> Earlier<'_, S> {
    /// Nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { status: None, since: 0 }
    }
}

impl<'a, S: Conditions> Earlier<'a, S> {
    /// The conditions that it has.
    #[must_use]
    pub fn conditions(&self) -> &'a [Condition] {
        self.status.map(Conditions::conditions).unwrap_or_default()
    }
}

impl<S> Clone for Earlier<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Earlier<'_, S> {}

impl Notifiers {
    /// What keeps `Programmed` from being true: some ready replica of a dial plan does not act yet by what was first seen at that
    /// version, or none is ready. None if all act by it.
    #[must_use]
    pub fn lag(&self, dial_plan: &str, kind: Kind, since: u64) -> Option<String> {
        let seen = match self {
            Self::Acting => return None,
            Self::Unknown => return Some("The notifier has not said that it acts by it".into()),
            Self::Seen(seen) => seen,
        };
        let replicas = seen.get(dial_plan).map(Vec::as_slice).unwrap_or_default();
        let ready = replicas.iter().filter(|replica| replica.ready).count();
        let acts = |replica: &&Replica| replica.in_force.is_some_and(|versions| versions.of(kind) >= since);
        let acting = replicas.iter().filter(|replica| replica.ready).filter(acts).count();
        if ready == 0 {
            Some(format!("The notifier of UMDialPlan/{dial_plan} has no ready replica"))
        } else if acting < ready {
            Some(format!(
                "{acting} of {ready} ready replicas of the notifier of UMDialPlan/{dial_plan} act by it"
            ))
        } else {
            None
        }
    }

    /// Whether ready replicas of different versions of the program serve a dial plan.
    #[must_use]
    pub fn is_upgrading(&self, dial_plan: &str) -> bool {
        let Self::Seen(seen) = self else { return false };
        let replicas = seen.get(dial_plan).map(Vec::as_slice).unwrap_or_default();
        let mut programs =
            replicas.iter().filter(|replica| replica.ready).filter_map(|replica| replica.program.as_ref());
        let first = programs.next();
        programs.any(|program| Some(program) != first)
    }
}
