//! The requests that we send, written by a template from types that cannot hold CR, LF or NUL. One NOTIFY costs well under
//! two microseconds, because every lamp of a gateway is told again after a power loss. Knows no transaction and no address to
//! send to.

use std::fmt::{self, Write};

use super::summary::{CONTENT_TYPE, Counts, write_number, write_summary};
use super::text::{HostPort, Token};
use super::transport::Transport;
use super::uri::SipUri;

/// Name and version of the program, as in User-Agent and Server.
pub const PRODUCT: &str = concat!("Lamplighter/", env!("CARGO_PKG_VERSION"));

/// With this every branch begins (RFC 3261 8.1.1.7).
const COOKIE: &str = "z9hG4bK";

/// What makes a request unique; random, chosen by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The unique part of the branch, without the cookie.
    pub branch: Token,
    /// Call-ID.
    pub call_id: Token,
    /// The tag of From.
    pub from_tag: Token,
}

/// The branch as it stands in Via: the cookie of RFC 3261 and the unique part.
#[must_use]
pub fn branch_text(ids: &Ids) -> String {
    format!("{COOKIE}{}", ids.branch)
}

/// Where we can be reached on the way to a peer: Via and Contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The transport of the way.
    pub transport: Transport,
    /// Our address as the peer sees it.
    pub sent_by: HostPort,
    /// The proxy to which requests are sent instead of to their target (RFC 3261 8.1.2); none: to the target.
    pub proxy: Option<HostPort>,
}

/// An unsolicited NOTIFY that sets a lamp (RFC 3842).
#[derive(Clone, Copy, Debug)]
pub struct Notify<'a> {
    /// Whose lamp, at the gateway that is asked.
    pub request_uri: &'a SipUri,
    /// From: the same user, at our address.
    pub from: &'a SipUri,
    /// To: the same user, at the gateway.
    pub to: &'a SipUri,
    /// Message-Account of the body.
    pub account: &'a SipUri,
    /// The counts; the lamp is on when a new message waits.
    pub counts: Counts,
    /// Our address on the way to the gateway.
    pub hop: &'a Hop,
    /// Branch, Call-ID and tag.
    pub ids: &'a Ids,
    /// The number of CSeq, below 2^31; one more in an attempt with credentials.
    pub cseq: u32,
    /// Name and value of the header with credentials, from [`digest::answer`](super::digest::answer).
    pub authorization: Option<(&'static str, &'a str)>,
}

impl Notify<'_> {
    /// Appends the whole message.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(128);
        write_summary(&mut body, self.account.as_str(), &self.counts);
        out.reserve(768);
        let Self { request_uri, from, to, hop, ids, cseq, .. } = *self;
        write_head(out, "NOTIFY", &OptionsPing { request_uri, from, to, hop, ids, cseq });
        put(
            out,
            &["Event: message-summary\r\nSubscription-State: terminated\r\nUser-Agent: ", PRODUCT, "\r\n"],
        );
        if let Some((name, value)) = self.authorization {
            put(out, &[name, ": "]);
            out.extend(value.bytes().filter(|byte| !byte.is_ascii_control() || *byte == b'\t'));
            put(out, &["\r\n"]);
        }
        put(out, &["Content-Type: ", CONTENT_TYPE, "\r\nContent-Length: "]);
        write_number(out, u32::try_from(body.len()).unwrap_or(u32::MAX));
        put(out, &["\r\n\r\n"]);
        out.extend_from_slice(&body);
    }
}

/// An OPTIONS that asks whether a gateway works (RFC 3261 11).
#[derive(Clone, Copy, Debug)]
pub struct OptionsPing<'a> {
    /// The gateway that is asked.
    pub request_uri: &'a SipUri,
    /// From: us.
    pub from: &'a SipUri,
    /// To: the gateway.
    pub to: &'a SipUri,
    /// Our address on the way to the gateway.
    pub hop: &'a Hop,
    /// Branch, Call-ID and tag.
    pub ids: &'a Ids,
    /// The number of CSeq, below 2^31.
    pub cseq: u32,
}

impl OptionsPing<'_> {
    /// Appends the whole message.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(512);
        write_head(out, "OPTIONS", self);
        put(out, &["Accept: ", CONTENT_TYPE, "\r\nUser-Agent: ", PRODUCT, "\r\nContent-Length: 0\r\n\r\n"]);
    }
}

/// The lines that every request of ours begins with, up to Contact.
fn write_head(out: &mut Vec<u8>, method: &str, parts: &OptionsPing<'_>) {
    let OptionsPing { request_uri, from, to, hop, ids, cseq } = *parts;
    put(
        out,
        &[method, " ", request_uri.as_str(), " SIP/2.0\r\nVia: SIP/2.0/", hop.transport.via_name(), " "],
    );
    let start = out.len();
    // Writing into a vector cannot fail.
    let _ = write!(Text(out), "{}", hop.sent_by);
    let end = out.len();
    put(
        out,
        &[
            ";branch=",
            COOKIE,
            ids.branch.as_str(),
            ";rport\r\nMax-Forwards: 70\r\nFrom: <",
            from.as_str(),
            ">;tag=",
        ],
    );
    put(
        out,
        &[
            ids.from_tag.as_str(),
            "\r\nTo: <",
            to.as_str(),
            ">\r\nCall-ID: ",
            ids.call_id.as_str(),
            "\r\nCSeq: ",
        ],
    );
    write_number(out, cseq);
    // A request to a sips target must have a sips Contact (RFC 3261 8.1.1.8).
    let scheme = if request_uri.scheme_is_sips() { "sips:" } else { "sip:" };
    put(out, &[" ", method, "\r\nContact: <", scheme]);
    out.extend_from_within(start..end);
    if hop.transport.is_reliable() && !request_uri.scheme_is_sips() {
        put(out, &[";transport=", hop.transport.uri_param()]);
    }
    put(out, &[">\r\n"]);
    if let Some(proxy) = &hop.proxy {
        let reliable = if hop.transport.is_reliable() { ";transport=" } else { "" };
        let transport = if reliable.is_empty() { "" } else { hop.transport.uri_param() };
        // Writing into a vector cannot fail.
        let _ = write!(Text(out), "Route: <sip:{proxy}{reliable}{transport};lr>\r\n");
    }
}

fn put(out: &mut Vec<u8>, pieces: &[&str]) {
    for piece in pieces {
        out.extend_from_slice(piece.as_bytes());
    }
}

struct Text<'a>(&'a mut Vec<u8>);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
