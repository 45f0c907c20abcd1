//! `Delivered` in a real cluster: what notifier and operator write of it together. That five minutes have to fail, the scripts of the engine show.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::harness;
use crate::installed::{Office, wait, with_pods};
use crate::scripted::Scripted;

/// So long nothing is written when nothing changes: a Lease may follow a status within five seconds.
const REST: Duration = Duration::from_secs(8);

fn condition(object: &Value, type_: &str) -> Option<Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == type_).cloned()
}

fn is(object: &Value, type_: &str, status: &str) -> bool {
    condition(object, type_).is_some_and(|condition| condition["status"] == status)
}

/// The entries of a gateway's status that a notifier has said something in.
fn reported(office: &Office<'_>) -> Vec<Value> {
    let plans = office.get("umgw/pbx")["status"]["plans"].clone();
    let plans = plans.as_array().cloned().unwrap_or_default();
    plans.into_iter().filter(|plan| plan.get("delivered").is_some()).collect()
}

/// Field managers that have written this field of a status, named as managed fields name it.
fn managers(object: &Value, field: &str) -> BTreeSet<String> {
    let managed = object["metadata"]["managedFields"].as_array().unwrap().iter();
    let wrote = managed.filter(|entry| entry["fieldsV1"]["f:status"].to_string().contains(field));
    wrote.map(|entry| entry["manager"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_gateway_that_confirms_notify_is_delivered_to_from_the_address_that_stands_there() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "delivered");
    assert_eq!(condition(&office.get("umgw/pbx"), "Delivered"), None, "nothing was sent yet");
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    for object in ["umgw/pbx", "umdp/hq"] {
        wait(object, || is(&office.get(object), "Delivered", "True").then_some(()));
        assert!(is(&office.get(object), "Ready", "True"));
    }
    let [entry] = &reported(&office)[..] else { panic!("one entry is expected: {}", office.get("umgw/pbx")) };
    let pod = office.get("pod/hq-notifier-0")["status"]["podIP"].clone();
    assert_eq!((&entry["name"], &entry["delivered"]), (&Value::from("hq"), &Value::from("True")));
    assert_eq!(entry["sourceAddress"], pod);
    let notified = office.phone.notified();
    let from = notified.last().unwrap()["from"].as_str().unwrap();
    assert!(from.starts_with(&format!("{}:", pod.as_str().unwrap())), "{from} is not {pod}");

    let managed =
        office.namespace.kubectl(&["get", "umgw", "pbx", "-o", "json", "--show-managed-fields"]).json();
    assert_eq!(managers(&managed, "f:sourceAddress"), BTreeSet::from(["lamplighter-notifier/hq".to_owned()]));
    assert_eq!(
        managers(&managed, r#"k:{\"type\":\"Delivered\"}"#),
        BTreeSet::from(["lamplighter-operator".to_owned()])
    );
    at_rest(&office);
    let told = || office.phone.history("4201").len();
    for object in ["umdp/hq", "umgw/pbx", "ummb/lina"] {
        let before = told();
        refresh(&office, object, "first");
        wait(object, || (told() > before).then_some(()));
    }
    let managed =
        office.namespace.kubectl(&["get", "umgw", "pbx", "-o", "json", "--show-managed-fields"]).json();
    assert_eq!(
        managers(&managed, "f:lastHandledRefresh"),
        BTreeSet::from(["lamplighter-notifier-refresh".to_owned()])
    );
    at_rest(&office);
    assert_eq!(office.get("ummb/omar")["status"].get("lastHandledRefresh"), None);
    office.namespace.kubectl(&["delete", "pod", "hq-notifier-0", "--wait"]).text();
    office.ready(&["umdp/hq"]);
    // A pod that starts finds what was asked for meanwhile, and nothing that was handled.
    refresh(&office, "ummb/lina", "second");
}

/// Asks for a refresh, and waits until the notifier says that it was handled.
fn refresh(office: &Office<'_>, object: &str, value: &str) {
    let annotation = format!("um.lamplighter.dev/refresh-requested-at={value}");
    office.namespace.kubectl(&["annotate", "--overwrite", object, &annotation]).text();
    let handled = format!("--for=jsonpath={{.status.lastHandledRefresh}}={value}");
    office.namespace.kubectl(&["wait", &handled, object, "--timeout=120s"]).text();
}

/// Waits until nothing has been written for a while.
fn at_rest(office: &Office<'_>) {
    let versions = || {
        let objects = ["umgw/pbx", "umdp/hq", "ummb/lina", "ummb/omar", "lease/hq-notifier-0"];
        objects.map(|object| office.get(object)["metadata"]["resourceVersion"].clone())
    };
    wait("rest", || {
        let before = versions();
        std::thread::sleep(REST);
        (versions() == before).then_some(())
    });
}

#[test]
fn a_phone_that_the_pbx_does_not_know_stands_on_its_mailbox_until_it_does() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "unknown");
    let host: IpAddr = cluster.facts()["HOST_ADDRESS"].parse().unwrap();
    let known = Arc::new(AtomicBool::new(false));
    let is_known = Arc::clone(&known);
    let pbx = Scripted::start_at(
        host,
        Box::new(move |notify| {
            let refuses = notify.uri.contains("4201") && !is_known.load(Ordering::Relaxed);
            (if refuses { "404 Not Found" } else { "200 OK" }, Vec::new())
        }),
    );
    office.patch("umgw/pbx", &format!(r#"{{"spec":{{"port":{}}}}}"#, pbx.port));
    office.ready(&["umgw/pbx"]);
    office.put("lina", 1);
    // Until the gateway confirms something, it may be that it knows nobody.
    let entry = wait("the refusal", || reported(&office).into_iter().next());
    assert_eq!(entry["delivered"], "Unknown");
    assert!(entry["lastRefusal"].as_str().unwrap().starts_with("404 Not Found ("), "{entry}");
    office.put("omar", 1);
    let lina =
        wait("the mailbox", || Some(office.get("ummb/lina")).filter(|lina| is(lina, "Delivered", "False")));
    let delivered = condition(&lina, "Delivered").unwrap();
    assert_eq!(delivered["reason"], "NotDelivered");
    assert!(
        delivered["message"].as_str().unwrap().starts_with("4201: UMIPGateway/pbx answered 404 Not Found")
    );
    assert!(is(&lina, "Ready", "True"));
    for object in ["umgw/pbx", "umdp/hq"] {
        wait(object, || is(&office.get(object), "Delivered", "True").then_some(()));
    }
    assert_eq!(condition(&office.get("ummb/omar"), "Delivered"), None);

    // The operator writes the mailbox's status meanwhile, and leaves the condition alone.
    office.patch("ummb/lina", r#"{"spec":{"displayName":"Lina"}}"#);
    office.ready(&["ummb/lina"]);
    assert!(is(&office.get("ummb/lina"), "Delivered", "False"));
    known.store(true, Ordering::Relaxed);
    office.patch(
        "ummb/lina",
        r#"{"metadata":{"annotations":{"um.lamplighter.dev/refresh-requested-at":"now"}}}"#,
    );
    wait("the phone that is known", || {
        condition(&office.get("ummb/lina"), "Delivered").is_none().then_some(())
    });
}

#[test]
fn what_a_notifier_said_of_a_gateway_goes_with_the_gateway_and_with_the_dial_plan() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "left");
    office.put("lina", 1);
    let said = || (!reported(&office).is_empty()).then_some(());
    let gone = || {
        let gateway = office.get("umgw/pbx");
        (reported(&office).is_empty() && condition(&gateway, "Delivered").is_none()).then_some(())
    };
    wait("an entry", said);
    office.patch("umgw/pbx", r#"{"spec":{"dialPlanRef":null}}"#);
    wait("the notifier to take it back", gone);
    office.patch("umgw/pbx", r#"{"spec":{"dialPlanRef":{"name":"hq"}}}"#);
    office.ready(&["umgw/pbx"]);
    office.put("lina", 2);
    wait("a new entry", said);
    office.namespace.kubectl(&["delete", "umdp", "hq"]).text();
    wait("the operator to take it back", gone);
    let plans = office.get("umgw/pbx")["status"]["plans"].clone();
    assert!(plans.as_array().is_none_or(Vec::is_empty), "{plans}");
}
