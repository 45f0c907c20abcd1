//! Findings as SARIF 2.1.0 (OASIS), for code scanning.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::Severity;

use super::verdict::{Told, Verdict};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A log with one run.
pub fn write(verdict: &Verdict) -> serde_json::Result<String> {
    let mut rules: BTreeMap<&str, &Told> = BTreeMap::new();
    for told in &verdict.told {
        rules.entry(told.problem.code).or_insert(told);
    }
    let index = |code: &str| rules.keys().position(|known| *known == code);
    let results: Vec<Value> =
        verdict.told.iter().map(|told| result(told, index(told.problem.code))).collect();
    let rules: Vec<Value> = rules.values().map(|told| rule(told)).collect();
    let driver = json!({"name": "lamplighter", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules});
    let run = json!({"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results});
    let log = json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]});
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

fn rule(told: &Told) -> Value {
    let code = told.problem.code;
    json!({
        "id": code,
        "name": code,
        "shortDescription": {"text": words(code)},
        "help": {"text": format!("See {}.", super::help(told))},
        "defaultConfiguration": {"level": level(told)},
    })
}

fn result(told: &Told, rule: Option<usize>) -> Value {
    let place = &told.problem.place;
    let mut location = json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(super::relative(&place.file))},
        "region": {"startLine": place.line, "startColumn": place.column},
    }});
    if let (Some(object), Some(fields)) = (&told.problem.object, location.as_object_mut()) {
        let name = format!("{object} {}", told.problem.path);
        fields.insert("logicalLocations".into(), json!([{"fullyQualifiedName": name.trim_end()}]));
    }
    json!({
        "ruleId": told.problem.code, "ruleIndex": rule, "level": level(told),
        "message": {"text": super::sentence(told)}, "locations": [location],
    })
}

fn level(told: &Told) -> &'static str {
    match told.severity {
        Severity::Error => "error",
        Severity::Warning | Severity::Reason => "warning",
    }
}

/// `DuplicateExtension` as `Duplicate extension`.
fn words(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let is_small = |at: usize| letters.get(at).is_some_and(|c| c.is_lowercase());
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let begins = at > 0 && letter.is_uppercase() && (is_small(at - 1) || is_small(at + 1));
        if begins {
            out.push(' ');
        }
        let stays = at == 0 || !letter.is_uppercase() || !is_small(at + 1);
        if stays { out.push(*letter) } else { out.extend(letter.to_lowercase()) }
    }
    out
}

/// A path as a URI reference (RFC 3986): below the repository, or `file:` where it is not.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
