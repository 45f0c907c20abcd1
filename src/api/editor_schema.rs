//! JSON Schemas of the four kinds for editors and for checks of manifests outside of a cluster, made from the definitions.
//!
//! They are draft-07: every release of the YAML language server, which most editors use, reads that draft in full; later drafts it
//! learned late and in parts, and nothing of them is needed here. Whatever an API server would prune is refused, so that an editor
//! underlines a misspelled field.
//! CEL rules and the rules of other objects are not in them.

use serde_json::{Map, Value, json};

use super::schema::{kind, open_api_schema};

/// The draft that the schemas are written in.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";
/// The names that Kubernetes allows: a DNS subdomain (RFC 1123).
const NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// The schema of one kind, as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditorSchema {
    /// `{kind}_{version}.json` with the kind in small letters, the layout that editors and validators look schemas up in.
    pub file_name: String,
    /// The schema.
    pub schema: Value,
}

/// The schema for editors that follows from a definition. The status is left out: it is nothing to write. Nothing, if the
/// definition has no schema.
#[must_use]
pub fn editor_schema(crd: &Value) -> Option<EditorSchema> {
    let (kind, group) = (kind(crd), crd.pointer("/spec/group")?.as_str()?);
    let version = crd.pointer("/spec/versions/0/name")?.as_str()?;
    let Value::Object(mut schema) = convert(open_api_schema(crd)?, Place::Field) else { return None };
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.remove("status");
        properties.insert("apiVersion".into(), constant("Group and version.", &format!("{group}/{version}")));
        properties.insert("kind".into(), constant("The kind.", kind));
        properties.insert("metadata".into(), metadata());
    }
    schema.insert("$schema".into(), DRAFT.into());
    schema.insert("title".into(), kind.into());
    schema.insert("required".into(), json!(["apiVersion", "kind", "metadata", "spec"]));
    let file_name = format!("{}_{version}.json", kind.to_lowercase());
    Some(EditorSchema { file_name, schema: Value::Object(schema) })
}

fn constant(description: &str, text: &str) -> Value {
    json!({"type": "string", "const": text, "description": description})
}

/// What people write in `metadata`, and what a cluster adds.
fn metadata() -> Value {
    let texts = |description: &str| json!({"type": "object", "additionalProperties": {"type": "string"}, "description": description});
    json!({"type": "object", "description": "Name, namespace, labels and annotations.",
        "required": ["name"], "additionalProperties": false, "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 253, "pattern": NAME,
                "description": "Name by which other objects refer to this one."},
            "namespace": {"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
                "description": "Namespace; objects refer only to objects of the same one."},
            "labels": texts("Labels, to select objects by."),
            "annotations": texts("Annotations."),
            "finalizers": {"type": "array", "items": {"type": "string"}},
            "ownerReferences": {"type": "array"},
            "managedFields": {"type": "array"},
            "uid": {"type": "string"}, "resourceVersion": {"type": "string"}, "selfLink": {"type": "string"},
            "generation": {"type": "integer"}, "generateName": {"type": "string"},
            "creationTimestamp": {"type": ["string", "null"]}, "deletionTimestamp": {"type": ["string", "null"]},
            "deletionGracePeriodSeconds": {"type": ["integer", "null"]},
    }})
}

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It describes a field, and so all that may be written there.
    Field,
    /// It stands in `anyOf` and the like, and says only something more about a field.
    Condition,
}

fn convert(schema: &Value, place: Place) -> Value {
    let Some(node) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    for (key, value) in node {
        if let Some(value) = keyword(key, value, node, place) {
            out.insert(key.clone(), value);
        }
    }
    if place == Place::Field {
        close(node, &mut out);
    }
    if node.get("x-kubernetes-list-type").and_then(Value::as_str) == Some("set") {
        out.insert("uniqueItems".into(), true.into());
    }
    if says(node, "x-kubernetes-int-or-string") && !out.contains_key("anyOf") {
        out.insert("type".into(), json!(["integer", "string"]));
    }
    Value::Object(out)
}

