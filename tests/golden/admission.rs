//! What an API server would say, by schema and CEL alone, about every object of the cases of `evaluate`: one line each in
//! `tests/golden/admission.txt`. Whatever it refuses, the domain calls an error as well, without looking at other objects; and
//! the other way round, but for what neither a pattern nor CEL can say.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lamplighter::admission::Admission;
use lamplighter::api::schema::crds;
use lamplighter::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};
use lamplighter::domain::{Alone, Finding, Severity};
use serde_json::Value;

use crate::evaluate;

const TABLE: &str = "tests/golden/admission.txt";

/// Fewest refusals that the cases show; a validator that admits everything must not pass.
const FEWEST: usize = 20;

pub fn run() {
    let table: String = objects().iter().map(|object| object.lines.as_str()).collect();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(TABLE, &table).unwrap();
    }
    let recorded = fs::read_to_string(TABLE).unwrap_or_default();
    let mut differences = String::new();
    for line in table.lines().filter(|line| !recorded.lines().any(|other| other == *line)) {
        let _ = writeln!(differences, "now:      {line}");
    }
    for line in recorded.lines().filter(|line| !table.lines().any(|other| other == *line)) {
        let _ = writeln!(differences, "recorded: {line}");
    }
    assert!(
        recorded == table,
        "{TABLE}\n{differences}\nUPDATE=1 rewrites what is recorded; read the difference before you commit it"
    );
    let refused = table.lines().filter(|line| line.contains(" refused: ")).count();
    assert!(refused >= FEWEST, "only {refused} refusals");
}

pub fn run_domain() {
    let mut failures = String::new();
    for Object { case, name, refusals, findings, .. } in &objects() {
        let errors = || findings.iter().filter(|finding| finding.code.severity() == Severity::Error);
        for (path, message) in refusals {
            // A rule about a list refuses the list; the domain names the entry.
            if !errors().any(|error| is_about(path, &error.path)) {
                let paths: Vec<&str> = errors().map(|error| error.path.as_str()).collect();
                let _ = writeln!(
                    failures,
                    "{case} {name} {path}: refused ({message}), and no error there; errors: {paths:?}"
                );
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Errors of an object alone that nothing refuses, by case and field, and why neither a pattern nor CEL says them.
const NOT_REFUSED: [(&str, &str, &str); 6] = [
    ("notifier/pod-invalid", "spec.notifier.pod.resources", FREE),
    ("notifier/pod-invalid", "spec.notifier.pod.affinity", FREE),
    ("notifier/pod-invalid", "spec.notifier.pod.tolerations", FREE),
    ("notifier/pod-invalid", "spec.notifier.pod.topologySpreadConstraints", FREE),
    (
        "gateway/duplicate-pilot-identifier-however-it-is-written",
        "spec.huntGroups",
        "CEL would have to take each address apart, for each pair",
    ),
    (
        "dial-plan/duplicate-access-number-within-a-plan-whatever-its-separators",
        "spec.accessTelephoneNumbers",
        "CEL would have to take the separators out, for each pair",
    ),
];
const FREE: &str = "an API server looks at the block when it makes a Pod of it";

pub fn run_refused() {
    let mut failures = String::new();
    let mut used = BTreeSet::new();
    for Object { case, name, refusals, findings, .. } in &objects() {
        let errors = findings.iter().filter(|finding| finding.code.severity() == Severity::Error);
        for Finding { code, path, message, .. } in errors {
            let mut listed =
                NOT_REFUSED.iter().filter(|(of, field, _)| of == case && is_at_or_above(field, path));
            if refusals.iter().any(|(at, _)| is_about(at, path)) {
                continue;
            } else if let Some((of, field, _)) = listed.next() {
                used.insert((of, field));
            } else {
                let _ =
                    writeln!(failures, "{case} {name} {path}: {code} ({message}), and nothing refuses it");
            }
        }
    }
    for (case, field, _) in NOT_REFUSED.iter().filter(|(case, field, _)| !used.contains(&(case, field))) {
        let _ = writeln!(failures, "{case} {field} stands in NOT_REFUSED, and nothing there needs it");
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Whether a refusal at one field may be what an error at another says: at the same field, at the list or block that holds it, or inside
/// it; the whole spec says nothing.
pub fn is_about(refusal: &str, error: &str) -> bool {
    refusal != "spec" && (is_at_or_above(refusal, error) || is_at_or_above(error, refusal))
}

/// An object of a case, and what is said of it.
struct Object {
    case: String,
    name: String,
    /// Paths and messages.
    refusals: Vec<(String, String)>,
    findings: Vec<Finding>,
    /// Its lines in the table.
    lines: String,
}

fn objects() -> Vec<Object> {
    let admission = Admission::new(&crds().unwrap()).unwrap();
    let root = Path::new("tests/golden/evaluate");
    let mut objects = Vec::new();
    for case in evaluate::cases(root) {
        let case_name = case.strip_prefix(root).unwrap().to_str().unwrap();
        for document in documents(&case.join("in")) {
            let kind = document["kind"].as_str().unwrap().to_owned();
            let Some(findings) = alone(&kind, &document) else { continue };
            let name = format!("{kind}/{}", document["metadata"]["name"].as_str().unwrap());
            let refusals: Vec<(String, String)> = admission
                .review(&kind, &document, None)
                .into_iter()
                .map(|refusal| (refusal.path, refusal.message))
                .collect();
            let mut lines = String::new();
            for (path, message) in &refusals {
                let _ = writeln!(lines, "{case_name} {name} refused: {path}: {message}");
            }
            if refusals.is_empty() {
                let _ = writeln!(lines, "{case_name} {name} admitted");
            }
            objects.push(Object { case: case_name.to_owned(), name, refusals, findings, lines });
        }
    }
    objects
}

fn documents(folder: &Path) -> Vec<Value> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    texts
        .flat_map(|file| {
            let documents: Vec<Value> =
                serde_saphyr::from_multiple(&fs::read_to_string(file).unwrap()).unwrap();
            documents
        })
        .collect()
}

/// The findings that an object shows alone; nothing for kinds that are not ours.
pub fn alone(kind: &str, document: &Value) -> Option<Vec<Finding>> {
    fn read<K: serde::de::DeserializeOwned + Alone>(document: &Value) -> Vec<Finding> {
        serde_json::from_value::<K>(document.clone()).unwrap().alone().all().to_vec()
    }
    match kind {
        "UMDialPlan" => Some(read::<UMDialPlan>(document)),
        "UMMailboxPolicy" => Some(read::<UMMailboxPolicy>(document)),
        "UMIPGateway" => Some(read::<UMIPGateway>(document)),
        "UMMailbox" => Some(read::<UMMailbox>(document)),
        _ => None,
    }
}

/// A rule about the whole object can only be about its name, and has no field to name it by.
fn is_at_or_above(error: &str, path: &str) -> bool {
    let path = if path.is_empty() { "metadata.name" } else { path };
    path.strip_prefix(error).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
