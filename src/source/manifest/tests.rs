//! The manifests' reader through its one door: texts and directories in, documents and problems out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod files;
mod limits;
mod objects;
mod rendering;
mod strict;
mod watching;
mod yaml;

use std::collections::BTreeMap;

use serde_json::json;

use super::{Document, Loaded, Loader, Problem, Schemas};

/// A small kind with everything that schemas of ours use, and one more kind.
fn schemas() -> Schemas {
    let reference =
        json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
    let mailbox = json!({"type": "object", "required": ["spec"], "properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
        "status": {"type": "object"},
        "spec": {"type": "object", "required": ["mailboxPolicyRef", "extensions"], "properties": {
            "displayName": {"type": "string", "nullable": true},
            "mailboxPolicyRef": reference,
            "extensions": {"type": "array", "items": {"type": "string"}},
            "missedCallNotificationEnabled": {"type": "boolean", "default": false},
            "priority": {"type": "integer", "format": "int32"},
            "pin": {"type": "object", "properties": {"secretRef": reference, "expired": {"type": "boolean"}}},
            "rules": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "ratio": {"type": "number"}}}},
            "lamps": {"type": "array", "items": {"type": "string", "pattern": "^[0-9]+$"}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "announcement": {"type": "string", "enum": ["True", "False", "Uninterruptible"]},
            "transport": {"type": "string", "enum": ["UDP", "TCP"]},
            "interval": {"type": "string", "default": "6h", "minLength": 2, "pattern": "^([0-9]+h)?([0-9]+m)?$"},
            "code": {"type": "string", "maxLength": 4, "pattern": "^[0-9]*$"},
            "mail": {"type": "string", "maxLength": 254, "pattern": "^[^\\s@]+@[^\\s@]+$"},
            "pod": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "maxUnavailable": {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": true},
        }},
    }});
    let gateway = json!({"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}});
    Schemas::new(BTreeMap::from([("UMMailbox".to_owned(), mailbox), ("UMIPGateway".to_owned(), gateway)]))
}

/// A mailbox with `spec` lines added, already indented. The added lines begin in line 7.
fn mailbox(spec: &str) -> String {
    format!(
        "{}{spec}\n",
        "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMMailbox\nmetadata: {name: lina, namespace: voice}\nspec:\n  mailboxPolicyRef: {name: sales}\n  extensions: [\"4201\"]\n"
    )
}

fn gateway(name: &str) -> String {
    format!("apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMIPGateway\nmetadata: {{name: {name}}}\n")
}

fn read_as(name: &str, text: &str) -> Loaded {
    let schemas = schemas();
    let mut loader = Loader::new(&schemas);
    loader.text(name, text);
    loader.finish()
}

fn read(text: &str) -> Loaded {
    read_as("a.yaml", text)
}

/// The one document of a text without problems.
fn document(text: &str) -> Document {
    let loaded = read(text);
    assert_eq!(loaded.problems, [], "{text}");
    assert_eq!(loaded.documents.len(), 1, "{text}");
    loaded.documents[0].clone()
}

/// `line:column code path` of each problem.
fn brief(loaded: &Loaded) -> Vec<String> {
    loaded
        .problems
        .iter()
        .map(|p| format!("{}:{} {} {}", p.place.line, p.place.column, p.code, p.path))
        .collect()
}

/// The one problem of a text.
fn problem(text: &str) -> Problem {
    let loaded = read(text);
    assert_eq!(loaded.problems.len(), 1, "{text}\n{:?}", loaded.problems);
    loaded.problems[0].clone()
}

fn names(loaded: &Loaded) -> Vec<String> {
    loaded.documents.iter().map(|document| format!("{}/{}", document.namespace, document.name)).collect()
}
