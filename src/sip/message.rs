//! Reads one SIP message, a whole datagram or one frame of a stream (RFC 3261 7). What is returned has a sound start line and
//! sound Via, From, To, Call-ID, CSeq and Contact; folds are undone, compact names are long, and no header holds CR, LF or
//! NUL. Strict where looseness would let two readers disagree, lenient where old peers only look odd. Knows no method's
//! meaning.

use std::fmt;
use std::ops::Deref;

use super::fields::is_uri;
use super::head::{self, MAX_HEADERS, MAX_LINE, MAX_MESSAGE};
use super::text::is_token;

pub use super::headers::Headers;
pub use super::scan::{ResponseHead, response_head};

/// Most Via values in a message: no path to us is longer.
pub const MAX_VIA: usize = 16;

/// Why bytes are not a SIP message. Datagrams are dropped for it, connections closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing but CRLF: a keep-alive.
    #[error("no message, only line ends")]
    Empty,
    /// Head and body exceed [`MAX_MESSAGE`].
    #[error("message longer than {MAX_MESSAGE} bytes")]
    TooLong,
    /// No blank line ends the head.
    #[error("head without an end")]
    Unfinished,
    /// NUL, or CR or LF alone, in the head.
    #[error("NUL, bare CR or bare LF in the head")]
    Control,
    /// A line exceeds [`MAX_LINE`].
    #[error("header line longer than {MAX_LINE} bytes")]
    LineTooLong,
    /// More than [`MAX_HEADERS`] header fields.
    #[error("more than {MAX_HEADERS} headers")]
    TooManyHeaders,
    /// More than [`MAX_VIA`] Via values.
    #[error("more than {MAX_VIA} Via values")]
    TooManyVias,
    /// Neither a request line nor a status line.
    #[error("malformed start line")]
    StartLine,
    /// A SIP version other than 2.0.
    #[error("unknown SIP version")]
    Version,
    /// A line that is no header: no colon, or no token before it.
    #[error("malformed header line")]
    Header,
    /// A header that every message must have is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A header that stands once stands more than once.
    #[error("{0} stands more than once")]
    Repeated(&'static str),
    /// The value of the header breaks its grammar.
    #[error("malformed {0}")]
    Value(&'static str),
    /// The method in CSeq is not that of the request line.
    #[error("CSeq names another method")]
    Method,
    /// Content-Length is no number or stands more than once.
    #[error("malformed or repeated Content-Length")]
    ContentLength,
    /// The body is shorter than Content-Length says.
    #[error("body shorter than Content-Length")]
    ShortBody,
}

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request; its headers are reached through [`Headers`].
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    method: String,
    uri: String,
    headers: Headers,
}

/// A response; its headers are reached through [`Headers`].
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    reason: String,
    headers: Headers,
}

impl Message {
    /// Reads one message: a whole datagram, or a frame of a stream. CRLFs before it are skipped, bytes after
    /// Content-Length are dropped (RFC 3261 7.5, 18.3); without Content-Length the body is what is left.
    ///
    /// # Errors
    /// [`ParseError`] names the layer that objects; never answer such bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut bytes = bytes;
        while let Some(rest) = bytes.strip_prefix(b"\r\n") {
            bytes = rest;
        }
        if bytes.is_empty() {
            return Err(ParseError::Empty);
        }
        if bytes.len() > MAX_MESSAGE {
            return Err(ParseError::TooLong);
        }
        let end = head::end(bytes, 0).ok_or(ParseError::Unfinished)?;
        let (head, body) = bytes.split_at_checked(end).ok_or(ParseError::Unfinished)?;
        let head = head::read(head)?;
        let start = StartLine::parse(&head.start)?;
        let body = match head::content_length(&head.fields)? {
            Some(length) => body.get(..length).ok_or(ParseError::ShortBody)?,
            None => body,
        };
        let headers = Headers::new(head.fields, body)?;
        match start {
            StartLine::Request { method, .. } if headers.cseq().is_none_or(|(_, named)| named != method) => {
                Err(ParseError::Method)
            }
            StartLine::Request { method, uri } => {
                Ok(Self::Request(Request { method: method.to_owned(), uri: uri.to_owned(), headers }))
            }
            StartLine::Response { status, reason } => {
                Ok(Self::Response(Response { status, reason: reason.to_owned(), headers }))
            }
        }
    }
}

enum StartLine<'a> {
    Request { method: &'a str, uri: &'a str },
    Response { status: u16, reason: &'a str },
}

impl<'a> StartLine<'a> {
    fn parse(line: &'a str) -> Result<Self, ParseError> {
        let mut parts = line.splitn(3, ' ');
        let (Some(first), Some(second), Some(third)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ParseError::StartLine);
        };
        if is_version(first) {
            check_version(first)?;
            let status =
                second.parse().ok().filter(|status| second.len() == 3 && (100..700).contains(status));
            return Ok(Self::Response { status: status.ok_or(ParseError::StartLine)?, reason: third });
        }
        // `?` carries headers, which a Request-URI must not have (RFC 3261 19.1.1, RFC 4475 3.1.2.11).
        let sip = ["sip:", "sips:"].iter().any(|scheme| starts_with_ignoring_case(second, scheme));
        let headers = sip && second.rsplit('@').next().is_some_and(|host| host.contains('?'));
        if !is_token(first) || !is_uri(second) || headers || !is_version(third) {
            return Err(ParseError::StartLine);
        }
        check_version(third)?;
        Ok(Self::Request { method: first, uri: second })
    }
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn is_version(text: &str) -> bool {
    starts_with_ignoring_case(text, "SIP/")
        && text.bytes().skip(4).all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn check_version(text: &str) -> Result<(), ParseError> {
    if text.eq_ignore_ascii_case("SIP/2.0") { Ok(()) } else { Err(ParseError::Version) }
}

impl Request {
    /// The method as written; methods are case-sensitive.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The Request-URI as written, of any scheme.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }
}

impl Response {
    /// The status, 100 to 699.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase, may be empty; the peer's words, not to be trusted.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl Deref for Request {
    type Target = Headers;

    fn deref(&self) -> &Headers {
        &self.headers
    }
}

impl Deref for Response {
    type Target = Headers;

    fn deref(&self) -> &Headers {
        &self.headers
    }
}

// Debug leaves out headers and body: they hold credentials and what people's mailboxes contain.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}
