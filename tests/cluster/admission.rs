//! What an API server says of manifests, beside what the program says of them without one: every object of the golden cases is created,
//! and `tests/golden/admission.txt` has what `lamplighter validate` says of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use lamplighter::admission::Admission;
use lamplighter::api::schema::crds;
use serde_json::Value;

use crate::harness::{self, Cluster};
use crate::namespace::Namespace;

/// How many ask at once, each in a namespace of its own.
const AT_ONCE: usize = 4;

/// An object of a case.
pub struct Object {
    /// `area/case Kind/name`, as the table has it.
    pub title: String,
    pub document: Value,
}

/// What is said of an object: field and message; nothing where it is admitted.
type Refusals = Vec<(String, String)>;

#[test]
fn the_api_server_says_of_each_golden_object_what_is_recorded() {
    let recorded = recorded();
    let objects = objects();
    let next = AtomicUsize::new(0);
    let said: Mutex<BTreeMap<usize, Refusals>> = Mutex::default();
    let cluster = harness::shared();
    let namespaces: Vec<Namespace> = (0..AT_ONCE).map(|_| Namespace::new(&cluster, "golden")).collect();
    std::thread::scope(|scope| {
        for namespace in &namespaces {
            scope.spawn(|| {
                while let Some((index, object)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|index| Some((index, objects.get(index)?)))
                {
                    let refusals = create(&cluster, namespace, object);
                    said.lock().unwrap().insert(index, refusals);
                }
            });
        }
    });
    let said = said.into_inner().unwrap();
    let mut differences = String::new();
    for (index, object) in objects.iter().enumerate() {
        let (said, recorded) = (&said[&index], &recorded[&object.title]);
        if !agree(said, recorded) {
            let _ = writeln!(differences, "{}\n  recorded: {recorded:?}\n  said:     {said:?}", object.title);
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// Creates the object, strictly. Nothing is stored, so that the next of its name finds its place free, and an operator in this cluster
/// makes nothing of it.
fn create(cluster: &Cluster, namespace: &Namespace, object: &Object) -> Refusals {
    let mut document = object.document.clone();
    document["metadata"]["namespace"] = namespace.name.as_str().into();
    let plural = match document["kind"].as_str().unwrap() {
        "UMDialPlan" => "umdialplans",
        "UMIPGateway" => "umipgateways",
        "UMMailbox" => "ummailboxes",
        "UMMailboxPolicy" => "ummailboxpolicies",
        other => panic!("{}: no kind of ours: {other}", object.title),
    };
    let path = format!("/apis/um.lamplighter.dev/v1alpha1/namespaces/{}/{plural}", namespace.name);
    let answer = cluster.proxy().request(
        "POST",
        &format!("{path}?fieldValidation=Strict&dryRun=All"),
        &document.to_string(),
    );
    if answer.status == 201 {
        assert_eq!(answer.header("warning"), None, "{}", object.title);
        return Refusals::new();
    }
    let answer = answer.json();
    let causes = answer.pointer("/details/causes").and_then(Value::as_array);
    let causes = causes.unwrap_or_else(|| panic!("{}: {answer}", object.title));
    let text = |cause: &Value, name: &str| cause[name].as_str().unwrap_or_default().to_owned();
    let refusals = causes.iter().map(|cause| (text(cause, "field"), text(cause, "message")));
    // That rules were left out is no reason of its own.
    refusals.filter(|(_, message)| !message.contains("some validation rules were not checked")).collect()
}

/// Whether server and table refuse the same fields, and all reasons of the server stand in the table. Of a text that is too short the
/// server gives one reason, the table also the pattern that it does not match.
fn agree(said: &Refusals, recorded: &Refusals) -> bool {
    let is_among = |(path, message): &(String, String)| {
        recorded.iter().any(|(field, reason)| dotted(field) == *path && is_worded(message, path, reason))
    };
    said.iter().all(is_among)
        && recorded.iter().all(|(field, _)| said.iter().any(|(path, _)| *path == dotted(field)))
}

/// A path of the table as the server has it: the whole object is `<nil>`, and keys of tables have no brackets.
fn dotted(field: &str) -> String {
    if field.is_empty() {
        return "<nil>".to_owned();
    }
    let mut path = String::new();
    for (index, part) in field.split('[').enumerate() {
        match part.split_once(']') {
            Some((key, rest)) if index > 0 && key.parse::<u32>().is_err() => {
                path.push_str(&format!(".{key}{rest}"))
            }
            Some(_) if index > 0 => path.push_str(&format!("[{part}")),
            _ => path.push_str(part),
        }
    }
    path
}

/// Whether a message of the server is a reason of the table. The server repeats the field, counts characters but calls them bytes, and
/// shows values in full; the table leaves the kind of failure away where a rule has words of its own.
fn is_worded(message: &str, path: &str, reason: &str) -> bool {
    let message = message.replace(&format!("{path} in body "), "");
    let message =
        message.strip_suffix(" bytes").map_or(message.clone(), |start| format!("{start} characters"));
    let reason = match reason.strip_prefix("Invalid value: \"").and_then(|value| value.split_once("\": ")) {
        Some((_, why)) => why,
        None => reason,
    };
    message.ends_with(reason)
}

/// The lines of the table by object.
pub fn recorded() -> BTreeMap<String, Refusals> {
    let table =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/admission.txt")).unwrap();
    let mut recorded: BTreeMap<String, Refusals> = BTreeMap::new();
    for line in table.lines() {
        if let Some((title, refusal)) = line.split_once(" refused: ") {
            let (path, message) = refusal.split_once(": ").unwrap();
            recorded.entry(title.to_owned()).or_default().push((path.to_owned(), message.to_owned()));
        } else {
            recorded.entry(line.strip_suffix(" admitted").unwrap().to_owned()).or_default();
        }
    }
    recorded
}

/// The objects of all cases, in the table's order.
pub fn objects() -> Vec<Object> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/evaluate");
    let mut objects = Vec::new();
    for case in folders(&root).iter().flat_map(|area| folders(area)) {
        let about = case.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        for file in sorted(&case.join("in")) {
            let is_ours = |document: &Value| document["apiVersion"] == "um.lamplighter.dev/v1alpha1";
            for document in documents(&file).into_iter().filter(is_ours) {
                let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap();
                let title = format!("{about} {}/{}", text("/kind"), text("/metadata/name"));
                objects.push(Object { title, document });
            }
        }
    }
    objects
}

fn documents(file: &Path) -> Vec<Value> {
    serde_saphyr::from_multiple(&fs::read_to_string(file).unwrap()).unwrap()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    sorted(path).into_iter().filter(|path| path.is_dir()).collect()
}

fn sorted(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn kubectl_reads_the_golden_manifests_as_the_cases_do() {
    let cluster = harness::shared();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/evaluate");
    let cases: Vec<PathBuf> =
        folders(&root).iter().flat_map(|area| folders(area)).map(|case| case.join("in")).collect();
    let mut command = vec!["create", "--dry-run=client", "--validate=false", "-o", "json"];
    command.extend(cases.iter().flat_map(|case| ["-f", case.to_str().unwrap()]));
    let read = cluster.kubectl(&command).text();
    let read: Vec<Value> =
        serde_json::Deserializer::from_str(&read).into_iter().map(Result::unwrap).collect();
    let ours = cases.iter().flat_map(|case| sorted(case)).flat_map(|file| documents(&file));
    let mut count = 0;
    for (mut ours, read) in ours.zip(&read) {
        if ours.pointer("/metadata/namespace").is_none() && ours["kind"] != "Namespace" {
            ours["metadata"]["namespace"] = "default".into();
        }
        assert_eq!(*read, ours);
        count += 1;
    }
    assert!(count > 2_000 && count == read.len(), "{count} of {}", read.len());
}

/// What can't be changed, by kind: an object, its `spec` later, and the words of the refusal.
const UNCHANGEABLE: [(&str, &str, &str, &str); 4] = [
    (
        "UMDialPlan",
        "{numberOfDigitsInExtension: 4}",
        "{numberOfDigitsInExtension: 5}",
        "numberOfDigitsInExtension can't be changed: make another dial plan and move its mailboxes",
    ),
    (
        "UMDialPlan",
        "{numberOfDigitsInExtension: 4, uriType: TelExtn}",
        "{numberOfDigitsInExtension: 4, uriType: E164, countryOrRegionCode: '49'}",
        "uriType can't be changed: make another dial plan and move its mailboxes",
    ),
    (
        "UMDialPlan",
        "{numberOfDigitsInExtension: 4, notifier: {store: {type: PostgreSQL, connectionSecretRef: {name: database, key: url}}}}",
        "{numberOfDigitsInExtension: 4, notifier: {store: {type: SQLite}}}",
        "notifier.store can't go back from PostgreSQL to SQLite",
    ),
    (
        "UMMailboxPolicy",
        "{dialPlanRef: {name: head-office}}",
        "{dialPlanRef: {name: branch}}",
        "dialPlanRef of a policy can't be changed: make another policy and move its mailboxes",
    ),
];

#[test]
fn what_can_not_be_changed_is_refused_in_our_words_with_and_without_a_server() {
    let cluster = harness::shared();
    let namespace = Namespace::new(&cluster, "unchangeable");
    let admission = Admission::new(&crds().unwrap()).unwrap();
    for (index, (kind, before, after, words)) in UNCHANGEABLE.iter().enumerate() {
        let manifest = |spec: &str| {
            format!(
                "apiVersion: um.lamplighter.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: n{index}}}\nspec: {spec}\n"
            )
        };
        let document = |spec: &str| -> Value { serde_saphyr::from_str(&manifest(spec)).unwrap() };
        namespace.apply(&manifest(before));
        let refused = namespace.kubectl_with(&manifest(after), &["apply", "-f", "-"]);
        assert!(!refused.is_success && refused.stderr.contains(words), "{kind} {after}: {refused:?}");
        let refusals = admission.review(kind, &document(after), Some(&document(before)));
        let messages: Vec<&str> = refusals.iter().map(|refusal| refusal.message.as_str()).collect();
        assert_eq!(messages, [*words], "{kind} {after}");
    }
}
