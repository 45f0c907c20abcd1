//! The CEL rules of a definition. A rule that can't be evaluated here refuses, and says that it is so.

use kube::core::cel::{CompiledSchema, ErrorKind, ValidationError, validate_compiled};
use serde_json::Value;

use super::{By, Refusal, path};

/// What the rules have against an object that has its defaults.
pub(super) fn review(
    rules: &CompiledSchema,
    schema: &Value,
    object: &Value,
    old: Option<&Value>,
) -> Vec<Refusal> {
    let Err(errors) = validate_compiled(rules, object, old) else { return Vec::new() };
    let refusal = |error: ValidationError| Refusal {
        path: path::of_dotted(&error.field_path, schema, object),
        message: message(&error),
        by: By::Rule,
    };
    errors.into_iter().map(refusal).collect()
}

fn message(error: &ValidationError) -> String {
    let ValidationError { message, rule, .. } = error;
    match error.kind {
        ErrorKind::ValidationFailure => message.clone(),
        ErrorKind::EvaluationError => format!("{message}, in the rule `{rule}`"),
        _ => format!(
            "the rule `{rule}` can't be evaluated here, so the object counts as refused, though an API server may take it: {message}"
        ),
    }
}
