//! Statuses of the four kinds, and how a new one joins the one before. Times come in only by `merge`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::delivered::{self, DELIVERED};
use super::finding::{Aspect, Finding, Kind, Notes, Severity};
use super::link::Node;
use super::replica::Earlier;
use super::{Claim, Outcome};
use crate::api::condition::{Condition, FindingStatus};
use crate::api::ip_gateway::{GatewayPlanStatus, UMIPGatewayStatus};
use crate::api::{UMDialPlanStatus, UMMailboxPolicyStatus, UMMailboxStatus};

/// Most findings that a status lists.
const MOST_FINDINGS: usize = 20;

/// The types of conditions that follow from evaluation on every kind.
const OURS: [&str; 6] = ["Accepted", "ResolvedRefs", "Programmed", "Ready", "Reconciling", "Stalled"];

/// Whether conditions of that type follow from evaluation. Those of others are left alone; on a gateway, `Delivered` is a sum.
#[must_use]
pub fn is_ours(kind: Kind, type_: &str) -> bool {
    OURS.contains(&type_) || (kind == Kind::Gateway && type_ == DELIVERED)
}

/// A condition without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Type of the condition.
    pub type_: &'static str,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// Finding code, or a word for the good case.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

/// Whether notifiers act by an object.
enum Served {
    /// All of them do.
    Yes,
    /// Not all of them yet, and why.
    NotYet(String),
    /// No notifier has anything to do with it, and why.
    No(String),
}

impl Outcome {
    /// Status of the dial plan with that index, joined to the one before.
    #[must_use]
    pub fn dial_plan_status(
        &self,
        at: usize,
        earlier: Earlier<'_, UMDialPlanStatus>,
        now: &Time,
    ) -> Option<UMDialPlanStatus> {
        let node = self.linked.dial_plans.get(at)?;
        let count = self
            .linked
            .mailboxes
            .iter()
            .filter(|mailbox| mailbox.value.dial_plan.is_some_and(|plan| plan as usize == at))
            .count();
        let gateways =
            self.routes.get(at).into_iter().flatten().filter_map(|at| self.linked.gateways.get(*at as usize));
        let served = self.served(Kind::DialPlan, u32::try_from(at).ok(), earlier.since);
        Some(UMDialPlanStatus {
            observed_generation: Some(node.generation),
            conditions: self.conditions(Kind::DialPlan, node, served, None, earlier.conditions(), now),
            findings: listed(&node.notes),
            mailboxes: Some(i32::try_from(count).unwrap_or(i32::MAX)),
            gateways: gateways.map(|gateway| gateway.name.to_string()).collect(),
            last_handled_refresh: None,
        })
    }

    /// Status of the policy with that index, joined to the one before.
    #[must_use]
    pub fn policy_status(
        &self,
        at: usize,
        earlier: Earlier<'_, UMMailboxPolicyStatus>,
        now: &Time,
    ) -> Option<UMMailboxPolicyStatus> {
        let node = self.linked.policies.get(at)?;
        let count = self
            .linked
            .mailboxes
            .iter()
            .filter(|mailbox| mailbox.value.policy.is_some_and(|policy| policy as usize == at))
            .count();
        let served = self.served(Kind::MailboxPolicy, node.value.1, earlier.since);
        Some(UMMailboxPolicyStatus {
            observed_generation: Some(node.generation),
            conditions: self.conditions(Kind::MailboxPolicy, node, served, None, earlier.conditions(), now),
            findings: listed(&node.notes),
            mailboxes: Some(i32::try_from(count).unwrap_or(i32::MAX)),
        })
    }

    /// Status of the gateway with that index, joined to the one before.
    #[must_use]
    pub fn gateway_status(
        &self,
        at: usize,
        earlier: Earlier<'_, UMIPGatewayStatus>,
        now: &Time,
    ) -> Option<UMIPGatewayStatus> {
        let node = self.linked.gateways.get(at)?;
        let serves: Vec<String> = self.plans_of_gateway(at).collect();
        let plans =
            entries(&serves, earlier.status.map(|status| status.plans.as_slice()).unwrap_or_default());
        let delivered = delivered::of_gateway(plans.iter().filter(|entry| serves.contains(&entry.name)));
        let served = if node.value.1.is_empty() {
            Served::No("no dial plan is served by this gateway".into())
        } else {
            // Notifiers of suspended dial plans go on as they are: where there are others, those tell.
            let rests = self.rests(Kind::Gateway, at);
            let acting = node.value.1.iter().filter(|plan| rests || !self.is_suspended(**plan));
            let each = acting.map(|plan| self.served(Kind::Gateway, Some(*plan), earlier.since));
            each.reduce(Served::and).unwrap_or(Served::Yes)
        };
        Some(UMIPGatewayStatus {
            observed_generation: Some(node.generation),
            conditions: self.conditions(Kind::Gateway, node, served, delivered, earlier.conditions(), now),
            findings: listed(&node.notes),
            plans,
            last_handled_refresh: None,
        })
    }

