//! Scalars that a SIP message is written from: tokens, hosts, and hosts with a port. None of them can hold CR, LF, NUL,
//! blanks or separators, so nothing made of them can break out of its header. Knows no message.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Longest token, in bytes.
pub const MAX_TOKEN: usize = 128;
/// Longest host name, in bytes (RFC 1035).
pub const MAX_HOST_NAME: usize = 253;

/// Why a text is not a token, host or host and port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Empty, too long, or with a character that RFC 3261 does not allow in a token.
    #[error("must be 1 to 128 letters, digits or any of - . ! % * _ + ` ' ~")]
    Token,
    /// Neither an IPv4 address, an IPv6 address, nor a host name.
    #[error("must be a host name, an IPv4 address or an IPv6 address")]
    Host,
    /// Not a host, a colon and a port of 1 to 65535 (IPv6 in brackets).
    #[error("must be host:port, with an IPv6 address in brackets and a port of 1 to 65535")]
    HostPort,
}

/// Whether RFC 3261 25.1 allows the byte in a token.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Whether the text is a token of RFC 3261 25.1, of any length above zero.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// A token of RFC 3261 25.1, 1 to 128 bytes: a tag, the unique part of a branch, a Call-ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(String);

impl Token {
    /// The 32 hexadecimal digits of a random number; it cannot fail.
    #[must_use]
    pub fn from_random(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }

    /// A Call-ID of ours: a token, or two with one `@` between them (RFC 3261 20.8).
    ///
    /// # Errors
    /// [`TextError::Token`] if it is anything else.
    pub fn call_id(text: &str) -> Result<Self, TextError> {
        let (word, host) = text.split_once('@').unwrap_or((text, "x"));
        if text.len() <= MAX_TOKEN && is_token(word) && is_token(host) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::Token)
        }
    }

    /// The text as it stands in a message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        if text.len() <= MAX_TOKEN && is_token(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::Token)
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A host of RFC 3261 25.1. Displayed as in a URI: IPv6 in brackets; names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, without zone.
    V6(Ipv6Addr),
    /// A host name in lower case.
    Name(HostName),
}

/// A host name: labels of letters, digits, `_` and inner hyphens, the last not of digits alone; lower case, at most 253 bytes. RFC 3261
/// has no `_`, but containers and Windows machines have; and its last label begins with a letter, but networks have a `3cx`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(String);

impl HostName {
    /// The name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let labels = text.strip_suffix('.').unwrap_or(text);
        let top = labels.rsplit('.').next().unwrap_or_default();
        let good = text.len() <= MAX_HOST_NAME
            && labels.split('.').all(is_label)
            && !top.bytes().all(|byte| byte.is_ascii_digit());
        if good { Ok(Self(text.to_ascii_lowercase())) } else { Err(TextError::Host) }
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl Host {
    /// The address, when the host is written as one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6(address) => Some(IpAddr::V6(*address)),
            Self::Name(_) => None,
        }
    }
}

impl From<IpAddr> for Host {
    /// An IPv4 address inside an IPv6 one (as a dual-stack socket shows it) becomes plain IPv4.
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4),
            IpAddr::V6(v6) => Self::V6(v6),
        }
    }
}

impl FromStr for Host {
    type Err = TextError;

    /// Reads a name, an IPv4 address, or an IPv6 address with or without brackets.
    fn from_str(text: &str) -> Result<Self, TextError> {
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(inner) = bracketed {
            return inner.parse().map(Self::V6).map_err(|_| TextError::Host);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(match address {
                IpAddr::V4(v4) => Self::V4(v4),
                IpAddr::V6(v6) => Self::V6(v6),
            });
        }
        text.parse().map(Self::Name)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
            Self::Name(name) => f.write_str(name.as_str()),
        }
    }
}

/// A host and a port of 1 to 65535, as in the sent-by of a Via header. Displayed with IPv6 in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().into(), port: address.port() }
    }
}

impl FromStr for HostPort {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let (host, port) = text.rsplit_once(':').ok_or(TextError::HostPort)?;
        if host.contains(':') && !host.starts_with('[') {
            return Err(TextError::HostPort);
        }
        let host = host.parse().map_err(|_| TextError::HostPort)?;
        let port = parse_port(port).ok_or(TextError::HostPort)?;
        Ok(Self { host, port })
    }
}

/// A port of 1 to 65535 in at most five digits, without sign.
pub(super) fn parse_port(text: &str) -> Option<u16> {
    let plain = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| plain && *port != 0)
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
