//! A directory of Kubernetes manifests, strictly read: each document of our kinds with the place of every value, and each
//! problem with file, line, column and advice.
//!
//! The text becomes a tree (`build`), the tree is sorted by kind (`object`) and walked along the schema of its kind
//! (`check`). Knows no meaning of any setting: ranges, patterns and references are for `domain`.

mod as_text;
mod build;
mod check;
mod check_scalar;
mod faults;
mod fields;
mod fingerprint;
mod identity;
mod load;
mod object;
mod problem;
mod render;
mod scalar;
mod schema;
mod spans;
mod suggest;
mod text;
mod tree;
mod walk;
mod watch;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

pub use faults::MAX_FILE;
pub use load::{Loader, load, text_of};
pub use problem::{ObjectKey, Place, Problem};
pub use render::{Look, Source, render};
pub use schema::{GROUP, Schemas, VERSIONS};
pub use watch::Watcher;

use spans::Spans;

/// An object as a manifest describes it. Its `Debug` output leaves the value out, which may be a Secret.
#[derive(Clone)]
pub struct Document {
    /// Where it begins.
    pub place: Place,
    /// The group and version, such as `um.lamplighter.dev/v1alpha1`, or `v1`.
    pub api_version: String,
    /// One of our kinds, `Secret` or `ConfigMap`.
    pub kind: String,
    /// The namespace, `default` where the manifest names none.
    pub namespace: String,
    /// The name in the metadata.
    pub name: String,
    /// The whole object, as Kubernetes would read it, without defaults filled in.
    pub value: Value,
    spans: Spans,
}

impl Document {
    /// The place of a field such as `spec.extensions[1]` or `metadata.labels[example.com/a]`, or of its nearest parent that
    /// is there. That is the value, or its key where the value begins on a later line.
    pub fn place_of(&self, path: &str) -> Place {
        let mark = self.spans.find(&self.value, path);
        Place { file: Arc::clone(&self.place.file), line: mark.line, column: mark.column }
    }

    /// The object's key.
    pub fn key(&self) -> ObjectKey {
        ObjectKey { kind: self.kind.clone(), namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.key(), self.place)
    }
}

/// How well a file could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// The path below the directory that was loaded. A directory that could not be read ends with `/`, the loaded directory
    /// itself is empty: what it holds is unknown.
    pub path: Arc<str>,
    /// Every object in it is known, at least by its key: it is a document, or the `object` of a problem. What an unhealthy
    /// file held before is not removed, only unreadable.
    pub healthy: bool,
}

/// What a directory holds.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The objects without a problem, by path, then position.
    pub documents: Vec<Document>,
    /// All problems of all documents.
    pub problems: Vec<Problem>,
    /// Every manifest file, healthy or not, and every directory that could not be read.
    pub files: Vec<FileState>,
}
