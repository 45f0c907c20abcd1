//! Lists, quoted strings and parameters inside header values. Works on text whose folds are undone, so a blank is a space or
//! tab. Knows no header.

use super::text::{is_token, is_token_byte};

pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// A top-level comma-separated list: commas in quotes or between `<` and `>` do not separate.
pub(super) fn split_list(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let (item, after) = match find_top(text, b",") {
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
            None => (text, None),
        };
        rest = after;
        Some(item.trim_matches(BLANKS))
    })
}

/// Where the first of `wanted` stands outside quotes and angle brackets.
fn find_top(text: &str, wanted: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted {
            escaped = byte == b'\\';
            quoted = byte != b'"';
        } else if !angle && wanted.contains(&byte) {
            return Some(at);
        } else {
            quoted = byte == b'"' && !angle;
            angle = byte == b'<' || (angle && byte != b'>');
        }
    }
    None
}

/// The length of the quoted string that the text begins with, quotes included.
pub(super) fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if at == 0 => {}
            _ if at == 0 => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// What a quoted string holds, without quotes and escapes; other text as it is.
pub(super) fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(next) = chars.next() {
        out.extend(if next == '\\' { chars.next() } else { Some(next) });
    }
    out
}

/// The parameters of a header value: `;name`, `;name=token`, `;name="quoted"`, with blanks allowed between.
/// Values are as written, quotes included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Params<'a>(Vec<(&'a str, Option<&'a str>)>);

/// More parameters than any header of ours needs.
const MAX_PARAMS: usize = 64;

impl<'a> Params<'a> {
    /// Reads text that is empty or begins with `;`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim_matches(BLANKS);
        let mut params = Vec::new();
        while !rest.is_empty() {
            rest = rest.strip_prefix(';')?;
            let end = find_top(rest, b";").unwrap_or(rest.len());
            params.push(Self::one(rest.get(..end)?)?);
            rest = rest.get(end..)?;
            if params.len() > MAX_PARAMS {
                return None;
            }
        }
        Some(Self(params))
    }

    fn one(text: &'a str) -> Option<(&'a str, Option<&'a str>)> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim_matches(BLANKS), Some(value.trim_matches(BLANKS))),
            None => (text.trim_matches(BLANKS), None),
        };
        let good =
            value.is_none_or(|value| is_param_value(value) || quoted_length(value) == Some(value.len()));
        (is_token(name) && good).then_some((name, value))
    }

    /// The first value of the parameter; `Some(None)` when it stands without one.
    pub(super) fn get(&self, name: &str) -> Option<Option<&'a str>> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// All parameters in order, values as written.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        self.0.iter().copied()
    }

    /// Whether the parameter stands more than once.
    pub(super) fn is_repeated(&self, name: &str) -> bool {
        self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).count() > 1
    }
}

/// A token or host (IPv6 with or without brackets, RFC 5118 4.5).
fn is_param_value(text: &str) -> bool {
    let bytes = text.trim_matches(['[', ']']);
    !bytes.is_empty() && bytes.bytes().all(|byte| byte == b':' || is_token_byte(byte))
}
