//! Which statuses are not as they would be by what is known of delivery, and what is to be written. Knows no API server: what stands
//! there comes from the watches.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Resource;
use serde_json::{Value, json};

use super::refresh::{Requests, asks, is_short, said_of_gateway, said_of_mailbox, said_of_plan};
use crate::api::condition::{Condition, Conditions};
use crate::api::ip_gateway::GatewayPlanStatus;
use crate::api::{UMDialPlan, UMIPGateway, UMMailbox};
use crate::cluster::status::{NOTIFIER, REFRESHER, nothing, notifier_of, said};
use crate::domain::Kind;
use crate::domain::delivered::{self, DELIVERED, Delivered, Failure, Found, is_reported};
use crate::domain::status::Verdict;
use crate::engine::mwi::{self, Answer, GatewayDelivery};
use crate::notifier::Standing;
use crate::source::watch::{Resources, Shelf};

/// A status that is to be written.
#[derive(Clone, Debug)]
pub struct Write {
    /// Of which object.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Under which name it is written.
    pub manager: String,
    /// All that is said under that name.
    pub body: Value,
    /// What people are told then.
    pub event: Option<Transition>,
}

/// Delivery failed, or works again.
#[derive(Clone, Debug)]
pub struct Transition {
    /// The object.
    pub about: ObjectReference,
    /// It failed.
    pub warning: bool,
    /// In one word.
    pub reason: &'static str,
    /// In a sentence.
    pub note: String,
}

/// What is known.
pub struct Known<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The notifier's dial plan.
    pub dial_plan: &'a str,
    /// Whether delivery works.
    pub standing: &'a Standing,
    /// Mailboxes of the dial plan that have the condition.
    pub marked: &'a [String],
    /// Refreshes that were handled, and that no status says yet.
    pub handled: &'a Requests,
}

/// Mailboxes that have the condition, of those that are the notifier's.
pub fn marked(resources: &Resources, namespace: &str, is_own: impl Fn(&str) -> bool) -> Vec<String> {
    let shelf = resources.mailboxes.look();
    let has = |status: &crate::api::UMMailboxStatus| standing(&status.conditions).is_some();
    let marked = shelf.all(namespace).filter(|(name, kept)| {
        let status = kept.object.as_ref().and_then(|mailbox| mailbox.status.as_ref());
        status.is_some_and(has) && is_own(name)
    });
    marked.map(|(name, _)| name.to_owned()).collect()
}

/// What is to be written: delivery, the dial plan first, then gateways, then mailboxes; then refreshes that were handled.
pub fn due(resources: &Resources, known: &Known<'_>, now: &Time) -> Vec<Write> {
    let mut due = Vec::new();
    due.extend(of_plan(resources, known, now));
    due.extend(of_gateways(resources, known));
    due.extend(of_mailboxes(resources, known, now));
    due.extend(of_refreshes(resources, known));
    due
}

/// Values of the annotation that statuses do not repeat yet, as long as nothing newer is asked for.
fn of_refreshes(resources: &Resources, known: &Known<'_>) -> Vec<Write> {
    fn body<K>(
        shelf: &Shelf<K>,
        known: &Known<'_>,
        name: &str,
        value: &str,
        before: fn(&K) -> Option<&String>,
    ) -> Option<Value>
    where
        K: Resource<DynamicType = ()>,
    {
        let object = shelf.get(known.namespace, name)?.object.as_ref()?;
        let is_due = asks(&**object) == Some(value) && before(object).map(String::as_str) != Some(value);
        is_due.then(|| said::<K>(name, json!({"lastHandledRefresh": value})))
    }
    let write = |((kind, name), value): (&(Kind, String), &String)| {
        let body = match kind {
            Kind::DialPlan => body(&resources.dial_plans.look(), known, name, value, said_of_plan),
            Kind::Gateway => body(&resources.gateways.look(), known, name, value, said_of_gateway),
            Kind::Mailbox => body(&resources.mailboxes.look(), known, name, value, said_of_mailbox),
            Kind::MailboxPolicy => None,
        };
        let (kind, name, manager) = (*kind, name.clone(), REFRESHER.to_owned());
        Some(Write { kind, name, manager, body: body?, event: None })
    };
    known.handled.iter().filter(|(_, value)| is_short(value)).filter_map(write).collect()
}

fn of_plan(resources: &Resources, known: &Known<'_>, now: &Time) -> Option<Write> {
    let shelf = resources.dial_plans.look();
    let plan = shelf.get(known.namespace, known.dial_plan)?.object.clone()?;
    let view = &known.standing.view;
    let cause = view.cause.as_ref().map(|(gateway, answer)| (gateway.as_str(), failure(*answer)));
    let before = conditions(plan.status.as_ref());
    let verdict = delivered::of_plan(view.delivered.map(found), cause, before)?;
    let said = standing(before).map(|condition| condition.status.as_str());
    let event = transition(&*plan, said, &verdict);
    let condition = delivered::condition(verdict, before, plan.metadata.generation.unwrap_or_default(), now)?;
    Some(conditioned::<UMDialPlan>(Kind::DialPlan, known.dial_plan, &condition, event))
}

