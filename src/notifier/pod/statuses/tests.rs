#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::*;
use crate::engine::mwi::{DeliveryView, LampTrouble, Refusal};

/// Dial plan `hq`, gateways `a` and `b`, mailboxes `lina` and `omar`, with these statuses in place of none.
fn world(statuses: &[(&str, Value)]) -> Resources {
    let object = |kind: &str, name: &str, spec: Value| {
        let status = statuses.iter().find(|(of, _)| *of == name).map(|(_, status)| status.clone());
        json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind, "spec": spec, "status": status,
               "metadata": {"name": name, "namespace": "voice", "generation": 3, "resourceVersion": "7"}})
    };
    fn read<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }
    let resources = Resources::default();
    let plan = object("UMDialPlan", "hq", json!({"numberOfDigitsInExtension": 4}));
    resources.dial_plans.look().apply(read(plan));
    for name in ["a", "b"] {
        let gateway = object("UMIPGateway", name, json!({"address": "pbx.example.com"}));
        resources.gateways.look().apply(read(gateway));
    }
    for name in ["lina", "omar"] {
        let spec = json!({"mailboxPolicyRef": {"name": "staff"}, "extensions": ["4201"]});
        resources.mailboxes.look().apply(read(object("UMMailbox", name, spec)));
    }
    resources
}

fn gateway(name: &str, delivered: Option<mwi::Delivered>) -> GatewayDelivery {
    GatewayDelivery { name: name.into(), delivered, cause: None, refusal: None }
}

fn standing_of(delivered: Option<mwi::Delivered>, gateways: Vec<GatewayDelivery>) -> Standing {
    let cause = (delivered == Some(mwi::Delivered::No)).then(|| ("a".to_owned(), Answer::Expired));
    let sources = BTreeMap::from([("a".to_owned(), "192.0.2.20".parse().unwrap())]);
    let view = DeliveryView { delivered, cause, gateways, lamps: Vec::new() };
    Standing { view, sources, excused: Vec::new() }
}

fn due_in(resources: &Resources, standing: &Standing) -> Vec<Write> {
    let marked = marked(resources, "voice", |_| true);
    let handled = Requests::new();
    let known = Known { namespace: "voice", dial_plan: "hq", standing, marked: &marked, handled: &handled };
    due(resources, &known, &Time(Timestamp::from_second(100).unwrap()))
}

fn condition(status: &str) -> Value {
    json!({"conditions": [
        {"type": "Delivered", "status": status, "reason": "X", "message": "", "observedGeneration": 3,
         "lastTransitionTime": "1970-01-01T00:00:10Z"}]})
}

#[test]
fn nothing_is_written_before_anything_was_heard_or_sent() {
    let silent = standing_of(None, vec![gateway("a", None), gateway("b", None)]);
    assert!(due_in(&world(&[]), &silent).is_empty());
    let answers = standing_of(
        Some(mwi::Delivered::Unknown),
        vec![gateway("a", Some(mwi::Delivered::Unknown)), gateway("b", None)],
    );
    assert!(due_in(&world(&[]), &answers).is_empty());
}

#[test]
fn what_is_written_is_not_due_again_and_what_another_dial_plan_says_is_not_touched() {
    let other = json!({"name": "branch", "delivered": "False"});
    let world_before = world(&[("a", json!({"plans": [other]}))]);
    let well = standing_of(
        Some(mwi::Delivered::Yes),
        vec![gateway("a", Some(mwi::Delivered::Yes)), gateway("b", None)],
    );
    let due = due_in(&world_before, &well);
    let names: Vec<&str> = due.iter().map(|write| write.name.as_str()).collect();
    assert_eq!(names, ["hq", "a"]);
    assert!(due.iter().all(|write| write.event.is_none()), "it works from the beginning");
    let entry = json!({"name": "hq", "delivered": "True", "sourceAddress": "192.0.2.20"});
    assert_eq!(due[1].manager, "lamplighter-notifier/hq");
    assert_eq!(due[1].body["status"], json!({"plans": [entry]}));
    assert_eq!(due[0].manager, "lamplighter-notifier");
    let written = &due[0].body["status"]["conditions"][0];
    assert_eq!((&written["status"], &written["observedGeneration"]), (&json!("True"), &json!(3)));

    let after = world(&[("a", json!({"plans": [other, entry]})), ("hq", due[0].body["status"].clone())]);
    assert!(due_in(&after, &well).is_empty());
}

#[test]
fn people_are_told_when_delivery_fails_and_when_it_works_again() {
    let fails = standing_of(Some(mwi::Delivered::No), vec![gateway("a", Some(mwi::Delivered::No))]);
    let works = standing_of(Some(mwi::Delivered::Yes), vec![gateway("a", Some(mwi::Delivered::Yes))]);
    let before = |status: &str| {
        let entry = json!({"plans": [{"name": "hq", "delivered": status}]});
        world(&[("hq", condition(status)), ("a", entry)])
    };
    let told = |world: &Resources, standing: &Standing| -> Vec<(String, bool)> {
        let due = due_in(world, standing);
        due.into_iter().filter_map(|write| Some((write.name, write.event?.warning))).collect()
    };
    let both = |warning| vec![("hq".to_owned(), warning), ("a".to_owned(), warning)];
    assert_eq!(told(&before("True"), &fails), both(true));
    assert_eq!(told(&world(&[]), &fails), both(true));
    assert_eq!(told(&before("False"), &fails), []);
    assert_eq!(told(&before("False"), &works), both(false));
    assert_eq!(told(&before("Unknown"), &works), []);
}

