//! The CustomResourceDefinitions of the four kinds, as users and API servers get them.
//!
//! What the derive macros make is put right here in one pass: no `nullable`, no defaults on lists or objects, whole
//! numbers as bounds, conditions as a list map, and a status that says "not seen yet" from the first moment.

use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

use super::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};

/// All four definitions in the order in which they are installed: dial plan, policy, gateway, mailbox.
///
/// # Errors
/// Only if a definition cannot be written as JSON, which the tests rule out.
pub fn crds() -> Result<Vec<Value>, serde_json::Error> {
    [UMDialPlan::crd(), UMMailboxPolicy::crd(), UMIPGateway::crd(), UMMailbox::crd()]
        .iter()
        .map(|crd| serde_json::to_value(crd).map(finish))
        .collect()
}

/// The kind that a definition is about.
#[must_use]
pub fn kind(crd: &Value) -> &str {
    crd.pointer("/spec/names/kind").and_then(Value::as_str).unwrap_or_default()
}

/// The `openAPIV3Schema` of a definition.
#[must_use]
pub fn open_api_schema(crd: &Value) -> Option<&Value> {
    crd.pointer("/spec/versions/0/schema/openAPIV3Schema")
}

/// Visits a schema and all below it, with their paths: `.spec.clients[].name` is a field of the entries of a list.
pub fn walk(schema: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, schema);
    if let Some(items) = schema.get("items") {
        walk(items, &format!("{path}[]"), visit);
    }
    for (name, child) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(child, &format!("{path}.{name}"), visit);
    }
}

fn finish(mut crd: Value) -> Value {
    if let Some(schema) = crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema") {
        tidy(schema);
        if let Some(status) = schema.pointer_mut("/properties/status") {
            first_status(status);
        }
    }
    if let Some(spec) = crd.get_mut("spec").and_then(Value::as_object_mut) {
        for version in spec.get_mut("versions").and_then(Value::as_array_mut).into_iter().flatten() {
            drop_empty(version, &["selectableFields"]);
        }
    }
    crd
}

/// Walks one schema and all below it.
fn tidy(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else { return };
    node.remove("nullable");
    if node
        .get("default")
        .is_some_and(|default| default.is_array() || default.is_object() || default.is_null())
    {
        node.remove("default");
    }
    for bound in ["minimum", "maximum"] {
        whole(node, bound);
    }
    if node.get("type").and_then(Value::as_str) == Some("integer") {
        // `uint32` and the like mean nothing to an API server.
        if !matches!(node.get("format").and_then(Value::as_str), Some("int32" | "int64")) {
            node.remove("format");
        }
    }
    for below in ["items", "additionalProperties", "not"] {
        if let Some(child) = node.get_mut(below) {
            tidy(child);
        }
    }
    if let Some(properties) = node.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, child) in properties.iter_mut() {
            tidy(child);
            list_map(name, child);
        }
    }
}

/// `1.0` becomes `1`, as the API server stores it; otherwise every comparison shows a difference.
fn whole(node: &mut Map<String, Value>, bound: &str) {
    let Some(number) = node.get(bound).and_then(Value::as_f64) else { return };
    if number.fract() == 0.0 && number.abs() < 1e15 {
        #[allow(clippy::cast_possible_truncation, reason = "a whole number far below 2^53")]
        node.insert(bound.into(), json!(number as i64));
    }
}

fn list_map(name: &str, child: &mut Value) {
    let key = match name {
        "conditions" => "type",
        "plans" | "clients" => "name",
        _ => return,
    };
    if let Some(node) = child.as_object_mut() {
        node.insert("x-kubernetes-list-type".into(), json!("map"));
        node.insert("x-kubernetes-list-map-keys".into(), json!([key]));
    }
}

/// Until a controller has looked, tools must read "in progress", not "healthy".
fn first_status(status: &mut Value) {
    let pending = |type_: &str| {
        json!({"type": type_, "status": "Unknown", "reason": "Pending", "message": "Waiting for the operator",
               "lastTransitionTime": "1970-01-01T00:00:00Z"})
    };
    if let Some(node) = status.as_object_mut() {
        node.insert(
            "default".into(),
            json!({"observedGeneration": -1,
                   "conditions": [pending("Accepted"), pending("ResolvedRefs"), pending("Programmed"), pending("Ready")]}),
        );
    }
}

