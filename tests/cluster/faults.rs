//! What breaks in a cluster, and what is then still so.

use crate::harness::{self, Cluster};
use crate::installed::{ALL, Office, SYSTEM, wait, with_pods};

const OPERATORS: &str = "app.kubernetes.io/component=operator";

/// Kills all pods of the operator at once; others take their place.
fn kill_operators(cluster: &Cluster) {
    let kill = ["delete", "pods", "-n", SYSTEM, "-l", OPERATORS, "--grace-period=0", "--force"];
    cluster.kubectl(&kill).text();
}

#[test]
fn a_kubelet_that_restarts_disturbs_no_notifier() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "kubelet");
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    let service = office.service();
    let before = office.get("pod/hq-notifier-0");
    cluster.component("kubelet", "stop");
    office.put_at(service, "lina", 2);
    office.lamp("4201", "on 2/0 (0/0)");
    cluster.component("kubelet", "start");
    office.patch("ummb/omar", r#"{"spec":{"extensions":["4255"]}}"#);
    office.ready(&["ummb/omar"]);
    let after = office.get("pod/hq-notifier-0");
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
    let restarts = "/status/containerStatuses/0/restartCount";
    assert_eq!(before.pointer(restarts), after.pointer(restarts));
}

#[test]
fn an_operator_that_is_killed_while_it_applies_is_finished_by_the_next() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let (office, _) = Office::prepare(&cluster, "killed");
    let plan = |number: usize| {
        format!(
            "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMDialPlan\nmetadata: {{name: p{number}}}\nspec: {{numberOfDigitsInExtension: 4}}\n"
        )
    };
    let plans: Vec<String> = (0..20).map(plan).collect();
    office.namespace.apply(&plans.join("---\n"));
    // In the middle: some objects are there and some are not.
    let sets = || office.namespace.kubectl(&["get", "statefulsets", "-o", "name"]).text().lines().count();
    crate::common::wait("the first set", || (sets() > 0).then_some(()));
    kill_operators(&cluster);
    let wait = ["wait", "--for=create", "--timeout=60s"];
    for number in 0..20 {
        for kind in ["statefulset", "service", "role", "networkpolicy"] {
            office.namespace.kubectl(&[&wait[..], &[&format!("{kind}/p{number}-notifier")]].concat()).text();
        }
        office.namespace.wait_for("condition=Accepted", &format!("umdp/p{number}"));
    }
}

#[test]
fn deletions_in_the_gap_of_a_watch_that_expired_are_noticed() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "expired");
    office.put("lina", 1);
    office.put("omar", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    office.lamp("4202", "on 1/0 (0/0)");
    office.namespace.signal("hq-notifier-0", "STOP");
    office.namespace.kubectl(&["delete", "ummb", "lina"]).text();
    // An API server that has just started knows no versions from before, so that the watch can't go on where it was.
    cluster.component("kube-apiserver", "stop");
    cluster.component("kube-apiserver", "start");
    office.namespace.signal("hq-notifier-0", "CONT");
    office.lamp("4201", "off 0/0 (0/0)");
    office.put("omar", 2);
    office.lamp("4202", "on 2/0 (0/0)");
}

#[test]
fn a_right_that_is_taken_away_is_named_with_verb_and_kind() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "forbidden");
    let role = cluster.kubectl(&["get", "clusterrole", "lamplighter-operator", "-o", "json"]).json();
    let mut less = role.clone();
    for rule in less["rules"].as_array_mut().unwrap() {
        if rule["resources"].as_array().unwrap().iter().any(|resource| resource == "services") {
            rule["verbs"] = serde_json::json!(["get", "list", "watch"]);
        }
    }
    let replace = |role: &serde_json::Value| {
        let mut role = role.clone();
        role["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        cluster.kubectl_with(&role.to_string(), &["replace", "-f", "-"]).text()
    };
    replace(&less);
    // The API server reads roles from a cache.
    let account = format!("--as=system:serviceaccount:{SYSTEM}:lamplighter-operator");
    for verb in ["create", "patch"] {
        wait("the right to be gone", || {
            let may = office.namespace.kubectl(&["auth", "can-i", verb, "services", &account]);
            (may.stdout.trim() == "no").then_some(())
        });
    }
    office.namespace.kubectl(&["delete", "service", "hq-notifier"]).text();
    let reason = "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=ChildRefused";
    office.namespace.wait_for(reason, "umdp/hq");
    let message = "jsonpath={.status.conditions[?(@.type==\"Ready\")].message}";
    let message = office.namespace.kubectl(&["get", "umdp/hq", "-o", message]).text();
    assert!(
        message.contains("services") && (message.contains("patch") || message.contains("create")),
        "{message}"
    );
    replace(&role);
    office.ready(&ALL);
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
}

