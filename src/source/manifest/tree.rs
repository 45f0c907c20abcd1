//! A YAML document as a tree that knows where each key and value stands. Knows neither YAML's grammar nor Kubernetes, and
//! resolves no scalar.

use std::rc::Rc;

/// A position in a file; both numbers start at 1, the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A value and where it begins.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) mark: Mark,
    pub(super) data: Data,
    /// The bytes that it would take written out, roughly.
    pub(super) weight: u64,
    /// The collections inside one another, this one included.
    pub(super) height: usize,
}

#[derive(Clone)]
pub(super) enum Data {
    Scalar(Rc<Scalar>),
    List(Rc<Vec<Node>>),
    Map(Rc<Vec<Entry>>),
    /// Stands for what lies deeper than the limit.
    Cut,
}

pub(super) struct Entry {
    pub(super) key: Node,
    pub(super) value: Node,
}

impl Entry {
    /// Where a reader looks for the value: at the value itself, or at its key when it is empty or begins on a later line.
    pub(super) fn mark(&self) -> Mark {
        let empty = matches!(&self.value.data, Data::Scalar(scalar) if scalar.is_empty());
        if empty || self.value.mark.line != self.key.mark.line { self.key.mark } else { self.value.mark }
    }
}

pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) style: Style,
}

impl Scalar {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.style == Style::Plain
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes: may be a number, a truth value or nothing.
    Plain,
    /// Text, whatever it looks like.
    Text,
    /// Carries a tag that has no meaning in a manifest.
    Tagged(String),
}

/// One document of a stream.
pub(super) struct Tree {
    pub(super) root: Node,
    /// The first place that lies too deep.
    pub(super) too_deep: Option<Mark>,
    /// The alias that exceeds the budget.
    pub(super) over_budget: Option<Mark>,
}

/// Why a text is not YAML.
pub(super) struct Fault {
    pub(super) mark: Mark,
    pub(super) message: String,
    /// The reading stopped at something nested too deep.
    pub(super) too_deep: bool,
}
