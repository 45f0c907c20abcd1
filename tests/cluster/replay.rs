//! Every golden case with a real operator at a real API server: what is admitted there gets the conditions that are recorded, from whatever
//! order the watches bring it in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::admission::{Object, objects, recorded};
use crate::harness::{self, Cluster, ControlPlane};

const KINDS: [(&str, &str); 4] = [
    ("UMDialPlan", "umdialplans"),
    ("UMMailboxPolicy", "ummailboxpolicies"),
    ("UMIPGateway", "umipgateways"),
    ("UMMailbox", "ummailboxes"),
];
/// Conditions that hang on nothing but the manifests. No notifier runs here, so the others say that it doesn't.
const TYPES: [&str; 2] = ["Accepted", "ResolvedRefs"];
/// Requests that are under way at a time.
const AT_ONCE: usize = 8;
/// How long all statuses may take.
const LIMIT: Duration = Duration::from_secs(180);
/// How long the last of them may be outdated.
const LAST: Duration = Duration::from_secs(20);

/// A case whose objects are all admitted, in a namespace of its own.
struct Case {
    title: String,
    namespace: String,
    objects: Vec<Object>,
}

/// An operator as a process of this machine, with the rights of the cluster's administrator.
struct Operator(Child);

impl Operator {
    fn start(cluster: &ControlPlane) -> Self {
        let folder = cluster.folder.as_ref().unwrap();
        let log = fs::File::create(folder.join("logs/operator.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lamplighter"));
        command.args(["operator", "--notifier-image=registry.invalid/lamplighter:0", "--pod-name=operator"]);
        command
            .args(["--pod-namespace=default", "--socket"])
            .arg(folder.join("operator/socket"))
            .arg("--listen");
        command.arg(format!("127.0.0.1:{}", crate::common::free_port()));
        command.env("KUBECONFIG", cluster.kubeconfig()).stdin(Stdio::null()).stderr(log);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_golden_case_that_is_admitted_gets_the_conditions_that_are_recorded() {
    let cluster = harness::control_plane("replay");
    let operator = Operator::start(&cluster);
    let cases = cases();
    assert!(cases.len() > 150, "only {} cases", cases.len());
    let queue = Mutex::new(cases.iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = { queue.lock().unwrap().next() } {
                    create(&cluster, case);
                }
            });
        }
    });
    let objects = cases.iter().map(|case| case.objects.len()).sum();
    let mut differences = compared(&cases, &settled(&cluster, objects));
    // What an object is told may be from before the last one came.
    let end = Instant::now() + LAST;
    while !differences.is_empty() && Instant::now() < end {
        std::thread::sleep(Duration::from_secs(1));
        differences = compared(&cases, &settled(&cluster, objects));
    }
    drop(operator);
    assert!(differences.is_empty(), "{differences}");
}

/// What is not as it is recorded, for people.
fn compared(cases: &[Case], live: &BTreeMap<(String, String), Value>) -> String {
    let mut differences = String::new();
    for case in cases {
        for (id, recorded) in recorded_conditions(&case.title) {
            // A default policy is an object here; it is compared as well.
            let said = live.get(&(case.namespace.clone(), id.clone())).map(conditions).unwrap_or_default();
            if said != recorded {
                let _ = writeln!(
                    differences,
                    "{} {id}\n  recorded: {recorded:?}\n  said:     {said:?}",
                    case.title
                );
            }
        }
    }
    differences
}

