//! The grammar inside header values: parameters, addresses, Via. Works on text whose folds are undone, so a blank is a
//! space or tab. Knows no message.

use super::text::{Host, is_token, parse_port};

const BLANKS: [char; 2] = [' ', '\t'];

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
        let good = value.is_none_or(|value| is_param_value(value) || quoted_length(value) == Some(value.len()));
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
    !bytes.is_empty() && bytes.bytes().all(|byte| byte == b':' || super::text::is_token_byte(byte))
}

/// An address as in From, To and Contact: `"name" <uri>;params` or `uri;params` (RFC 3261 20.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) uri: &'a str,
    pub(super) params: Params<'a>,
}

impl<'a> Address<'a> {
    pub(super) fn parse(value: &'a str) -> Option<Self> {
        let after_name = match quoted_length(value) {
            Some(end) => value.get(end..)?.trim_start_matches(BLANKS),
            None => value,
        };
        let (uri, params) = match find_angle(after_name) {
            Some(at) => {
                let name = after_name.get(..at)?;
                let named = name.is_empty() || (after_name.len() == value.len() && is_display_name(name));
                let (uri, params) = after_name.get(at + 1..)?.split_once('>')?;
                (named.then_some(uri)?, params)
            }
            None if after_name.len() != value.len() => return None,
            None => Self::bare(value)?,
        };
        is_uri(uri).then_some(())?;
        let params = Params::parse(params)?;
        (!params.is_repeated("tag")).then_some(Self { uri, params })
    }

    /// Without brackets what follows `;` belongs to the header, and `,` and `?` cannot be told apart (RFC 3261 20.10).
    fn bare(value: &'a str) -> Option<(&'a str, &'a str)> {
        let cut = value.find(';').unwrap_or(value.len());
        let uri = value.get(..cut)?.trim_end_matches(BLANKS);
        (!uri.contains([',', '?'])).then_some((uri, value.get(cut..)?))
    }

    /// The tag, when it is a token.
    pub(super) fn tag(&self) -> Option<&'a str> {
        self.params.get("tag").flatten()
    }
}

/// Where `<` stands, unless a `;` comes before it: then it belongs to a parameter.
fn find_angle(text: &str) -> Option<usize> {
    text.find(['<', ';']).filter(|at| text.as_bytes().get(*at) == Some(&b'<'))
}

fn is_display_name(text: &str) -> bool {
    text.split(BLANKS).all(|word| word.is_empty() || is_token(word))
}

/// A URI of any scheme: `scheme:rest` in visible characters, none of which ends it early.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    named && !rest.is_empty() && rest.bytes().all(|byte| (0x21..0x7f).contains(&byte) && !b"<>\"".contains(&byte))
}

/// One value of a Via header (RFC 3261 20.42).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Via<'a> {
    pub(super) transport: &'a str,
    pub(super) host: Host,
    pub(super) port: Option<u16>,
    pub(super) params: Params<'a>,
}

impl<'a> Via<'a> {
    pub(super) fn parse(value: &'a str) -> Option<Self> {
        let (name, rest) = value.split_once('/')?;
        let (version, rest) = rest.split_once('/')?;
        let sip = name.trim_matches(BLANKS).eq_ignore_ascii_case("SIP") && version.trim_matches(BLANKS) == "2.0";
        let rest = rest.trim_start_matches(BLANKS);
        let (transport, rest) = rest.split_once(BLANKS)?;
        let cut = rest.find(';').unwrap_or(rest.len());
        let (host, port) = sent_by(rest.get(..cut)?.trim_matches(BLANKS))?;
        let params = Params::parse(rest.get(cut..)?)?;
        let once = ["branch", "received", "rport"].into_iter().all(|name| !params.is_repeated(name));
        let branch = params.get("branch").is_none_or(|value| value.is_some_and(is_token));
        (sip && is_token(transport) && once && branch).then_some(Self { transport, host, port, params })
    }

    /// The branch, `None` if there is none or it is the cookie alone, which tells no transactions apart (RFC 4475 3.2.1).
    pub(super) fn branch(&self) -> Option<&'a str> {
        self.params.get("branch").flatten().filter(|branch| !branch.eq_ignore_ascii_case("z9hG4bK"))
    }

    /// `host` or `host:port`, without blanks, IPv6 in brackets.
    pub(super) fn sent_by(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }
}

fn sent_by(text: &str) -> Option<(Host, Option<u16>)> {
    let colon = text.rfind(':').filter(|at| text.rfind(']').is_none_or(|bracket| *at > bracket));
    let (host, port) = match colon {
        Some(at) => (text.get(..at)?, Some(parse_port(text.get(at + 1..)?.trim_start_matches(BLANKS))?)),
        None => (text, None),
    };
    let host = host.trim_end_matches(BLANKS);
    let bare_v6 = host.contains(':') && !host.starts_with('[');
    (!bare_v6).then_some((host.parse().ok()?, port))
}
