//! Problems as people see them, in rustc's manner. Shows no line of a Secret and no character that a terminal obeys.

use std::cell::OnceCell;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::problem::Problem;
use super::suggest::shown_to;
use super::text;

/// Characters of a file's path or an object's key that are shown, at most; no path is longer.
const MAX_SHOWN: usize = 4096;
/// Bytes of a line that is shown, at most: longer ones are written by programs, and show nothing to people.
const MAX_LINE: usize = 2000;

/// The text of a file, prepared to show any of its lines.
pub struct Source<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    /// For each document, its first line, and whether it says that it is a Secret.
    secrets: OnceCell<Vec<(u32, bool)>>,
}

impl<'t> Source<'t> {
    /// Finds the lines of a text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let after = text.match_indices('\n').map(|(end, _)| end + 1);
        Self { text, lines: std::iter::once(0).chain(after).collect(), secrets: OnceCell::new() }
    }

    /// A line by its number, without its end. Control characters that the renderer lets through, which terminals obey, are
    /// replaced.
    fn line(&self, number: u32) -> Option<String> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let start = *self.lines.get(index)?;
        let end = self.lines.get(index + 1).map_or(self.text.len(), |next| next - 1);
        let line = self.text.get(start..end)?.trim_end_matches('\r');
        (line.len() <= MAX_LINE).then(|| line.replace(|c| matches!(c, '\u{80}'..='\u{9f}'), "\u{fffd}"))
    }

    /// The line may hold a value of a Secret. A document that could not be read is taken for one when a line of it says so.
    fn is_confidential(&self, problem: &Problem) -> bool {
        if let Some(object) = &problem.object {
            return object.kind == "Secret";
        }
        let secrets = self.secrets.get_or_init(|| {
            let documents = text::documents(self.text).into_iter();
            documents.map(|(first_line, document)| (first_line, says_secret(document))).collect()
        });
        let before = secrets.partition_point(|(first_line, _)| *first_line <= problem.place.line);
        before.checked_sub(1).and_then(|at| secrets.get(at)).is_some_and(|(_, says_secret)| *says_secret)
    }
}

/// How a problem is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a> {
    /// As a warning instead of an error.
    pub is_warning: bool,
    /// What is to be added, each as a note.
    pub notes: &'a [String],
    /// With the colours of a terminal.
    pub colour: bool,
}

/// The problem in rustc's manner. `source` is the file in `problem.place`; without it, for Secrets and where the line is very
/// long, no line of the file is shown.
pub fn render(problem: &Problem, source: Option<&Source<'_>>, look: Look<'_>) -> String {
    let level = if look.is_warning { Level::WARNING } else { Level::ERROR };
    let title = level.primary_title(problem.message.as_str()).id(problem.code);
    let line = source
        .filter(|source| !source.is_confidential(problem))
        .and_then(|source| source.line(problem.place.line));
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
    let renderer = if look.colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[closing(shown, problem, look.notes)])
}

fn closing<'a>(group: Group<'a>, problem: &'a Problem, notes: &'a [String]) -> Group<'a> {
    let mut group = match &problem.object {
        Some(object) => {
            group.element(Level::NOTE.message(format!("in {}", shown_to(&object.to_string(), MAX_SHOWN))))
        }
        None => group,
    };
    for note in notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if problem.advice.is_empty() {
        group
    } else {
        group.element(Level::HELP.message(problem.advice.as_str()))
    }
}

/// In block style, in flow style or as JSON, with whatever quotes and blanks.
fn says_secret(document: &str) -> bool {
    let plain: String = document.chars().filter(|c| !c.is_whitespace() && !"\"'".contains(*c)).collect();
    ["kind:Secret", "stringData:"].iter().any(|word| plain.contains(word))
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
