//! Tables of a kind's fields, from its definition, as they stand in the kind's page.

use std::fmt::Write as _;
use std::sync::LazyLock;

use lamplighter::api::schema::{crds, kind, open_api_schema};
use serde_json::{Map, Value};

use crate::markdown::anchor;
use crate::order::Structs;
use crate::tree;

/// Blocks of another's making, which the pages describe in words.
const NOT_OPENED: &[&str] = &["status.conditions[]"];
/// A block with at most so many plain fields stands in the table of the block around it.
const INLINE: usize = 3;

/// The definitions.
pub static CRDS: LazyLock<Vec<Value>> = LazyLock::new(|| crds().expect("definitions are JSON"));

static STRUCTS: LazyLock<Structs> = LazyLock::new(|| Structs::of(&tree::sources()));

/// The tables of `spec` or `status` of a kind; nothing for an unknown kind.
pub fn of(kind_name: &str, part: &str) -> Option<String> {
    let crd = CRDS.iter().find(|crd| kind(crd) == kind_name)?;
    let schema = open_api_schema(crd)?;
    let root = match part {
        "spec" => format!("{kind_name}Spec"),
        _ => format!("{kind_name}Status"),
    };
    let mut page = Page { out: String::new(), is_status: part == "status" };
    page.rules(schema);
    page.table(part, schema.pointer(&format!("/properties/{part}"))?, Some(&root));
    Some(page.out)
}

struct Page {
    out: String,
    is_status: bool,
}

/// A block that gets a table of its own.
struct Below<'a> {
    path: String,
    schema: &'a Value,
    of: Option<String>,
}

impl Page {
    fn table(&mut self, path: &str, schema: &Value, of: Option<&str>) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
        let head = match self.is_status {
            true => ["| field | type | meaning |", "| --- | --- | --- |"],
            false => [
                "| field | type | default | allowed | note | meaning |",
                "| --- | --- | --- | --- | --- | --- |",
            ],
        };
        let _ = writeln!(self.out, "{}\n{}", head[0], head[1]);
        let mut below = Vec::new();
        self.rows(path, "", schema, of, &mut below);
        self.rules(schema);
        for Below { path, schema, of } in below {
            let _ = write!(self.out, "\n### `{path}`\n\n");
            let text = sentence(schema);
            if !text.is_empty() {
                let _ = writeln!(self.out, "{text}\n");
            }
            self.table(&path, schema.get("items").unwrap_or(schema), of.as_deref());
        }
    }

    /// One row a field; `prefix` is the block that the fields stand in, when it has no table.
    fn rows<'a>(
        &mut self,
        path: &str,
        prefix: &str,
        schema: &'a Value,
        of: Option<&str>,
        below: &mut Vec<Below<'a>>,
    ) {
        let fields = properties(schema);
        let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
        for name in STRUCTS.sort(of, fields.keys().map(String::as_str).collect()) {
            let (field, inner) = (&fields[name], STRUCTS.below(of, name).map(str::to_owned));
            let shown = format!("{prefix}{name}");
            let mut note = Note { required: required.contains(&name), fixed: is_fixed(field) };
            match shape(field) {
                Shape::Plain => self.row(&shown, field, field, &type_of(field), &note),
                Shape::One(key, value) => {
                    note.fixed |= is_fixed(value);
                    self.row(&format!("{shown}.{key}"), field, value, &type_of(value), &note);
                }
                Shape::Few => {
                    self.row(&shown, field, field, "block", &note);
                    self.rows(path, &format!("{shown}."), field, inner.as_deref(), below);
                }
                Shape::Many(list) => {
                    let full = format!("{path}.{shown}{}", if list { "[]" } else { "" });
                    let what = if list { "list of blocks" } else { "block" };
                    if NOT_OPENED.contains(&full.as_str()) {
                        self.row(&shown, field, field, what, &note);
                        continue;
                    }
                    self.row(&shown, field, field, &format!("[{what}](#{})", anchor(&full)), &note);
                    below.push(Below { path: full, schema: field, of: inner });
                }
            }
        }
    }

    fn row(&mut self, name: &str, said: &Value, value: &Value, type_: &str, note: &Note) {
        let text = sentence(said);
        // The whole text of a block stands above its own table.
        let meaning = escape(if type_.starts_with('[') { first_sentence(&text) } else { &text });
        let _ = if self.is_status {
            writeln!(self.out, "| `{name}` | {type_} | {meaning} |")
        } else {
            let default = value.get("default").map(code).unwrap_or_default();
            let allowed = escape(&allowed(value));
            writeln!(
                self.out,
                "| `{name}` | {type_} | {default} | {allowed} | {} | {meaning} |",
                note.words()
            )
        };
    }

    /// What CEL says besides "can't be changed", in its own words.
    fn rules(&mut self, schema: &Value) {
        let rules = list(schema, "x-kubernetes-validations");
        let texts: Vec<&str> =
            rules.filter(|rule| !fixes(rule)).filter_map(|rule| rule.get("message")?.as_str()).collect();
        if !self.is_status && !texts.is_empty() {
            let _ = writeln!(self.out, "\nA cluster also checks this:\n");
            for text in texts {
                let _ = writeln!(self.out, "- {text}");
            }
        }
    }
}