/// What a keyword of a definition is in the draft; nothing if it has no place there.
fn keyword(key: &str, value: &Value, node: &Map<String, Value>, place: Place) -> Option<Value> {
    Some(match (key, value) {
        ("properties", Value::Object(fields)) => {
            fields.iter().map(|(name, field)| (name.clone(), convert(field, place))).collect()
        }
        ("items" | "additionalProperties", field) => convert(field, place),
        ("not", condition) => convert(condition, Place::Condition),
        ("allOf" | "anyOf" | "oneOf", Value::Array(conditions)) => {
            conditions.iter().map(|condition| convert(condition, Place::Condition)).collect()
        }
        ("description", Value::String(text)) => flow(text).into(),
        ("required", Value::Array(names)) => {
            let has_default = |name: &Value| {
                let field = node.get("properties").zip(name.as_str()).and_then(|(all, name)| all.get(name));
                field.is_some_and(|field| field.get("default").is_some())
            };
            names.iter().filter(|name| !has_default(name)).cloned().collect()
        }
        // Widths of numbers, for programs; ranges stand beside them.
        ("format", Value::String(format)) if matches!(format.as_str(), "int32" | "int64" | "double") => {
            return None;
        }
        ("nullable", _) => return None,
        (key, _) if key.starts_with("x-kubernetes-") => return None,
        (_, other) => other.clone(),
    })
}

/// Refuses fields that an API server would prune.
fn close(node: &Map<String, Value>, out: &mut Map<String, Value>) {
    let is_object = node.get("type").and_then(Value::as_str) == Some("object");
    let is_open =
        says(node, "x-kubernetes-preserve-unknown-fields") || node.contains_key("additionalProperties");
    if is_object && !is_open {
        out.insert("additionalProperties".into(), false.into());
    }
}

fn says(node: &Map<String, Value>, flag: &str) -> bool {
    node.get(flag).and_then(Value::as_bool).unwrap_or(false)
}

