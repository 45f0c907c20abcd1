//! Faults of shape in the API server's words.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::{By, Refusal, path};

/// Characters of a value that are shown, at most.
const SHOWN: usize = 60;

/// Whether CEL rules are left out after this fault, as an API server does.
pub(super) fn blocks(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Required { .. }
            | Kind::Enum { .. }
            | Kind::Type { .. }
            | Kind::MaxLength { .. }
            | Kind::MaxItems { .. }
            | Kind::MaxProperties { .. }
    )
}

/// A fault that was found in `object` by its schema.
pub(super) fn refusal(error: &ValidationError<'_>, schema: &Value, object: &Value) -> Refusal {
    let mut at = error.instance_path().as_str().to_owned();
    if let Kind::Required { property } = error.kind() {
        let name = property.as_str().unwrap_or_default();
        at.push_str(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
    }
    let path = path::of_pointer(&at, schema, object);
    Refusal { path, message: message(error), by: By::Schema }
}

fn message(error: &ValidationError<'_>) -> String {
    let value: &Value = error.instance();
    let invalid = |reason: String| format!("Invalid value: {}: {reason}", shown(value));
    let number = |limit: &Value| number(limit);
    match error.kind() {
        Kind::Required { .. } => "Required value".to_owned(),
        Kind::Enum { options } => {
            let options: Vec<String> = options.as_array().into_iter().flatten().map(shown).collect();
            format!("Unsupported value: {}: supported values: {}", shown(value), options.join(", "))
        }
        Kind::Type { kind } => {
            let found = type_name(value);
            format!("Invalid value: \"{found}\": must be of type {}: \"{found}\"", types(kind))
        }
        Kind::MaxLength { limit } => format!("Too long: may not be more than {limit} characters"),
        Kind::MaxItems { limit } | Kind::MaxProperties { limit } => {
            format!("Too many: {}: must have at most {limit} items", count(value))
        }
        Kind::MinItems { limit } => {
            format!("Invalid value: {}: should have at least {limit} items", count(value))
        }
        Kind::MinProperties { limit } => {
            format!("Invalid value: {}: should have at least {limit} properties", count(value))
        }
        Kind::MinLength { limit } => invalid(format!("should be at least {limit} chars long")),
        Kind::Maximum { limit } => invalid(format!("should be less than or equal to {}", number(limit))),
        Kind::ExclusiveMaximum { limit } => invalid(format!("should be less than {}", number(limit))),
        Kind::Minimum { limit } => invalid(format!("should be greater than or equal to {}", number(limit))),
        Kind::ExclusiveMinimum { limit } => invalid(format!("should be greater than {}", number(limit))),
        Kind::MultipleOf { multiple_of } => invalid(format!("should be a multiple of {multiple_of}")),
        Kind::Pattern { pattern } => invalid(format!("should match '{pattern}'")),
        Kind::Format { format } => invalid(format!("must be of type {format}: {}", shown(value))),
        Kind::UniqueItems => invalid("shouldn't contain duplicates".to_owned()),
        Kind::AnyOf { .. } => invalid("must validate at least one schema (anyOf)".to_owned()),
        Kind::OneOfMultipleValid { .. } | Kind::OneOfNotValid { .. } => {
            invalid("must validate one and only one schema (oneOf)".to_owned())
        }
        Kind::Not { .. } => invalid("must not validate the schema (not)".to_owned()),
        _ => invalid(error.masked().to_string()),
    }
}

/// A value as messages have it: text in quotes, all else as JSON; the end cut off where it is long.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::Number(_) => return number(value),
        Value::String(text) => return format!("{:?}", cut(text)),
        // A large object is not written out to show the beginning of it.
        Value::Array(_) | Value::Object(_) => return type_name(value).to_owned(),
        other => other.to_string(),
    };
    cut(&text)
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Whole numbers without a decimal point.
fn number(value: &Value) -> String {
    match value.as_f64() {
        Some(float) if value.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
        _ => value.to_string(),
    }
}

fn count(value: &Value) -> usize {
    value.as_array().map(Vec::len).or_else(|| value.as_object().map(serde_json::Map::len)).unwrap_or_default()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn types(kind: &TypeKind) -> String {
    let name = |kind: JsonType| kind.to_string();
    match kind {
        TypeKind::Single(one) => name(*one),
        TypeKind::Multiple(all) => all.iter().map(name).collect::<Vec<_>>().join(","),
    }
}
