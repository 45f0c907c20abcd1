//! Paths of fields as people write them: `spec.extensions[1]`, `metadata.labels[example.com/a]`.

use serde_json::Value;

/// Adds a field's name. `schema` is that of the object: names that the user chose stand in brackets.
pub(super) fn push_name(path: &mut String, name: &str, schema: Option<&Value>) {
    let is_table = schema
        .and_then(|schema| schema.get("additionalProperties"))
        .is_some_and(|values| *values != Value::Bool(false));
    if is_table || name.contains(['.', '[']) {
        path.push_str(&format!("[{name}]"));
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
    }
}

/// Adds an index.
pub(super) fn push_index(path: &mut String, index: impl std::fmt::Display) {
    path.push_str(&format!("[{index}]"));
}

/// The schema of a field.
pub(super) fn field<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let property = schema.get("properties").and_then(|properties| properties.get(name));
    property.or_else(|| schema.get("additionalProperties").filter(|values| values.is_object()))
}

/// `/spec/extensions/1` in an object of this schema as `spec.extensions[1]`.
pub(super) fn of_pointer(pointer: &str, schema: &Value, object: &Value) -> String {
    let mut path = String::new();
    let (mut schema, mut value) = (Some(schema), Some(object));
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        if let Some(Value::Array(items)) = value {
            push_index(&mut path, &name);
            value = name.parse().ok().and_then(|index: usize| items.get(index));
            schema = schema.and_then(|schema| schema.get("items"));
        } else {
            push_name(&mut path, &name, schema);
            value = value.and_then(|value| value.get(&name));
            schema = schema.and_then(|schema| field(schema, &name));
        }
    }
    path
}

/// A path whose names are all joined by dots, with brackets where names have dots of their own.
pub(super) fn of_dotted(dotted: &str, schema: &Value, object: &Value) -> String {
    let mut path = String::new();
    let (mut schema, mut value, mut rest) = (Some(schema), object, dotted);
    while !rest.is_empty() {
        if let Some((index, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            push_index(&mut path, index);
            let item = value.as_array().zip(index.parse().ok());
            let Some(item) = item.and_then(|(items, index): (_, usize)| items.get(index)) else {
                path.push_str(after);
                break;
            };
            (value, rest) = (item, after);
            schema = schema.and_then(|schema| schema.get("items"));
            continue;
        }
        let names = rest.strip_prefix('.').unwrap_or(rest);
        let is_next = |name: &&String| {
            let after = names.strip_prefix(name.as_str());
            after.is_some_and(|after| after.is_empty() || after.starts_with(['.', '[']))
        };
        let known = value.as_object().into_iter().flat_map(|fields| fields.keys());
        let Some(name) = known.filter(is_next).max_by_key(|name| name.len()) else {
            // The field is not there, as where it is required.
            if !path.is_empty() && !names.starts_with('[') {
                path.push('.');
            }
            path.push_str(names);
            break;
        };
        push_name(&mut path, name, schema);
        schema = schema.and_then(|schema| field(schema, name));
        rest = names.strip_prefix(name.as_str()).unwrap_or_default();
        value = value.get(name).unwrap_or(&Value::Null);
    }
    path
}
