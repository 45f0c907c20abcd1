//! What is wrong with a manifest, and where.

use std::fmt;
use std::sync::Arc;

/// A position in a file. Lines and columns start at 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path below the directory that was loaded, with `/` between its parts.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Which object a manifest describes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The kind as written.
    pub kind: String,
    /// The namespace, `default` where the manifest names none.
    pub namespace: String,
    /// The name in the metadata.
    pub name: String,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// Something in a manifest that keeps it from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where a reader should look.
    pub place: Place,
    /// The field in its object, such as `spec.extensions[1]`; empty for the whole document or file.
    pub path: String,
    /// A stable CamelCase name such as `UnknownField`.
    pub code: &'static str,
    /// What is wrong, in a sentence without a full stop. Never holds a value of a Secret.
    pub message: String,
    /// What to do about it.
    pub advice: String,
    /// The object, where the manifest got as far as naming it.
    pub object: Option<ObjectKey>,
}

/// The codes of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    UnreadableFile,
    InvalidYAML,
    DuplicateKey,
    NotAnObject,
    MissingKind,
    MissingName,
    InvalidName,
    UnknownField,
    WrongType,
    MissingField,
    TooLarge,
    TooDeep,
    AliasBudget,
    DuplicateObject,
    UnknownKind,
    UnknownVersion,
}

impl Code {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UnreadableFile => "UnreadableFile",
            Self::InvalidYAML => "InvalidYAML",
            Self::DuplicateKey => "DuplicateKey",
            Self::NotAnObject => "NotAnObject",
            Self::MissingKind => "MissingKind",
            Self::MissingName => "MissingName",
            Self::InvalidName => "InvalidName",
            Self::UnknownField => "UnknownField",
            Self::WrongType => "WrongType",
            Self::MissingField => "MissingField",
            Self::TooLarge => "TooLarge",
            Self::TooDeep => "TooDeep",
            Self::AliasBudget => "AliasBudget",
            Self::DuplicateObject => "DuplicateObject",
            Self::UnknownKind => "UnknownKind",
            Self::UnknownVersion => "UnknownVersion",
        }
    }
}
