//! Bytes of a file to the texts of its documents. Knows no YAML beyond the line that separates documents.

use super::tree::Mark;

/// The text of a file without its byte order mark, or the place of the first byte that is not UTF-8.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Mark> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        end_of(&String::from_utf8_lossy(good))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The place after the last character of `text`.
pub(super) fn end_of(text: &str) -> Mark {
    let last = text.rsplit('\n').next().unwrap_or_default();
    Mark { line: count(text.matches('\n').count()), column: count(last.chars().count()) }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1)
}

/// The documents of a YAML stream, each with the number of its first line.
///
/// A line that begins with `---` ends a document even inside quotes (YAML 1.2, production 206), so that each document can
/// be read by itself and a fault in one does not hide the others.
pub(super) fn documents(text: &str) -> Vec<(u32, &str)> {
    let mut documents = Vec::new();
    let (mut start, mut first_line) = (0, 1);
    let (mut position, mut line_number) = (0, 1);
    for line in text.split_inclusive('\n') {
        if is_separator(line) && position > start {
            documents.push((first_line, text.get(start..position).unwrap_or_default()));
            (start, first_line) = (position, line_number);
        }
        position += line.len();
        line_number += 1;
    }
    documents.push((first_line, text.get(start..).unwrap_or_default()));
    documents.retain(|(_, text)| !is_hollow(text));
    documents
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
}

/// Nothing but comments and directives, which belong to the document after them and change nothing in it.
fn is_hollow(text: &str) -> bool {
    text.lines()
        .all(|line| line.starts_with('%') || line.trim_start().starts_with('#') || line.trim().is_empty())
}

/// Checks that `text` is one JSON value; the fault's place and reason if not.
pub(super) fn check_json(text: &str) -> Result<(), (Mark, String)> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map(|_| ()).map_err(|error| {
        let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
        let before = String::from_utf8_lossy(
            line.as_bytes().get(..error.column().saturating_sub(1)).unwrap_or_default(),
        )
        .into_owned();
        let full = error.to_string();
        let reason = full.split(" at line ").next().unwrap_or_default().to_owned();
        (Mark { line: count(error.line().saturating_sub(1)), column: count(before.chars().count()) }, reason)
    })
}

/// JSON's pairs of `\u` escapes as the single escape that YAML has for them, since YAML knows no surrogates.
pub(super) fn join_surrogates(json: &str) -> String {
    let mut joined = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(position) = rest.find('\\') {
        let (before, escape) = rest.split_at(position);
        joined.push_str(before);
        let pair = code_unit(escape).zip(escape.get(6..).and_then(code_unit));
        let character = pair.and_then(|(high, low)| {
            char::decode_utf16([high, low]).next()?.ok().filter(|c| c.len_utf16() == 2)
        });
        let length = match character {
            Some(character) => {
                joined.push_str(&format!("\\U{:08x}", u32::from(character)));
                12
            }
            None => {
                let length = escape.chars().take(2).map(char::len_utf8).sum();
                joined.push_str(escape.get(..length).unwrap_or_default());
                length
            }
        };
        rest = escape.get(length..).unwrap_or_default();
    }
    joined.push_str(rest);
    joined
}

fn code_unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    digits.chars().all(|c| c.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}
