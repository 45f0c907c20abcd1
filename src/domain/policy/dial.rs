//! What a caller may dial, and what is dialed then (Exchange dialing rules and dial codes).

use std::sync::Arc;

use super::chain::Step;
use super::gate::Gate;
use super::settings::Origin;
use super::view::View;
use crate::domain::dialing::{Decision, Entry, Range, Refusal, decide};
use crate::domain::finding::{Code, Kind};
use crate::domain::link::{LinkedMailbox, Node};
use crate::domain::object::DialPlan;
use crate::domain::scalar::{Extension, LampAddress};

/// Who dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// Called an access number and has not signed in: the dial plan decides.
    Unauthenticated,
    /// Has signed in to Outlook Voice Access: the policy decides.
    SignedIn,
    /// Plays a message on a telephone: the policy decides, and Play on Phone must be possible.
    PlayOnPhone,
}

impl Caller {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Unauthenticated, Self::SignedIn, Self::PlayOnPhone];

    /// The word as the settings API has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::SignedIn => "signedIn",
            Self::PlayOnPhone => "playOnPhone",
        }
    }
}

/// What becomes of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialAnswer {
    /// [`Code::Allowed`], or why not.
    pub reason: Code,
    /// What is dialed.
    pub dial: Option<String>,
    /// The rule that opens it, and in which list of the dial plan it stands; none: an extension.
    pub rule: Option<(Range, Entry)>,
    /// The object that decides.
    pub from: Origin,
}

impl View<'_> {
    /// What becomes of a number. None where the objects that decide do not exist: the dial plan, and the policy for callers who have
    /// signed in.
    #[must_use]
    pub fn dial(&self, caller: Caller, number: &str) -> Option<DialAnswer> {
        let plan = self.plan?;
        let (permissions, from) = match caller {
            Caller::Unauthenticated => {
                (&plan.value.dial.unauthenticated, (Kind::DialPlan, Arc::clone(&plan.name)))
            }
            Caller::SignedIn | Caller::PlayOnPhone => {
                let policy = self.policy?;
                (&policy.value.0.permissions, (Kind::MailboxPolicy, Arc::clone(&policy.name)))
            }
        };
        if caller == Caller::PlayOnPhone {
            let chain = self.chain(Gate::PlayOnPhone);
            if let Some(step) = chain.stop() {
                let by = match step {
                    Step::One(switch) => switch.object.clone(),
                    Step::Any(..) => (Kind::DialPlan, Arc::clone(&plan.name)),
                };
                return Some(DialAnswer { reason: step.code(), dial: None, rule: None, from: by });
            }
        }
        let is_subscriber = |extension: &Extension| self.owner(extension).is_some();
        let decide = |number: &str| decide(&plan.value.dial.dialing, permissions, number, &is_subscriber);
        let of_other = self.as_other_plans_want(plan, number).map(|number| decide(&number));
        let opened = of_other.filter(|decision| !matches!(decision, Decision::Refused(_)));
        let answer = answer(opened.unwrap_or_else(|| decide(number)), from);
        Some(if caller == Caller::Unauthenticated { self.spared(answer) } else { answer })
    }

    /// The mailbox of the dial plan that has the extension.
    fn owner(&self, extension: &Extension) -> Option<&Node<LinkedMailbox>> {
        let has = |node: &&Node<LinkedMailbox>| {
            node.value.dial_plan == self.plan_at && node.value.own.extensions.contains(&Some(*extension))
        };
        self.outcome.linked.mailboxes.iter().find(has)
    }

    /// Refuses callers who are no users where the mailbox does not take them (Exchange `AllowUMCallsFromNonUsers`).
    fn spared(&self, answer: DialAnswer) -> DialAnswer {
        let extension =
            answer.dial.as_ref().filter(|_| answer.rule.is_none()).and_then(|dial| dial.parse().ok());
        let owner = extension.and_then(|extension| self.owner(&extension));
        match owner.filter(|node| node.value.own.wishes.calls_from_non_users == Some(false)) {
            Some(node) => DialAnswer {
                reason: Code::CallsFromNonUsersNotAllowed,
                dial: None,
                rule: None,
                from: (Kind::Mailbox, Arc::clone(&node.name)),
            },
            None => answer,
        }
    }

    /// A number with `+` of a user of another dial plan, as that dial plan wants to be dialed (Exchange `InCountryOrRegionNumberFormat`,
    /// `InternationalNumberFormat`).
    fn as_other_plans_want(&self, plan: &Node<DialPlan>, number: &str) -> Option<String> {
        let digits: String = number.trim().strip_prefix('+')?.chars().filter(char::is_ascii_digit).collect();
        let has = |node: &&Node<LinkedMailbox>| {
            let resource = node.value.own.resource.as_ref();
            let is_number = matches!(resource, Some(LampAddress::Number(_)));
            is_number
                && node.value.dial_plan != self.plan_at
                && resource.and_then(|number| number.as_str().strip_prefix('+')) == Some(digits.as_str())
        };
        let user = self.outcome.linked.mailboxes.iter().find(has)?;
        let other = &self.outcome.linked.dial_plan(user.value.dial_plan?)?.value.dial;
        let (ours, theirs) = (&plan.value.dial.dialing.country_code, &other.dialing.country_code);
        let same = !ours.is_empty() && ours == theirs;
        let format = if same { &other.in_country_format } else { &other.international_format };
        format.as_ref()?.apply(&digits)
    }
}

fn answer(decision: Decision<'_>, from: Origin) -> DialAnswer {
    let refused = |reason| DialAnswer { reason, dial: None, rule: None, from: from.clone() };
    match decision {
        Decision::Extension { dial } => {
            DialAnswer { reason: Code::Allowed, dial: Some(dial), rule: None, from }
        }
        Decision::Rule { dial, range, entry } => {
            DialAnswer { reason: Code::Allowed, dial: Some(dial), rule: Some((range, entry.clone())), from }
        }
        Decision::Refused(Refusal::NumberInvalid) => refused(Code::NumberInvalid),
        Decision::Refused(Refusal::DialPlanSubscribersNotAllowed) => {
            refused(Code::DialPlanSubscribersNotAllowed)
        }
        Decision::Refused(Refusal::ExtensionsNotAllowed) => refused(Code::ExtensionsNotAllowed),
        Decision::Refused(Refusal::NoAllowedRule) => refused(Code::NoAllowedRule),
    }
}
