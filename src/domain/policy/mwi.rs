//! Whether a mailbox has a message waiting lamp, and by whom.

use std::sync::Arc;

use crate::domain::finding::{Code, Kind};
use crate::domain::link::{Linked, LinkedMailbox, Node};
use crate::domain::object::Mode;

/// Whether a mailbox has a message waiting lamp, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mwi {
    /// [`Code::Allowed`], or what forbids the lamp or keeps it as it is.
    pub reason: Code,
    /// The object that decides: the one that turned it off, else the policy that allows it.
    pub from: (Kind, Arc<str>),
    /// What the notifier does with the mailbox's lamps.
    pub claim: Claim,
}

/// What a mailbox means for its lamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// They show its messages.
    Allowed,
    /// It lights none; lamps that it lit are put out.
    Forbidden,
    /// An error stands in the way: its lamps stay as they are.
    Frozen,
}

impl Mwi {
    /// Whether the lamp is allowed and can be carried.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.reason == Code::Allowed
    }
}

/// Effective message waiting of one mailbox (Exchange `AllowMessageWaitingIndicator`, `MessageWaitingIndicatorAllowed`).
///
/// An error anywhere on the way freezes; then the policy decides, then the notifier's mode, then whether any gateway carries NOTIFY.
#[must_use]
pub fn mwi(linked: &Linked, routes: &[Vec<u32>], mailbox: &Node<LinkedMailbox>) -> Mwi {
    let own = || (Kind::Mailbox, Arc::clone(&mailbox.name));
    if let Some(error) = mailbox.notes.first_stop() {
        return Mwi { reason: error.code, from: own(), claim: Claim::Frozen };
    }
    let policy = mailbox.value.policy.and_then(|at| linked.policy(at));
    let plan = mailbox.value.dial_plan.and_then(|at| linked.dial_plan(at));
    let (Some(policy), Some(plan)) = (policy, plan) else {
        return Mwi { reason: Code::MailboxPolicyNotFound, from: own(), claim: Claim::Frozen };
    };
    let by_policy = || (Kind::MailboxPolicy, Arc::clone(&policy.name));
    let by_plan = || (Kind::DialPlan, Arc::clone(&plan.name));
    if !policy.value.0.allow_mwi {
        return Mwi { reason: Code::MWIForbiddenByPolicy, from: by_policy(), claim: Claim::Forbidden };
    }
    match plan.value.notifier.mode {
        Mode::Dark => return Mwi { reason: Code::NotifierDark, from: by_plan(), claim: Claim::Forbidden },
        Mode::Observe => {
            return Mwi { reason: Code::NotifierObserves, from: by_plan(), claim: Claim::Allowed };
        }
        Mode::Active => {}
    }
    let carried =
        mailbox.value.dial_plan.and_then(|at| routes.get(at as usize)).is_some_and(|route| !route.is_empty());
    if !carried {
        return Mwi { reason: Code::NoGatewayForMWI, from: by_plan(), claim: Claim::Allowed };
    }
    Mwi { reason: Code::Allowed, from: by_policy(), claim: Claim::Allowed }
}
