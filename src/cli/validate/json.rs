//! Findings for programs. `docs/validate.md` describes the members.

use serde_json::{Value, json};

use super::verdict::{Told, Verdict};

/// One JSON object.
pub fn write(verdict: &Verdict) -> serde_json::Result<String> {
    let findings: Vec<Value> = verdict.told.iter().map(finding).collect();
    let counts = json!({
        "errors": verdict.errors(), "warnings": verdict.warnings(),
        "resources": verdict.resources.len(), "files": verdict.files,
    });
    let text = serde_json::to_string_pretty(&json!({"findings": findings, "counts": counts}))?;
    Ok(text + "\n")
}

fn finding(told: &Told) -> Value {
    let (problem, object) = (&told.problem, told.problem.object.as_ref());
    json!({
        "code": problem.code, "severity": told.word(),
        "kind": object.map(|object| &object.kind), "namespace": object.map(|object| &object.namespace),
        "name": object.map(|object| &object.name), "path": problem.path,
        "message": problem.message, "advice": problem.advice, "notes": told.notes,
        "file": *problem.place.file, "line": problem.place.line, "column": problem.place.column,
        "help": super::help(told),
    })
}