struct Note {
    required: bool,
    fixed: bool,
}

impl Note {
    fn words(&self) -> &'static str {
        match (self.required, self.fixed) {
            (true, true) => "required, can't be changed",
            (true, false) => "required",
            (false, true) => "can't be changed",
            (false, false) => "",
        }
    }
}

enum Shape<'a> {
    /// One row.
    Plain,
    /// A block with one plain field.
    One(&'a str, &'a Value),
    /// A block with few plain fields.
    Few,
    /// A block, or a list of blocks, with a table of its own.
    Many(bool),
}

fn shape(field: &Value) -> Shape<'_> {
    if let Some(items) = field.get("items") {
        return if properties(items).is_empty() { Shape::Plain } else { Shape::Many(true) };
    }
    let fields = properties(field);
    let is_flat = fields.values().all(|field| properties(field).is_empty() && field.get("items").is_none());
    match (fields.len(), fields.iter().next()) {
        (1, Some((key, value))) if is_flat => Shape::One(key, value),
        (0, _) => Shape::Plain,
        (count, _) if is_flat && count <= INLINE => Shape::Few,
        _ => Shape::Many(false),
    }
}

fn properties(schema: &Value) -> &Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    schema.get("properties").and_then(Value::as_object).unwrap_or(&NONE)
}

fn list<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn is_fixed(schema: &Value) -> bool {
    list(schema, "x-kubernetes-validations").any(fixes)
}

fn fixes(rule: &Value) -> bool {
    rule.get("rule").and_then(Value::as_str) == Some("self == oldSelf")
}

fn type_of(schema: &Value) -> String {
    let is = |flag: &str| schema.get(flag).and_then(Value::as_bool) == Some(true);
    if is("x-kubernetes-int-or-string") {
        return "whole number or text".into();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") if schema.get("format").and_then(Value::as_str) == Some("date-time") => "time".into(),
        Some("string") => "text".into(),
        Some("integer") => "whole number".into(),
        Some("number") => "number".into(),
        Some("boolean") => "`true` or `false`".into(),
        Some("array") => match schema.get("items").map(type_of) {
            Some(items) if items != "anything" => format!("list of {items}"),
            _ => "list".into(),
        },
        Some("object") => match schema.get("additionalProperties") {
            Some(values) if values.is_object() => format!("table of {}", type_of(values)),
            _ => "free block".into(),
        },
        _ => "anything".into(),
    }
}

fn allowed(schema: &Value) -> String {
    let mut parts = Vec::new();
    let words: Vec<String> = list(schema, "enum").map(code).collect();
    if !words.is_empty() {
        parts.push(words.join(", "));
    }
    for (unit, least, most) in [
        ("", "minimum", "maximum"),
        (" characters", "minLength", "maxLength"),
        (" entries", "minItems", "maxItems"),
        (" entries", "minProperties", "maxProperties"),
    ] {
        parts.extend(range(schema.get(least), schema.get(most), unit));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        parts.push(format!("as `{pattern}`"));
    }
    for values in [schema.get("items"), schema.get("additionalProperties")].into_iter().flatten() {
        let each = allowed(values);
        if !each.is_empty() {
            parts.push(format!("each: {each}"));
        }
    }
    parts.join("; ")
}

fn range(least: Option<&Value>, most: Option<&Value>, unit: &str) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
        (Some(least), None) => Some(format!("at least {least}{unit}")),
        (None, Some(most)) => Some(format!("at most {most}{unit}")),
        (None, None) => None,
    }
}

fn code(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.is_empty() { "`\"\"`".into() } else { format!("`{text}`") }
}

/// The text of a field on one line.
fn sentence(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text up to its first full stop.
pub fn first_sentence(text: &str) -> &str {
    text.find(". ").map_or(text, |end| &text[..=end])
}

/// A text as it may stand in a cell: a `|` ends a cell, in code too.
pub fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}
