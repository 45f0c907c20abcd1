//! Lists that are sets or tables (`x-kubernetes-list-type`): no entry stands twice. JSON Schema knows nothing of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{By, MOST, Refusal, path};

/// Finds entries that stand twice, anywhere in an object of this schema.
pub(super) fn duplicates(schema: &Value, object: &Value, refusals: &mut Vec<Refusal>) {
    walk(schema, object, &mut String::new(), refusals);
}

fn walk(schema: &Value, value: &Value, at: &mut String, refusals: &mut Vec<Refusal>) {
    let length = at.len();
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(field) = path::field(schema, name) {
                    path::push_name(at, name, Some(schema));
                    walk(field, value, at, refusals);
                    at.truncate(length);
                }
            }
        }
        Value::Array(items) => {
            check(schema, items, at, refusals);
            let Some(of_item) = schema.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                path::push_index(at, index);
                walk(of_item, item, at, refusals);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

fn check(schema: &Value, items: &[Value], at: &str, refusals: &mut Vec<Refusal>) {
    let keys: Option<Vec<&str>> = match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => None,
        Some("map") => {
            let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
            Some(keys.into_iter().flatten().filter_map(Value::as_str).collect())
        }
        _ => return,
    };
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let key = match &keys {
            None => item.to_string(),
            Some(keys) => key(item, keys),
        };
        if !seen.contains(&key) {
            seen.insert(key);
        } else if refusals.len() < MOST {
            let mut path = at.to_owned();
            path::push_index(&mut path, index);
            refusals.push(Refusal { path, message: format!("Duplicate value: {key}"), by: By::Schema });
        }
    }
}

fn key(item: &Value, keys: &[&str]) -> String {
    let of = |key: &&str| Some(((*key).to_owned(), item.get(*key)?.clone()));
    Value::Object(keys.iter().filter_map(of).collect::<Map<_, _>>()).to_string()
}
