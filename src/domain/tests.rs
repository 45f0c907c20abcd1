//! What the programs around evaluation ask of it, beside findings and statuses, which the golden cases record.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::delivered::is_reported;
use super::object::Http;
use super::status::{is_ours, ready};
use super::{Earlier, Kind, Notifiers, Outcome, Replica, Snapshot, Versions, evaluate};
use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};

fn object<K: DeserializeOwned>(kind: &str, name: &str, spec: Value) -> Arc<K> {
    let value = json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    Arc::new(serde_json::from_value(value).unwrap())
}

fn plan(name: &str, more: Value) -> Arc<UMDialPlan> {
    let mut spec = json!({"numberOfDigitsInExtension": 4});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object("UMDialPlan", name, spec)
}

fn policy(name: &str, plan: &str) -> Arc<UMMailboxPolicy> {
    object("UMMailboxPolicy", name, json!({"dialPlanRef": {"name": plan}}))
}

fn gateway(name: &str, plans: &[&str]) -> Arc<UMIPGateway> {
    let groups: Vec<Value> = plans.iter().map(|plan| json!({"dialPlanRef": {"name": plan}})).collect();
    let auth =
        json!({"username": "lamp", "passwordSecretRef": {"name": format!("{name}-sip"), "key": "password"}});
    object("UMIPGateway", name, json!({"address": "192.0.2.1", "huntGroups": groups, "auth": auth}))
}

fn mailbox(name: &str, policy: &str, extension: &str) -> Arc<UMMailbox> {
    let pin = json!({"secretRef": {"name": format!("{name}-pin"), "key": "pin"}});
    let spec = json!({"mailboxPolicyRef": {"name": policy}, "extensions": [extension], "pin": pin});
    object("UMMailbox", name, spec)
}

/// Two dial plans, of which `branch` is suspended; gateway `both` serves both.
fn office() -> Snapshot {
    Snapshot {
        dial_plans: vec![plan("branch", json!({"suspend": true})), plan("hq", json!({}))],
        mailbox_policies: vec![policy("of-branch", "branch"), policy("of-hq", "hq")],
        gateways: vec![
            gateway("alone", &["branch"]),
            gateway("both", &["branch", "hq"]),
            gateway("none", &[]),
        ],
        mailboxes: vec![mailbox("lina", "of-hq", "4201"), mailbox("omar", "of-branch", "4202")],
        ..Snapshot::default()
    }
}

fn resting(outcome: &Outcome, kind: Kind, count: usize) -> Vec<bool> {
    (0..count).map(|at| outcome.rests(kind, at)).collect()
}

#[test]
fn what_hangs_on_suspended_dial_plans_alone_rests() {
    let outcome = evaluate(&office());
    assert_eq!(resting(&outcome, Kind::DialPlan, 3), [true, false, false]);
    assert_eq!(resting(&outcome, Kind::MailboxPolicy, 2), [true, false]);
    assert_eq!(resting(&outcome, Kind::Gateway, 3), [true, false, false]);
    assert_eq!(resting(&outcome, Kind::Mailbox, 2), [false, true]);
}

#[test]
fn a_gateway_is_in_force_when_the_notifiers_of_its_dial_plans_that_are_not_suspended_act_by_it() {
    let versions = Versions { gateways: 5, ..Versions::default() };
    let mut snapshot = office();
    let replica =
        Replica { name: "hq-notifier-0".into(), ready: true, program: None, in_force: Some(versions) };
    snapshot.facts.notifiers = Notifiers::Seen(BTreeMap::from([("hq".into(), vec![replica])]));
    let outcome = evaluate(&snapshot);
    let programmed = |since: u64| {
        let now = Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
        let status = outcome.gateway_status(1, Earlier { status: None, since }, &now).unwrap();
        status.conditions.into_iter().find(|condition| condition.type_ == "Programmed").unwrap().status
    };
    assert_eq!(programmed(5), "True");
    assert_eq!(programmed(6), "Unknown");
}

#[test]
fn versions_are_kept_and_compared_for_each_kind() {
    let kinds = [Kind::DialPlan, Kind::MailboxPolicy, Kind::Gateway, Kind::Mailbox];
    let versions = |all: [u64; 4]| {
        let mut versions = Versions::default();
        kinds.iter().zip(all).for_each(|(kind, version)| versions.set(*kind, version));
        versions
    };
    let (one, other) = (versions([1, 5, 2, 9]), versions([3, 4, 7, 8]));
    assert_eq!(kinds.map(|kind| one.of(kind)), [1, 5, 2, 9]);
    assert_eq!(one.max(other), versions([3, 5, 7, 9]));
}

fn names<'a>(keys: impl IntoIterator<Item = &'a super::KeyName>) -> BTreeSet<&'a str> {
    keys.into_iter().map(|key| key.name.as_str()).collect()
}

#[test]
fn keys_are_those_of_the_dial_plan_of_its_gateways_and_of_its_mailboxes() {
    let snapshot = office();
    let outcome = evaluate(&snapshot);
    assert_eq!(names(&outcome.linked.keys(0)), BTreeSet::from(["alone-sip", "both-sip", "omar-pin"]));
    assert_eq!(names(&outcome.linked.keys(1)), BTreeSet::from(["both-sip", "lina-pin"]));
    let all = ["alone-sip", "both-sip", "lina-pin", "none-sip", "omar-pin"];
    assert_eq!(names(&snapshot.named_keys()), BTreeSet::from(all));
}

#[test]
fn scopes_of_a_client_are_the_words_that_it_has() {
    let client = json!({"name": "voicemail", "tokenSecretRef": {"name": "token", "key": "token"}, "scopes": ["messages", "pin"]});
    let plan = plan("hq", json!({"notifier": {"http": {"clients": [client]}}}));
    let http = Http::of(&plan.spec);
    let client = &http.clients.unwrap()[0];
    let scopes: Vec<&str> = client.scopes.iter().map(|scope| scope.as_str()).collect();
    assert_eq!((client.name.as_str(), scopes), ("voicemail", vec!["messages", "pin"]));
}

#[test]
fn each_thing_that_a_notifier_says_of_a_gateway_is_said() {
    let entry = |more: Value| {
        let mut entry = json!({"name": "hq"});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        is_reported(&serde_json::from_value(entry).unwrap())
    };
    assert!(!entry(json!({})));
    assert!(entry(json!({"delivered": "True"})));
    assert!(entry(json!({"sourceAddress": "192.0.2.7"})));
    assert!(entry(json!({"lastRefusal": "403 Forbidden"})));
}

#[test]
fn conditions_of_others_are_not_ours() {
    assert!(is_ours(Kind::Mailbox, "Ready") && is_ours(Kind::Gateway, "Delivered"));
    assert!(!is_ours(Kind::Mailbox, "Delivered") && !is_ours(Kind::Gateway, "Held"));
}

#[test]
fn ready_is_the_condition_of_that_name_or_unknown() {
    let condition = |type_: &str, status: &str, reason: &str| {
        serde_json::from_value(json!({"type": type_, "status": status, "reason": reason, "message": "", "lastTransitionTime": "1970-01-01T00:00:00Z"})).unwrap()
    };
    let all = [condition("Accepted", "True", "Accepted"), condition("Ready", "False", "NoGateway")];
    assert_eq!(ready(&all), ("False", "NoGateway"));
    assert_eq!(ready(&all[..1]), ("Unknown", "Pending"));
}
