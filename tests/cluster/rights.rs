//! Rights: what the operator and notifiers may do is what they do, and what they do is what they may.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{self, Cluster};
use crate::installed::{Office, SYSTEM, with_pods};

/// What is granted and not used in the life of an office, each with its reason: whose, resource, verb, why.
const NOT_USED: &[(&str, &str, &str, &str)] = &[
    ("*", "*", "get", "whoever may list may read; what the watch does not have is read before it is made"),
    (
        "operator",
        "*",
        "delete",
        "a later setting or version may need fewer objects; others go with their owner",
    ),
    ("*", "events", "patch", "an Event that comes again is counted, not made again"),
    ("notifier", "events", "create", "tells of a gateway that fails; none fails here"),
    ("notifier", "umipgateways/status", "patch", "says so of the gateway"),
    ("notifier", "ummailboxes/status", "patch", "says so of a mailbox whose phone fails"),
];

/// Group, resource and verb.
type Right = (String, String, String);

#[test]
fn granted_rights_are_used_and_none_is_missing() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "rights");
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    // What is restored was patched, made again, and read before.
    office.namespace.kubectl(&["delete", "service,role", "hq-notifier"]).text();
    office.patch("pdb/hq-notifier", r#"{"spec":{"maxUnavailable":3}}"#);
    crate::common::wait("all to be put right", || {
        let there = office.namespace.kubectl(&["get", "service/hq-notifier", "role/hq-notifier"]).is_success;
        (there && office.get("pdb/hq-notifier")["spec"]["maxUnavailable"] == 1).then_some(())
    });
    // A phone that refuses is told of in an Event and in a status.
    office.patch("ummb/omar", r#"{"spec":{"extensions":["1"]}}"#);
    office.namespace.wait_for("condition=Ready=False", "ummb/omar");

    let operator = format!("system:serviceaccount:{SYSTEM}:lamplighter-operator");
    let notifier = format!("system:serviceaccount:{}:hq-notifier", office.namespace.name);
    let of_operator = cluster.kubectl(&["get", "clusterrole", "lamplighter-operator", "-o", "json"]).json();
    for (user, role) in [(operator, of_operator), (notifier, office.get("role/hq-notifier"))] {
        let is_excused = |(_, resource, verb): &&Right| {
            NOT_USED.iter().any(|(whose, of, which, _)| {
                user.ends_with(whose.trim_start_matches('*'))
                    && (*of == "*" || of == resource)
                    && which == verb
            })
        };
        let granted = granted(&role);
        let unused = |used: &BTreeSet<Right>| -> Vec<Right> {
            granted.difference(used).filter(|right| !is_excused(right)).cloned().collect()
        };
        // What is said of delivery and of what is in force follows in its own time.
        let end = Instant::now() + Duration::from_secs(30);
        let mut used = used(&cluster, &user);
        while !unused(&used).is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_secs(1));
            used = self::used(&cluster, &user);
        }
        assert_eq!(unused(&used), [], "{user} may and does not");
        let missing: Vec<_> = used.difference(&granted).collect();
        assert!(missing.is_empty(), "{user} does and may not: {missing:?}");
    }
}

/// What a user was seen to do.
fn used(cluster: &Cluster, user: &str) -> BTreeSet<Right> {
    let audit = cluster.audit();
    audit.iter().filter(|event| event["user"]["username"] == user).flat_map(requests).collect()
}

/// Group, resource and verb of a request about resources; two for a server-side apply that made an object, which needs both rights.
fn requests(event: &Value) -> Vec<Right> {
    let of = &event["objectRef"];
    let Some(resource) = of["resource"].as_str() else { return Vec::new() };
    let resource = match of["subresource"].as_str() {
        Some(sub) => format!("{resource}/{sub}"),
        None => resource.to_owned(),
    };
    let verb = event["verb"].as_str().unwrap();
    let made = verb == "patch" && event["responseStatus"]["code"] == 201;
    let group = of["apiGroup"].as_str().unwrap_or_default();
    let verbs = [verb].into_iter().chain(made.then_some("create"));
    verbs.map(|verb| (group.to_owned(), resource.clone(), verb.to_owned())).collect()
}

fn granted(role: &Value) -> BTreeSet<Right> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let mut all = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                for verb in texts(&rule["verbs"]) {
                    all.insert((group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    all
}

#[test]
fn nobody_of_ours_may_do_anything_with_secrets() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "secrets");
    let operator = format!("system:serviceaccount:{SYSTEM}:lamplighter-operator");
    let notifier = format!("system:serviceaccount:{}:hq-notifier", office.namespace.name);
    for account in [operator, notifier] {
        let may = |verb: &str, what: &[&str]| {
            let question = [&["auth", "can-i", "--as", &account, verb][..], what].concat();
            office.namespace.kubectl(&question).stdout.trim() == "yes"
        };
        assert!(may("list", &["ummailboxes.um.lamplighter.dev"]), "{account}: the question is asked right");
        for verb in ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"] {
            assert!(!may(verb, &["secrets"]), "{account} may {verb} secrets");
        }
        for (verb, what) in [
            ("create", &["pods", "--subresource=exec"][..]),
            ("create", &["serviceaccounts", "--subresource=token"]),
            ("escalate", &["roles.rbac.authorization.k8s.io"]),
            ("bind", &["roles.rbac.authorization.k8s.io"]),
            ("impersonate", &["users"]),
        ] {
            assert!(!may(verb, what), "{account} may {verb} {what:?}");
        }
    }
}