    /// Names of the dial plans that a gateway serves.
    pub fn plans_of_gateway(&self, at: usize) -> impl Iterator<Item = String> {
        let plans = self.linked.gateways.get(at).into_iter().flat_map(|node| &node.value.1);
        plans.filter_map(|plan| Some(self.linked.dial_plan(*plan)?.name.to_string()))
    }

    /// Status of the mailbox with that index, joined to the one before.
    #[must_use]
    pub fn mailbox_status(
        &self,
        at: usize,
        earlier: Earlier<'_, UMMailboxStatus>,
        now: &Time,
    ) -> Option<UMMailboxStatus> {
        let (node, mwi) = (self.linked.mailboxes.get(at)?, self.mwi.get(at)?);
        let plan = node.value.dial_plan.and_then(|plan| self.linked.dial_plan(plan));
        let served = if mwi.claim == Claim::Frozen {
            Served::No("its lamps stay as they are until the error is mended".into())
        } else {
            self.served(Kind::Mailbox, node.value.dial_plan, earlier.since)
        };
        Some(UMMailboxStatus {
            observed_generation: Some(node.generation),
            conditions: self.conditions(Kind::Mailbox, node, served, None, earlier.conditions(), now),
            findings: listed(&node.notes),
            dial_plan: plan.map(|plan| plan.name.to_string()),
            mwi_allowed: Some(if mwi.allowed() { "True".to_owned() } else { mwi.reason.to_string() }),
            last_handled_refresh: None,
        })
    }

    /// Whether the status of an object stays as it is, since all that it hangs on is suspended (`spec.suspend` of the dial plan).
    #[must_use]
    pub fn rests(&self, kind: Kind, at: usize) -> bool {
        let suspended = |plan: u32| self.is_suspended(plan);
        let linked = &self.linked;
        match kind {
            Kind::DialPlan => u32::try_from(at).is_ok_and(suspended),
            Kind::MailboxPolicy => {
                linked.policies.get(at).and_then(|node| node.value.1).is_some_and(suspended)
            }
            Kind::Gateway => linked.gateways.get(at).is_some_and(|node| {
                !node.value.1.is_empty() && node.value.1.iter().all(|plan| suspended(*plan))
            }),
            Kind::Mailbox => {
                linked.mailboxes.get(at).and_then(|node| node.value.dial_plan).is_some_and(suspended)
            }
        }
    }

    fn is_suspended(&self, plan: u32) -> bool {
        self.linked.dial_plan(plan).is_some_and(|plan| plan.value.suspended)
    }

    /// Whether the notifier of a dial plan acts by an object of that kind whose generation was first seen at that version.
    fn served(&self, kind: Kind, plan: Option<u32>, since: u64) -> Served {
        let Some(plan) = plan.and_then(|plan| self.linked.dial_plan(plan)) else { return Served::Yes };
        if self.facts.stopped.contains(&*plan.name) {
            return Served::No(format!("the notifier of UMDialPlan/{} does not run", plan.name));
        }
        self.facts.notifiers.lag(&plan.name, kind, since).map_or(Served::Yes, Served::NotYet)
    }

    fn conditions<T>(
        &self,
        kind: Kind,
        node: &Node<T>,
        served: Served,
        delivered: Option<Verdict>,
        earlier: &[Condition],
        now: &Time,
    ) -> Vec<Condition> {
        // What was once in force stays so for its generation: a pod that is lost later shows on the dial plan only.
        let was_in_force = |condition: &Condition| {
            condition.type_ == "Programmed"
                && condition.status == "True"
                && condition.observed_generation == Some(node.generation)
        };
        let served = match served {
            Served::NotYet(_) if kind != Kind::DialPlan && earlier.iter().any(was_in_force) => Served::Yes,
            served => served,
        };
        let upgrading = kind == Kind::DialPlan && self.facts.notifiers.is_upgrading(&node.name);
        let mut verdicts = verdicts(&node.notes, &served, upgrading);
        verdicts.extend(delivered);
        merge(kind, earlier, &verdicts, node.generation, now)
    }
}

