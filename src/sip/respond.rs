//! Writes the answer to a request (RFC 3261 8.2.6, 18.2.1; RFC 3581): everything in it comes from a parsed request or is
//! stripped of CR, LF and NUL. Decides no status.

use std::net::{IpAddr, SocketAddr};

use super::fields::Via;
use super::message::Request;
use super::outgoing::PRODUCT;
use super::params::split_list;
use super::text::{Host, is_token};

impl Request {
    /// The bytes of an answer: Via (with `received` and `rport` of `peer`, the address that the request came from), From, To
    /// with `to_tag` unless it has one (an empty one adds none), Call-ID, CSeq, `extra` headers, Server, no body.
    #[must_use]
    pub fn respond(
        &self,
        status: u16,
        reason: &str,
        to_tag: &str,
        extra: &[(&str, &str)],
        peer: SocketAddr,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        line(&mut out, &["SIP/2.0 ", &status.to_string(), " ", reason]);
        for (index, value) in self.headers("Via").enumerate() {
            if index == 0 {
                line(&mut out, &["Via: ", &top_via(value, peer)])
            } else {
                line(&mut out, &["Via: ", value])
            }
        }
        line(&mut out, &["From: ", self.header("From").unwrap_or_default()]);
        let to = self.header("To").unwrap_or_default();
        if self.to_tag().is_none() && is_token(to_tag) {
            line(&mut out, &["To: ", to, ";tag=", to_tag]);
        } else {
            line(&mut out, &["To: ", to]);
        }
        line(&mut out, &["Call-ID: ", self.call_id().unwrap_or_default()]);
        line(&mut out, &["CSeq: ", self.header("CSeq").unwrap_or_default()]);
        for (name, value) in extra.iter().filter(|(name, _)| is_token(name)) {
            line(&mut out, &[name, ": ", value]);
        }
        line(&mut out, &["Server: ", PRODUCT]);
        line(&mut out, &["Content-Length: 0"]);
        line(&mut out, &[]);
        out
    }
}

fn line(out: &mut Vec<u8>, pieces: &[&str]) {
    for piece in pieces {
        out.extend(piece.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)));
    }
    out.extend_from_slice(b"\r\n");
}

/// The first value with `received` where the sent-by differs or RFC 3581 wants it, and `rport` filled in where asked for.
fn top_via(values: &str, peer: SocketAddr) -> String {
    let first = split_list(values).next().unwrap_or_default();
    let Some(via) = Via::parse(first) else {
        return values.to_owned();
    };
    let source: IpAddr = peer.ip().to_canonical();
    let asked = via.params.get("rport").is_some();
    let mut top = format!("SIP/2.0/{} {}", via.transport, via.sent_by());
    for (name, value) in via.params.iter().filter(|(name, _)| !is_ours(name)) {
        top.push(';');
        top.push_str(name);
        if let Some(value) = value {
            top.push('=');
            top.push_str(value);
        }
    }
    if asked || via.host != Host::from(source) {
        top.push_str(&format!(";received={source}"));
    }
    if asked {
        top.push_str(&format!(";rport={}", peer.port()));
    }
    // `first` was trimmed; what follows it in the list is kept as it stands.
    let start = values.find(first).unwrap_or_default();
    top.push_str(values.get(start + first.len()..).unwrap_or_default());
    top
}

fn is_ours(name: &str) -> bool {
    ["received", "rport"].iter().any(|known| name.eq_ignore_ascii_case(known))
}
