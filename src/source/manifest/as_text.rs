//! How to write what stands where a schema wants text: the word that is meant, or quotes where they make it right.

use serde_json::Value;

use super::scalar::{Meaning, meaning};
use super::schema;
use super::suggest::{listed, quoted, shown};

/// What to write instead of `text`, which stands without quotes and is none. With `confidential`, it is not repeated.
pub(super) fn instead(text: &str, schema: &Value, confidential: bool) -> String {
    let words = schema::words(schema);
    if let Some(word) = meant(text, &words) {
        return match meaning(word) {
            Meaning::Text => format!("write {}", shown(word)),
            _ => format!("write {}, in quotes", quoted(word)),
        };
    }
    if !words.is_empty() {
        return one_of(&words);
    }
    if fits(schema, text) {
        return format!("write it in quotes: {}", quoted(if confidential { "…" } else { text }));
    }
    format!("write {}", expected(schema))
}

/// What to write in place of `text`, which is nothing to YAML.
pub(super) fn value(text: &str, schema: &Value) -> String {
    let words = schema::words(schema);
    if !words.is_empty() {
        return one_of(&words);
    }
    if text.eq_ignore_ascii_case("null") && fits(schema, text) {
        return format!("give it a value; if that word is meant, in quotes: {}", quoted(text));
    }
    let text = if fits(schema, "") { "a text, \"\" for an empty one".to_owned() } else { expected(schema) };
    format!("give it a value: {text}")
}

/// The words of an enumeration, as they are written in a manifest.
pub(super) fn one_of(words: &[&str]) -> String {
    let written: Vec<String> = words.iter().map(|word| written(word)).collect();
    format!("choose one of {}", listed(&written.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn written(word: &str) -> String {
    if meaning(word) == Meaning::Text { word.to_owned() } else { quoted(word) }
}

/// The word that somebody meant who wrote `text`: the same in other capitals, or the truth value that YAML makes of it.
fn meant<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    let same = |text: &str| words.iter().find(|word| word.eq_ignore_ascii_case(text)).copied();
    same(text).or_else(|| match meaning(text) {
        Meaning::Bool(value) | Meaning::LegacyBool(value) => same(if value { "true" } else { "false" }),
        _ => None,
    })
}

/// A text that the field takes, in words: by its default, else by its bounds.
fn expected(schema: &Value) -> String {
    let default = schema.get("default").and_then(Value::as_str).filter(|default| !default.is_empty());
    if let Some(example) = default {
        return format!("a text such as `{}`", shown(example));
    }
    let number = |name: &str| schema.get(name).and_then(Value::as_u64);
    let length = match (number("minLength"), number("maxLength")) {
        (Some(least), Some(most)) => format!(" of {least} to {most} characters"),
        (Some(least), None) => format!(" of at least {least} characters"),
        (None, Some(most)) => format!(" of at most {most} characters"),
        (None, None) => String::new(),
    };
    match schema.get("pattern").and_then(Value::as_str) {
        Some(pattern) => format!("a text{length} that matches {pattern}"),
        None => format!("a text{length}"),
    }
}

/// Whether a text is what the schema asks for: one of its words, of its length, by its pattern.
pub(super) fn fits(schema: &Value, text: &str) -> bool {
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    let words = schema::words(schema);
    (words.is_empty() || words.contains(&text))
        && bound("minLength").is_none_or(|least| length >= least)
        && bound("maxLength").is_none_or(|most| length <= most)
        && schema.get("pattern").and_then(Value::as_str).is_none_or(|pattern| matches(pattern, text))
}

/// Whether a text matches a pattern of a definition. The validators are kept, since a file may have any number of mistakes of
/// one kind; there are as many as definitions have patterns.
#[cfg(any(feature = "validate", test))]
fn matches(pattern: &str, text: &str) -> bool {
    use std::collections::BTreeMap;
    use std::sync::{Mutex, PoisonError};

    use jsonschema::{Draft, PatternOptions, Validator};
    use serde_json::json;

    static COMPILED: Mutex<BTreeMap<String, Option<Validator>>> = Mutex::new(BTreeMap::new());
    let compile = || {
        let options =
            jsonschema::options().with_draft(Draft::Draft4).with_pattern_options(PatternOptions::regex());
        options.build(&json!({"type": "string", "pattern": pattern})).ok()
    };
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if !compiled.contains_key(pattern) {
        compiled.insert(pattern.to_owned(), compile());
    }
    let validator = compiled.get(pattern).and_then(Option::as_ref);
    validator.is_some_and(|validator| validator.is_valid(&Value::String(text.to_owned())))
}

/// Without a validator nobody knows, and then nothing is promised.
#[cfg(not(any(feature = "validate", test)))]
const fn matches(_pattern: &str, _text: &str) -> bool {
    false
}