impl Served {
    /// What holds where both have to act.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No(why), _) | (_, Self::No(why)) => Self::No(why),
            (Self::NotYet(why), _) | (_, Self::NotYet(why)) => Self::NotYet(why),
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
}

/// The entries of a gateway's status: the dial plans that it serves, with what their notifiers said, and those whose notifier has not
/// taken back what it said. In the order in which they stand: that is the API server's business.
fn entries(serves: &[String], earlier: &[GatewayPlanStatus]) -> Vec<GatewayPlanStatus> {
    let stays = |entry: &&GatewayPlanStatus| serves.contains(&entry.name) || delivered::is_reported(entry);
    let mut all: Vec<GatewayPlanStatus> = earlier.iter().filter(stays).cloned().collect();
    for name in serves {
        if !all.iter().any(|entry| entry.name == *name) {
            let (delivered, source_address, last_refusal) = (None, None, None);
            all.push(GatewayPlanStatus { name: name.clone(), delivered, source_address, last_refusal });
        }
    }
    all
}

/// The conditions that follow from the findings of one object.
fn verdicts(notes: &Notes, served: &Served, upgrading: bool) -> Vec<Verdict> {
    let error = notes.any_error();
    let accepted = by_findings("Accepted", notes, Aspect::Accepted);
    let resolved = by_findings("ResolvedRefs", notes, Aspect::ResolvedRefs);
    let programmed = programmed(error, served);
    let ready = [&accepted, &resolved, &programmed].into_iter().find(|verdict| verdict.status != "True");
    let ready = match ready {
        Some(verdict) => Verdict { type_: "Ready", ..verdict.clone() },
        None => Verdict { type_: "Ready", status: "True", reason: "Ready", message: "In force".into() },
    };
    let mut all = vec![accepted, resolved, programmed];
    if let Some(error) = error {
        all.push(Verdict {
            type_: "Stalled",
            status: "True",
            reason: error.code.as_str(),
            message: "It waits for somebody to mend it".into(),
        });
    } else if upgrading {
        all.push(Verdict {
            type_: "Reconciling",
            status: "True",
            reason: "NotifierUpgrading",
            message: "Replicas of different versions serve the dial plan".into(),
        });
    } else if ready.reason == "Pending" {
        all.push(Verdict {
            type_: "Reconciling",
            status: "True",
            reason: "Pending",
            message: ready.message.clone(),
        });
    }
    all.push(ready);
    all
}

fn programmed(error: Option<&Finding>, served: &Served) -> Verdict {
    let (status, reason, message) = match (error, served) {
        (Some(error), _) if error.code.aspect() == Aspect::Programmed => {
            ("False", error.code.as_str(), sentence(error))
        }
        (Some(error), _) => ("False", error.code.as_str(), "Not all of it is in force: it has errors".into()),
        (None, Served::No(why)) => ("False", "NotServed", format!("No notifier acts by it: {why}")),
        (None, Served::NotYet(why)) => ("Unknown", "Pending", why.clone()),
        (None, Served::Yes) => ("True", "Programmed", "The notifier acts by it".into()),
    };
    Verdict { type_: "Programmed", status, reason, message }
}

fn by_findings(type_: &'static str, notes: &Notes, aspect: Aspect) -> Verdict {
    let errors = notes
        .all()
        .iter()
        .filter(|f| f.code.severity() == Severity::Error && f.code.aspect() == aspect)
        .count();
    match notes.first_error(aspect) {
        None => Verdict {
            type_,
            status: "True",
            reason: type_,
            message: if type_ == "Accepted" {
                "No error in it".into()
            } else {
                "All that it names is there".into()
            },
        },
        Some(first) => {
            let more = if errors > 1 { format!(" ({} more)", errors - 1) } else { String::new() };
            Verdict {
                type_,
                status: "False",
                reason: first.code.as_str(),
                message: format!("{}{more}", sentence(first)),
            }
        }
    }
}

/// A finding in one line: field, what is wrong, what to do.
#[must_use]
pub fn sentence(finding: &Finding) -> String {
    let Finding { code: _, path, message, advice } = finding;
    let place = if path.is_empty() { String::new() } else { format!("{path}: ") };
    format!("{place}{message}; {advice}")
}

fn listed(notes: &Notes) -> Vec<FindingStatus> {
    let entry = |finding: &Finding| FindingStatus {
        code: finding.code.to_string(),
        severity: if finding.code.severity() == Severity::Error { "Error" } else { "Warning" }.into(),
        path: finding.path.chars().take(512).collect(),
        message: format!("{}; {}", finding.message, finding.advice).chars().take(2048).collect(),
    };
    notes.all().iter().take(MOST_FINDINGS).map(entry).collect()
}

