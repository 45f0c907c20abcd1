//! What is said of files, directories and documents that can't be read at all.

use std::io;

use super::build::{ALIAS_BUDGET, MAX_DEPTH};
use super::check::Found;
use super::problem::{Code, ObjectKey, Place};
use super::suggest::{shown, shown_to};
use super::text::end_of;
use super::tree::{Fault, Mark};
use super::walk::{MAX_FILES, MAX_LEVELS, Reason};

/// Bytes of one file, at most.
pub const MAX_FILE: u64 = 10 * 1024 * 1024;
/// Bytes of all files, at most.
pub(super) const MAX_TOTAL: u64 = 512 * 1024 * 1024;
/// Documents of all files, at most.
pub(super) const MAX_DOCUMENTS: usize = 100_000;

/// Characters of another place in a message, at most.
const MAX_PLACE: usize = 500;

const START: Mark = Mark { line: 1, column: 1 };

fn found(mark: Mark, code: Code, message: String, advice: &str) -> Found {
    let advice = advice.to_owned();
    Found { mark, path: String::new(), code, message, advice }
}

pub(super) fn unreadable(error: &io::Error) -> Found {
    let advice = "check the path, what it links to, and who may read it";
    found(START, Code::UnreadableFile, format!("this can't be read: {error}"), advice)
}

pub(super) fn obstacle(reason: &Reason) -> Found {
    match reason {
        Reason::Unreadable(error) => unreadable(error),
        Reason::TooDeep => {
            let message = format!("this directory lies more than {MAX_LEVELS} levels deep");
            found(START, Code::TooDeep, message, "move it up")
        }
        Reason::TooMany => {
            let message = format!("there are more than {MAX_FILES} manifest files here");
            found(START, Code::TooLarge, message, "put several manifests into one file")
        }
    }
}

pub(super) fn large_file() -> Found {
    let message = format!("this file is larger than {} MiB", MAX_FILE / 1024 / 1024);
    found(START, Code::TooLarge, message, "split it into several files")
}

/// The limits on all files together are met at `mark`; nothing after it is read.
pub(super) fn too_much(mark: Mark) -> Found {
    let most = MAX_TOTAL / 1024 / 1024;
    let message = format!(
        "all files together hold more than {MAX_DOCUMENTS} documents or {most} MiB; from here on nothing is read"
    );
    found(mark, Code::TooLarge, message, "remove what is not needed here")
}

pub(super) fn not_utf8(mark: Mark) -> Found {
    found(mark, Code::InvalidYAML, "this is not UTF-8 text".to_owned(), "save the file as UTF-8")
}

pub(super) fn not_json(mark: Mark, reason: &str) -> Found {
    let advice = "a .json file holds one JSON value; several objects go into a `List`";
    found(mark, Code::InvalidYAML, format!("this is not JSON: {reason}"), advice)
}

pub(super) fn too_deep(mark: Mark) -> Found {
    let message = format!("this lies more than {MAX_DEPTH} levels deep");
    let advice = "no setting lies so deep: look for brackets or indentation too many";
    found(mark, Code::TooDeep, message, advice)
}

pub(super) fn over_budget(mark: Mark) -> Found {
    let most = ALIAS_BUDGET / 1024 / 1024;
    let message = format!("the aliases of this document add more than {most} MiB to it");
    let advice = "write out what is meant, or use fewer aliases of aliases";
    found(mark, Code::AliasBudget, message, advice)
}

pub(super) fn duplicate(mark: Mark, key: &ObjectKey, first: &Place) -> Found {
    let message = format!("{key} is already described at {}", shown_to(&first.to_string(), MAX_PLACE));
    let advice = "remove or rename one of the two; the first stands";
    found(mark, Code::DuplicateObject, message, advice)
}

/// `text` is what was parsed and begins in line `first_line` of its file.
pub(super) fn not_yaml(fault: Fault, text: &str, first_line: u32) -> Found {
    let Fault { mark, message, too_deep: is_too_deep } = fault;
    if is_too_deep {
        return too_deep(mark);
    }
    let index = usize::try_from(mark.line.saturating_sub(first_line)).unwrap_or(usize::MAX);
    let line = text.split('\n').nth(index).unwrap_or_default();
    let has_tab = line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t');
    let is_over = text.trim_end().matches('\n').count() < index;
    let (mark, advice) = if has_tab {
        (mark, "indent with spaces; YAML allows no tabs there")
    } else if is_over {
        // The parser stands behind the document, where nothing is to be seen.
        let end = end_of(text.trim_end());
        let line = end.line.saturating_add(first_line).saturating_sub(1);
        let advice = "the document ends too early: look for a bracket or quote that is not closed";
        (Mark { line, ..end }, advice)
    } else {
        let advice = "look at this line and the one before: indentation, a missing space after `:`, \
                      a quote or bracket that is not closed, text with `: ` or `#` that needs quotes";
        (mark, advice)
    };
    found(mark, Code::InvalidYAML, format!("this is not YAML: {}", shown(&message)), advice)
}

/// A misspelled kind hides which object is meant, and two objects run into one by a missing `---` hide the second.
pub(super) fn hides_objects(found: &Found) -> bool {
    let is_twice = found.code == Code::DuplicateKey;
    let is_identity = !found.path.contains('.') || found.path.starts_with("metadata.");
    found.code == Code::UnknownKind || (is_twice && is_identity)
}
