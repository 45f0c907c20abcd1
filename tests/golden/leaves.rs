//! The settings of the four kinds as their definitions have them, and where a manifest sets them.

use std::sync::LazyLock;

use lamplighter::api::schema::{crds, kind, open_api_schema};
use serde_json::Value;

/// A setting of a kind: a number, a text, a switch, a list or a block without fields of its own.
pub struct Leaf {
    pub kind: String,
    /// Its field, with `[]` for any entry of a list, as in `spec.huntGroups[].dialPlanRef.name`.
    pub path: String,
    /// Its definition.
    pub definition: Value,
}

impl Leaf {
    /// A list as a whole; what is in it has leaves of its own.
    pub fn is_list(&self) -> bool {
        self.definition["type"] == "array"
    }

    /// As tables name it: `UMMailbox spec.pin.expired`.
    pub fn name(&self) -> String {
        format!("{} {}", self.kind, self.path)
    }
}

/// A setting as a manifest sets it.
pub struct Use<'a> {
    /// As in [`Leaf::path`].
    pub path: String,
    /// The same with the places in lists, as findings have it.
    pub place: String,
    /// The same as a JSON pointer.
    pub pointer: String,
    pub value: &'a Value,
}

/// All settings of the four kinds; lists stand before what is in them.
pub fn leaves() -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for crd in crds().unwrap() {
        define(kind(&crd), "spec".to_owned(), spec_of(&crd), &mut leaves);
    }
    assert!(leaves.len() > 200, "the definitions have only {} settings", leaves.len());
    leaves
}

/// What a manifest sets; nothing for kinds of others.
pub fn uses(document: &Value) -> Vec<Use<'_>> {
    static CRDS: LazyLock<Vec<Value>> = LazyLock::new(|| crds().unwrap());
    let mut uses = Vec::new();
    if let Some(crd) = CRDS.iter().find(|crd| document["kind"] == kind(crd)) {
        let start = || "spec".to_owned();
        follow(spec_of(crd), &document["spec"], start(), start(), "/spec".to_owned(), &mut uses);
    }
    uses
}

fn spec_of(crd: &Value) -> &Value {
    open_api_schema(crd).unwrap().pointer("/properties/spec").unwrap()
}

fn define(kind: &str, path: String, definition: &Value, leaves: &mut Vec<Leaf>) {
    if let Some(fields) = definition["properties"].as_object() {
        for (field, definition) in fields {
            define(kind, format!("{path}.{field}"), definition, leaves);
        }
        return;
    }
    if let Some(entry) = definition.get("items") {
        leaves.push(Leaf { kind: kind.to_owned(), path: path.clone(), definition: definition.clone() });
        define(kind, format!("{path}[]"), entry, leaves);
        return;
    }
    leaves.push(Leaf { kind: kind.to_owned(), path, definition: definition.clone() });
}

fn follow<'a>(
    definition: &Value,
    value: &'a Value,
    path: String,
    place: String,
    pointer: String,
    uses: &mut Vec<Use<'a>>,
) {
    if let Some(fields) = definition["properties"].as_object() {
        for (field, value) in value.as_object().into_iter().flatten() {
            let step = |text: &str, between: &str| format!("{text}{between}{field}");
            follow(&fields[field], value, step(&path, "."), step(&place, "."), step(&pointer, "/"), uses);
        }
        return;
    }
    uses.push(Use { path: path.clone(), place: place.clone(), pointer: pointer.clone(), value });
    if let Some(entry) = definition.get("items") {
        for (at, value) in value.as_array().into_iter().flatten().enumerate() {
            let (place, pointer) = (format!("{place}[{at}]"), format!("{pointer}/{at}"));
            follow(entry, value, format!("{path}[]"), place, pointer, uses);
        }
    }
}