/// Joins new conditions to those before: the transition time moves only when `status` does. Types that are not ours stay, and
/// each stands where it stood: the API server has them in the order in which they came.
fn merge(kind: Kind, previous: &[Condition], new: &[Verdict], generation: i64, now: &Time) -> Vec<Condition> {
    let joined = |verdict: &Verdict, before: Option<&Condition>| {
        // Those of the definition's default were never observed.
        let is_same = |c: &&Condition| c.status == verdict.status && c.observed_generation.is_some();
        let before = before.filter(is_same);
        Condition {
            type_: verdict.type_.into(),
            status: verdict.status.into(),
            reason: verdict.reason.into(),
            message: verdict.message.clone(),
            observed_generation: Some(generation),
            last_transition_time: before.map_or_else(|| now.clone(), |c| c.last_transition_time.clone()),
        }
    };
    let mut left: Vec<&Verdict> = new.iter().collect();
    let mut all = Vec::with_capacity(previous.len().max(new.len()));
    for before in previous {
        if !is_ours(kind, &before.type_) {
            all.push(before.clone());
        } else if let Some(at) = left.iter().position(|verdict| verdict.type_ == before.type_) {
            all.push(joined(left.remove(at), Some(before)));
        }
    }
    left.sort_by_key(|verdict| verdict.type_);
    all.extend(left.into_iter().map(|verdict| joined(verdict, None)));
    all
}

/// Reason of `Ready` and its status, as tables show them.
#[must_use]
pub fn ready(conditions: &[Condition]) -> (&str, &str) {
    conditions.iter().find(|c| c.type_ == "Ready").map_or(("Unknown", "Pending"), |c| (&c.status, &c.reason))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::api::{UMDialPlan, UMIPGateway};
    use crate::domain::{Facts, Notifiers, Replica, Snapshot, Versions, evaluate};

    fn outcome(generation: i64, in_force: u64) -> Outcome {
        let object = |kind: &str, name: &str, spec: serde_json::Value| {
            serde_json::json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind,
                "metadata": {"name": name, "generation": generation}, "spec": spec})
        };
        let plan = object("UMDialPlan", "hq", serde_json::json!({"numberOfDigitsInExtension": 4}));
        let gateway = serde_json::json!({"address": "pbx.example.com", "dialPlanRef": {"name": "hq"}});
        let gateway = object("UMIPGateway", "pbx", gateway);
        let versions = Versions { dial_plans: in_force, gateways: in_force, ..Versions::default() };
        let replica =
            Replica { name: "hq-notifier-0".into(), ready: true, program: None, in_force: Some(versions) };
        let facts = Facts {
            notifiers: Notifiers::Seen(BTreeMap::from([("hq".into(), vec![replica])])),
            ..Facts::default()
        };
        let plan: UMDialPlan = serde_json::from_value(plan).unwrap();
        let gateway: UMIPGateway = serde_json::from_value(gateway).unwrap();
        evaluate(&Snapshot {
            dial_plans: vec![Arc::new(plan)],
            gateways: vec![Arc::new(gateway)],
            facts,
            ..Snapshot::default()
        })
    }

    fn programmed(conditions: &[Condition]) -> &str {
        &conditions.iter().find(|condition| condition.type_ == "Programmed").unwrap().status
    }

    #[test]
    fn what_was_in_force_stays_so_for_its_generation_but_on_the_dial_plan() {
        let now = Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
        let acting = outcome(1, 5);
        let plan = acting.dial_plan_status(0, Earlier { status: None, since: 5 }, &now);
        let gateway = acting.gateway_status(0, Earlier { status: None, since: 5 }, &now);
        assert_eq!(programmed(&plan.as_ref().unwrap().conditions), "True");
        assert_eq!(programmed(&gateway.as_ref().unwrap().conditions), "True");

        let behind = outcome(1, 4);
        let later = behind.dial_plan_status(0, Earlier { status: plan.as_ref(), since: 5 }, &now);
        assert_eq!(programmed(&later.unwrap().conditions), "Unknown");
        let later = behind.gateway_status(0, Earlier { status: gateway.as_ref(), since: 5 }, &now);
        assert_eq!(programmed(&later.unwrap().conditions), "True");

        let changed = outcome(2, 5);
        let later = changed.gateway_status(0, Earlier { status: gateway.as_ref(), since: 6 }, &now);
        assert_eq!(programmed(&later.unwrap().conditions), "Unknown");
    }
}
