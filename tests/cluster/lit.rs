//! The whole way in a real cluster: from `kubectl apply` to a lamp outside of it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::harness::{self, Cluster};
use crate::installed::{self, Office, SYSTEM, leader, with_pods};
use crate::namespace::Namespace;

#[test]
fn the_quick_start_becomes_ready_in_a_namespace_with_pod_security_restricted() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let namespace = Namespace::new(&cluster, "quickstart");
    namespace.volume("head-office-notifier");
    namespace.volume("branch-notifier");
    let mut files: Vec<_> =
        std::fs::read_dir("examples/quickstart").unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        namespace.apply(&text.replace("namespace: voice", &format!("namespace: {}", namespace.name)));
    }
    namespace
        .kubectl(&["wait", "--for=condition=Ready", "--timeout=120s", "--all", "umdp,ummbp,umgw,ummb"])
        .text();
    let policies = namespace.kubectl(&["get", "ummbp", "-o", "name"]).text();
    assert!(policies.contains("head-office-default"), "the default policy is an object: {policies}");
}

#[test]
fn a_change_told_at_the_service_lights_a_phone_outside_of_the_cluster() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "lit");
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");

    // The lamp moves with the extension, and goes out with the mailbox.
    office.patch("ummb/lina", r#"{"spec":{"extensions":["4299"]}}"#);
    office.lamp("4201", "off 0/0 (0/0)");
    office.lamp("4299", "on 1/0 (0/0)");
    office.namespace.kubectl(&["delete", "ummb", "lina"]).text();
    office.lamp("4299", "off 0/0 (0/0)");
    office.put("omar", 2);
    office.lamp("4202", "on 2/0 (0/0)");
    office.patch("ummbp/staff", r#"{"spec":{"allowMessageWaitingIndicator":false}}"#);
    office.lamp("4202", "off 0/0 (0/0)");
}

#[test]
fn ready_means_that_the_notifier_acts_by_it() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "frozen");
    office.namespace.signal("hq-notifier-0", "STOP");
    office.patch("ummb/lina", r#"{"spec":{"extensions":["4299"]}}"#);
    let waited = office.namespace.kubectl(&["wait", "--for=condition=Ready", "--timeout=5s", "ummb/lina"]);
    assert!(!waited.is_success, "nobody acts by it, and it is Ready: {waited:?}");
    office.namespace.signal("hq-notifier-0", "CONT");
    office.ready(&["ummb/lina"]);
    office.put("lina", 1);
    office.lamp("4299", "on 1/0 (0/0)");
}

