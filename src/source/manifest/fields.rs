//! The fields of an object: keys that are text, each once, merge keys (`<<`) resolved. Knows no schema.

use std::collections::BTreeMap;

use super::check::Walk;
use super::problem::Code;
use super::scalar::{Meaning, meaning};
use super::suggest::{quoted, shown};
use super::tree::{Data, Entry, Mark, Node, Style};

/// A field and where a reader looks for its value: at the merge key for one that comes from elsewhere.
pub(super) struct Field<'a> {
    pub(super) name: String,
    pub(super) mark: Mark,
    pub(super) entry: &'a Entry,
}

/// A field's part of a path. `is_table` is true where the user chooses the names.
pub(super) fn segment(name: &str, is_table: bool) -> String {
    if is_table || name.contains(['.', '[']) { format!("[{name}]") } else { format!(".{name}") }
}

impl Walk {
    /// The fields of a map, keys checked, each name once, with merged ones last.
    pub(super) fn fields<'a>(&mut self, entries: &'a [Entry], is_table: bool) -> Vec<Field<'a>> {
        let mut seen: BTreeMap<String, Mark> = BTreeMap::new();
        let mut fields = Vec::new();
        for entry in entries.iter().filter(|entry| !is_merge(entry)) {
            let Some(name) = self.key(&entry.key) else {
                continue;
            };
            if let Some(first) = seen.get(&name) {
                let message =
                    format!("the key `{}` stands here twice, first in line {}", shown(&name), first.line);
                // Of two objects that run into one, these stand first.
                let begins_object = self.is_at_top() && matches!(name.as_str(), "apiVersion" | "kind");
                let advice = if begins_object {
                    "where another object begins, put a line `---` before it; else remove one of the two"
                } else {
                    "remove one of the two"
                };
                let advice = advice.to_owned();
                self.at(&segment(&name, is_table), |walk| {
                    walk.find(entry.key.mark, Code::DuplicateKey, message, advice)
                });
                continue;
            }
            seen.insert(name.clone(), entry.key.mark);
            fields.push(Field { name, mark: entry.mark(), entry });
        }
        for merge in entries.iter().filter(|entry| is_merge(entry)) {
            for merged in self.merged(merge, is_table) {
                if !seen.contains_key(&merged.name) {
                    seen.insert(merged.name.clone(), merge.key.mark);
                    fields.push(Field { mark: merge.key.mark, ..merged });
                }
            }
        }
        fields
    }

    fn merged<'a>(&mut self, merge: &'a Entry, is_table: bool) -> Vec<Field<'a>> {
        let sources = match &merge.value.data {
            Data::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&merge.value),
        };
        let mut fields = Vec::new();
        for source in sources {
            match &source.data {
                Data::Map(entries) => fields.extend(self.fields(entries, is_table)),
                Data::Cut => {}
                _ => {
                    let advice = "write `<<: *name`, where `&name` stands before an object".to_owned();
                    self.find(
                        merge.key.mark,
                        Code::WrongType,
                        "`<<` merges objects, and this is none".to_owned(),
                        advice,
                    );
                }
            }
        }
        fields
    }

    fn key(&mut self, key: &Node) -> Option<String> {
        let Data::Scalar(scalar) = &key.data else {
            let advice = "write text before the colon; put braces that belong to a text in quotes".to_owned();
            self.find(
                key.mark,
                Code::WrongType,
                "a key is text, and this is a list or an object".to_owned(),
                advice,
            );
            return None;
        };
        let sound = match &scalar.style {
            Style::Text => true,
            Style::Plain => match meaning(&scalar.text) {
                Meaning::Text => true,
                Meaning::Number(number) => number.to_string() == scalar.text,
                _ => false,
            },
            Style::Tagged(_) => false,
        };
        if !sound {
            let message = format!("expected text as a key, found `{}`", shown(&scalar.text));
            self.find(
                key.mark,
                Code::WrongType,
                message,
                format!("write it in quotes: {}", quoted(&scalar.text)),
            );
        }
        sound.then(|| scalar.text.clone())
    }
}

pub(super) fn is_merge(entry: &Entry) -> bool {
    matches!(&entry.key.data, Data::Scalar(scalar) if scalar.style == Style::Plain && scalar.text == "<<")
}
