//! What a caller may dial, and what is dialed then (Exchange dialing rules and dial codes).

use std::sync::Arc;

use super::chain::Step;
use super::gate::Gate;
use super::settings::Origin;
use super::view::View;
use crate::domain::dialing::{Decision, Dialing, Entry, Permissions, Range, Refusal, decide, full_digits};
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

/// A rule that is for a number, whether it opens it or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchingRule {
    /// In which list of the dial plan it stands.
    pub range: Range,
    /// The rule.
    pub entry: Entry,
    /// What it alone would dial.
    pub dial: String,
    /// Whether the caller is allowed its group.
    pub is_allowed: bool,
}

impl View<'_> {
    /// What a caller may dial, and the object that says so. None where that or the dial plan does not exist.
    #[must_use]
    pub fn permissions(&self, caller: Caller) -> Option<(&Permissions, Origin)> {
        let plan = self.plan?;
        Some(match caller {
            Caller::Unauthenticated => {
                (&plan.value.dial.unauthenticated, (Kind::DialPlan, Arc::clone(&plan.name)))
            }
            Caller::SignedIn | Caller::PlayOnPhone => {
                let policy = self.policy?;
                (&policy.value.0.permissions, (Kind::MailboxPolicy, Arc::clone(&policy.name)))
            }
        })
    }

    /// What becomes of a number. None where the objects that decide do not exist: the dial plan, and the policy for callers who have
    /// signed in.
    #[must_use]
    pub fn dial(&self, caller: Caller, number: &str) -> Option<DialAnswer> {
        let plan = self.plan?;
        let (permissions, from) = self.permissions(caller)?;
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
        let of_other = self.as_other_plans_want(plan, number);
        let decision = self.decided(&plan.value.dial.dialing, permissions, of_other.as_deref(), number);
        let answer = answer(decision, from);
        Some(if caller == Caller::Unauthenticated { self.spared(answer) } else { answer })
    }

    /// Every rule of the dial plan that is for the number, in the order of the manifest, in-country ones first: the one that wins, those
    /// that give way to it, and those whose groups the caller is not allowed. Extensions and what is no number have none.
    #[must_use]
    pub fn matching_rules(&self, caller: Caller, number: &str) -> Vec<MatchingRule> {
        let (Some(plan), Some((permissions, _))) = (self.plan, self.permissions(caller)) else {
            return Vec::new();
        };
        let dialing = &plan.value.dial.dialing;
        let of_other = self.as_other_plans_want(plan, number);
        let codes = Dialing { in_country: Vec::new(), international: Vec::new(), ..dialing.clone() };
        let rule = |(range, entry): (Range, &Entry)| {
            let (alone, allowed) = alone(&codes, permissions, range, entry);
            match self.decided(&alone, &allowed, of_other.as_deref(), number) {
                Decision::Rule { dial, .. } => Some(MatchingRule {
                    range,
                    entry: entry.clone(),
                    dial,
                    is_allowed: permissions.allows(range, &entry.group),
                }),
                Decision::Extension { .. } | Decision::Refused(_) => None,
            }
        };
        let ranges = [Range::InCountry, Range::International].into_iter();
        let all = ranges.flat_map(|range| dialing.entries(range).iter().map(move |entry| (range, entry)));
        all.filter_map(rule).collect()
    }

    /// Decides about a number, first as another dial plan wants its users to be dialed.
    fn decided<'d>(
        &self,
        dialing: &'d Dialing,
        permissions: &Permissions,
        of_other: Option<&str>,
        number: &str,
    ) -> Decision<'d> {
        let is_subscriber = |extension: &Extension| self.owner(extension).is_some();
        let decide = |number: &str| decide(dialing, permissions, number, &is_subscriber);
        let of_other = of_other.map(decide);
        let opened = of_other.filter(|decision| !matches!(decision, Decision::Refused(_)));
        opened.unwrap_or_else(|| decide(number))
    }

    /// The mailbox of the dial plan that has the extension.
    fn owner(&self, extension: &Extension) -> Option<&Node<LinkedMailbox>> {
        self.owners(self.plan_at, extension).next()
    }

    fn owners(&self, plan: Option<u32>, extension: &Extension) -> impl Iterator<Item = &Node<LinkedMailbox>> {
        let linked = &self.outcome.linked;
        let indices = self.outcome.owners.of(linked, plan, extension);
        indices.filter_map(|at| linked.mailboxes.get(at as usize))
    }

    /// Refuses callers who are no users where the mailbox that would ring does not take them, whatever leads to it (Exchange
    /// `AllowUMCallsFromNonUsers`). A mailbox whose policy leads to no dial plan may be of this one: it is spared too, unless
    /// another has the extension here or the dial plan's extensions have another length.
    fn spared(&self, answer: DialAnswer) -> DialAnswer {
        let Some(extension) = answer.dial.as_ref().and_then(|dial| dial.parse::<Extension>().ok()) else {
            return answer;
        };
        let refuses = |node: &&Node<LinkedMailbox>| node.value.own.wishes.calls_from_non_users == Some(false);
        let fits = self.plan.is_some_and(|plan| plan.value.digits == extension.digits());
        let refusing = match self.owner(&extension) {
            Some(owner) => Some(owner).filter(refuses),
            None if fits => self.owners(None, &extension).find(refuses),
            None => None,
        };
        match refusing {
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
        let digits = full_digits(number)?;
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

/// A dial plan that has this rule only, and a caller who is allowed its group only.
fn alone(codes: &Dialing, permissions: &Permissions, range: Range, entry: &Entry) -> (Dialing, Permissions) {
    let (mut dialing, group) = (codes.clone(), vec![entry.group.clone()]);
    let mut allowed = Permissions {
        subscribers: permissions.subscribers,
        extensions: permissions.extensions,
        ..Permissions::default()
    };
    match range {
        Range::InCountry => (dialing.in_country, allowed.in_country) = (vec![entry.clone()], group),
        Range::International => (dialing.international, allowed.international) = (vec![entry.clone()], group),
    }
    (dialing, allowed)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::domain::{Outcome, Snapshot, evaluate};
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    fn object<K: DeserializeOwned>(kind: &str, name: &str, spec: &Value) -> Arc<K> {
        let (version, metadata) =
            ("um.lamplighter.dev/v1alpha1", json!({"name": name, "namespace": "voice"}));
        let object = json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec});
        Arc::new(serde_json::from_value(object).unwrap())
    }

    /// Berlin, and a policy that allows `emergency` and `germany`.
    fn berlin() -> Outcome {
        let rule = |group: &str, mask: &str, dialed: &str| json!({"name": group, "numberMask": mask, "dialedNumber": dialed});
        let plan = json!({
            "numberOfDigitsInExtension": 4,
            "countryOrRegionCode": "49", "outsideLineAccessCode": "0",
            "internationalAccessCode": "00", "nationalNumberPrefix": "0",
            "configuredInCountryOrRegionGroups": [
                rule("emergency", "112", "0112"),
                rule("local", "xxxxxxx", "0xxxxxxx"),
                rule("any", "*", "*"),
                rule("germany", "0xxxxxxxxxx", "00xxxxxxxxxx"),
            ],
            "configuredInternationalGroups": [rule("world", "*", "*")],
        });
        let policy = json!({
            "dialPlanRef": {"name": "berlin"},
            "allowedInCountryOrRegionGroups": ["emergency", "germany"],
        });
        let mut snapshot = Snapshot::default();
        snapshot.dial_plans.push(object("UMDialPlan", "berlin", &plan));
        snapshot.mailbox_policies.push(object("UMMailboxPolicy", "sales", &policy));
        evaluate(&snapshot)
    }

    fn matching(outcome: &Outcome, number: &str) -> Vec<(String, String, bool)> {
        let view = outcome.view(Kind::MailboxPolicy, "sales").unwrap();
        let rules = view.matching_rules(Caller::SignedIn, number).into_iter();
        rules.map(|rule| (rule.entry.group.to_string(), rule.dial, rule.is_allowed)).collect()
    }

    fn rule(group: &str, dial: &str, is_allowed: bool) -> (String, String, bool) {
        (group.into(), dial.into(), is_allowed)
    }

    #[test]
    fn a_refused_number_shows_the_rules_whose_groups_are_not_allowed() {
        let outcome = berlin();
        let answer =
            outcome.view(Kind::MailboxPolicy, "sales").unwrap().dial(Caller::SignedIn, "555-1234").unwrap();
        assert_eq!(answer.reason, Code::NoAllowedRule);
        let expected = [rule("local", "05551234", false), rule("any", "5551234", false)];
        assert_eq!(matching(&outcome, "555-1234"), expected);
        assert_eq!(matching(&outcome, "+44 20 7946 0123"), [rule("world", "000442079460123", false)]);
    }

    #[test]
    fn an_opened_number_shows_what_gives_way_too() {
        let outcome = berlin();
        let expected = [rule("any", "03055504200", false), rule("germany", "003055504200", true)];
        assert_eq!(matching(&outcome, "030 5550 4200"), expected);
    }

    #[test]
    fn extensions_and_what_is_no_number_have_no_rules() {
        let outcome = berlin();
        for number in ["4201", "555*1234", "", "+"] {
            assert_eq!(matching(&outcome, number), [], "{number}");
        }
    }

    #[test]
    fn a_number_with_the_international_access_code_shows_international_rules_only() {
        let outcome = berlin();
        assert_eq!(matching(&outcome, "0 00 33 1 99 00 12 34"), [rule("world", "00033199001234", false)]);
    }
}