#[test]
fn an_entry_is_taken_back_when_the_dial_plan_no_longer_has_the_gateway() {
    let entries =
        json!({"plans": [{"name": "hq", "delivered": "True"}, {"name": "branch", "delivered": "True"}]});
    let of_others = json!({"plans": [{"name": "hq"}, {"name": "branch", "delivered": "True"}]});
    let due = due_in(&world(&[("a", entries), ("b", of_others)]), &standing_of(None, Vec::new()));
    assert_eq!(due.len(), 1, "a name alone is the operator's: {due:?}");
    assert_eq!((due[0].name.as_str(), due[0].manager.as_str()), ("a", "lamplighter-notifier/hq"));
    assert_eq!(due[0].body.get("status"), None);
}

#[test]
fn a_refusal_is_told_before_five_minutes_are_over() {
    let refusal = Some(Refusal { status: 403, at: 10_000 });
    let refused = GatewayDelivery { refusal, ..gateway("a", Some(mwi::Delivered::Unknown)) };
    let due = due_in(&world(&[]), &standing_of(Some(mwi::Delivered::Unknown), vec![refused]));
    let entry = &due[0].body["status"]["plans"][0];
    assert_eq!(entry["delivered"], "Unknown");
    assert_eq!(entry["lastRefusal"], "403 Forbidden (1970-01-01T00:00:10Z)");
}

#[test]
fn a_mailbox_shows_its_own_trouble_until_it_has_none_or_nobody_is_delivered_to() {
    let mut standing = standing_of(Some(mwi::Delivered::Yes), Vec::new());
    let trouble = |mailbox: &str| LampTrouble {
        mailbox: mailbox.into(),
        lamp: "4201".into(),
        gateway: "a".into(),
        last: Answer::Final(404),
    };
    standing.view.lamps = vec![trouble("gone"), trouble("lina")];
    let plan = ("hq", condition("True"));
    let mailboxes = |world: &Resources, standing: &Standing| -> Vec<Write> {
        due_in(world, standing).into_iter().filter(|write| write.kind == Kind::Mailbox).collect()
    };
    let due = mailboxes(&world(std::slice::from_ref(&plan)), &standing);
    assert_eq!(due.len(), 1);
    let status = due[0].body["status"].clone();
    assert_eq!(status["conditions"][0]["status"], "False");
    assert_eq!(
        status["conditions"][0]["message"],
        "4201: UMIPGateway/a answered 404 Not Found, while NOTIFY for others is confirmed"
    );
    let marked = world(&[plan, ("lina", status), ("omar", condition("False"))]);
    assert!(mailboxes(&marked, &standing).is_empty(), "nobody knows yet whether omar is well");
    standing.excused = vec!["omar".into()];
    let due = mailboxes(&marked, &standing);
    assert_eq!((due.len(), due[0].name.as_str(), due[0].body.get("status")), (1, "omar", None));
    let nobody = standing_of(Some(mwi::Delivered::No), Vec::new());
    assert_eq!(mailboxes(&marked, &nobody).len(), 2);
}

#[test]
fn a_refresh_that_was_handled_is_repeated_once_and_not_when_a_newer_one_is_asked_for() {
    let resources = |asked: &str, said: Option<&str>| {
        let resources = world(&[]);
        let mailbox = serde_json::from_value(json!({
            "apiVersion": "um.lamplighter.dev/v1alpha1", "kind": "UMMailbox",
            "metadata": {"name": "lina", "namespace": "voice", "generation": 3, "resourceVersion": "8",
                         "annotations": {"um.lamplighter.dev/refresh-requested-at": asked}},
            "spec": {"mailboxPolicyRef": {"name": "staff"}, "extensions": ["4201"]},
            "status": {"lastHandledRefresh": said}
        }));
        resources.mailboxes.look().apply(mailbox.unwrap());
        resources
    };
    let standing = standing_of(None, Vec::new());
    let due_of = |resources: &Resources, value: &str| {
        let handled = Requests::from([((Kind::Mailbox, "lina".to_owned()), value.to_owned())]);
        let known = Known {
            namespace: "voice",
            dial_plan: "hq",
            standing: &standing,
            marked: &[],
            handled: &handled,
        };
        due(resources, &known, &Time(Timestamp::from_second(100).unwrap()))
    };
    let due = due_of(&resources("1", None), "1");
    assert_eq!((due.len(), due[0].manager.as_str()), (1, "lamplighter-notifier-refresh"));
    assert_eq!(due[0].body["status"], json!({"lastHandledRefresh": "1"}));
    assert!(due_of(&resources("1", Some("1")), "1").is_empty());
    assert!(due_of(&resources("2", None), "1").is_empty(), "a newer one is asked for");
    let long = "x".repeat(129);
    assert!(due_of(&resources(&long, None), &long).is_empty(), "the definition takes no longer one");
}
