//! `kubectl um`: the plugin, called by the real kubectl, asks the notifier in its pod.

use std::os::unix::fs::symlink;

use crate::common::process::LAMPLIGHTER;
use crate::harness::{self, Cluster, Output};
use crate::installed::{Office, SYSTEM, wait, with_pods};

/// Runs `kubectl um`, in the namespace of an office.
fn um(cluster: &Cluster, office: &Office<'_>, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    symlink(LAMPLIGHTER, folder.path().join("kubectl-um")).unwrap();
    let in_office = [&["um"], arguments, &["-n", &office.namespace.name]].concat();
    cluster.kubectl_plugin(folder.path(), &in_office)
}

#[test]
fn why_and_lamps_are_answered_by_the_notifier_in_its_pod() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "um");
    let why = um(&cluster, &office, &["why", "ummb/lina", "mwi"]).text();
    assert!(why.contains("\nmwi: yes\n") && why.contains("UMMailboxPolicy/staff"), "{why}");

    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    let row = |text: &str, mailbox: &str| {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        text.lines().map(words).find(|row| row[1] == mailbox).unwrap_or_else(|| panic!("{text}"))
    };
    let lamps = um(&cluster, &office, &["lamps"]).text();
    assert_eq!(row(&lamps, "lina")[..7], ["hq", "lina", "4201", "on", "1/0", "True", "pbx"], "{lamps}");
    assert_eq!(row(&lamps, "omar")[..6], ["hq", "omar", "4202", "unknown", "-", "True"], "{lamps}");
    let lina = um(&cluster, &office, &["lamps", "ummb/lina", "-o", "json"]).json();
    assert_eq!((&lina["dialPlan"], &lina["lamps"][0]["state"]), (&"hq".into(), &"on".into()), "{lina}");

    office.patch("ummbp/staff", r#"{"spec":{"allowMessageWaitingIndicator":false}}"#);
    office.ready(&["ummbp/staff"]);
    let why = um(&cluster, &office, &["why", "ummb/lina", "mwi"]).text();
    assert!(why.contains("mwi: no, MWIForbiddenByPolicy"), "{why}");
    assert!(
        why.contains("no UMMailboxPolicy/staff allowMessageWaitingIndicator: false  <- stops it"),
        "{why}"
    );
    let nobody = um(&cluster, &office, &["why", "ummb/nobody"]);
    assert!(!nobody.is_success && nobody.stderr.contains("there are lina, omar"), "{nobody:?}");
    who_may_not_exec_is_told_what_to_ask_for(&cluster, &office);
    without_a_notifier_the_resources_answer(&cluster, &office);
}

#[test]
fn the_level_of_the_log_changes_in_pods_that_run() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "level");
    let set = um(&cluster, &office, &["log-level", "debug", "umdp/hq"]).text();
    assert!(set.contains("lamplighter=debug"), "{set}");
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");
    wait("a NOTIFY in the log", || {
        let log = office.namespace.kubectl(&["logs", "hq-notifier-0"]).text();
        log.lines().any(|line| line.contains("NOTIFY ended") && line.contains("call_id=")).then_some(())
    });
    for level in ["debug", "default"] {
        let operator =
            ["exec", "-n", SYSTEM, "deploy/lamplighter-operator", "--", "lamplighter", "log-level", level];
        let set = cluster.kubectl(&operator).text();
        assert_eq!(set.contains("lamplighter=debug"), level == "debug", "{set}");
    }
}

fn who_may_not_exec_is_told_what_to_ask_for(cluster: &Cluster, office: &Office<'_>) {
    let namespace = &office.namespace;
    let may = |role: &str, rule: &[&str]| {
        namespace.kubectl(&[&["create", "role", role], rule].concat()).text();
        let to = format!("--role={role}");
        namespace.kubectl(&["create", "rolebinding", role, &to, "--user=ada"]).text();
    };
    may("reads", &["--verb=get,list", "--resource=umdp,ummbp,umgw,ummb,pods"]);
    let ask = || um(cluster, office, &["why", "ummb/lina", "mwi", "--as", "ada"]);
    let wanted = format!(
        "ask for a Role that allows `get` and `create` on `pods/exec` in namespace {}",
        namespace.name
    );
    // The API server reads roles from a cache.
    wait("the role to count", || {
        let refused = ask();
        assert!(!refused.is_success && refused.stdout.is_empty(), "{refused:?}");
        refused.stderr.contains(&wanted).then_some(())
    });
    may("asks", &["--verb=get,create", "--resource=pods/exec"]);
    wait("the role to count", || ask().is_success.then_some(()));
}

fn without_a_notifier_the_resources_answer(cluster: &Cluster, office: &Office<'_>) {
    let other = "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMDialPlan\nmetadata: {name: later}\nspec: {numberOfDigitsInExtension: 4, suspend: true}\n";
    office.namespace.apply(other);
    let lamps = um(cluster, office, &["lamps", "umdp/later"]);
    assert!(!lamps.is_success && lamps.stderr.contains("UMDialPlan/later has no notifier"), "{lamps:?}");
    // The notifier of another dial plan knows the whole namespace.
    wait("it to know of another one", || {
        let why = um(cluster, office, &["why", "umdp/later", "mwi"]);
        why.stdout.starts_with("UMDialPlan/later in namespace").then_some(())
    });
    office.namespace.kubectl(&["delete", "umdp", "hq", "--wait"]).text();
    office.namespace.kubectl(&["wait", "--for=delete", "pod/hq-notifier-0", "--timeout=120s"]).text();
    let why = um(cluster, office, &["why", "ummbp/staff", "mwi"]);
    assert!(why.stderr.contains("This is what the resources say, not what is in force"), "{why:?}");
    assert!(why.text().contains("mwi: no"), "the policy hangs on a dial plan that is gone");
}