fn of_gateways(resources: &Resources, known: &Known<'_>) -> Vec<Write> {
    let mut due = Vec::new();
    for (name, kept) in resources.gateways.look().all(known.namespace) {
        let Some(gateway) = &kept.object else { continue };
        let entries = gateway.status.iter().flat_map(|status| &status.plans);
        let before = entries.into_iter().find(|entry| entry.name == known.dial_plan);
        let now = known.standing.view.gateways.iter().find(|gateway| gateway.name == name);
        let (body, event) = match now {
            Some(now) => {
                let Some(entry) = delivered::entry(known.dial_plan, &of_one(now, known), before) else {
                    continue;
                };
                if before == Some(&entry) {
                    continue;
                }
                let said = before.and_then(|entry| entry.delivered.as_deref());
                let verdict = delivered::of_gateway(std::iter::once(&entry));
                let event = verdict.and_then(|verdict| transition(&**gateway, said, &verdict));
                (said_of(name, &entry), event)
            }
            // The dial plan no longer has it.
            None if before.is_some_and(is_reported) => (nothing::<UMIPGateway>(name), None),
            None => continue,
        };
        let manager = notifier_of(known.dial_plan);
        due.push(Write { kind: Kind::Gateway, name: name.to_owned(), manager, body, event });
    }
    due
}

fn of_one(gateway: &GatewayDelivery, known: &Known<'_>) -> Found {
    Found {
        delivered: gateway.delivered.map(found),
        source: known.standing.sources.get(&gateway.name).copied(),
        refusal: gateway.refusal.map(|refusal| (refusal.status, refusal.at)),
    }
}

fn said_of(name: &str, entry: &GatewayPlanStatus) -> Value {
    said::<UMIPGateway>(name, json!({"plans": [entry]}))
}

fn of_mailboxes(resources: &Resources, known: &Known<'_>, now: &Time) -> Vec<Write> {
    let shelf = resources.mailboxes.look();
    let view = &known.standing.view;
    let mut due = Vec::new();
    for trouble in &view.lamps {
        let Some(kept) = shelf.get(known.namespace, &trouble.mailbox) else { continue };
        let Some(mailbox) = &kept.object else { continue };
        let verdict = delivered::of_mailbox(&trouble.lamp, &trouble.gateway, failure(trouble.last));
        let generation = mailbox.metadata.generation.unwrap_or_default();
        let before = conditions(mailbox.status.as_ref());
        if let Some(condition) = delivered::condition(verdict, before, generation, now) {
            due.push(conditioned::<UMMailbox>(Kind::Mailbox, &trouble.mailbox, &condition, None));
        }
    }
    let fails: BTreeSet<&str> = view.lamps.iter().map(|trouble| trouble.mailbox.as_str()).collect();
    // While the dial plan delivers nothing, its mailboxes have no trouble of their own.
    let all = view.delivered == Some(mwi::Delivered::No);
    let is_well =
        |name: &&String| !fails.contains(name.as_str()) && (all || known.standing.excused.contains(name));
    due.extend(known.marked.iter().filter(is_well).map(|name| Write {
        kind: Kind::Mailbox,
        name: name.clone(),
        manager: NOTIFIER.to_owned(),
        body: nothing::<UMMailbox>(name),
        event: None,
    }));
    due
}

fn conditioned<K: Resource<DynamicType = ()>>(
    kind: Kind,
    name: &str,
    condition: &Condition,
    event: Option<Transition>,
) -> Write {
    let body = said::<K>(name, json!({"conditions": [condition]}));
    Write { kind, name: name.to_owned(), manager: NOTIFIER.to_owned(), body, event }
}

fn conditions<S: Conditions>(status: Option<&S>) -> &[Condition] {
    status.map(Conditions::conditions).unwrap_or_default()
}

fn standing(conditions: &[Condition]) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == DELIVERED)
}

/// People are told when delivery begins to fail, and when it works again; not that it works from the beginning.
fn transition<K>(object: &K, before: Option<&str>, now: &Verdict) -> Option<Transition>
where
    K: Resource<DynamicType = ()>,
{
    let warning = now.status == "False" && before != Some("False");
    let mended = now.status == "True" && before == Some("False");
    (warning || mended).then(|| Transition {
        about: object.object_ref(&()),
        warning,
        reason: now.reason,
        note: now.message.clone(),
    })
}

fn found(delivered: mwi::Delivered) -> Delivered {
    match delivered {
        mwi::Delivered::Yes => Delivered::True,
        mwi::Delivered::No => Delivered::False,
        mwi::Delivered::Unknown => Delivered::Unknown,
    }
}

fn failure(answer: Answer) -> Failure {
    match answer {
        Answer::Final(status) => Failure::Answer(status),
        Answer::Transport | Answer::Expired => Failure::Silence,
    }
}

#[cfg(test)]
mod tests;