#[test]
fn a_kind_that_is_not_served_darkens_no_lamp() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "unserved");
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    let serve = |served: bool| {
        let patch = format!(r#"[{{"op":"replace","path":"/spec/versions/0/served","value":{served}}}]"#);
        let definition = "crd/ummailboxes.um.lamplighter.dev";
        cluster.kubectl(&["patch", definition, "--type=json", "-p", &patch]).text();
    };
    serve(false);
    kill_operators(&cluster);
    let reason = "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=ListRefused";
    office.namespace.wait_for(reason, "umdp/hq");
    // Nobody told the phone anything since.
    office.lamp("4201", "on 1/0 (0/0)");
    office.put("lina", 2);
    office.lamp("4201", "on 2/0 (0/0)");
    // A notifier that starts now goes by what it kept.
    office.namespace.kubectl(&["delete", "pod", "hq-notifier-0", "--grace-period=0", "--force"]).text();
    office.put("lina", 3);
    office.lamp("4201", "on 3/0 (0/0)");
    serve(true);
    office.ready(&ALL);
    office.patch("ummb/lina", r#"{"spec":{"extensions":["4299"]}}"#);
    office.lamp("4299", "on 3/0 (0/0)");
}

#[test]
fn a_dial_plan_that_is_made_again_has_its_state_back() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let (office, manifests) = Office::prepare(&cluster, "again");
    office.namespace.apply(&manifests);
    office.ready(&ALL);
    office.put("lina", 3);
    office.lamp("4201", "on 3/0 (0/0)");
    let before = office.get("umdp/hq");
    office.namespace.kubectl(&["delete", "umdp", "hq", "--timeout=60s"]).text();
    let gone = ["wait", "--for=delete", "--timeout=60s", "statefulset/hq-notifier", "pod/hq-notifier-0"];
    office.namespace.kubectl(&gone).text();
    office.namespace.apply(&manifests);
    office.ready(&ALL);
    assert_ne!(before["metadata"]["uid"], office.get("umdp/hq")["metadata"]["uid"]);
    let state = office.messages("lina");
    assert_eq!(state["messages"]["new"], 3, "{state}");
    office.put("lina", 0);
    office.lamp("4201", "off 0/0 (0/0)");
}

/// A field of a definition that the API server has not, until this goes.
struct Older<'c>(&'c Cluster);

impl<'c> Older<'c> {
    fn new(cluster: &'c Cluster) -> Self {
        let at = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/pilotNumber";
        let patch = format!("[{{\"op\": \"remove\", \"path\": \"{at}\"}}]");
        cluster
            .kubectl(&["patch", "crd", "ummailboxes.um.lamplighter.dev", "--type=json", "-p", &patch])
            .text();
        Self(cluster)
    }
}

impl Drop for Older<'_> {
    fn drop(&mut self) {
        self.0.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", "crds/"]);
    }
}

#[test]
fn a_definition_that_is_older_than_the_operator_is_named_with_its_fields() {
    let cluster = harness::alone();
    if !with_pods(&cluster) {
        return;
    }
    let _older = Older::new(&cluster);
    kill_operators(&cluster);
    wait("the log of the operator to name the field", || {
        let log = cluster.kubectl(&["logs", "-n", SYSTEM, "-l", OPERATORS, "--tail=-1"]).stdout;
        let says = |line: &str| line.contains("older than this program") && line.contains("spec.pilotNumber");
        log.lines().any(|line| says(line) && line.contains("UMMailbox")).then_some(())
    });
}
