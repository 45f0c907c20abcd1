//! While nothing happens, nothing is written.

use std::time::Duration;

use serde_json::Value;

use crate::harness;
use crate::installed::{Office, SYSTEM, mailbox, wait, with_pods};

/// Mailboxes of the office, beside its own two.
const MAILBOXES: usize = 1000;
/// How long nothing happens.
const IDLE: Duration = Duration::from_secs(60);

#[test]
fn nothing_but_the_operators_lease_is_written_in_a_minute_without_changes() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "quiet");
    let extension = |number: usize| format!("{}", 5000 + number);
    let many: Vec<String> =
        (0..MAILBOXES).map(|number| mailbox(&format!("m{number}"), &extension(number))).collect();
    office.namespace.apply(&many.join("---\n"));
    wait("all to be in force", || {
        let all = office.namespace.kubectl(&["get", "umdp,ummbp,umgw,ummb", "-o", "json"]).json();
        let all = all["items"].as_array()?;
        (all.len() > MAILBOXES && all.iter().all(is_ready)).then_some(())
    });
    office.put("m7", 1);
    office.lamp("5007", "on 1/0 (0/0)");

    // What follows from the last change has been written when a while passed without a write: a notifier says seconds later that it
    // acts by versions that came without a change.
    let ours = || cluster.audit().into_iter().filter(is_write_of_ours).collect::<Vec<_>>();
    let mut settled = ours().len();
    loop {
        std::thread::sleep(Duration::from_secs(10));
        let now = ours().len();
        if now == settled {
            break;
        }
        settled = now;
    }
    std::thread::sleep(IDLE);
    let written: Vec<String> = ours().iter().skip(settled).map(described).collect();
    assert!(written.is_empty(), "written while nothing happened: {written:?}");
}

/// Whether an object is in force as it is now.
fn is_ready(object: &Value) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|condition| {
        condition["type"] == "Ready"
            && condition["status"] == "True"
            && condition["observedGeneration"] == object["metadata"]["generation"]
    })
}

/// Whether that changes something, is of the operator or a notifier, and no renewal of the operator's Lease.
fn is_write_of_ours(event: &Value) -> bool {
    let user = event["user"]["username"].as_str().unwrap_or_default();
    let is_ours =
        user.starts_with(&format!("system:serviceaccount:{SYSTEM}:")) || user.ends_with("-notifier");
    let is_write = ["create", "update", "patch", "delete"].iter().any(|verb| event["verb"] == *verb);
    let of = &event["objectRef"];
    let is_lease =
        of["resource"] == "leases" && of["namespace"] == SYSTEM && of["name"] == "lamplighter-operator";
    is_ours && is_write && !is_lease
}

fn described(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = &event["objectRef"];
    format!(
        "{} {} {}/{}/{} by {}",
        text(&event["requestReceivedTimestamp"]),
        text(&event["verb"]),
        text(&of["resource"]),
        text(&of["subresource"]),
        text(&of["name"]),
        text(&event["user"]["username"])
    )
}
