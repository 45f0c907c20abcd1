//! The schemas of our kinds, and how one is read: the structural subset of OpenAPI v3 that CustomResourceDefinitions use.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::api::schema::{kind, open_api_schema};

/// The API group of our kinds.
pub const GROUP: &str = "um.lamplighter.dev";
/// The versions of the group that are understood.
pub const VERSIONS: &[&str] = &["v1alpha1"];

/// The schemas of our kinds, by kind.
#[derive(Clone, Debug, Default)]
pub struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    /// Takes the schemas of CustomResourceDefinitions.
    pub fn of_definitions(crds: &[Value]) -> Self {
        let of = |crd| open_api_schema(crd).map(|schema| (kind(crd).to_owned(), schema.clone()));
        Self::new(crds.iter().filter_map(of).collect())
    }

    /// Takes the `openAPIV3Schema` of each kind, as it stands in the CustomResourceDefinition.
    pub fn new(kinds: BTreeMap<String, Value>) -> Self {
        Self(kinds.into_iter().map(|(kind, schema)| (kind, of_object(schema))).collect())
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn get(&self, kind: &str) -> Option<&Value> {
        self.0.get(kind)
    }
}

/// Accepts everything.
pub(super) static ANYTHING: LazyLock<Value> =
    LazyLock::new(|| json!({"x-kubernetes-preserve-unknown-fields": true}));

/// What a manifest may say in `metadata`.
pub(super) static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let text_map = json!({"type": "object", "nullable": true, "additionalProperties": {"type": "string"}});
    let list = json!({"type": "array", "nullable": true, "items": *ANYTHING});
    json!({"type": "object", "properties": {
        "name": {"type": "string"}, "namespace": {"type": "string"}, "generateName": {"type": "string"},
        "labels": text_map, "annotations": text_map,
        "uid": {"type": "string"}, "resourceVersion": {"type": "string"}, "selfLink": {"type": "string"},
        "generation": {"type": "integer"}, "creationTimestamp": {"type": "string", "nullable": true},
        "deletionTimestamp": {"type": "string", "nullable": true},
        "deletionGracePeriodSeconds": {"type": "integer", "nullable": true},
        "finalizers": {"type": "array", "nullable": true, "items": {"type": "string"}},
        "ownerReferences": list, "managedFields": list,
    }})
});

/// The schema of a `v1` Secret.
pub(super) static SECRET: LazyLock<Value> = LazyLock::new(|| {
    let text_map = json!({"type": "object", "nullable": true, "additionalProperties": {"type": "string"}});
    of_object(json!({"type": "object", "properties": {
        "type": {"type": "string"}, "immutable": {"type": "boolean"}, "data": text_map, "stringData": text_map,
    }}))
});

/// The schema of a `v1` ConfigMap.
pub(super) static CONFIG_MAP: LazyLock<Value> = LazyLock::new(|| {
    let text_map = json!({"type": "object", "nullable": true, "additionalProperties": {"type": "string"}});
    of_object(json!({"type": "object", "properties": {
        "immutable": {"type": "boolean"}, "data": text_map, "binaryData": text_map,
    }}))
});

/// The schema of a kind with what every object has beside it. The status is the operator's and not looked at.
fn of_object(schema: Value) -> Value {
    let mut whole = match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    let mut properties = match whole.remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    let text = json!({"type": "string"});
    properties.insert("apiVersion".to_owned(), text.clone());
    properties.insert("kind".to_owned(), text);
    properties.insert("metadata".to_owned(), METADATA.clone());
    if properties.contains_key("spec") {
        properties.insert("status".to_owned(), ANYTHING.clone());
    }
    whole.insert("properties".to_owned(), Value::Object(properties));
    whole.insert("type".to_owned(), "object".into());
    Value::Object(whole)
}

/// What a schema asks of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Text,
    Whole { bits: u32 },
    Number,
    Bool,
    Object,
    List,
    WholeOrText,
    Anything,
}

impl Expected {
    pub(super) fn of(schema: &Value) -> Self {
        if flag(schema, "x-kubernetes-int-or-string") {
            return Self::WholeOrText;
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Self::Text,
            Some("integer") if schema.get("format").and_then(Value::as_str) == Some("int32") => {
                Self::Whole { bits: 32 }
            }
            Some("integer") => Self::Whole { bits: 64 },
            Some("number") => Self::Number,
            Some("boolean") => Self::Bool,
            Some("object") => Self::Object,
            Some("array") => Self::List,
            _ => Self::Anything,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Whole { .. } => "a whole number",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Object => "an object",
            Self::List => "a list",
            Self::WholeOrText => "a whole number or text",
            Self::Anything => "a value",
        }
    }
}

pub(super) fn flag(schema: &Value, name: &str) -> bool {
    schema.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// The schema of the field `name`, or nothing where the field is unknown.
pub(super) fn field<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    if let Some(property) = schema.get("properties").and_then(|properties| properties.get(name)) {
        return Some(property);
    }
    match schema.get("additionalProperties") {
        Some(Value::Bool(true)) => Some(&ANYTHING),
        Some(values @ Value::Object(_)) => Some(values),
        _ if flag(schema, "x-kubernetes-preserve-unknown-fields") => Some(&ANYTHING),
        _ if Expected::of(schema) == Expected::Anything => Some(&ANYTHING),
        _ => None,
    }
}

/// True where the names of fields are the user's own.
pub(super) fn is_table(schema: &Value) -> bool {
    schema.get("additionalProperties").is_some_and(|values| *values != Value::Bool(false))
}

/// The words of an enumeration; none where there is no enumeration.
pub(super) fn words(schema: &Value) -> Vec<&str> {
    let words = schema.get("enum").and_then(Value::as_array);
    words.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The names of the fields that are allowed, sorted.
pub(super) fn field_names(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut names: Vec<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

/// The required fields without a default, which the API server would fill in before it looks.
pub(super) fn required(schema: &Value) -> impl Iterator<Item = &str> {
    let names =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    names.filter(|name| field(schema, name).is_none_or(|property| property.get("default").is_none()))
}
