//! Statuses of the four kinds, and how a new one joins the one before. Times come in only by [`merge`].

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::finding::{Aspect, Finding, Notes, Severity};
use super::link::Node;
use super::{Claim, Outcome};
use crate::api::condition::{Condition, FindingStatus};
use crate::api::ip_gateway::{GatewayPlanStatus, UMIPGatewayStatus};
use crate::api::{UMDialPlanStatus, UMMailboxPolicyStatus, UMMailboxStatus};

/// Most findings that a status lists.
const MOST_FINDINGS: usize = 20;

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

/// Why `Programmed` is not simply what the notifier says.
enum Served {
    /// A notifier acts by it, once it has the snapshot.
    Yes,
    /// No notifier has anything to do with it.
    No(String),
}

impl Outcome {
    /// Status of the dial plan with that index, joined to the one before.
    #[must_use]
    pub fn dial_plan_status(
        &self,
        at: usize,
        previous: Option<&UMDialPlanStatus>,
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
        Some(UMDialPlanStatus {
            observed_generation: Some(node.generation),
            conditions: self.conditions(
                node,
                &self.served(u32::try_from(at).ok()),
                previous.map(|status| status.conditions.as_slice()),
                now,
            ),
            findings: listed(&node.notes),
            mailboxes: Some(i32::try_from(count).unwrap_or(i32::MAX)),
            gateways: gateways.map(|gateway| gateway.name.to_string()).collect(),
        })
    }

    /// Status of the policy with that index, joined to the one before.
    #[must_use]
    pub fn policy_status(
        &self,
        at: usize,
        previous: Option<&UMMailboxPolicyStatus>,
        now: &Time,
    ) -> Option<UMMailboxPolicyStatus> {
        let node = self.linked.policies.get(at)?;
        let count = self
            .linked
            .mailboxes
            .iter()
            .filter(|mailbox| mailbox.value.policy.is_some_and(|policy| policy as usize == at))
            .count();
        Some(UMMailboxPolicyStatus {
            observed_generation: Some(node.generation),
            conditions: self.conditions(
                node,
                &self.served(node.value.1),
                previous.map(|status| status.conditions.as_slice()),
                now,
            ),
            findings: listed(&node.notes),
            mailboxes: Some(i32::try_from(count).unwrap_or(i32::MAX)),
        })
    }

    /// Status of the gateway with that index, joined to the one before.
    #[must_use]
    pub fn gateway_status(
        &self,
        at: usize,
        previous: Option<&UMIPGatewayStatus>,
        now: &Time,
    ) -> Option<UMIPGatewayStatus> {
        let node = self.linked.gateways.get(at)?;
        let plans = node.value.1.iter().filter_map(|plan| self.linked.dial_plan(*plan));
        let served = if node.value.1.is_empty() {
            Served::No("no dial plan is served by this gateway".into())
        } else {
            Served::Yes
        };
        Some(UMIPGatewayStatus {
            observed_generation: Some(node.generation),
            conditions: self.conditions(
                node,
                &served,
                previous.map(|status| status.conditions.as_slice()),
                now,
            ),
            findings: listed(&node.notes),
            plans: plans.map(|plan| GatewayPlanStatus { name: plan.name.to_string() }).collect(),
        })
    }

    /// Status of the mailbox with that index, joined to the one before.
    #[must_use]
    pub fn mailbox_status(
        &self,
        at: usize,
        previous: Option<&UMMailboxStatus>,
        now: &Time,
    ) -> Option<UMMailboxStatus> {
        let (node, mwi) = (self.linked.mailboxes.get(at)?, self.mwi.get(at)?);
        let plan = node.value.dial_plan.and_then(|plan| self.linked.dial_plan(plan));
        let served = if mwi.claim == Claim::Frozen {
            Served::No("its lamps stay as they are until the error is mended".into())
        } else {
            self.served(node.value.dial_plan)
        };
        Some(UMMailboxStatus {
            observed_generation: Some(node.generation),
            conditions: self.conditions(
                node,
                &served,
                previous.map(|status| status.conditions.as_slice()),
                now,
            ),
            findings: listed(&node.notes),
            dial_plan: plan.map(|plan| plan.name.to_string()),
            mwi_allowed: Some(if mwi.allowed() { "True".to_owned() } else { mwi.reason.to_string() }),
        })
    }

    /// Whether the notifier of a dial plan runs.
    fn served(&self, plan: Option<u32>) -> Served {
        let plan = plan.and_then(|plan| self.linked.dial_plan(plan));
        match plan.filter(|plan| self.facts.stopped.contains(&*plan.name)) {
            Some(plan) => Served::No(format!("the notifier of UMDialPlan/{} does not run", plan.name)),
            None => Served::Yes,
        }
    }

    fn conditions<T>(
        &self,
        node: &Node<T>,
        served: &Served,
        previous: Option<&[Condition]>,
        now: &Time,
    ) -> Vec<Condition> {
        let new = verdicts(&node.notes, served, self.facts.programmed);
        merge(previous.unwrap_or_default(), &new, node.generation, now)
    }
}

/// The conditions that follow from the findings of one object.
fn verdicts(notes: &Notes, served: &Served, programmed: bool) -> Vec<Verdict> {
    let error = notes.any_error();
    let accepted = by_findings("Accepted", notes, Aspect::Accepted);
    let resolved = by_findings("ResolvedRefs", notes, Aspect::ResolvedRefs);
    let programmed = match (error, served, programmed) {
        (Some(error), ..) => Verdict {
            type_: "Programmed",
            status: "False",
            reason: error.code.as_str(),
            message: "Not all of it is in force: it has errors".into(),
        },
        (None, Served::No(why), _) => Verdict {
            type_: "Programmed",
            status: "False",
            reason: "NotServed",
            message: format!("No notifier acts by it: {why}"),
        },
        (None, Served::Yes, true) => Verdict {
            type_: "Programmed",
            status: "True",
            reason: "Programmed",
            message: "The notifier acts by it".into(),
        },
        (None, Served::Yes, false) => Verdict {
            type_: "Programmed",
            status: "Unknown",
            reason: "Pending",
            message: "The notifier has not said that it acts by it".into(),
        },
    };
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

/// Joins new conditions to those before: the transition time moves only when `status` does. Types that are not ours stay.
#[must_use]
pub fn merge(previous: &[Condition], new: &[Verdict], generation: i64, now: &Time) -> Vec<Condition> {
    const OURS: [&str; 6] = ["Accepted", "ResolvedRefs", "Programmed", "Ready", "Reconciling", "Stalled"];
    let mut all: Vec<Condition> =
        previous.iter().filter(|c| !OURS.contains(&c.type_.as_str())).cloned().collect();
    all.extend(new.iter().map(|verdict| {
        let before = previous.iter().find(|c| c.type_ == verdict.type_ && c.status == verdict.status);
        Condition {
            type_: verdict.type_.into(),
            status: verdict.status.into(),
            reason: verdict.reason.into(),
            message: verdict.message.clone(),
            observed_generation: Some(generation),
            last_transition_time: before.map_or_else(|| now.clone(), |c| c.last_transition_time.clone()),
        }
    }));
    all.sort_by(|a, b| a.type_.cmp(&b.type_));
    all
}

/// Reason of `Ready` and its status, as tables show them.
#[must_use]
pub fn ready(conditions: &[Condition]) -> (&str, &str) {
    conditions.iter().find(|c| c.type_ == "Ready").map_or(("Unknown", "Pending"), |c| (&c.status, &c.reason))
}
