//! The grammar of addresses and Via inside header values. Works on text whose folds are undone, so a blank is a
//! space or tab. Knows no message.

use super::params::{BLANKS, Params, quoted_length};
use super::text::{Host, is_token, parse_port};

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
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let visible = rest.bytes().all(|byte| (0x21..0x7f).contains(&byte) && !b"<>\"".contains(&byte));
    let sip = scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips");
    named && visible && if sip { has_place(rest) } else { !rest.is_empty() }
}

/// Whether a SIP URI has a host where it must have one, and no empty user or parameter.
fn has_place(rest: &str) -> bool {
    let (user, after_user) = rest.split_once('@').map_or((None, rest), |(user, after)| (Some(user), after));
    let end = after_user.find([';', '?']).unwrap_or(after_user.len());
    let (place, parameters) = after_user.split_at(end);
    let parameters = parameters.split('?').next().unwrap_or_default();
    let whole =
        parameters.split(';').skip(1).all(|parameter| !parameter.is_empty() && !parameter.starts_with('='));
    let named = user.is_none_or(|user| !user.is_empty() && !user.starts_with(':'));
    named && whole && sent_by(place).is_some()
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
        let sip =
            name.trim_matches(BLANKS).eq_ignore_ascii_case("SIP") && version.trim_matches(BLANKS) == "2.0";
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