fn drop_empty(value: &mut Value, keys: &[&str]) {
    let Some(node) = value.as_object_mut() else { return };
    for key in keys {
        if node.get(*key).and_then(Value::as_array).is_some_and(Vec::is_empty) {
            node.remove(*key);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn each_schema(visit: &mut impl FnMut(&str, &str, &Value)) {
        for crd in crds().unwrap() {
            walk(open_api_schema(&crd).unwrap(), "", &mut |path, node| visit(kind(&crd), path, node));
        }
    }

    #[test]
    fn no_field_is_nullable_and_no_list_or_object_of_a_spec_has_a_default() {
        let mut seen = 0;
        each_schema(&mut |kind, path, node| {
            seen += 1;
            assert!(node.get("nullable").is_none(), "{kind}{path} is nullable");
            if path.starts_with(".spec") {
                let default = node.get("default");
                assert!(
                    !default.is_some_and(|d| d.is_array() || d.is_object()),
                    "{kind}{path} has a default list or object"
                );
            }
        });
        assert!(seen > 60, "the walk saw only {seen} nodes");
    }

    #[test]
    fn bounds_are_whole_numbers_and_every_number_text_and_list_of_a_spec_is_bounded() {
        each_schema(&mut |kind, path, node| {
            for bound in ["minimum", "maximum"] {
                assert!(
                    node.get(bound).is_none_or(|b| b.is_i64() || b.is_u64()),
                    "{kind}{path}: {bound} {:?}",
                    node.get(bound)
                );
            }
            if !path.starts_with(".spec") {
                return;
            }
            match node["type"].as_str() {
                Some("integer") => assert!(
                    node.get("minimum").is_some() && node.get("maximum").is_some(),
                    "{kind}{path} has no range"
                ),
                Some("string") => assert!(
                    node.get("maxLength").is_some() || node.get("enum").is_some(),
                    "{kind}{path} has no maxLength"
                ),
                Some("array") => assert!(node.get("maxItems").is_some(), "{kind}{path} has no maxItems"),
                _ => {}
            }
        });
    }

    #[test]
    fn every_field_has_a_text_and_no_default_stands_inside_a_list() {
        each_schema(&mut |kind, path, node| {
            if path.contains('.') && !path.ends_with("[]") && path != ".metadata" {
                assert!(
                    node["description"].as_str().is_some_and(|text| text.len() > 3),
                    "{kind}{path} has no text"
                );
            }
            if path.starts_with(".spec") && path.contains("[]") {
                assert!(node.get("default").is_none(), "{kind}{path} has a default inside a list");
            }
        });
    }

    /// RE2 knows no look-around and no back-references, and `\s`, `\w` and `\d` are ASCII there and Unicode elsewhere.
    #[test]
    fn patterns_and_rules_are_read_alike_by_all_that_read_them() {
        let mut seen = 0;
        each_schema(&mut |kind, path, node| {
            let rules = node["x-kubernetes-validations"].as_array().into_iter().flatten();
            let texts = rules.filter_map(|rule| rule["rule"].as_str()).chain(node["pattern"].as_str());
            for text in texts.chain(node["additionalProperties"]["pattern"].as_str()) {
                seen += 1;
                let escapes = text.as_bytes().windows(2).filter(|pair| pair[0] == b'\\').map(|pair| pair[1]);
                let odd: String =
                    escapes.map(char::from).filter(|c| c.is_ascii_alphanumeric() && *c != 'x').collect();
                assert!(odd.is_empty(), "{kind}{path}: \\ before {odd} in {text}");
                assert!(!text.contains("(?"), "{kind}{path}: a group with a question mark in {text}");
            }
            if let Some(pattern) = node["pattern"].as_str() {
                assert!(
                    pattern.starts_with('^') && pattern.ends_with('$'),
                    "{kind}{path}: {pattern} does not hold for the whole text"
                );
            }
        });
        assert!(seen > 60, "the walk saw only {seen} patterns and rules");
    }

    #[test]
    fn a_fresh_object_is_in_progress_for_tools_that_wait() {
        for crd in crds().unwrap() {
            let default =
                open_api_schema(&crd).unwrap().pointer("/properties/status/default").unwrap().clone();
            assert_eq!(default["observedGeneration"], -1);
            assert_eq!(default["conditions"].as_array().unwrap().len(), 4);
        }
    }

    #[test]
    fn a_definition_stays_small_enough_for_client_side_apply() {
        for crd in crds().unwrap() {
            assert!(serde_json::to_string(&crd).unwrap().len() < 200_000, "{} is too big", kind(&crd));
        }
    }
}
