//! Compare first, then write: whether what is in the cluster is not what is wanted.
//!
//! What an API server adds (defaults, `status`, who manages what) is no difference, and neither is what somebody else put into a table or
//! into a list that is merged by key: a server-side apply would leave it there, and so would the next. What we wanted once and want no more
//! shows by the annotation with the digest.

use serde_json::{Map, Value};

use super::quantity::nanos;

/// Lists that an API server merges entry by entry, and the fields that tell entries apart. An entry without one of them (ports of a
/// NetworkPolicy have no name) makes it a plain list.
const KEYED: [(&str, &[&str]); 8] = [
    ("containers", &["name"]),
    ("env", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("ownerReferences", &["uid"]),
    ("ports", &["name"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];

/// Whether applying `desired` would change `live`, as far as can be seen.
#[must_use]
pub fn differs(live: &Value, desired: &Value) -> bool {
    !holds(&["", ""], live, desired)
}

/// Whether a value stands in what is live. The path is the field and the one around it.
fn holds(path: &[&str; 2], live: &Value, desired: &Value) -> bool {
    match (live, desired) {
        (_, Value::Object(desired)) => {
            let none = Map::new();
            let live = match live {
                Value::Object(live) => live,
                Value::Null => &none,
                _ => return false,
            };
            let [_, field] = path;
            desired
                .iter()
                .all(|(key, value)| holds(&[field, key], live.get(key).unwrap_or(&Value::Null), value))
        }
        (Value::Array(live), Value::Array(desired)) => list_holds(path, live, desired),
        (Value::String(live), Value::String(desired)) => {
            live == desired
                || (is_quantity(path) && nanos(live).is_some_and(|live| nanos(desired) == Some(live)))
        }
        // An API server leaves out what is empty.
        (Value::Null, _) => is_empty(desired),
        _ => live == desired,
    }
}

fn list_holds(path: &[&str; 2], live: &[Value], desired: &[Value]) -> bool {
    let [_, field] = path;
    let keys = KEYED.iter().find(|(list, _)| list == field).map(|(_, keys)| *keys);
    if let Some(keys) =
        keys.filter(|keys| desired.iter().all(|entry| keys.iter().all(|key| entry.get(key).is_some())))
    {
        let same = |a: &Value, b: &Value| keys.iter().all(|key| a.get(key) == b.get(key));
        return desired.iter().all(|wanted| {
            live.iter().find(|entry| same(entry, wanted)).is_some_and(|entry| holds(path, entry, wanted))
        });
    }
    live.len() == desired.len() && live.iter().zip(desired).all(|(live, desired)| holds(path, live, desired))
}

fn is_quantity([around, field]: &[&str; 2]) -> bool {
    ["requests", "limits"].contains(around) || *field == "sizeLimit"
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(_) | Value::Bool(_) | Value::Number(_) => false,
    }
}
