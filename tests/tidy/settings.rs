//! `docs/settings.md` tells of every field that Exchange had, and of no field that is not there.

use std::collections::BTreeMap;

use lamplighter::api::schema::{kind, open_api_schema};
use serde_json::Value;

use crate::markdown::{cells, code_spans};
use crate::tables::CRDS;
use crate::tree;

const PAGE: &str = "docs/settings.md";

/// Which kind the parameters of a noun became; the longer noun first.
const NOUNS: &[(&str, &str)] = &[
    ("UMMailboxPolicy", "UMMailboxPolicy"),
    ("UMMailboxPIN", "UMMailbox"),
    ("UMMailbox", "UMMailbox"),
    ("UMDialPlan", "UMDialPlan"),
    ("UMIPGateway", "UMIPGateway"),
    ("UMHuntGroup", "UMIPGateway"),
];

/// What Exchange did not have.
const OURS: &[(&str, &[&str])] = &[
    ("UMDialPlan", &["notifier", "suspend"]),
    ("UMMailboxPolicy", &[]),
    (
        "UMIPGateway",
        &["transport", "priority", "maxNotifyPerSecond", "identity", "outboundProxy", "auth", "tls"],
    ),
    ("UMMailbox", &["messageWaitingIndicatorExtensions"]),
];

/// Fields by kind, as the page's tables name them, with the line.
fn named() -> BTreeMap<&'static str, Vec<(usize, String)>> {
    let mut named: BTreeMap<&str, Vec<(usize, String)>> = BTreeMap::new();
    let mut of = None;
    for (index, line) in tree::read(PAGE).lines().enumerate() {
        if line.starts_with('#') {
            of = NOUNS.iter().find(|(noun, _)| line.contains(noun)).map(|(_, kind)| *kind);
        }
        let (Some(kind), Some(cells)) = (of, cells(line)) else { continue };
        let fields = cells.get(1).map(|cell| code_spans(cell)).unwrap_or_default();
        let fields = fields.into_iter().map(|field| (index + 1, field.to_owned()));
        named.entry(kind).or_default().extend(fields);
    }
    named
}

/// Complaints about fields that are not in the table, and about fields in the table that don't exist.
pub fn check() -> Vec<String> {
    let named = named();
    let mut complaints = Vec::new();
    for crd in CRDS.iter() {
        let kind = kind(crd);
        let fields = open_api_schema(crd).and_then(|schema| schema.pointer("/properties/spec/properties"));
        let here = named.get(kind).map(Vec::as_slice).unwrap_or_default();
        let ours = OURS.iter().find(|(of, _)| *of == kind).map(|(_, ours)| *ours).unwrap_or_default();
        for field in fields.and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys()) {
            let is_named = here.iter().any(|(_, name)| name.split(['.', '[']).next() == Some(field));
            if !is_named && !ours.contains(&field.as_str()) {
                complaints.push(format!(
                    "{PAGE}:1: {field} of {kind} is in no table: add it beside the parameter that it was, or name it as our own in tests/tidy/settings.rs"
                ));
            }
        }
        for (line, name) in here {
            let is_metadata = name.starts_with("metadata.");
            if !is_metadata && !exists(kind, name) {
                complaints.push(format!("{PAGE}:{line}: {kind} has no field {name}: mend the name"));
            }
        }
    }
    complaints
}

/// Whether the definition of a kind has a field; `path` is below `spec`, as in `huntGroups[].pilotIdentifiers`.
fn exists(kind_name: &str, path: &str) -> bool {
    let schema = CRDS.iter().find(|crd| kind(crd) == kind_name).and_then(open_api_schema);
    let Some(spec) = schema.and_then(|schema| schema.pointer("/properties/spec")) else { return false };
    let mut at = Some(spec);
    for name in path.split('.') {
        let (name, is_list) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
        at = at.and_then(|at| at.get("properties")?.get(name));
        at = if is_list { at.and_then(|at| at.get("items")) } else { at };
    }
    at.is_some()
}
