//! What is wrong with a manifest, and how it is shown to people.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::suggest::shown_to;
use super::text;

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

/// Characters of a file's path or an object's key that are shown, at most; no path is longer.
const MAX_SHOWN: usize = 4096;

/// The problem as an error in rustc's manner, without colour. `source` is the text of the file in `problem.place`; without
/// it, and for Secrets, no line of the file is shown.
pub fn render_error(problem: &Problem, source: Option<&str>) -> String {
    render(problem, source, Level::ERROR)
}

/// The same as a warning.
pub fn render_warning(problem: &Problem, source: Option<&str>) -> String {
    render(problem, source, Level::WARNING)
}

fn render(problem: &Problem, source: Option<&str>, level: Level<'static>) -> String {
    let title = level.primary_title(problem.message.as_str()).id(problem.code);
    let line =
        source.filter(|text| !is_confidential(problem, text)).and_then(|text| line(text, problem.place.line));
    let number = usize::try_from(problem.place.line).unwrap_or(usize::MAX);
    let column = usize::try_from(problem.place.column).unwrap_or(usize::MAX);
    let file = &shown_to(&problem.place.file, MAX_SHOWN);
    let shown = match &line {
        Some(line) => {
            let mark = AnnotationKind::Primary.span(token(line, column)).label(problem.path.as_str());
            title.element(
                Snippet::source(line.as_str()).path(file.as_str()).line_start(number).annotation(mark),
            )
        }
        None => title.element(Origin::path(file.as_str()).line(number).char_column(column)),
    };
    Renderer::plain().render(&[closing(shown, problem)])
}

fn closing<'a>(group: Group<'a>, problem: &'a Problem) -> Group<'a> {
    let group = match &problem.object {
        Some(object) => {
            group.element(Level::NOTE.message(format!("in {}", shown_to(&object.to_string(), MAX_SHOWN))))
        }
        None => group,
    };
    if problem.advice.is_empty() {
        group
    } else {
        group.element(Level::HELP.message(problem.advice.as_str()))
    }
}

/// The line may hold a value of a Secret. A document that could not be read is taken for one when a line of it says so.
fn is_confidential(problem: &Problem, text: &str) -> bool {
    if let Some(object) = &problem.object {
        return object.kind == "Secret";
    }
    let documents = text::documents(text);
    let document = documents.iter().rev().find(|(first_line, _)| *first_line <= problem.place.line);
    document.is_some_and(|(_, document)| says_secret(document))
}

/// In block style, in flow style or as JSON, with whatever quotes and blanks.
fn says_secret(document: &str) -> bool {
    let plain: String = document.chars().filter(|c| !c.is_whitespace() && !"\"'".contains(*c)).collect();
    ["kind:Secret", "stringData:"].iter().any(|word| plain.contains(word))
}

/// A line by its number, without byte order mark and line end. Control characters that the renderer lets through, which
/// terminals obey, are replaced.
fn line(text: &str, number: u32) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    let line = text.split('\n').nth(index)?.trim_end_matches('\r');
    Some(line.replace(|c| matches!(c, '\u{80}'..='\u{9f}'), "\u{fffd}"))
}

/// The bytes of the word or quoted text that begins at a column.
fn token(line: &str, column: usize) -> Range<usize> {
    let start = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(start, _)| start);
    let rest = line.get(start..).unwrap_or_default();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let length = match quote {
        Some(quote) => rest.char_indices().skip(1).find(|(_, c)| *c == quote).map(|(end, _)| end + 1),
        None => rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_whitespace() || matches!(c, ',' | ']' | '}' | ':'))
            .map(|(end, _)| end),
    };
    start..start + length.unwrap_or(rest.len())
}