/// The cases without facts that a cluster alone knows, of which the API server admits every object.
fn cases() -> Vec<Case> {
    let refused: BTreeSet<String> =
        recorded().into_iter().filter(|(_, refusals)| !refusals.is_empty()).map(|(title, _)| title).collect();
    let mut by_title: BTreeMap<String, Vec<Object>> = BTreeMap::new();
    for object in objects() {
        let title = object.title.split_once(' ').unwrap().0.to_owned();
        by_title.entry(title).or_default().push(object);
    }
    let is_for_all = |title: &str, objects: &[Object]| {
        let asks_no_facts = !folder(title).join("facts.yaml").exists();
        let is_so = |object: &Object| {
            let metadata = &object.document["metadata"];
            // An age that the API server would not take over; a dial plan whose status stays as it is.
            metadata["creationTimestamp"].is_null() && object.document["spec"]["suspend"] != true
        };
        asks_no_facts
            && objects.iter().all(is_so)
            && objects.iter().all(|object| !refused.contains(&object.title))
    };
    let admitted = by_title.into_iter().filter(|(title, objects)| is_for_all(title, objects));
    let numbered = admitted.enumerate().map(|(number, (title, mut objects))| {
        objects.sort_by_key(|object| object.document["metadata"]["name"].as_str().unwrap().to_owned());
        Case { title, namespace: format!("case-{number}"), objects }
    });
    numbered.collect()
}

fn folder(title: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/evaluate").join(title)
}

fn create(cluster: &Cluster, case: &Case) {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": case.namespace}});
    let answer = cluster.proxy().request("POST", "/api/v1/namespaces", &namespace.to_string());
    assert_eq!(answer.status, 201, "{answer:?}");
    for object in &case.objects {
        let mut document = object.document.clone();
        document["metadata"]["namespace"] = case.namespace.as_str().into();
        let (_, plural) = KINDS.into_iter().find(|(kind, _)| document["kind"] == *kind).unwrap();
        let path = format!("/apis/um.lamplighter.dev/v1alpha1/namespaces/{}/{plural}", case.namespace);
        let answer = cluster.proxy().request("POST", &path, &document.to_string());
        // The operator may have made the default policy by then.
        assert!([201, 409].contains(&answer.status), "{}: {answer:?}", object.title);
    }
}

/// All objects of the four kinds by namespace and `KIND/NAME`, once the operator has said something of this generation of each.
fn settled(cluster: &Cluster, at_least: usize) -> BTreeMap<(String, String), Value> {
    let end = Instant::now() + LIMIT;
    loop {
        let mut all = BTreeMap::new();
        for (kind, plural) in KINDS {
            let list =
                cluster.proxy().request("GET", &format!("/apis/um.lamplighter.dev/v1alpha1/{plural}"), "");
            for object in list.json()["items"].as_array().unwrap() {
                let text =
                    |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
                all.insert(
                    (text("/metadata/namespace"), format!("{kind}/{}", text("/metadata/name"))),
                    object.clone(),
                );
            }
        }
        let waiting: Vec<_> =
            all.iter().filter(|(_, object)| !is_reported(object)).map(|(id, _)| id).collect();
        if waiting.is_empty() && all.len() >= at_least {
            return all;
        }
        let few = &waiting[..waiting.len().min(5)];
        assert!(Instant::now() < end, "{} of {} have no status, such as {few:?}", waiting.len(), all.len());
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn is_reported(object: &Value) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let is_about = |condition: &Value| {
        condition["type"] == "Ready" && condition["observedGeneration"] == object["metadata"]["generation"]
    };
    conditions.is_some_and(|conditions| conditions.iter().any(is_about))
}

/// As a line of `status.txt` has them.
fn conditions(object: &Value) -> BTreeSet<String> {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array).unwrap();
    let of_manifests =
        conditions.iter().filter(|condition| TYPES.iter().any(|type_| condition["type"] == *type_));
    let text = |condition: &Value, key: &str| condition[key].as_str().unwrap().to_owned();
    let line = |condition: &Value| {
        let [type_, status, reason, message] =
            ["type", "status", "reason", "message"].map(|key| text(condition, key));
        format!("{type_}: {status} {reason} - {message}")
    };
    of_manifests.map(line).collect()
}

/// The same as the case has them, by `KIND/NAME`.
fn recorded_conditions(title: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in fs::read_to_string(folder(title).join("out/status.txt")).unwrap().lines() {
        match line.strip_prefix("  ") {
            Some(condition) if TYPES.iter().any(|type_| condition.starts_with(&format!("{type_}: "))) => {
                all.entry(current.clone()).or_default().insert(condition.to_owned());
            }
            Some(_) => {}
            None => line.split(": ").next().unwrap().clone_into(&mut current),
        }
    }
    all
}
