//! Findings as a Code Quality report of GitLab, which shows what a merge request adds and what it mends.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::verdict::{Told, Verdict};

/// A list of issues.
pub fn write(verdict: &Verdict) -> serde_json::Result<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let issues: Vec<Value> = verdict
        .told
        .iter()
        .map(|told| {
            let subject = subject(told);
            let nth = seen.entry(subject.clone()).or_default();
            *nth += 1;
            issue(told, &fingerprint(&subject, *nth))
        })
        .collect();
    Ok(serde_json::to_string_pretty(&issues)? + "\n")
}

fn issue(told: &Told, fingerprint: &str) -> Value {
    let place = &told.problem.place;
    json!({
        "description": super::sentence(told),
        "check_name": told.problem.code,
        "fingerprint": fingerprint,
        "severity": if told.word() == "error" { "major" } else { "minor" },
        "location": {"path": super::relative(&place.file), "lines": {"begin": place.line}},
    })
}

/// What a finding is about. Lines move and messages name lines, so neither belongs to it; an object keeps its findings when it
/// moves to another file.
fn subject(told: &Told) -> String {
    let problem = &told.problem;
    let whose = match &problem.object {
        Some(object) => object.to_string(),
        None => super::relative(&problem.place.file).to_owned(),
    };
    format!("{}\n{whose}\n{}", problem.code, problem.path)
}

/// The same findings get numbers, in their order.
fn fingerprint(subject: &str, nth: u32) -> String {
    let digest = Sha256::digest(format!("{subject}\n{nth}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
