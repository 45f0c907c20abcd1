//! What a phone of ours, or the simulated gateway, answers to a request (RFC 3261 8.2, RFC 6665, RFC 3842). It decides the
//! status and reads the lamp; who shows the lamp and who sends the answer is not known here.

use super::message::Request;
use super::summary::{self, Counts, parse_summary};

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A lamp changed: show it and answer 200.
    Notified(Received),
    /// Answer with this status, reason and extra headers; nothing else happens.
    Status(u16, &'static str, Vec<(&'static str, &'static str)>),
    /// An ACK, which is never answered.
    Ignore,
}

/// What a NOTIFY says of a lamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Message-Account, as written.
    pub account: Option<String>,
    /// Whose lamp: the user of To, else of the Request-URI, without escapes.
    pub extension: String,
    /// The counts of voice messages, zero when the body has none.
    pub counts: Counts,
    /// Whether the lamp is on.
    pub waiting: bool,
}

const ALLOW: (&str, &str) = ("Allow", "NOTIFY, OPTIONS");
const ALLOW_EVENTS: (&str, &str) = ("Allow-Events", "message-summary");
const ACCEPT: (&str, &str) = ("Accept", summary::CONTENT_TYPE);

/// Decides the answer to a request.
#[must_use]
pub fn lamp_reply(request: &Request) -> Reply {
    match request.method() {
        "ACK" => Reply::Ignore,
        "NOTIFY" => notified(request),
        "OPTIONS" => Reply::Status(200, "OK", vec![ALLOW, ACCEPT, ALLOW_EVENTS]),
        // There is no INVITE that could be cancelled (RFC 3261 9.2).
        "CANCEL" => Reply::Status(481, "Call/Transaction Does Not Exist", Vec::new()),
        method if is_known(method) => Reply::Status(405, "Method Not Allowed", vec![ALLOW]),
        _ => Reply::Status(501, "Not Implemented", vec![ALLOW]),
    }
}

/// `rsip` takes names of methods in any case, RFC 3261 7.1 does not.
fn is_known(method: &str) -> bool {
    method.parse::<rsip::Method>().is_ok_and(|known| known.to_string() == method)
}

fn notified(request: &Request) -> Reply {
    let without_parameters =
        |name| request.header(name).and_then(|value| value.split(';').next()).map(str::trim);
    if without_parameters("Event") != Some("message-summary") {
        return Reply::Status(489, "Bad Event", vec![ALLOW_EVENTS]);
    }
    if request.body().is_empty() {
        return Reply::Status(400, "Missing Body", Vec::new());
    }
    let plain =
        without_parameters("Content-Encoding").is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    if !plain
        || !without_parameters("Content-Type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case(summary::CONTENT_TYPE))
    {
        return Reply::Status(415, "Unsupported Media Type", vec![ACCEPT]);
    }
    let Ok(summary) = parse_summary(request.body()) else {
        return Reply::Status(400, "Bad Message Summary", Vec::new());
    };
    let Some(extension) = request.to_uri().and_then(user).or_else(|| user(request.uri())) else {
        return Reply::Status(404, "Not Found", Vec::new());
    };
    Reply::Notified(Received {
        account: summary.account,
        extension,
        counts: summary.voice.unwrap_or_default(),
        waiting: summary.waiting,
    })
}

/// The user of a `sip:` or `sips:` URI or the number of a `tel:` URI, escapes undone; more lenient than what we send to.
fn user(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    let user = match scheme.to_ascii_lowercase().as_str() {
        "sip" | "sips" => rest.split_once('@')?.0.split(':').next()?,
        "tel" => rest.split(';').next()?,
        _ => return None,
    };
    let plain = unescape(user)?;
    (!plain.is_empty() && !plain.chars().any(char::is_control)).then_some(plain)
}

fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(if byte == b'%' { hex(bytes.next()?)? * 16 + hex(bytes.next()?)? } else { byte });
    }
    String::from_utf8(out).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