#[test]
fn a_suspended_dial_plan_stays_as_it_is_and_nothing_is_called_in_force_before_it_is() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "suspended");
    office.patch("umdp/hq", r#"{"spec":{"suspend":true}}"#);
    // Nobody says that it knows of it; and what moves is published every five seconds.
    std::thread::sleep(Duration::from_secs(5));
    office.patch("ummb/lina", r#"{"spec":{"extensions":["4299"]}}"#);
    std::thread::sleep(Duration::from_secs(8));
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    let lina = office.get("ummb/lina");
    assert_ne!(lina["status"]["observedGeneration"], lina["metadata"]["generation"], "{lina:#}");

    office.namespace.signal("hq-notifier-0", "STOP");
    office.patch("umdp/hq", r#"{"spec":{"suspend":false}}"#);
    let waited = office.namespace.kubectl(&["wait", "--for=condition=Ready", "--timeout=5s", "ummb/lina"]);
    assert!(!waited.is_success, "nobody acts by it, and it is Ready: {waited:?}");
    office.namespace.signal("hq-notifier-0", "CONT");
    office.ready(&["ummb/lina"]);
    office.lamp("4299", "on 1/0 (0/0)");
}

#[test]
fn lamps_go_on_through_deaths_of_pods_and_of_the_leader() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "deaths");
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    office.namespace.kubectl(&["delete", "pod", "hq-notifier-0", "--grace-period=0", "--force"]).text();
    office.put("lina", 2);
    office.lamp("4201", "on 2/0 (0/0)");

    let before = leader(&cluster);
    let seen = cluster.audit().len();
    cluster.kubectl(&["delete", "pod", &before, "-n", SYSTEM, "--grace-period=0", "--force"]).text();
    installed::wait("another leader", || {
        let now = leader(&cluster);
        (!now.is_empty() && now != before).then_some(())
    });
    office.patch("ummb/omar", r#"{"spec":{"extensions":["4288"]}}"#);
    office.ready(&["ummb/omar"]);
    // It has read everything anew, and finds all objects of the notifier as they should be.
    let audit = cluster.audit();
    let is_again = |event: &&Value| is_of_operator(event, &office, "patch") && !is_of_ours(event);
    let again: Vec<&Value> = audit[seen..].iter().filter(is_again).map(|event| &event["objectRef"]).collect();
    assert!(again.is_empty(), "applied though nothing of them changed: {again:?}");
}

/// Whether that is a request of the operator about the namespace of an office.
fn is_of_operator(event: &Value, office: &Office<'_>, verb: &str) -> bool {
    event["user"]["username"] == format!("system:serviceaccount:{SYSTEM}:lamplighter-operator")
        && event["objectRef"]["namespace"] == *office.namespace.name
        && event["verb"] == verb
}

/// Whether it is about one of the four kinds.
fn is_of_ours(event: &Value) -> bool {
    event["objectRef"]["apiGroup"] == "um.lamplighter.dev"
}

/// Checks that what the administrator did last to an object of that resource was put right within two seconds, by the clock of the API server.
fn put_right_in_time(cluster: &Cluster, office: &Office<'_>, resource: &str) {
    let audit = cluster.audit();
    let is_by_hand = |event: &Value| {
        event["user"]["username"] == "admin"
            && event["objectRef"]["namespace"] == *office.namespace.name
            && event["objectRef"]["resource"] == resource
            && ["delete", "patch"].iter().any(|verb| event["verb"] == *verb)
    };
    let at = audit.iter().rposition(is_by_hand).unwrap();
    let is_repair =
        |event: &&Value| is_of_operator(event, office, "patch") && event["objectRef"]["resource"] == resource;
    let repair = audit[at..].iter().find(is_repair).unwrap();
    let ended = |event: &Value| event["stageTimestamp"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let took = ended(repair).duration_since(ended(&audit[at]));
    assert!(took.as_secs_f64() <= 2.0, "{resource} took {took:?}");
}

#[test]
fn what_is_edited_or_deleted_by_hand_is_put_right() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "byhand");
    let before = office.get("service/hq-notifier");
    office.namespace.kubectl(&["delete", "service", "hq-notifier"]).text();
    crate::common::wait("a new Service", || {
        let now = office.namespace.kubectl(&["get", "service", "hq-notifier", "-o", "json"]);
        now.is_success.then(|| now.json()).filter(|now| now["metadata"]["uid"] != before["metadata"]["uid"])
    });
    put_right_in_time(&cluster, &office, "services");
    office.patch("pdb/hq-notifier", r#"{"spec":{"maxUnavailable":3}}"#);
    crate::common::wait("the budget", || {
        (office.get("pdb/hq-notifier")["spec"]["maxUnavailable"] == 1).then_some(())
    });
    put_right_in_time(&cluster, &office, "poddisruptionbudgets");
    // What others add stays theirs.
    office.patch("service/hq-notifier", r#"{"metadata":{"labels":{"team":"voice"}}}"#);
    office.namespace.kubectl(&["delete", "role", "hq-notifier"]).text();
    crate::common::wait("a new Role", || {
        office.namespace.kubectl(&["get", "role", "hq-notifier"]).is_success.then_some(())
    });
    put_right_in_time(&cluster, &office, "roles");
    assert_eq!(office.get("service/hq-notifier")["metadata"]["labels"]["team"], "voice");
}

#[test]
fn an_object_of_somebody_else_is_left_alone_and_named() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let namespace = Namespace::new(&cluster, "taken");
    namespace
        .apply("apiVersion: v1\nkind: Service\nmetadata: {name: hq-notifier}\nspec: {ports: [{port: 99}]}\n");
    namespace.volume("hq-notifier");
    namespace.apply("apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMDialPlan\nmetadata: {name: hq}\nspec: {numberOfDigitsInExtension: 4}\n");
    namespace
        .wait_for("jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=ChildNameTaken", "umdp/hq");
    let port =
        namespace.kubectl(&["get", "service", "hq-notifier", "-o", "jsonpath={.spec.ports[0].port}"]).text();
    assert_eq!(port, "99");
    namespace.kubectl(&["delete", "service", "hq-notifier"]).text();
    namespace.kubectl(&["wait", "--for=condition=Ready", "--timeout=120s", "umdp/hq"]).text();
}

#[test]
fn the_api_server_can_stop_and_lamps_still_change() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "outage");
    let service = office.service();
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    cluster.component("kube-apiserver", "stop");
    // For more than a minute.
    for new in 2..15 {
        office.put_at(service, "lina", new);
        office.lamp("4201", &format!("on {new}/0 (0/0)"));
        std::thread::sleep(Duration::from_secs(5));
    }
    cluster.component("kube-apiserver", "start");
    office.patch("ummb/omar", r#"{"spec":{"extensions":["4277"]}}"#);
    office.ready(&["ummb/omar"]);
}

#[test]
fn helm_upgrades_tests_and_uninstalls_and_leaves_what_people_wrote() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let namespace = Namespace::new(&cluster, "kept");
    namespace.apply("apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMDialPlan\nmetadata: {name: hq}\nspec: {numberOfDigitsInExtension: 4}\n");
    for version in ["helm4", "helm3"] {
        installed::helm(&cluster, version, &["uninstall", installed::RELEASE, "--wait"]);
        assert!(namespace.kubectl(&["get", "umdp", "hq"]).is_success, "what people wrote is gone");
        installed::helm(
            &cluster,
            version,
            &["install", installed::RELEASE, "charts/lamplighter", "--wait", "--timeout=120s"],
        );
        for _ in 0..2 {
            installed::helm(
                &cluster,
                version,
                &["upgrade", installed::RELEASE, "charts/lamplighter", "--wait", "--timeout=120s"],
            );
        }
        installed::helm(&cluster, version, &["test", installed::RELEASE]);
    }
}
