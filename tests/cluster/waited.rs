//! Tools that wait until objects are in force, by what is common to Kubernetes (kstatus), as Helm 4 does with `--wait`.

use std::fs;
use std::path::Path;

use crate::harness::{self, Cluster};
use crate::installed::{ALL, Office, helm_in, mailbox, wait, with_pods};

const POLICY: &str = "apiVersion: um.lamplighter.dev/v1alpha1
kind: UMMailboxPolicy
metadata: {name: staff}
spec: {dialPlanRef: {name: hq}}
";

/// Installs or upgrades a release whose chart consists of these manifests.
fn release(cluster: &Cluster, office: &Office<'_>, manifests: &str, timeout: &str) -> Result<String, String> {
    let chart = tempfile::tempdir().unwrap();
    fs::create_dir(chart.path().join("templates")).unwrap();
    fs::write(chart.path().join("Chart.yaml"), "apiVersion: v2\nname: voice\nversion: 0.1.0\n").unwrap();
    fs::write(chart.path().join("templates/voice.yaml"), manifests).unwrap();
    let path: &Path = chart.path();
    let arguments =
        ["upgrade", "--install", "voice", path.to_str().unwrap(), "--wait=watcher", "--timeout", timeout];
    helm_in(cluster, &office.namespace.name, "helm4", &arguments)
}

#[test]
fn helm_waits_until_the_notifier_acts_by_a_release_and_not_for_what_dangles() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let (office, manifests) = Office::prepare(&cluster, "waited");
    release(&cluster, &office, &manifests, "120s").unwrap();
    // Without waiting: it was so when Helm returned.
    let ready = [&["wait", "--for=condition=Ready", "--timeout=0s"][..], &ALL].concat();
    office.namespace.kubectl(&ready).text();

    let moved = manifests.replace(&mailbox("lina", "4201"), &mailbox("lina", "4299"));
    office.namespace.signal("hq-notifier-0", "STOP");
    let frozen = release(&cluster, &office, &moved, "8s").unwrap_err();
    assert!(frozen.contains("lina") && frozen.contains("InProgress"), "{frozen}");
    office.namespace.signal("hq-notifier-0", "CONT");
    release(&cluster, &office, &moved, "120s").unwrap();
    office.put("lina", 1);
    office.lamp("4299", "on 1/0 (0/0)");

    let astray = mailbox("astray", "4211").replace("staff", "nobody");
    let dangling = format!("{moved}---\n{astray}");
    let refused = release(&cluster, &office, &dangling, "20s").unwrap_err();
    assert!(refused.contains("astray"), "{refused}");
    release(&cluster, &office, &moved, "120s").unwrap();
}

#[test]
fn what_is_missing_for_a_moment_only_is_no_failure() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "moment");
    let namespace = &office.namespace;
    let failed = || {
        let each = "jsonpath={range .items[*]}{.involvedObject.name} {.reason}{\"\\n\"}{end}";
        namespace.kubectl(&["get", "events", "-o", each]).text()
    };
    let early = format!("{}---\n{POLICY}", mailbox("early", "4211")).replace("staff", "later");
    namespace.apply(&early);
    office.ready(&["ummb/early", "ummbp/later"]);
    namespace.apply(&mailbox("astray", "4220").replace("staff", "nobody"));
    wait("the mailbox whose policy does not come to fail", || {
        failed().contains("astray MailboxPolicyNotFound").then_some(())
    });
    assert!(!failed().contains("early MailboxPolicyNotFound"), "{}", failed());
}
