//! Where each value of a document stands: a tree of positions in the shape of the value.

use serde_json::Value;

use super::tree::Mark;

/// The position of a value and of all inside it, in the order in which the value iterates.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    mark: Mark,
    children: Vec<Spans>,
}

impl Spans {
    pub(super) fn new(mark: Mark, children: Vec<Spans>) -> Self {
        Self { mark, children }
    }

    pub(super) fn leaf(mark: Mark) -> Self {
        Self { mark, children: Vec::new() }
    }

    /// The position of `path` in `value`, or of its nearest parent that is there.
    pub(super) fn find(&self, value: &Value, path: &str) -> Mark {
        let (mut spans, mut value, mut rest) = (self, value, path);
        while !rest.is_empty() {
            let (segment, after) = split(rest);
            let child = match value {
                Value::Array(items) => {
                    segment.parse().ok().and_then(|index: usize| Some((index, items.get(index)?)))
                }
                Value::Object(fields) => fields
                    .iter()
                    .enumerate()
                    .find(|(_, (name, _))| *name == segment)
                    .map(|(index, (_, field))| (index, field)),
                _ => None,
            };
            let Some((index, inner)) = child else { break };
            let Some(next) = spans.children.get(index) else {
                break;
            };
            (spans, value, rest) = (next, inner, after);
        }
        spans.mark
    }
}

/// The first segment of a path such as `spec.lamps[1].name` or `metadata.labels[example.com/a]`, and the rest.
fn split(path: &str) -> (&str, &str) {
    if let Some(inner) = path.strip_prefix('[') {
        let (segment, rest) = inner.split_once(']').unwrap_or((inner, ""));
        return (segment, rest.strip_prefix('.').unwrap_or(rest));
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (segment, rest) = path.split_at(end);
    (segment, rest.strip_prefix('.').unwrap_or(rest))
}
