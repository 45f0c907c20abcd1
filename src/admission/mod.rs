//! What an API server would say about one object, without one: the schema and the CEL rules of its definition, and the rules
//! for names and labels that hold for every object.
//!
//! Knows no other object, no file and no setting: everything comes from the definitions. Unknown fields are found where
//! manifests are read, since a schema has nothing against them.

mod list;
mod metadata;
mod path;
mod rule;
mod schema;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use kube::core::cel::{CompiledSchema, apply_defaults};
use serde_json::Value;

/// Refusals told of one object, at most.
const MOST: usize = 100;

/// Which part of a definition refuses an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Its schema, or the rules for names and labels.
    Schema,
    /// A CEL rule (`x-kubernetes-validations`).
    Rule,
}

/// One reason why an API server does not take an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The field, as in `spec.extensions[1]`; empty for the whole object.
    pub path: String,
    /// Why, in the API server's words without the path: `Invalid value: 99: should be less than or equal to 20`.
    pub message: String,
    /// What refuses.
    pub by: By,
}

/// A definition that can't be used offline.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// A definition has no schema.
    #[error("the definition of `{kind}` has no schema")]
    NoSchema {
        /// The kind.
        kind: String,
    },
    /// A schema is none, or has a pattern that RE2 does not know either.
    #[error("the schema of `{kind}` can't be used: {reason}")]
    BadSchema {
        /// The kind.
        kind: String,
        /// Why, in the words of the validator.
        reason: String,
    },
}

/// The definitions, compiled once for any number of objects.
#[derive(Debug)]
pub struct Admission {
    kinds: BTreeMap<String, Compiled>,
}

#[derive(Debug)]
struct Compiled {
    /// The schema of what users write, with its defaults.
    schema: Value,
    shape: jsonschema::Validator,
    /// Nothing where the definition has no rule.
    rules: Option<CompiledSchema>,
}

impl Admission {
    /// Compiles CustomResourceDefinitions, of each its first version.
    ///
    /// # Errors
    /// A definition without a schema, or with one that does not compile. A CEL rule that does not compile is no error here: it
    /// refuses every object and says so.
    pub fn new(crds: &[Value]) -> Result<Self, AdmissionError> {
        let mut kinds = BTreeMap::new();
        for crd in crds {
            let kind = crate::api::schema::kind(crd).to_owned();
            let Some(schema) = crate::api::schema::open_api_schema(crd) else {
                return Err(AdmissionError::NoSchema { kind });
            };
            let compiled = Compiled::new(schema);
            let compiled = compiled.map_err(|error| AdmissionError::BadSchema {
                kind: kind.clone(),
                reason: error.to_string(),
            })?;
            kinds.insert(kind, compiled);
        }
        Ok(Self { kinds })
    }

    /// What an API server has against an object as a manifest describes it, by path; nothing against kinds without a definition.
    /// The status is not looked at, as where the status is a subresource. `old` is the object that is there before: with it,
    /// transition rules (`oldSelf`) run.
    #[must_use]
    pub fn review(&self, kind: &str, object: &Value, old: Option<&Value>) -> Vec<Refusal> {
        let Some(compiled) = self.kinds.get(kind) else { return Vec::new() };
        let mut refusals = compiled.review(object, old);
        refusals.sort();
        refusals.dedup();
        refusals.truncate(MOST);
        refusals
    }
}

impl Compiled {
    fn new(schema: &Value) -> Result<Self, Box<jsonschema::ValidationError<'static>>> {
        let schema = schema::of_input(schema);
        let shape = schema::compile(&schema)?;
        let rules = schema::rules(&schema).map(|rules| kube::core::cel::compile_schema(&rules));
        Ok(Self { schema, shape, rules })
    }

    fn review(&self, object: &Value, old: Option<&Value>) -> Vec<Refusal> {
        let object = &self.completed(object);
        let mut refusals = metadata::review(object);
        let mut blocks = false;
        for error in self.shape.iter_errors(object).take(MOST) {
            blocks |= words::blocks(error.kind());
            refusals.push(words::refusal(&error, &self.schema, object));
        }
        list::duplicates(&self.schema, object, &mut refusals);
        // As an API server does: rules are written for objects of the right shape.
        if let Some(rules) = self.rules.as_ref().filter(|_| !blocks) {
            let old = old.map(|old| self.completed(old));
            refusals.extend(rule::review(rules, &self.schema, object, old.as_ref()));
        }
        refusals
    }

    /// The object with its defaults, without what the API server drops.
    fn completed(&self, object: &Value) -> Value {
        let mut object = apply_defaults(&self.schema, object);
        if let Some(fields) = object.as_object_mut() {
            fields.remove("status");
        }
        object
    }
}