/// Joins the lines of each paragraph: editors break lines where they have to.
fn flow(text: &str) -> String {
    let paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::super::schema::crds;
    use super::*;

    const EXAMPLES: [&str; 4] = [
        include_str!("../../examples/quickstart/1-dial-plans.yaml"),
        include_str!("../../examples/quickstart/2-gateways.yaml"),
        include_str!("../../examples/quickstart/3-policies.yaml"),
        include_str!("../../examples/quickstart/4-mailboxes.yaml"),
    ];

    fn all() -> Vec<EditorSchema> {
        crds().unwrap().iter().map(|crd| editor_schema(crd).unwrap()).collect()
    }

    fn validator(kind: &str) -> jsonschema::Validator {
        let file_name = format!("{}_v1alpha1.json", kind.to_lowercase());
        let schema = all().into_iter().find(|schema| schema.file_name == file_name).unwrap().schema;
        jsonschema::draft7::meta::validate(&schema).unwrap();
        jsonschema::draft7::new(&schema).unwrap()
    }

    /// What an editor underlines: the paths, sorted.
    fn underlined(object: &Value) -> Vec<String> {
        let validator = validator(object["kind"].as_str().unwrap());
        let mut paths: Vec<String> =
            validator.iter_errors(object).map(|error| error.instance_path().to_string()).collect();
        paths.sort();
        paths
    }

    fn examples() -> Vec<Value> {
        EXAMPLES.iter().flat_map(|text| serde_saphyr::from_multiple::<Value>(text).unwrap()).collect()
    }

    fn converted(schema: &Value) -> Value {
        convert(schema, Place::Field)
    }

    #[test]
    fn there_is_one_file_a_kind_in_the_layout_that_editors_look_up() {
        let names: Vec<String> = all().into_iter().map(|schema| schema.file_name).collect();
        let wanted = ["umdialplan", "ummailboxpolicy", "umipgateway", "ummailbox"];
        assert_eq!(names, wanted.map(|kind| format!("{kind}_v1alpha1.json")));
    }

    #[test]
    fn every_example_is_valid() {
        let examples = examples();
        assert!(examples.len() > 10, "only {} examples", examples.len());
        for example in examples {
            assert_eq!(underlined(&example), Vec::<String>::new(), "{}", example["metadata"]["name"]);
        }
    }

    #[test]
    fn a_misspelled_field_is_refused_at_every_depth() {
        for mut example in examples() {
            example["spec"]["displayname"] = "Head Office".into();
            assert_eq!(underlined(&example), ["/spec"]);
        }
        let mut plan = examples().remove(0);
        plan["spec"]["notifier"]["sip"]["prot"] = 5060.into();
        plan["metadata"]["lables"] = json!({});
        plan["spek"] = json!({});
        assert_eq!(underlined(&plan), ["", "/metadata", "/spec/notifier/sip"]);
    }

    #[test]
    fn words_numbers_and_texts_outside_of_what_a_field_allows_are_refused() {
        let mut plan = examples().remove(0);
        plan["apiVersion"] = "um.lamplighter.dev/v1".into();
        plan["spec"]["uriType"] = "telExtn".into();
        plan["spec"]["numberOfDigitsInExtension"] = 21.into();
        plan["spec"]["displayName"] = "Berlin / Head Office".into();
        plan["metadata"]["name"] = "Head_Office".into();
        let wanted =
            ["/apiVersion", "/metadata/name", "/spec/displayName", "/spec/numberOfDigitsInExtension"];
        assert_eq!(underlined(&plan), [&wanted[..], &["/spec/uriType"]].concat());
    }

    #[test]
    fn what_has_to_be_there_and_has_no_default_is_missed() {
        assert_eq!(underlined(&json!({"kind": "UMMailbox"})), ["", "", ""]);
        let schema =
            json!({"type": "object", "required": ["a", "b"], "properties": {"a": {"default": 1}, "b": {}}});
        assert_eq!(converted(&schema)["required"], json!(["b"]));
    }

    #[test]
    fn free_tables_and_free_objects_stay_open() {
        let table = json!({"type": "object", "additionalProperties": {"type": "object", "properties": {}}});
        assert_eq!(converted(&table)["additionalProperties"]["additionalProperties"], false);
        let free = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        assert_eq!(converted(&free), json!({"type": "object"}));
        assert_eq!(
            converted(&json!({"type": "object"})),
            json!({"type": "object", "additionalProperties": false})
        );
    }

    #[test]
    fn conditions_say_something_more_and_close_nothing() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "oneOf": [{"type": "object", "properties": {"a": {}}, "required": ["a"]}, {"required": ["b"]}]});
        let schema = converted(&schema);
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["oneOf"][0].get("additionalProperties"), None);
    }

    #[test]
    fn a_number_or_text_is_both_and_a_set_names_nothing_twice() {
        assert_eq!(
            converted(&json!({"x-kubernetes-int-or-string": true})),
            json!({"type": ["integer", "string"]})
        );
        let set = json!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"});
        assert_eq!(converted(&set)["uniqueItems"], true);
    }

    #[test]
    fn only_keywords_of_the_draft_are_used() {
        const KNOWN: &[&str] = &[
            "$schema",
            "additionalProperties",
            "allOf",
            "anyOf",
            "const",
            "default",
            "description",
            "enum",
            "format",
            "items",
            "maxItems",
            "maxLength",
            "maxProperties",
            "maximum",
            "minItems",
            "minLength",
            "minProperties",
            "minimum",
            "multipleOf",
            "not",
            "oneOf",
            "pattern",
            "properties",
            "required",
            "title",
            "type",
            "uniqueItems",
        ];
        fn walk(path: &str, schema: &Value) {
            for (key, value) in schema.as_object().into_iter().flatten() {
                assert!(
                    KNOWN.contains(&key.as_str()),
                    "{path}: `{key}` means something else or nothing in draft-07"
                );
                match key.as_str() {
                    "properties" => {
                        value
                            .as_object()
                            .unwrap()
                            .iter()
                            .for_each(|(name, field)| walk(&format!("{path}.{name}"), field));
                    }
                    "items" | "additionalProperties" | "not" => walk(path, value),
                    "allOf" | "anyOf" | "oneOf" => {
                        value.as_array().unwrap().iter().for_each(|each| walk(path, each))
                    }
                    _ => {}
                }
            }
        }
        for EditorSchema { file_name, schema } in all() {
            assert_eq!(schema.pointer("/properties/status"), None);
            walk(&file_name, &schema);
        }
    }
}
