//! Which object a document describes: its names, and what is wrong with them.

use serde_json::Value;

use super::check::Walk;
use super::fields::is_merge;
use super::problem::{Code, ObjectKey};
use super::scalar::{Meaning, meaning};
use super::spans::Spans;
use super::suggest::{as_name, is_label, is_subdomain, quoted};
use super::tree::{Data, Entry, Node, Style};

/// The key of an object that was read; nothing where a name is missing or unsound.
pub(super) fn key(value: &Value, kind: &str) -> Option<ObjectKey> {
    let metadata = value.get("metadata")?;
    let name = metadata.get("name")?.as_str()?;
    let namespace = match metadata.get("namespace") {
        Some(namespace) => namespace.as_str()?,
        None => "default",
    };
    sound_key(kind, namespace, name)
}

/// The key of an object that can't be read, as far as it shows.
pub(super) fn key_of(root: &Node, kind: &str) -> Option<ObjectKey> {
    let metadata = &find(fields(root), "metadata")?.value;
    let fields = fields(metadata);
    if fields.iter().any(is_merge) {
        return None;
    }
    let name = text(&find(fields, "name")?.value)?;
    let namespace = match find(fields, "namespace") {
        Some(entry) => text(&entry.value)?,
        None => "default",
    };
    sound_key(kind, namespace, name)
}

fn sound_key(kind: &str, namespace: &str, name: &str) -> Option<ObjectKey> {
    let is_sound = is_label(namespace) && is_subdomain(name);
    is_sound.then(|| ObjectKey {
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

/// Finds what is wrong with the names of an object that was read.
pub(super) fn check_names(walk: &mut Walk, value: &Value, spans: &Spans) {
    let metadata = value.get("metadata");
    let of = |name: &str| metadata.and_then(|metadata| metadata.get(name)).and_then(Value::as_str);
    // What is not text has its own problem from the schema.
    let is_told = walk.found.iter().any(|found| matches!(found.path.as_str(), "metadata" | "metadata.name"));
    match of("name") {
        Some(name) => check_name(walk, spans, value, "metadata.name", name),
        None if is_told => {}
        None => {
            let mut advice = "add `name:` below `metadata:`".to_owned();
            if of("generateName").is_some() {
                advice.push_str("; a generated name would be another one at each reading");
            }
            let mark = spans.find(value, "metadata");
            walk.find_at(
                mark,
                "metadata.name",
                Code::MissingName,
                "this object has no name".to_owned(),
                advice,
            );
        }
    }
    if let Some(namespace) = of("namespace") {
        check_name(walk, spans, value, "metadata.namespace", namespace);
    }
}

fn check_name(walk: &mut Walk, spans: &Spans, value: &Value, path: &str, name: &str) {
    let fits: fn(&str) -> bool = if path == "metadata.namespace" { is_label } else { is_subdomain };
    if fits(name) {
        return;
    }
    let message = format!(
        "{} is no name: small letters, digits and `-` make one, a letter or digit at either end",
        quoted(name)
    );
    let advice = match as_name(name).filter(|meant| fits(meant)) {
        Some(meant) => format!("write `{meant}`"),
        None => "choose a name of at most 63 characters".to_owned(),
    };
    walk.find_at(spans.find(value, path), path, Code::InvalidName, message, advice);
}

/// The entries of an object, none of anything else.
pub(super) fn fields(node: &Node) -> &[Entry] {
    match &node.data {
        Data::Map(entries) => entries,
        _ => &[],
    }
}

/// The first entry with that key, merge keys not followed.
pub(super) fn find<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Entry> {
    entries.iter().find(|entry| text(&entry.key) == Some(name))
}

/// The text of a scalar that is text.
pub(super) fn text(node: &Node) -> Option<&str> {
    let Data::Scalar(scalar) = &node.data else {
        return None;
    };
    let is_text = match scalar.style {
        Style::Text => true,
        Style::Plain => meaning(&scalar.text) == Meaning::Text,
        Style::Tagged(_) => false,
    };
    is_text.then_some(scalar.text.as_str())
}
