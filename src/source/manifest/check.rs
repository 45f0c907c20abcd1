//! Walks a tree along a schema: makes the value with its places and finds everything in it that is wrong. Knows neither
//! files nor kinds; ranges, patterns and enumerations are checked elsewhere.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::as_text;
use super::check_scalar::{self, Wrong};
use super::fields::{Field, segment};
use super::problem::Code;
use super::scalar::{Meaning, meaning};
use super::schema::{self, Expected};
use super::spans::Spans;
use super::suggest::{listed, nearest, shown};
use super::tree::{Data, Entry, Mark, Node, Scalar, Style};

/// Problems told of one document, at most.
const MAX_FOUND: usize = 100;

/// Something wrong at a place of a document.
pub(super) struct Found {
    pub(super) mark: Mark,
    pub(super) path: String,
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) advice: String,
}

/// Collects what is found in one document.
pub(super) struct Walk {
    pub(super) found: Vec<Found>,
    path: String,
    /// Values are never repeated in a message.
    confidential: bool,
}

impl Walk {
    pub(super) fn new(confidential: bool) -> Self {
        Self { found: Vec::new(), path: String::new(), confidential }
    }

    pub(super) fn find(&mut self, mark: Mark, code: Code, message: String, advice: String) {
        let path = self.path.clone();
        self.find_at(mark, &path, code, message, advice);
    }

    pub(super) fn find_at(&mut self, mark: Mark, path: &str, code: Code, message: String, advice: String) {
        if self.found.len() < MAX_FOUND {
            let path = path.to_owned();
            self.found.push(Found { mark, path, code, message, advice });
        }
    }

    /// Whether this is the document itself and nothing inside it.
    pub(super) fn is_at_top(&self) -> bool {
        self.path.is_empty()
    }

    /// Does `work` with `segment` (`.name`, `[0]`) added to the path.
    pub(super) fn at<T>(&mut self, segment: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push_str(if length == 0 { segment.trim_start_matches('.') } else { segment });
        let result = work(self);
        self.path.truncate(length);
        result
    }

    /// The value of `node`; `mark` is where a reader looks for it.
    pub(super) fn value(&mut self, node: &Node, mark: Mark, schema: &Value) -> (Value, Spans) {
        let expected = Expected::of(schema);
        match &node.data {
            Data::Scalar(scalar) => (self.scalar(scalar, mark, schema), Spans::leaf(mark)),
            Data::List(items) => {
                if !matches!(expected, Expected::List | Expected::Anything) {
                    self.wrong_shape(mark, expected, "a list", schema);
                    return (Value::Null, Spans::leaf(mark));
                }
                self.list(items, mark, schema.get("items").unwrap_or(&schema::ANYTHING))
            }
            Data::Map(entries) => {
                if !matches!(expected, Expected::Object | Expected::Anything) {
                    self.wrong_shape(mark, expected, "an object", schema);
                    return (Value::Null, Spans::leaf(mark));
                }
                self.object(entries, mark, schema)
            }
            Data::Cut => (Value::Null, Spans::leaf(mark)),
        }
    }

    fn list(&mut self, items: &[Node], mark: Mark, schema: &Value) -> (Value, Spans) {
        let mut values = Vec::with_capacity(items.len());
        let mut children = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let (value, spans) = self.at(&format!("[{index}]"), |walk| walk.value(item, item.mark, schema));
            values.push(value);
            children.push(spans);
        }
        (Value::Array(values), Spans::new(mark, children))
    }

    fn object(&mut self, entries: &[Entry], mark: Mark, schema: &Value) -> (Value, Spans) {
        let mut fields = BTreeMap::new();
        let is_table = schema::is_table(schema);
        for Field { name, mark, entry } in self.fields(entries, is_table) {
            let segment = segment(&name, is_table);
            let made = self.at(&segment, |walk| match schema::field(schema, &name) {
                Some(schema) if walk.is_left_out(entry, schema) => None,
                Some(schema) => Some(walk.value(&entry.value, mark, schema)),
                None => {
                    walk.unknown_field(&name, entry.key.mark, schema);
                    None
                }
            });
            if let Some(made) = made {
                fields.insert(name, made);
            } else {
                fields.entry(name).or_insert((Value::Null, Spans::leaf(mark)));
            }
        }
        self.missing_fields(&fields, mark, schema);
        fields.retain(|name, (value, _)| {
            !value.is_null() || schema::field(schema, name).is_some_and(keeps_null)
        });
        let (mut values, mut spans) = (Map::new(), BTreeMap::new());
        for (name, (value, span)) in fields {
            values.insert(name.clone(), value);
            spans.insert(name, span);
        }
        let children = values.keys().filter_map(|name| spans.remove(name)).collect();
        (Value::Object(values), Spans::new(mark, children))
    }

    /// Nothing stands where a default does: the API server takes the default.
    fn is_left_out(&self, entry: &Entry, schema: &Value) -> bool {
        is_null(&entry.value) && !schema::flag(schema, "nullable") && schema.get("default").is_some()
    }

    fn missing_fields(&mut self, fields: &BTreeMap<String, (Value, Spans)>, mark: Mark, schema: &Value) {
        for name in schema::required(schema).filter(|name| !fields.contains_key(*name)) {
            let expected = schema::field(schema, name).map_or(Expected::Anything, Expected::of);
            self.at(&format!(".{name}"), |walk| {
                let message = format!("the field `{name}` is missing");
                walk.find(
                    mark,
                    Code::MissingField,
                    message,
                    format!("add `{name}:` with {}", expected.words()),
                );
            });
        }
    }

    fn unknown_field(&mut self, name: &str, key: Mark, schema: &Value) {
        let names = schema::field_names(schema);
        let advice = match nearest(name, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if names.is_empty() => "no fields are allowed here".to_owned(),
            None => format!("fields allowed here: {}", listed(&names)),
        };
        self.find(key, Code::UnknownField, format!("unknown field `{}`", shown(name)), advice);
    }

    fn scalar(&mut self, scalar: &Scalar, mark: Mark, schema: &Value) -> Value {
        match check_scalar::value(scalar, schema, self.confidential) {
            Ok(value) => value,
            Err(Wrong { message, advice }) => {
                self.find(mark, Code::WrongType, message, advice);
                Value::Null
            }
        }
    }

    fn wrong_shape(&mut self, mark: Mark, expected: Expected, found: &str, schema: &Value) {
        let names = schema::field_names(schema);
        let advice = match expected {
            Expected::Object if !names.is_empty() => {
                format!("write fields here: {}", listed(&names))
            }
            Expected::List => "begin each item with `- `".to_owned(),
            Expected::Text if !schema::words(schema).is_empty() => as_text::one_of(&schema::words(schema)),
            _ => format!("write {} after the colon", expected.words()),
        };
        self.find(mark, Code::WrongType, format!("expected {}, found {found}", expected.words()), advice);
    }
}

fn keeps_null(schema: &Value) -> bool {
    schema::flag(schema, "nullable") || Expected::of(schema) == Expected::Anything
}

pub(super) fn is_null(node: &Node) -> bool {
    matches!(&node.data, Data::Scalar(scalar) if scalar.style == Style::Plain && meaning(&scalar.text) == Meaning::Null)
}
