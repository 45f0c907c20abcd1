//! Names, labels and annotations: what an API server asks of the metadata of every object.

use serde_json::Value;

use super::{By, Refusal, words};

/// Characters of a name, at most.
const MOST_NAME: usize = 253;
/// Characters of a label's value and of the part of its key after the `/`, at most.
const MOST_LABEL: usize = 63;
/// Bytes of all annotations of an object, at most.
const MOST_ANNOTATIONS: usize = 256 * 1024;

const NAME: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, after an optional DNS subdomain and '/'";

/// What an API server has against the metadata.
pub(super) fn review(object: &Value) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut refuse = |path: String, message: String| refusals.push(Refusal { path, message, by: By::Schema });
    let Some(metadata) = object.get("metadata") else {
        refuse("metadata.name".into(), "Required value: name or generateName is required".into());
        return refusals;
    };
    match metadata.get("name") {
        Some(Value::String(name)) if is_subdomain(name) => {}
        Some(name) => refuse("metadata.name".into(), invalid(name, NAME)),
        None if metadata.get("generateName").is_some() => {}
        None => refuse("metadata.name".into(), "Required value: name or generateName is required".into()),
    }
    for (key, value) in fields(metadata, "labels") {
        let path = format!("metadata.labels[{key}]");
        if !is_key(key) {
            refuse(path, invalid(&key.as_str().into(), KEY));
        } else if !value.as_str().is_some_and(|value| value.is_empty() || is_label(value)) {
            refuse(path, invalid(value, LABEL));
        }
    }
    let mut bytes = 0_usize;
    for (key, value) in fields(metadata, "annotations") {
        bytes = bytes.saturating_add(key.len()).saturating_add(value.as_str().map_or(0, str::len));
        if !is_key(&key.to_lowercase()) {
            refuse(format!("metadata.annotations[{key}]"), invalid(&key.as_str().into(), KEY));
        }
    }
    if bytes > MOST_ANNOTATIONS {
        let message = format!("Too long: may not be more than {MOST_ANNOTATIONS} bytes");
        refuse("metadata.annotations".into(), message);
    }
    refusals
}

fn fields<'a>(metadata: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    metadata.get(name).and_then(Value::as_object).into_iter().flatten()
}

fn invalid(value: &Value, reason: &str) -> String {
    format!("Invalid value: {}: {reason}", words::shown(value))
}

/// RFC 1123: dot-separated parts of small letters, digits and inner `-`.
fn is_subdomain(name: &str) -> bool {
    let is_small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_part = |part: &str| {
        let bytes = part.as_bytes();
        bytes.iter().all(|b| is_small(*b) || *b == b'-')
            && bytes.first().is_some_and(|b| is_small(*b))
            && bytes.last().is_some_and(|b| is_small(*b))
    };
    name.len() <= MOST_NAME && name.split('.').all(is_part)
}

/// Letters, digits and inner `-`, `_` and `.`.
fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= MOST_LABEL
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_label(name),
        None => is_label(key),
    }
}
