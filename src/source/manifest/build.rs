//! YAML text to a [`Tree`].
//!
//! Aliases share their target, so that a small text never becomes a large tree; what they would add is counted. Knows
//! nothing of Kubernetes.

use std::collections::BTreeMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::tree::{Data, Entry, Fault, Mark, Node, Scalar, Style, Tree};

/// Collections inside one another, at most.
pub(super) const MAX_DEPTH: usize = 64;
/// What the aliases of one document may add, counted in bytes of text and [`NODE_WEIGHT`] for each value.
pub(super) const ALIAS_BUDGET: u64 = 1024 * 1024;
const NODE_WEIGHT: u64 = 16;

/// Reads `text`, whose first line is line `first_line` of its file. Documents before a fault are kept.
pub(super) fn parse(text: &str, first_line: u32) -> (Vec<Tree>, Option<Fault>) {
    let mut builder = Builder::new(first_line);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let taken = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let mark = builder.mark(Span::empty(*error.marker()));
                Err(builder.fault(mark, error.info().to_owned()))
            }
        };
        if let Err(fault) = taken {
            return (builder.trees, Some(fault));
        }
    }
    (builder.trees, None)
}

struct Builder {
    line_offset: u32,
    trees: Vec<Tree>,
    root: Option<Node>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    /// Collections open below the deepest level that is kept.
    skipped: usize,
    added: u64,
    too_deep: Option<Mark>,
    over_budget: Option<Mark>,
}

struct Open {
    mark: Mark,
    anchor: usize,
    weight: u64,
    height: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(Vec<Entry>, Option<Node>),
}

impl Builder {
    fn new(first_line: u32) -> Self {
        Self {
            line_offset: first_line.saturating_sub(1),
            trees: Vec::new(),
            root: None,
            open: Vec::new(),
            anchors: BTreeMap::new(),
            skipped: 0,
            added: 0,
            too_deep: None,
            over_budget: None,
        }
    }

    fn mark(&self, span: Span) -> Mark {
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Mark {
            line: narrow(span.start.line().max(1)).saturating_add(self.line_offset),
            column: narrow(span.start.col()).saturating_add(1),
        }
    }

    fn fault(&self, mark: Mark, message: String) -> Fault {
        // The parser has a limit of its own for brackets and may meet it while it looks ahead.
        let too_deep = self.too_deep.is_some() || message == "recursion limit exceeded";
        Fault { mark: self.too_deep.unwrap_or(mark), message, too_deep }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let mark = self.mark(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::DocumentEnd => self.finish(),
            Event::SequenceStart(anchor, _) => self.begin(mark, anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(mark, anchor, Content::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Scalar(text, style, anchor, tag) => {
                if self.skipped == 0 {
                    let style = resolve_style(style, tag.as_deref());
                    let weight = NODE_WEIGHT.saturating_add(text.len() as u64);
                    let data = Data::Scalar(Rc::new(Scalar { text: text.into_owned(), style }));
                    self.anchored(anchor, Node { mark, data, weight, height: 0 });
                }
            }
            Event::Alias(anchor) => return self.alias(mark, anchor),
        }
        Ok(())
    }

    fn finish(&mut self) {
        let (too_deep, over_budget) = (self.too_deep.take(), self.over_budget.take());
        self.added = 0;
        if let Some(root) = self.root.take() {
            self.trees.push(Tree { root, too_deep, over_budget });
        }
    }

    fn begin(&mut self, mark: Mark, anchor: usize, content: Content) {
        if self.skipped > 0 || self.open.len() >= MAX_DEPTH {
            self.too_deep.get_or_insert(mark);
            self.skipped = self.skipped.saturating_add(1);
        } else {
            self.open.push(Open { mark, anchor, weight: NODE_WEIGHT, height: 1, content });
        }
    }

    fn end(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
            if self.skipped == 0 {
                self.cut();
            }
            return;
        }
        let Some(Open { mark, anchor, weight, height, content }) = self.open.pop() else {
            return;
        };
        let data = match content {
            Content::List(items) => Data::List(Rc::new(items)),
            Content::Map(entries, _) => Data::Map(Rc::new(entries)),
        };
        self.anchored(anchor, Node { mark, data, weight, height });
    }

    fn cut(&mut self) {
        if let Some(mark) = self.too_deep {
            self.add(Node { mark, data: Data::Cut, weight: NODE_WEIGHT, height: 0 });
        }
    }

    fn alias(&mut self, mark: Mark, anchor: usize) -> Result<(), Fault> {
        if self.skipped > 0 {
            return Ok(());
        }
        match self.anchors.get(&anchor) {
            Some(target) if self.open.len().saturating_add(target.height) <= MAX_DEPTH => {
                let copy = Node { mark, ..target.clone() };
                self.added = self.added.saturating_add(copy.weight);
                if self.added > ALIAS_BUDGET {
                    self.over_budget.get_or_insert(mark);
                }
                self.add(copy);
            }
            None if self.too_deep.is_none() => {
                return Err(self.fault(mark, "the alias stands inside the value that it names".to_owned()));
            }
            _ => {
                self.too_deep.get_or_insert(mark);
                self.cut();
            }
        }
        Ok(())
    }

    fn anchored(&mut self, anchor: usize, node: Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node);
    }

    fn add(&mut self, node: Node) {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        parent.weight = parent.weight.saturating_add(node.weight);
        parent.height = parent.height.max(node.height.saturating_add(1));
        match &mut parent.content {
            Content::List(items) => items.push(node),
            Content::Map(entries, waiting) => match waiting.take() {
                Some(key) => entries.push(Entry { key, value: node }),
                None => *waiting = Some(node),
            },
        }
    }
}

fn resolve_style(style: ScalarStyle, tag: Option<&Tag>) -> Style {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Style::Text,
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => Style::Text,
        Some(tag) if tag.is_yaml_core_schema() && style == ScalarStyle::Plain && tag.suffix != "binary" => {
            Style::Plain
        }
        Some(tag) => Style::Tagged(tag.to_string()),
        None if style == ScalarStyle::Plain => Style::Plain,
        None => Style::Text,
    }
}
