//! `values.yaml` of the chart is the one place that says what can be set. Its comments become the table of the chart's README and
//! `values.schema.json`, which refuses what is not there.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::tables::escape;
use crate::tree;

const VALUES: &str = "charts/lamplighter/values.yaml";

/// One value that can be set, with all below it.
#[derive(Debug, PartialEq)]
struct Setting {
    /// Keys from the top.
    path: Vec<String>,
    /// What it does, for people.
    text: String,
    /// What its default does not tell of its type: keywords of JSON Schema.
    more: Map<String, Value>,
    default: Value,
}

/// The settings in the order of the file.
fn settings(text: &str) -> Vec<Setting> {
    let values: Value = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{VALUES}:1: {error}"));
    let mut reader = Reader { path: Vec::new(), said: None, more: Map::new(), inside: None };
    text.lines().enumerate().filter_map(|(index, line)| reader.line(index + 1, line, &values)).collect()
}

struct Reader {
    /// Keys above the line, with their indentation.
    path: Vec<(usize, String)>,
    /// Text of the value that comes.
    said: Option<String>,
    more: Map<String, Value>,
    /// Indentation of a value whose lines are its default.
    inside: Option<usize>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str, values: &Value) -> Option<Setting> {
        let (content, indent) = (line.trim_start(), line.len() - line.trim_start().len());
        if let Some(comment) = content.strip_prefix('#') {
            self.comment(number, comment.trim());
            return None;
        }
        let key = content.split_once(':')?.0;
        if self.inside.is_some_and(|inside| indent > inside) || !key.chars().all(char::is_alphanumeric) {
            return None;
        }
        self.inside = None;
        self.path.retain(|(above, _)| *above < indent);
        self.path.push((indent, key.to_owned()));
        let path: Vec<String> = self.path.iter().map(|(_, key)| key.clone()).collect();
        let default = values.pointer(&format!("/{}", path.join("/"))).expect("a key has a value").clone();
        match self.said.take() {
            Some(text) => {
                self.inside = Some(indent);
                Some(Setting { path, text, more: std::mem::take(&mut self.more), default })
            }
            None if default.as_object().is_some_and(|below| !below.is_empty()) => None,
            None => panic!("{VALUES}:{number}: {key} has no text: write `# -- ` and what it does above it"),
        }
    }

    fn comment(&mut self, number: usize, comment: &str) {
        if let Some(text) = comment.strip_prefix("-- ") {
            self.said = Some(text.to_owned());
        } else if let Some(schema) = comment.strip_prefix("@schema ") {
            self.more =
                serde_json::from_str(schema).unwrap_or_else(|error| panic!("{VALUES}:{number}: {error}"));
        } else if let Some(said) = &mut self.said {
            let _ = write!(said, " {comment}");
        }
    }
}

/// The text of `values.schema.json`.
pub fn schema() -> String {
    let mut schema = schema_of(&settings(&tree::read(VALUES)));
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "Values of the chart lamplighter".into();
    schema["$comment"] = "Generated from values.yaml: `UPDATE=1 cargo test --test tidy` rewrites it.".into();
    format!("{}\n", serde_json::to_string_pretty(&schema).unwrap())
}

fn schema_of(settings: &[Setting]) -> Value {
    let mut root = block();
    for setting in settings {
        let (last, above) = setting.path.split_last().expect("a setting has a key");
        let mut at = &mut root;
        for key in above {
            at = at["properties"].as_object_mut().unwrap().entry(key).or_insert_with(block);
        }
        at["properties"][last] = leaf(setting);
    }
    root
}

/// A block that has only the properties which are put into it.
fn block() -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {}})
}

fn leaf(setting: &Setting) -> Value {
    let mut schema = json!({
        "description": setting.text,
        "type": type_of(&setting.default),
        "default": setting.default,
    });
    let schema_map = schema.as_object_mut().unwrap();
    schema_map.extend(setting.more.clone());
    if setting.default.is_object() {
        schema_map.entry("additionalProperties").or_insert(false.into());
    }
    schema
}

fn type_of(default: &Value) -> &'static str {
    match default {
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => panic!("{VALUES}:1: a default is null, which tells no type: give it a value"),
    }
}

/// The table of the chart's README.
pub fn table() -> String {
    let mut table = String::from("| value | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for Setting { path, text, more, default } in settings(&tree::read(VALUES)) {
        let words = more.get("enum").and_then(Value::as_array).filter(|words| words.len() > 1);
        let type_ = match words {
            Some(words) => {
                let words: Vec<String> = words.iter().map(code).collect();
                words.join(", ")
            }
            None => type_of(&default).to_owned(),
        };
        let _ = writeln!(
            table,
            "| `{}` | {type_} | {} | {} |",
            path.join("."),
            escape(&code(&default)),
            escape(&text)
        );
    }
    table
}

fn code(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "`\"\"`".into(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

/// The reader against a text that has all that it must see.
pub fn check_reader() {
    let text = "# Of the file.\n# -- Plain,\n# on two lines.\na: 1\nblock:\n  # -- Words.\n  # @schema {\"enum\": [\"x\", \"y\"]}\n  word: x\n  # -- A whole block.\n  free:\n    deep: {b: 1}\n  # -- After it.\n  last: []\n";
    let found = settings(text);
    let paths: Vec<String> = found.iter().map(|setting| setting.path.join(".")).collect();
    assert_eq!(paths, ["a", "block.word", "block.free", "block.last"]);
    assert_eq!(found[0].text, "Plain, on two lines.");
    assert_eq!(
        schema_of(&found)["properties"],
        json!({
            "a": {"description": "Plain, on two lines.", "type": "integer", "default": 1},
            "block": {"type": "object", "additionalProperties": false, "properties": {
                "word": {"description": "Words.", "type": "string", "default": "x", "enum": ["x", "y"]},
                "free": {"description": "A whole block.", "type": "object", "default": {"deep": {"b": 1}}, "additionalProperties": false},
                "last": {"description": "After it.", "type": "array", "default": []},
            }},
        })
    );
}
