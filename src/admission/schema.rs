//! The schema of a definition, made ready for the validators: OpenAPI v3 as JSON Schema, and the part of it that CEL rules
//! need.

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

/// Formats that mean the same to an API server and to the validator. The others are not checked.
const FORMATS: &[&str] = &["date-time", "ipv4", "ipv6"];

/// The schema of what users write: without the status.
pub(super) fn of_input(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("status");
    }
    strip(&mut schema, &["description", "title", "example"]);
    schema
}

/// Compiles the schema for the shape of objects. Draft 4 is the one that OpenAPI v3 is made from.
pub(super) fn compile(schema: &Value) -> Result<Validator, Box<jsonschema::ValidationError<'static>>> {
    let mut schema = schema.clone();
    translate(&mut schema);
    let options = jsonschema::options()
        .with_draft(Draft::Draft4)
        // Like RE2 it knows no look-around, and its time is bounded.
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true);
    options.build(&schema).map_err(Box::new)
}

/// The part of the schema with the CEL rules and what decides how they see values; nothing where there is no rule. Defaults are
/// left out, since objects have them already.
pub(super) fn rules(schema: &Value) -> Option<Value> {
    let mut schema = schema.clone();
    strip(&mut schema, &["default"]);
    let has_rules = prune(&mut schema, false);
    has_rules.then_some(schema)
}

/// Calls `visit` for each schema directly below this one.
fn each_below(schema: &mut Map<String, Value>, mut visit: impl FnMut(&mut Value)) {
    for name in ["items", "additionalProperties", "not"] {
        if let Some(child) = schema.get_mut(name) {
            visit(child);
        }
    }
    for name in ["allOf", "anyOf", "oneOf"] {
        schema.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().for_each(&mut visit);
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flatten().for_each(|(_, child)| visit(child));
}

/// Removes keywords that say nothing to a validator.
fn strip(schema: &mut Value, keywords: &[&str]) {
    let Some(node) = schema.as_object_mut() else { return };
    for keyword in keywords {
        node.remove(*keyword);
    }
    each_below(node, |child| strip(child, keywords));
}

/// Says in JSON Schema what OpenAPI and Kubernetes say in words of their own.
fn translate(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else { return };
    each_below(node, translate);
    if flag(node, "x-kubernetes-int-or-string") {
        node.remove("anyOf");
        node.insert("type".into(), json!(["integer", "string"]));
    }
    if flag(node, "nullable") {
        let types: Vec<Value> = match node.remove("type") {
            Some(Value::Array(types)) => types,
            Some(one) => vec![one],
            None => Vec::new(),
        };
        if !types.is_empty() {
            node.insert("type".into(), types.into_iter().chain(["null".into()]).collect());
        }
    }
    let is_known = |format: &Value| format.as_str().is_some_and(|format| FORMATS.contains(&format));
    if !node.get("format").is_some_and(is_known) {
        node.remove("format");
    }
    node.retain(|keyword, _| !keyword.starts_with("x-") && keyword != "default");
}

/// Removes what no rule can see differently: below it there is no rule, and its values look to CEL as they do without a schema.
/// `is_seen` is true where a rule stands above. Returns whether anything is left.
fn prune(schema: &mut Value, is_seen: bool) -> bool {
    let Some(node) = schema.as_object_mut() else { return false };
    let is_seen = is_seen || node.contains_key("x-kubernetes-validations");
    let mut is_left = node.contains_key("x-kubernetes-validations");
    is_left |= is_seen
        && ["format", "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string", "additionalProperties"]
            .iter()
            .any(|keyword| node.contains_key(*keyword));
    for name in ["items", "additionalProperties"] {
        if node.get_mut(name).is_some_and(|child| prune(child, is_seen)) {
            is_left = true;
        } else if name == "items" {
            node.remove(name);
        }
    }
    for name in ["allOf", "anyOf", "oneOf"] {
        let branches = node.get_mut(name).and_then(Value::as_array_mut);
        let left: Vec<bool> = branches.into_iter().flatten().map(|branch| prune(branch, is_seen)).collect();
        is_left |= left.contains(&true);
    }
    if let Some(properties) = node.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|_, child| prune(child, is_seen));
        is_left |= !properties.is_empty();
    }
    is_left
}

fn flag(schema: &Map<String, Value>, name: &str) -> bool {
    schema.get(name).and_then(Value::as_bool).unwrap_or(false)
}
