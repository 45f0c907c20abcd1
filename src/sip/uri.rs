//! SIP URIs that go into what we send. The characters, user and host are checked here, since `rsip` mistakes IPv6 hosts and
//! users with a dot; the parameters are read by `rsip` once nothing in them can surprise it. Knows no message.

use std::fmt;
use std::str::FromStr;

use super::text::{Host, parse_port};
use super::transport::Transport;

/// Longest URI in bytes; Message-Account must stay below 512.
pub const MAX_URI: usize = 255;

/// A `sip:` or `sips:` URI without password and headers (RFC 3261 19.1.1): visible ASCII without `<`, `>` and quotes.
/// Scheme and host are in lower case, so that equal targets are equal texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SipUri {
    text: String,
    user: Option<(u16, u16)>,
    host: (u16, u16),
    port: Option<u16>,
}

/// Why a text is no URI that we send to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Longer than [`MAX_URI`].
    #[error("must not be longer than {MAX_URI} characters")]
    TooLong,
    /// Not `sip:` or `sips:`.
    #[error("must begin with sip: or sips:")]
    Scheme,
    /// The part before `@` is empty, holds a password, or a character that must be written as %HH.
    #[error("user must be letters, digits, - _ . ! ~ * ' ( ) & = + $ , ; ? / or %HH, without a password")]
    User,
    /// The part after `@` is no host.
    #[error("host must be a host name, an IPv4 address or an IPv6 address in brackets")]
    Host,
    /// The port is none of 1 to 65535.
    #[error("port must be 1 to 65535")]
    Port,
    /// What follows host and port is not `;name` or `;name=value`.
    #[error("parameters must be ;name or ;name=value")]
    Parameters,
}

impl SipUri {
    /// Whether the scheme is `sips`, which demands TLS on the whole way.
    #[must_use]
    pub fn scheme_is_sips(&self) -> bool {
        self.text.starts_with("sips:")
    }

    /// The part before `@`, with escapes as written.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.and_then(|span| self.slice(span))
    }

    /// The host, IPv6 in brackets, names in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        self.slice(self.host).unwrap_or_default()
    }

    /// The port, if written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The `transport` parameter, if it names one that we speak.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        let after_host = self.text.get(usize::from(self.host.1)..)?;
        let parameters = after_host.get(after_host.find(';')?..)?;
        match read_parameters(parameters)?.transport()? {
            rsip::Transport::Udp => Some(Transport::Udp),
            rsip::Transport::Tcp => Some(Transport::Tcp),
            rsip::Transport::Tls => Some(Transport::Tls),
            _ => None,
        }
    }

    /// The text as it stands in a message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn slice(&self, (start, end): (u16, u16)) -> Option<&str> {
        self.text.get(usize::from(start)..usize::from(end))
    }
}

impl FromStr for SipUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        if text.len() > MAX_URI {
            return Err(UriError::TooLong);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        let scheme = ["sip", "sips"]
            .into_iter()
            .find(|known| scheme.eq_ignore_ascii_case(known))
            .ok_or(UriError::Scheme)?;
        let (user, rest) = match rest.split_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        if user.is_some_and(|user| !is_user(user)) {
            return Err(UriError::User);
        }
        let (place, parameters) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = split_place(place)?;
        if !parameters.is_empty() {
            read_parameters(parameters).ok_or(UriError::Parameters)?;
        }
        Self::assemble(scheme, user, &host, port, parameters)
    }
}

impl SipUri {
    fn assemble(
        scheme: &str,
        user: Option<&str>,
        host: &Host,
        port: Option<u16>,
        parameters: &str,
    ) -> Result<Self, UriError> {
        let end = |text: &String| u16::try_from(text.len()).map_err(|_| UriError::TooLong);
        let mut text = format!("{scheme}:");
        let start = end(&text)?;
        text.push_str(user.unwrap_or_default());
        let user_span = user.is_some().then_some((start, end(&text)?));
        if user.is_some() {
            text.push('@');
        }
        let start = end(&text)?;
        text.push_str(&host.to_string());
        let host = (start, end(&text)?);
        if let Some(port) = port {
            text.push_str(&format!(":{port}"));
        }
        text.push_str(parameters);
        if text.len() > MAX_URI {
            Err(UriError::TooLong)
        } else {
            Ok(Self { text, user: user_span, host, port })
        }
    }
}

/// RFC 3261 25.1 `user`: unreserved, user-unreserved, and escapes of two hexadecimal digits.
fn is_user(user: &str) -> bool {
    let mut bytes = user.bytes();
    let mut good = !user.is_empty();
    while let Some(byte) = bytes.next() {
        good &= match byte {
            b'%' => [bytes.next(), bytes.next()]
                .iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte),
        };
    }
    good
}

fn split_place(place: &str) -> Result<(Host, Option<u16>), UriError> {
    let colon = place.rfind(':').filter(|at| place.rfind(']').is_none_or(|bracket| *at > bracket));
    let (host, port) = match colon.and_then(|at| place.split_at_checked(at)) {
        Some((host, port)) => {
            (host, Some(port.strip_prefix(':').and_then(parse_port).ok_or(UriError::Port)?))
        }
        None => (place, None),
    };
    // Host reads IPv6 without brackets as well; a URI must have them.
    if host.contains(':') && !host.starts_with('[') {
        return Err(UriError::Host);
    }
    Ok((host.parse().map_err(|_| UriError::Host)?, port))
}

/// `rsip` drops silently what it does not understand, so the result counts only if it writes back the same text.
fn read_parameters(parameters: &str) -> Option<rsip::Uri> {
    let plain =
        parameters.bytes().all(|byte| byte == b';' || byte == b'=' || super::text::is_token_byte(byte));
    let named =
        parameters.split(';').skip(1).all(|parameter| !parameter.is_empty() && !parameter.starts_with('='));
    let whole = format!("sip:host{parameters}");
    let uri = rsip::Uri::try_from(whole.as_str()).ok()?;
    (plain && named && uri.to_string().eq_ignore_ascii_case(&whole)).then_some(uri)
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
