//! The head of a message as bytes: where it ends, its lines, its fields with folds undone, and its length of body. One
//! reader for datagrams and streams, so that both cut a message at the same place. Knows no header's meaning but
//! Content-Length.

use super::message::ParseError;
use super::text;

/// Largest message, head and body, in bytes.
pub const MAX_MESSAGE: usize = 65_536;
/// Most header fields in a message, folded lines counted once.
pub const MAX_HEADERS: usize = 64;
/// Longest header field or start line in bytes, folds included.
pub const MAX_LINE: usize = 8_192;

/// One header field: its canonical long name and its value with folds undone and blanks at both ends removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
}

/// The lines of a head: the start line, then header fields.
pub(super) struct Head {
    pub(super) start: String,
    pub(super) fields: Vec<Field>,
}

/// Where the head ends: the index after the blank line, looking from `from`.
pub(super) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(4).position(|window| window == b"\r\n\r\n").map(|at| from + at + 4)
}

/// Reads a head that ends with its blank line. NUL, and CR or LF anywhere but in CRLF, are refused.
pub(super) fn read(head: &[u8]) -> Result<Head, ParseError> {
    let head = head.strip_suffix(b"\r\n\r\n").ok_or(ParseError::Unfinished)?;
    let mut lines = logical_lines(head);
    let start = clean(lines.next().unwrap_or_default())?;
    if start.contains("\r\n") {
        return Err(ParseError::StartLine);
    }
    let mut fields = Vec::with_capacity(16);
    for line in lines {
        if fields.len() == MAX_HEADERS {
            return Err(ParseError::TooManyHeaders);
        }
        fields.push(field(line)?);
    }
    Ok(Head { start, fields })
}

/// The value of Content-Length, `None` when there is none.
pub(super) fn content_length(fields: &[Field]) -> Result<Option<usize>, ParseError> {
    let mut values = fields.iter().filter(|field| field.name.eq_ignore_ascii_case("Content-Length"));
    let Some(first) = values.next() else {
        return Ok(None);
    };
    let digits =
        (1..=10).contains(&first.value.len()) && first.value.bytes().all(|byte| byte.is_ascii_digit());
    match first.value.parse() {
        Ok(length) if digits && values.next().is_none() => Ok(Some(length)),
        _ => Err(ParseError::ContentLength),
    }
}

/// Cuts at CRLF, except before a blank, which continues the line (RFC 3261 7.3.1).
fn logical_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(head);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let cut = bytes
            .windows(2)
            .enumerate()
            .position(|(at, pair)| pair == b"\r\n" && !matches!(bytes.get(at + 2), Some(b' ' | b'\t')));
        let Some(at) = cut else {
            rest = None;
            return Some(bytes);
        };
        rest = bytes.get(at + 2..);
        bytes.get(..at)
    })
}

/// The line as text; bytes that are not UTF-8 are taken for Latin-1, so that one old display name spoils nothing.
fn clean(line: &[u8]) -> Result<String, ParseError> {
    if line.len() > MAX_LINE {
        return Err(ParseError::LineTooLong);
    }
    let stray = |at: usize, byte: u8| match byte {
        0 => true,
        b'\r' => line.get(at + 1) != Some(&b'\n'),
        b'\n' => at.checked_sub(1).and_then(|before| line.get(before)) != Some(&b'\r'),
        _ => false,
    };
    if line.iter().enumerate().any(|(at, byte)| stray(at, *byte)) {
        return Err(ParseError::Control);
    }
    Ok(match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
    })
}

fn field(line: &[u8]) -> Result<Field, ParseError> {
    let line = clean(line)?;
    let (name, value) = line.split_once(':').ok_or(ParseError::Header)?;
    let name = name.trim_end_matches([' ', '\t']);
    if !text::is_token(name) {
        return Err(ParseError::Header);
    }
    Ok(Field { name: long_name(name).to_owned(), value: unfold(value) })
}

/// One blank for each fold (RFC 3261 7.3.1), none at the ends.
fn unfold(value: &str) -> String {
    let blanks = [' ', '\t'];
    if !value.contains("\r\n") {
        return value.trim_matches(blanks).to_owned();
    }
    let pieces: Vec<&str> = value.split("\r\n").map(|piece| piece.trim_matches(blanks)).collect();
    pieces.join(" ").trim_matches(' ').to_owned()
}

/// The long form of a compact header name (IANA registry of SIP header fields); other names as they are.
pub(super) fn long_name(name: &str) -> &str {
    let [letter] = name.as_bytes() else {
        return name;
    };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'd' => "Request-Disposition",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'j' => "Reject-Contact",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'n' => "Identity-Info",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        b'y' => "Identity",
        _ => name,
    }
}
